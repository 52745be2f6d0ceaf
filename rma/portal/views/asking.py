"""Asking for a replacement on a ticket: which part, what can be had and why, where to, check, sent."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from rma.portal import asking
from rma.portal.asking import Offer, Subject
from rma.portal.doors import carry_out, frame
from rma.portal.forms import PartForm, RequestForm
from rma.services import CannotRequest, request_return
from rma.states import RmaState
from rozoom_support.lib.refusals import Refused
from tenancy.pages import page
from tickets.lifecycle import UNSOLVED
from tickets.models import Ticket
from tickets.portal.answers import show
from tickets.queries import ticket_for


@require_http_methods(["GET", "HEAD", "POST"])
@page("rma:request")
def ask(request: Any, ticket: str) -> HttpResponse:
    found = ticket_for(request.actor, ticket)
    if found.state not in UNSOLVED:
        words = f"{found.reference} has ended. Open it again, or report the failure as a new problem."
        messages.info(request, words)
        return redirect(_ticket_url(request, found))
    asked = request.POST if request.method == "POST" else request.GET
    subject = asking.subject_of(found, asked)
    if not subject.is_named:
        return _choose(request, found, subject)
    try:
        offer = asking.offer_for(request.actor, found, subject, request.unit.now)
    except CannotRequest as refused:
        return _choose(request, found, Subject(serial=subject.serial, problem=refused.message))
    if offer.goes_on_in:
        messages.info(request, f"A return of this part is open already. It goes on in {offer.goes_on_in}.")
        return redirect("returns:tracking", offer.goes_on_in)
    if not offer.can_be_asked:
        return show(request, "rma/portal/not_possible.html", _context(request, found, subject, offer))
    return _steps(request, found, subject, offer)


def _choose(request: Any, ticket: Ticket, subject: Subject) -> HttpResponse:
    """Which part it is. One that can not be taken is said at its field, with what was typed."""
    components = asking.choosable(ticket)
    picked = request.POST if request.method == "POST" else request.GET
    is_asked = bool(subject.problem) or "which" in picked
    form = PartForm(picked if is_asked else None, components=components)
    if is_asked and form.is_valid() and not subject.problem:
        subject = Subject()
    if subject.problem:
        field = "serial" if subject.serial or "component" not in form.fields else "component"
        form.errors.pop("component", None)
        form.add_error(field, subject.problem)
    context = {
        **frame(request),
        "ticket": ticket,
        "ticket_url": _ticket_url(request, ticket),
        "form": form,
        "components": components,
    }
    return show(request, "rma/portal/which.html", context, status=422 if is_asked and form.errors else 200)


def _steps(request: Any, ticket: Ticket, subject: Subject, offer: Offer) -> HttpResponse:
    step = request.POST.get("step", "")
    sites = asking.sites_of(ticket.customer_id)
    if step not in ("check", "send", "edit"):
        return _form_page(request, ticket, subject, offer, asking.request_form(ticket, offer, sites))
    form = asking.request_form(ticket, offer, sites, request.POST)
    if step == "edit" or not form.is_valid():
        if step == "edit":
            form = _as_typed(form, ticket, offer, sites)
        return _form_page(request, ticket, subject, offer, form, status=200 if step == "edit" else 422)
    try:
        if step == "send":
            return carry_out(request, lambda: _send(request, ticket, subject, form))
        wanted = asking.offer_for(request.actor, ticket, subject, request.unit.now, asking.wish_of(subject, form))
    except Refused as refused:
        form.add_error(refused.param if refused.param in form.fields else None, refused.message)
        return _form_page(request, ticket, subject, offer, form, status=422)
    context = {
        **_context(request, ticket, subject, wanted),
        "rows": asking.answers_of(form),
        "carried": asking.carried(subject, form),
        "changed": wanted.decision != offer.decision,
    }
    return show(request, "rma/portal/check.html", context)


def _as_typed(form: RequestForm, ticket: Ticket, offer: Offer, sites: list[Any]) -> RequestForm:
    """The same answers again, to be changed: nothing is wrong with them."""
    again = asking.request_form(ticket, offer, sites)
    again.initial = {**again.initial, **{name: form.data.get(name, "") for name in form.fields}}
    return again


def _send(request: Any, ticket: Ticket, subject: Subject, form: RequestForm) -> tuple[str, str]:
    wish = asking.wish_of(subject, form)
    made = request_return(actor=request.actor, ticket=ticket, wish=wish, now=request.unit.now)
    url = reverse("returns:tracking", args=[made.rma.reference])
    if not made.is_new:
        return f"A return of this part is open already: {made.rma.reference}.", url
    if made.rma.state == RmaState.REJECTED:
        return f"{made.rma.reference} is kept. The reasons stand below.", url
    return f"{made.rma.reference} is requested.", url


def _form_page(
    request: Any, ticket: Ticket, subject: Subject, offer: Offer, form: RequestForm, *, status: int = 200
) -> HttpResponse:
    context = {**_context(request, ticket, subject, offer), "form": form}
    return show(request, "rma/portal/ask.html", context, status=status)


def _context(request: Any, ticket: Ticket, subject: Subject, offer: Offer) -> dict[str, Any]:
    here = reverse("returns:ask", args=[ticket.reference])
    return {
        **frame(request),
        "ticket": ticket,
        "ticket_url": _ticket_url(request, ticket),
        "here": here,
        "subject": subject,
        "offer": offer,
        "may_ask_quote": request.actor.can("agreement:ask"),
    }


def _ticket_url(request: Any, ticket: Ticket) -> str:
    page_name = "portal:ticket" if request.actor.party == "customer" else "desk:ticket"
    return reverse(page_name, args=[ticket.reference])
