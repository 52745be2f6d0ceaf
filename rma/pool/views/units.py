"""What is in the pool: counts, what is short, and every unit with its history."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rma.desk.doors import Done, Question, deed_page, posted
from rma.desk.forms import ActionForm
from rma.machines import CannotMove
from rma.models import Pool
from rma.pool import actions, stock
from rma.pool.doors import SECTION
from rma.pool.tracks import history_of
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
    row = stock.rows_of([found])[0]
    waiting = found.state == UnitState.AVAILABLE and actions.waiting_for(found).exists()
    context = {
        "section": SECTION,
        "row": row,
        "history": history_of(found),
        "next_step": UNIT.next_step(found.state),
        "actions": _shown(actions.offered(found, request.actor), waiting),
        "records": actions.records_of(found) if request.actor.can("supplier-rma:read") else [],
        "may_receive": found.state == UnitState.ON_ORDER and request.actor.can("pool:manage"),
        "may_swap": row.reserved_for is not None and request.actor.can("rma:manage"),
        "became": list(found.became.select_related("product")),
    }
    return render(request, "pool/unit.html", context)


def _shown(offered: list[actions.UnitAction], waiting: bool) -> list[tuple[actions.UnitAction, str]]:
    """Each with the look of its button. Reserving is there only while a return waits, and is then what to do first."""
    return [
        (one, "primary" if one.name == "reserve" else "" if one.look == "danger" else one.look)
        for one in offered
        if one.name != "reserve" or waiting
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@page("pool:read")
def deed(request: Any, unit_id: UUID, deed: str) -> HttpResponse:
    """Whatever `rma/pool/actions` knows. One that is not possible now says why, and what comes next."""
    found = stock.unit_for(unit_id)
    back = reverse("pool:unit", args=[found.pk])
    if deed not in actions.NAMES or not request.actor.can(actions.NAMES[deed].needs):
        raise Http404
    try:
        action = actions.find(found, request.actor, deed)
    except CannotMove as refused:
        context = {"section": SECTION, "unit": found, "words": refused.message, "back_url": back}
        context["possible"] = actions.offered(found, request.actor)
        return render(request, "pool/not_now.html", context, status=409)
    form = ActionForm(action.asks(found), None, posted(request), product=found.product)
    asked = Question(
        title=action.label,
        send=action.send or action.label,
        cancel_url=back,
        back=found.serial or "The unit",
        section=SECTION,
        about=f"{found.product.name}, serial {found.serial}" if found.serial else found.product.name,
        effects=action.effects(found),
        look="danger" if action.look == "danger" else "primary",
    )

    def do(data: dict[str, Any]) -> Done:
        words = action.run(actor=request.actor, unit=found, now=request.unit.now, **form.values())
        return words, back, "success"

    return deed_page(request, asked, form, do)


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
