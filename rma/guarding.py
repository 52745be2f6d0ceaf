"""What an open return means for its ticket: that is not closed or withdrawn, since somebody still waits for a part, or owes one;
merged, the return goes on with the ticket that stays. And what a warranty made void means for a return that is not shipped."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from contracts.entitlement import decide
from contracts.models import Component
from contracts.services import followers_of_voids, held_before_voids
from rma.events import note
from rma.models import Rma
from rma.services._common import lock, save_quietly
from rma.services.deciding import Case, facts_of_case
from rma.services.holding import fails_recheck
from rma.standing import current_state
from rma.states import ENDED, RmaState
from tenancy.actor import Actor
from tickets.closing import closing_guards, followers_of_merges, withdrawal_guards
from tickets.models import Ticket
from tickets.services import CannotMerge

PREPARED = (RmaState.APPROVED, RmaState.BACKORDERED, RmaState.ALLOCATED)


def open_returns(ticket: Ticket, now: datetime) -> list[Rma]:
    """Those that a date has ended are not open, whether or not the job came by."""
    rows = Rma.objects.open().filter(customer_id=ticket.customer_id, ticket=ticket).order_by("requested_at", "id")
    found = rows.select_related("component__site", "ship_to", "customer")
    return [rma for rma in found if current_state(rma, now) not in ENDED]


def no_open_return(ticket: Ticket, now: datetime) -> str:
    for rma in open_returns(ticket, now):
        return f"Return {rma} is open: it is {stands(rma, now)}. Close the ticket when the return has ended."
    return ""


def nothing_to_withdraw_first(ticket: Ticket, now: datetime) -> str:
    for rma in open_returns(ticket, now):
        words = f"Return {rma} of this ticket is open: it is {stands(rma, now)}."
        if not rma.shipments.exclude(state__in=["DRAFT", "LABEL_CREATED", "CANCELLED"]).exists():
            return f"{words} Cancel the return first, then withdraw the ticket."
        return f"{words} Parts are on their way. Withdraw the ticket when the return has ended."
    return ""


def go_on_with(actor: Actor, ticket: Ticket, into: Ticket, now: datetime) -> None:
    """Open returns follow the ticket that stays. Before shipping the rules are asked once more, at the moment of the report:
    where they would then say something else, the merge is refused."""
    for key in [rma.pk for rma in open_returns(ticket, now)]:
        rma = lock(Rma(pk=key), now)
        if rma.state in ENDED:
            continue
        if rma.shipped_at is None and _is_decided_otherwise(rma, into, now):
            words = f"What return {rma} gets was decided for the report of {ticket.reported_at:%d %b %Y}."
            other = f"For that of {into.reference}, {into.reported_at:%d %b %Y}, it would be decided otherwise."
            instead = f"Merge {into.reference} into {ticket.reference} instead."
            raise CannotMerge(f"{words} {other} {instead}", param="into")
        rma.ticket = into
        save_quietly(rma, now, "ticket")
        note(actor, rma, "rma.ticket-moved", now, was=ticket.reference, ticket=into.reference)


def hold_prepared(component: UUID) -> None:
    """Before the warranty: a delivery locks its return first."""
    list(Rma.objects.select_for_update(of=("self",)).filter(component=component, state__in=PREPARED).order_by("pk"))


def check_again(actor: Actor, component: Component, now: datetime) -> None:
    """RA-25: its warranty was made void. What is approved and not shipped goes on hold, and its unit is free."""
    rows = Rma.objects.filter(component=component, customer_id=component.customer_id, state__in=PREPARED)
    for key in list(rows.order_by("pk").values_list("pk", flat=True)):
        rma = lock(Rma(pk=key), now)
        if rma.state in PREPARED:
            fails_recheck(actor, rma, now)


def stands(rma: Rma, now: datetime) -> str:
    return current_state(rma, now).label.lower()


def _is_decided_otherwise(rma: Rma, into: Ticket, now: datetime) -> bool:
    case = Case.of(rma)
    here, there = (decide(facts_of_case(one, now), now) for one in (case, replace(case, ticket=into)))
    return (here.outcome, here.rule) != (there.outcome, there.rule)


closing_guards.append(no_open_return)
withdrawal_guards.append(nothing_to_withdraw_first)
followers_of_merges.append(go_on_with)
held_before_voids.append(hold_prepared)
followers_of_voids.append(check_again)
