"""Sending what was written, many receivers at once and none held up by another (docs/webhooks.md, "How it is sent").

This thread alone uses the database. Each request runs in a thread of its own, which is let go when its time is over.
"""

import logging
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from cryptography.fernet import InvalidToken
from django.contrib.postgres.functions import TransactionNow
from django.db.models import Q

from notifications.backoff import delay
from notifications.models import WebhookDelivery, WebhookEndpoint, WebhookSecret
from notifications.webhooks import signing
from notifications.webhooks.calling import ANSWER_WITHIN, GONE, Call, Result
from notifications.webhooks.health import note_failure, note_success
from notifications.webhooks.spreading import subscriber, write_waiting
from rozoom_support.lib.sealed import unseal
from tenancy.api.times import stamp
from tenancy.context import Context, work_unit

log = logging.getLogger(__name__)

WORKER = Context("worker")
AT_ONCE = 32  # requests under way, over all endpoints
TO_FAILING = 8  # of them to endpoints that failed last: the others must never wait behind those
TO_ONE = 4  # to one endpoint that answers quickly; one to every other
QUICK_MS = 1000
LOOK_AGAIN = 0.25  # seconds, while all that could be begun is under way
LEASE = timedelta(seconds=60)  # longer than any request takes
GIVE_UP_AFTER = timedelta(hours=24)
KEPT_TRIES = 20
AGENT = "roZoom-Support-Webhooks/1"

# Endpoints that may be called now; then the oldest of what waits for each, and nothing whose elder is still on its way:
# neither one written already nor an event of the same ticket that nobody has looked at yet.
CLAIM = """
WITH callable AS MATERIALIZED (
  SELECT e.id, e.failures, e.paused_until FROM notifications_webhookendpoint e
  WHERE e.state = 'ON' AND e.removed_at IS NULL AND (e.paused_until IS NULL OR e.paused_until <= now())
    AND e.id <> ALL (%(busy)s::uuid[]) AND (NOT %(only_quick)s OR (e.failures = 0 AND coalesce(e.last_ms, 0) < %(quick_ms)s))
    AND EXISTS (SELECT FROM notifications_webhookdelivery d
      WHERE d.endpoint_id = e.id AND d.state = 'QUEUED' AND d.next_at <= now())
), ready AS MATERIALIZED (
  (SELECT id, failures FROM callable WHERE failures = 0 ORDER BY random() LIMIT %(free)s)
  UNION ALL
  (SELECT id, failures FROM callable WHERE failures > 0 ORDER BY paused_until NULLS FIRST LIMIT %(free_for_failing)s)
), due AS MATERIALIZED (
  SELECT q.id FROM ready CROSS JOIN LATERAL (
    SELECT d.id FROM notifications_webhookdelivery d
    WHERE d.endpoint_id = ready.id AND d.state = 'QUEUED' AND d.next_at <= now()
      AND (d.ordering = '' OR NOT EXISTS (SELECT FROM notifications_webhookdelivery before
        WHERE before.endpoint_id = d.endpoint_id AND before.ordering = d.ordering AND before.event_id < d.event_id
          AND before.state IN ('NEW', 'QUEUED')))
      AND (d.ordering NOT LIKE 'ticket:%%' OR NOT EXISTS (SELECT FROM notifications_event v
        WHERE v.state = 'QUEUED' AND v.ticket_id = substr(d.ordering, 8)::bigint AND v.id < d.event_id))
    ORDER BY d.next_at, d.event_id LIMIT CASE WHEN ready.id = ANY (%(quick)s::uuid[]) THEN %(to_one)s ELSE 1 END
    FOR NO KEY UPDATE SKIP LOCKED
  ) q ORDER BY ready.failures LIMIT %(free)s
)
UPDATE notifications_webhookdelivery d SET attempts = d.attempts + 1, next_at = now() + %(lease)s
FROM due WHERE d.id = due.id RETURNING d.*"""


@dataclass
class Round:
    """What is under way, and which endpoints answered quickly in this round."""

    calls: dict[UUID, tuple[Call, WebhookDelivery, WebhookEndpoint]] = field(default_factory=dict)
    quick: set[UUID] = field(default_factory=set)

    @property
    def free(self) -> int:
        return AT_ONCE - len(self.calls)

    @property
    def free_for_failing(self) -> int:
        return max(0, TO_FAILING - sum(endpoint.failures > 0 for _, _, endpoint in self.calls.values()))

    def busy(self) -> list[UUID]:
        """Endpoints that have enough to do."""
        under_way = Counter(endpoint.pk for _, _, endpoint in self.calls.values())
        return [pk for pk, number in under_way.items() if number >= (TO_ONE if pk in self.quick else 1)]


def send(*, seconds: float) -> int:
    """Write and send until nothing is due or the time is over; what was begun is waited for. Returns how many were taken.

    While the last answers of the slow are waited for, those that are known to be quick are still served.
    """
    until = time.monotonic() + seconds
    going = Round()
    taken, looked = 0, 0.0
    has_room = True  # something may be there to begin
    while True:
        now = time.monotonic()
        may_begin = now < (until + ANSWER_WITHIN if going.calls else until)
        if may_begin and (has_room or now - looked > LOOK_AGAIN):
            written = write_waiting()
            looked, has_room = now, written + _begin(going, only_quick=now >= until) > 0
        elif going.calls:
            time.sleep(0.003)
        if not going.calls and not (has_room and may_begin):
            return taken
        if (ended := _collect(going)) is not None:
            taken, has_room = taken + ended, True


