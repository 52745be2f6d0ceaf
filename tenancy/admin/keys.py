"""Programs' keys and the audit trail: to be read."""

import json
from typing import Any

from django.contrib import admin
from django.utils.html import format_html

from tenancy.admin.base import LongTableAdmin, ReadOnlyAdmin
from tenancy.models import ApiToken, AuditEvent


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyAdmin):
    list_display = ("name", "organisation", "prefix", "created_by_name", "last_used_at", "expires_at", "revoked_at")
    list_select_related = ("organisation",)
    search_fields = ("name", "prefix", "organisation__code", "organisation__name")
    ordering = ("-created_at",)
    fields = (
        "organisation",
        "name",
        "prefix",
        "scopes",
        "created_by_name",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
    )


@admin.register(AuditEvent)
class AuditEventAdmin(LongTableAdmin):
    list_display = ("at", "customer", "chain", "seq", "verb", "actor_name", "actor_party", "kind")
    list_filter = ("actor_party", "actor_kind", "kind")
    list_select_related = ("customer",)
    search_fields = ("=chain", "=verb", "=actor_name", "=customer__code")
    search_help_text = "A whole chain (ticket:42), deed (person.invited), name, or code of an organisation"
    ordering = ("-pk",)
    fields = (
        "customer",
        "chain",
        "seq",
        "at",
        "verb",
        "actor_name",
        "actor_party",
        "actor_kind",
        "kind",
        "what",
        "previous",
        "hash",
    )
    readonly_fields = ("what",)

    @admin.display(description="Details")
    def what(self, event: AuditEvent) -> Any:
        return format_html("<pre>{}</pre>", json.dumps(event.data, indent=2, ensure_ascii=False))
