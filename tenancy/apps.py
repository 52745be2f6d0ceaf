from django.apps import AppConfig
from django.db.models.signals import post_migrate

from tenancy import checks  # noqa: F401  (registers the start-up refusal)
from tenancy.grants import apply_shared_grants


class TenancyConfig(AppConfig):
    name = "tenancy"
    verbose_name = "Organisations and people"

    def ready(self) -> None:
        post_migrate.connect(apply_shared_grants, sender=self)
