"""Asking for a replacement or a repair: the server says what can be had, and the return is opened."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from contracts.entitlement import Decision, Outcome, decide
from contracts.models import Component, Site, normal_serial
from contracts.queries import component_by_serial
from rma.events import note, tell
from rma.models import Rma, RmaQuerySet
from rma.services._common import CannotReturn, end, go, lock, save
from rma.services.deciding import (
    Case,
    facts_of_case,
    keep,
    missing_of,
    missing_words,
    open_returns_of,
    standing_return,
)
from rma.services.numbering import hold_numbers, next_number
from rma.states import Media, RmaKind
from rozoom_support.lib.refusals import NotFound
from tenancy.actor import Actor
from tenancy.context import as_deputy
from tickets.lifecycle import UNSOLVED
from tickets.models import Ticket

OF_CUSTOMERS = ("customer", "reseller")


class CannotRequest(CannotReturn):
    code = "cannot_request"


@dataclass(frozen=True)
class Wish:
    """What is asked for, checked for shape by forms and serializers before it comes here.

    `component`, or the `serial` on the label; without both it is the ticket's component. `ship_to`: where the failed part
    stands, else where we know it. `kind`: FACTORY where a repair is wanted though a part could come first.
    """

    component: Component | None = None
    serial: str = ""
    ship_to: Site | None = None
    contact_name: str = ""
    contact_phone: str = ""
    symptom: str = ""
    media: str = ""
    accepts_terms: bool = False
    agreement_from: str = ""  # the reseller that is said to have sold an agreement we do not know of
    kind: str = ""


@dataclass(frozen=True)
class Look:
    """What can be had now, for the page before anything is sent. `open_return` is set where it goes on in that one."""

    decision: Decision
    component: Component | None
    open_return: Rma | None = None


@dataclass(frozen=True)
class Requested:
    """`is_new` is False where an open return of that component goes on."""

    rma: Rma
    decision: Decision
    is_new: bool


def look(*, actor: Actor, ticket: Ticket, wish: Wish, now: datetime) -> Look:
    """What the rules give for this wish. Nothing is written. Raises CannotRequest for what is not this customer's."""
    actor.require("rma:request")
    if not Ticket.objects.filter(pk=ticket.pk).exists():
        raise NotFound
    with as_deputy(ticket.customer_id):
        case = _case(ticket, wish)
        decision = decide(facts_of_case(case, now), now)
        return Look(decision, case.component, standing_return(_open(case), now))


@transaction.atomic
def request_return(*, actor: Actor, ticket: Ticket, wish: Wish, now: datetime) -> Requested:
    """Open a return on this ticket, or find that one is open. What the rules say is kept with it.

    HOLD: it waits for what is missing. FACTORY: it is a factory return. SOFTWARE and REJECT: it is kept as rejected.
    Two requests at once for one component are one return.
    """
    actor.require("rma:request")
    if not Ticket.objects.filter(pk=ticket.pk).exists():
        raise NotFound
    with as_deputy(ticket.customer_id):
        ticket = (
            Ticket.objects.select_for_update(of=("self",)).select_related("customer").defer("search").get(pk=ticket.pk)
        )
        if ticket.state not in UNSOLVED:
            raise CannotRequest(f"{ticket.reference} has ended. Open it again, or report the failure as a new problem.")
        _refuse_shape(actor, wish)
        case = _case(ticket, wish)
        if (known := _open(case).first()) is not None:
            lock(known, now)  # one that a date has ended is in nobody's way
        hold_numbers(ticket.customer_id, ticket.reseller_id)
        facts = facts_of_case(case, now)
        decision = decide(facts, now)
        if (known := _open(case).first()) is not None:
            note(actor, known, "rma.asked-again", now, ticket=ticket.reference)
            return Requested(known, decision, is_new=False)
        rma = _new(actor, case, wish, decision, now)
        keep(actor, rma, facts, decision, now)
        _settle(actor, rma, decision, now)
        return Requested(rma, decision, is_new=True)


