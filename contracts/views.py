"""Components and what covers them: for a customer its own, for the desk those of a chosen customer."""

from collections.abc import Iterable
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render

from contracts.coverage import COVERED_BY, Row, row_values, rows_of
from contracts.entitlement import Support
from contracts.models import Component
from contracts.moving import moves_of
from contracts.queries import components_of
from contracts.timeline import timeline
from contracts.voiding.queries import counts_to_do, may_propose, warranties_of
from rozoom_support.lib.refusals import NotFound
from rozoom_support.lib.sheets import csv_download
from rozoom_support.lib.ui.parts import parts_of
from tenancy.models import Kind, Organisation
from tenancy.pages import page

ROWS = 25
CUSTOMERS = 50
COLUMNS = ("product", "serial", "site", "covered", "covered_by", "until", "warranty_until", "reason", "would_change")


@page("component:read")
def coverage(request: Any) -> HttpResponse:
    customer = _customer(request)
    if customer is None:
        return _choose_customer(request)
    components = list(components_of(customer))
    rows = rows_of(components, request.unit.now)
    chosen = _narrowed(rows, request.GET)
    if request.GET.get("format") == "csv":
        return _csv(customer, chosen)
    shown = Paginator(chosen, ROWS).get_page(request.GET.get("page"))
    visible = list(shown.object_list)
    context = {
        "section": "coverage",
        "desk": request.actor.party != "customer",
        "may_quote": request.actor.can("agreement:quote"),
        "customer": customer,
        "sites": sorted({component.site for component in components}, key=lambda site: site.name),
        "site": request.GET.get("site", ""),
        "covered": request.GET.get("covered", ""),
        "total": len(rows),
        "covered_count": sum(row.is_covered for row in rows),
        "ending": sum(row.ends_soon for row in rows),
        "page": shown,
        "rows": [(row, COVERED_BY[row.coverage.support]) for row in visible],
        "timeline": timeline(visible),
        "is_filtered": len(chosen) < len(rows),
    }
    return render(request, "contracts/coverage.html", context)


@page("component:read")
def component(request: Any, component_id: Any) -> HttpResponse:
    """One component: what covers it, why, until when, and what would change it."""
    found = Component.objects.for_list().filter(pk=component_id).first()
    if found is None:
        raise NotFound
    (row,) = rows_of([found], request.unit.now)
    context = {
        "section": "coverage",
        "desk": request.actor.party != "customer",
        "component": found,
        "row": row,
        "covered_by": COVERED_BY[row.coverage.support],
        "timeline": timeline([row]),
        "moves": moves_of(found),
        "warranties": warranties_of(request.actor, found, request.unit.now),
        "may_void": may_propose(request.actor),
        "upper_parts": parts_of("component", request, found),
        "may_move": request.actor.can("component:manage") and found.state == Component.State.IN_USE,
    }
    return render(request, "contracts/component.html", context)


def _customer(request: Any) -> Organisation | None:
    """The customer whose components are asked for; a foreign code is as unknown as a wrong one."""
    if request.actor.party == "customer":
        return request.membership.organisation
    code = request.GET.get("customer", "").strip()[:12].upper().replace("\0", "")
    return Organisation.objects.filter(kind=Kind.CUSTOMER, code__iexact=code).first() if code else None


def _choose_customer(request: Any) -> HttpResponse:
    words = request.GET.get("customer", "").strip()[:100].replace("\0", "")
    found = Organisation.objects.filter(kind=Kind.CUSTOMER).order_by("name")
    if words:
        found = found.filter(Q(name__icontains=words) | Q(code__istartswith=words))
    customers = list(found[: CUSTOMERS + 1])
    context = {
        "section": "coverage",
        "words": words,
        "customers": customers[:CUSTOMERS],
        "more": len(customers) > CUSTOMERS,
        "voids": counts_to_do(request.actor),
    }
    return render(request, "contracts/choose_customer.html", context)


def _narrowed(rows: list[Row], asked: Any) -> list[Row]:
    site, covered = asked.get("site", ""), asked.get("covered", "")
    wanted = {
        "no": lambda row: not row.is_covered,
        "soon": lambda row: row.ends_soon,
        "free": lambda row: row.coverage.support is Support.FREE,
    }.get(covered, lambda row: True)
    return [row for row in rows if wanted(row) and site in ("", str(row.component.site_id))]


def _csv(customer: Organisation, rows: Iterable[Row]) -> HttpResponse:
    values = (row_values(row) for row in rows)
    return csv_download(
        f"coverage-{customer.code.lower()}.csv", COLUMNS, ([one[name] for name in COLUMNS] for one in values)
    )
