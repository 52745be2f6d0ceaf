"""The page of the reports, and each of its tables as CSV or JSON from the same numbers."""

import csv
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from rozoom_support.lib.ui.parts import parts_of
from tenancy.pages import page
from tenancy.preferences import preferences_of
from tickets.reports import plots, words
from tickets.reports.forms import ReportForm
from tickets.reports.period import MONTHS_OF_PRESET
from tickets.reports.queries import FEWEST
from tickets.reports.report import Report, make_report, numbers
from tickets.reports.tables import Table, asked_by, tables

ROWS = 20
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@require_safe
@page("report:read")
def report(request: Any) -> HttpResponse:
    zone = preferences_of(request.user, request.membership)["time_zone"]
    form = ReportForm(request.GET, actor=request.actor, zone=zone, now=request.unit.now)
    asked = form.narrowing
    context = {
        "section": "reports",
        "desk": request.actor.party != "customer",
        "form": form,
        "presets": MONTHS_OF_PRESET,
    }
    if asked is None:
        return render(request, "reports/unknown.html", context, status=422)
    found = make_report(request.actor, asked, kinds=(form.kind_chosen,), now=request.unit.now)
    made = tables(found)
    wanted = made.get(request.GET.get("table", ""))
    if wanted is not None and form.is_valid() and request.GET.get("format") in ("csv", "json"):
        return _csv(wanted) if request.GET["format"] == "csv" else JsonResponse({"results": wanted.as_dicts()})
    context |= _shown(request, form, found, made)
    return render(request, "reports/report.html", context, status=200 if form.is_valid() else 422)


def _shown(request: Any, form: ReportForm, found: Report, made: dict[str, Table]) -> dict[str, Any]:
    kind, period = found.kinds[0], found.asked.period
    findings = {
        "months": words.months_finding(kind, found.attainment, found.severities),
        "backlog": words.backlog_finding({one: found.tickets.backlog[one] for one in found.severities}, period.first),
        "times": words.times_finding(found.times),
        "reopened": words.solved_finding(found.tickets.solved_in_all),
        "changes": words.changes_finding(asked_by(made["severity_changes"].rows)),
    }
    return {
        "title": words.title(kind, found.attainment.of(kind)),
        "days": words.days(period),
        "months": period.months,
        "chips": [{"label": label, "url": _without(request, name)} for label, name in form.chips()],
        "clear_url": reverse("reports:report"),
        "numbers": numbers(found),
        "findings": findings,
        "source": words.source(period, found.now),
        "rule": words.RULE,
        "fewest": FEWEST,
        "imported": found.attainment.of(kind).imported,
        "tables": made,
        "months_plots": plots.months_plots(found),
        "backlog_plots": plots.backlog_plots(found),
        "times_plot": plots.times_plot(found),
        "customers": Paginator(made["customers"].labelled, ROWS).get_page(request.GET.get("page")),
        "operator": request.actor.is_operator,
        "upper_parts": parts_of("reports", request, found),
    }


def _without(request: Any, name: str) -> str:
    query = request.GET.copy()
    for gone in (name, "page"):
        query.pop(gone, None)
    return f"{reverse('reports:report')}?{query.urlencode()}"


def _csv(table: Table) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{table.name}.csv"'
    response.write("\ufeff")  # so that a spreadsheet reads UTF-8
    writer = csv.writer(response)
    writer.writerow(table.columns)
    writer.writerows([_cell(value) for value in row] for row in table.rows)
    return response


def _cell(value: Any) -> Any:
    """A text that a spreadsheet would run as a formula is kept a text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
