"""The composer: closed until a kind is chosen, one draft per kind, a send button that names who reads it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from django.http import QueryDict
from django.urls import reverse

from rozoom_support.lib.refusals import NotFound
from rozoom_support.lib.ui.times import clock_time
from tenancy.actor import Actor
from tenancy.pages import new_form_token
from tickets.desk.forms import ComposeForm
from tickets.desk.rows import with_query
from tickets.desk.words import Readers
from tickets.lifecycle import UNSOLVED, State
from tickets.models import MessageKind, ReplyDraft, Ticket
from tickets.services.conversation import NEEDS

DEED_OF_KIND = {
    MessageKind.PUBLIC: "reply",
    MessageKind.INTERNAL: "internal_note",
    MessageKind.PARTNER: "partner_note",
}
CHOICES = {
    MessageKind.PUBLIC: ("Reply", "r"),
    MessageKind.INTERNAL: ("Internal note", "n"),
    MessageKind.PARTNER: ("Partner note", "p"),
}
NOT_OUR_CLOCK = "Your reply does not stop roZoom's promise: only an answer by roZoom does."


@dataclass(frozen=True)
class Desk:
    """The ticket as this reader sees it: what the pages of one request are made from."""

    actor: Actor
    ticket: Ticket
    readers: Readers
    may: Sequence[str]
    list_query: str
    zone: str

    def url(self, name: str, *args: str, **more: str) -> str:
        """An address under this ticket that keeps the list it was opened from."""
        query = "&".join(part for part in (self.list_query, *(f"{k}={v}" for k, v in more.items())) if part)
        return with_query(reverse(f"desk:{name}", args=[self.ticket.reference, *args]), query)


def kinds(desk: Desk) -> list[MessageKind]:
    """What this person may write here. A partner note needs a partner."""
    offered = [kind for kind, deed in DEED_OF_KIND.items() if deed in desk.may]
    return [kind for kind in offered if kind != MessageKind.PARTNER or desk.readers.partner]


def kind_for(desk: Desk, name: str) -> MessageKind:
    """The kind of this name. One that the reader's role never has is not there at all."""
    if name not in MessageKind.values or not desk.actor.can(NEEDS[MessageKind(name)]):
        raise NotFound
    return MessageKind(name)


def closed(desk: Desk) -> list[dict[str, str]]:
    return [
        {
            "label": CHOICES[kind][0],
            "key": CHOICES[kind][1],
            "kind": kind,
            "url": f"{desk.url('ticket', compose=kind)}#compose_text",
        }
        for kind in kinds(desk)
    ]


def opened(
    desk: Desk, kind: MessageKind, *, draft: ReplyDraft | None, seen_at: datetime, bound: ComposeForm | None = None
) -> dict[str, Any]:
    """Variables of components/composer.html. With `bound`, the text that was not sent stands in it again."""
    stale = bound is not None and not bound.has_error("text")
    form = bound or ComposeForm(
        initial={
            "text": draft.body if draft else "",
            "seen_at": seen_at.isoformat(),
            "form_token": new_form_token(),
        },
        auto_id="compose_%s",
    )
    return {
        "kind": kind,
        "title": CHOICES[kind][0],
        "audience": audience(desk, kind),
        "action": desk.url("send", kind),
        "form": form,
        "send_label": send_label(desk, kind, again=stale),
        "draft_url": reverse("portal:reply_draft", args=[desk.ticket.reference, kind]),
        "saved": f"Saved {clock_time(draft.updated_at, desk.zone)}" if draft and not bound else "",
        "cancel_url": desk.url("ticket"),
        "send_choices": send_choices(desk, kind),
    }


def audience(desk: Desk, kind: MessageKind) -> str:
    words = desk.readers.audience(kind)
    if kind == MessageKind.PUBLIC and desk.actor.party == "reseller" and desk.ticket.clock_due_at is not None:
        return f"{words}. {NOT_OUR_CLOCK}"
    return words


def send_label(desk: Desk, kind: MessageKind, *, again: bool = False) -> str:
    others = desk.readers.others(kind)
    if kind == MessageKind.PUBLIC:
        return f"Send anyway to {others}" if again else f"Send reply to {others}"
    return f"Add partner note for {others}" if kind == MessageKind.PARTNER else f"Add internal note for {others}"


def send_choices(desk: Desk, kind: MessageKind) -> list[dict[str, str]]:
    """What happens after sending, beside leaving it open. Offered only where the deed would be allowed."""
    state, actor = desk.ticket.state, desk.actor
    if kind != MessageKind.PUBLIC or not actor.can("ticket:work") or state not in UNSOLVED:
        return []
    found = []
    if state in (State.NEW, State.OPEN):
        found.append({"value": "wait", "label": "Send and wait for customer", "key": "Mod+Shift+Enter"})
    if actor.answers_for_rozoom or desk.ticket.clock_due_at is None:
        found.append({"value": "resolve", "label": "Send and resolve"})
    return [{"name": "then", **one} for one in found]


def refused_form(form: ComposeForm, words: str, seen_at: datetime) -> ComposeForm:
    """The same text in a form that may be sent again: it has seen what stands on the page now, and has a new token."""
    data = cast(QueryDict, form.data).copy()
    data["seen_at"], data["form_token"] = seen_at.isoformat(), new_form_token()
    again = ComposeForm(data, auto_id="compose_%s")
    again.add_error(None, f"{words} Choose the files again." if form.files else words)
    return again
