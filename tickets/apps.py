from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"
    verbose_name = "Tickets"

    def ready(self) -> None:
        # Registers with the pages of agreements how many tickets are open.
        import tickets.counting  # noqa: PLC0415

        # Registers with the outbox what mails an event makes.
        import tickets.emails.handlers  # noqa: PLC0415
        import tickets.emails.severity  # noqa: PLC0415
        import tickets.emails.undelivered  # noqa: PLC0415
        import tickets.mail.renewing  # noqa: PLC0415

        # Registers with people that whoever loses access also loses the tickets they worked on.
        import tickets.services.releasing  # noqa: PLC0415

        # Registers with the outbox what webhooks tell.
        import tickets.webhooks  # noqa: F401, PLC0415
