from django.apps import AppConfig


class ContractsConfig(AppConfig):
    name = "contracts"
    verbose_name = "Products, coverage and agreements"

    def ready(self) -> None:
        # Registers with the outbox what mails an event makes.
        import contracts.letters  # noqa: PLC0415
        import contracts.void_letters  # noqa: PLC0415

        # Registers with it what webhooks tell.
        import contracts.webhooks  # noqa: F401, PLC0415
