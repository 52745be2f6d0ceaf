"""What is in the pool: counts, what is short, and every unit with its history."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rma.models import Pool
from rma.pool import stock
from rma.pool.doors import SECTION, form_page
from rma.pool.forms import ReasonForm
from rma.pool.tracks import history_of
from rma.services.pooling import retire_unit
from rma.states import UnitState
from rma.stock_lifecycle import UNIT
from tenancy.pages import page


@require_safe
@page("pool:read")
def listed(request: Any) -> HttpResponse:
    wanted = _wanted(request.GET)
    shown, rows = stock.units(wanted, request.GET.get("page", "1"))
    found = stock.stocks()
    context = {
        "section": SECTION,
        "wanted": wanted,
        "stocks": found,
        "low": stock.low(found),
        "page": shown,
        "rows": rows,
        "products": [one.product for one in found],
        "states": UnitState.choices,
        "filters": _filter_words(wanted, found),
        "has_pools": bool(found) or Pool.objects.exists(),
        "missing": stock.missing_units().count(),
        "may_change": request.actor.can("pool:manage"),
    }
    return render(request, "pool/units.html", context)


@require_safe
@page("pool:read")
def unit(request: Any, unit_id: UUID) -> HttpResponse:
    found = stock.unit_for(unit_id)
    offered = UNIT.names(found.state, request.actor)
    context = {
        "section": SECTION,
        "row": stock.rows_of([found])[0],
        "history": history_of(found),
        "next_step": UNIT.next_step(found.state),
        "may_test": "pass_test" in offered and not found.is_missing,
        "may_retire": "retire" in offered and not found.is_missing,
        "became": list(found.became.select_related("product")),
    }
    return render(request, "pool/unit.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page("pool:manage")
def retire(request: Any, unit_id: UUID) -> HttpResponse:
    found = stock.unit_for(unit_id)
    form = ReasonForm(request.POST or None)

    def deed(data: dict[str, Any]) -> tuple[str, str]:
        retire_unit(actor=request.actor, unit=found, reason=data["reason"], now=request.unit.now)
        return f"{found} is out of the pool.", back

    back = reverse("pool:unit", args=[found.pk])
    return form_page(request, "pool/retire.html", form, deed, {"unit": found, "back_url": back})


def _wanted(typed: Any) -> stock.Wanted:
    """Of an address somebody may have written by hand."""
    try:
        product = UUID(typed.get("product", ""))
    except ValueError:
        product = None
    state = typed.get("state", "")
    words = typed.get("q", "").strip()[:80]
    return stock.Wanted(words, product, state if state in UnitState.values else "")


def _filter_words(wanted: stock.Wanted, found: list[stock.Stock]) -> list[str]:
    name = next((one.product.name for one in found if one.product.pk == wanted.product), "another product")
    said = [wanted.words and f"“{wanted.words}”", wanted.product and name]
    return [str(one) for one in (*said, wanted.state and UnitState(wanted.state).label) if one]
