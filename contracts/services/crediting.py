"""Taking back what an invoice asked for: void, credited in full with a refund, or written off by two people."""

from datetime import date, datetime
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Sum

from contracts import keeping
from contracts.facts import SUSPENDED_AFTER
from contracts.lifecycle import InvoiceState
from contracts.models import CreditNote, Invoice, Payment
from contracts.services._common import record
from contracts.services._ending import end_term, held_invoice, said
from contracts.services.agreements import held
from contracts.services.billing import CannotBill
from contracts.standing import today_of
from rozoom_support.lib.money import shown
from tenancy.actor import Actor

OPEN = (InvoiceState.ISSUED, InvoiceState.PARTIALLY_PAID)


@transaction.atomic
def void_invoice(*, actor: Actor, invoice: Invoice, reason: str, now: datetime) -> CreditNote | None:
    """IN-6: nothing was paid on it. A credit note takes it back, and the term it was for ends."""
    actor.require("invoice:manage")
    invoice = held_invoice(invoice)
    if invoice.state != InvoiceState.ISSUED:
        raise CannotBill(f"Invoice {invoice} is {invoice.get_state_display().lower()}. Credit it in full instead.")
    day = today_of(invoice.customer, now)
    note = credit_part(actor, invoice, invoice.balance(), said(reason), day, now)
    invoice.make_void()
    invoice.save(update_fields=["state"])
    record(actor, invoice, "invoice.voided", now, number=invoice.number, reason=reason.strip())
    end_term(actor, invoice.term, day, reason, now)
    return note


@transaction.atomic
def credit_in_full(*, actor: Actor, invoice: Invoice, reason: str, now: datetime) -> CreditNote | None:
    """IN-7: what was paid is refunded, a credit note takes the rest back, and the term it was for ends."""
    actor.require("invoice:manage")
    invoice = held_invoice(invoice)
    if invoice.state not in (InvoiceState.PARTIALLY_PAID, InvoiceState.PAID):
        raise CannotBill(f"Invoice {invoice} is {invoice.get_state_display().lower()}. Nothing was paid on it.")
    day = today_of(invoice.customer, now)
    refunded = _refund(actor, invoice, day, now)
    note = credit_part(actor, invoice, invoice.balance(), said(reason), day, now)
    invoice.credit()
    invoice.paid_on = None
    invoice.save(update_fields=["state", "paid_on"])
    back = shown(refunded, invoice.currency)
    record(actor, invoice, "invoice.credited", now, number=invoice.number, refunded=back, reason=reason.strip())
    end_term(actor, invoice.term, day, reason, now)
    return note


def _refund(actor: Actor, invoice: Invoice, day: date, now: datetime) -> Decimal:
    """Every payment that stands gets one beside it with the amount negative."""
    reversed_before = Payment.objects.filter(invoice=invoice, reverses__isnull=False).values("reverses")
    standing_ones = list(Payment.objects.filter(invoice=invoice, reverses=None).exclude(pk__in=reversed_before))
    for payment in standing_ones:
        Payment.objects.create(
            invoice=invoice,
            amount=-payment.amount,
            value_date=day,
            source="refund",
            reverses=payment,
            by_name=actor.name,
            recorded_at=now,
        )
    return sum((one.amount for one in standing_ones), start=Decimal(0))


def credit_part(
    actor: Actor, invoice: Invoice, amount: Decimal, reason: str, day: date, now: datetime
) -> CreditNote | None:
    """Never more than the invoice still asks for; of nothing there is none."""
    credited = invoice.credits.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    amount = min(amount, invoice.total - credited)
    if amount <= 0:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.next_invoice_number(%s)", [day])
        number = cursor.fetchone()[0]
    note = CreditNote.objects.create(
        invoice=invoice,
        number=number,
        amount=amount,
        reason=reason,
        issued_on=day,
        by_name=actor.name,
        recorded_at=now,
    )
    total = shown(amount, invoice.currency)
    record(actor, invoice, "credit.issued", now, number=number, invoice=invoice.number, total=total, reason=reason)
    return note


@transaction.atomic
def ask_write_off(*, actor: Actor, invoice: Invoice, reason: str, now: datetime) -> Invoice:
    """IN-8, the first of two people. Only what is so late that the dates have suspended its term already."""
    actor.require("invoice:manage")
    invoice = held_invoice(invoice)
    if invoice.state not in OPEN or invoice.closing_asked_by_id is not None:
        raise CannotBill(f"Invoice {invoice} can not be proposed for write-off now.")
    if invoice.due_on is None or today_of(invoice.customer, now) <= invoice.due_on + SUSPENDED_AFTER:
        raise CannotBill("An invoice is written off when it is more than 30 days overdue, not before.")
    invoice.closing_reason, invoice.closing_asked_by_name = said(reason), actor.name
    invoice.closing_asked_by_id = actor.person_id
    _save_closing(invoice)
    record(actor, invoice, "invoice.write-off-asked", now, number=invoice.number, reason=invoice.closing_reason)
    return invoice


@transaction.atomic
def agree_write_off(*, actor: Actor, invoice: Invoice, now: datetime) -> Invoice:
    """IN-8, the second. The term stays suspended or lapsed: its fee was not paid."""
    actor.require("invoice:manage")
    invoice = held_invoice(invoice)
    if invoice.state not in OPEN or invoice.closing_asked_by_id is None:
        raise CannotBill(f"Nobody proposed to write invoice {invoice} off.")
    if invoice.closing_asked_by_id == actor.person_id:
        raise CannotBill("Another person agrees to a write-off than the one who proposed it.")
    invoice.write_off()
    invoice.save(update_fields=["state"])
    lost = shown(invoice.balance(), invoice.currency)
    record(actor, invoice, "invoice.written-off", now, number=invoice.number, amount=lost)
    if invoice.term is not None:
        keeping.bring_up_to_date(held(invoice.term), now)
    return invoice


@transaction.atomic
def drop_write_off(*, actor: Actor, invoice: Invoice, now: datetime) -> Invoice:
    actor.require("invoice:manage")
    invoice = held_invoice(invoice)
    if invoice.state not in OPEN or invoice.closing_asked_by_id is None:
        raise CannotBill(f"Nobody proposed to write invoice {invoice} off.")
    invoice.closing_reason, invoice.closing_asked_by_name, invoice.closing_asked_by_id = "", "", None
    _save_closing(invoice)
    record(actor, invoice, "invoice.write-off-dropped", now, number=invoice.number)
    return invoice


def _save_closing(invoice: Invoice) -> None:
    invoice.save(update_fields=["closing_reason", "closing_asked_by_id", "closing_asked_by_name"])
