"""The states of a ticket and the one table of moves that draws buttons, fills allowed_actions and guards deeds."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django_fsm import FSMField, transition

from tenancy.actor import Actor

if TYPE_CHECKING:
    from tickets.models import Ticket


class State(models.TextChoices):
    NEW = "NEW", "New"
    OPEN = "OPEN", "Open"
    WAITING = "WAITING", "Waiting"
    RESOLVED = "RESOLVED", "Resolved"
    CLOSED = "CLOSED", "Closed"
    MERGED = "MERGED", "Merged"
    WITHDRAWN = "WITHDRAWN", "Withdrawn"


class Turn(models.TextChoices):
    ROZOOM = "rozoom", "roZoom"
    CUSTOMER = "customer", "Customer"
    RESELLER = "reseller", "Reseller"
    SUPPLIER = "supplier", "Supplier"


UNSOLVED = (State.NEW, State.OPEN, State.WAITING)


def _may(capability: str) -> Callable[[Any, Any], bool]:
    return lambda ticket, actor: actor.can(capability)


def _may_solve(ticket: Any, actor: Any) -> bool:
    """The desk solves; a customer may say that its own problem is gone."""
    return actor.can("ticket:work") or (actor.party == "customer" and actor.can("ticket:close"))


class TicketLifecycle(models.Model):
    """State field and moves. A move only changes the state; the deed in services.py does the rest."""

    state = FSMField(max_length=9, choices=State, default=State.NEW, protected=True)

    class Meta:
        abstract = True

    @transition(field=state, source=State.NEW, target=State.OPEN, permission=_may("ticket:work"))
    def begin(self) -> None:
        """Someone works on it."""

    @transition(field=state, source=State.OPEN, target=State.WAITING, permission=_may("ticket:work"))
    def wait(self) -> None:
        """Someone else has to act; `turn` says who."""

    @transition(field=state, source=State.WAITING, target=State.OPEN, permission=_may("ticket:work"))
    def resume(self) -> None:
        """The one waited for has acted."""

    @transition(field=state, source=[State.OPEN, State.WAITING], target=State.RESOLVED, permission=_may_solve)
    def resolve(self) -> None:
        """The problem is gone or answered."""

    @transition(field=state, source=State.RESOLVED, target=State.CLOSED, permission=_may("ticket:close"))
    def close(self) -> None:
        """Everybody agrees that it is solved."""

    @transition(field=state, source=[State.RESOLVED, State.CLOSED], target=State.OPEN, permission=_may("ticket:reply"))
    def reopen(self) -> None:
        """It was not solved after all; within 14 days."""

    @transition(field=state, source=list(UNSOLVED), target=State.WITHDRAWN, permission=_may("ticket:withdraw"))
    def withdraw(self) -> None:
        """Not needed any more."""

    @transition(field=state, source=list(UNSOLVED), target=State.MERGED, permission=_may("ticket:merge"))
    def merge(self) -> None:
        """The same problem as another ticket of this customer, which goes on."""


MOVES = ("begin", "wait", "resume", "resolve", "close", "reopen", "withdraw", "merge")


def moves(ticket: "Ticket", actor: Actor) -> list[str]:
    """Names of the moves this actor may make from this state, in the order of MOVES."""
    offered = ticket.get_available_user_state_transitions(actor)  # type: ignore[attr-defined]  # django-fsm adds it
    open_to = {move.name for move in offered}
    return [name for name in MOVES if name in open_to]


def may_reopen(ticket: "Ticket", now: datetime, days: int) -> bool:
    """RESOLVED or CLOSED tickets come back within `days`; later a new ticket is linked."""
    ended = ticket.closed_at or ticket.resolved_at
    return ended is not None and (now - ended).days < days


def must_answer_first(ticket: "Ticket", actor: Actor) -> bool:
    """Whether `resolve` is refused for now: a move never stops a promise. A customer that solved it needs no answer.

    Pages offer the move and explain this; a program is told only what would succeed.
    """
    return ticket.clock_due_at is not None and actor.party != "customer"


def allowed(ticket: "Ticket", actor: Actor, now: datetime, reopen_days: int) -> list[str]:
    """Everything this actor may do with the ticket now: moves, answering, notes, taking, assigning, deciding about cover."""
    names = [n for n in moves(ticket, actor) if n != "reopen" or may_reopen(ticket, now, reopen_days)]
    if ticket.state not in (State.MERGED, State.WITHDRAWN) and (
        ticket.state in UNSOLVED or may_reopen(ticket, now, reopen_days)
    ):
        names += [n for n, c in (("reply", "ticket:reply"),) if actor.can(c)]
    names += [
        n
        for n, c in (("partner_note", "ticket:partner-note"), ("internal_note", "ticket:internal-note"))
        if actor.can(c)
    ]
    if ticket.state in UNSOLVED:
        if actor.can("ticket:work") and actor.kind == "person" and ticket.assignee_id != actor.person_id:
            names.append("take")
        if actor.can("ticket:assign"):
            names.append("assign")
        if not ticket.covered and actor.can("ticket:grant-promise"):
            names.append("grant_promise")
        if ticket.covered and actor.can("coverage:override"):
            names.append("override_coverage")
    return names
