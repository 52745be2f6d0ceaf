"""Where promises start and end. Every caller holds the ticket's lock (_common.lock) or has just made the ticket."""

from datetime import datetime

from sla import services as sla
from sla.models import ClockSegment
from tickets.models import Ticket

FIRST_COLUMNS = ["clock_due_at", "response_due_at", "response_outcome", "response_stopped_at"]


def start_first(ticket: Ticket, now: datetime) -> list[str]:
    """Promise the first answer, counted from `now`. Returns the columns of the ticket that changed."""
    clock = _start(ticket, "FIRST", now)
    ticket.response_due_at = ticket.clock_due_at = clock
    ticket.response_outcome, ticket.response_stopped_at = "RUNNING", None
    return FIRST_COLUMNS


def start_next(ticket: Ticket, now: datetime) -> list[str]:
    """NEXT starts when the customer speaks and no clock runs (docs/promise.md): by a public message, or by opening it again.
    On a ticket that nobody covers, nothing is promised."""
    if ticket.clock_due_at is not None or not ticket.covered:
        return []
    ticket.clock_due_at = _start(ticket, "NEXT", now)
    return ["clock_due_at"]


def _start(ticket: Ticket, kind: str, now: datetime) -> datetime:
    return sla.start(
        customer_id=ticket.customer_id,
        reseller_id=ticket.reseller_id,
        ticket_id=ticket.pk,
        severity=ticket.severity,
        kind=kind,
        started_at=now,
    ).due_at


def cancel(ticket: Ticket, reason: str, now: datetime) -> list[str]:
    """End the running clock, if any. Returns the columns of the ticket that changed with it."""
    if ticket.clock_due_at is None:
        return []
    ended = sla.cancel(customer_id=ticket.customer_id, ticket_id=ticket.pk, reason=reason, now=now)
    ticket.clock_due_at = None
    return ["clock_due_at", *first_ended(ticket, ended)]


def first_ended(ticket: Ticket, segment: ClockSegment | None) -> set[str]:
    """Copy how the first promise ended, if it was that one. One that was missed before a change of severity stays missed."""
    if segment is None or segment.kind != "FIRST":
        return set()
    if ticket.response_outcome != "MISSED":
        ticket.response_outcome = segment.outcome
    ticket.response_stopped_at = segment.stopped_at
    return {"response_outcome", "response_stopped_at"}
