"""Pages of imports: bring a file, see what it would do, let it be written; and bank lines that match no invoice."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods

from contracts.imports import deeds, queries
from contracts.imports.forms import AsideForm, BookForm, UploadForm
from contracts.imports.kinds import KINDS, kind_for, kinds_for
from contracts.imports.staging import MOST_PROBLEMS
from contracts.models import BankLine, ImportRun
from rozoom_support.lib.money import shown
from rozoom_support.lib.refusals import Refused
from rozoom_support.lib.sheets import csv_download
from tenancy.deeds import fingerprint, once
from tenancy.pages import form_token, page

RUNS = 20
LINES = 50
PROBLEMS = 50
State = ImportRun.State
RUNNING = (State.CHECKING, State.QUEUED, State.WRITING)
LOOKS = {State.DONE: "ok", State.CHECKED: "info", State.REFUSED: "bad", State.FAILED: "bad", State.DROPPED: ""}
ICONS = {State.DONE: "i-tick", State.CHECKED: "i-dot", State.REFUSED: "s1", State.FAILED: "s1", State.DROPPED: "i-dash"}


# Bringing a file


@require_http_methods(["GET", "POST"])
@page("component:manage")
def imports(request: Any) -> HttpResponse:
    sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
    form = UploadForm(*sent, kinds=kinds_for(request.actor))
    if form.is_bound:
        if name := getattr(request, "too_large", ""):
            form.is_valid()
            form.errors.pop("file", None)
            form.add_error("file", deeds.too_large(deeds.clean_name(name)))
        elif form.is_valid() and (done := _start(request, form)):
            return done
    context = {
        "section": "coverage",
        "form": form,
        "kinds": kinds_for(request.actor),
        "runs": [_facts(run) for run in queries.runs_for(request.actor)[:RUNS]],
        "may_book": request.actor.can("invoice:manage"),
        "waiting": _waiting(request.actor),
    }
    return render(request, "contracts/imports/imports.html", context, status=422 if form.is_bound else 200)


def _start(request: Any, form: UploadForm) -> HttpResponse | None:
    upload, kind = form.cleaned_data["file"], form.cleaned_data["kind"]
    said = fingerprint(kind.encode(), (upload.name or "").encode(), str(upload.size).encode())
    try:
        with once(request.actor, form_token(request), said) as deed:
            if deed.repeated and deed.repeated.reply:
                return HttpResponseRedirect(deed.repeated.reply["location"])
            run = deeds.start_import(
                actor=request.actor, kind=kind_for(request.actor, kind), upload=upload, now=request.unit.now
            )
            location = _address(run)
            deed.finish(status=302, reply={"location": location})
        return HttpResponseRedirect(location)
    except Refused as refused:
        form.add_error(refused.param if refused.param in form.fields else None, refused.message)
        return None


@require_GET
@page("component:manage")
def sample(request: Any, kind: str) -> HttpResponse:
    """A small file with every column, to fill in."""
    found = kind_for(request.actor, kind)
    return csv_download(f"{found.name.lower()}-sample.csv", found.names, found.sample, is_ours=True)


# One file


@require_http_methods(["GET", "POST"])
@page("component:manage")
def import_run(request: Any, run_id: UUID) -> HttpResponse:
    """What the file would do, or how far it is. The same address answers the page's own questions with its changing part."""
    run = queries.run_for(request.actor, run_id)
    if request.method == "POST":
        _decide(request, run)
        return HttpResponseRedirect(_address(run))
    context = {
        "section": "coverage",
        **_facts(run),
        "kind": KINDS[run.kind],
        "groups": _groups(run),
        "problems": run.problems.all()[:PROBLEMS],
        "problem_count": run.preview.get("problems", 0),
        "most_problems": MOST_PROBLEMS,
        "good": run.new + run.changed,
        "before": queries.same_file_before(run),
        "address": _address(run),
        "may_book": request.actor.can("invoice:manage"),
    }
    if request.headers.get("HX-Request"):
        return render(request, "contracts/imports/_run.html", {**context, "swapped": True})
    return render(request, "contracts/imports/run.html", context)


def _decide(request: Any, run: ImportRun) -> None:
    wanted = request.POST.get("action", "")
    try:
        if wanted == "drop":
            deeds.drop_import(actor=request.actor, run=run, now=request.unit.now)
            messages.success(request, f"{run.file_name} is dropped. Nothing was written.")
        else:
            deeds.write_import(actor=request.actor, run=run, mode=wanted, now=request.unit.now)
    except deeds.CannotImport as refused:  # pressed twice, or somebody else was first: the page shows how it stands
        messages.error(request, refused.message)


