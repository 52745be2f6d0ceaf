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
from contracts.terms import DAY, days, first_fee_day, overlap
from notifications.services import emit
from rozoom_support.lib.money import minor_digits, shown
from rozoom_support.lib.refusals import NotFound, Refused
from tenancy.actor import Actor
from tenancy.models import Kind, Organisation

VALID = timedelta(days=30)
ORDER = "SELECT app.order_term(%s, %s, %s, %s, %s, %s::jsonb)"


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
    try:
        minor_digits(currency)
    except ValueError as wrong:
        raise CannotQuote(str(wrong), param="currency") from None
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
) -> AgreementTerm:
    """A term with its components, not yet priced. Each is covered from its own first fee day where that is later."""
    actor.require("agreement:quote")
    if not components:
        raise CannotQuote("Choose at least one component.", param="components")
    if end < start:
        raise CannotQuote("The term ends on or after the day it starts.", param="end")
    if any(one.customer_id != agreement.customer_id for one in components):
        raise CannotQuote("All components belong to the customer of the agreement.", param="components")
    term = AgreementTerm.objects.create(
        agreement=agreement, kind=kind, start_date=start, end_date=end, predecessor=predecessor
    )
    free_to_the_end = [one for one in components if _cover_start(one, start) > end]
    if free_to_the_end:
        names = ", ".join(one.serial for one in free_to_the_end)
        raise CannotQuote(f"Support of {names} is free to the end of this term. Leave it out.", param="components")
    AgreementLine.objects.bulk_create(
        AgreementLine(
            customer_id=agreement.customer_id,
            reseller_id=agreement.reseller_id,
            term=term,
            component=one,
            list_price=0,
            unit_fee=0,
            cover_start=_cover_start(one, start),
            cover_end=end,
        )
        for one in components
    )
    record(actor, agreement, "term.drafted", now, start=start, end=end, components=len(components))
    return term


def _cover_start(component: Component, start: date) -> date:
    return max(start, first_fee_day(component.implemented_on)) if component.implemented_on else start


@transaction.atomic
def quote(*, actor: Actor, term: AgreementTerm, on: date, now: datetime) -> AgreementTerm:
    """Freeze the list price of `on` and the fee of each line, for 30 days. CannotQuote names what has no price."""
    actor.require("agreement:quote")
    term = held(term)
    if term.state != TermState.DRAFT:
        raise CannotQuote("This term is quoted already. Take the quote back to change it.")
    currency, span = term.agreement.currency, (term.start_date, term.end_date)
    lines = list(term.lines.filter(removed_on=None).select_related("component__product"))
    prices = {
        entry.product_id: entry
        for entry in PriceListEntry.objects.filter(
            Q(valid_to=None) | Q(valid_to__gte=on),
            product__in={line.component.product_id for line in lines},
            currency=currency,
            valid_from__lte=on,
        )
    }
    missing = sorted({line.component.product.sku for line in lines if line.component.product_id not in prices})
    if missing:
        raise CannotQuote(
            f"There is no list price in {currency} on {on:%d %b %Y} for {', '.join(missing)}. Add it first."
        )
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
    if len(purchase_order) > AgreementTerm._meta.get_field("purchase_order").max_length:
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


def warranty_warnings(term: AgreementTerm) -> list[UncoveredDays]:
    """Lines whose warranty ends inside the term, with the days that are paid without advance replacement."""
    lines = list(term.lines.filter(removed_on=None).select_related("component__product"))
    ends: dict[object, date] = {}
    for row in WarrantyCoverage.objects.filter(component_id__in=[line.component_id for line in lines], voided_at=None):
        ends[row.component_id] = max(row.end_date, ends.get(row.component_id, row.end_date))
    found = []
    for line in lines:
        if line.component.product.kind != "HARDWARE":
            continue
        end = ends.get(line.component_id)
        unprotected = overlap(
            (line.cover_start, line.cover_end), ((end or line.cover_start - DAY) + DAY, line.cover_end)
        )
        if unprotected:
            found.append(UncoveredDays(line.component, end, days(unprotected)))
    return found


def held(term: AgreementTerm) -> AgreementTerm:
    """The term as it is now, its agreement and itself locked until the transaction ends. Raises NotFound."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.hold_term(%s)", [term.pk])
        if not cursor.fetchone()[0]:
            raise NotFound
    return _read(term.pk)


def _read(key: UUID) -> AgreementTerm:
    return AgreementTerm.objects.select_related("agreement__sold_by").get(pk=key)
