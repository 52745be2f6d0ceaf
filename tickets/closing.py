"""What keeps a ticket open, and what goes on with the ticket that stays. Upper apps register in AppConfig.ready(); deeds ask."""

from collections.abc import Callable
from datetime import datetime

from tenancy.actor import Actor
from tickets.models import Ticket

# (ticket, now), locked -> why it can not end yet, in words that say what to do; empty when nothing is in the way.
Guard = Callable[[Ticket, datetime], str]
# (actor, ticket, into, now), both locked: take along what goes on. May refuse the merge.
Follower = Callable[[Actor, Ticket, Ticket, datetime], None]

closing_guards: list[Guard] = []
withdrawal_guards: list[Guard] = []
followers_of_merges: list[Follower] = []


def reason_against(guards: list[Guard], ticket: Ticket, now: datetime) -> str:
    return next((reason for guard in guards if (reason := guard(ticket, now))), "")