@require_GET
@page("component:manage")
def problems(request: Any, run_id: UUID) -> HttpResponse:
    run = queries.run_for(request.actor, run_id)
    rows = run.problems.values_list("line", "column", "value", "reason").iterator()
    return csv_download("import-problems.csv", ["line", "column", "value", "reason"], rows)


def _address(run: ImportRun) -> str:
    return reverse("contracts:import_run", args=[run.pk])


def _facts(run: ImportRun) -> dict[str, Any]:
    is_running = run.state in RUNNING
    counts = (("new", run.new), ("changed", run.changed), ("the same", run.same), ("not good", run.bad))
    return {
        "run": run,
        "look": LOOKS.get(State(run.state), "accent"),
        "icon_name": ICONS.get(State(run.state), "i-clock"),
        "is_running": is_running,
        "is_over": not is_running and run.state != State.CHECKED,
        "has_counts": run.state in (State.CHECKED, State.DONE, State.DROPPED) and run.rows > 0,
        "progress": f"{run.done:,} of {run.rows:,} rows" if run.done else "",
        "counts": [(words, f"{count:,}") for words, count in counts],
        "sums": ", ".join(f"{count:,} {words}" for words, count in counts if count),
    }


def _groups(run: ImportRun) -> list[dict[str, Any]]:
    heading = run.preview.get("heading", [])
    return [
        {
            "title": group["title"],
            "count": group["count"],
            "heading": heading,
            "rows": [list(zip(heading, row, strict=True)) for row in group["rows"]],
        }
        for group in run.preview.get("groups", [])
    ]


# Bank lines


@require_GET
@page("invoice:manage")
def bank_lines(request: Any) -> HttpResponse:
    """What the bank's exports left for a person: no invoice, the wrong one, or too much money."""
    is_aside = request.GET.get("show") == "aside"
    state = BankLine.State.SET_ASIDE if is_aside else BankLine.State.UNMATCHED
    found = Paginator(queries.bank_lines(request.actor, state), LINES).get_page(request.GET.get("page"))
    here = reverse("contracts:bank_lines")
    tabs = [
        {"label": "Waiting", "url": here, "count": _waiting(request.actor), "current": not is_aside},
        {"label": "Set aside", "url": f"{here}?show=aside", "count": None, "current": is_aside},
    ]
    context = {
        "section": "coverage",
        "page": found,
        "lines": [(line, shown(line.amount, line.currency)) for line in found.object_list],
        "tabs": tabs,
        "is_aside": is_aside,
    }
    return render(request, "contracts/imports/bank_lines.html", context)


def _waiting(actor: Any) -> int:
    return queries.bank_lines(actor, BankLine.State.UNMATCHED).count() if actor.can("invoice:manage") else 0


@require_http_methods(["GET", "POST"])
@page("invoice:manage")
def bank_line(request: Any, line_id: UUID) -> HttpResponse:
    line = queries.bank_line_for(request.actor, line_id)
    action = request.POST.get("action", "") if request.method == "POST" else ""
    book = BookForm(request.POST if action == "book" else None)
    aside = AsideForm(request.POST if action == "aside" else None)
    form = {"book": book, "aside": aside}.get(action)
    if form is not None and form.is_valid() and _settle(request, line, action, form):
        return HttpResponseRedirect(reverse("contracts:bank_lines"))
    context = {
        "section": "coverage",
        "line": line,
        "amount": shown(line.amount, line.currency),
        "book": book,
        "aside": aside,
        "is_open": line.state != BankLine.State.MATCHED,
    }
    return render(request, "contracts/imports/bank_line.html", context, status=200 if form is None else 422)


def _settle(request: Any, line: BankLine, action: str, form: Any) -> bool:
    actor, now = request.actor, request.unit.now
    try:
        if action == "book":
            done = deeds.book_bank_line(actor=actor, line=line, number=form.cleaned_data["number"], now=now)
            messages.success(request, f"{shown(line.amount, line.currency)} booked on invoice {done.invoice_number}.")
        else:
            deeds.set_bank_line_aside(actor=actor, line=line, reason=form.cleaned_data["reason"], now=now)
            messages.success(request, f"{shown(line.amount, line.currency)} from {line.payer or 'the bank'} set aside.")
    except deeds.CannotSettle as refused:
        form.add_error(refused.param if refused.param in form.fields else None, refused.message)
        return False
    return True
