from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.module_loading import import_string

from tenancy import outgoing


class RozoomSupportConfig(AppConfig):
    """The project itself: it ties together what stands on different floors."""

    name = "rozoom_support"
    default = True

    def ready(self) -> None:
        outgoing.deliver_with(import_string("notifications.written.queue_written"))


class OperatorsAdminConfig(admin_apps.AdminConfig):
    """Django's admin under our own door (rozoom_support/operators.py)."""

    default = False
    default_site = "rozoom_support.operators.OperatorsSite"
