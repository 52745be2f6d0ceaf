"""Deciding otherwise than the rules: promise an answer to what nobody covers, or take a covered ticket out."""

from typing import Any, cast

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from rozoom_support.lib.refusals import Refused
from tenancy.deeds import fingerprint, once
from tenancy.pages import form_token, new_form_token, page, page_status
from tickets.desk import coverage
from tickets.desk.composing import Desk
from tickets.desk.forms import DecideForm
from tickets.desk.views.ticket import open_desk, show
from tickets.services import grant_promise, override_coverage
from tickets.shown import cover_of


@require_http_methods(["GET", "HEAD", "POST"])
@page("ticket:grant-promise")
def decide(request: Any, reference: str) -> HttpResponse:
    """What can be decided follows from how it stands; the version tells whether it still stood so when it was sent."""
    desk = open_desk(request, reference)
    deed = coverage.deed_of(desk.may)
    if deed is None:
        return show(request, desk, notice="There is nothing to decide about its cover now.", status=409)
    if request.method != "POST":
        return _page(request, desk, DecideForm(initial={"version": desk.ticket.version}))
    form = DecideForm(request.POST)
    if not form.is_valid():
        return _page(request, desk, form, status=422)
    try:
        _once(request, desk, deed, form.cleaned_data)
    except Refused as refused:
        return _refused(request, desk, form, refused)
    messages.success(request, coverage.DONE[deed])
    return HttpResponseRedirect(desk.url("ticket"))


def _once(request: Any, desk: Desk, deed: str, cleaned: dict[str, Any]) -> None:
    call = grant_promise if deed == "grant_promise" else override_coverage
    digest = fingerprint(b"decide", desk.ticket.chain.encode(), cleaned["reason"].encode())
    with once(request.actor, form_token(request), digest) as claimed:
        if claimed.repeated is None:
            call(
                actor=request.actor,
                ticket=desk.ticket,
                reason=cleaned["reason"],
                now=request.unit.now,
                version=cleaned["version"],
            )
            claimed.finish(status=302, reply={})


def _refused(request: Any, desk: Desk, form: DecideForm, refused: Refused) -> HttpResponse:
    """The same words again, for how it stands now; or the ticket, when there is nothing left to decide."""
    fresh = open_desk(request, desk.ticket.reference)
    if coverage.deed_of(fresh.may) is None or coverage.deed_of(fresh.may) != coverage.deed_of(desk.may):
        return show(request, fresh, notice=refused.message, status=page_status(refused))
    data = cast(QueryDict, form.data).copy()
    data["version"] = str(fresh.ticket.version)
    again = DecideForm(data)
    again.add_error(refused.param if refused.param in again.fields else None, refused.message)
    return _page(request, fresh, again, status=page_status(refused))


def _page(request: Any, desk: Desk, form: DecideForm, *, status: int = 200) -> HttpResponse:
    context = {
        "section": "queue",
        "form": form,
        "ticket": desk.ticket,
        "cover": cover_of(desk.ticket),
        "words": coverage.WORDS[coverage.deed_of(desk.may) or ""],
        "back_url": desk.url("ticket"),
        "form_token": new_form_token(),
    }
    return render(request, "desk/decide.html", context, status=status)
