"""What administrators do with the webhooks of their organisation."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.postgres.functions import TransactionNow
from django.db import transaction

from notifications.models import WebhookDelivery, WebhookEndpoint, WebhookSecret
from notifications.waking import wake_webhooks
from notifications.webhooks.events import in_order, kinds_for
from notifications.webhooks.reporting import report_made_by_program
from notifications.webhooks.signing import SEALED_FOR, new_secret
from notifications.webhooks.spreading import test_row
from notifications.webhooks.wall import NotAllowedThere, check_url
from rozoom_support.lib.refusals import NotFound, Refused, Stale
from rozoom_support.lib.sealed import seal
from tenancy import audit
from tenancy.actor import Actor

State = WebhookEndpoint.State
OVERLAP = timedelta(hours=24)  # both secrets sign
REPLAYED_AT_ONCE = 1000
TESTS_WAITING = 3
STALE = "Someone changed this webhook meanwhile. Read it again, then repeat what you wanted to do."


class CannotSetUp(Refused):
    code = "cannot_set_up_webhook"


class CannotSend(Refused):
    code = "cannot_send_webhook"


@transaction.atomic
def make_endpoint(
    *, actor: Actor, url: str, events: Sequence[str], description: str = "", now: datetime
) -> tuple[WebhookEndpoint, str]:
    """Returns the endpoint and its secret, which is shown this once. Raises CannotSetUp."""
    actor.require("webhook:manage")
    mine = WebhookEndpoint.objects.kept().filter(organisation_id=actor.organisation_id)
    most = settings.LIMITS["webhook_endpoints"]
    if mine.count() >= most:
        raise CannotSetUp(f"You have {most} webhooks, and that is the most. Remove one you do not need.")
    endpoint = WebhookEndpoint.objects.create(
        organisation_id=actor.organisation_id,
        url=_url(url),
        description=_description(description),
        events=_events(actor, events),
        created_by_name=actor.name[:120],
        created_at=now,
    )
    secret = _add_secret(endpoint, now)
    _record(actor, endpoint, "webhook.made", now, url=endpoint.url, events=endpoint.events)
    if actor.kind == "token":
        report_made_by_program(endpoint, actor, now)
    return endpoint, secret


@transaction.atomic
def change_endpoint(
    *, actor: Actor, endpoint: WebhookEndpoint, version: int | None = None, now: datetime, **changes: Any
) -> WebhookEndpoint:
    """`url`, `events` and `description`; what is left out stays. Raises CannotSetUp, Stale."""
    endpoint = _lock(actor, endpoint, version)
    checks = {"url": _url, "events": lambda names: _events(actor, names), "description": _description}
    changed = {name: checks[name](value) for name, value in changes.items()}
    changed = {name: value for name, value in changed.items() if value != getattr(endpoint, name)}
    if not changed:
        return endpoint
    for name, value in changed.items():
        setattr(endpoint, name, value)
    if "url" in changed and actor.kind == "token":
        report_made_by_program(endpoint, actor, now)
    if "url" in changed:  # another receiver: what the old one did says nothing of it
        _forget_failures(endpoint)
    _save(endpoint, *changed, *(HEALTH if "url" in changed else ()))
    _record(actor, endpoint, "webhook.changed", now, **changed)
    return endpoint


HEALTH = ("failures", "failing_since", "paused_until")


def _forget_failures(endpoint: WebhookEndpoint) -> None:
    endpoint.failures, endpoint.failing_since, endpoint.paused_until = 0, None, None


@transaction.atomic
def rotate_secret(
    *, actor: Actor, endpoint: WebhookEndpoint, version: int | None = None, now: datetime
) -> tuple[WebhookEndpoint, str]:
    """Returns the new secret, shown this once. For OVERLAP the old one signs as well; one before that stops now."""
    endpoint = _lock(actor, endpoint, version)
    secrets = WebhookSecret.objects.filter(endpoint=endpoint, organisation_id=endpoint.organisation_id)
    secrets.filter(expires_at__gt=now).update(expires_at=now)
    secrets.filter(expires_at__isnull=True).update(expires_at=now + OVERLAP)
    secret = _add_secret(endpoint, now)
    _save(endpoint)
    _record(actor, endpoint, "webhook.secret_changed", now)
    return endpoint, secret


@transaction.atomic
def switch_endpoint(
    *, actor: Actor, endpoint: WebhookEndpoint, on: bool, version: int | None = None, now: datetime
) -> WebhookEndpoint:
    """Off: what waits is given up, and nothing new is kept for it. On: from the next event."""
    endpoint = _lock(actor, endpoint, version)
    if endpoint.is_on == on:
        return endpoint
    endpoint.state = State.ON if on else State.OFF
    endpoint.switched_off_at = None if on else now
    endpoint.switched_off_because = ""
    _forget_failures(endpoint)
    _save(endpoint, "state", "switched_off_at", "switched_off_because", *HEALTH)
    _give_up(endpoint)
    _record(actor, endpoint, "webhook.switched_on" if on else "webhook.switched_off", now)
    return endpoint


@transaction.atomic
def remove_endpoint(
    *, actor: Actor, endpoint: WebhookEndpoint, version: int | None = None, now: datetime
) -> WebhookEndpoint:
    """For good; its secrets sign nothing any more."""
    endpoint = _lock(actor, endpoint, version)
    endpoint.state, endpoint.removed_at = State.OFF, now
    endpoint.switched_off_at = endpoint.switched_off_at or now
    _save(endpoint, "state", "removed_at", "switched_off_at")
    secrets = WebhookSecret.objects.filter(endpoint=endpoint, organisation_id=endpoint.organisation_id)
    secrets.update(expires_at=now)
    _give_up(endpoint)
    _record(actor, endpoint, "webhook.removed", now, url=endpoint.url)
    return endpoint


@transaction.atomic
def send_test(*, actor: Actor, endpoint: WebhookEndpoint, now: datetime) -> WebhookDelivery:
    """Raises CannotSend when it is off or tests wait already."""
    endpoint = _lock(actor, endpoint, None)
    _refuse_off(endpoint)
    tests = WebhookDelivery.objects.filter(endpoint=endpoint, topic="endpoint.test", state=WebhookDelivery.State.QUEUED)
    if tests.count() >= TESTS_WAITING:
        raise CannotSend(f"{TESTS_WAITING} tests wait already. Look at what became of them first.")
    row = test_row(endpoint, now)
    row.save(force_insert=True)
    row.refresh_from_db()
    _call_soon(endpoint)
    return row


@transaction.atomic
def replay(*, actor: Actor, endpoint: WebhookEndpoint, delivery: WebhookDelivery, now: datetime) -> WebhookDelivery:
    """Send it again, word for word and under the same id, whatever became of it. Raises CannotSend."""
    endpoint = _lock(actor, endpoint, None)
    _refuse_off(endpoint)
    mine = WebhookDelivery.objects.filter(endpoint=endpoint, pk=delivery.pk)
    mine.exclude(state=WebhookDelivery.State.QUEUED).update(**_anew(now))
    _record(actor, endpoint, "webhook.sent_again", now, delivery=str(delivery.pk))
    _call_soon(endpoint)
    delivery.refresh_from_db()
    return delivery


@transaction.atomic
def replay_failed(*, actor: Actor, endpoint: WebhookEndpoint, now: datetime) -> int:
    """Everything that was given up, the oldest first; at most REPLAYED_AT_ONCE at a time. Returns how many."""
    endpoint = _lock(actor, endpoint, None)
    _refuse_off(endpoint)
    failed = WebhookDelivery.objects.filter(endpoint=endpoint, state=WebhookDelivery.State.DEAD)
    keys = list(failed.order_by("created_at", "pk").values_list("pk", flat=True)[:REPLAYED_AT_ONCE])
    number = WebhookDelivery.objects.filter(pk__in=keys, state=WebhookDelivery.State.DEAD).update(**_anew(now))
    if number:
        _record(actor, endpoint, "webhook.sent_again", now, deliveries=number)
        _call_soon(endpoint)
    return number


def _anew(now: datetime) -> dict[str, Any]:
    return {"state": WebhookDelivery.State.QUEUED, "attempts": 0, "next_at": TransactionNow(), "queued_at": now}


def _refuse_off(endpoint: WebhookEndpoint) -> None:
    if not endpoint.is_on:
        raise CannotSend("This webhook is off. Switch it on first.")


def _call_soon(endpoint: WebhookEndpoint) -> None:
    """Somebody is looking: a pause after failures is over."""
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(paused_until=None)
    wake_webhooks()


def _give_up(endpoint: WebhookEndpoint) -> None:
    waiting = WebhookDelivery.objects.filter(endpoint=endpoint, state=WebhookDelivery.State.QUEUED)
    waiting.update(state=WebhookDelivery.State.DEAD)


def _lock(actor: Actor, endpoint: WebhookEndpoint, version: int | None) -> WebhookEndpoint:
    """Of one's own organisation only, also for staff, who see all. Raises Stale when another version stands."""
    actor.require("webhook:manage")
    mine = WebhookEndpoint.objects.kept().filter(organisation_id=actor.organisation_id, pk=endpoint.pk)
    locked = mine.select_for_update().first()
    if locked is None:
        raise NotFound
    if version is not None and version != locked.version:
        raise Stale(STALE)
    return locked


