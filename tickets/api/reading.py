"""Tickets, messages and files written out for programs: plain dicts from plain rows, because lists are long and read often."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings

from sla.clock import lateness
from sla.queries import Explanation
from tenancy.actor import Actor
from tenancy.api.times import stamp
from tenancy.models import Kind
from tickets.lifecycle import allowed, may_reopen
from tickets.models import Attachment, Message, Ticket, TicketQuerySet

COLUMNS = (
    "pk",
    "reference",
    "customer__code",
    "customer__name",
    "reseller__code",
    "reseller__name",
    "reseller__kind",
    "component_id",
    "site_id",
    "subject",
    "description",
    "service_kind",
    "impact",
    "severity",
    "severity_state",
    "severity_because",
    "state",
    "turn",
    "channel",
    "reporter_name",
    "reporter_party",
    "assignee_id",
    "assignee_name",
    "assignee_party",
    "reported_at",
    "response_due_at",
    "response_outcome",
    "response_stopped_at",
    "resolved_at",
    "closed_at",
    "external_reference",
    "updated_at",
    "version",
)


def rows_of(tickets: TicketQuerySet) -> Any:
    """One query, no model instances: everything a reading needs, the codes of customer and reseller included."""
    return tickets.order_by().values_list(*COLUMNS, named=True)


class Reader:
    """Writes tickets out for one actor at one instant."""

    def __init__(self, actor: Actor, now: datetime) -> None:
        self.actor, self.now = actor, now
        page = "tickets" if actor.party == "customer" else "desk/tickets"
        self.page = f"{settings.BASE_URL}/{page}"
        self._allowed: dict[tuple[str, bool, bool], list[str]] = {}

    def ticket(self, row: Any) -> dict[str, Any]:
        return {
            "reference": row.reference,
            "customer": row.customer__code,
            "reseller": None if row.reseller__kind == Kind.OPERATOR else row.reseller__code,
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
            "allowed_actions": self.allowed_actions(row),
            "external_reference": row.external_reference,
            "updated_at": stamp(row.updated_at),
            "version": row.version,
            "url": f"{self.page}/{row.reference}/",
        }

    def outcome(self, row: Any) -> str:
        return Ticket.response_state(row, self.now)  # the row has the columns that this property of a ticket reads

    def response(self, row: Any) -> dict[str, Any]:
        outcome = self.outcome(row)
        return {
            "outcome": outcome or None,
            "stopped_at": stamp(row.response_stopped_at),
            "late_s": late_s(outcome, row.response_due_at, row.response_stopped_at, self.now),
        }

    def allowed_actions(self, row: Any) -> list[str]:
        """The table of lifecycle.py, asked once for each kind of row that a list holds."""
        mine = row.assignee_id is not None and row.assignee_id == self.actor.person_id
        reopens = may_reopen(row, self.now, settings.LIMITS["reopen_days"])
        key = (row.state, mine, reopens)
        if key not in self._allowed:
            ticket = Ticket(
                state=row.state, assignee_id=row.assignee_id, resolved_at=row.resolved_at, closed_at=row.closed_at
            )
            self._allowed[key] = allowed(ticket, self.actor, self.now, settings.LIMITS["reopen_days"])
        return self._allowed[key]

    def depends_on_time(self, row: Any) -> bool:
        """Whether the reading changes while the version stands: it is late by more each second, or can no longer be reopened."""
        late_and_running = row.response_stopped_at is None and self.outcome(row) == "MISSED"
        ended = row.resolved_at is not None or row.closed_at is not None
        return late_and_running or (ended and not may_reopen(row, self.now, settings.LIMITS["reopen_days"]))


def late_s(outcome: str, due: datetime | None, stopped: datetime | None, now: datetime) -> float | int | None:
    if outcome in ("", "CANCELLED") or due is None:
        return None
    return round(lateness(due, stopped, now).total_seconds(), 3) if outcome == "MISSED" else 0


def person(row: Any, name: str, party: str) -> dict[str, Any]:
    """Who, and for whom. Addresses stay out: names are what the other side sees in the conversation."""
    organisations = {"customer": row.customer__name, "reseller": row.reseller__name, "operator": Kind.OPERATOR.label}
    return {"name": name, "party": party, "organisation": organisations.get(party)}


def write_impact(impact: dict[str, Any] | None) -> dict[str, str] | None:
    if not impact:
        return None
    return {
        "service": impact["service"],
        "workaround": impact["workaround"],
        "business": impact["business"],
        "mission_critical": "yes" if impact["mission_critical"] else "no",
    }


def write_message(message: Message, files: Iterable[Attachment]) -> dict[str, Any]:
    return {
        "id": str(message.pk),
        "kind": message.kind,
        "body": message.body,
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
