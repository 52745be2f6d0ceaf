"""Tickets, messages and files written out for programs: plain dicts from plain rows, because lists are long and read often."""

import json
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, cast
from uuid import UUID

from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, Expression, QuerySet

from contracts.services.decisions import COVERED, UNCOVERED
from rozoom_support.lib.refusals import NotFound
from sla.clock import lateness
from sla.queries import Explanation
from tenancy.actor import Actor
from tenancy.api.times import stamp
from tenancy.models import Kind
from tickets.lifecycle import allowed, may_reopen, must_answer_first
from tickets.models import Attachment, Message, Ticket


class Row(NamedTuple):
    """What a reading is written from: the ticket's own columns, and the names of its customer and reseller."""

    customer: list[str]  # code, name, kind
    reseller: list[str]  # the same; roZoom itself when the customer buys from it
    reference: str
    component_id: UUID | None
    site_id: UUID | None
    subject: str
    description: str
    service_kind: str
    impact: str | None
    severity: int
    severity_state: str
    severity_because: str
    state: str
    turn: str
    channel: str
    reporter_name: str
    reporter_party: str
    assignee_id: int | None
    assignee_name: str
    assignee_party: str
    covered: bool
    coverage: str | None
    reported_at: datetime
    response_due_at: datetime | None
    response_outcome: str
    response_stopped_at: datetime | None
    clock_due_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    external_reference: str
    updated_at: datetime
    version: int


# Written by hand, because lists are long and read often: composing these columns anew took longer than reading them, and
# joining the names in before the page is cut made the planner sort all tickets of a reseller (18 ms instead of 0.8).
NAMES = "(SELECT ARRAY[o.code, o.name, o.kind] FROM tenancy_organisation o WHERE o.id = tickets_ticket.{}_id)"
COLUMNS = ", ".join(
    [NAMES.format("customer"), NAMES.format("reseller"), *(f"tickets_ticket.{name}" for name in Row._fields[2:])]
)


class Columns(Expression):
    """All of them as one expression, so that the ORM composes what to pick and in which order, and nothing else."""

    output_field = BooleanField()  # the ORM asks for one; the rows are read past it

    def as_sql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, tuple[str | int, ...]]:
        return COLUMNS, ()


def read_ticket(reference: str) -> Row:
    """Raises NotFound when it is missing or not the reader's."""
    found = read_picked(Ticket.objects.filter(reference=reference))
    if not found:
        raise NotFound
    return found[0]


def read_picked(picked: QuerySet[Ticket]) -> list[Row]:
    """The rows of these tickets in their order, in one query."""
    try:
        sql, values = picked.values_list(Columns()).query.sql_with_params()
    except EmptyResultSet:  # a search that found nothing
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [Row(*row) for row in cursor.fetchall()]


class Reader:
    """Writes tickets out for one actor at one instant."""

    def __init__(self, actor: Actor, now: datetime) -> None:
        self.actor, self.now = actor, now
        page = "tickets" if actor.party == "customer" else "desk/tickets"
        self.page = f"{settings.BASE_URL}/{page}"
        self._allowed: dict[tuple[str, bool, bool, bool, bool], list[str]] = {}

    def ticket(self, row: Row) -> dict[str, Any]:
        return {
            "reference": row.reference,
            "customer": row.customer[0],
            "reseller": None if row.reseller[2] == Kind.OPERATOR else row.reseller[0],
            "component": str(row.component_id) if row.component_id else None,
            "site": str(row.site_id) if row.site_id else None,
            "subject": row.subject,
            "description": row.description,
            "service_kind": row.service_kind,
            "impact": write_impact(row.impact),
            "severity": row.severity,
            "severity_state": row.severity_state,
            "severity_because": row.severity_because,
            "state": row.state,
            "turn": row.turn,
            "channel": row.channel,
            "reporter": person(row, row.reporter_name, row.reporter_party),
            "assignee": person(row, row.assignee_name, row.assignee_party) if row.assignee_id else None,
            "reported_at": stamp(row.reported_at),
            "response_due_at": stamp(row.response_due_at),
            "response": self.response(row),
            "coverage": write_coverage(row.covered, row.coverage),
            "allowed_actions": self.allowed_actions(row),
            "external_reference": row.external_reference,
            "updated_at": stamp(row.updated_at),
            "version": row.version,
            "url": f"{self.page}/{row.reference}/",
        }

    def outcome(self, row: Row) -> str:
        return Ticket.response_state(cast(Ticket, row), self.now)  # the row has the columns this question reads

    def response(self, row: Row) -> dict[str, Any]:
        outcome = self.outcome(row)
        return {
            "outcome": outcome or None,
            "stopped_at": stamp(row.response_stopped_at),
            "late_s": late_s(outcome, row.response_due_at, row.response_stopped_at, self.now),
        }

    def allowed_actions(self, row: Row) -> list[str]:
        """What would succeed now, by the table of lifecycle.py, asked once for each kind of row that a list holds."""
        mine = row.assignee_id is not None and row.assignee_id == self.actor.person_id
        reopens = may_reopen(cast(Ticket, row), self.now, settings.LIMITS["reopen_days"])
        answer_first = must_answer_first(cast(Ticket, row), self.actor)
        key = (row.state, mine, reopens, answer_first, row.covered)
        if key not in self._allowed:
            ticket = Ticket(
                state=row.state,
                assignee_id=row.assignee_id,
                resolved_at=row.resolved_at,
                closed_at=row.closed_at,
                covered=row.covered,
            )
            names = allowed(ticket, self.actor, self.now, settings.LIMITS["reopen_days"])
            self._allowed[key] = [name for name in names if name != "resolve" or not answer_first]
        return self._allowed[key]

    def depends_on_time(self, row: Row) -> bool:
        """Whether the reading changes while the version stands: it is late by more each second, or can no longer be reopened."""
        late_and_running = row.response_stopped_at is None and self.outcome(row) == "MISSED"
        ended = row.resolved_at is not None or row.closed_at is not None
        return late_and_running or (
            ended and not may_reopen(cast(Ticket, row), self.now, settings.LIMITS["reopen_days"])
        )


