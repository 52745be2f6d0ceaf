"""Two tickets, one problem. Merging never makes a promise later (docs/promise.md)."""

from datetime import datetime

from django.db import transaction

from rozoom_support.lib.refusals import Refused
from tenancy.actor import Actor
from tickets.closing import followers_of_merges
from tickets.lifecycle import UNSOLVED
from tickets.models import Ticket
from tickets.services._common import lock, record, save, tell
from tickets.services.agreeing import end_open_proposal
from tickets.services.covering import cover_by_merge
from tickets.services.promising import absorb, end


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
    for follow in followers_of_merges:
        follow(actor, ticket, into, now)
    came_from = ticket.state
    covered = cover_by_merge(actor, ticket, into, now)
    promised = _keep_earlier_promise(ticket, into, now)
    end_open_proposal(actor, ticket, now)
    ticket.merge()
    ticket.merged_into = into
    save(ticket, now, "state", "merged_into", "clock_due_at", "response_outcome", "response_stopped_at")
    record(actor, ticket, "ticket.merge", now, was=came_from, into=into.reference)
    save(into, now, *sorted(promised), *covered)
    record(actor, into, "ticket.absorbed", now, merged=ticket.reference, due_at=into.clock_due_at)
    tell("ticket.moved", actor, ticket, now, move="merge", was=came_from, to=ticket.state, into=into.reference)
    return into


def _keep_earlier_promise(ticket: Ticket, into: Ticket, now: datetime) -> set[str]:
    """The columns of `into` that changed."""
    ended = end(ticket, f"merged into {into.reference}", now)
    return absorb(into, ended, ticket, now) if ended is not None else set()
