"""The addresses of suppliers' records: a supplier's token sees its own, roZoom's every one."""

from typing import Any, ClassVar

from django.db.models import Q
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from rma.api import examples
from rma.api.bodies import SupplierReturnActionBody
from rma.api.reading import records_for_reading, write_record
from rma.api.shapes import SupplierReturnShape
from rma.api.writing import read_values
from rma.models import SupplierRma
from rma.queries import supplier_record_for
from rma.states import SupplierState
from rma.supplier import actions
from rma.supplier.listing import records_of
from rozoom_support.lib.refusals import Stale
from tenancy.api.filters import choices, known_id, one, read_parameters
from tenancy.api.idempotency import answer_once, json_response
from tenancy.api.inputs import valid_body
from tenancy.api.pagination import Order, paginate
from tenancy.api.schema import BODY, CURSOR, IDEMPOTENCY_KEY, IF_MATCH, etag_header, operation, page_of, query
from tenancy.api.versions import etag, required_version
from tenancy.api.views import ApiView, actor_of, now_of

TAG = "Supplier returns"
OLDEST_CHANGE = Order("updated_at", "updated_at", mark=lambda row: (row.updated_at, str(row.pk)))


def answer_record(request: Request, key: Any) -> HttpResponse:
    actor = actor_of(request)
    supplier_record_for(actor, key)
    record = records_for_reading(SupplierRma.objects.filter(pk=key)).get()
    return json_response(write_record(record, actor), 200, {"ETag": etag(record.version)})


class SupplierReturns(ApiView):
    tag = TAG
    capabilities: ClassVar = {"GET": ("supplier-rma:read",)}
    parameters: ClassVar = ("state", "serial", "number")
    paged = True

    @operation(
        id_="list_supplier_returns",
        summary="List what roZoom sent to suppliers",
        words="The oldest change first.",
        answer=page_of(SupplierReturnShape, "SupplierReturnPage"),
        parameters=[
            query(
                "state",
                "States, several with commas.",
                {"type": "array", "items": {"type": "string", "enum": SupplierState.values}},
            ),
            query("serial", "The serial of the part, exactly."),
            query("number", "Either side's number."),
            *CURSOR,
        ],
        examples=examples.RECORD_PAGE,
    )
    def get(self, request: Request) -> HttpResponse:
        actor = actor_of(request)
        given = read_parameters(request, state=choices(SupplierState.values), serial=one, number=one)
        found = records_of(actor)
        if "state" in given:
            found = found.filter(state__in=given["state"])
        if "serial" in given:
            found = found.filter(serial__iexact=given["serial"])
        if "number" in given:
            found = found.filter(Q(number__iexact=given["number"]) | Q(supplier_number__iexact=given["number"]))
        page = paginate(request, records_for_reading(found), OLDEST_CHANGE)
        return json_response({**page, "results": [write_record(record, actor) for record in page["results"]]})


class OneSupplierReturn(ApiView):
    tag = TAG
    capabilities: ClassVar = {"GET": ("supplier-rma:read",)}

    @operation(
        id_="read_supplier_return",
        summary="Read a supplier's record",
        answer=SupplierReturnShape,
        problems=[404],
        parameters=[etag_header(200)],
        examples=examples.RECORD,
    )
    def get(self, request: Request, id: str) -> HttpResponse:
        return answer_record(request, known_id(id))


class SupplierTransitions(ApiView):
    tag = TAG
    capabilities: ClassVar = {"POST": ("supplier-rma:read", "supplier-rma:work")}

    @operation(
        id_="move_supplier_return",
        summary="Acknowledge, receive, diagnose, repair, refuse, settle",
        words="`allowed_actions` says what is possible now. A part in repair follows its return, one of roZoom its record.",
        request=SupplierReturnActionBody,
        answer=SupplierReturnShape,
        problems=(*BODY, 404, 409, 412, 428),
        parameters=[IF_MATCH, IDEMPOTENCY_KEY, etag_header(200)],
        examples=[*examples.WORK, *examples.RECORD],
    )
    def post(self, request: Request, id: str) -> HttpResponseBase:
        found = supplier_record_for(actor_of(request), known_id(id))
        return answer_once(request, lambda: self.do(request, found))

    def do(self, request: Request, record: SupplierRma) -> HttpResponse:
        version = required_version(request)
        given = valid_body(SupplierReturnActionBody, request.data)
        name = given.pop("action")
        action = actions.find(record, actor_of(request), name)
        values = read_values(action.fields, name, given, None)
        if record.version != version:
            raise Stale("Somebody changed this record meanwhile. Read it again, then repeat what you wanted to do.")
        action.do(actor=actor_of(request), record=record, now=now_of(request), version=version, values=values)
        return answer_record(request, record.pk)
