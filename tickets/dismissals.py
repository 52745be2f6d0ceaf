"""Alerts that one person has put away. Imported by tickets.models."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from tenancy.models import TenantModel


class DismissedAlert(TenantModel):
    """This person has seen that this ticket of severity 1 is new. The strip shows it to everybody else (desk/alerts.py)."""

    tenant_parent = "ticket"

    ticket = models.ForeignKey(
        "tickets.Ticket", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False)
    dismissed_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["customer", "ticket", "person"], name="alert_dismissed_once"),
        ]
        indexes: ClassVar = [models.Index(fields=["dismissed_at"], name="dismissed_alert_age")]

    def __str__(self) -> str:
        return f"alert of ticket {self.ticket_id}, dismissed"
