"""Invoices: a number without gaps, amounts that never change, and what was paid on them."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction

from contracts.lifecycle import InvoiceState
from contracts.models import AgreementTerm, Invoice, InvoiceLine, Payment
from contracts.services._common import record
from rozoom_support.lib.money import rounded, shown
from rozoom_support.lib.refusals import Refused
from tenancy.actor import Actor

NET = timedelta(days=30)
# The year's next number, taken under the counter's row lock until the transaction ends: no gap, no double.
NEXT_NUMBER = """
INSERT INTO contracts_invoicenumber AS counter (year, last) VALUES (%s, 1)
ON CONFLICT (year) DO UPDATE SET last = counter.last + 1 RETURNING last"""
OPEN = (InvoiceState.ISSUED, InvoiceState.PARTIALLY_PAID, InvoiceState.PAID)


class CannotBill(Refused):
    code = "cannot_bill"


@transaction.atomic
def issue_fee_invoice(
    *, actor: Actor, term: AgreementTerm, lines: Iterable[tuple[str, int, Decimal]], on: date, now: datetime
) -> Invoice:
    """The invoice of a term: (text, quantity, unit amount) each. Due 30 days later."""
    lines = list(lines)
    total = sum((quantity * unit for _, quantity, unit in lines), Decimal(0))
    agreement = term.agreement
    kind = Invoice.Kind.REINSTATEMENT if term.kind == AgreementTerm.Kind.REINSTATEMENT else Invoice.Kind.FEE
    invoice = Invoice.objects.create(
        customer_id=term.customer_id,
        reseller_id=term.reseller_id,
        kind=kind,
        term=term,
        bill_to_id=term.customer_id if agreement.sold_by_id == _operator_id(term) else agreement.sold_by_id,
        currency=agreement.currency,
        total=total,
    )
    InvoiceLine.objects.bulk_create(
        InvoiceLine(
            customer_id=term.customer_id,
            reseller_id=term.reseller_id,
            invoice=invoice,
            text=text,
            quantity=quantity,
            unit_amount=unit,
            amount=quantity * unit,
        )
        for text, quantity, unit in lines
    )
    with connection.cursor() as cursor:
        cursor.execute(NEXT_NUMBER, [on.year])
        invoice.number = f"{on.year}-{cursor.fetchone()[0]:05}"
    invoice.issued_on, invoice.due_on = on, on + NET
    invoice.issue()
    invoice.save(update_fields=["number", "issued_on", "due_on", "state"])
    record(actor, invoice, "invoice.issued", now, number=invoice.number, total=shown(total, invoice.currency))
    return invoice


def _operator_id(term: AgreementTerm) -> int:
    """Sold by roZoom itself, the customer pays; sold by a reseller, the reseller pays roZoom."""
    sold_by = term.agreement.sold_by
    return sold_by.pk if sold_by.kind == "OPERATOR" else 0


@transaction.atomic
def record_payment(
    *,
    actor: Actor,
    invoice: Invoice,
    amount: Decimal,
    value_date: date,
    now: datetime,
    source: str = "bank",
    reference: str = "",
) -> Payment:
    """Money came in. Raises CannotBill for an amount that is nothing, too fine, or more than is open."""
    actor.require("invoice:manage")
    invoice = _locked(invoice)
    if amount <= 0 or amount != rounded(amount, invoice.currency):
        raise CannotBill(f"Enter an amount in {invoice.currency} above zero.", param="amount")
    open_amount = invoice.balance()
    if amount > open_amount:
        raise CannotBill(
            f"Only {shown(open_amount, invoice.currency)} is open. Record that and pay the rest back.", param="amount"
        )
    return _book(actor, invoice, amount, value_date, now, source=source, reference=reference)


@transaction.atomic
def reverse_payment(*, actor: Actor, payment: Payment, value_date: date, now: datetime, reference: str = "") -> Payment:
    """The bank took it back. The payment stays; a second one with the amount negative stands beside it."""
    actor.require("invoice:manage")
    invoice = _locked(payment.invoice)
    if payment.reverses_id or Payment.objects.filter(reverses=payment).exists():
        raise CannotBill("This payment is reversed already.")
    return _book(
        actor, invoice, -payment.amount, value_date, now, source=payment.source, reference=reference, reverses=payment
    )


def _locked(invoice: Invoice) -> Invoice:
    found = Invoice.objects.select_for_update(of=("self",)).get(pk=invoice.pk)
    if found.state not in OPEN:
        raise CannotBill(f"Invoice {found} is {found.get_state_display().lower()}: nothing is booked on it.")
    return found


def _book(
    actor: Actor,
    invoice: Invoice,
    amount: Decimal,
    value_date: date,
    now: datetime,
    *,
    source: str,
    reference: str,
    reverses: Payment | None = None,
) -> Payment:
    payment = Payment.objects.create(
        customer_id=invoice.customer_id,
        reseller_id=invoice.reseller_id,
        invoice=invoice,
        amount=amount,
        value_date=value_date,
        source=source,
        reference=reference,
        reverses=reverses,
        by_name=actor.name,
        recorded_at=now,
    )
    open_amount = invoice.balance()
    if open_amount <= 0:
        invoice.pay()
        invoice.paid_on = value_date
    elif invoice.state != InvoiceState.PARTIALLY_PAID:
        invoice.pay_partly()
        invoice.paid_on = None
    invoice.save(update_fields=["state", "paid_on"])
    record(
        actor,
        invoice,
        "payment.reversed" if reverses else "payment.recorded",
        now,
        number=invoice.number,
        amount=shown(amount, invoice.currency),
        open=shown(open_amount, invoice.currency),
    )
    return payment
