"""Counting the shelf, and the losses that a second person confirms."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from rma.models import Pool
from rma.models.pool import MAY_BE_MISSING
from rma.pool.doors import SECTION, carry_out
from rma.pool.forms import CountForm
from rma.pool.stock import missing_units, products_with_units, unit_for
from rma.services.counting import Count, count, say_all_missing
from rma.services.pooling import CannotStock, confirm_missing
from rma.services.pooling import found_again as find_again
from tenancy.pages import page


@require_http_methods(["GET", "HEAD", "POST"])
@page("pool:manage")
def counted(request: Any) -> HttpResponse:
    """The first step compares, the second says what is missing: what was scanned stays in the form."""
    pools = list(Pool.objects.filter(is_active=True).order_by("name"))
    form = CountForm(request.POST or None, pools=pools, products=products_with_units())
    found: Count | None = None
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                found, status = _compared(form), 200
                if request.POST.get("step") == "missing":
                    return carry_out(request, lambda: _said(request))
            except CannotStock as refused:
                form.add_error("serials" if refused.param == "serials" else None, refused.message)
                status = 422
    context = {
        "section": SECTION,
        "form": form,
        "found": found,
        "has_pools": bool(pools),
        "missing": [(one, one.state in MAY_BE_MISSING and not one.is_missing) for one in found.missing]
        if found
        else [],
        "may_say": any(one.state in MAY_BE_MISSING and not one.is_missing for one in found.missing) if found else False,
    }
    return render(request, "pool/count.html", context, status=status)


@require_safe
@page("pool:read")
def losses(request: Any) -> HttpResponse:
    actor = request.actor
    may_confirm = actor.can("pool:write-off")
    rows = [(one, may_confirm and one.missing_said_by_id != actor.person_id) for one in missing_units()]
    context = {"section": SECTION, "rows": rows, "may_change": actor.can("pool:manage")}
    return render(request, "pool/losses.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@page("pool:write-off")
def confirm(request: Any, unit_id: UUID) -> HttpResponse:
    unit = unit_for(unit_id)

    def deed() -> tuple[str, str]:
        confirm_missing(actor=request.actor, unit=unit, now=request.unit.now)
        return f"{unit} is written off.", reverse("pool:losses")

    if request.method == "POST":
        return carry_out(request, deed)
    context = {
        "section": SECTION,
        "title": f"Write off {unit}?",
        "text": f"{unit.missing_said_by_name} did not find it." if unit.is_missing else "",
        "effects": ["It leaves the pool as lost, for good.", "The pool owns one unit fewer."],
        "action": request.path,
        "send_label": "Confirm that it is lost",
        "look": "danger",
        "cancel_url": reverse("pool:losses"),
        "keep_label": "Keep it in the pool",
    }
    return render(request, "components/confirm.html", context)


@require_http_methods(["POST"])
@page("pool:manage")
def found_again(request: Any, unit_id: UUID) -> HttpResponse:
    unit = unit_for(unit_id)

    def deed() -> tuple[str, str]:
        find_again(actor=request.actor, unit=unit, now=request.unit.now)
        return f"{unit} is there again: {unit.get_state_display().lower()}.", reverse("pool:losses")

    return carry_out(request, deed)


def _compared(form: CountForm) -> Count:
    data = form.cleaned_data
    return count(form.pools[data["pool"]], form.products.get(data["product"]), data["place"].strip(), form.lines)


def _said(request: Any) -> tuple[str, str]:
    keys = [UUID(one) for one in request.POST.getlist("missing") if len(one) == 36]
    said = say_all_missing(actor=request.actor, keys=keys, now=request.unit.now)
    number = f"{len(said)} unit{'s are' if len(said) != 1 else ' is'} missing."
    return f"{number} Another person confirms the loss.", reverse("pool:losses")
