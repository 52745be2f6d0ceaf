"""What tests of promises need: tickets reported some time ago, their clocks, and what fired on them."""

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from datetime import datetime, timedelta
from typing import Any

from django.db import connections

from sla import services
from sla.models import ClockSegment, Escalation, LadderStep
from tenancy.context import Context, database_now, work_unit
from tests.world import World, ensure_context, ticket
from tickets.models import Ticket

WORKER = Context("worker")
STAFF = Context("staff")
DEFAULT_LADDER = importlib.import_module("sla.migrations.0003_default_ladder").rows()


def ensure_ladder() -> None:
    """Tests that commit end with a flush, which also empties the ladder a migration has filled."""
    with work_unit(STAFF):
        if not LadderStep.objects.exists():
            LadderStep.objects.bulk_create([LadderStep(**row) for row in DEFAULT_LADDER])


def database_time() -> datetime:
    with work_unit(WORKER):
        return database_now()


def reported(world: World, ago: timedelta, *, severity: int = 1, by: str = "ilse") -> Ticket:
    return ticket(world, by, severity=severity, now=database_time() - ago)


def many_reported(world: World, moments: list[datetime], *, severity: int = 1) -> list[Ticket]:
    """One ticket with a running FIRST clock for each moment."""
    first = ticket(world, severity=severity)
    with work_unit(WORKER):
        services.cancel(customer_id=first.customer_id, ticket_id=first.pk, reason="only a pattern", now=database_now())
        tickets = []
        for number, moment in enumerate(moments, start=first.number + 1):
            one = copy(first)
            one.pk, one.number, one.reference = None, number, f"ACME-{number}"
            one.reported_at, one._state = moment, copy(first._state)
            one._state.adding = True
            tickets.append(one)
        tickets = Ticket.objects.bulk_create(tickets)
        for one in tickets:
            start(one, started_at=one.reported_at, severity=severity)
    return tickets


def start(one: Ticket, *, started_at: datetime, severity: int = 1, kind: str = "FIRST", **more: Any) -> ClockSegment:
    return services.start(
        customer_id=one.customer_id,
        reseller_id=one.reseller_id,
        ticket_id=one.pk,
        severity=severity,
        kind=kind,
        started_at=started_at,
        **more,
    )


def segments(one: Ticket) -> list[ClockSegment]:
    with ensure_context(WORKER):
        return list(ClockSegment.objects.filter(ticket_id=one.pk).order_by("id"))


def last_segment(one: Ticket) -> ClockSegment:
    return segments(one)[-1]


def fired(one: Ticket) -> list[Escalation]:
    with ensure_context(WORKER):
        return list(Escalation.objects.filter(segment__ticket_id=one.pk).order_by("segment_id", "level"))


def levels(one: Ticket) -> list[int]:
    return [escalation.level for escalation in fired(one)]


@contextmanager
def own_connection() -> Iterator[None]:
    """For the body of a thread: its connection ends with it."""
    try:
        yield
    finally:
        connections.close_all()
