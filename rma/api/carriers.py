"""Where carriers' reports arrive: many at once, each answered for itself."""

from typing import ClassVar

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from rma.api import examples
from rma.api.bodies import CarrierEventsBody
from rma.api.reading import write_taken
from rma.api.shapes import CarrierAnswerShape
from rma.api.writing import read_events
from rma.carrier.taking import take_all
from tenancy.api.idempotency import answer_once, json_response
from tenancy.api.schema import BODY, IDEMPOTENCY_KEY, operation
from tenancy.api.views import ApiView, actor_of, now_of


class CarrierEvents(ApiView):
    tag = "Carrier events"
    capabilities: ClassVar = {"POST": ("carrier:report",)}

    @operation(
        id_="report_carrier_events",
        summary="Report what a carrier says",
        words="The same report again, or one that comes late, changes nothing and is answered so. One that is refused "
        "stops none of the others. Proof of delivery moves the cover to the new serial in the same moment.",
        request=CarrierEventsBody,
        answer=CarrierAnswerShape,
        problems=BODY,
        parameters=[IDEMPOTENCY_KEY],
        examples=[*examples.EVENTS, *examples.TAKEN],
    )
    def post(self, request: Request) -> HttpResponseBase:
        return answer_once(request, lambda: self.take(request))

    def take(self, request: Request) -> HttpResponse:
        taken = take_all(actor_of(request), read_events(request.data), now_of(request))
        return json_response({"results": [write_taken(one) for one in taken]})
