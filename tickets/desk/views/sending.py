"""Sending what was written: who reads it stands in the address, nobody writes past a message they have not seen."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from rozoom_support.lib.refusals import Refused
from tenancy.deeds import KeyReused, fingerprint, once
from tenancy.pages import page, page_status
from tickets import queries
from tickets.conversation import message_id
from tickets.desk import composing
from tickets.desk.composing import Desk
from tickets.desk.forms import ComposeForm
from tickets.desk.views.ticket import open_desk, show
from tickets.files import check_files
from tickets.models import Message, MessageKind
from tickets.services import add_message, keep_draft

THEN = ("wait", "resolve")
SENT_BEFORE = (
    "This form was sent before, with another text. Read the conversation, then send this text if it is still needed."
)


@require_POST
@page("desk:open")
def send(request: Any, reference: str, kind: str) -> HttpResponse:
    desk = open_desk(request, reference)
    chosen = composing.kind_for(desk, kind)
    form = ComposeForm(request.POST, request.FILES, auto_id="compose_%s")
    if not form.is_valid():
        return show(request, desk, kind=chosen, bound=form, status=422)
    try:
        location = _send_once(request, desk, chosen, form)
    except Refused as refused:
        return _not_sent(request, desk, chosen, form, refused)
    return HttpResponseRedirect(location)


def _send_once(request: Any, desk: Desk, kind: MessageKind, form: ComposeForm) -> str:
    """Send it, or find that the same form was sent already. Returns where the message stands."""
    text, files = form.cleaned_data["text"], check_files(form.cleaned_data["files"])
    then = request.POST.get("then", "")
    same = fingerprint(
        desk.ticket.reference.encode(), kind.encode(), text.encode(), *(f.sha256.encode() for f in files)
    )
    with once(request.actor, form.cleaned_data["form_token"], same) as deed:
        if deed.repeated is not None:
            return str((deed.repeated.reply or {}).get("location", desk.url("ticket")))
        message = add_message(
            actor=request.actor,
            ticket=desk.ticket,
            kind=kind,
            body=text,
            now=request.unit.now,
            files=files,
            seen_at=form.cleaned_data["seen_at"] or desk.ticket.reported_at,
            then=then if then in THEN and kind == MessageKind.PUBLIC else "",
        )
        location = _place(desk, message)
        deed.finish(status=302, reply={"location": location})
    return location


def _place(desk: Desk, message: Message) -> str:
    return f"{desk.url('ticket', sent=message.kind)}#{message_id(message)}"


def _not_sent(request: Any, desk: Desk, kind: MessageKind, form: ComposeForm, refused: Refused) -> HttpResponse:
    """Nothing was sent. The text stays in the form and in the draft; what is new stands above it."""
    keep_draft(actor=request.actor, ticket=desk.ticket, kind=kind, body=form.cleaned_data["text"], now=request.unit.now)
    fresh = open_desk(request, desk.ticket.reference)
    words = SENT_BEFORE if isinstance(refused, KeyReused) else refused.message
    seen_at = queries.newest_public_at(fresh.ticket)
    again = composing.refused_form(form, words, seen_at)
    return show(request, fresh, kind=kind, bound=again, status=page_status(refused))