def _save(endpoint: WebhookEndpoint, *fields: str) -> None:
    endpoint.version += 1
    endpoint.save(update_fields=[*fields, "version"])


def _add_secret(endpoint: WebhookEndpoint, now: datetime) -> str:
    secret = new_secret()
    WebhookSecret.objects.create(
        organisation_id=endpoint.organisation_id,
        endpoint_id=endpoint.pk,
        sealed=seal(SEALED_FOR, secret),
        created_at=now,
    )
    return secret


def _url(url: str) -> str:
    try:
        check_url(url := url.strip())
    except NotAllowedThere as refused:
        raise CannotSetUp(str(refused), param="url") from refused
    return url


def _description(words: str) -> str:
    return " ".join(words.split())[:120]


def _events(actor: Actor, names: Sequence[str]) -> list[str]:
    offered = {kind.name for kind in kinds_for(actor.party)}
    if not names:
        raise CannotSetUp("Choose at least one thing to be told.", param="events")
    if strangers := sorted(set(names) - offered):
        raise CannotSetUp(f"There is no event {strangers[0][:60]} for your organisation.", param="events")
    return in_order(names)


def _record(actor: Actor, endpoint: WebhookEndpoint, verb: str, now: datetime, **data: Any) -> None:
    organisation = endpoint.organisation_id
    data = {"webhook": str(endpoint.pk), **data}
    audit.record(actor, customer_id=organisation, chain=f"organisation:{organisation}", verb=verb, now=now, **data)
