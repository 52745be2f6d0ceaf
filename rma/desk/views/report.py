"""Whether replacements left when it was promised, by month of their approval."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from rma.desk.attainment import by_month, sum_of
from rma.desk.views.board import ROZOOM
from rozoom_support.lib.sheets import csv_download
from tenancy.pages import page
from tenancy.preferences import preferences_of

HEAD = ("month", "approved", "without_date", "left_in_time", "left_late", "running", "arrived_in_time", "arrived_late")


@require_safe
@page(ROZOOM)
def report(request: Any) -> HttpResponse:
    zone = preferences_of(request.user, request.membership)["time_zone"]
    months = by_month(request.unit.now, zone)
    if request.GET.get("format") == "csv":
        rows = [tuple(vars(one).values()) for one in months]
        return csv_download("ship-by.csv", HEAD, rows, is_ours=True)
    context = {"section": "returns", "months": months, "all": sum_of(months), "zone": zone}
    return render(request, "rma/desk/report.html", context)
