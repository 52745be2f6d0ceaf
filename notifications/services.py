"""Leaving something to be told, in the transaction of the deed itself; and waking whoever tells it."""

import json
import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parseaddr
from hashlib import sha256
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.postgres.functions import TransactionNow
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from notifications.models import Delivery, Event
from notifications.waking import wake
from tenancy.context import as_login_role

__all__ = ["emit", "message_id", "queue_mail", "replay", "try_now", "wake"]

# Not the ORM: it would ask for the new key back, and a tenant may read nothing here.
EMIT = """
INSERT INTO notifications_event
  (customer_id, reseller_id, topic, ticket_id, payload, severity, created_at, next_at)
VALUES (%s, %s, %s, %s, %s::jsonb, %s, %s, now())"""
QUEUE = """
INSERT INTO notifications_delivery
  (dedup_key, message_id, recipient, subject, text, html, headers, severity, guard, created_at, next_at)
VALUES (%s, %s, %s, %s, %s, %s, %s::jsonb, %s, %s::jsonb, coalesce(%s, now()), now())
ON CONFLICT DO NOTHING"""


def emit(
    topic: str,
    *,
    customer_id: int,
    reseller_id: int,
    ticket_id: int | None = None,
    severity: int = 3,
    payload: Mapping[str, Any] | None = None,
    now: datetime,
) -> None:
    """Write an event with the deed: both are committed or neither. Wakes a worker on commit."""
    with connection.cursor() as cursor:
        cursor.execute(EMIT, [customer_id, reseller_id, topic, ticket_id, as_json(payload or {}), severity, now])
    wake()


def queue_mail(
    *,
    to: str,
    subject: str,
    text: str,
    html: str = "",
    dedup: str = "",
    headers: Mapping[str, str] | None = None,
    severity: int = 2,
    guard: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> None:
    """Queue a mail that belongs to no event: a reset link, an invitation. Works in every context and in none.

    With `dedup`, the same mail queued again is the same mail. It steps out to the login role, the only one beside the
    worker that may add mail, so that no tenant's connection can send mail in our name.
    """
    key = dedup or f"mail.{uuid4().hex}"
    with as_login_role(), connection.cursor() as cursor:
        cursor.execute(
            QUEUE,
            [
                key,
                message_id(key),
                to,
                one_line(subject),
                text,
                html,
                as_json(dict(headers or {})),
                severity,
                as_json(guard) if guard else None,
                now,
            ],
        )
    wake()


def try_now() -> tuple[int, int]:
    """Whatever was put off is due now: the mail server is well again, and pauses may have grown to an hour. Attempts stay
    counted, and a mail somebody may be sending just now keeps its lease. Returns how many events and mails."""
    later = {"state": "QUEUED", "next_at__gt": TransactionNow()}
    mails = Delivery.objects.filter(**later, leased_by="").update(next_at=TransactionNow())
    happenings = Event.objects.filter(**later).update(next_at=TransactionNow())
    wake()
    return happenings, mails


def message_id(dedup: str) -> str:
    """The same for the same mail, whoever sends it how often. It names no address and no tenant."""
    local = dedup if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]*(\.[A-Za-z0-9-]+)*", dedup) and len(dedup) <= 60 else ""
    local = local or sha256(dedup.encode()).hexdigest()[:40]
    host = parseaddr(settings.MAIL_FROM)[1].rpartition("@")[2] or "localhost"
    return f"<rozoom.{local}@{host}>"


def one_line(subject: str) -> str:
    """A subject people wrote must not be able to add a header."""
    return " ".join(subject.split())[:255]


def as_json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder)


def replay(*, dead: bool = False, delivery_id: int | None = None, event_id: int | None = None) -> tuple[int, int]:
    """Give what was given up another full round of attempts. Returns how many events and deliveries wait again.

    A delivery named by its id is sent again whatever became of it; an event only when it died, or mails would double.
    """
    fresh = {"state": "QUEUED", "attempts": 0, "next_at": TransactionNow(), "lease_until": None, "leased_by": ""}
    deliveries, events = Delivery.objects.none(), Event.objects.none()
    if dead:
        deliveries, events = Delivery.objects.filter(state="DEAD"), Event.objects.filter(state="DEAD")
    if delivery_id is not None:
        deliveries = Delivery.objects.filter(pk=delivery_id).exclude(state="QUEUED")
    if event_id is not None:
        events = Event.objects.filter(pk=event_id, state="DEAD")
    mails = deliveries.update(**fresh, sent_at=None)
    happenings = events.update(state="QUEUED", attempts=0, next_at=TransactionNow())
    wake()
    return happenings, mails
