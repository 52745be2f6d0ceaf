"""What is done with a term: order it, cancel it, end it, take a component out, bring it back, say that it was paid."""

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from contracts import services
from contracts.models import AgreementTerm
from contracts.selling import moves, queries
from contracts.selling.forms import AttestForm, NoticeForm, OrderForm, ReasonForm, ReinstateForm, RemoveForm
from contracts.selling.views._doors import Asked, deed_page
from contracts.selling.words import day_words, money
from contracts.standing import Standing, standing, today_of
from contracts.terms import DAY
from rozoom_support.lib.money import rounded
from rozoom_support.lib.refusals import NotFound, Refused
from tenancy.pages import page

POSTS = require_http_methods(["GET", "POST"])


@POSTS
@page("agreement:order")
def order(request: Any, term_id: UUID) -> HttpResponse:
    """Two who order at once: one orders, the other reads who was first."""
    actor, now = request.actor, request.unit.now
    term = queries.term_for(actor, term_id)
    stands = standing(term, now)
    total = sum((line.unit_fee for line in term.lines.filter(removed_on=None)), start=Decimal(0))
    currency, today = term.agreement.currency, today_of(term.agreement.customer, now)
    seller = queries.sellers_of([term.agreement])[term.agreement.sold_by_id]
    payer = term.agreement.customer.name if seller.is_operator else seller.name
    asked = Asked(
        title=f"Order {term.agreement}",
        lead=f"Support from {day_words(term.start_date)} to {day_words(term.end_date)}, {money(total, currency)}.",
        effects=(
            f"An invoice over {money(total, currency)} to {payer}, due in 30 days, without tax.",
            "The prices stay as they were quoted, to the end of the term.",
            "Advance replacement begins when it is paid in full, for failures reported after this order.",
        ),
        send="Order",
        cancel_url=_of(term),
        more={"closed": "" if moves.may(actor, term, stands, "order") else _why_closed(term, stands)},
    )

    def deed(data: dict[str, Any]) -> tuple[str, str]:
        ordered, _ = services.order(actor=actor, term=term, purchase_order=data["purchase_order"], on=today, now=now)
        return f"{ordered.agreement} is ordered. It begins on {day_words(ordered.start_date)}.", _of(ordered)

    return deed_page(request, asked, OrderForm(request.POST or None), deed)


def _why_closed(term: AgreementTerm, stands: Standing) -> str:
    if term.ordered_at is not None:
        return f"It was ordered already, by {term.ordered_by_name}."
    if term.valid_until is not None and stands.day > term.valid_until:
        return f"The quote was valid until {day_words(term.valid_until)}. Ask for a new one."
    return "The quote is being changed. It can be ordered when it is quoted again."


@POSTS
@page("invoice:manage")
def cancel(request: Any, term_id: UUID) -> HttpResponse:
    term, _ = _for_move(request, term_id, "cancel")
    asked = Asked(
        title=f"Cancel {term.agreement}?",
        lead=f"The term of {day_words(term.start_date)} to {day_words(term.end_date)} has not begun.",
        effects=(
            "Its invoices are taken back with a credit note.",
            "What was paid is recorded as refunded. Pay it back.",
            "Its components are not covered by it.",
        ),
        send="Cancel the term",
        look="danger",
        keep="Keep the term",
        cancel_url=_of(term),
    )

    def deed(data: dict[str, Any]) -> tuple[str, str]:
        services.cancel_term(actor=request.actor, term=term, reason=data["reason"], now=request.unit.now)
        return f"{term.agreement} is cancelled.", _of(term)

    return deed_page(request, asked, ReasonForm(request.POST or None), deed)


@POSTS
@page("agreement:manage")
def terminate(request: Any, term_id: UUID) -> HttpResponse:
    term, stands = _for_move(request, term_id, "terminate")
    asked = Asked(
        title=f"End {term.agreement} by notice?",
        effects=(
            "From that day on its components are not covered by it.",
            "Nothing is refunded for an end by choice.",
            "What was reported before goes on as it was decided.",
        ),
        send="End the agreement",
        look="danger",
        keep="Keep the agreement",
        cancel_url=_of(term),
    )

    def deed(data: dict[str, Any]) -> tuple[str, str]:
        services.terminate_term(
            actor=request.actor, term=term, on=data["on"], reason=data["reason"], now=request.unit.now
        )
        return f"{term.agreement} ends: its last covered day is {day_words(data['on'] - DAY)}.", _of(term)

    return deed_page(request, asked, NoticeForm(request.POST or None, initial={"on": stands.day}), deed)


