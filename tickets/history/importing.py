"""Importing an event log: everything is checked first, then each incident is written in one transaction of its own."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from rozoom_support.lib.refusals import Refused
from tenancy import audit
from tenancy.actor import Actor
from tenancy.context import Context, work_unit
from tenancy.models import Kind, Organisation
from tenancy.services.customers import found_operator
from tickets.history.directory import Directory, find_customers, prepare
from tickets.history.mapping import PastTicket, past_ticket
from tickets.history.reading import EventLog, Problem
from tickets.history.recording import PastEvent, record_past_ticket
from tickets.lifecycle import State
from tickets.models import SeverityState, Ticket

STAFF, WORKER = Context("staff"), Context("worker")
IMPORTER = Actor.system("history import")
LOCK = 7_281_003  # of pg_try_advisory_lock: one import at a time
LOCK_SECONDS = 5.0


class CannotImport(Refused):
    code = "cannot_import"


@dataclass
class Plan:
    """What an import of this file would do."""

    log: EventLog
    reseller: Organisation | None  # None: roZoom itself
    tickets: list[PastTicket] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    left_out: int = 0
    known: dict[str, str] = field(default_factory=dict)  # incident number -> our reference

    @property
    def new(self) -> list[PastTicket]:
        return [ticket for ticket in self.tickets if ticket.number not in self.known]

    @property
    def locations(self) -> list[str]:
        return list(dict.fromkeys(ticket.location for ticket in self.tickets))


@dataclass
class Done:
    directory: Directory
    written: int = 0


def plan_import(log: EventLog, *, reseller_code: str, now: datetime) -> Plan:
    """Check every incident and see which are here already. Changes nothing."""
    with work_unit(STAFF):
        plan = Plan(log, _reseller(reseller_code), problems=list(log.problems))
        for incident in log.incidents:
            ticket = past_ticket(incident, now=now)
            plan.problems += incident.problems
            if ticket is not None:
                plan.tickets.append(ticket)
            elif incident.problems:
                plan.left_out += 1
        plan.problems.sort(key=lambda problem: problem.line)
        plan.known = _known(plan)
    return plan


def _reseller(code: str) -> Organisation | None:
    if not code:
        return None
    found = Organisation.objects.filter(kind=Kind.RESELLER, code=code.upper()).first()
    if found is None:
        listed = ", ".join(
            Organisation.objects.filter(kind=Kind.RESELLER).order_by("code").values_list("code", flat=True)
        )
        raise CannotImport(f"There is no reseller with the code {code}. Known are: {listed or 'none'}.")
    return found


def _known(plan: Plan) -> dict[str, str]:
    """Incidents that stand in the customers of this file. The same number in another customer's ticket is theirs."""
    customers = find_customers(plan.locations).values()
    there = Ticket.objects.filter(customer__in=customers).exclude(external_reference="")
    return dict(there.values_list("external_reference", "reference"))


def run_import(plan: Plan, *, now: datetime, step: Callable[[], None] = lambda: None) -> Done:
    """Write what is not here yet. `step` is called after each incident is committed. Raises CannotImport."""
    with only_import():
        with work_unit(STAFF):
            operator = found_operator()
            directory = prepare(plan.tickets, operator=operator, reseller=plan.reseller or operator)
            plan.known = _known(plan)
        done = Done(directory)
        for past in plan.new:
            write_ticket(past, directory, now)
            done.written += 1
            step()
    return done


@contextmanager
def only_import() -> Iterator[None]:
    """Hold the one place for an import. The server gives it back when this process ends, however it ends."""
    patience = time.monotonic() + LOCK_SECONDS  # a killed import's connection may live a moment longer than it
    while not _asked("SELECT pg_try_advisory_lock(%s)"):
        if time.monotonic() > patience:
            raise CannotImport("Another import is running. Start again when it has ended.")
        time.sleep(0.2)
    try:
        yield
    finally:
        _asked("SELECT pg_advisory_unlock(%s)")


def _asked(question: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(question, [LOCK])
        return bool(cursor.fetchone()[0])


def write_ticket(past: PastTicket, directory: Directory, now: datetime) -> Ticket:
    """One incident, one transaction: all of it or nothing."""
    with work_unit(WORKER):
        imported = {"incident": past.number, "severity_judged": past.promise[-1].severity}
        return record_past_ticket(
            _ticket(past, directory),
            promises=[past.promise],
            events=[*past.events, PastEvent(now, IMPORTER, "ticket.imported", imported, audit.INTERNAL)],
        )


def _ticket(past: PastTicket, directory: Directory) -> Ticket:
    customer = directory.customers[past.location]
    caller = directory.callers.get(past.caller)
    assignee = directory.resolvers.get(past.assignee)
    return Ticket(
        customer=customer,
        subject=past.subject,
        description=past.description,
        channel=past.channel,
        state=State(past.state),
        turn=past.turn,
        severity=past.severity,
        severity_state=SeverityState.AGREED if past.severity_is_agreed else SeverityState.PROVISIONAL,
        severity_because=past.because,
        site=directory.sites[past.location],
        reporter=caller,
        reporter_name=past.caller or "Not recorded",
        assignee=assignee,
        assignee_name=past.assignee,
        assignee_party="operator" if assignee else "",
        assigned_at=past.assigned_at,
        team=directory.teams.get(past.group),
        tags=past.tags,
        external_reference=past.number,
        reported_at=past.reported_at,
        last_customer_message_at=past.reported_at,
        last_message_at=past.reported_at,
        resolved_at=past.resolved_at,
        closed_at=past.closed_at,
        resolution=past.resolution,
        updated_at=past.updated_at,
    )
