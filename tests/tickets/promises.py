"""Promises and lives of tickets, written as the past they are, for tests that count them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sla import clock, history
from tenancy import audit
from tenancy.actor import Actor
from tenancy.context import Context
from tenancy.models import Organisation
from tests.world import ensure_context
from tickets.models import Ticket

WORKER = Context("worker")
NUMBERS = count(1000)


def past_ticket(customer: Organisation, at: datetime, *, severity: int = 2, state: str = "OPEN") -> Ticket:
    """A ticket without promise or trail."""
    number = next(NUMBERS)
    with ensure_context(WORKER):
        return Ticket.objects.create(
            customer=customer,
            number=number,
            reference=f"{customer.code}-{number}",
            subject="Lift",
            description="It stopped.",
            channel="portal",
            state=state,
            severity=severity,
            severity_because="told",
            reporter_name="Ilse",
            reported_at=at,
            last_customer_message_at=at,
            last_message_at=at,
            updated_at=at,
        )


def stretches(
    at: datetime,
    now: datetime,
    *,
    severity: int = 2,
    kind: str = "FIRST",
    ends: datetime | None = None,
    how: str = "answered",
    changes: Sequence[tuple[datetime, int]] = (),
    reason: str = "",
) -> list[history.PastSegment]:
    """`how` it ended, if it did: answered, or cancelled by a withdrawal. "unseen" is running and late, before any sweep."""
    made = history.past_promise(
        counted_from=at, severity=severity, answered_at=ends, now=now, changes=changes, kind=kind, reason=reason
    )
    last = made[-1]
    if how == "cancelled" and ends is not None:
        made[-1] = replace(last, outcome="CANCELLED" if ends <= last.due_at else "MISSED", reason="withdrawn")
    if how == "unseen" and ends is None:
        made[-1] = replace(last, outcome="RUNNING")
    return made


def promise(ticket: Ticket, made: Iterable[history.PastSegment]) -> None:
    with ensure_context(WORKER):
        history.record_past(made, customer_id=ticket.customer_id, ticket_id=ticket.pk)


def promises(
    customer: Organisation, number: int, at: datetime, now: datetime, *, late: int = 0, **how: Any
) -> list[Ticket]:
    """That many tickets whose promise was answered, the first `late` of them too late."""
    severity = how.get("severity", 2)
    found = []
    for place in range(number):
        ticket = past_ticket(customer, at, severity=severity)
        taken = clock.TARGETS[severity] + timedelta(hours=2) if place < late else clock.TARGETS[severity] / 2
        promise(ticket, stretches(at, now, ends=at + taken, **how))
        found.append(ticket)
    return found


def happened(ticket: Ticket, verb: str, at: datetime, **data: Any) -> None:
    with ensure_context(WORKER):
        actor = Actor.system("test")
        audit.record(actor, customer_id=ticket.customer_id, chain=ticket.chain, verb=verb, now=at, **data)
