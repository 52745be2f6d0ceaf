"""How often replacements left when it was promised, for programs: the months of the page Reports, from the same statement."""

from typing import ClassVar

from django.http import HttpResponse
from rest_framework.request import Request

from rma.api import examples
from rma.api.shapes import ShipByShape
from rma.attainment import by_month
from tenancy.api.idempotency import json_response
from tenancy.api.schema import operation
from tenancy.api.times import stamp
from tenancy.api.views import ApiView, now_of, token_of


class ShipBy(ApiView):
    tag = "Reports"
    capabilities: ClassVar = {"GET": ("rma:read",)}
    parameters: ClassVar = ()

    @operation(
        id_="read_ship_by",
        summary="Read how often replacements left in time",
        words="Twelve months, the latest first, by the month of the approval in your organisation's time zone. Yours only: a "
        "reseller's are those of its customers.",
        answer=ShipByShape,
        examples=examples.SHIP_BY,
    )
    def get(self, request: Request) -> HttpResponse:
        now, zone = now_of(request), token_of(request).organisation.time_zone
        months = [one.as_dict() for one in by_month(now, zone)]
        return json_response({"time_zone": zone, "as_of": stamp(now), "months": months})
