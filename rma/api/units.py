"""The addresses of the parts pool, for roZoom's own programs: a warehouse's scanner, a stock list."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from contracts.models import normal_serial
from rma import services
from rma.api import examples
from rma.api.bodies import PoolUnitActionBody, PoolUnitBody
from rma.api.reading import write_unit
from rma.api.shapes import PoolUnitShape
from rma.api.writing import read_unit
from rma.models import PoolUnit, Rma
from rma.states import RmaState, UnitState
from rozoom_support.lib.refusals import NotFound
from tenancy.actor import Actor
from tenancy.api.filters import choices, known_id, one, read_parameters
from tenancy.api.idempotency import answer_once, json_response
from tenancy.api.inputs import valid_body
from tenancy.api.pagination import Order, paginate
from tenancy.api.problems import FieldError, Mistakes
from tenancy.api.schema import BODY, CURSOR, IDEMPOTENCY_KEY, location_header, operation, page_of, query
from tenancy.api.views import ApiView, actor_of, now_of

TAG = "Parts pool"
BY_ID = Order("id", "id", mark=lambda row: (str(row.pk), str(row.pk)))
# Of each action: its fields, and the one it can not do without.
FIELDS = {
    "pass_test": ({"firmware", "revision", "place"}, ""),
    "retire": ({"reason"}, "reason"),
    "place": ({"place"}, "place"),
}


def written(units: Iterable[PoolUnit], actor: Actor) -> list[dict[str, Any]]:
    """One question for all of them: who reserved which."""
    rows = list(units)
    reserved = [unit.pk for unit in rows if unit.state == UnitState.RESERVED]
    holders = Rma.objects.filter(unit__in=reserved, state=RmaState.ALLOCATED) if reserved else Rma.objects.none()
    for_whom = dict(holders.values_list("unit_id", "reference"))
    return [write_unit(unit, actor, for_whom.get(unit.pk)) for unit in rows]


def find_unit(request: Request, id: str) -> PoolUnit:
    actor_of(request).require("pool:read")
    found = PoolUnit.objects.select_related("product", "pool").filter(pk=known_id(id)).first()
    if found is None:
        raise NotFound
    return found


def answer_unit(request: Request, unit: PoolUnit, status: int = 200) -> HttpResponse:
    found = PoolUnit.objects.select_related("product", "pool").get(pk=unit.pk)
    headers = {"Location": f"/api/v1/pool-units/{found.pk}/"} if status == 201 else {}
    return json_response(written([found], actor_of(request))[0], status, headers)


class PoolUnits(ApiView):
    tag = TAG
    capabilities: ClassVar = {"GET": ("pool:read",), "POST": ("pool:read", "pool:manage")}
    parameters: ClassVar = ("pool", "product", "state", "serial")
    paged = True

    @operation(
        id_="list_pool_units",
        summary="List units of the pool",
        answer=page_of(PoolUnitShape, "PoolUnitPage"),
        parameters=[
            query("pool", "The code of a pool."),
            query("product", "The SKU of a product."),
            query(
                "state",
                "States, several with commas.",
                {"type": "array", "items": {"type": "string", "enum": UnitState.values}},
            ),
            query("serial", "What stands on the label, however it is typed."),
            *CURSOR,
        ],
        examples=examples.UNIT_PAGE,
    )
    def get(self, request: Request) -> HttpResponse:
        given = read_parameters(request, pool=one, product=one, state=choices(UnitState.values), serial=one)
        lookups = {"pool": "pool__code__iexact", "product": "product__sku__iexact", "state": "state__in"}
        found = PoolUnit.objects.select_related("product", "pool").filter(
            **{lookups[name]: given[name] for name in given if name in lookups}
        )
        if "serial" in given:
            found = found.filter(serial_normal=normal_serial(given["serial"]))
        page = paginate(request, found, BY_ID)
        return json_response({**page, "results": written(page["results"], actor_of(request))})

    @operation(
        id_="receive_pool_unit",
        summary="Receive a unit",
        words="Scanned at the door. It is in test until `pass_test`; a unit that was on order is filled first.",
        request=PoolUnitBody,
        answer=PoolUnitShape,
        status=201,
        problems=[*BODY, 409],
        parameters=[IDEMPOTENCY_KEY, location_header()],
        examples=[*examples.RECEIVE_UNIT, *examples.UNIT],
    )
    def post(self, request: Request) -> HttpResponseBase:
        return answer_once(request, lambda: self.receive(request))

    def receive(self, request: Request) -> HttpResponse:
        values = valid_body(PoolUnitBody, request.data)
        pool, product = read_unit(values)
        given = {name: value for name, value in values.items() if name not in ("pool", "product")}
        unit = services.receive_unit(actor=actor_of(request), pool=pool, product=product, now=now_of(request), **given)
        return answer_unit(request, unit, 201)


class OnePoolUnit(ApiView):
    tag = TAG
    capabilities: ClassVar = {"GET": ("pool:read",)}

    @operation(
        id_="read_pool_unit", summary="Read a unit", answer=PoolUnitShape, problems=[404], examples=examples.UNIT
    )
    def get(self, request: Request, id: str) -> HttpResponse:
        return answer_unit(request, find_unit(request, id))


class UnitTransitions(ApiView):
    tag = TAG
    capabilities: ClassVar = {"POST": ("pool:read", "pool:manage")}

    @operation(
        id_="move_pool_unit",
        summary="Record a test, a place, or that a unit leaves the pool",
        words="A unit whose test passed serves at once who waits for one.",
        request=PoolUnitActionBody,
        answer=PoolUnitShape,
        problems=[*BODY, 404, 409],
        parameters=[IDEMPOTENCY_KEY],
        examples=[*examples.TEST_UNIT, *examples.UNIT],
    )
    def post(self, request: Request, id: str) -> HttpResponseBase:
        unit = find_unit(request, id)
        return answer_once(request, lambda: self.do(request, unit))

    def do(self, request: Request, unit: PoolUnit) -> HttpResponse:
        given = valid_body(PoolUnitActionBody, request.data)
        action = given.pop("action")
        known, needed = FIELDS[action]
        words = "{0} does not belong to {1}. Leave it out."
        wrong = [FieldError(one, "not_for_this_action", words.format(one, action)) for one in given if one not in known]
        if needed and not given.get(needed):
            wrong.append(FieldError(needed, "required", f"{needed} is missing. The action {action} needs it."))
        if wrong:
            raise Mistakes(wrong)
        deeds: dict[str, Any] = {
            "pass_test": services.pass_test,
            "retire": services.retire_unit,
            "place": services.place_unit,
        }
        deeds[action](actor=actor_of(request), unit=unit, now=now_of(request), **given)
        return answer_unit(request, unit)
