"""P4: writing on a ticket, hearing of new messages, and the draft that is kept meanwhile."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from rozoom_support.lib.refusals import Refused
from tenancy.deeds import fingerprint, once
from tenancy.pages import form_token, page
from tickets.answers import instant, stamp
from tickets.conversation import entry_of, message_id
from tickets.files import BadFile, CheckedFile, check_files
from tickets.models import MessageKind, Ticket
from tickets.portal.answers import nothing, show
from tickets.portal.forms import ReplyForm
from tickets.portal.ticket_page import composer_of, context_of, find
from tickets.queries import newest_public_at, said_since, ticket_for
from tickets.services import add_message, keep_draft
from tickets.services.conversation import NewerMessage


@page("ticket:reply")
def reply(request: Any, reference: str) -> HttpResponse:
    ticket = ticket_for(request.actor, reference)
    if request.method != "POST":
        return redirect("portal:ticket", ticket.reference)
    form = ReplyForm(request.POST)
    files = _checked(request, form)
    if not form.is_valid():
        return _not_sent(request, ticket, form, 422)
    try:
        said = _say(request, ticket, form.cleaned_data["text"], files)
    except NewerMessage as newer:
        form.add_error(None, newer.message)
        return _not_sent(request, ticket, form, 409)
    except Refused as refused:
        form.add_error(None, refused.message)
        return _not_sent(request, ticket, form, 422)
    if request.htmx:
        return _sent(request, ticket)
    return redirect(f"{reverse('portal:ticket', args=[ticket.reference])}#{said}")


def _checked(request: Any, form: ReplyForm) -> list[CheckedFile]:
    try:
        return check_files(request.FILES.getlist("files"))
    except BadFile as bad:
        form.add_error("files", bad.message)
        return []


def _say(request: Any, ticket: Ticket, text: str, files: list[CheckedFile]) -> str:
    """Say it once, however often it was sent. Returns the id of the message on the page."""
    digests = [file.sha256.encode() for file in files]
    with once(
        request.actor, form_token(request), fingerprint(b"reply", ticket.chain.encode(), text.encode(), *digests)
    ) as deed:
        if deed.repeated is not None:
            return str((deed.repeated.reply or {})["message"])
        message = add_message(
            actor=request.actor,
            ticket=ticket,
            kind=MessageKind.PUBLIC,
            body=text,
            now=request.unit.now,
            files=files,
            seen_at=instant(request.POST.get("seen", "")),
        )
        said = message_id(message)
        deed.finish(status=302, reply={"message": said})
        return said


def _not_sent(request: Any, ticket: Ticket, form: ReplyForm, status: int) -> HttpResponse:
    """Nothing was sent: the text is kept here and on the server, and what is new is shown."""
    text = request.POST.get("text", "").replace("\x00", "")
    keep_draft(actor=request.actor, ticket=ticket, kind=MessageKind.PUBLIC, body=text, now=request.unit.now)
    seen = instant(request.POST.get("seen", ""))
    newer = said_since(request.actor, ticket, seen) if seen and status == 409 else []
    context = {
        **context_of(request, find(request, ticket)),
        **composer_of(request, ticket, form),
        "had_files": bool(request.FILES) and not request.htmx,
        "newer": [entry_of(message, prefix="new-") for message in newer],
    }
    response = show(request, "portal/ticket.html", context, part="portal/_reply_refused.html", status=status)
    if request.htmx:
        response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#reply-errors", "innerHTML"
    return response


def _sent(request: Any, ticket: Ticket) -> HttpResponse:
    ticket = ticket_for(request.actor, ticket.reference)
    found = find(request, ticket, seen=instant(request.POST.get("seen", "")))
    context = {**context_of(request, found), **composer_of(request, ticket), "say": "Reply sent"}
    return stamp(request, render(request, "portal/_reply_sent.html", context))


@require_GET
@page("ticket:read")
def news(request: Any, reference: str) -> HttpResponse:
    """Asked every ten seconds by a page that is looked at: 204, or what is new beside the reader's own text."""
    ticket = ticket_for(request.actor, reference)
    seen = instant(request.GET.get("seen", "")) or newest_public_at(ticket)
    said = said_since(request.actor, ticket, seen)
    told, version = request.GET.get("told", ""), request.GET.get("version", "")
    if told == str(len(said)) and version == str(ticket.version):
        return nothing(request)
    context = {
        **context_of(request, find(request, ticket), unfold=request.GET.get("all") == "1"),
        "news_seen": seen.isoformat(),
        "told": len(said),
        "say_new": f"New message from {said[-1].author_name}" if said and str(len(said)) != told else "",
    }
    return stamp(request, render(request, "portal/_news_answer.html", context))


@require_POST
@page("ticket:read")
def reply_draft(request: Any, reference: str, kind: str) -> HttpResponse:
    """Autosave of what a person writes on a ticket, one draft per kind; portal and desk share it."""
    if kind not in MessageKind.values:
        raise Http404
    ticket = ticket_for(request.actor, reference)
    body = request.POST.get("text", "").replace("\x00", "")
    keep_draft(actor=request.actor, ticket=ticket, kind=MessageKind(kind), body=body, now=request.unit.now)
    return nothing(request)
