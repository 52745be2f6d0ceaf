"""The strip of new tickets of severity 1: what its poll gets, and putting one away."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from tenancy.pages import page
from tickets import queries
from tickets.answers import stamp
from tickets.desk import alerts as strips
from tickets.services import dismiss_alert


@require_safe
@page("desk:open")
def alerts(request: Any) -> HttpResponse:
    """Asked every few seconds: one look at an index, and nothing to say while nothing is new."""
    shown = strips.besides_of(request.GET.get("besides", ""))
    strip = strips.strip(request.actor, request.unit.now, shown=shown)
    if strip["alerts_stamp"] == request.GET.get("stamp"):
        return stamp(request, HttpResponse(status=204))
    return stamp(request, render(request, "desk/_alerts.html", strip))


@require_POST
@page("desk:open")
def dismiss(request: Any, reference: str) -> HttpResponse:
    ticket = queries.ticket_for(request.actor, reference)
    dismiss_alert(actor=request.actor, ticket=ticket, now=request.unit.now)
    if not request.htmx:
        return HttpResponseRedirect(reverse("desk:queue"))
    shown = strips.besides_of(request.POST.get("besides", ""))
    strip = strips.strip(request.actor, request.unit.now, shown=shown)
    words = f"{reference} is dismissed here. It stays in the list."
    return stamp(request, render(request, "desk/_alerts.html", {**strip, "words": words}))
