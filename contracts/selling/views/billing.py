"""What finance does with an invoice."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.forms import BaseForm, Form
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from contracts import services
from contracts.models import Invoice
from contracts.selling import queries
from contracts.selling.forms import PaymentForm, ReasonForm, ReversalForm
from contracts.selling.moves import invoice_moves
from contracts.selling.views._doors import Asked, deed_page
from contracts.selling.words import money
from contracts.standing import today_of
from rozoom_support.lib.money import rounded
from rozoom_support.lib.refusals import NotFound
from tenancy.pages import page

POSTS = require_http_methods(["GET", "POST"])
ENDS_TERM = "The term that it was for ends: cancelled before its first day, else today."


@POSTS
@page("invoice:manage")
def pay(request: Any, invoice_id: UUID) -> HttpResponse:
    found = _for_move(request, invoice_id, "pay")
    today = today_of(found.customer, request.unit.now)
    is_open = money(found.balance(), found.currency)
    asked = Asked(
        title=f"Payment on {found.number}",
        lead=f"{found.bill_to.name} owes {is_open} of {money(found.total, found.currency)}.",
        send="Record the payment",
        cancel_url=_of(found),
    )

    def deed(data: dict[str, Any]) -> tuple[str, str]:
        services.record_payment(actor=request.actor, invoice=found, now=request.unit.now, **data)
        return f"Recorded: {money(data['amount'], found.currency)} on {found.number}.", _of(found)

    initial = {"amount": f"{rounded(found.balance(), found.currency):f}", "value_date": today}
    return deed_page(request, asked, PaymentForm(request.POST or None, today=today, initial=initial), deed)


@POSTS
@page("invoice:manage")
def reverse_payment(request: Any, payment_id: int) -> HttpResponse:
    payment = queries.payment_for(request.actor, payment_id)
    found = queries.invoice_for(request.actor, payment.invoice_id)
    amount = money(payment.amount, found.currency)
    asked = Asked(
        title=f"Reverse {amount} on {found.number}?",
        effects=(
            "The payment stays in the list, with a second one of the same amount back.",
            "Advance replacement stops for new requests until it is paid again.",
        ),
        send="Reverse the payment",
        look="danger",
        keep="Keep the payment",
        cancel_url=_of(found),
    )
    today = today_of(found.customer, request.unit.now)

    def deed(data: dict[str, Any]) -> tuple[str, str]:
        services.reverse_payment(actor=request.actor, payment=payment, now=request.unit.now, **data)
        return f"{amount} on {found.number} is reversed.", _of(found)

    return deed_page(
        request, asked, ReversalForm(request.POST or None, today=today, initial={"value_date": today}), deed
    )


@POSTS
@page("invoice:manage")
def clear(request: Any, invoice_id: UUID) -> HttpResponse:
    found = _for_move(request, invoice_id, "clear")
    amount = money(found.balance(), found.currency)
    asked = Asked(
        title=f"Clear {amount} on {found.number}?",
        effects=("An entry “small difference” stands beside the payments, with your name.", "The invoice is paid."),
        send=f"Clear {amount}",
        keep="Leave it open",
        cancel_url=_of(found),
    )

    def deed(data: dict[str, Any]) -> tuple[str, str]:
        today = today_of(found.customer, request.unit.now)
        services.clear_small_difference(actor=request.actor, invoice=found, value_date=today, now=request.unit.now)
        return f"{amount} on {found.number} is cleared.", _of(found)

    return deed_page(request, asked, Form(request.POST if request.method == "POST" else None), deed)


@POSTS
@page("invoice:manage")
def void(request: Any, invoice_id: UUID) -> HttpResponse:
    found = _for_move(request, invoice_id, "void")
    asked = Asked(
        title=f"Void invoice {found.number}?",
        effects=("A credit note takes it back. Its number stays used.", ENDS_TERM),
        send="Void the invoice",
        look="danger",
        keep="Keep the invoice",
        cancel_url=_of(found),
    )
    return _with_reason(request, found, asked, services.void_invoice, f"{found.number} is void.")


@POSTS
@page("invoice:manage")
def credit(request: Any, invoice_id: UUID) -> HttpResponse:
    found = _for_move(request, invoice_id, "credit")
    paid = money(sum((one.amount for one in found.payments.all()), start=Decimal(0)), found.currency)
    asked = Asked(
        title=f"Credit invoice {found.number} in full?",
        effects=(f"{paid} is recorded as refunded. Pay it back.", "A credit note takes the invoice back.", ENDS_TERM),
        send="Credit and refund",
        look="danger",
        keep="Keep the invoice",
        cancel_url=_of(found),
    )
    return _with_reason(request, found, asked, services.credit_in_full, f"{found.number} is credited in full.")


@POSTS
@page("invoice:manage")
def write_off(request: Any, invoice_id: UUID) -> HttpResponse:
    found = _for_move(request, invoice_id, "write_off")
    asked = Asked(
        title=f"Propose to write {found.number} off",
        effects=("Another person of roZoom has to agree.", "Until then nothing changes."),
        send="Propose it",
        cancel_url=_of(found),
    )
    said = f"Proposed. Another person agrees to write {found.number} off."
    return _with_reason(request, found, asked, services.ask_write_off, said)


@POSTS
@page("invoice:manage")
def agree(request: Any, invoice_id: UUID) -> HttpResponse:
    found = _for_move(request, invoice_id, "agree")
    amount = money(found.balance(), found.currency)
    asked = Asked(
        title=f"Write {amount} off?",
        lead=f"{found.closing_asked_by_name} proposed it: “{found.closing_reason}”",
        effects=(
            f"{amount} of {found.number} is given up. You can not take it back.",
            "The term stays suspended or lapsed.",
        ),
        send="Agree to write off",
        look="danger",
        keep="Not now",
        cancel_url=_of(found),
    )
    return _plain(request, found, asked, services.agree_write_off, f"{found.number} is written off.")


@POSTS
@page("invoice:manage")
def keep(request: Any, invoice_id: UUID) -> HttpResponse:
    found = _for_move(request, invoice_id, "keep")
    asked = Asked(
        title=f"Do not write {found.number} off?",
        lead=f"{found.closing_asked_by_name} proposed to: “{found.closing_reason}”",
        send="Keep the claim",
        keep="Leave the proposal",
        cancel_url=_of(found),
    )
    return _plain(request, found, asked, services.drop_write_off, f"{found.number} stays open.")


def _with_reason(request: Any, found: Invoice, asked: Asked, service: Callable[..., object], said: str) -> HttpResponse:
    def deed(data: dict[str, Any]) -> tuple[str, str]:
        service(actor=request.actor, invoice=found, reason=data["reason"], now=request.unit.now)
        return said, _of(found)

    return deed_page(request, asked, ReasonForm(request.POST or None), deed)


def _plain(request: Any, found: Invoice, asked: Asked, service: Callable[..., object], said: str) -> HttpResponse:
    def deed(data: dict[str, Any]) -> tuple[str, str]:
        service(actor=request.actor, invoice=found, now=request.unit.now)
        return said, _of(found)

    form: BaseForm = Form(request.POST if request.method == "POST" else None)
    return deed_page(request, asked, form, deed)


def _for_move(request: Any, invoice_id: UUID, move: str) -> Invoice:
    found = queries.invoice_for(request.actor, invoice_id)
    today = today_of(found.customer, request.unit.now)
    if all(one.name != move for one in invoice_moves(request.actor, found, today)):
        raise NotFound
    return found


def _of(found: Invoice) -> str:
    return reverse("contracts:invoice", args=[found.pk])
