"""Quoting and ordering support: prices are frozen with the quote, the fee is invoiced with the order."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from contracts.fees import fee
from contracts.lifecycle import BEFORE_ORDER, TermState
from contracts.models import (
    AgreementLine,
    AgreementTerm,
    Component,
    Invoice,
    PriceListEntry,
    SupportAgreement,
    WarrantyCoverage,
)
from contracts.services._common import record
from contracts.standing import standings
from contracts.terms import DAY, Span, days, first_fee_day, overlap
from notifications.services import emit
from rozoom_support.lib.money import minor_digits, shown
from rozoom_support.lib.refusals import NotFound, Refused
from tenancy.actor import Actor
from tenancy.models import Kind, Organisation

VALID = timedelta(days=30)
LONGEST_ORDER_NUMBER = 80
ORDER = "SELECT app.order_term(%s, %s, %s, %s, %s, %s::jsonb)"
SALES_OF_CUSTOMER = 0x61677265 << 32  # an advisory lock of its own for each customer, for who may lock no row of it


class CannotQuote(Refused):
    code = "cannot_quote"


class CannotOrder(Refused):
    code = "cannot_order"


@dataclass(frozen=True)
class UncoveredDays:
    """A line that is paid for after its warranty ends: support goes on, advance replacement does not."""

    component: Component
    warranty_end: date | None
    days: int


@transaction.atomic
def open_agreement(
    *, actor: Actor, customer: Organisation, currency: str, sold_by: Organisation, now: datetime
) -> SupportAgreement:
    """The container of a customer's terms. A reseller sells in its own name only."""
    actor.require("agreement:quote")
    if customer.kind != Kind.CUSTOMER:
        raise CannotQuote("Agreements are made with customers.", param="customer")
    if sold_by.kind != Kind.OPERATOR and sold_by.pk != customer.served_by_id:
        raise CannotQuote(f"{sold_by.name} does not serve {customer.name}.", param="sold_by")
    if actor.party == "reseller" and sold_by.pk != actor.organisation_id:
        raise CannotQuote("A reseller sells in its own name.", param="sold_by")
    try:
        minor_digits(currency)
    except ValueError as wrong:
        raise CannotQuote(str(wrong), param="currency") from None
    one_sale_at_a_time(customer.pk)  # so that two agreements opened at once get two numbers
    number = f"AG-{customer.code}-{SupportAgreement.objects.filter(customer=customer).count() + 1}"
    agreement = SupportAgreement.objects.create(
        customer=customer, number=number, sold_by=sold_by, currency=currency, created_at=now
    )
    record(actor, agreement, "agreement.opened", now, number=number, currency=currency, sold_by=sold_by.name)
    return agreement


@transaction.atomic
def draft_term(
    *,
    actor: Actor,
    agreement: SupportAgreement,
    components: Sequence[Component],
    start: date,
    end: date,
    now: datetime,
    kind: str = AgreementTerm.Kind.INITIAL,
    predecessor: AgreementTerm | None = None,
    cover_from: date | None = None,
) -> AgreementTerm:
    """A term with its components, not yet priced. Each is covered from its own first fee day where that is later.

    `cover_from`: where cover begins inside a term that another agreement began before (docs/agreements.md).
    """
    actor.require("agreement:quote")
    covers = covers_of(agreement.customer_id, components, (start, end), cover_from)
    term = AgreementTerm.objects.create(
        agreement=agreement, kind=kind, start_date=start, end_date=end, predecessor=predecessor
    )
    write_lines(term, covers)
    record(actor, agreement, "term.drafted", now, start=start, end=end, components=len(components))
    return term


def covers_of(
    customer_id: int, components: Sequence[Component], term: Span, cover_from: date | None = None
) -> list[tuple[Component, Span]]:
    """The days for which each component is covered in a term. Raises CannotQuote."""
    start, end = max(term[0], cover_from or term[0]), term[1]
    if not components:
        raise CannotQuote("Choose at least one component.", param="components")
    if end < start:
        raise CannotQuote("The term ends on or after the day it starts.", param="end")
    if any(one.customer_id != customer_id for one in components):
        raise CannotQuote("All components belong to the customer of the agreement.", param="components")
    if free_to_the_end := [one for one in components if _cover_start(one, start) > end]:
        names = ", ".join(one.serial for one in free_to_the_end)
        raise CannotQuote(f"Support of {names} is free to the end of this term. Leave it out.", param="components")
    return [(one, (_cover_start(one, start), end)) for one in components]