def late_s(outcome: str, due: datetime | None, stopped: datetime | None, now: datetime) -> float | int | None:
    if outcome in ("", "CANCELLED") or due is None:
        return None
    return round(lateness(due, stopped, now).total_seconds(), 3) if outcome == "MISSED" else 0


def person(row: Row, name: str, party: str) -> dict[str, Any]:
    """Who, and for whom. Addresses stay out: names are what the other side sees in the conversation."""
    organisations = {"customer": row.customer[1], "reseller": row.reseller[1], "operator": Kind.OPERATOR.label}
    return {"name": name, "party": party, "organisation": organisations.get(party)}


@lru_cache(maxsize=256)
def write_impact(answers: str | None) -> dict[str, str] | None:
    """There are fewer than a hundred different answers."""
    impact = json.loads(answers or "null")
    if not impact:
        return None
    return {
        "service": impact["service"],
        "workaround": impact["workaround"],
        "business": impact["business"],
        "mission_critical": "yes" if impact["mission_critical"] else "no",
    }


def write_coverage(covered: bool, kept: str | None) -> dict[str, Any]:
    """What was decided, as the ticket carries it; tickets from before decisions were kept count as covered."""
    known = json.loads(kept) if kept else {}
    state = COVERED if covered else UNCOVERED
    return {
        "state": state,
        "rule": known.get("rule"),
        "rule_state": known.get("rule_outcome", state),
        "reasons": known.get("reasons", []),
        "would_change": known.get("would_change", []),
        "override": known.get("override") or None,
    }


def write_message(message: Message, files: Iterable[Attachment]) -> dict[str, Any]:
    return {
        "id": str(message.pk),
        "kind": message.kind,
        "body": message.body,
        "history": message.history,
        "author": {
            "name": message.author_name,
            "party": message.author_party,
            "organisation": message.author_organisation,
        },
        "channel": message.channel,
        "created_at": stamp(message.created_at),
        "files": [write_file(file) for file in files],
    }


def write_file(file: Attachment) -> dict[str, Any]:
    return {
        "id": str(file.pk),
        "name": file.name,
        "content_type": file.content_type,
        "size": file.size,
        "sha256": file.sha256,
        "kind": file.kind,
        "message": str(file.message_id) if file.message_id else None,
        "author": file.author_name,
        "created_at": stamp(file.created_at),
        "url": f"{settings.BASE_URL}/api/v1/files/{file.pk}/",
    }


def write_promise(promise: Explanation, now: datetime) -> dict[str, Any]:
    outcome = "MISSED" if promise.outcome == "RUNNING" and now > promise.due_at else promise.outcome
    return {
        "kind": promise.kind,
        "severity": promise.severity,
        "counted_from": stamp(promise.counted_from),
        "granted": promise.granted,
        "target_s": promise.target.total_seconds(),
        "first_due_at": stamp(promise.first_due_at),
        "due_at": stamp(promise.due_at),
        "stopped_at": stamp(promise.stopped_at),
        "outcome": outcome,
        "late_s": late_s(outcome, promise.due_at, promise.stopped_at, now),
        "was_missed": promise.was_missed or outcome == "MISSED",
        "reason": promise.reason,
        "rule": promise.rule,
        "changes": [
            {
                "at": stamp(change.at),
                "old_severity": change.old_severity,
                "severity": change.severity,
                "old_due_at": stamp(change.old_due_at),
                "due_at": stamp(change.due_at),
                "was_missed": change.was_missed,
                "reason": change.reason,
                "rule": change.rule,
            }
            for change in promise.changes
        ],
    }
