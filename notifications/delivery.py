"""Sending what waits. Claimed and counted first, sent outside any transaction, marked one by one (docs/promise.md)."""

import logging
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.functions import TransactionNow
from django.db import InterfaceError, OperationalError, connection
from django.db.models import F
from django.db.models.functions import Now

from notifications.backoff import delay
from notifications.handlers import reason_to_drop, renew
from notifications.models import Delivery
from notifications.post import Post, Refused, ServerAway
from notifications.undelivered import report
from tenancy.context import Context, work_unit

log = logging.getLogger(__name__)

WORKER = Context("worker")
BATCH = 20
LEASE = timedelta(seconds=120)
# A mail begun by then has 100 s left of its lease: enough for seven answers that take nearly EMAIL_TIMEOUT each (10 s) and
# the one after the mail (AFTER_THE_MAIL, 30 s). One that takes longer still may come twice, with the same Message-ID.
BEGIN_WITHIN = 20.0
MAX_ATTEMPTS = 32  # with the back-off below about a day
SENDERS = 2  # at once, over all processes: slow mail must never take the workers that watch the promises
WEBHOOK_SLOT = 100  # one more process, with threads of its own (notifications/webhooks/sending.py)
EVENT_SLOT = (
    101  # one more for events alone: they wait for nobody's server while the senders wait for the mail server's
)
SLOTS = 0x726F7A6D  # our place among PostgreSQL's advisory locks

# Of one thread a reader gets one after the other: a reply never comes before the question it answers.
CLAIM = """
WITH due AS MATERIALIZED (
  SELECT q.id FROM (VALUES (1::smallint), (2::smallint), (3::smallint)) v (severity)
  CROSS JOIN LATERAL (
    SELECT d.id FROM notifications_delivery d
    WHERE d.state = 'QUEUED' AND d.severity = v.severity AND d.next_at <= now()
      AND (d.thread = '' OR NOT EXISTS (SELECT FROM notifications_delivery before
        WHERE before.thread = d.thread AND before.recipient = d.recipient AND before.id < d.id AND before.state = 'QUEUED'))
    ORDER BY d.next_at, d.id LIMIT %(batch)s FOR NO KEY UPDATE SKIP LOCKED
  ) q LIMIT %(batch)s
)
UPDATE notifications_delivery d
SET attempts = d.attempts + 1, next_at = now() + %(lease)s, lease_until = now() + %(lease)s, leased_by = %(me)s
FROM due WHERE d.id = due.id RETURNING d.*"""


def deliver(*, seconds: float) -> int:
    """Send waiting mail until none is due, the server is away or the time is over. Returns how many were sent."""
    until = time.monotonic() + seconds
    sent = 0
    try:
        with Post() as post:
            while time.monotonic() < until and (batch := claim()):
                sent += _send_batch(post, batch, until)
    except ServerAway as error:
        log.warning("the mail server is away: %s", error)
    return sent


@contextmanager
def sender_slot(slots: Iterable[int] = range(SENDERS)) -> Iterator[bool]:
    """True when this is one of the few that may send now. The lock ends with the connection, so no kill keeps it."""
    taken: int | None = None
    with connection.cursor() as cursor:
        for slot in slots:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [SLOTS, slot])
            if cursor.fetchone()[0]:
                taken = slot
                break
    try:
        yield taken is not None
    finally:
        if taken is not None and connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [SLOTS, taken])


def claim() -> list[Delivery]:
    me = f"{socket.gethostname()[:80]}:{os.getpid()}:{time.monotonic_ns()}"
    with work_unit(WORKER):
        claimed = Delivery.objects.raw(CLAIM, {"batch": BATCH, "lease": LEASE, "me": me})
        batch = sorted(claimed, key=lambda delivery: (delivery.severity, delivery.pk))
        renew(batch)
        return batch


def _send_batch(post: Post, batch: list[Delivery], until: float) -> int:
    begin_until = min(until, time.monotonic() + BEGIN_WITHIN)
    sent = 0
    for place, delivery in enumerate(batch):
        if time.monotonic() >= begin_until:
            _hand_back(batch[place:], timedelta())
            break
        try:
            sent += _send(post, delivery)
        except ServerAway as error:
            _hand_back(batch[place:], delay(1, first=20, longest=20), str(error))
            raise
    return sent


def _send(post: Post, delivery: Delivery) -> bool:
    if _given_up(delivery) or _not_needed(delivery):
        return False
    try:
        post.send(delivery)
    except Refused as refused:
        _put_off(delivery, str(refused), is_last=refused.for_good or delivery.attempts >= MAX_ATTEMPTS)
        return False
    if not _mark(delivery, state=Delivery.State.SENT, sent_at=Now(), last_error=""):
        log.warning("mail %s was sent after its lease was over; it may arrive twice", delivery.message_id)
    return True


def _given_up(delivery: Delivery) -> bool:
    if delivery.attempts <= MAX_ATTEMPTS:
        return False
    _put_off(delivery, delivery.last_error or "its worker ended each time before it was done", is_last=True)
    return True


def _not_needed(delivery: Delivery) -> bool:
    if not delivery.guard:
        return False
    with work_unit(WORKER):
        reason = reason_to_drop(delivery.guard)
    if reason:
        _mark(delivery, state=Delivery.State.DROPPED, last_error=reason)
    return bool(reason)


def _put_off(delivery: Delivery, error: str, *, is_last: bool) -> None:
    if not is_last:
        _mark(delivery, next_at=TransactionNow() + delay(delivery.attempts, first=15, longest=3600), last_error=error)
    elif _mark(delivery, also=report, state=Delivery.State.DEAD, last_error=error):
        # Not the error itself: servers repeat addresses in it. `manage.py replay_outbox` and the admin show it.
        log.critical("mail #%s is dead after %s attempts", delivery.pk, delivery.attempts)


def _hand_back(batch: list[Delivery], pause: timedelta, error: str = "") -> None:
    """These were not tried. The attempt is given back: a server that is away must not use up a mail's attempts."""
    changes: dict[str, Any] = {"attempts": F("attempts") - 1, "next_at": TransactionNow() + pause}
    if error:
        changes["last_error"] = error
    for delivery in batch:
        _mark(delivery, **changes)


def _mark(delivery: Delivery, also: Callable[[Delivery, datetime], None] | None = None, **changes: Any) -> bool:
    """False when the lease was lost meanwhile. PostgreSQL may restart just now: the mail is out, so wait for it.
    `also` is done in the same transaction."""
    until = time.monotonic() + 20
    while True:
        try:
            with work_unit(WORKER) as unit:
                mine = Delivery.objects.filter(
                    pk=delivery.pk, state=Delivery.State.QUEUED, leased_by=delivery.leased_by
                )
                is_mine = bool(mine.update(lease_until=None, leased_by="", **changes))
                if is_mine and also is not None and unit.now is not None:
                    also(delivery, unit.now)
                return is_mine
        except (OperationalError, InterfaceError):
            connection.close()
            if time.monotonic() >= until:
                raise
            time.sleep(0.3)
