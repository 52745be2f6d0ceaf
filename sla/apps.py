from django.apps import AppConfig


class SlaConfig(AppConfig):
    name = "sla"
    verbose_name = "Response promises"

    def ready(self) -> None:
        # Registers with the outbox that a mail about a clock is dropped once that clock stands.
        import sla.guards  # noqa: F401, PLC0415
