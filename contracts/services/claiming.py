"""Invoices that no term is behind: for a part that did not come back, or a repair."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction

from contracts.lifecycle import InvoiceState
from contracts.models import Invoice, InvoiceLine
from contracts.services._common import record
from contracts.services.billing import CannotBill
from contracts.services.crediting import credit_in_full, void_invoice
from contracts.standing import today_of
from rozoom_support.lib.money import rounded, shown
from tenancy.actor import Actor
from tenancy.models import Organisation

DUE_AFTER = timedelta(days=30)


@transaction.atomic
def draft_claim(
    *, actor: Actor, customer: Organisation, kind: str, lines: list[tuple[str, Decimal]], currency: str, now: datetime
) -> Invoice:
    """Not asked for yet: it has no number. Raises CannotBill for nothing, and for amounts finer than the currency."""
    if not lines or any(amount <= 0 or amount != rounded(amount, currency) for _, amount in lines):
        raise CannotBill(f"Enter an amount in {currency} above zero.", param="amount")
    total = sum((amount for _, amount in lines), start=Decimal(0))
    invoice = Invoice.objects.create(
        customer=customer,
        reseller_id=customer.served_by_id,
        kind=kind,
        bill_to=customer,
        currency=currency,
        total=total,
    )
    for text, amount in lines:
        InvoiceLine.objects.create(invoice=invoice, text=text[:300], unit_amount=amount, amount=amount)
    return invoice


@transaction.atomic
def issue_claim(*, actor: Actor, invoice: Invoice, now: datetime) -> Invoice:
    """IN-1: it has a number from the series of all invoices and is due 30 days from today, the customer's date."""
    invoice = Invoice.objects.select_for_update(of=("self",)).select_related("customer").get(pk=invoice.pk)
    if invoice.state != InvoiceState.DRAFT:
        raise CannotBill(f"Invoice {invoice} is issued already.")
    day = today_of(invoice.customer, now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.next_invoice_number(%s)", [day])
        invoice.number = cursor.fetchone()[0]
    invoice.issue()
    invoice.issued_on, invoice.due_on = day, day + DUE_AFTER
    invoice.save(update_fields=["state", "number", "issued_on", "due_on"])
    total = shown(invoice.total, invoice.currency)
    record(actor, invoice, "invoice.issued", now, number=invoice.number, total=total, invoice=invoice.kind)
    return invoice


@transaction.atomic
def drop_claim(*, actor: Actor, invoice: Invoice, reason: str, now: datetime) -> Invoice:
    """Nothing is asked any more: a draft is void, an open invoice void with a credit note, a paid one refunded."""
    held = Invoice.objects.select_for_update(of=("self",)).select_related("customer").get(pk=invoice.pk)
    system = Actor.system(actor.name)  # what follows from the return needs no right to bill
    if held.state == InvoiceState.DRAFT:
        held.make_void()
        held.save(update_fields=["state"])
        record(actor, held, "invoice.dropped", now, reason=reason)
    elif held.state == InvoiceState.ISSUED:
        void_invoice(actor=system, invoice=held, reason=reason, now=now)
    elif held.state in (InvoiceState.PARTIALLY_PAID, InvoiceState.PAID):
        credit_in_full(actor=system, invoice=held, reason=reason, now=now)
    return Invoice.objects.get(pk=held.pk)
