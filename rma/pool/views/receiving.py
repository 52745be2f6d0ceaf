"""Ordering units, receiving them with a scanner, and putting them on the shelf when they passed their test."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from contracts.models import Product
from rma.models import Pool, ProductSupplier
from rma.pool.doors import SECTION, carry_out, form_page
from rma.pool.forms import OrderForm, ReceiveForm, TestedForm
from rma.pool.stock import in_test
from rma.services.pooling import CannotStock, order_units
from rma.services.receiving import CannotReceiveLines, pass_tests, receive_units
from rma.states import UnitState
from rozoom_support.lib.ui.templatetags.ui import first_id
from tenancy.models import Kind, Organisation
from tenancy.pages import page

MOST_SHOWN = 25  # wrong lines; who mends these sees the others


@require_http_methods(["GET", "HEAD", "POST"])
@page("pool:manage")
def order(request: Any) -> HttpResponse:
    """Units that were bought: each has its row from now on, and counts as coming."""
    pools = list(Pool.objects.filter(is_active=True).order_by("name"))
    products = Product.objects.filter(kind=Product.Kind.HARDWARE, is_active=True).order_by("name", "sku")
    suppliers = Organisation.objects.filter(kind=Kind.SUPPLIER, is_active=True).order_by("name")
    form = OrderForm(
        request.POST or None, pools=pools, products=products, suppliers=suppliers, initial=_asked(request.GET)
    )

    def deed(data: dict[str, Any]) -> tuple[str, str]:
        pool, product = form.pools[data["pool"]], form.products[data["product"]]
        units = order_units(
            actor=request.actor,
            pool=pool,
            product=product,
            count=data["count"],
            supplier=form.suppliers.get(data["supplier"]),
            order_number=data["order_number"],
            now=request.unit.now,
        )
        said = f"{len(units)} unit{'s' if len(units) > 1 else ''} of {product} on order for {pool}."
        return said, f"{reverse('pool:units')}?product={product.pk}&state={UnitState.ON_ORDER}"

    return form_page(request, "pool/order.html", form, deed, {"has_pools": bool(pools)})


def _asked(typed: Any) -> dict[str, str]:
    """What a link to the form knows already: the product, how many it lacks, its usual supplier."""
    asked = {name: typed.get(name, "") for name in ("product", "count")}
    try:
        known = ProductSupplier.objects.filter(product_id=UUID(asked["product"])).values_list("supplier_id", flat=True)
    except ValueError:
        return asked
    return {**asked, "supplier": str(known.first() or "")}


@require_http_methods(["GET", "HEAD", "POST"])
@page("pool:manage")
def receive(request: Any) -> HttpResponse:
    pools = list(Pool.objects.filter(is_active=True).order_by("name"))
    products = Product.objects.filter(kind=Product.Kind.HARDWARE, is_active=True).order_by("name", "sku")
    asked = {"product": request.GET.get("product", "")}
    form = ReceiveForm(request.POST or None, pools=pools, products=products, initial=asked)
    if request.method == "POST" and form.is_valid():
        try:
            return carry_out(request, lambda: _received(request, form))
        except CannotReceiveLines as refused:
            words = [f"Line {number}: {words}" for number, words in refused.lines.items()]
            form.add_error("serials", [ValidationError(one) for one in (refused.message, *words[:MOST_SHOWN])])
        except CannotStock as refused:
            form.add_error(refused.param if refused.param in form.fields else "serials", refused.message)
    context = {"section": SECTION, "form": form, "has_pools": bool(pools)}
    return render(request, "pool/receive.html", context, status=422 if request.method == "POST" else 200)


def _received(request: Any, form: ReceiveForm) -> tuple[str, str]:
    units = receive_units(actor=request.actor, arrival=form.arrival, lines=form.lines, now=request.unit.now)
    number = f"{len(units)} unit{'s' if len(units) > 1 else ''}"
    return f"{number} of {form.arrival.product} received. They wait for their test.", reverse("pool:tests")


@require_http_methods(["GET", "HEAD", "POST"])
@page("pool:manage")
def tests(request: Any) -> HttpResponse:
    found = in_test()
    form = TestedForm(request.POST or None, found=found)

    def deed(data: dict[str, Any]) -> tuple[str, str]:
        keys = [UUID(key) for key in data["units"]]
        done = pass_tests(actor=request.actor, keys=keys, firmware=data["firmware"], now=request.unit.now)
        number = f"{len(done.units)} unit{'s are' if len(done.units) > 1 else ' is'} on the shelf."
        served = ", ".join(one.reference for one in done.served)
        return number + (f" Reserved at once, because they waited: {served}." if served else ""), reverse("pool:tests")

    marked = set(request.POST.getlist("units"))
    context = {
        "groups": _by_product(found, marked),
        "first_unit": first_id(form["units"]),
        "number": len(found),
    }
    return form_page(request, "pool/tests.html", form, deed, context)


def _by_product(found: list[Any], marked: set[str]) -> list[tuple[Product, list[tuple[Any, bool]]]]:
    groups: dict[Any, tuple[Product, list[tuple[Any, bool]]]] = {}
    for unit in found:
        groups.setdefault(unit.product_id, (unit.product, []))[1].append((unit, str(unit.pk) in marked))
    return list(groups.values())
