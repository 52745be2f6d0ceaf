"""What the database says happened, read by its superuser: every row, and when its transaction was committed."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg2

SEGMENTS = """SELECT id, customer_id, reseller_id, ticket_id, severity, counted_from, started_at, due_at, stopped_at, outcome, reason,
  fired, next_action_at, pg_xact_commit_timestamp(xmin) FROM sla_clocksegment ORDER BY ticket_id, id"""
ESCALATIONS = """SELECT segment_id, level, scheduled_at, fired_at, pg_xact_commit_timestamp(xmin) FROM sla_escalation"""
EVENTS = """SELECT id, topic, ticket_id, (payload ->> 'segment')::bigint, (payload ->> 'level')::int, state,
  pg_xact_commit_timestamp(xmin), customer_id, (payload ->> 'delivery')::bigint, created_at FROM notifications_event ORDER BY id"""
AUDITED = """SELECT (data ->> 'segment')::bigint, (data ->> 'level')::int FROM tenancy_auditevent WHERE verb = 'sla.escalated'"""
DELIVERIES = """SELECT id, event_id, recipient, message_id, state, pg_xact_commit_timestamp(xmin), thread, attempts,
  created_at, last_error FROM notifications_delivery ORDER BY id"""
NOTICES = """SELECT n.event_id, array_agg(p.email::text ORDER BY n.id) FROM notifications_notice n
  JOIN tenancy_person p ON p.id = n.person_id GROUP BY n.event_id"""


@dataclass(frozen=True)
class Segment:
    """`written_at`: when its last change was committed; for one that stopped, the stop."""

    id: int
    customer_id: int
    reseller_id: int
    ticket_id: int
    severity: int
    counted_from: datetime
    started_at: datetime
    due_at: datetime
    stopped_at: datetime | None
    outcome: str
    reason: str
    fired: list[int]
    next_action_at: datetime | None
    written_at: datetime


@dataclass(frozen=True)
class Escalation:
    segment_id: int
    level: int
    scheduled_at: datetime
    fired_at: datetime
    committed_at: datetime


@dataclass(frozen=True)
class Event:
    """`written_at`: when it got the state it has. `delivery_id`: of the mail it says something about."""

    id: int
    topic: str
    ticket_id: int
    segment_id: int | None
    level: int | None
    state: str
    written_at: datetime
    customer_id: int
    delivery_id: int | None
    created_at: datetime


@dataclass(frozen=True)
class Delivery:
    id: int
    event_id: int
    recipient: str
    message_id: str
    state: str
    written_at: datetime
    thread: str
    attempts: int
    created_at: datetime
    last_error: str


@dataclass(frozen=True)
class Ledger:
    """`notices`: of an event, the addresses of the people who were told in the app."""

    segments: list[Segment]
    escalations: list[Escalation]
    events: list[Event]
    audited: list[tuple[int, int]]
    deliveries: list[Delivery]
    notices: dict[int, list[str]]

    def of_ticket(self) -> dict[int, list[Segment]]:
        return _by(self.segments, "ticket_id")

    def of_segment(self) -> dict[int, list[Escalation]]:
        return _by(self.escalations, "segment_id")

    def of_event(self) -> dict[int, list[Delivery]]:
        return _by(self.deliveries, "event_id")


def _by(rows: Iterable[Any], name: str) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[getattr(row, name)].append(row)
    return found


class Book:
    """Opened anew for each look, as PostgreSQL may have been away meanwhile."""

    def __init__(self, url: str) -> None:
        self._url = url

    def rows(self, *statements: str) -> list[list[tuple[Any, ...]]]:
        """All of one instant."""
        connection = psycopg2.connect(self._url, options="-c timezone=UTC")
        try:
            connection.set_session(isolation_level="REPEATABLE READ")
            with connection, connection.cursor() as cursor:
                found = []
                for statement in statements:
                    cursor.execute(statement)
                    found.append(cursor.fetchall())
                return found
        finally:
            connection.close()

    def change(self, statement: str, values: Any = None) -> None:
        connection = psycopg2.connect(self._url)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(statement, values)
        finally:
            connection.close()

    def value(self, statement: str) -> Any:
        return self.rows(statement)[0][0][0]

    def read(self) -> Ledger:
        segments, escalations, events, audited, deliveries, notices = self.rows(
            SEGMENTS, ESCALATIONS, EVENTS, AUDITED, DELIVERIES, NOTICES
        )
        return Ledger(
            [Segment(*row) for row in segments],
            [Escalation(*row) for row in escalations],
            [Event(*row) for row in events],
            [(row[0], row[1]) for row in audited],
            [Delivery(*row) for row in deliveries],
            {row[0]: row[1] for row in notices},
        )
