"""What a token is: whose, for how long, and what it may do."""

from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers
from rest_framework.request import Request

from tenancy.api.idempotency import json_response
from tenancy.api.schema import operation
from tenancy.api.times import stamp
from tenancy.api.views import ApiView, token_of
from tenancy.capabilities import SCOPES
from tenancy.models import Kind

SHOWN_LIMITS = (
    "requests_per_minute",
    "writes_per_minute",
    "searches_per_minute",
    "page_size_max",
    "json_bytes",
    "file_bytes",
    "files_per_message",
    "subject_chars",
    "message_bytes",
    "idempotency_hours",
    "reopen_days",
)
EXAMPLE: dict[str, Any] = {
    "organisation": {"code": "ACME", "name": "Acme Lifts", "kind": "CUSTOMER", "time_zone": "Europe/Berlin"},
    "token": {"name": "Monitoring, plant 2", "prefix": "rz_4kQ9xLw"},
    "scopes": ["tickets:read", "tickets:write"],
    "expires_at": "2027-05-01T00:00:00Z",
    "limits": {
        "requests_per_minute": 300,
        "writes_per_minute": 60,
        "searches_per_minute": 10,
        "page_size_max": 100,
        "json_bytes": 1048576,
        "file_bytes": 26214400,
        "files_per_message": 10,
        "subject_chars": 200,
        "message_bytes": 65536,
        "idempotency_hours": 24,
        "reopen_days": 14,
    },
}


class OwnerShape(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Kind.values)
    time_zone = serializers.CharField()


class TokenShape(serializers.Serializer):
    name = serializers.CharField()
    prefix = serializers.CharField(help_text="The part of the token that may be shown.")


class LimitsShape(serializers.Serializer):
    """A limit of 0 means none."""

    def get_fields(self) -> dict[str, serializers.Field]:
        return {name: serializers.IntegerField() for name in SHOWN_LIMITS}


class MeShape(serializers.Serializer):
    organisation = OwnerShape()
    token = TokenShape()
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=list(SCOPES)))
    expires_at = serializers.DateTimeField()
    limits = LimitsShape()


class Me(ApiView):
    tag = "Token"
    capabilities: ClassVar = {"GET": ()}

    @operation(
        id_="read_token",
        summary="What this token is and may do",
        answer=MeShape,
        examples=[OpenApiExample("A customer's token", value=EXAMPLE, response_only=True)],
    )
    def get(self, request: Request) -> HttpResponse:
        token = token_of(request)
        owner = token.organisation
        return json_response(
            {
                "organisation": {name: getattr(owner, name) for name in ("code", "name", "kind", "time_zone")},
                "token": {"name": token.name, "prefix": token.prefix},
                "scopes": token.scopes,
                "expires_at": stamp(token.expires_at),
                "limits": {name: settings.LIMITS[name] for name in SHOWN_LIMITS},
            }
        )
