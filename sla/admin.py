"""Who is told of late answers, and who was."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from sla.models import Escalation, LadderStep, Recipient
from tenancy.admin.base import LongTableAdmin, ReadOnlyAdmin


@admin.register(LadderStep)
class LadderStepAdmin(ReadOnlyAdmin):
    """Changed at the desk, as a whole and with a preview (sla/ladders.py)."""

    list_display = ("severity", "level", "percent", "after", "told")
    list_filter = ("severity",)
    ordering = ("severity", "percent", "after")
    fields = ("severity", "level", "percent", "after", "told")
    readonly_fields = ("told",)

    @admin.display(description="Who is told")
    def told(self, step: LadderStep) -> str:
        return ", ".join(str(Recipient(name).label) for name in step.recipients)


@admin.register(Escalation)
class EscalationAdmin(LongTableAdmin):
    list_display = ("fired_at", "customer", "ticket", "severity", "level", "scheduled_at", "detected_late_by")
    list_select_related = ("customer", "segment")
    search_fields = ("=customer__code",)
    search_help_text = "The code of a customer"
    ordering = ("-pk",)
    fields = ("customer", "ticket", "severity", "level", "scheduled_at", "fired_at", "detected_late_by")
    readonly_fields = ("ticket", "severity", "detected_late_by")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("customer", "segment")

    @admin.display(description="Ticket")
    def ticket(self, escalation: Escalation) -> int:
        return escalation.segment.ticket_id

    @admin.display(description="Severity")
    def severity(self, escalation: Escalation) -> int:
        return escalation.segment.severity

    @admin.display(description="Detected late by")
    def detected_late_by(self, escalation: Escalation) -> Any:
        return escalation.fired_at - escalation.scheduled_at
