"""The page of one ticket at the desk: everything it shows, read once, given to templates as plain values."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from notifications.undelivered import undelivered_of
from rozoom_support.lib.ui.parts import parts_of
from sla.queries import segments_of
from tenancy.pages import new_form_token
from tickets import queries
from tickets.desk import composing, coverage, facts, moving
from tickets.desk.composing import Desk
from tickets.desk.filters import Asked
from tickets.desk.forms import ComposeForm
from tickets.desk.listing import beside, title
from tickets.desk.rows import row, state_words, ticket_url, with_query
from tickets.desk.talk import talk_of
from tickets.desk.words import Readers
from tickets.lifecycle import State, allowed
from tickets.mail.releasing import CAPABILITY as MAIL
from tickets.models import Message, MessageKind, Ticket
from tickets.severity_panel import panel_of
from tickets.shown import partner_of, promise_of_segments, zone_of

BESIDE_AROUND = 12  # rows of the list above and below this ticket


def desk_for(request: Any, reference: str, list_query: str = "") -> Desk:
    """The ticket for this reader. Raises NotFound."""
    ticket = queries.ticket_for(request.actor, reference)
    return desk_of(request, ticket, list_query)


def desk_of(request: Any, ticket: Ticket, list_query: str = "") -> Desk:
    actor = request.actor
    return Desk(
        actor=actor,
        ticket=ticket,
        readers=Readers.of(actor, ticket, partner_of(ticket.reseller)),
        may=allowed(ticket, actor, request.unit.now, settings.LIMITS["reopen_days"]),
        list_query=list_query,
        zone=zone_of(request),
    )


def head(desk: Desk) -> dict[str, Any]:
    """The parts that change while the page is open: they are drawn the same at first and by the poll."""
    ticket, actor = desk.ticket, desk.actor
    promise = promise_of_segments(ticket, segments_of(ticket.customer_id, ticket.pk))
    return {
        "desk": desk,
        "ticket": ticket,
        "revision": queries.revision(actor, ticket),
        "promise": promise,
        "state_words": state_words(ticket),
        "is_mine": ticket.assignee_id is not None and ticket.assignee_id == actor.person_id,
        "take_url": desk.url("take") if "take" in desk.may else "",
        "assign_url": desk.url("assign") if "assign" in desk.may else "",
        "why_url": desk.url("why"),
        "plain_url": desk.url("ticket"),
        "moves": _buttons(desk, rare=False),
        "more_moves": [*_buttons(desk, rare=True), *_about_mail(desk)],
        "move_token": new_form_token(),
    }


def _buttons(desk: Desk, *, rare: bool) -> list[dict[str, Any]]:
    return [
        {"name": name, "label": move.label, "key": move.key, "at_once": move.at_once, "url": _move_url(desk, name)}
        for name, move in moving.offered(desk.may, rare=rare)
    ]


def _about_mail(desk: Desk) -> list[dict[str, Any]]:
    may = desk.actor.can(MAIL)
    return [{"name": "take_back", "label": "Take back reply addresses…", "url": desk.url("take_back")}] if may else []


def _move_url(desk: Desk, name: str) -> str:
    return desk.url("merge") if name == "merge" else desk.url("move", name)


def page(
    request: Any,
    desk: Desk,
    asked: Asked,
    *,
    kind: MessageKind | None = None,
    bound: ComposeForm | None = None,
    notice: str = "",
) -> dict[str, Any]:
    """The whole page. `kind` opens the composer; `bound` is what could not be sent; `notice` tells why a deed was refused."""
    actor, ticket, now = desk.actor, desk.ticket, request.unit.now
    messages, files = queries.conversation_with_files(actor, ticket)
    events = queries.history(actor, ticket)
    talk = talk_of(ticket, messages, files, events, desk.readers, unfold="older" in request.GET or bound is not None)
    return {
        "section": "queue",
        **head(desk),
        **_list(desk, asked, now),
        "talk": talk,
        "notice": notice,
        "bound": bound,
        "compose_kind": kind or "",
        "composer": _composer(desk, kind, talk.public_seen_at, bound) if kind else None,
        "compose_choices": composing.closed(desk),
        "ended_words": ended_words(ticket),
        "unfold_url": desk.url("ticket", older="1"),
        "component_lines": facts.component(ticket, now),
        "customer_lines": facts.customer(ticket, desk.readers.reseller, _updated(ticket, messages, events)),
        "undelivered": undelivered_of(ticket.customer_id, ticket.pk) if actor.is_operator else [],
        "impact_lines": facts.impact(ticket),
        "severity_panel": panel_of(actor, ticket, zone=desk.zone, now=now, events=events),
        **coverage.card(desk),
        "upper_parts": parts_of("ticket", request, ticket),
        "earlier": facts.earlier_of_component(actor, ticket),
        "files": facts.files(files),
        "history": facts.history(events),
        "live_url": desk.url("live"),
        "may_work": actor.can("ticket:work"),
        "open_next_url": with_query(reverse("desk:open_next"), desk.list_query),
        **_merged(desk),
    }


def _merged(desk: Desk) -> dict[str, str]:
    """Where a merged ticket goes on."""
    if desk.ticket.state != State.MERGED:
        return {}
    into = queries.visible_tickets(desk.actor).filter(pk=desk.ticket.merged_into_id).first()
    return {"merged_reference": into.reference, "merged_url": ticket_url(into.reference)} if into else {}


def _composer(desk: Desk, kind: MessageKind, seen_at: datetime, bound: ComposeForm | None) -> dict[str, Any]:
    draft = None if bound else queries.drafts_of(desk.actor, desk.ticket).get(kind)
    return composing.opened(desk, kind, draft=draft, seen_at=seen_at, bound=bound)


def _updated(ticket: Ticket, messages: list[Message], events: list[Any]) -> datetime:
    """The last thing that this reader may know of; the ticket's own column would tell of notes it may not see."""
    return max([ticket.reported_at, *(one.created_at for one in messages[-1:]), *(one.at for one in events[-1:])])


def ended_words(ticket: Ticket) -> str:
    """Why nothing can be written publicly any more."""
    if ticket.state == State.MERGED:
        return "This ticket was merged. Write in the one that goes on."
    if ticket.state == State.WITHDRAWN:
        return "This ticket was withdrawn."
    return ""


def _list(desk: Desk, asked: Asked, now: datetime) -> dict[str, Any]:
    """The list the ticket was opened from: its neighbours, and the way back to the same place."""
    found = beside(desk.actor, asked, now)
    at = next((index for index, one in enumerate(found) if one.pk == desk.ticket.pk), None)
    following = found[0:1] if at is None else found[at + 1 : at + 2]
    previous = found[at - 1 : at] if at else []
    start = max(0, (at or 0) - BESIDE_AROUND)
    near = found[start : start + 2 * BESIDE_AROUND + 1]
    return {
        "list_title": title(asked),
        "list_url": with_query(reverse("desk:queue"), desk.list_query),
        "beside": [row(desk.actor, one, None, desk.list_query) for one in near],
        "next_url": ticket_url(following[0].reference, desk.list_query) if following else "",
        "previous_url": ticket_url(previous[0].reference, desk.list_query) if previous else "",
    }
