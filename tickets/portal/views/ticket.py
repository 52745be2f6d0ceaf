"""P4: the page of a ticket, and why its answer is due when it is."""

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.dateparse import parse_datetime

from sla.clock import TARGET_WORDS
from sla.queries import explain, segments_of
from tenancy.pages import page
from tickets.portal.answers import show
from tickets.portal.shown import by_words, promise_of_segments, severity_words, zone_of
from tickets.portal.ticket_page import composer_of, context_of, find
from tickets.queries import ticket_for
from tickets.severity import TITLES


@page("ticket:read")
def ticket(request: Any, reference: str) -> HttpResponse:
    found = ticket_for(request.actor, reference)
    if request.actor.party != "customer":
        return redirect("desk:ticket", found.reference)
    if reference != found.reference:
        return redirect("portal:ticket", found.reference)
    unfold = request.GET.get("all") == "1"
    context = context_of(request, find(request, found, unfold=unfold, seen=instant(request.GET, "seen")), unfold=unfold)
    if not request.htmx:
        context |= composer_of(request, found)
    return show(request, "portal/ticket.html", context, part="portal/_ticket_fresh.html")


def instant(values: Any, name: str) -> datetime | None:
    """A time that this page itself had written into its address or form; anything else counts as none."""
    try:
        found = parse_datetime(values.get(name, ""))
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


@page("ticket:read")
def why(request: Any, reference: str) -> HttpResponse:
    found = ticket_for(request.actor, reference)
    if request.actor.party != "customer":
        return redirect("desk:why", found.reference)
    segments = segments_of(found.customer_id, found.pk)
    promise = promise_of_segments(found, segments)
    zone, now = zone_of(request), request.unit.now
    context = {
        "section": "tickets",
        "ticket": found,
        "ticket_url": reverse("portal:ticket", args=[found.reference]),
        "targets": [(number, TITLES[number], words) for number, words in sorted(TARGET_WORDS.items())],
        "severity_words": severity_words(found),
        "promise": promise,
        "late": promise.is_late(now),
        "by": by_words(promise.due_at, zone, now) if promise.due_at else "",
        "explanations": explain(segments, zone),
        "zone": zone,
    }
    return show(request, "portal/why.html", context)