@POSTS
@page("invoice:manage")
def remove(request: Any, term_id: UUID) -> HttpResponse:
    term, stands = _for_move(request, term_id, "remove")
    lines = list(
        term.lines.filter(removed_on=None)
        .select_related("component__product", "component__site")
        .order_by("component__site__name", "component__product__name", "component__serial")
    )
    form = RemoveForm(request.POST or None, lines=lines, initial={"on": stands.day})
    asked = Asked(
        title=f"Remove a component from {term.agreement}",
        effects=(
            "From that day on it is not covered by this agreement.",
            "The unused days are credited, by the day and never more than was billed for it.",
        ),
        send="Remove the component",
        keep="Keep it",
        cancel_url=_of(term),
    )

    def deed(data: dict[str, Any]) -> tuple[str, str]:
        note = services.remove_component(
            actor=request.actor,
            term=term,
            component=form.chosen(),
            on=data["on"],
            reason=data["reason"],
            now=request.unit.now,
        )
        credited = money(note.amount, term.agreement.currency) if note else "nothing"
        number = f" with credit note {note.number}" if note else ""
        return f"{form.chosen().serial} is removed. Credited: {credited}{number}.", _of(term)

    return deed_page(request, asked, form, deed)


@POSTS
@page("agreement:attest")
def attest(request: Any, term_id: UUID) -> HttpResponse:
    term, stands = _for_move(request, term_id, "attest")
    asked = Asked(
        title=f"{term.agreement.customer.name} has paid you for {term.agreement}",
        effects=(
            "Your word counts as paid: failed parts are replaced in advance.",
            "It counts until roZoom's own invoice to you is more than 30 days overdue.",
            "It is kept with your name and can not be taken back.",
        ),
        send="Say that it was paid",
        cancel_url=_of(term),
    )

    def deed(data: dict[str, Any]) -> tuple[str, str]:
        services.attest_payment(actor=request.actor, term=term, now=request.unit.now, **data)
        return f"Kept: {term.agreement.customer.name} paid on {day_words(data['paid_on'])}.", _of(term)

    return deed_page(request, asked, AttestForm(request.POST or None, initial={"paid_on": stands.day}), deed)


@POSTS
@page("agreement:quote")
def reinstate(request: Any, term_id: UUID) -> HttpResponse:
    """What it costs to bring it back, if it is paid on a day. Finance records that it was."""
    actor, now = request.actor, request.unit.now
    term, stands = _for_move(request, term_id, "reinstate")
    paid_on = _asked_day(request, stands.day)
    offer, refused = None, ""
    try:
        offer = services.reinstatement(term, paid_on=paid_on, now=now)
    except Refused as why:
        refused = why.message
    currency = term.agreement.currency
    form = ReinstateForm(
        request.POST or None,
        initial={"paid_on": paid_on, "amount": f"{rounded(offer.total, currency):f}" if offer else ""},
    )
    more: dict[str, Any] = {
        "term": term,
        "paid_on": paid_on,
        "refused": refused,
        "may_record": actor.can("invoice:manage"),
    }
    if offer:
        more |= {
            "offer": offer,
            "back": money(offer.back, currency),
            "year": money(offer.plan.total, currency),
            "total": money(offer.total, currency),
            "last_day": offer.plan.offer.term[1],
        }
    asked = Asked(
        title=f"Reinstate {term.agreement}",
        send="Record the payment and reinstate",
        cancel_url=_of(term),
        more=more,
        template="contracts/selling/reinstate.html",
    )

    def deed(data: dict[str, Any]) -> tuple[str, str]:
        new, _ = services.reinstate(
            actor=actor,
            term=term,
            paid_on=data["paid_on"],
            amount=data["amount"],
            reference=data["reference"],
            inspected_on=data["inspected_on"],
            now=now,
        )
        return f"{term.agreement} is reinstated until {day_words(new.end_date)}.", _of(new)

    return deed_page(request, asked, form, deed)


def _asked_day(request: Any, today: date) -> date:
    """Of the small form above the offer. What is no day asks for today."""
    try:
        return date.fromisoformat(request.GET.get("paid_on", ""))
    except ValueError:
        return today


def _for_move(request: Any, term_id: UUID, move: str) -> tuple[AgreementTerm, Standing]:
    """The term, when the table of moves has this one for it now. Else the page is not there."""
    term = queries.term_for(request.actor, term_id)
    stands = standing(term, request.unit.now)
    if not moves.may(request.actor, term, stands, move):
        raise NotFound
    return term, stands


def _of(term: AgreementTerm) -> str:
    return reverse("contracts:agreement", args=[term.agreement_id])
