"""Making a quote: choose the customer, then components and dates, look at it, make it. And asking for one."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from contracts import services
from contracts.lifecycle import TermState
from contracts.models import AgreementTerm, QuoteRequest
from contracts.selling import moves, queries
from contracts.selling.choosing import Picker, first_day, offer_of, picker
from contracts.selling.forms import AskForm, QuoteForm
from contracts.selling.views._doors import Asked, carry_out, deed_page
from contracts.selling.words import day_words, money
from contracts.standing import standing, today_of
from rozoom_support.lib.refusals import NotFound, Refused
from tenancy.models import Organisation
from tenancy.pages import page

CUSTOMERS = 50


@require_http_methods(["GET", "POST"])
@page("agreement:quote")
def new_quote(request: Any) -> HttpResponse:
    """For a customer that is named by its code; without one, or with one that is not served, it is chosen first."""
    customer = _customer(request)
    if customer is None:
        return _choose_customer(request)
    asked = _request(request, customer)
    wanted = {"components": asked.components} if asked else {"components": request.GET.getlist("component")}
    agreement = asked.agreement if asked else None
    if agreement is not None and not wanted["components"]:
        wanted["components"] = _latest_components(agreement.terms.order_by("-start_date").first())
    return _quote_page(request, customer, wanted, request_of_customer=asked)


@require_http_methods(["GET", "POST"])
@page("agreement:quote")
def again(request: Any, term_id: UUID) -> HttpResponse:
    """A new quote in the place of one that expired or was cancelled, in the same agreement; else beside what is over."""
    term, _ = _allowed(request, term_id, "again")
    reuse = term.state in (TermState.QUOTED, TermState.QUOTE_EXPIRED, TermState.CANCELLED)
    wanted = {"components": _latest_components(term), "currency": term.agreement.currency}
    return _quote_page(request, term.agreement.customer, wanted, again_for=term if reuse else None)


@require_http_methods(["GET", "POST"])
@page("agreement:quote")
def change(request: Any, term_id: UUID) -> HttpResponse:
    term, _ = _allowed(request, term_id, "change")
    wanted = {
        "components": _latest_components(term),
        "start": term.start_date,
        "length": _length_of(term),
        "currency": term.agreement.currency,
    }
    return _quote_page(request, term.agreement.customer, wanted, changed=term)


@require_POST
@page("agreement:quote")
def take_back(request: Any, term_id: UUID) -> HttpResponse:
    term = queries.term_for(request.actor, term_id)

    def deed() -> tuple[str, str]:
        services.take_back(actor=request.actor, term=term, now=request.unit.now)
        words = "The quote is taken back: nobody can order it. Change it and quote it again."
        return words, reverse("contracts:term_change", args=[term.pk])

    return carry_out(request, deed)


def _quote_page(
    request: Any,
    customer: Organisation,
    wanted: dict[str, Any],
    *,
    request_of_customer: QuoteRequest | None = None,
    again_for: AgreementTerm | None = None,
    changed: AgreementTerm | None = None,
) -> HttpResponse:
    """The form, what it would cost, and the quote itself are one address; each step sends everything along."""
    actor, now = request.actor, request.unit.now
    today = today_of(customer, now)
    pick = picker(customer, now, site=_site_shown(request), chosen=wanted["components"])
    bound_to = changed or again_for
    form = QuoteForm(
        _with_sites(request.POST, pick) if request.method == "POST" else None,
        components=pick.components,
        together=queries.running_terms(customer, today),
        currencies=[bound_to.agreement.currency] if bound_to else queries.currencies(),
        earliest=min(today, changed.start_date) if changed else today,
        sellers=queries.sellers_for(actor, customer, bound_to.agreement if bound_to else None),
        initial={
            "start": first_day(pick, today),
            "length": "1",
            "currency": queries.usual_currency(customer),
            **wanted,
        },
    )
    context = {
        "section": "agreements",
        "desk": True,
        "customer": customer,
        "form": form,
        "pick": pick.marked(form["components"].value() or []),
        "asked": request_of_customer,
        "cancel_url": _back(bound_to),
        "words": "Change the quote" if changed else "Make a quote",
    }
    if request.method != "POST" or request.POST.get("step") == "edit" or "open_site" in request.POST:
        form.errors.clear() if form.is_bound else None
        return render(request, "contracts/selling/quote_form.html", context)
    if not form.is_valid():
        return render(request, "contracts/selling/quote_form.html", context, status=422)
    try:
        offer = offer_of(form, customer)
        plan = services.plan(offer, on=today, now=now)
        if request.POST.get("step") == "quote":
            made = {"actor": actor, "offer": offer, "on": today, "now": now}

            def deed() -> tuple[str, str]:
                if changed is not None:
                    term = services.change_quote(term=changed, **made)
                else:
                    seller = form.sellers[form.cleaned_data["sold_by"]]
                    agreement = again_for.agreement if again_for else None
                    term = services.make_quote(sold_by=seller, agreement=agreement, request=request_of_customer, **made)
                words = f"The quote stands until {day_words(term.valid_until)}. {customer.name} can order it."
                return words, reverse("contracts:agreement", args=[term.agreement_id])

            return carry_out(request, deed)
    except Refused as refused:
        form.add_error(refused.param if refused.param in form.fields else None, refused.message)
        return render(request, "contracts/selling/quote_form.html", context, status=422)
    context |= {
        "plan": plan,
        "lines": [
            (line, money(line.list_price, offer.currency), money(line.fee, offer.currency)) for line in plan.lines
        ],
        "total": money(plan.total, offer.currency),
        "valid_until": today + services.VALID,
    }
    return render(request, "contracts/selling/quote_preview.html", context)


def _given(request: Any) -> QueryDict:
    return request.POST if request.method == "POST" else request.GET


def _site_shown(request: Any) -> str:
    """Of a large customer, the one whose components stand there singly."""
    given = _given(request)
    return str(given.get("open_site") or given.get("site_shown", ""))[:40]


def _with_sites(data: QueryDict, pick: Picker) -> QueryDict:
    """A ticked site is all of its components."""
    whole = data.copy()
    chosen = dict.fromkeys(data.getlist("components"))
    for site in data.getlist("sites"):
        chosen |= dict.fromkeys(pick.keys_at(site))
    whole.setlist("components", list(chosen))
    return whole


def _customer(request: Any) -> Organisation | None:
    code = _given(request).get("customer", "").strip()[:12].replace("\0", "")
    return queries.customers_of(request.actor).filter(code__iexact=code).first() if code else None


def _request(request: Any, customer: Organisation) -> QuoteRequest | None:
    """What the customer asked for, when the quote answers that."""
    try:
        key = UUID(_given(request).get("request", ""))
    except ValueError:
        return None
    return queries.open_requests(request.actor).filter(pk=key, customer=customer).first()


def _choose_customer(request: Any) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:100].replace("\0", "")
    found = list(queries.customers_of(request.actor, words)[: CUSTOMERS + 1])
    context = {
        "section": "agreements",
        "words": words,
        "customers": found[:CUSTOMERS],
        "more": len(found) > CUSTOMERS,
    }
    return render(request, "contracts/selling/quote_customer.html", context)


def _latest_components(term: AgreementTerm | None) -> list[str]:
    if term is None:
        return []
    return [str(key) for key in term.lines.filter(removed_on=None).values_list("component_id", flat=True)]


def _length_of(term: AgreementTerm) -> str:
    whole = [years for years in (1, 2, 3) if services.years_from(term.start_date, years)[1] == term.end_date]
    return str(whole[0]) if whole else ""


def _back(term: AgreementTerm | None) -> str:
    return reverse("contracts:agreement", args=[term.agreement_id]) if term else reverse("contracts:agreements")


def _allowed(request: Any, term_id: UUID, move: str) -> tuple[AgreementTerm, Any]:
    """The term, when the table of moves has this one for it now. Else the page is not there."""
    term = queries.term_for(request.actor, term_id)
    stands = standing(term, request.unit.now)
    if not moves.may(request.actor, term, stands, move):
        raise NotFound
    return term, stands


# Asking ---------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "POST"])
@page("agreement:ask")
def ask(request: Any) -> HttpResponse:
    """A customer asks for a quote of components that it marks."""
    return _ask_page(request, None)


@require_http_methods(["GET", "POST"])
@page("agreement:ask")
def ask_about(request: Any, term_id: UUID) -> HttpResponse:
    """To renew an agreement, to change it, or to end it."""
    term, _ = _allowed(request, term_id, "ask")
    return _ask_page(request, term)


def _ask_page(request: Any, term: AgreementTerm | None) -> HttpResponse:
    actor, now, customer = request.actor, request.unit.now, request.membership.organisation
    pick = picker(customer, now, site=_site_shown(request), chosen=request.GET.getlist("component"))
    form = AskForm(
        _with_sites(request.POST, pick) if request.method == "POST" else None,
        components=pick.components,
        needs_components=term is None,
        initial={"components": request.GET.getlist("component")},
    )
    agreement = term.agreement if term else None
    asked = Asked(
        title=f"Ask about {agreement}" if agreement else "Ask for a quote",
        lead="Write what you need: to renew it, to change it, or to end it." if agreement else "",
        send="Send",
        cancel_url=_back(term),
        more={
            "pick": None if term else pick.marked(form["components"].value() or []),
            "seller": customer.served_by.name if customer.reseller_id else "roZoom",
        },
        template="contracts/selling/ask.html",
    )
    if request.method == "POST" and "open_site" in request.POST:
        form.errors.clear()
        context = {"section": "agreements", "desk": False, "asked": asked, "form": form, **asked.more}
        return render(request, asked.template, context)

    def deed(data: dict[str, Any]) -> tuple[str, str]:
        services.ask_for_quote(
            actor=actor, customer=customer, components=form.chosen(), text=data["text"], agreement=agreement, now=now
        )
        return "It is sent. You read the answer here.", reverse("contracts:agreements")

    return deed_page(request, asked, form, deed)


@require_POST
@page("agreement:quote")
def close_request(request: Any, request_id: UUID) -> HttpResponse:
    """Answered in another way than by a quote."""
    found = queries.request_for(request.actor, request_id)

    def deed() -> tuple[str, str]:
        services.close_request(actor=request.actor, request=found, now=request.unit.now)
        return f"The question of {found.asked_by_name} is closed.", reverse("contracts:agreements")

    return carry_out(request, deed)
