"""Who is told of late answers, and who was."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from sla.models import Escalation, LadderStep, Recipient
from tenancy.admin.base import LongTableAdmin, OperatorAdmin


class LadderStepForm(forms.ModelForm):
    recipients = forms.MultipleChoiceField(choices=Recipient.choices, widget=UnfoldAdminCheckboxSelectMultipleWidget)

    class Meta:
        model = LadderStep
        fields = ("severity", "level", "percent", "after", "recipients")


@admin.register(LadderStep)
class LadderStepAdmin(OperatorAdmin):
    form = LadderStepForm
    list_display = ("severity", "level", "percent", "after", "told")
    list_filter = ("severity",)
    ordering = ("severity", "level")
    fields = ("severity", "level", "percent", "after", "recipients")

    @admin.display(description="Who is told")
    def told(self, step: LadderStep) -> str:
        return ", ".join(str(Recipient(name).label) for name in step.recipients)

    def get_readonly_fields(self, request: HttpRequest, obj: LadderStep | None = None) -> tuple[str, ...]:
        """Its place in the ladder stays; when it is due and who is told may change."""
        return () if obj is None else ("severity", "level")


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
