"""Webhooks as programs read and write them, with examples."""

import json
from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from notifications.models import WebhookDelivery, WebhookEndpoint
from notifications.webhooks.events import KINDS
from notifications.webhooks.wall import LONGEST_URL
from tenancy.api.fields import Choice, Text
from tenancy.api.inputs import StrictSerializer
from tenancy.api.times import stamp

STATES = ("ON", "OFF", "DEAD")
DELIVERY_STATES = ("QUEUED", "SENT", "DEAD")


class WebhookEndpointShape(serializers.Serializer):
    id = serializers.UUIDField()
    url = serializers.CharField()
    description = serializers.CharField()
    events = serializers.ListField(child=serializers.ChoiceField(choices=list(KINDS)))
    state = serializers.ChoiceField(
        choices=STATES, help_text="OFF: by you. DEAD: by us, because it failed for a day or said that it is gone."
    )
    failing_since = serializers.DateTimeField(allow_null=True, help_text="Null while the last call was taken.")
    failures = serializers.IntegerField(help_text="In a row.")
    last_success_at = serializers.DateTimeField(allow_null=True)
    switched_off_at = serializers.DateTimeField(allow_null=True)
    switched_off_because = serializers.CharField(help_text="What the last call said; empty when you did it.")
    created_by = serializers.CharField()
    created_at = serializers.DateTimeField()
    version = serializers.IntegerField()


class NewWebhookEndpointShape(WebhookEndpointShape):
    secret = serializers.CharField(
        allow_null=True, help_text="Shown this once, to check signatures with. Null when the same request came before."
    )


class WebhookEndpointBody(StrictSerializer):
    read_only_names = frozenset(WebhookEndpointShape().fields)

    url = Text(max_length=LONGEST_URL, one_line=True, help_text="https, on port 443 or one above 1023.")
    events = serializers.ListField(child=Choice(list(KINDS)), allow_empty=False, max_length=len(KINDS))
    description = Text(max_length=120, one_line=True, required=False, allow_blank=True)


class WebhookEndpointChange(StrictSerializer):
    """What is left out stays."""

    read_only_names = frozenset(WebhookEndpointShape().fields)

    url = Text(max_length=LONGEST_URL, one_line=True, required=False)
    events = serializers.ListField(child=Choice(list(KINDS)), allow_empty=False, max_length=len(KINDS), required=False)
    description = Text(max_length=120, one_line=True, required=False, allow_blank=True)
    state = Choice(["ON", "OFF"], required=False)


class NothingBody(StrictSerializer):
    """An empty object."""


class WebhookTryShape(serializers.Serializer):
    at = serializers.DateTimeField()
    status = serializers.IntegerField(allow_null=True, help_text="Null when no answer came.")
    ms = serializers.IntegerField()
    error = serializers.CharField(help_text="Empty when it was taken.")


class WebhookDeliveryShape(serializers.Serializer):
    id = serializers.UUIDField()
    webhook_id = serializers.CharField(help_text="As the header webhook-id names it.")
    type = serializers.CharField()
    state = serializers.ChoiceField(choices=DELIVERY_STATES, help_text="DEAD: given up.")
    created_at = serializers.DateTimeField(help_text="When it happened.")
    sent_at = serializers.DateTimeField(allow_null=True)
    attempts = serializers.IntegerField()
    next_at = serializers.DateTimeField(allow_null=True, help_text="When it is tried next; null unless QUEUED.")
    tries = WebhookTryShape(many=True, help_text="The last twenty.")
    body = serializers.DictField(help_text="What is sent: id, type, timestamp and data.")


class WebhookReplayShape(serializers.Serializer):
    number = serializers.IntegerField(help_text="How many are sent again; at most 1,000 at a time.")


def write_endpoint(one: WebhookEndpoint) -> dict[str, Any]:
    return {
        "id": str(one.pk),
        "url": one.url,
        "description": one.description,
        "events": list(one.events),
        "state": one.state,
        "failing_since": stamp(one.failing_since),
        "failures": one.failures,
        "last_success_at": stamp(one.last_success_at),
        "switched_off_at": stamp(one.switched_off_at),
        "switched_off_because": one.switched_off_because,
        "created_by": one.created_by_name,
        "created_at": stamp(one.created_at),
        "version": one.version,
    }


def write_delivery(one: WebhookDelivery) -> dict[str, Any]:
    return {
        "id": str(one.pk),
        "webhook_id": one.message_id,
        "type": one.topic,
        "state": one.state,
        "created_at": stamp(one.created_at),
        "sent_at": stamp(one.sent_at),
        "attempts": one.attempts,
        "next_at": stamp(one.next_at) if one.state == WebhookDelivery.State.QUEUED else None,
        "tries": one.tries,
        "body": json.loads(one.body),
    }


# --- examples ---------------------------------------------------------------------------------------------------------

ENDPOINT: dict[str, Any] = {
    "id": "01936b0e-6f5a-7c2e-9d43-0a4b5c6d7e8f",
    "url": "https://maintenance.acme.example/hooks/rozoom",
    "description": "Maintenance system, plant 2",
    "events": ["ticket.filed", "message.added", "severity.agreed"],
    "state": "ON",
    "failing_since": None,
    "failures": 0,
    "last_success_at": "2026-11-23T10:12:00.000001Z",
    "switched_off_at": None,
    "switched_off_because": "",
    "created_by": "Ana Test",
    "created_at": "2026-11-20T08:00:00.000001Z",
    "version": 1,
}
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw0w1y2z3a4b5"  # noqa: S105 - an example
DELIVERY: dict[str, Any] = {
    "id": "01936b11-2c7d-7a10-8e5f-1b2c3d4e5f60",
    "webhook_id": "msg_01936b112c7d7a108e5f1b2c3d4e5f60",
    "type": "endpoint.test",
    "state": "SENT",
    "created_at": "2026-11-23T10:12:00.000001Z",
    "sent_at": "2026-11-23T10:12:00.310001Z",
    "attempts": 1,
    "next_at": None,
    "tries": [{"at": "2026-11-23T10:12:00.310001Z", "status": 204, "ms": 87, "error": ""}],
    "body": {
        "id": "msg_01936b112c7d7a108e5f1b2c3d4e5f60",
        "type": "endpoint.test",
        "timestamp": "2026-11-23T10:12:00.000001Z",
        "data": {"endpoint": ENDPOINT["id"], "message": "This is a test. Nothing happened."},
    },
}


def answer(name: str, value: Any) -> list[OpenApiExample]:
    return [OpenApiExample(name, value=value, response_only=True, status_codes=["200", "201"])]


def asked(name: str, value: Any) -> OpenApiExample:
    return OpenApiExample(name, value=value, request_only=True, media_type="application/json")


def page_body(one: dict[str, Any]) -> dict[str, Any]:
    return {"next": None, "previous": None, "results": [one]}
