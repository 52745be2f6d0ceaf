"""From an event to what each endpoint is told: one row for each, in the transaction that marks the event handled; then its
words, read under the subscriber's own database role."""

import json
import logging
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.contrib.postgres.functions import TransactionNow
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Q

from notifications.backoff import delay
from notifications.models import Event, WebhookDelivery, WebhookEndpoint
from notifications.webhooks.events import BY_TOPIC, Kind, writer_of
from rozoom_support.lib.ids import new_id
from tenancy.actor import TOKEN_ROLE, Actor
from tenancy.api.times import stamp
from tenancy.context import Context, work_unit
from tenancy.models import Kind as OrganisationKind

log = logging.getLogger(__name__)

WORKER = Context("worker")
BATCH = 50
GIVE_UP_WRITING_AFTER = timedelta(hours=3)


def spread(event: Event) -> int:
    """As the worker. Returns for how many endpoints there is something to write."""
    kind = BY_TOPIC.get(event.topic)
    if kind is None or writer_of(kind.name) is None:
        return 0
    rows = [_row(event, kind, endpoint) for endpoint in _subscribed(event, kind)]
    WebhookDelivery.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _subscribed(event: Event, kind: Kind) -> Iterable[WebhookEndpoint]:
    """Of the customer, of who serves it, and of roZoom: nobody else's business."""
    mine = Q(organisation__kind=OrganisationKind.OPERATOR)
    if "customer" in kind.parties:
        mine |= Q(organisation_id=event.customer_id)
    if "reseller" in kind.parties:
        mine |= Q(organisation_id=event.reseller_id)
    found = WebhookEndpoint.objects.kept().filter(mine, state=WebhookEndpoint.State.ON, organisation__is_active=True)
    return found.filter(events__contains=[kind.name]).only("organisation_id")


def _row(event: Event, kind: Kind, endpoint: WebhookEndpoint) -> WebhookDelivery:
    return WebhookDelivery(
        organisation_id=endpoint.organisation_id,
        endpoint_id=endpoint.pk,
        customer_id=event.customer_id,
        reseller_id=event.reseller_id,
        event_id=event.pk,
        topic=kind.name,
        ordering=_ordering(event),
        next_at=TransactionNow(),
        created_at=event.created_at,
        queued_at=TransactionNow(),
    )


def _ordering(event: Event) -> str:
    """One ticket's events arrive as they happened, and so do those about one agreement."""
    if event.ticket_id is not None:
        return f"ticket:{event.ticket_id}"
    return f"term:{event.payload['term']}" if event.payload.get("term") else ""


# --- writing them out -------------------------------------------------------------------------------------------------

CLAIM = """
UPDATE notifications_webhookdelivery d SET attempts = d.attempts + 1, next_at = now() + make_interval(secs => 30)
FROM (
  SELECT id FROM notifications_webhookdelivery WHERE state = 'NEW' AND next_at <= now()
  ORDER BY created_at LIMIT %(batch)s FOR NO KEY UPDATE SKIP LOCKED
) due WHERE due.id = d.id RETURNING d.*"""


def write_waiting() -> int:
    """Write out a batch of what was spread. Returns how many were looked at."""
    with work_unit(WORKER):
        rows = list(WebhookDelivery.objects.raw(CLAIM, {"batch": BATCH}))
        events = Event.objects.in_bulk({row.event_id for row in rows})
        kinds = dict(
            WebhookEndpoint.objects.filter(pk__in={row.endpoint_id for row in rows})
            .values_list("organisation_id", "organisation__kind")
            .distinct()
        )
    by_reader = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.event_id or 0):
        by_reader[row.organisation_id].append(row)
    for organisation_id, mine in by_reader.items():
        _write_for(subscriber(organisation_id, kinds[organisation_id]), mine, events)
    return len(rows)


def subscriber(organisation_id: int, kind: str) -> Actor:
    return Actor(
        kind="webhook", party=kind.lower(), name="webhook", role=TOKEN_ROLE[kind], organisation_id=organisation_id
    )


def _write_for(actor: Actor, rows: list[WebhookDelivery], events: dict[int, Event]) -> None:
    """In one unit of work as that organisation; what each row became is noted as the worker after it."""
    written: list[tuple[WebhookDelivery, str | None]] = []
    failed: list[tuple[WebhookDelivery, str]] = []
    with work_unit(actor.context) as unit:
        for row in rows:
            try:
                with transaction.atomic():
                    written.append((row, _body(row, events.get(row.event_id or 0), actor, unit.now)))
            except Exception as error:
                log.exception("writing %s for webhooks failed", row.topic)
                failed.append((row, type(error).__name__))
    with work_unit(WORKER):
        for row, body in written:
            _note_written(row, body)
        for row, name in failed:
            _put_off(row, name)


def _body(row: WebhookDelivery, event: Event | None, actor: Actor, now: Any) -> str | None:
    writer = writer_of(row.topic)
    data = writer(event, actor, now) if writer is not None and event is not None else None
    return None if data is None else body_of(row, data)


def body_of(row: WebhookDelivery, data: dict[str, Any]) -> str:
    envelope = {"id": row.message_id, "type": row.topic, "timestamp": stamp(row.created_at), "data": data}
    return json.dumps(envelope, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":"))


def _note_written(row: WebhookDelivery, body: str | None) -> None:
    """What its reader may not see never was there for it: no trace that something happened."""
    mine = WebhookDelivery.objects.filter(pk=row.pk, state=WebhookDelivery.State.NEW)
    if body is None:
        mine.delete()
    else:
        queued = {"state": WebhookDelivery.State.QUEUED, "attempts": 0}
        mine.update(body=body, next_at=TransactionNow(), queued_at=TransactionNow(), **queued)


def _put_off(row: WebhookDelivery, error: str) -> None:
    """Later ones about the same ticket wait for it, so not for ever."""
    mine = WebhookDelivery.objects.filter(pk=row.pk, state=WebhookDelivery.State.NEW)
    pause = delay(row.attempts, first=5, longest=900)
    if mine.filter(queued_at__lt=TransactionNow() - GIVE_UP_WRITING_AFTER).delete()[0]:
        log.critical("a webhook of event %s was given up: it could not be written (%s)", row.event_id, error)
    else:
        mine.update(next_at=TransactionNow() + pause, last_error=error)


def test_row(endpoint: WebhookEndpoint, now: Any) -> WebhookDelivery:
    """What the button sends: about nobody, so that it can go anywhere."""
    row = WebhookDelivery(
        id=new_id(),
        organisation_id=endpoint.organisation_id,
        endpoint_id=endpoint.pk,
        topic="endpoint.test",
        state=WebhookDelivery.State.QUEUED,
        next_at=TransactionNow(),
        created_at=now,
        queued_at=now,
    )
    row.body = body_of(row, {"endpoint": str(endpoint.pk), "message": "This is a test. Nothing happened."})
    return row
