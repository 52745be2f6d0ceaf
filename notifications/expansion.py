"""From events to deliveries and notices, exactly once: handler, rows and the mark are one transaction."""

import logging
import time
import traceback
from datetime import timedelta

from django.contrib.postgres.functions import TransactionNow
from django.db.models import F

from notifications.backoff import delay
from notifications.handlers import said_of
from notifications.making import ALARMS, made_of
from notifications.models import Delivery, Event, Notice
from notifications.waking import wake_webhooks
from notifications.webhooks.spreading import spread
from tenancy.context import Context, work_unit

log = logging.getLogger(__name__)

WORKER = Context("worker")
BATCH = 50
LEASE = timedelta(seconds=30)
MAX_ATTEMPTS = 20  # with the back-off below about three hours
HOLDS = 6  # attempts, about five minutes, for which an event that fails holds back later ones of its ticket

# One look-up per severity: before PostgreSQL 18 a condition on next_at alone walks the whole index (docs/promise.md).
# The attempt is counted before the work, so that an event that kills its worker runs out of attempts, too.
# Of one ticket one after the other: mails and notices are made, and so leave, in the order of the deeds also when a worker
# is killed over the first of them. Calls of the ladder wait for nothing.
CLAIM = """
WITH due AS MATERIALIZED (
  SELECT q.id FROM (VALUES (1::smallint), (2::smallint), (3::smallint)) v (severity)
  CROSS JOIN LATERAL (
    SELECT e.id FROM notifications_event e
    WHERE e.state = 'QUEUED' AND e.severity = v.severity AND e.next_at <= now()
      AND (e.ticket_id IS NULL OR e.topic = ANY(%(alarms)s) OR NOT EXISTS (SELECT FROM notifications_event before
        WHERE before.ticket_id = e.ticket_id AND before.id < e.id AND before.state = 'QUEUED'
          AND before.topic <> ALL(%(alarms)s) AND before.attempts <= %(holds)s))
    ORDER BY e.next_at, e.id LIMIT %(batch)s FOR NO KEY UPDATE SKIP LOCKED
  ) q LIMIT %(batch)s
)
UPDATE notifications_event e SET attempts = e.attempts + 1, next_at = now() + %(lease)s
FROM due WHERE e.id = due.id RETURNING e.*"""


def expand(*, seconds: float) -> int:
    """Handle waiting events until none is due or the time is over. Returns how many were handled."""
    until = time.monotonic() + seconds
    handled = 0
    while time.monotonic() < until and (batch := claim()):
        for place, event in enumerate(batch):
            if time.monotonic() >= until:
                _hand_back(batch[place:])
                break
            handled += _expand_or_put_off(event)
    return handled


def claim() -> list[Event]:
    with work_unit(WORKER):
        claimed = Event.objects.raw(CLAIM, {"batch": BATCH, "lease": LEASE, "alarms": list(ALARMS), "holds": HOLDS})
        return sorted(claimed, key=lambda event: (event.severity, event.pk))


def _expand_or_put_off(event: Event) -> bool:
    if event.attempts > MAX_ATTEMPTS:
        _put_off(event, "its worker ended each time before it was done")
        return False
    try:
        return _expand(event)
    except Exception as error:
        log.exception("handling %s failed, attempt %s of %s", event, event.attempts, MAX_ATTEMPTS)
        _put_off(event, "".join(traceback.format_exception_only(error)).strip())
        return False


def _expand(event: Event) -> bool:
    with work_unit(WORKER) as unit:
        # Still ours? The attempts tell this lease from the next one.
        mine = Event.objects.filter(pk=event.pk, state=Event.State.QUEUED, attempts=event.attempts)
        if mine.select_for_update(no_key=True).first() is None:
            return False
        mails, notices = made_of(event, said_of(event))
        Delivery.objects.bulk_create(mails, ignore_conflicts=True)
        Notice.objects.bulk_create(notices, ignore_conflicts=True)
        if spread(event):
            wake_webhooks()
        Event.objects.filter(pk=event.pk).update(state=Event.State.HANDLED, handled_at=unit.now, error="")
    return True


def _hand_back(batch: list[Event]) -> None:
    """These were not tried: at once for the next one, and without the attempt."""
    with work_unit(WORKER):
        for event in batch:
            mine = Event.objects.filter(pk=event.pk, state=Event.State.QUEUED, attempts=event.attempts)
            mine.update(attempts=F("attempts") - 1, next_at=TransactionNow())


def _put_off(event: Event, error: str) -> None:
    is_last = event.attempts >= MAX_ATTEMPTS
    with work_unit(WORKER):
        mine = Event.objects.filter(pk=event.pk, state=Event.State.QUEUED, attempts=event.attempts)
        if is_last:
            count = mine.update(state=Event.State.DEAD, error=error)
        else:
            pause = delay(event.attempts, first=5, longest=900)
            count = mine.update(next_at=TransactionNow() + pause, error=error)
    if is_last and count:
        log.critical("event %s is dead after %s attempts: %s", event, event.attempts, error)
