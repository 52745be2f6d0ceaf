"""One ticket at the desk: read it, follow it, say who works on it."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from notifications.notices import ticket_opened
from rozoom_support.lib.refusals import Refused
from sla.queries import explain, segments_of
from tenancy.capabilities import TRIAGE, role_may
from tenancy.models import Kind, Membership
from tenancy.pages import page, page_status
from tickets import queries
from tickets.answers import instant, stamp
from tickets.desk import composing, coverage, workspace
from tickets.desk.composing import Desk
from tickets.desk.forms import AssignForm
from tickets.desk.talk import entry_of
from tickets.desk.views.queue import asked_of
from tickets.models import Ticket
from tickets.services import assign, take


def open_desk(request: Any, reference: str) -> Desk:
    asked, _ = asked_of(request)
    return workspace.desk_for(request, reference, asked.query())


@require_safe
@page("desk:open")
def ticket(request: Any, reference: str) -> HttpResponse:
    desk = open_desk(request, reference)
    ticket_opened(request, desk.ticket.pk)
    kind = None
    if request.GET.get("compose"):
        kind = composing.kind_for(desk, request.GET["compose"])
        kind = kind if kind in composing.kinds(desk) else None
    return show(request, desk, kind=kind)


def show(request: Any, desk: Desk, *, status: int = 200, **more: Any) -> HttpResponse:
    asked, _ = asked_of(request)
    return stamp(
        request, render(request, "desk/ticket.html", workspace.page(request, desk, asked, **more), status=status)
    )


@require_safe
@page("desk:open")
def live(request: Any, reference: str) -> HttpResponse:
    """What the poll of a ticket gets: nothing, or the small pieces that changed. `show` asks for the new messages."""
    desk = open_desk(request, reference)
    seen = instant(request.GET.get("seen", "")) or desk.ticket.reported_at
    unchanged = request.GET.get("version") == str(queries.revision(desk.actor, desk.ticket))
    if unchanged and "show" not in request.GET:
        return stamp(request, HttpResponse(status=204))
    return stamp(request, render(request, "desk/_live.html", live_context(request, desk, seen)))


def live_context(request: Any, desk: Desk, seen: datetime) -> dict[str, Any]:
    found = queries.said_since(desk.actor, desk.ticket, seen)
    show_them = "show" in request.GET
    entries = [entry_of(one, desk.readers, focus=not index) for index, one in enumerate(found)] if show_them else []
    public = [one.created_at for one in found if one.kind == "public"]
    return {
        **workspace.head(desk),
        "oob": True,
        "entries": entries,
        "waiting": 0 if show_them else len(found),
        "news_words": f"New message from {found[-1].author_name}" if found else "",
        "seen_at": found[-1].created_at if found and show_them else seen,
        "public_seen_at": public[-1] if public and show_them else None,
        "live_url": desk.url("live"),
    }


@require_safe
@page("desk:open")
def why(request: Any, reference: str) -> HttpResponse:
    """Why it is due then: start, target, rule, every change."""
    desk = open_desk(request, reference)
    segments = segments_of(desk.ticket.customer_id, desk.ticket.pk)
    context = {
        "section": "queue",
        "ticket": desk.ticket,
        "back_url": desk.url("ticket"),
        "promises": explain(segments, desk.zone, reported_at=desk.ticket.reported_at),
        "desk_zone": desk.zone,
        **coverage.trail(desk),
    }
    return render(request, "desk/why.html", context)


@require_POST
@page("ticket:work")
def take_it(request: Any, reference: str) -> HttpResponse:
    """Make it mine, if it still has the owner the page showed. Whoever is second is told who was first."""
    desk = open_desk(request, reference)
    words = request.POST.get("seen", "")
    seen = int(words) if words.isdecimal() and len(words) < 19 else None
    try:
        taken = take(actor=request.actor, ticket=desk.ticket, now=request.unit.now, seen_assignee=seen)
    except Refused as refused:
        fresh = open_desk(request, reference)
        if request.htmx:
            return _pieces(request, fresh, refused.message, status=page_status(refused))
        return show(request, fresh, notice=refused.message, status=page_status(refused))
    if request.htmx:
        return _pieces(request, workspace.desk_of(request, _whole(desk, taken), desk.list_query), "You have it now.")
    return HttpResponseRedirect(desk.url("ticket"))


def _whole(desk: Desk, changed: Ticket) -> Ticket:
    """The row a deed returned, with what the page had read beside it."""
    for name in ("customer", "reseller", "component", "site"):
        setattr(changed, name, getattr(desk.ticket, name))
    return changed


def _pieces(request: Any, desk: Desk, said: str, *, status: int = 200) -> HttpResponse:
    context = {**workspace.head(desk), "oob": True, "said": said, "refused": status != 200}
    return stamp(request, render(request, "desk/_head_pieces.html", context, status=status))


@require_http_methods(["GET", "HEAD", "POST"])
@page("ticket:assign")
def assign_it(request: Any, reference: str) -> HttpResponse:
    desk = open_desk(request, reference)
    people = _assignable(desk)
    if request.method != "POST":
        return _assign_page(request, desk, AssignForm(people=people, initial={"version": desk.ticket.version}))
    form = AssignForm(request.POST, people=people)
    if not form.is_valid():
        return _assign_page(request, desk, form, status=422)
    chosen = next((one for one in people if str(one.pk) == form.cleaned_data["assignee"]), None)
    try:
        assign(
            actor=request.actor,
            ticket=desk.ticket,
            to=chosen,
            now=request.unit.now,
            version=form.cleaned_data["version"],
        )
    except Refused as refused:
        return _refused(request, desk, people, refused)
    messages.success(request, f"{chosen.person_name} has it now." if chosen else "Nobody has it now.")
    return HttpResponseRedirect(desk.url("ticket"))


def _refused(request: Any, desk: Desk, people: list[Membership], refused: Refused) -> HttpResponse:
    """The same choice again, with what stands now: pressing once more means it."""
    fresh = open_desk(request, desk.ticket.reference)
    data = request.POST.copy()
    data["version"] = str(fresh.ticket.version)
    form = AssignForm(data, people=people)
    form.add_error(refused.param if refused.param in form.fields else None, refused.message)
    return _assign_page(request, fresh, form, status=page_status(refused))


def _assignable(desk: Desk) -> list[Membership]:
    """Those who may work on it; oneself is first."""
    found = [
        one
        for one in queries.assignable(desk.ticket)
        if one.role in TRIAGE or (one.organisation.kind == Kind.RESELLER and role_may(one.role, "ticket:work"))
    ]
    return sorted(found, key=lambda one: one.person_id != desk.actor.person_id)


def _assign_page(request: Any, desk: Desk, form: AssignForm, *, status: int = 200) -> HttpResponse:
    context = {
        "section": "queue",
        "form": form,
        "ticket": desk.ticket,
        "back_url": desk.url("ticket"),
        "take_url": desk.url("take") if "take" in desk.may else "",
    }
    return render(request, "desk/assign.html", context, status=status)
