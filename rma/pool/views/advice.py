"""How many units of each product to keep, and why."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rma.models import BaseStock, Pool
from rma.pool import buying_words, stock, words
from rma.pool.advice import advise
from rma.pool.doors import SECTION, form_page
from rma.pool.forms import LastBuyForm, LevelForm, SpendForm
from rma.pool.last_buy import last_buy as work_out_last_buy
from rma.pool.last_buy import scrapped_of
from rma.pool.spending import Line, currencies, spending
from rma.services.stocking import set_base_stock
from rozoom_support.lib.money import shown
from tenancy.pages import page

USUAL_TARGET = Decimal("0.95")


@require_safe
@page("pool:read")
def levels(request: Any) -> HttpResponse:
    found = stock.stocks()
    keys = {one.product.pk for one in found}
    others = stock.products_without_stock(keys)
    return render(request, "pool/levels.html", {"section": SECTION, "stocks": found, "others": others})


@require_http_methods(["GET", "HEAD", "POST"])
@page("pool:read")
def product(request: Any, product_id: UUID) -> HttpResponse:
    found = stock.product_for(product_id)
    pools = list(Pool.objects.filter(is_active=True).order_by("name"))
    kept = list(BaseStock.objects.filter(product=found).select_related("pool").order_by("pool__name"))
    target = max((one.target_fill for one in kept), default=USUAL_TARGET)
    now = stock.stock_of(found)
    advice = advise(found, now.level, float(target), request.unit.now)
    may_change = request.actor.can("pool:manage") and bool(pools)

    def deed(data: dict[str, Any]) -> tuple[str, str]:
        made = set_base_stock(
            actor=request.actor,
            pool=form.pools[data["pool"]],
            product=found,
            level=data["level"],
            target=data["target"] / 100,
            now=request.unit.now,
        )
        return f"{made.pool} should own {made.level} of {found}.", reverse("pool:product", args=[found.pk])

    form = LevelForm(request.POST or None, pools=pools, initial={"level": advice.advised, "target": _percent(target)})
    context = {
        "product": found,
        "stock": now,
        "kept": kept,
        "advice": advice,
        "finding": words.finding(advice),
        "reasons": words.reasons(advice),
        "late": words.late_words(advice),
        "unusual": words.unusual_words(advice),
        "plot": words.plot(advice),
        "steps": [(one, words.share(one.fill)) for one in advice.steps],
        "may_change": may_change,
    }
    if request.method == "POST" and not may_change:
        request.actor.require("pool:manage")
    return form_page(request, "pool/product.html", form, deed, context)


@require_safe
@page("pool:read")
def spend(request: Any) -> HttpResponse:
    """What to buy for a sum. The question stands in the address; nothing is done by it."""
    known = currencies(request.unit.now.date())
    form = SpendForm(request.GET if "budget" in request.GET else None, currencies=known)
    context: dict[str, Any] = {"section": SECTION, "form": form, "currencies": known}
    if form.is_bound and form.is_valid():
        data = form.cleaned_data
        found = spending(data["budget"], data["currency"], request.unit.now)
        context |= {
            "found": found,
            "finding": buying_words.spending_finding(found),
            "reasons": buying_words.spending_reasons(found),
            "curve": buying_words.curve(found),
            "rows": [_row(line, found.currency) for line in found.lines],
            "steps": [(one, shown(one.spent, found.currency), buying_words.few(one.waiting)) for one in found.steps],
            "may_change": request.actor.can("pool:manage"),
        }
    status = 422 if form.is_bound and not form.is_valid() else 200
    return render(request, "pool/spend.html", context, status=status)


def _row(line: Line, currency: str) -> dict[str, Any]:
    return {
        "line": line,
        "cost": shown(line.cost, currency),
        "spent": shown(line.spent, currency),
        "before": words.share(line.fill_before),
        "after": words.share(line.fill_after),
        "waiting": buying_words.few(line.waiting_after),
    }


@require_safe
@page("pool:read")
def last_buy(request: Any, product_id: UUID) -> HttpResponse:
    """How many to buy when a product is sold for the last time."""
    found = stock.product_for(product_id)
    now = stock.stock_of(found)
    seen = scrapped_of(found, request.unit.now)
    usual = {"years": "3", "scrapped": f"{round(100 * seen.share, 1):g}", "certainty": "95"}
    form = LastBuyForm({**usual, **{name: request.GET[name] for name in usual if name in request.GET}})
    context: dict[str, Any] = {"section": SECTION, "product": found, "stock": now, "form": form}
    if form.is_valid():
        data = {name: float(value) for name, value in form.cleaned_data.items()}
        years, scrapped, certainty = data["years"], data["scrapped"] / 100, data["certainty"] / 100
        buy = work_out_last_buy(now, years, scrapped, certainty, seen, request.unit.now)
        context |= {
            "buy": buy,
            "finding": buying_words.last_buy_finding(buy),
            "reasons": buying_words.last_buy_reasons(buy),
            "plot": buying_words.last_buy_plot(buy) if buy.lost else None,
            "chances": [(one, words.share(one.enough)) for one in buy.chances],
            "may_change": request.actor.can("pool:manage"),
        }
    return render(request, "pool/last_buy.html", context, status=200 if form.is_valid() else 422)


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f}"
