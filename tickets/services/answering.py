"""The customer answers the four questions after the report: by mail nobody could ask them before."""

from datetime import datetime

from django.db import transaction

from tenancy.actor import Actor
from tickets.lifecycle import UNSOLVED
from tickets.models import SeverityState, Ticket
from tickets.services._common import lock, record, save, tell
from tickets.services.agreeing import propose_severity
from tickets.services.conversation import speaks_for_customer
from tickets.services.promising import change_severity
from tickets.severity import Impact, propose


@transaction.atomic
def answer_questions(*, actor: Actor, ticket: Ticket, impact: Impact, now: datetime) -> Ticket:
    """The first answers set the provisional severity at once, as they do in the portal. Later ones are a proposal like any
    other. Nothing happens for somebody who does not speak for the customer, or on a ticket that has ended."""
    actor.require("severity:propose")
    ticket = lock(ticket)
    if ticket.state not in UNSOLVED or not speaks_for_customer(ticket, actor):
        return ticket
    proposal = propose(impact)
    if ticket.impact is not None or ticket.severity_state != SeverityState.PROVISIONAL:
        if proposal.severity != ticket.severity:
            propose_severity(actor=actor, ticket=ticket, to=proposal.severity, reason=proposal.because, now=now)
        return ticket
    was = ticket.severity
    ticket.impact, ticket.severity, ticket.severity_because = impact.as_dict(), proposal.severity, proposal.because
    fields = {"impact", "severity", "severity_because"}
    if was != proposal.severity and ticket.clock_due_at is not None:
        fields |= change_severity(ticket, was, proposal.severity, now, reason="questions answered")
    save(ticket, now, *sorted(fields))
    record(
        actor,
        ticket,
        "impact.answered",
        now,
        was=was,
        to=ticket.severity,
        because=ticket.severity_because,
        due_at=ticket.clock_due_at,
    )
    tell("impact.answered", actor, ticket, now, was=was)
    return ticket
