"""P4: the page that asks before a ticket is solved, closed, opened again or withdrawn."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from rozoom_support.lib.refusals import Refused
from tenancy.deeds import fingerprint, once
from tenancy.pages import form_token, page
from tickets.lifecycle import allowed
from tickets.models import MessageKind, Ticket
from tickets.portal.answers import show
from tickets.portal.forms import MoveForm
from tickets.portal.moves import MOVES, Move
from tickets.queries import ticket_for
from tickets.services import add_message, make_move


@page("ticket:read")
def move(request: Any, reference: str, move: str) -> HttpResponse:
    wanted = MOVES.get(move)
    if wanted is None:
        raise Http404
    ticket = ticket_for(request.actor, reference)
    if request.method != "POST":
        if move not in allowed(ticket, request.actor, request.unit.now, settings.LIMITS["reopen_days"]):
            messages.info(request, f"{ticket.reference} has changed meanwhile. Here is how it stands.")
            return redirect("portal:ticket", ticket.reference)
        return _page(request, ticket, wanted, _form(wanted, initial={"version": ticket.version}))
    form = _form(wanted, data=request.POST)
    if not form.is_valid():
        return _page(request, ticket, wanted, form, 422)
    try:
        _carry_out(request, ticket, move, form.cleaned_data)
    except Refused as refused:
        if refused.param != "reason":
            raise
        form.add_error("reason", refused.message)
        return _page(request, ticket, wanted, form, 422)
    messages.success(request, wanted.said_of(ticket)["done"])
    return redirect("portal:ticket", ticket.reference)


def _form(wanted: Move, **more: Any) -> MoveForm:
    form = MoveForm(label=wanted.reason, missing=wanted.missing, **more)
    if wanted.reason:
        form.fields["reason"].help_text = wanted.hint
    return form


def _carry_out(request: Any, ticket: Ticket, move: str, wanted: dict[str, Any]) -> None:
    reason, version = wanted.get("reason", ""), wanted["version"]
    print_of_request = fingerprint(b"move", ticket.chain.encode(), move.encode(), reason.encode())
    known = {"actor": request.actor, "ticket": ticket, "now": request.unit.now, "version": version}
    with once(request.actor, form_token(request), print_of_request) as deed:
        if deed.repeated is not None:
            return
        if move == "reopen":
            # A message opens it again and starts a new promise; the bare move would leave the customer without one.
            add_message(kind=MessageKind.PUBLIC, body=reason, **known)
        else:
            make_move(move=move, **known, **DETAILS.get(move, lambda reason: {})(reason))
        deed.finish(status=302, reply={})


DETAILS: dict[str, Any] = {
    "resolve": lambda reason: {"resolution": reason},
    "withdraw": lambda reason: {"reason": reason},
}


def _page(request: Any, ticket: Ticket, wanted: Move, form: MoveForm, status: int = 200) -> HttpResponse:
    context = {
        "section": "tickets",
        "ticket": ticket,
        "ticket_url": reverse("portal:ticket", args=[ticket.reference]),
        "form": form,
        "look": wanted.look,
        **wanted.said_of(ticket),
    }
    return show(request, "portal/move.html", context, status=status)