def _case(ticket: Ticket, wish: Wish) -> Case:
    component, serial = wish.component, wish.serial.strip()
    if component is None and not serial:
        component = ticket.component
    if component is None and serial:
        component = component_by_serial(ticket.customer, serial)
    if component is None and not normal_serial(serial):
        raise CannotRequest("Enter the serial of the failed part, or choose it from the list.", param="serial")
    if component is not None:
        known = Component.objects.for_list().filter(customer_id=ticket.customer_id, pk=component.pk).first()
        if known is None:
            raise CannotRequest("We do not know this component. Choose one from the list.", param="component")
        component = known
        if component.state in (Component.State.REPLACED, Component.State.RETURNED):
            words = f"{component.serial} was {component.get_state_display().lower()}. Enter the serial of the part that failed."
            raise CannotRequest(words, param="serial")
    if wish.ship_to is not None and wish.ship_to.customer_id != ticket.customer_id:
        raise CannotRequest("We do not know this site. Choose one from the list.", param="ship_to")
    return Case(
        ticket=ticket,
        customer=ticket.customer,
        component=component,
        serial="" if component else serial,
        ship_to=wish.ship_to,
        agreement_from=wish.agreement_from,
    )


def _refuse_shape(actor: Actor, wish: Wish) -> None:
    if wish.media not in ("", *Media.values):
        raise CannotRequest(
            "Say what becomes of the data on the part: wiped, it stays with you, or none.", param="media"
        )
    if wish.kind not in ("", RmaKind.ADVANCE, RmaKind.FACTORY):
        raise CannotRequest("Ask for a replacement in advance or a factory repair.", param="kind")


def _open(case: Case) -> RmaQuerySet:
    """At most one."""
    if case.component is not None:
        return open_returns_of(case.component)
    found = Rma.objects.open().filter(customer_id=case.customer.pk)
    return found.filter(component=None, claimed_serial_normal=normal_serial(case.serial))


def _new(actor: Actor, case: Case, wish: Wish, decision: Decision, now: datetime) -> Rma:
    number = next_number(case.ticket.customer_id, case.ticket.reseller_id)
    is_factory = decision.outcome == Outcome.FACTORY or wish.kind == RmaKind.FACTORY
    ticket, component = case.ticket, case.component
    return Rma.objects.create(
        customer_id=ticket.customer_id,
        reseller_id=ticket.reseller_id,
        number=number,
        reference=f"{case.customer.code}-R{number}",
        kind=RmaKind.FACTORY if is_factory else RmaKind.ADVANCE,
        ticket=ticket,
        component=component,
        claimed_serial=case.serial,
        claimed_serial_normal=normal_serial(case.serial),
        severity=ticket.severity,
        symptom=(wish.symptom.strip() or ticket.subject)[:400],
        requested_at=now,
        requested_by_name=actor.name,
        requested_by_party=actor.party,
        requested_by_id=actor.person_id,
        ship_to=wish.ship_to or (component.site if component else ticket.site),
        contact_name=wish.contact_name.strip() or (component.site.contact_name if component else ""),
        contact_phone=wish.contact_phone.strip() or (component.site.contact_phone if component else ""),
        media=wish.media,
        terms_accepted_at=now if wish.accepts_terms else None,
        unconfirmed_agreement=wish.agreement_from.strip()[:120],
        outcome=str(decision.outcome),
        rule=decision.rule,
        decided_at=now,
        updated_at=now,
        state_since=now,
    )


def _settle(actor: Actor, rma: Rma, decision: Decision, now: datetime) -> None:
    """Where the rules leave it: rejected, on hold, or requested."""
    facts = {"rule": decision.rule, "outcome": str(decision.outcome), "serial": rma.serial}
    note(actor, rma, "rma.requested", now, reference=rma.reference, rma_kind=rma.kind, **facts)
    tell("rma.requested", actor, rma, now, outcome=str(decision.outcome))
    if decision.outcome in (Outcome.SOFTWARE, Outcome.REJECT):
        fields = [*go(rma, "reject"), *end(rma, now, reason=decision.reasons[0])]
        save(rma, now, *fields, "decision")
        note(actor, rma, "rma.rejected", now, rule=decision.rule, reason=decision.reasons[0])
        tell("rma.rejected", actor, rma, now)
        return
    rma.missing = missing_of(rma, decision) if rma.kind == RmaKind.ADVANCE else []
    if rma.missing:
        go(rma, "hold")
        save(rma, now, "decision", "missing")
        note(actor, rma, "rma.on-hold", now, missing=missing_words(rma.missing))
        tell("rma.on_hold", actor, rma, now, missing=rma.missing)
    else:
        save(rma, now, "decision")
