"""From what a seller has in mind to a quote: looked at first, then made; taken back to change, and asked for by customers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from contracts.fees import fee
from contracts.lifecycle import TermState
from contracts.models import AgreementTerm, Component, QuoteRequest, SupportAgreement
from contracts.services._common import record
from contracts.services.agreements import (
    CannotQuote,
    UncoveredDays,
    covered_twice,
    covers_of,
    days_without_warranty,
    draft_term,
    held,
    list_prices,
    one_sale_at_a_time,
    open_agreement,
    quote,
    write_lines,
)
from contracts.terms import Span, year_from
from notifications.services import emit
from rozoom_support.lib.money import minor_digits, shown
from rozoom_support.lib.refusals import Refused
from tenancy.actor import Actor
from tenancy.models import Organisation


class CannotAsk(Refused):
    code = "cannot_ask"


@dataclass(frozen=True)
class Offer:
    """What a seller has in mind. `cover_from` lies inside a term whose end another agreement gives."""

    customer: Organisation
    components: Sequence[Component]
    term: Span
    currency: str
    cover_from: date | None = None


@dataclass(frozen=True)
class PlannedLine:
    component: Component
    cover: Span
    list_price: Decimal
    fee: Decimal
    unprotected: UncoveredDays | None


@dataclass(frozen=True)
class Plan:
    offer: Offer
    lines: tuple[PlannedLine, ...]

    @property
    def total(self) -> Decimal:
        return sum((line.fee for line in self.lines), start=Decimal(0))

    @property
    def warnings(self) -> list[UncoveredDays]:
        return [line.unprotected for line in self.lines if line.unprotected]


def years_from(start: date, years: int) -> Span:
    """A term of whole agreement years."""
    following = year_from(start)
    for _ in range(years - 1):
        following = year_from(following[1].fromordinal(following[1].toordinal() + 1), start.day)
    return start, following[1]


def plan(offer: Offer, *, on: date, now: datetime) -> Plan:
    """What a quote of `on` would say; nothing is written. Raises CannotQuote with the field it concerns."""
    covers = covers_of(offer.customer.pk, offer.components, offer.term, offer.cover_from)
    if twice := covered_twice(covers, now):
        raise CannotQuote(" ".join(twice), param="components")
    try:
        minor_digits(offer.currency)
    except ValueError as wrong:
        raise CannotQuote(str(wrong), param="currency") from None
    prices = list_prices(offer.components, offer.currency, on)
    bare = {one.component.pk: one for one in days_without_warranty(covers)}
    return Plan(
        offer,
        tuple(
            PlannedLine(
                component,
                cover,
                prices[component.product_id].list_price,
                fee(prices[component.product_id].list_price, offer.currency, cover, offer.term),
                bare.get(component.pk),
            )
            for component, cover in covers
        ),
    )


@transaction.atomic
def make_quote(
    *,
    actor: Actor,
    offer: Offer,
    sold_by: Organisation,
    on: date,
    now: datetime,
    agreement: SupportAgreement | None = None,
    request: QuoteRequest | None = None,
) -> AgreementTerm:
    """An agreement, or a further try in one whose quote expired, with a quote that holds for 30 days."""
    actor.require("agreement:quote")
    one_sale_at_a_time(offer.customer.pk)
    plan(offer, on=on, now=now)
    if agreement is None:
        agreement = open_agreement(
            actor=actor, customer=offer.customer, currency=offer.currency, sold_by=sold_by, now=now
        )
    elif agreement.currency != offer.currency:
        raise CannotQuote(f"{agreement} is in {agreement.currency}.", param="currency")
    term = draft_term(
        actor=actor,
        agreement=agreement,
        components=offer.components,
        start=offer.term[0],
        end=offer.term[1],
        cover_from=offer.cover_from,
        now=now,
    )
    term = quote(actor=actor, term=term, on=on, now=now)
    if request is not None:
        close_request(actor=actor, request=request, now=now)
    return term


@transaction.atomic
def take_back(*, actor: Actor, term: AgreementTerm, now: datetime) -> AgreementTerm:
    """SA-2: nobody can order it any more. What it said is kept in the audit trail."""
    actor.require("agreement:quote")
    term = held(term)
    if term.ordered_at is not None:
        raise CannotQuote(f"It was ordered already, by {term.ordered_by_name}.")
    if term.state != TermState.QUOTED:
        raise CannotQuote("Only a quote is taken back.")
    lines = term.lines.filter(removed_on=None).select_related("component")
    said = [[line.component.serial, line.list_price, line.unit_fee, line.cover_start, line.cover_end] for line in lines]
    total = shown(sum((line.unit_fee for line in lines), start=Decimal(0)), term.agreement.currency)
    data = {"revision": term.revision, "total": total, "quoted_on": term.quoted_on, "lines": said}
    term.revise()
    term.revision += 1
    term.quoted_on = term.valid_until = None
    term.save(update_fields=["state", "revision", "quoted_on", "valid_until"])
    record(actor, term.agreement, "quote.taken_back", now, **data)
    return term


@transaction.atomic
def change_quote(*, actor: Actor, term: AgreementTerm, offer: Offer, on: date, now: datetime) -> AgreementTerm:
    """Another offer in the place of the draft that was taken back, quoted at the list prices of `on`."""
    actor.require("agreement:quote")
    term = held(term)
    if term.state != TermState.DRAFT:
        raise CannotQuote("Only a draft is changed. Take the quote back first.")
    if term.kind == AgreementTerm.Kind.RENEWAL and offer.term[0] != term.start_date:
        raise CannotQuote(f"A renewal begins without a gap, on {term.start_date:%d %b %Y}.", param="start")
    if offer.currency != term.agreement.currency:
        raise CannotQuote(f"{term.agreement} is in {term.agreement.currency}.", param="currency")
    plan(offer, on=on, now=now)
    covers = covers_of(term.customer_id, offer.components, offer.term, offer.cover_from)
    term.lines.all().delete()
    term.start_date, term.end_date = offer.term
    term.save(update_fields=["start_date", "end_date"])
    write_lines(term, covers)
    return quote(actor=actor, term=term, on=on, now=now)


@transaction.atomic
def ask_for_quote(
    *,
    actor: Actor,
    customer: Organisation,
    components: Sequence[Component],
    text: str,
    now: datetime,
    agreement: SupportAgreement | None = None,
) -> QuoteRequest:
    """A customer asks its seller: for components, a renewal, or the end of an agreement. Asked once while it is open."""
    actor.require("agreement:ask")
    keys = sorted(str(one.pk) for one in components)
    text = text.strip()
    if agreement is None and not keys:
        raise CannotAsk("Choose at least one component.", param="components")
    if any(one.customer_id != customer.pk for one in components):
        raise CannotAsk("Choose components of yours.", param="components")
    one_sale_at_a_time(customer.pk)
    same = QuoteRequest.objects.filter(customer=customer, agreement=agreement, closed_at=None, components=keys)
    if asked := same.first():
        raise CannotAsk(f"{asked.asked_by_name} asked for this on {asked.asked_at:%d %b %Y}. It is not answered yet.")
    request = QuoteRequest.objects.create(
        customer=customer,
        agreement=agreement,
        components=keys,
        text=text,
        asked_by_name=actor.name,
        asked_by_email=actor.email,
        asked_at=now,
    )
    if agreement is not None:
        record(actor, agreement, "quote.asked", now, text=text)
    emit(
        "agreement.asked",
        customer_id=request.customer_id,
        reseller_id=request.reseller_id,
        payload={"request": str(request.pk), "agreement": str(agreement.pk) if agreement else "", "by": actor.name},
        now=now,
    )
    return request


@transaction.atomic
def close_request(*, actor: Actor, request: QuoteRequest, now: datetime) -> QuoteRequest:
    """It is answered, by a quote or in another way."""
    actor.require("agreement:quote")
    open_now = QuoteRequest.objects.filter(pk=request.pk, closed_at=None)
    if open_now.update(closed_at=now, closed_by_name=actor.name):
        request.closed_at, request.closed_by_name = now, actor.name
    return request
