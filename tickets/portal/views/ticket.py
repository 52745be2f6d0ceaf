"""P4: the page of a ticket, and why its answer is due when it is."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from notifications.notices import ticket_opened
from sla.clock import TARGET_WORDS
from sla.queries import explain, segments_of
from tenancy.pages import page
from tickets.answers import instant
from tickets.portal.answers import show
from tickets.portal.shown import by_words, severity_words
from tickets.portal.ticket_page import composer_of, context_of, find
from tickets.queries import ticket_for
from tickets.severity import TITLES
from tickets.shown import cover_of, promise_of_segments, zone_of


@page("ticket:read")
def ticket(request: Any, reference: str) -> HttpResponse:
    found = ticket_for(request.actor, reference)
    if request.actor.party != "customer":
        return redirect("desk:ticket", found.reference)
    if reference != found.reference:
        return redirect("portal:ticket", found.reference)
    ticket_opened(request, found.pk)
    unfold = request.GET.get("all") == "1"
    context = context_of(
        request, find(request, found, unfold=unfold, seen=instant(request.GET.get("seen", ""))), unfold=unfold
    )
    if not request.htmx:
        context |= composer_of(request, found)
    return show(request, "portal/ticket.html", context, part="portal/_ticket_fresh.html")


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
        "cover": cover_of(found),
        "late": promise.is_late(now),
        "by": by_words(promise.due_at, zone, now) if promise.due_at else "",
        "explanations": explain(segments, zone, reported_at=found.reported_at),
        "zone": zone,
    }
    return show(request, "portal/why.html", context)
