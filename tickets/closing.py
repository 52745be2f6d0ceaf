"""What keeps a ticket open. Upper apps register in AppConfig.ready(); closing asks."""

from collections.abc import Callable

from tickets.models import Ticket

# (ticket, locked) -> why it can not be closed yet, in words that say what to do; empty when nothing is in the way.
ClosingGuard = Callable[[Ticket], str]

closing_guards: list[ClosingGuard] = []


def reason_to_stay_open(ticket: Ticket) -> str:
    return next((reason for guard in closing_guards if (reason := guard(ticket))), "")
