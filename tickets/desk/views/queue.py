"""The queue: open tickets by time left to respond."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from sla import duty
from tenancy.pages import page
from tickets import queries
from tickets.answers import stamp
from tickets.desk import alerts, live, picking, rows
from tickets.desk import listing as lists
from tickets.desk.filters import VIEWS, Asked, chips, order_words
from tickets.desk.forms import QueueForm
from tickets.models import Ticket


def asked_of(request: Any, *, choices: bool = False) -> tuple[Asked, QueueForm]:
    """What the query string asks for. `choices` also loads what the filter bar offers to pick from."""
    people = lists.people_to_choose(request.actor) if choices or request.GET.get("owner", "").isdecimal() else []
    customers = lists.customers_to_choose(request.actor) if choices else []
    form = QueueForm(request.GET, actor=request.actor, people=people, customers=customers)
    return Asked.of(request.GET, form), form


@require_safe
@page("desk:open")
def queue(request: Any) -> HttpResponse:
    results_only = request.htmx and request.htmx.target == "results"
    asked, form = asked_of(request, choices=not results_only)
    found = lists.listing(request.actor, asked, request.unit.now)
    context = {"section": "queue", "form": form, "results_only": results_only, **list_context(request, found, form)}
    if not results_only:
        context |= {"views": view_links(found), "may_work": request.actor.can("ticket:work")}
        context["on_duty"] = duty.line(request.unit.now) if request.actor.is_operator else ""
    context |= alerts.strip(request.actor, request.unit.now, shown=lists.severity_1(found.tickets))
    response = render(request, "desk/_results.html" if results_only else "desk/queue.html", context)
    if results_only:
        response.headers["HX-Replace-Url"] = context["here"]
    return stamp(request, response)


def list_context(request: Any, found: lists.Listing, form: QueueForm) -> dict[str, Any]:
    """Everything the results draw, for the first load, the filter and the refresh alike."""
    asked, url = found.asked, reverse("desk:queue")
    shown_chips = chips(asked, form, url)
    return {
        **live_context(request, found, found.tickets),
        "title": lists.title(asked),
        "order": order_words(asked),
        "chips": shown_chips,
        "chip_words": [chip["label"] for chip in shown_chips],
        "clear_url": rows.with_query(url, Asked(view=asked.view).query()),
        "ended_url": rows.with_query(url, asked.query(view="open", state="any")) if asked.q and not asked.state else "",
        "previous_url": rows.with_query(url, asked.query(page=asked.page - 1)) if asked.page > 1 else "",
        "next_url": rows.with_query(url, asked.query(page=asked.page + 1)) if found.has_next else "",
        "first_url": rows.with_query(url, asked.query(page=1)),
        "next_due": next_due(request) if not found.tickets and asked.page == 1 and not asked.is_narrowed else None,
    }


def live_context(request: Any, found: lists.Listing, drawn: list[Ticket]) -> dict[str, Any]:
    """What the page and its poll draw alike: some rows, and where to ask for what changed."""
    actor, query = request.actor, found.asked.query()
    said = queries.last_words(actor, drawn)
    return {
        "asked": found.asked,
        "listing": found,
        "rows": rows.rows(actor, drawn, said, query),
        "here": rows.with_query(reverse("desk:queue"), query),
        "poll_url": rows.with_query(reverse("desk:changes"), query),
    }


def next_due(request: Any) -> rows.Row | None:
    ticket = lists.next_due(request.actor)
    return rows.row(request.actor, ticket, None, "") if ticket else None


def view_links(found: lists.Listing) -> list[dict[str, Any]]:
    """The counts strip: a view each, with how many stand in it."""
    url = reverse("desk:queue")
    return [
        {
            "name": name,
            "label": view.title,
            "url": rows.with_query(url, Asked(view=name).query()),
            "count": lists.count_words(found.counts[name]) if view.counted else "",
            "look": view.look if found.counts.get(name) else "",
            "key": view.key,
            "current": name == found.asked.view,
        }
        for name, view in VIEWS.items()
    ]


@require_safe
@page("desk:open")
def changes(request: Any) -> HttpResponse:
    """What the poll of the queue gets: nothing, or small pieces that replace their older selves in place."""
    asked, _ = asked_of(request)
    before = live.shown_before(request.GET.get("shown", ""))
    found = lists.listing(request.actor, asked, request.unit.now)
    if found.stamp == request.GET.get("stamp"):
        return stamp(request, HttpResponse(status=204))
    news = live.compare(request.actor, before, found)
    context = {**live_context(request, found, news.changed), "news": news, "views": view_links(found), "oob": True}
    return stamp(request, render(request, "desk/_changes.html", context))


@require_POST
@page("ticket:work")
def open_next(request: Any) -> HttpResponse:
    """Take the ticket with the least time left that nobody has, or go on with one's own."""
    asked, _ = asked_of(request)
    ticket = picking.take_next(request.actor, now=request.unit.now, besides=request.POST.get("besides", ""))
    if ticket is None:
        messages.info(request, "Nothing is left for you: no open ticket is yours or without an owner.")
        return HttpResponseRedirect(rows.with_query(reverse("desk:queue"), asked.query()))
    return HttpResponseRedirect(rows.ticket_url(ticket.reference, asked.query()))
