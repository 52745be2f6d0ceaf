"""What the customer's side does with a return: each a page that says what will happen, with a form and one button."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from contracts.queries import component_by_serial
from contracts.selling.words import day_words
from rma import services
from rma.models import Rma
from rma.portal.asking import sites_of
from rma.portal.doors import Asked, deed_page
from rma.portal.forms import ConfirmForm, QuoteForm, ReasonForm, SentForm, SupplyForm
from rma.portal.next import deeds_of, who_supplies
from rma.portal.shown import find, money, url_of
from rma.portal.words import part_words
from rma.queries import rma_for
from rma.services import CannotReturn
from rma.standing import current_state
from rma.states import Missing, RmaKind, RmaState
from rozoom_support.lib.refusals import NotFound
from tenancy.pages import page

Door = Callable[[Any, Rma], HttpResponse]


@require_http_methods(["GET", "HEAD", "POST"])
@page("rma:request")
def deed(request: Any, rma: str, deed: str) -> HttpResponse:
    found, door = rma_for(request.actor, rma), DOORS.get(deed)
    if door is None:
        raise NotFound
    if request.method != "POST" and deed not in deeds_of(found, current_state(found, request.unit.now), request.actor):
        messages.info(request, f"{found.reference} has changed meanwhile. Here is how it stands.")
        return redirect("returns:tracking", found.reference)
    return door(request, found)


def _asked(rma: Rma, title: str, send: str, **more: Any) -> Asked:
    more.setdefault("lead", part_words(rma))
    return Asked(title=title, send=send, back_url=url_of(rma), back_label=rma.reference, **more)


def _posted(request: Any) -> Any:
    """An empty form that was sent is sent all the same."""
    return request.POST if request.method == "POST" else None


def _supply(request: Any, rma: Rma) -> HttpResponse:
    actor = request.actor
    may_confirm = actor.party not in ("customer", "reseller") or actor.person_id != rma.requested_by_id
    sites = sites_of(rma.customer_id)
    form = SupplyForm(
        _posted(request),
        rma=rma,
        sites=sites,
        may_confirm=may_confirm,
        is_reseller=actor.party != "customer",
        initial={"serial": rma.claimed_serial, "ship_to": str(rma.ship_to_id or ""), "media": rma.media},
    )
    ticket_page = "portal:ticket" if actor.party == "customer" else "desk:ticket"
    needs_colleague = Missing.SHIP_TO in rma.missing and not may_confirm
    asked = _asked(
        rma,
        "Supply what is missing",
        "Send" if form.fields else "Check again",
        more={
            "missing": [(Missing(one).label, who_supplies(rma, one)) for one in rma.missing],
            "needs_colleague": needs_colleague,
            "ticket_page": reverse(ticket_page, args=[rma.ticket.reference]),
            "ticket_reference": rma.ticket.reference,
        },
    )

    def carry(data: dict[str, Any]) -> tuple[str, str]:
        component = None
        if serial := data.get("serial"):
            component = component_by_serial(rma.customer, serial)
            if component is None:
                words = f"We do not know serial {serial}. Check the label, or send us proof of purchase in the ticket."
                raise CannotReturn(words, param="serial")
        chosen = form.sites.get(data.get("ship_to", ""))
        after = services.supply(
            actor=actor,
            rma=rma,
            now=request.unit.now,
            component=component,
            ship_to=chosen,
            confirms_ship_to=bool(data.get("confirms_ship_to")),
            accepts_terms=bool(data.get("accepts_terms")),
            media=data.get("media") or None,
            agreement_is_known=bool(data.get("agreement_is_known")),
        )
        if after.state != RmaState.ON_HOLD:
            return f"Nothing is missing any more. roZoom checks {rma.reference} now.", url_of(rma)
        left = ", ".join(words.lower() for words in services.missing_words(after.missing))
        return f"Kept. Still missing: {left}.", url_of(rma)

    return deed_page(request, asked, form, carry)


def _arrived(request: Any, rma: Rma) -> HttpResponse:
    is_back = rma.kind == RmaKind.FACTORY
    effects = (
        ("The return is closed.",)
        if is_back
        else (
            "What covered the failed part covers the replacement from today.",
            "The failed part is due back within 10 business days.",
        )
    )
    asked = _asked(rma, "Did it arrive?", "It arrived", effects=effects, keep="Not yet")

    def carry(data: dict[str, Any]) -> tuple[str, str]:
        after = services.deliver(actor=request.actor, rma=rma, now=request.unit.now)
        due = (
            f" Send the failed part back by {day_words(after.return_due)}." if after.return_due and not is_back else ""
        )
        return f"It is noted that it arrived.{due}", url_of(rma)

    return deed_page(request, asked, ConfirmForm(_posted(request)), carry)


def _sent(request: Any, rma: Rma) -> HttpResponse:
    way_back = find(request.actor, rma, request.unit.now).way_back
    label = way_back.shipment if way_back else None
    has_label = label is not None and label.tracking_number != ""
    is_factory = rma.kind == RmaKind.FACTORY
    effects = ["The carrier's first scan confirms it. Until then it counts as not sent."]
    if has_label and label is not None:
        effects.insert(0, f"Our label has the number {label.tracking_number} ({label.carrier}).")
    asked = _asked(rma, "Did you send the part?" if is_factory else "Did you send the failed part back?", "I sent it",
                   effects=tuple(effects), keep="Not yet")  # fmt: skip

    def carry(data: dict[str, Any]) -> tuple[str, str]:
        services.say_sent(actor=request.actor, rma=rma, now=request.unit.now, **data)
        return "Noted: you sent it. We follow the carrier from here.", url_of(rma)

    return deed_page(request, asked, SentForm(_posted(request), has_label=has_label), carry)


def _repair(request: Any, rma: Rma) -> HttpResponse:
    asked = _asked(
        rma,
        "Have it repaired instead?",
        "Have it repaired",
        effects=(
            f"{rma.reference} ends. A new return for the repair is opened on the same ticket.",
            "You send the part to the factory, and get it back when it is repaired.",
            "No replacement is sent first.",
        ),
    )

    def carry(data: dict[str, Any]) -> tuple[str, str]:
        following = services.convert(actor=request.actor, rma=rma, now=request.unit.now)
        return f"It goes on as {following.reference}.", url_of(following)

    return deed_page(request, asked, ConfirmForm(_posted(request)), carry)


def _cancel(request: Any, rma: Rma) -> HttpResponse:
    asked = _asked(
        rma,
        f"Cancel {rma.reference}?",
        "Cancel the return",
        effects=("Nothing is sent. A unit that was reserved is free for others.", "You can ask again on the ticket."),
        look="danger",
        keep="Keep the return",
    )

    def carry(data: dict[str, Any]) -> tuple[str, str]:
        services.cancel(actor=request.actor, rma=rma, reason=data["reason"], now=request.unit.now)
        return f"{rma.reference} is cancelled.", url_of(rma)

    return deed_page(request, asked, ReasonForm(_posted(request)), carry)


def _quote(request: Any, rma: Rma) -> HttpResponse:
    quote = rma.quotes.filter(answered_at=None).first()
    if quote is None:
        messages.info(request, f"No quote of {rma.reference} waits for an answer. Here is how it stands.")
        return redirect("returns:tracking", rma.reference)
    total, fee = money(quote.amount, quote.currency), money(quote.evaluation_fee, quote.currency)
    is_first = rma.state == RmaState.QUOTED
    asks_media = is_first and rma.component is not None and rma.component.product.has_media and rma.media == ""
    form = QuoteForm(_posted(request), rma=rma, quote=quote, total=total, fee=fee, asks_media=asks_media)
    effects = [f"The repair costs {total}, without tax."]
    effects += [f"Why: {quote.reason}"] if quote.reason else []
    if quote.evaluation_fee and is_first:
        effects.append(f"When it is declined after the factory looked at it, {fee} is charged for the evaluation.")
    effects += [f"The quote is valid until {day_words(quote.valid_until)}."] if is_first else []
    asked = _asked(rma, "Answer the quote", "Send the answer", effects=tuple(effects), keep="Answer later")

    def carry(data: dict[str, Any]) -> tuple[str, str]:
        known: dict[str, Any] = {"actor": request.actor, "rma": rma, "now": request.unit.now}
        if data["answer"] == "accept":
            services.accept_quote(**known, purchase_order=data["purchase_order"], media=data.get("media", ""))
            then = "Send the part to the factory now." if is_first else "The repair goes on."
            return f"The quote is accepted. {then}", url_of(rma)
        if data["answer"] == "scrap":
            services.scrap(**known, certificate="")
            return "The quote is declined. The factory scraps the part.", url_of(rma)
        services.decline_quote(**known)
        then = f"{rma.reference} has ended." if is_first else "The part comes back as it is."
        return f"The quote is declined. {then}", url_of(rma)

    return deed_page(request, asked, form, carry)


DOORS: dict[str, Door] = {
    "supply": _supply,
    "arrived": _arrived,
    "sent": _sent,
    "repair": _repair,
    "cancel": _cancel,
    "quote": _quote,
}
