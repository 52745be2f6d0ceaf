"""Which ticket is next for this person."""

from datetime import datetime

from django.db.models import Q

from tenancy.actor import Actor
from tickets import queries
from tickets.desk.filters import mine
from tickets.lifecycle import State, Turn
from tickets.models import Ticket
from tickets.services import CannotAssign, take

TRIES = 20  # as many people may press the same button in the same second


def take_next(actor: Actor, *, now: datetime, besides: str = "") -> Ticket | None:
    """Take the candidate with the least time left; whoever comes second in the same moment gets the one after it."""
    for _ in range(TRIES):
        ticket = next_for(actor, besides=besides)
        if ticket is None:
            return None
        try:
            return take(actor=actor, ticket=ticket, now=now, seen_assignee=ticket.assignee_id)
        except CannotAssign:
            continue
    return None


def next_for(actor: Actor, *, besides: str = "") -> Ticket | None:
    """Least time left among what is the reader's and what nobody has, leaving out what waits for somebody else.

    Two reads instead of one OR: each follows an index in the order of the list.
    """
    turns = (Turn.ROZOOM, Turn.RESELLER) if actor.party == "reseller" else (Turn.ROZOOM,)
    open_to = queries.visible_tickets(actor).open().exclude(reference=besides)
    open_to = open_to.filter(~Q(state=State.WAITING) | Q(clock_due_at__isnull=False) | Q(turn__in=turns)).by_time_left()
    found = [open_to.filter(which).first() for which in (mine(actor), Q(assignee__isnull=True))]
    return min((ticket for ticket in found if ticket is not None), key=_time_left, default=None)


def _time_left(ticket: Ticket) -> tuple[bool, datetime, datetime, int]:
    """As the list has them in order (TicketQuerySet.by_time_left), down to the last tie."""
    due_at = ticket.clock_due_at
    return due_at is None, due_at or ticket.last_customer_message_at, ticket.last_customer_message_at, ticket.pk