def _begin(going: Round, *, only_quick: bool) -> int:
    if going.free <= 0:
        return 0
    with work_unit(WORKER) as unit:
        rows = _claim(going, only_quick)
        endpoints = WebhookEndpoint.objects.select_related("organisation").in_bulk({row.endpoint_id for row in rows})
        assert unit.now is not None
        now = unit.now
        keys = _keys(endpoints, now)
    for row in _still_theirs(rows, endpoints):
        endpoint = endpoints[row.endpoint_id]
        if not keys[endpoint.pk]:
            _note(row, endpoint, Result(None, "Its secret can not be read any more. Make a new one"))
            continue
        body = row.body.encode()
        head = {"Content-Type": "application/json", "User-Agent": AGENT}
        signed = signing.headers(keys[endpoint.pk], row.message_id, now, body)
        call = Call(endpoint.url, {**head, **signed}, body)
        going.calls[row.pk] = call, row, endpoint
        call.start()
    return len(rows)


def _still_theirs(rows: list[WebhookDelivery], endpoints: dict[UUID, WebhookEndpoint]) -> list[WebhookDelivery]:
    """Asked under each subscriber's own database role: a reseller may not serve the customer any more since it was written.
    What it may not read any more is forgotten."""
    owners = {row.organisation_id: endpoints[row.endpoint_id].organisation for row in rows}
    seen: set[UUID] = set()
    for key, organisation in owners.items():
        mine = [row.pk for row in rows if row.organisation_id == key]
        with work_unit(subscriber(key, organisation.kind).context):
            seen.update(WebhookDelivery.objects.filter(pk__in=mine).values_list("pk", flat=True))
    if lost := [row.pk for row in rows if row.pk not in seen]:
        with work_unit(WORKER):
            WebhookDelivery.objects.filter(pk__in=lost).delete()
    return [row for row in rows if row.pk in seen]


def _claim(going: Round, only_quick: bool) -> list[WebhookDelivery]:
    values = {
        "busy": [str(pk) for pk in going.busy()],
        "quick": [str(pk) for pk in going.quick],
        "only_quick": only_quick,
        "quick_ms": QUICK_MS,
        "free": going.free,
        "free_for_failing": going.free_for_failing,
        "to_one": TO_ONE,
        "lease": LEASE,
    }
    return sorted(WebhookDelivery.objects.raw(CLAIM, values), key=lambda row: (row.event_id or 0, row.pk))


def _keys(endpoints: Iterable[UUID], now: datetime) -> dict[UUID, list[str]]:
    """The newest first."""
    in_force = Q(expires_at__isnull=True) | Q(expires_at__gt=now)
    found: dict[UUID, list[str]] = {pk: [] for pk in endpoints}
    rows = WebhookSecret.objects.defer(None).filter(in_force, endpoint_id__in=list(found)).order_by("-pk")
    for row in rows:
        try:
            found[row.endpoint_id].append(unseal(signing.SEALED_FOR, row.sealed))
        except InvalidToken:
            log.error("the secret of webhook %s was sealed with a key we do not have", row.endpoint_id)
    return found


def _collect(going: Round) -> int | None:
    """How many of those that ended were taken; None when none ended."""
    ended = [(pk, *one) for pk, one in going.calls.items() if one[0].result is not None or one[0].is_over_time]
    if not ended:
        return None
    taken = 0
    for pk, call, row, endpoint in ended:
        result = call.result or call.abandon()
        del going.calls[pk]
        if result.is_taken and result.ms < QUICK_MS:
            going.quick.add(endpoint.pk)
        else:
            going.quick.discard(endpoint.pk)
        taken += _note(row, endpoint, result)
    return taken


def _note(row: WebhookDelivery, endpoint: WebhookEndpoint, result: Result) -> bool:
    """Nothing is noted when the lease was lost, or the row was sent again by hand meanwhile."""
    with work_unit(WORKER) as unit:
        mine = WebhookDelivery.objects.filter(pk=row.pk, state=WebhookDelivery.State.QUEUED, attempts=row.attempts)
        if mine.select_for_update(no_key=True).first() is None:
            return False
        assert unit.now is not None
        mine.update(**_changes(row, result, unit.now))
        if result.is_taken:
            note_success(endpoint, result, unit.now)
        else:
            note_failure(endpoint, result, unit.now)
    return result.is_taken


def _changes(row: WebhookDelivery, result: Result, now: datetime) -> dict[str, Any]:
    one_try = {"at": stamp(now), "status": result.status, "ms": result.ms, "error": result.error}
    changes: dict[str, Any] = {
        "last_status": result.status,
        "last_error": result.error[:300],
        "last_answer": result.answer,
        "tries": [*row.tries, one_try][-KEPT_TRIES:],
    }
    if result.is_taken:
        return {**changes, "state": WebhookDelivery.State.SENT, "sent_at": now}
    if result.status == GONE or now - row.queued_at >= GIVE_UP_AFTER:
        return {**changes, "state": WebhookDelivery.State.DEAD}
    pause = delay(row.attempts, first=5, longest=3600)
    return {**changes, "next_at": TransactionNow() + pause}
