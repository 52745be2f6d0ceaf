"""Whether replacements left when it was promised, by month of their approval."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rma.attainment import as_csv, by_month, sum_of
from rma.desk.views.board import ROZOOM
from tenancy.pages import page
from tenancy.preferences import preferences_of


@require_safe
@page(ROZOOM)
def report(request: Any) -> HttpResponse:
    zone = preferences_of(request.user, request.membership)["time_zone"]
    months = by_month(request.unit.now, zone)
    if request.GET.get("format") == "csv":
        return as_csv(months)
    context = {"section": "returns", "months": months, "all": sum_of(months), "zone": zone, "csv_url": "?format=csv"}
    return render(request, "rma/desk/report.html", context)
