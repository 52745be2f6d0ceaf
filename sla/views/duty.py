"""Who is on duty: for everybody at roZoom to read, for duty managers and administrators to change."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rozoom_support.lib.refusals import NotFound, Stale
from sla import duty, rostering, weeks
from sla.forms import ChangeForm, ShiftForm, ZoneForm, shift_rows
from sla.models import DutyChange, Rota
from sla.rostering import CannotChangeRota
from sla.views._shared import errors_of, for_rozoom
from tenancy.models import Membership, Team
from tenancy.pages import page

MANAGERS = "managers"
FURTHEST_WEEK = 52


@require_safe
@page("desk:open")
@for_rozoom
def listed(request: Any) -> HttpResponse:
    offset = _offset(request.GET.get("week", ""))
    shown = weeks.rotas(request.unit.now, offset)
    context = {
        "section": "duty",
        "rotas": shown,
        "has_managers": any(one.rota.team_id is None for one in shown),
        "without": duty.teams_without([one.rota for one in shown]),
        "may_change": request.actor.can("ladder:manage"),
        "offset": offset,
        "previous": offset - 1 if offset > -FURTHEST_WEEK else None,
        "next": offset + 1 if offset < FURTHEST_WEEK else None,
    }
    return render(request, "sla/duty.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page("ladder:manage")
@for_rozoom
def edit(request: Any, rota: str) -> HttpResponse:
    team, found = _rota_named(rota)
    table = shift_rows(_choosable(team, found))
    if request.method != "POST":
        stored = [ShiftForm.fields_of(shift.plain) for shift in found.shifts.order_by("pk")] if found else [{}]
        zone = ZoneForm(initial={"zone": found.time_zone if found else request.membership.organisation.time_zone})
        return _edit_page(request, team, found, table.stored(stored), zone)
    if "add" in request.POST or "remove" in request.POST:
        zone = ZoneForm(initial={"zone": request.POST.get("zone", "")})
        return _edit_page(request, team, found, table.after_button(request.POST), zone)
    rows, zone = table.typed(request.POST), ZoneForm(request.POST)
    if not (all(row.is_valid() for row in rows) and zone.is_valid()):
        return _edit_page(request, team, found, rows, zone, status=422)
    try:
        saved = rostering.save_rota(
            actor=request.actor,
            team=team,
            zone=zone.cleaned_data["zone"],
            shifts=[row.shift for row in rows],
            version=_number(request.POST.get("version", "")),
            now=request.unit.now,
        )
    except Stale as stale:
        return _edit_page(request, team, found, rows, zone, refusal=stale.message, status=409)
    except CannotChangeRota as refused:
        place = _number(refused.param.partition("shifts.")[2])
        at_row = refused.param.startswith("shifts.") and place < len(rows)
        if at_row:
            rows[place].add_error("who", refused.message)
        refusal = "" if at_row else refused.message
        return _edit_page(request, team, found, rows, zone, refusal=refusal, status=422)
    messages.success(request, f"Saved. The rota of {saved} counts from now on.")
    return HttpResponseRedirect(reverse("sla:duty"))


@require_http_methods(["GET", "HEAD", "POST"])
@page("ladder:manage")
@for_rozoom
def remove(request: Any, rota: str) -> HttpResponse:
    team, found = _rota_named(rota)
    if found is None:
        raise NotFound
    if request.method == "POST":
        version = _number(request.POST.get("version", ""))
        rostering.remove_rota(actor=request.actor, rota=found, version=version, now=request.unit.now)
        messages.success(request, f"The rota of {found} is removed.")
        return HttpResponseRedirect(reverse("sla:duty"))
    whole = f"everybody in {team.name}" if team else "all duty managers"
    context = {
        "section": "duty",
        "title": f"Remove the rota of {found}?",
        "effects": [
            f"From then on {whole} will be told, at any time.",
            "Stand-ins that were planned are removed with it.",
        ],
        "action": request.path,
        "send_label": "Remove rota",
        "look": "danger",
        "cancel_url": reverse("sla:rota", args=[rota]),
        "keep_label": "Keep rota",
        "hidden": {"version": found.version},
    }
    return render(request, "components/confirm.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page("ladder:manage")
@for_rozoom
def add_change(request: Any, rota: str) -> HttpResponse:
    _, found = _rota_named(rota)
    if found is None:
        raise NotFound
    planned = duty.with_plans(Rota.objects.filter(pk=found.pk), request.unit.now).get()
    away = sorted(duty.named(planned).values(), key=lambda one: one.person_name)
    comes = duty.candidates(found.team_id)
    form = ChangeForm(request.POST or None, zone=found.time_zone, away=away, comes=comes)
    if request.method == "POST" and form.is_valid():
        people = {one.pk: one for one in [*away, *comes]}
        data = form.cleaned_data
        try:
            rostering.add_change(
                actor=request.actor,
                rota=found,
                away=people.get(data["away"]),
                comes=people.get(data["comes"]),
                starts_at=data["starts_at"],
                ends_at=data["ends_at"],
                now=request.unit.now,
            )
        except CannotChangeRota as refused:
            form.add_error(refused.param or None, refused.message)
        else:
            messages.success(request, f"Saved. {found}: changed for that time.")
            return HttpResponseRedirect(reverse("sla:duty"))
    context = {"section": "duty", "rota": found, "form": form}
    return render(request, "sla/duty_change.html", context, status=422 if form.is_bound else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@page("ladder:manage")
@for_rozoom
def remove_change(request: Any, rota: str, change: int) -> HttpResponse:
    _, found = _rota_named(rota)
    planned = DutyChange.objects.select_related("rota__team", "away", "comes").filter(rota=found, pk=change).first()
    if found is None or planned is None:
        raise NotFound
    if request.method == "POST":
        rostering.remove_change(actor=request.actor, change=planned, now=request.unit.now)
        messages.success(request, f"Removed. The shifts of {found} count again.")
        return HttpResponseRedirect(reverse("sla:duty"))
    context = {
        "section": "duty",
        "title": "Remove this change?",
        "text": weeks.change_words(planned),
        "effects": ["The shifts count again for that time."],
        "action": request.path,
        "send_label": "Remove change",
        "look": "danger",
        "cancel_url": reverse("sla:duty"),
        "keep_label": "Keep change",
    }
    return render(request, "components/confirm.html", context)


def _edit_page(
    request: Any,
    team: Team | None,
    found: Rota | None,
    rows: list[ShiftForm],
    zone: ZoneForm,
    *,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "section": "duty",
        "title": f"Rota of {team.name}" if team else "Rota of the duty managers",
        "rota": found,
        "version": request.POST.get("version", found.version if found else 0),
        "rows": rows,
        "zone": zone,
        "room": len(rows) < rostering.MOST_SHIFTS,
        "refusal": refusal,
        "errors": errors_of(rows, "Shift", [zone]),
    }
    return render(request, "sla/rota.html", context, status=status)


def _rota_named(name: str) -> tuple[Team | None, Rota | None]:
    """By the number of its team, or the one of the duty managers. A team need not have one yet."""
    team = None
    if name != MANAGERS:
        team = Team.objects.filter(pk=_number(name)).first()
        if team is None:
            raise NotFound
    return team, Rota.objects.select_related("team").filter(team=team).first()


def _choosable(team: Team | None, found: Rota | None) -> list[Membership]:
    """Those who may have this duty, and whoever stands in the rota: that they may not is then said at their row."""
    able = duty.candidates(team.pk if team else None)
    standing = [shift.membership for shift in found.shifts.select_related("membership")] if found else []
    known = {one.pk for one in able}
    return able + list({one.pk: one for one in standing if one.pk not in known}.values())


def _number(typed: str) -> int:
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else -1


def _offset(typed: str) -> int:
    number = int(typed) if typed.lstrip("-").isdecimal() and typed.isascii() and len(typed) < 4 else 0
    return max(-FURTHEST_WEEK, min(FURTHEST_WEEK, number))
