"""Reads of webhooks: always one's own organisation's, also for staff, whom row security shows all."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from notifications.models import WebhookDelivery, WebhookEndpoint, WebhookSecret
from rozoom_support.lib.refusals import NotFound
from tenancy.actor import Actor

GIVEN_UP = WebhookDelivery.State.DEAD


@dataclass(frozen=True)
class Standing:
    """How an endpoint does, in words. `look` and `shape` are those of a tag."""

    words: str
    look: str
    shape: str


def endpoints_of(actor: Actor) -> QuerySet[WebhookEndpoint]:
    actor.require("webhook:manage")
    return WebhookEndpoint.objects.kept().filter(organisation_id=actor.organisation_id).order_by("created_at", "pk")


def endpoint_for(actor: Actor, key: UUID) -> WebhookEndpoint:
    """The one way to an endpoint. Missing and not yours raise the same NotFound."""
    found = endpoints_of(actor).filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


def deliveries_of(endpoint: WebhookEndpoint, state: str = "") -> QuerySet[WebhookDelivery]:
    """The newest first, and nothing that is still being written."""
    found = WebhookDelivery.objects.filter(organisation_id=endpoint.organisation_id, endpoint=endpoint)
    found = found.filter(state=state) if state else found.exclude(state=WebhookDelivery.State.NEW)
    return found.defer("body", "last_answer").order_by("-created_at", "-pk")


def delivery_for(endpoint: WebhookEndpoint, key: UUID) -> WebhookDelivery:
    found = deliveries_of(endpoint).defer(None).filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


def number_waiting(endpoint: WebhookEndpoint) -> dict[str, int]:
    """How many wait, and how many were given up."""
    rows = WebhookDelivery.objects.filter(organisation_id=endpoint.organisation_id, endpoint=endpoint)
    return rows.aggregate(
        waiting=Count("pk", filter=Q(state=WebhookDelivery.State.QUEUED)),
        given_up=Count("pk", filter=Q(state=GIVEN_UP)),
    )


def old_secret_until(endpoint: WebhookEndpoint, now: datetime) -> datetime | None:
    """While two secrets sign: until when the old one does."""
    secrets = WebhookSecret.objects.filter(organisation_id=endpoint.organisation_id, endpoint=endpoint)
    return secrets.filter(expires_at__gt=now).values_list("expires_at", flat=True).order_by("-expires_at").first()


def standing(endpoint: WebhookEndpoint) -> Standing:
    if endpoint.state == WebhookEndpoint.State.DEAD:
        return Standing("Switched off by us", "bad", "i-cross")
    if not endpoint.is_on:
        return Standing("Switched off", "", "i-dash")
    if endpoint.failures:
        return Standing("Failing", "warn", "i-info")
    return Standing("Works", "ok", "i-tick") if endpoint.last_success_at else Standing("Nothing sent yet", "", "i-dash")
