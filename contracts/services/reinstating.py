"""A lapsed agreement comes back: the days between are paid for, and a new year begins on the day of payment."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction

from contracts import fees, keeping
from contracts.lifecycle import TermState
from contracts.models import AgreementTerm, Component, Invoice
from contracts.services._common import record
from contracts.services.agreements import draft_term, held, order, quote
from contracts.services.billing import record_payment
from contracts.services.quoting import Offer, Plan, plan
from contracts.standing import standing, today_of
from contracts.terms import DAY, Span, year_from
from rozoom_support.lib.money import shown
from rozoom_support.lib.refusals import Refused
from tenancy.actor import Actor

INSPECTED_AFTER = timedelta(days=365)
PAID_WITHIN = timedelta(days=30)  # as long as a quote holds


class CannotReinstate(Refused):
    code = "cannot_reinstate"


@dataclass(frozen=True)
class Reinstatement:
    """What it costs to bring a lapsed term back, if it is paid on a day."""

    lapsed: Span
    back: Decimal
    plan: Plan
    needs_inspection: bool

    @property
    def total(self) -> Decimal:
        return self.back + self.plan.total


def reinstatement(term: AgreementTerm, *, paid_on: date, now: datetime) -> Reinstatement:
    """SA-14: the days between at most as one annual fee, and a new year from the day of payment. Raises CannotReinstate."""
    now_stands = standing(term, now)
    if now_stands.state != TermState.LAPSED or now_stands.facts is None:
        raise CannotReinstate("Only a lapsed term is reinstated.")
    if paid_on <= term.end_date:
        raise CannotReinstate(
            f"It lapsed because it was not paid, and its dates run to {term.end_date:%d %b %Y}. Make a new quote."
        )
    if paid_on <= now_stands.facts.grace_ends:
        raise CannotReinstate("On that day it had not lapsed yet.", param="paid_on")
    lines = term.lines.filter(removed_on=None).select_related("component__product", "component__site")
    components = [line.component for line in lines.order_by("pk") if line.component.state == Component.State.IN_USE]
    if not components:
        raise CannotReinstate("None of its components is in use any more.")
    currency, lapsed = term.agreement.currency, (term.end_date + DAY, paid_on - DAY)
    offer = Offer(term.agreement.customer, components, year_from(paid_on), currency)
    planned = plan(offer, on=paid_on, now=now)
    back = sum((fees.back_fee(line.list_price, currency, lapsed) for line in planned.lines), start=Decimal(0))
    return Reinstatement(lapsed, back, planned, paid_on - term.end_date > INSPECTED_AFTER)


@transaction.atomic
def reinstate(
    *,
    actor: Actor,
    term: AgreementTerm,
    paid_on: date,
    amount: Decimal,
    reference: str,
    inspected_on: date | None,
    now: datetime,
) -> tuple[AgreementTerm, Invoice]:
    """Finance has the money: the new term, its invoice, the payment and the end of the lapsed term in one transaction."""
    actor.require("invoice:manage")
    term = held(term)
    today = today_of(term.agreement.customer, now)
    if not today - PAID_WITHIN <= paid_on <= today:
        raise CannotReinstate("Enter the day on which it was paid: today, or one of the last 30 days.", param="paid_on")
    offer = reinstatement(term, paid_on=paid_on, now=now)
    if amount != offer.total:
        costs = shown(offer.total, term.agreement.currency)
        raise CannotReinstate(f"Paid on {paid_on:%d %b %Y} it costs {costs}, in one payment.", param="amount")
    if offer.needs_inspection and (inspected_on is None or not term.end_date < inspected_on <= today):
        words = "It lapsed more than 365 days ago. Enter the day on which the components were inspected."
        raise CannotReinstate(words, param="inspected_on")
    new = draft_term(
        actor=actor,
        agreement=term.agreement,
        components=offer.plan.offer.components,
        start=offer.plan.offer.term[0],
        end=offer.plan.offer.term[1],
        kind=AgreementTerm.Kind.REINSTATEMENT,
        predecessor=term,
        now=now,
    )
    AgreementTerm.objects.filter(pk=new.pk).update(inspected_on=inspected_on)
    new = quote(actor=actor, term=new, on=paid_on, now=now)
    text = f"Days without cover, {offer.lapsed[0]} to {offer.lapsed[1]}"
    more = [(text, offer.back)] if offer.back else []
    order_number = reference.strip() or f"Reinstatement of {term.agreement}"
    new, invoice = order(actor=actor, term=new, purchase_order=order_number, on=paid_on, now=now, more=more)
    if invoice.total:
        record_payment(
            actor=actor, invoice=invoice, amount=amount, value_date=paid_on, reference=reference.strip(), now=now
        )
    keeping.bring_up_to_date(term, now)
    term.reinstate()
    term.save(update_fields=["state"])
    record(actor, term.agreement, "term.reinstated", now, paid_on=paid_on)
    return new, Invoice.objects.get(pk=invoice.pk)
