"""Ladders at the desk: read, changed as a whole, and shown with names before they are saved."""

import hashlib
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rozoom_support.lib.refusals import Stale
from sla import ladders
from sla.clock import TARGET_WORDS
from sla.forms import LADDER_ROWS, CaseForm, RungForm
from sla.ladders import CannotChangeLadder, Rung
from sla.models import Recipient
from sla.reach import Case
from sla.views._shared import errors_of, for_rozoom
from tenancy.models import Kind, Organisation, Team
from tenancy.pages import page


@require_safe
@page("ladder:manage")
@for_rozoom
def listed(request: Any) -> HttpResponse:
    found = [
        {
            "severity": severity,
            "target": target,
            "ladder": ladders.ladder_of(severity),
            "rows": [
                (rung, [Recipient(name).label for name in rung.recipients]) for rung in ladders.rungs_of(severity)
            ],
        }
        for severity, target in TARGET_WORDS.items()
    ]
    return render(request, "sla/ladders.html", {"section": "duty", "ladders": found})


@require_http_methods(["GET", "HEAD", "POST"])
@page("ladder:manage")
@for_rozoom
def ladder(request: Any, severity: int) -> HttpResponse:
    if severity not in TARGET_WORDS:
        raise Http404
    return _posted(request, severity) if request.method == "POST" else _stored(request, severity)


def _stored(request: Any, severity: int) -> HttpResponse:
    rungs = ladders.rungs_of(severity)
    rows = LADDER_ROWS.stored([RungForm.fields_of(rung) for rung in rungs])
    return _page(request, severity, rows, _case_form(), rungs=rungs)


def _posted(request: Any, severity: int) -> HttpResponse:
    case = _case_form(request.POST)
    if "add" in request.POST or "remove" in request.POST:
        return _page(request, severity, LADDER_ROWS.after_button(request.POST), case)
    rows = LADDER_ROWS.typed(request.POST)
    if not (all(row.is_valid() for row in rows) and case.is_valid()):
        return _page(request, severity, rows, case, status=422)
    rungs = [row.rung for row in rows]
    team_id = case.cleaned_data["team"]
    try:
        ladders.check(rungs, team_id=team_id, now=request.unit.now)
        if "save" in request.POST and request.POST.get("seen") == _print_of(rungs):
            return _save(request, severity, rungs, team_id)
    except Stale as stale:
        return _page(request, severity, rows, case, rungs=rungs, refusal=stale.message, status=409)
    except CannotChangeLadder as refused:
        for place, problem in refused.rows.items():
            rows[place].add_error(problem.param, problem.words)
        refusal = "" if refused.rows else refused.message
        return _page(request, severity, rows, case, refusal=refusal, status=422)
    changed_after = "save" in request.POST
    refusal = "You changed the ladder after you looked at it. This is what it does now." if changed_after else ""
    return _page(request, severity, rows, case, rungs=rungs, refusal=refusal, may_save=True)


def _save(request: Any, severity: int, rungs: Sequence[Rung], team_id: int | None) -> HttpResponse:
    version = request.POST.get("version", "")
    is_changed = ladders.save_ladder(
        actor=request.actor,
        severity=severity,
        rungs=rungs,
        version=int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else -1,
        team_id=team_id,
        now=request.unit.now,
    )
    if is_changed:
        messages.success(
            request, f"Saved. The ladder of severity {severity} counts from now on, also for clocks that run."
        )
    else:
        messages.info(request, f"The ladder of severity {severity} is as it was.")
    return HttpResponseRedirect(reverse("sla:ladders"))


def _page(
    request: Any,
    severity: int,
    rows: Sequence[RungForm],
    case: CaseForm,
    *,
    rungs: Sequence[Rung] | None = None,
    refusal: str = "",
    may_save: bool = False,
    status: int = 200,
) -> HttpResponse:
    """`rungs` are what is typed, once it can be understood: then it is said who would be told."""
    now = request.unit.now
    kept = ladders.ladder_of(severity)
    told = ladders.preview(severity, rungs, _chosen(case), now) if rungs is not None else []
    context = {
        "section": "duty",
        "severity": severity,
        "target": TARGET_WORDS[severity],
        "ladder": kept,
        "version": request.POST.get("version", kept.version),
        "rows": rows,
        "room": len(rows) < ladders.MOST_LEVELS,
        "most": ladders.MOST_LEVELS,
        "case": case,
        "told": told,
        "impact": ladders.impact(severity, rungs, now) if may_save and rungs is not None else None,
        "seen": _print_of(rungs) if may_save and rungs is not None else "",
        "refusal": refusal,
        "errors": errors_of(rows, "Level", [case]),
    }
    return render(request, "sla/ladder.html", context, status=status)


def _case_form(data: Any = None) -> CaseForm:
    resellers = Organisation.objects.filter(kind=Kind.RESELLER, is_active=True).order_by("name")
    return CaseForm(data, teams=Team.objects.order_by("name"), resellers=resellers)


def _chosen(case: CaseForm) -> Case:
    data = case.cleaned_data if case.is_bound and case.is_valid() else {}
    return Case(team_id=data.get("team"), reseller_id=data.get("reseller"))


def _print_of(rungs: Sequence[Rung]) -> str:
    return hashlib.sha256(repr(list(rungs)).encode()).hexdigest()[:16]
