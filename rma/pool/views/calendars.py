"""Warehouses and business calendars: for all of roZoom to read, for coordinators to change."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rma.business_days import day_words
from rma.pool.calendar_forms import OPEN, ExceptionForm, WarehouseForm
from rma.pool.calendar_pages import calendar_for, calendar_page, calendars, name_of, warehouse_for
from rma.pool.doors import SECTION, carry_out, form_page
from rma.services.calendars import remove_day, set_days, take_over_differences
from rma.services.warehouses import add_warehouse, change_warehouse
from rozoom_support.lib.refusals import NotFound
from tenancy.pages import page


@require_safe
@page("pool:read")
def listed(request: Any) -> HttpResponse:
    depots, regions = calendars(request.unit.now)
    may_change = request.actor.can("pool:manage")
    context = {"section": SECTION, "depots": depots, "regions": regions, "may_change": may_change}
    return render(request, "pool/calendars.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page("pool:read")
def calendar(request: Any, calendar_id: int) -> HttpResponse:
    found = calendar_for(calendar_id)
    may_change = request.actor.can("pool:manage")
    if request.method == "POST" and not may_change:
        raise NotFound
    year = request.GET.get("year", "")
    shown = calendar_page(found, int(year) if year.isascii() and year.isdecimal() else 0, request.unit.now)

    def deed(data: dict[str, Any]) -> tuple[str, str]:
        last = data["last"] or data["first"]
        changed = set_days(
            actor=request.actor,
            calendar=found,
            first=data["first"],
            last=last,
            is_open=data["what"] == OPEN,
            reason=data["reason"].strip(),
            now=request.unit.now,
        )
        when = day_words(changed[0]) if len(changed) == 1 else f"{len(changed)} days"
        said = f"{shown.name} is {'open' if data['what'] == OPEN else 'closed'} on {when}. Promises already given stay."
        return said, f"{reverse('pool:calendar', args=[found.pk])}?year={changed[0].year}"

    form = ExceptionForm(request.POST or None)
    return form_page(request, "pool/calendar.html", form, deed, {"shown": shown, "may_change": may_change})


@require_http_methods(["POST"])
@page("pool:manage")
def remove_exception(request: Any, calendar_id: int, day: Any) -> HttpResponse:
    found = calendar_for(calendar_id)

    def deed() -> tuple[str, str]:
        remove_day(actor=request.actor, calendar=found, day=day, now=request.unit.now)
        words = f"Removed. {day_words(day)} counts as the week and the holidays say."
        return words, f"{reverse('pool:calendar', args=[found.pk])}?year={day.year}"

    return carry_out(request, deed)


@require_http_methods(["POST"])
@page("pool:manage")
def take_over(request: Any, calendar_id: int) -> HttpResponse:
    found = calendar_for(calendar_id)

    def deed() -> tuple[str, str]:
        seen = request.POST.get("seen", "")
        number = take_over_differences(actor=request.actor, calendar=found, seen=seen, now=request.unit.now)
        words = f"{number} day{'s' if number > 1 else ''} of {name_of(found)} changed. Promises already given stay."
        return words, reverse("pool:calendar", args=[found.pk])

    return carry_out(request, deed)


@require_http_methods(["GET", "HEAD", "POST"])
@page("pool:manage")
def new_warehouse(request: Any) -> HttpResponse:
    form = WarehouseForm(request.POST or None)

    def deed(data: dict[str, Any]) -> tuple[str, str]:
        made = add_warehouse(actor=request.actor, code=data["code"], facts=form.facts, now=request.unit.now)
        return f"{made.name} is added, with its public holidays.", reverse("pool:calendar", args=[made.calendar_id])

    context = {"title": "Add a warehouse", "send": "Add warehouse"}
    return form_page(request, "pool/warehouse.html", form, deed, context)


@require_http_methods(["GET", "HEAD", "POST"])
@page("pool:manage")
def warehouse(request: Any, warehouse_id: int) -> HttpResponse:
    found = warehouse_for(warehouse_id)
    form = WarehouseForm(request.POST or None, warehouse=found, year=request.unit.now.year)

    def deed(data: dict[str, Any]) -> tuple[str, str]:
        change_warehouse(actor=request.actor, warehouse=found, facts=form.facts, now=request.unit.now)
        return f"Saved. It counts for what is approved from now on at {found.name}.", back

    back = reverse("pool:calendar", args=[found.calendar_id])
    context = {"title": f"Change {found.name}", "send": "Save warehouse", "warehouse": found}
    return form_page(request, "pool/warehouse.html", form, deed, context)
