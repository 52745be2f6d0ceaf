"""Where a ticket that is here already says something else than the file. Nothing is overwritten: people work on it here."""

from collections.abc import Iterator
from typing import Any

from tickets.history.directory import find_customers
from tickets.history.importing import Plan
from tickets.history.mapping import PastTicket
from tickets.lifecycle import State
from tickets.models import Ticket

COMPARED = ("state", "severity", "reported_at", "response_stopped_at", "resolved_at", "closed_at")


def differences(plan: Plan) -> Iterator[str]:
    """One sentence per difference, in the order of the file. Staff's context."""
    customers = find_customers(plan.locations).values()
    there = {
        ticket.external_reference: ticket
        for ticket in Ticket.objects.filter(customer__in=customers).defer("search", "description")
    }
    for past in plan.tickets:
        ticket = there.get(past.number)
        if ticket is None:
            continue
        for field in COMPARED:
            here, said = getattr(ticket, field), _said(past, field)
            if here != said:
                yield f"{ticket.reference} ({past.number}): {field} is {_words(here)} here, {_words(said)} in the file."


def _said(past: PastTicket, field: str) -> Any:
    return past.promise[-1].stopped_at if field == "response_stopped_at" else getattr(past, field)


def _words(value: Any) -> str:
    if value is None:
        return "empty"
    if hasattr(value, "strftime"):
        return f"{value:%d-%m-%Y %H:%M}"
    return State(value).label if value in State.values else str(value)
