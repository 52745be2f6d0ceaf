"""Where promises start, change and end. Every caller holds the ticket's lock (_common.lock) or has just made the ticket.

Nobody else moves a clock: each of these leaves a note of it with the ticket, which the deed's audit event takes along.
"""

from datetime import datetime

from sla import notes
from sla import services as sla
from sla.models import ClockSegment
from sla.queries import missed_first, running
from tickets.models import Ticket

ENDED_COLUMNS = ["clock_due_at", "response_outcome", "response_stopped_at"]
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
    segment = sla.start(
        customer_id=ticket.customer_id,
        reseller_id=ticket.reseller_id,
        ticket_id=ticket.pk,
        severity=ticket.severity,
        kind=kind,
        started_at=now,
    )
    ticket.clock_notes.append(notes.started(segment))
    return segment.due_at


def stop_for_answer(ticket: Ticket) -> tuple[datetime | None, list[str]]:
    """roZoom answered. The instant the database judged it by, if a clock ran, and the columns that changed."""
    stopped = sla.stop_for_answer(customer_id=ticket.customer_id, ticket_id=ticket.pk)
    if stopped is None:
        return None, []
    _ended(ticket, stopped, answered=True)
    return stopped.stopped_at, ENDED_COLUMNS


def cancel(ticket: Ticket, reason: str, now: datetime) -> list[str]:
    """End the running clock, if any. Returns the columns of the ticket that changed with it."""
    if ticket.clock_due_at is None:
        return []
    end(ticket, reason, now)
    return ENDED_COLUMNS


def end(ticket: Ticket, reason: str, now: datetime) -> ClockSegment | None:
    """The same; returns what ended."""
    if ticket.clock_due_at is None:
        return None
    ticket.clock_due_at = None
    ended = sla.cancel(customer_id=ticket.customer_id, ticket_id=ticket.pk, reason=reason, now=now)
    if ended is not None:
        _ended(ticket, ended, answered=False)
    return ended


def _ended(ticket: Ticket, segment: ClockSegment, *, answered: bool) -> None:
    """Also copies how the first promise ended. One that was missed before a change of severity stays missed."""
    ticket.clock_notes.append(notes.ended(segment, answered=answered))
    ticket.clock_due_at = None
    if segment.kind != "FIRST":
        return
    if ticket.response_outcome != "MISSED":
        ticket.response_outcome = segment.outcome
    ticket.response_stopped_at = segment.stopped_at


def change_severity(ticket: Ticket, was: int, to: int, now: datetime, *, reason: str = "severity agreed") -> set[str]:
    """It was agreed; the promise that runs follows (docs/severity.md). Returns the columns that changed."""
    before = running(ticket.customer_id, ticket.pk)
    segment = sla.supersede(
        customer_id=ticket.customer_id,
        ticket_id=ticket.pk,
        severity=to,
        reason=f"{reason}: {was} to {to}",
        now=now,
    )
    if before is None or segment is None:  # answered since the ticket was read
        ticket.clock_due_at = None
        return {"clock_due_at"}
    before.refresh_from_db()
    ticket.clock_notes.append(notes.changed(before, segment))
    return _goes_on(ticket, segment)


def absorb(into: Ticket, ended: ClockSegment, merged: Ticket, now: datetime) -> set[str]:
    """The promise of a merged ticket: `into` goes on with the earlier of both due times, or with that one alone.
    Returns the columns of `into` that changed."""
    before = running(into.customer_id, into.pk)
    if before is None:
        segment = sla.start(
            customer_id=into.customer_id,
            reseller_id=into.reseller_id,
            ticket_id=into.pk,
            severity=merged.severity,
            kind="NEXT",
            started_at=ended.started_at,
            due_at=ended.due_at,  # after an earlier merge or a change of severity it does not follow from the start any more
        )
    elif ended.due_at < before.due_at:
        segment = _hasten(into, before, ended.due_at, f"{merged.reference} was merged into this ticket", now)
    else:
        segment = before
    into.clock_notes.append(notes.absorbed(ended, merged.severity, before, segment))
    return _goes_on(into, segment)


def _hasten(into: Ticket, before: ClockSegment, due_at: datetime, reason: str, now: datetime) -> ClockSegment:
    """Nobody agreed on another severity: that of the promise stays, also where an earlier merge brought it."""
    segment = sla.supersede(
        customer_id=into.customer_id,
        ticket_id=into.pk,
        severity=before.severity,
        due_at=due_at,
        reason=reason,
        now=now,
    )
    assert segment is not None  # the ticket's lock is held: nobody has answered since
    before.refresh_from_db()
    return segment


def _goes_on(ticket: Ticket, segment: ClockSegment) -> set[str]:
    ticket.clock_due_at = segment.due_at
    if segment.kind != "FIRST":
        return {"clock_due_at"}
    ticket.response_due_at = segment.due_at
    if missed_first(ticket.customer_id, ticket.pk):
        ticket.response_outcome = "MISSED"
    return {"clock_due_at", "response_due_at", "response_outcome"}


# roZoom's answer to a proposed severity, beside the ticket's own promise ---------------------------------------------------


def start_proposal(ticket: Ticket, severity: int, now: datetime) -> None:
    segment = sla.start_proposal(
        customer_id=ticket.customer_id,
        reseller_id=ticket.reseller_id,
        ticket_id=ticket.pk,
        severity=severity,
        started_at=now,
    )
    if segment is not None:
        ticket.clock_notes.append(notes.started(segment))


def stop_proposal(ticket: Ticket) -> None:
    """roZoom agreed or objected."""
    stopped = sla.stop_proposal(customer_id=ticket.customer_id, ticket_id=ticket.pk)
    if stopped is not None:
        ticket.clock_notes.append(notes.ended(stopped, answered=True))


def cancel_proposal(ticket: Ticket, reason: str, at: datetime) -> None:
    """It ended without roZoom's answer, or after it: then no clock runs."""
    ended = sla.cancel_proposal(customer_id=ticket.customer_id, ticket_id=ticket.pk, reason=reason, now=at)
    if ended is not None:
        ticket.clock_notes.append(notes.ended(ended, answered=False))
