"""Mail that came in: what is held, and deciding about it."""

from typing import Any, cast

from django.contrib import messages
from django.core.files.storage import default_storage
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from rozoom_support.lib.refusals import Refused
from tenancy.deeds import fingerprint, once
from tenancy.pages import form_token, page, page_status
from tickets.desk import listing, mailing
from tickets.desk.mailing import ReleaseForm
from tickets.mail import queries
from tickets.mail.releasing import CAPABILITY, CannotRelease, drop_mail, release_mail, try_mail_again
from tickets.models import IncomingMail

PER_PAGE = 50


@require_safe
@page(CAPABILITY)
def mails(request: Any) -> HttpResponse:
    view = request.GET.get("view", "held")
    if view not in queries.VIEWS:
        raise Http404
    shown = Paginator(queries.mails(request.actor, view), PER_PAGE).get_page(request.GET.get("page"))
    title, text = mailing.EMPTY[view]
    context = {
        "section": "mail",
        "view": view,
        "tabs": mailing.tabs(queries.counts(request.actor), view),
        "words": mailing.VIEW_WORDS[view],
        "page": shown,
        "rows": [mailing.row_of(mail) for mail in shown],
        "empty_title": title,
        "empty_text": text,
    }
    return render(request, "desk/mails.html", context)


@require_safe
@page(CAPABILITY)
def mail(request: Any, mail_id: int) -> HttpResponse:
    found = queries.mail_for(request.actor, mail_id)
    return _page(request, found, _fresh_form(request, found))


@require_POST
@page(CAPABILITY)
def release(request: Any, mail_id: int) -> HttpResponse:
    found = queries.mail_for(request.actor, mail_id)
    form = ReleaseForm(request.POST, actor=request.actor)
    if not form.is_valid():
        return _page(request, found, form, status=422)
    try:
        reference = _release_once(request, found, form)
    except Refused as refused:
        form.add_error(refused.param if refused.param in form.fields else None, refused.message)
        return _page(request, queries.mail_for(request.actor, mail_id), form, status=page_status(refused))
    messages.success(request, f"Released into {reference}.")
    return _to_the_next(request, found)


def _release_once(request: Any, found: IncomingMail, form: ReleaseForm) -> str:
    digest = fingerprint(b"release", str(found.pk).encode(), repr(sorted(form.cleaned_data.items())).encode())
    with once(request.actor, form_token(request), digest) as deed:
        if deed.repeated is not None:
            return str(deed.repeated.reply)
        ticket = release_mail(
            actor=request.actor,
            mail=found,
            now=request.unit.now,
            written_by=form.cleaned_data["written_by"],
            ticket=form.ticket,
            customer=form.owner,
        )
        deed.finish(status=302, reply=ticket.reference)
        return ticket.reference


@require_POST
@page(CAPABILITY)
def drop(request: Any, mail_id: int) -> HttpResponse:
    found = queries.mail_for(request.actor, mail_id)
    return _decide(request, found, drop_mail, f"Mail {found.pk} is dropped. It stands under Dropped.")


@require_POST
@page(CAPABILITY)
def again(request: Any, mail_id: int) -> HttpResponse:
    found = queries.mail_for(request.actor, mail_id)
    return _decide(request, found, try_mail_again, f"Mail {found.pk} is read once more, in a few seconds.")


def _decide(request: Any, found: IncomingMail, deed: Any, words: str) -> HttpResponse:
    try:
        deed(actor=request.actor, mail=found, now=request.unit.now)
    except CannotRelease as refused:
        fresh = queries.mail_for(request.actor, found.pk)
        return _page(request, fresh, _fresh_form(request, fresh), notice=refused.message, status=page_status(refused))
    messages.success(request, words)
    return _to_the_next(request, found)


def _to_the_next(request: Any, found: IncomingMail) -> HttpResponse:
    """Whoever works off what is held goes on with the next one, without a look at the list."""
    following = queries.next_held(request.actor, found) if found.outcome == IncomingMail.Outcome.HELD else None
    if following is not None:
        return HttpResponseRedirect(reverse("desk:mail", args=[following.pk]))
    return HttpResponseRedirect(reverse("desk:mails"))


@require_safe
@page(CAPABILITY)
def as_it_came(request: Any, mail_id: int) -> HttpResponse:
    """For a mail program. Never shown by the browser, whatever is in it."""
    found = queries.mail_for(request.actor, mail_id)
    if not found.stored_as or not default_storage.exists(found.stored_as):
        raise Http404
    response = FileResponse(
        default_storage.open(found.stored_as),
        as_attachment=True,
        filename=f"mail-{found.pk}.eml",
        content_type="application/octet-stream",
    )
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return cast(HttpResponse, response)


def _fresh_form(request: Any, found: IncomingMail) -> ReleaseForm:
    ticket, customer = queries.guess(found) if found.can_be_released else (None, None)
    initial = {
        "into": ticket.reference if ticket is not None else "",
        "customer": customer.code if customer is not None else "",
        "written_by": found.sender,
    }
    return ReleaseForm(initial=initial, actor=request.actor)


def _page(request: Any, found: IncomingMail, form: ReleaseForm, *, notice: str = "", status: int = 200) -> HttpResponse:
    is_placed = bool(form["into"].value() or form["customer"].value())
    context = {
        "section": "mail",
        "mail": found,
        "form": form,
        "facts": mailing.facts(found),
        "html": mailing.as_html(found),
        "customers": listing.customers_to_choose(request.actor) if found.can_be_released else [],
        "back_url": reverse("desk:mails"),
        "is_placed": is_placed,
        "notice": notice,
    }
    if not is_placed:
        form.fields["customer"].widget.attrs |= {"data-key": "r", "data-key-name": "Choose the customer"}
    return render(request, "desk/mail.html", context, status=status)