def write_lines(term: AgreementTerm, covers: Sequence[tuple[Component, Span]]) -> None:
    AgreementLine.objects.bulk_create(
        AgreementLine(
            customer_id=term.customer_id,
            reseller_id=term.reseller_id,
            term=term,
            component=component,
            list_price=0,
            unit_fee=0,
            cover_start=cover[0],
            cover_end=cover[1],
        )
        for component, cover in covers
    )


def _cover_start(component: Component, start: date) -> date:
    return max(start, first_fee_day(component.implemented_on)) if component.implemented_on else start


def list_prices(components: Sequence[Component], currency: str, on: date) -> dict[UUID, PriceListEntry]:
    """The list price of each product on that day. CannotQuote names what has none. The components bring their product."""
    found = {
        entry.product_id: entry
        for entry in PriceListEntry.objects.filter(
            Q(valid_to=None) | Q(valid_to__gte=on),
            product__in={one.product_id for one in components},
            currency=currency,
            valid_from__lte=on,
        )
    }
    if missing := sorted({one.product.sku for one in components if one.product_id not in found}):
        raise CannotQuote(
            f"There is no list price in {currency} on {on:%d %b %Y} for {', '.join(missing)}. Add it first."
        )
    return found


@transaction.atomic
def quote(*, actor: Actor, term: AgreementTerm, on: date, now: datetime) -> AgreementTerm:
    """Freeze the list price of `on` and the fee of each line, for 30 days. CannotQuote names what has no price."""
    actor.require("agreement:quote")
    term = held(term)
    if term.state != TermState.DRAFT:
        raise CannotQuote("This term is quoted already. Take the quote back to change it.")
    currency, span = term.agreement.currency, (term.start_date, term.end_date)
    lines = list(term.lines.filter(removed_on=None).select_related("component__product"))
    prices = list_prices([line.component for line in lines], currency, on)
    for line in lines:
        entry = prices[line.component.product_id]
        line.price_list_entry, line.list_price = entry, entry.list_price
        line.unit_fee = fee(entry.list_price, currency, (line.cover_start, line.cover_end), span)
    AgreementLine.objects.bulk_update(lines, ["price_list_entry", "list_price", "unit_fee"])
    term.quote()
    term.quoted_on, term.valid_until = on, on + VALID
    term.save(update_fields=["state", "quoted_on", "valid_until"])
    total = shown(sum((line.unit_fee for line in lines), start=Decimal(0)), currency)
    record(actor, term.agreement, "term.quoted", now, total=total, valid_until=term.valid_until)
    return term


@transaction.atomic
def order(
    *,
    actor: Actor,
    term: AgreementTerm,
    purchase_order: str,
    on: date,
    now: datetime,
    more: Sequence[tuple[str, Decimal]] = (),
) -> tuple[AgreementTerm, Invoice]:
    """Accept the quote: the term is ordered and its fee invoiced, in one transaction. Two at once are one order.

    Written by a function of the database (docs/adr/0016), so that whoever may order writes no figure of it.
    `more`: (text, amount) of invoice lines beside the fees, roZoom's only.
    """
    actor.require("agreement:order")
    purchase_order = purchase_order.strip()
    if not purchase_order:
        raise CannotOrder("Enter your purchase order number.", param="purchase_order")
    if len(purchase_order) > LONGEST_ORDER_NUMBER:
        raise CannotOrder("A purchase order number has at most 80 characters.", param="purchase_order")
    term = held(term)
    if term.ordered_at is not None:
        raise CannotOrder(f"It was ordered already, by {term.ordered_by_name}.")
    if term.state != TermState.QUOTED:
        raise CannotOrder("Only a quote can be ordered. Quote it first.")
    if term.valid_until is not None and on > term.valid_until:
        raise CannotOrder(f"The quote was valid until {term.valid_until:%d %b %Y}. Ask for a new one.")
    if clash := _overlapping(term):
        raise CannotOrder(f"{term.agreement} has a term from {clash.start_date} to {clash.end_date} already.")
    one_sale_at_a_time(term.customer_id)
    lines = term.lines.filter(removed_on=None).select_related("component")
    covers = [(line.component, (line.cover_start, line.cover_end)) for line in lines]
    if twice := covered_twice(covers, now):
        raise CannotOrder(f"{' '.join(twice)} Ask for a new quote.")
    beside = json.dumps([{"text": text, "amount": str(amount)} for text, amount in more])
    with connection.cursor() as cursor:
        cursor.execute(ORDER, [term.pk, purchase_order, actor.name, on, now, beside])
        invoice = Invoice.objects.get(pk=cursor.fetchone()[0])
    term = _read(term.pk)
    agreement = term.agreement
    record(actor, agreement, "term.ordered", now, purchase_order=purchase_order)
    total = shown(invoice.total, invoice.currency)
    record(actor, agreement, "invoice.issued", now, number=invoice.number, total=total)
    emit(
        "agreement.ordered",
        customer_id=agreement.customer_id,
        reseller_id=agreement.reseller_id,
        payload={"term": str(term.pk), "invoice": str(invoice.pk), "by": actor.name},
        now=now,
    )
    return term, invoice


