"""What was paid on invoices. They are issued with the order, by the database (docs/adr/0016)."""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from contracts.lifecycle import InvoiceState
from contracts.models import Invoice, Payment
from contracts.services._common import record
from rozoom_support.lib.money import minor_digits, rounded, shown
from rozoom_support.lib.refusals import Refused
from tenancy.actor import Actor

OPEN = (InvoiceState.ISSUED, InvoiceState.PARTIALLY_PAID, InvoiceState.PAID)


SMALL_DIFFERENCE = 100  # of the currency's minor unit: up to 1.00 USD, 100 JPY, 0.100 KWD


class CannotBill(Refused):
    code = "cannot_bill"


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


def small_difference(invoice: Invoice) -> Decimal:
    """What finance may clear by an entry of its own: the open amount where it is small, else nothing."""
    open_amount = invoice.balance()
    most = Decimal(SMALL_DIFFERENCE).scaleb(-minor_digits(invoice.currency))
    return open_amount if 0 < open_amount <= most else Decimal(0)


@transaction.atomic
def clear_small_difference(*, actor: Actor, invoice: Invoice, value_date: date, now: datetime) -> Payment:
    """The last cents, by a visible entry. Nothing is paid by tolerance (docs/coverage.md)."""
    actor.require("invoice:manage")
    invoice = _locked(invoice)
    amount = small_difference(invoice)
    if not amount:
        most = Decimal(SMALL_DIFFERENCE).scaleb(-minor_digits(invoice.currency))
        raise CannotBill(f"Only an open amount of at most {shown(most, invoice.currency)} is cleared like this.")
    return _book(actor, invoice, amount, value_date, now, source="small difference", reference="")


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
