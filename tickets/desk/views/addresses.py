"""Taking back the addresses people answer a ticket to."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from rozoom_support.lib.refusals import Refused
from tenancy.deeds import fingerprint, once
from tenancy.pages import form_token, new_form_token, page, page_status
from tickets.desk.composing import Desk
from tickets.desk.views.ticket import open_desk
from tickets.mail.forms import TakeBackForm
from tickets.mail.releasing import CAPABILITY
from tickets.mail.taking_back import holders, take_back


@require_http_methods(["GET", "HEAD", "POST"])
@page(CAPABILITY)
def take_back_addresses(request: Any, reference: str) -> HttpResponse:
    desk = open_desk(request, reference)
    if request.method != "POST":
        return _page(request, desk, _form(desk))
    form = _form(desk, request.POST)
    if not form.is_valid():
        return _page(request, desk, form, status=422)
    try:
        words = _once(request, desk, form)
    except Refused as refused:
        form.add_error(None, refused.message)
        return _page(request, desk, form, status=page_status(refused))
    messages.success(request, words)
    return HttpResponseRedirect(desk.url("ticket"))


def _form(desk: Desk, data: Any = None) -> TakeBackForm:
    return TakeBackForm(data, holders=holders(desk.actor, desk.ticket))


def _once(request: Any, desk: Desk, form: TakeBackForm) -> str:
    said = repr(sorted(form.cleaned_data.items()))
    with once(
        request.actor, form_token(request), fingerprint(b"take back", desk.ticket.chain.encode(), said.encode())
    ) as deed:
        if deed.repeated is not None:
            return str(deed.repeated.reply)
        taken = take_back(
            actor=request.actor,
            ticket=desk.ticket,
            reason=form.cleaned_data["reason"],
            now=request.unit.now,
            email=form.email,
        )
        whose = taken[0] if len(taken) == 1 else f"{len(taken)} people"
        words = f"The reply addresses of {whose} were taken back. The next mails carry new ones."
        deed.finish(status=302, reply=words)
        return words


def _page(request: Any, desk: Desk, form: TakeBackForm, *, status: int = 200) -> HttpResponse:
    context = {
        "section": "queue",
        "form": form,
        "ticket": desk.ticket,
        "has_any": bool(form.fields["whose"].choices),  # type: ignore[attr-defined]
        "back_url": desk.url("ticket"),
        "form_token": new_form_token(),
    }
    return render(request, "desk/take_back.html", context, status=status)
