"""Moves between states. The table in lifecycle.py says which; these say what each one means."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from contracts.models import Component, Site
from rozoom_support.lib.refusals import Refused
from tenancy.actor import Actor
from tickets.closing import closing_guards, reason_against, withdrawal_guards
from tickets.lifecycle import MOVES, UNSOLVED, Turn, may_reopen, moves, must_answer_first
from tickets.models import Ticket
from tickets.services._common import lock, record, save, tell
from tickets.services.agreeing import end_open_proposal
from tickets.services.conversation import speaks_for_customer
from tickets.services.covering import decide_again
from tickets.services.filing import refuse_taken_reference
from tickets.services.promising import cancel, start_next


class CannotMove(Refused):
    code = "cannot_move"


WORDS = {
    "begin": "begun",
    "wait": "set to waiting",
    "resume": "resumed",
    "resolve": "resolved",
    "close": "closed",
    "reopen": "reopened",
    "withdraw": "withdrawn",
    "merge": "merged",
}


def _start(actor: Actor, ticket: Ticket, move: str, version: int | None) -> Ticket:
    ticket = lock(ticket, version=version)
    if move not in moves(ticket, actor):
        state = ticket.get_state_display().lower()
        raise CannotMove(f"A ticket that is {state} can not be {WORDS[move]} by you. See what you can do on its page.")
    return ticket


def _finish(actor: Actor, ticket: Ticket, move: str, came_from: str, now: datetime, *fields: str, **why: Any) -> Ticket:
    if ticket.state not in UNSOLVED:
        end_open_proposal(actor, ticket, now)
    save(ticket, now, "state", *fields)
    record(actor, ticket, f"ticket.{move}", now, was=came_from, to=ticket.state, **why)
    tell("ticket.moved", actor, ticket, now, move=move, was=came_from, to=ticket.state)
    return ticket


@transaction.atomic
def begin(*, actor: Actor, ticket: Ticket, now: datetime, version: int | None = None) -> Ticket:
    ticket = _start(actor, ticket, "begin", version)
    came_from = ticket.state
    ticket.begin()
    return _finish(actor, ticket, "begin", came_from, now)


@transaction.atomic
def wait(*, actor: Actor, ticket: Ticket, turn: str, now: datetime, version: int | None = None) -> Ticket:
    """Hand the turn to the customer, the reseller or a supplier. The promise goes on: waiting does not pause it."""
    if turn not in (Turn.CUSTOMER, Turn.RESELLER, Turn.SUPPLIER):
        raise CannotMove("Say who has to act: customer, reseller or supplier.", param="turn")
    ticket = _start(actor, ticket, "wait", version)
    came_from = ticket.state
    ticket.wait()
    ticket.turn = turn
    return _finish(actor, ticket, "wait", came_from, now, "turn", turn=turn)


@transaction.atomic
def resume(*, actor: Actor, ticket: Ticket, now: datetime, version: int | None = None) -> Ticket:
    ticket = _start(actor, ticket, "resume", version)
    came_from = ticket.state
    ticket.resume()
    ticket.turn = Turn.ROZOOM
    return _finish(actor, ticket, "resume", came_from, now, "turn")


@transaction.atomic
def resolve(*, actor: Actor, ticket: Ticket, now: datetime, resolution: str = "", version: int | None = None) -> Ticket:
    """The problem is gone. The desk must have answered first: a state change never stops a promise.

    A customer that says so itself ends the promise, which is then CANCELLED with that reason.
    """
    ticket = _start(actor, ticket, "resolve", version)
    came_from = ticket.state
    fields = ["resolved_at", "resolution"]
    if ticket.clock_due_at is not None:
        if must_answer_first(ticket, actor):
            raise CannotMove("Answer the customer first: the promise still runs, and only a reply stops it.")
        fields += cancel(ticket, "the customer solved it", now)
    ticket.resolve()
    ticket.resolved_at, ticket.resolution = now, resolution
    return _finish(actor, ticket, "resolve", came_from, now, *fields, resolution=resolution)


@transaction.atomic
def close(*, actor: Actor, ticket: Ticket, now: datetime, version: int | None = None) -> Ticket:
    ticket = _start(actor, ticket, "close", version)
    if why := reason_against(closing_guards, ticket, now):
        raise CannotMove(why)
    came_from = ticket.state
    ticket.close()
    ticket.closed_at = now
    return _finish(actor, ticket, "close", came_from, now, "closed_at")


@transaction.atomic
def reopen(*, actor: Actor, ticket: Ticket, now: datetime, version: int | None = None) -> Ticket:
    """It was not solved after all. A customer that says so waits for an answer: its promise starts here."""
    ticket = _start(actor, ticket, "reopen", version)
    days = settings.LIMITS["reopen_days"]
    if not may_reopen(ticket, now, days):
        raise CannotMove(
            f"This ticket ended more than {days} days ago. Report the problem again and name {ticket.reference}."
        )
    came_from = ticket.state
    ticket.reopen()
    ticket.turn, ticket.resolved_at, ticket.closed_at = Turn.ROZOOM, None, None
    fields = ["turn", "resolved_at", "closed_at"]
    if speaks_for_customer(ticket, actor):
        fields += start_next(ticket, now)
    return _finish(actor, ticket, "reopen", came_from, now, *fields)


@transaction.atomic
def withdraw(*, actor: Actor, ticket: Ticket, now: datetime, reason: str = "", version: int | None = None) -> Ticket:
    """Not needed any more: a running promise is CANCELLED with the reason."""
    ticket = _start(actor, ticket, "withdraw", version)
    if not reason.strip():
        raise CannotMove("Say in a few words why this ticket is not needed any more.", param="reason")
    if why := reason_against(withdrawal_guards, ticket, now):
        raise CannotMove(why, param="reason")
    came_from = ticket.state
    fields = cancel(ticket, "withdrawn", now)
    ticket.withdraw()
    ticket.resolution = reason
    return _finish(actor, ticket, "withdraw", came_from, now, "resolution", *fields, reason=reason)


@transaction.atomic
def change_details(
    *,
    actor: Actor,
    ticket: Ticket,
    now: datetime,
    version: int | None = None,
    subject: str | None = None,
    external_reference: str | None = None,
    component: Component | None = None,
    site: Site | None = None,
    emptied: Sequence[str] = (),
) -> Ticket:
    """Correct the subject, the reporter's own number, the component or the site. What is not given stays; `emptied` names
    "component" or "site" to be taken away. Another component may be covered otherwise: it is decided again."""
    actor.require("ticket:reply")
    ticket = lock(ticket, version=version)
    if ticket.state not in UNSOLVED:
        raise CannotMove("An ended ticket is not changed any more.")
    changed = _change_words(ticket, subject, external_reference) | _change_parts(ticket, component, site, emptied)
    if changed:
        more = decide_again(actor, ticket, now) if "component" in changed else []
        save(ticket, now, *changed, *more)
        record(actor, ticket, "ticket.changed", now, was=changed)
        tell("ticket.changed", actor, ticket, now, fields=sorted(changed))
    return ticket


def _change_words(ticket: Ticket, subject: str | None, external_reference: str | None) -> dict[str, Any]:
    """What stood there before, by column."""
    changed: dict[str, Any] = {}
    if subject is not None and subject != ticket.subject:
        changed["subject"], ticket.subject = ticket.subject, subject
    if external_reference is not None and external_reference != ticket.external_reference:
        refuse_taken_reference(ticket.customer_id, external_reference)
        changed["external_reference"], ticket.external_reference = ticket.external_reference, external_reference
    return changed


def _change_parts(
    ticket: Ticket, component: Component | None, site: Site | None, emptied: Sequence[str]
) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    if component is not None and component.customer_id != ticket.customer_id:
        raise CannotMove("We do not know this component. Choose one from the list.", param="component")
    if site is not None and site.customer_id != ticket.customer_id:
        raise CannotMove("We do not know this site. Choose one from the list.", param="site")
    if (component is not None or "component" in emptied) and ticket.component_id != (component and component.pk):
        changed["component"], ticket.component = str(ticket.component_id or ""), component
    if (site is not None or "site" in emptied) and ticket.site_id != (site and site.pk):
        changed["site"], ticket.site = str(ticket.site_id or ""), site
    return changed


MAKE: dict[str, Callable[..., Ticket]] = {
    "begin": begin,
    "wait": wait,
    "resume": resume,
    "resolve": resolve,
    "close": close,
    "reopen": reopen,
    "withdraw": withdraw,
}


def make_move(
    *, actor: Actor, ticket: Ticket, move: str, now: datetime, version: int | None = None, **details: Any
) -> Ticket:
    """The one way in for doors that get the move's name from outside. `details` are turn, resolution or reason."""
    if move not in MAKE:
        known = ", ".join(name for name in MOVES if name in MAKE)
        raise CannotMove(f"There is no move '{move}'. Known are: {known}.", param="action")
    return MAKE[move](actor=actor, ticket=ticket, now=now, version=version, **details)
