"""Two tickets, one problem. Merging never makes a promise later (docs/promise.md)."""

from datetime import datetime

from django.db import transaction

from rozoom_support.lib.refusals import Refused
from sla import services as sla
from tenancy.actor import Actor
from tickets.lifecycle import UNSOLVED
from tickets.models import Ticket
from tickets.services._common import lock, record, save, tell
from tickets.services.agreeing import end_open_proposal
from tickets.services.covering import cover_by_merge
from tickets.services.promising import first_ended


class CannotMerge(Refused):
    code = "cannot_merge"


@transaction.atomic
def merge(*, actor: Actor, ticket: Ticket, into: Ticket, now: datetime, version: int | None = None) -> Ticket:
    """End `ticket` as merged; `into` goes on with the earlier of both due times. Returns the surviving ticket."""
    actor.require("ticket:merge")
    if ticket.pk == into.pk:
        raise CannotMerge("A ticket can not be merged into itself.", param="into")
    if ticket.customer_id != into.customer_id:
        raise CannotMerge("Only tickets of the same customer can be merged.", param="into")
    # Lower key first, so that two merges crossing each other wait instead of blocking for ever.
    for row in sorted((ticket, into), key=lambda one: one.pk):
        if row.pk == ticket.pk:
            ticket = lock(row, version=version)
        else:
            into = lock(row)
    if ticket.state not in UNSOLVED or into.state not in UNSOLVED:
        raise CannotMerge("Both tickets must still be open.", param="into")
    came_from = ticket.state
    covered = cover_by_merge(actor, ticket, into, now)
    _keep_earlier_promise(ticket, into, now)
    end_open_proposal(actor, ticket, now)
    ticket.merge()
    ticket.merged_into = into
    save(ticket, now, "state", "merged_into", "clock_due_at", "response_outcome", "response_stopped_at")
    record(actor, ticket, "ticket.merge", now, was=came_from, into=into.reference)
    save(into, now, "clock_due_at", "response_due_at", *covered)
    record(actor, into, "ticket.absorbed", now, merged=ticket.reference, due_at=into.clock_due_at)
    tell("ticket.moved", actor, ticket, now, move="merge", was=came_from, to=ticket.state, into=into.reference)
    return into


def _keep_earlier_promise(ticket: Ticket, into: Ticket, now: datetime) -> None:
    due = ticket.clock_due_at
    if due is None:
        return
    ended = sla.cancel(
        customer_id=ticket.customer_id, ticket_id=ticket.pk, reason=f"merged into {into.reference}", now=now
    )
    ticket.clock_due_at = None
    first_ended(ticket, ended)
    if into.clock_due_at is None:
        started_at = ended.started_at if ended is not None else now
        carried = sla.start(
            customer_id=into.customer_id,
            reseller_id=into.reseller_id,
            ticket_id=into.pk,
            severity=ticket.severity,
            kind="NEXT",
            started_at=started_at,
            due_at=due,  # after an earlier merge or a change of severity it does not follow from the start any more
        )
        into.clock_due_at = carried.due_at
    elif due < into.clock_due_at:
        earlier = sla.supersede(
            customer_id=into.customer_id,
            ticket_id=into.pk,
            severity=into.severity,
            due_at=due,
            reason=f"{ticket.reference} was merged into this ticket",
            now=now,
        )
        if earlier is None:  # stopped since it was read: nothing is left to hasten
            return
        into.clock_due_at = earlier.due_at
        if earlier.kind == "FIRST":
            into.response_due_at = earlier.due_at
