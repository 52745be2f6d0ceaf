"""How a term ends otherwise than by a date: cancelled before it starts, by notice, or a component less."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction

from contracts import fees, keeping
from contracts.lifecycle import InvoiceState, TermState
from contracts.models import AgreementLine, AgreementTerm, Component, CreditNote, Invoice
from contracts.services._common import record
from contracts.services._ending import RUNNING, CannotEnd, end_term, held_invoice, said, terminate
from contracts.services.agreements import held
from contracts.services.crediting import OPEN, credit_in_full, credit_part, void_invoice
from contracts.standing import standing, today_of
from contracts.terms import GRACE_DAYS
from tenancy.actor import Actor


@transaction.atomic
def cancel_term(*, actor: Actor, term: AgreementTerm, reason: str, now: datetime) -> AgreementTerm:
    """SA-5: before it starts. Its invoices are taken back and what was paid is refunded."""
    actor.require("invoice:manage")
    term = held(term)
    if standing(term, now).state != TermState.ORDERED:
        raise CannotEnd("Only a term that was ordered and has not begun is cancelled.")
    said(reason)
    for invoice in Invoice.objects.filter(term=term).order_by("issued_on", "number"):
        if invoice.state == InvoiceState.ISSUED:
            void_invoice(actor=actor, invoice=invoice, reason=reason, now=now)
        elif invoice.state in (InvoiceState.PARTIALLY_PAID, InvoiceState.PAID):
            credit_in_full(actor=actor, invoice=invoice, reason=reason, now=now)
    end_term(actor, term, today_of(term.agreement.customer, now), reason, now)
    return held(term)


@transaction.atomic
def terminate_term(*, actor: Actor, term: AgreementTerm, on: date, reason: str, now: datetime) -> AgreementTerm:
    """SA-15: ended by notice; `on` is the first day without cover. Nothing is refunded for an end by choice."""
    actor.require("agreement:manage")
    term = held(term)
    now_stands = standing(term, now)
    if now_stands.state not in RUNNING or term.terminated_on is not None:
        raise CannotEnd("Only a term that runs is ended by notice.")
    if on < now_stands.day:
        raise CannotEnd("Notice ends a term today or later. What was covered stays covered.", param="on")
    last = term.end_date + timedelta(days=GRACE_DAYS if now_stands.state == TermState.GRACE else 0)
    if on > last:
        raise CannotEnd(f"Without notice it ends by itself on {last:%d %b %Y}.", param="on")
    keeping.bring_up_to_date(term, now)
    terminate(actor, term, on, said(reason), now)
    return term


@transaction.atomic
def remove_component(
    *, actor: Actor, term: AgreementTerm, component: Component, on: date, reason: str, now: datetime
) -> CreditNote | None:
    """The component is not covered from `on`; the unused days are credited, never more than was billed for it."""
    actor.require("invoice:manage")
    term = held(term)
    now_stands = standing(term, now)
    if now_stands.state not in (TermState.ORDERED, TermState.IN_FORCE, TermState.SUSPENDED):
        raise CannotEnd("Components are removed from a term that was ordered and is not over.")
    lines = {line.component_id: line for line in term.lines.select_for_update().filter(removed_on=None)}
    line = lines.get(component.pk)
    if line is None:
        raise CannotEnd("This component is not in the term any more.", param="component")
    if len(lines) == 1:
        raise CannotEnd("It is the last component. Cancel the term or end it by notice.", param="component")
    if not now_stands.day <= on <= line.cover_end:
        raise CannotEnd(f"Enter a day from today to {line.cover_end:%d %b %Y}, its last covered day.", param="on")
    line.removed_on = on
    line.save(update_fields=["removed_on"])
    record(actor, term.agreement, "line.removed", now, serial=component.serial, day=on, reason=said(reason))
    return _credit_unused(actor, term, line, on, f"{component.serial} removed: {said(reason)}", now)


def unused_fee(line: AgreementLine, term: AgreementTerm, on: date) -> Decimal:
    """Of a line removed on that day."""
    unused = (max(on, line.cover_start), line.cover_end)
    span = (term.start_date, term.end_date)
    return -fees.credit(line.list_price, term.agreement.currency, unused, span, billed=line.unit_fee)


def _credit_unused(
    actor: Actor, term: AgreementTerm, line: AgreementLine, on: date, reason: str, now: datetime
) -> CreditNote | None:
    claims = (*OPEN, InvoiceState.PAID)
    invoice = Invoice.objects.filter(term=term, state__in=claims).order_by("issued_on", "number").first()
    if invoice is None:
        return None
    invoice = held_invoice(invoice)
    day = today_of(term.agreement.customer, now)
    note = credit_part(actor, invoice, unused_fee(line, term, on), reason[:400], day, now)
    if invoice.state in OPEN and invoice.balance() <= 0:
        invoice.pay()
        invoice.paid_on = day
        invoice.save(update_fields=["state", "paid_on"])
    return note