def _overlapping(term: AgreementTerm) -> AgreementTerm | None:
    """Under the agreement's lock, so that two terms ordered at once are told apart."""
    return (
        AgreementTerm.objects.filter(
            agreement_id=term.agreement_id, start_date__lte=term.end_date, end_date__gte=term.start_date
        )
        .exclude(pk=term.pk)
        .exclude(state__in=BEFORE_ORDER)
        .first()
    )


def one_sale_at_a_time(customer_id: int) -> None:
    """Held until the transaction ends, so that two orders of one customer see each other's lines."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SALES_OF_CUSTOMER + customer_id])


def covered_twice(covers: Sequence[tuple[Component, Span]], now: datetime) -> list[str]:
    """Sentences that name what an agreement in force covers already on some of these days."""
    wanted = {component.pk: (component, span) for component, span in covers}
    lines = list(
        AgreementLine.objects.filter(component_id__in=wanted, term__ordered_at__isnull=False)
        .exclude(term__state__in=BEFORE_ORDER)
        .select_related("term__agreement__customer")
    )
    stands = standings([line.term for line in lines], now)
    found = []
    for line in lines:
        component, span = wanted[line.component_id]
        last = min(day - DAY for day in (line.cover_end + DAY, line.removed_on, line.term.terminated_on) if day)
        if stands[line.term_id].state != TermState.LAPSED and overlap(span, (line.cover_start, last)):
            found.append(f"{component.serial} is in {line.term.agreement} until {last.day} {last:%b %Y} already.")
    return sorted(found)


def warranty_warnings(term: AgreementTerm) -> list[UncoveredDays]:
    """Lines whose warranty ends inside the term, with the days that are paid without advance replacement."""
    lines = term.lines.filter(removed_on=None).select_related("component__product")
    return days_without_warranty([(line.component, (line.cover_start, line.cover_end)) for line in lines])


def days_without_warranty(covers: Sequence[tuple[Component, Span]]) -> list[UncoveredDays]:
    """The same for lines that are not written yet."""
    ends: dict[UUID, date] = {}
    of_these = WarrantyCoverage.objects.filter(component_id__in=[one.pk for one, _ in covers], voided_at=None)
    for row in of_these:
        ends[row.component_id] = max(row.end_date, ends.get(row.component_id, row.end_date))
    found = []
    for component, cover in covers:
        if component.product.kind != "HARDWARE":
            continue
        end = ends.get(component.pk)
        unprotected = overlap(cover, ((end or cover[0] - DAY) + DAY, cover[1]))
        if unprotected:
            found.append(UncoveredDays(component, end, days(unprotected)))
    return found


def held(term: AgreementTerm) -> AgreementTerm:
    """The term as it is now, its agreement and itself locked until the transaction ends. Raises NotFound."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.hold_term(%s)", [term.pk])
        if not cursor.fetchone()[0]:
            raise NotFound
    return _read(term.pk)


def _read(key: UUID) -> AgreementTerm:
    return AgreementTerm.objects.select_related("agreement__customer").get(pk=key)  # the seller may be hidden
