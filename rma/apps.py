from django.apps import AppConfig


class RmaConfig(AppConfig):
    name = "rma"
    verbose_name = "Returns, parts pool and shipments"

    def ready(self) -> None:
        # Registers with the outbox what mails and notices an event makes.
        import rma.emails.handlers  # noqa: PLC0415

        # Registers with tickets that one with an open return is not closed.
        import rma.guarding  # noqa: PLC0415

        # Registers returns on the pages of tickets, components, the customer's home and the reports.
        import rma.portal.parts  # noqa: PLC0415

        # Registers what an arrival, a loss or a first scan means for the return it belongs to.
        import rma.services  # noqa: PLC0415

        # Registers with the outbox what webhooks tell.
        import rma.webhooks  # noqa: F401, PLC0415
