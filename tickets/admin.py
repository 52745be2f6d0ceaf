"""Tickets, to be found and read; the desk is where they are worked on."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tenancy.admin.base import LongTableAdmin
from tickets.models import Ticket


@admin.register(Ticket)
class TicketAdmin(LongTableAdmin):
    list_display = ("reference", "subject", "customer", "severity", "state", "assignee_name", "reported_at")
    list_filter = ("state", "severity", "turn", "channel", "service_kind")
    list_select_related = ("customer",)
    search_fields = ("=reference", "=external_reference", "=customer__code")
    search_help_text = "A whole number (ACME-42), or the code of a customer"
    ordering = ("-pk",)
    fields = (
        "at_the_desk",
        "reference",
        "subject",
        "customer",
        "reseller",
        "site",
        "component",
        "service_kind",
        "severity",
        "severity_state",
        "severity_because",
        "state",
        "turn",
        "channel",
        "reporter_name",
        "assignee_name",
        "reported_at",
        "response_due_at",
        "response_outcome",
        "resolved_at",
        "closed_at",
        "external_reference",
    )
    readonly_fields = ("at_the_desk",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        related = ("customer", "reseller", "site", "component__product")
        return super().get_queryset(request).select_related(*related).defer("search", "description")

    @admin.display(description="Work on it")
    def at_the_desk(self, ticket: Ticket) -> SafeString:
        return format_html(
            '<a href="{}">{} at the desk</a>', reverse("desk:ticket", args=[ticket.reference]), ticket.reference
        )
