"""P4: everything the page of a ticket shows, read once for each answer."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse

from rozoom_support.lib.ui.parts import parts_of
from rozoom_support.lib.ui.times import clock_time
from sla.models import ClockSegment
from sla.queries import duty_manager_told, segments_of
from tenancy.models import AuditEvent
from tickets.conversation import Talk
from tickets.lifecycle import State, allowed
from tickets.models import MessageKind, Ticket
from tickets.portal.conversation import talk_of
from tickets.portal.forms import ReplyForm
from tickets.portal.moves import offered
from tickets.portal.shown import look_of, next_words, readers_of, state_words, waits_for_customer
from tickets.queries import conversation_with_files, drafts_of, history
from tickets.severity_panel import panel_of
from tickets.shown import File, Promise, cover_of, file_of, partner_of, promise_of_segments, zone_of


@dataclass(frozen=True)
class Found:
    ticket: Ticket
    partner: str
    promise: Promise
    segments: list[ClockSegment]
    events: list[AuditEvent]
    talk: Talk
    files: list[File]
    allowed: list[str]


def find(request: Any, ticket: Ticket, *, unfold: bool = False, seen: datetime | None = None) -> Found:
    """`unfold` shows all messages; the first one after `seen` gets the focus."""
    actor = request.actor
    partner = partner_of(ticket.reseller)
    messages, files = conversation_with_files(actor, ticket)
    segments, events = segments_of(ticket.customer_id, ticket.pk), history(actor, ticket)
    return Found(
        ticket=ticket,
        partner=partner,
        promise=promise_of_segments(ticket, segments),
        segments=segments,
        events=events,
        talk=talk_of(ticket, messages, files, events, partner=partner, unfold=unfold, seen=seen),
        files=[file_of(one) for one in files],
        allowed=allowed(ticket, actor, request.unit.now, settings.LIMITS["reopen_days"]),
    )


def context_of(request: Any, found: Found, *, unfold: bool = False) -> dict[str, Any]:
    """What all parts of the page draw from, on the first load and in every answer to htmx."""
    ticket, zone, now = found.ticket, zone_of(request), request.unit.now
    late = found.promise.is_late(now)
    told = late and duty_manager_told(ticket.customer_id, ticket.pk)
    return {
        "section": "tickets",
        "ticket": ticket,
        "url": reverse("portal:ticket", args=[ticket.reference]),
        "why_url": reverse("portal:why", args=[ticket.reference]),
        "state": state_words(ticket, found.partner),
        "look": look_of(ticket),
        "partner": found.partner,
        "promise": found.promise,
        "cover": cover_of(ticket),
        "severity_panel": panel_of(
            request.actor, ticket, zone=zone, now=now, segments=found.segments, events=found.events
        ),
        "next_words": next_words(ticket, found.promise, found.partner, zone=zone, now=now, told=told),
        "late": late,
        "needs_you": waits_for_customer(ticket),
        "solved": ticket.state == State.RESOLVED,
        "talk": found.talk,
        "unfold": unfold,
        "readers": readers_of(ticket.customer.name, found.partner),
        "moves": [
            (name, move, reverse("portal:move", args=[ticket.reference, name])) for name, move in offered(found.allowed)
        ],
        "facts": facts_of(ticket, found.partner),
        "files": found.files,
        "upper_parts": parts_of("ticket", request, ticket),
        "news_url": reverse("portal:news", args=[ticket.reference]),
        "news_seen": found.talk.seen_at.isoformat(),
        "told": 0,
        "readers_line": f"{readers_of(ticket.customer.name, found.partner)} can read this",
        "merged_into": merged_into(ticket),
        "may_reply": "reply" in found.allowed,
        "sent_now": request.GET.get("sent") == "1" and ticket.reporter_id == request.actor.person_id,
    }


def composer_of(request: Any, ticket: Ticket, form: ReplyForm | None = None) -> dict[str, Any]:
    """The reply form with what was begun. Never part of a swap, so that nothing moves under the hand."""
    draft = drafts_of(request.actor, ticket).get(MessageKind.PUBLIC)
    saved = f"Saved {clock_time(draft.updated_at, zone_of(request))}" if draft else ""
    return {
        "form": form or ReplyForm(initial={"text": draft.body if draft else ""}),
        "saved": saved,
        "draft_url": reverse("portal:reply_draft", args=[ticket.reference, MessageKind.PUBLIC]),
        "reply_url": reverse("portal:reply", args=[ticket.reference]),
    }


def merged_into(ticket: Ticket) -> str:
    """The number it goes on under; one query, for merged tickets only."""
    if ticket.merged_into_id is None:
        return ""
    return Ticket.objects.filter(pk=ticket.merged_into_id).values_list("reference", flat=True).first() or ""


def facts_of(ticket: Ticket, partner: str) -> list[dict[str, Any]]:
    """Rows for components/definitions.html; what is not known is left out."""
    component, site = ticket.component, ticket.site
    reporter = f"{ticket.reporter_name}, by phone" if ticket.channel == "phone" else ticket.reporter_name
    rows = [
        ("Component", f"{component.product.name}, serial {component.serial}" if component else "Not known yet"),
        ("Place", component.location if component else ""),
        ("Site", site.name if site else "Not known yet"),
        ("Contact there", ticket.site_contact),
        ("Access", ticket.access_hours),
        ("Error code", ticket.error_code),
        ("Reported by", reporter),
        ("At roZoom", ticket.assignee_name if ticket.assignee_party == "operator" else ""),
        (f"At {partner}", ticket.assignee_name if partner and ticket.assignee_party == "reseller" else ""),
        ("Your reseller", partner),
        ("Your reference", ticket.external_reference),
        ("You think the severity is wrong", ticket.severity_doubt),
        ("How it ended", ticket.resolution),
    ]
    return [{"term": term, "value": value} for term, value in rows if value]
