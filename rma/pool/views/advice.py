"""How many units of each product to keep, and why."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rma.models import BaseStock, Pool
from rma.pool import stock, words
from rma.pool.advice import advise
from rma.pool.doors import SECTION, form_page
from rma.pool.forms import LevelForm
from rma.services.stocking import set_base_stock
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


def _percent(share: Decimal) -> str:
    return f"{(share * 100).normalize():f}"
