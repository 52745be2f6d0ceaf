"""How late the outbox is. Worker's context."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

WAITING = """
SELECT (SELECT min(created_at) FROM notifications_event WHERE state = 'QUEUED'),
       (SELECT min(created_at) FROM notifications_delivery WHERE state = 'QUEUED'),
       (SELECT count(*) FROM notifications_event WHERE state = 'DEAD'),
       (SELECT count(*) FROM notifications_delivery WHERE state = 'DEAD')"""


@dataclass(frozen=True)
class Waiting:
    """Ages are zero when nothing waits."""

    event: timedelta
    delivery: timedelta
    dead_events: int
    dead_deliveries: int


def oldest_waiting(now: datetime) -> float:
    """Seconds since the oldest event or mail that still waits was written; 0 when nothing waits."""
    ages = waiting(now)
    return max(ages.event, ages.delivery).total_seconds()


def waiting(now: datetime) -> Waiting:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        event_since, delivery_since, dead_events, dead_deliveries = cursor.fetchone()
    return Waiting(_age(event_since, now), _age(delivery_since, now), dead_events, dead_deliveries)


def _age(since: datetime | None, now: datetime) -> timedelta:
    return max(now - since, timedelta()) if since else timedelta()
