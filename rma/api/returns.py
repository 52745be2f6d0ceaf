"""The addresses of returns: find, call, answer. What a body means is judged in writing.py; what is possible, in rma/actions."""

from typing import Any, ClassVar

from django.db.models import Q, Subquery
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from contracts.models import normal_serial
from rma import actions, services
from rma.api import examples
from rma.api.bodies import ReturnActionBody, ReturnBody
from rma.api.reading import Reader, for_reading, write_preview
from rma.api.shapes import ExplanationShape, PreviewShape, ReturnShape
from rma.api.writing import read_values, read_wish
from rma.models import Rma, RmaQuerySet
from rma.states import RmaKind, RmaState
from rozoom_support.lib.refusals import NotFound, Stale
from tenancy.actor import Actor
from tenancy.api.filters import choices, ids, instant, one, read_parameters, texts
from tenancy.api.idempotency import answer_once, json_response
from tenancy.api.inputs import valid_body
from tenancy.api.pagination import Order, paginate
from tenancy.api.schema import (
    BODY,
    CURSOR,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    etag_header,
    location_header,
    operation,
    page_of,
    query,
)
from tenancy.api.versions import etag, required_version
from tenancy.api.views import ApiView, actor_of, now_of

TAG = "Returns"
CHANGES = (*BODY, 404, 409, 412, 428)
READERS: dict[str, Any] = {
    "state": choices(RmaState.values),
    "kind": choices(RmaKind.values),
    "severity": choices([1, 2, 3]),
    "customer": texts,
    "component": ids,
    "ticket": one,
    "serial": one,
    "requested_after": instant,
    "requested_before": instant,
    "updated_after": instant,
    "open": choices(["true", "false"]),
}
LOOKUPS = {
    "kind": "kind__in",
    "severity": "severity__in",
    "component": "component_id__in",
    "requested_after": "requested_at__gte",
    "requested_before": "requested_at__lt",
    "updated_after": "updated_at__gte",
}
INSTANT = {"type": "string", "format": "date-time"}


def _several(values: list[Any], kind: str = "string") -> dict[str, Any]:
    return {"type": "array", "items": {"type": kind, "enum": values}}


PARAMETERS = (
    query(
        "state",
        "Repeat it, or use commas, for several. As kept; dates may have moved it on since.",
        _several(RmaState.values),
    ),
    query("kind", "ADVANCE or FACTORY.", _several(RmaKind.values)),
    query("severity", "1, 2 or 3.", _several([1, 2, 3], "integer")),
    query("customer", "Codes of customers.", {"type": "array", "items": {"type": "string"}}),
    query("component", "Ids of failed components.", {"type": "array", "items": {"type": "string", "format": "uuid"}}),
    query("ticket", "The reference of a ticket."),
    query("serial", "Of the failed part or of its replacement, however it is typed."),
    query("requested_after", "Requested at this instant or later.", INSTANT),
    query("requested_before", "Requested before this instant.", INSTANT),
    query("updated_after", "Changed at this instant or later.", INSTANT),
    query("open", "true: not ended; false: ended.", {"type": "string", "enum": ["true", "false"]}),
    *CURSOR,
)
NEWEST_FIRST = Order(
    "-requested_at",
    "requested_at",
    mark=lambda row: (row.requested_at, row.reference),
    key=lambda reference: Subquery(Rma.objects.filter(reference=reference).values("pk")[:1]),
    descending=True,
)


def asked_for(request: Request, actor: Actor) -> RmaQuerySet:
    given = read_parameters(request, **READERS)
    actor.require("rma:read")
    found: RmaQuerySet = Rma.objects.filter(**{LOOKUPS[name]: given[name] for name in given if name in LOOKUPS})
    if "state" in given:
        found = found.filter(state__in=given["state"])
    if "customer" in given:
        found = found.filter(customer__code__in=[code.upper() for code in given["customer"]])
    if "ticket" in given:
        found = found.filter(ticket__reference=given["ticket"].upper())
    if "serial" in given:
        normal = normal_serial(given["serial"])
        of_parts = Q(component__serial_normal=normal) | Q(replacement__serial_normal=normal)
        found = found.filter(of_parts | Q(claimed_serial_normal=normal))
    if "open" in given:
        is_open = Rma.objects.open().values("pk")
        found = found.open() if given["open"][-1] == "true" else found.exclude(pk__in=is_open)
    return found


def find_return(request: Request, reference: str) -> Rma:
    """As it stands on labels, in any case; with everything that is written out."""
    actor = actor_of(request)
    actor.require("rma:read")
    found = for_reading(Rma.objects.filter(reference=reference.upper()[:24]), actor).first()
    if found is None:
        raise NotFound
    return found


def answer_return(request: Request, reference: str, status: int = 200) -> HttpResponse:
    """The return as it is now, with its version and, when it is new, its address."""
    found = find_return(request, reference)
    headers = {"ETag": etag(found.version)}
    if status == 201:
        headers["Location"] = f"/api/v1/returns/{found.reference}/"
    return json_response(Reader(actor_of(request), now_of(request)).one(found), status, headers)


class Returns(ApiView):
    tag = TAG
    capabilities: ClassVar = {"GET": ("rma:read",), "POST": ("rma:read", "rma:request", "ticket:read")}
    parameters: ClassVar = tuple(READERS)
    paged = True

    @operation(
        id_="list_returns",
        summary="List returns",
        words="The latest request first.",
        answer=page_of(ReturnShape, "ReturnPage"),
        parameters=PARAMETERS,
        examples=examples.RETURN_PAGE,
    )
    def get(self, request: Request) -> HttpResponse:
        actor = actor_of(request)
        page = paginate(request, for_reading(asked_for(request, actor), actor), NEWEST_FIRST)
        reader = Reader(actor, now_of(request))
        return json_response({**page, "results": [reader.one(rma) for rma in page["results"]]})

    @operation(
        id_="request_return",
        summary="Ask for a return",
        words="The rules decide at once: `entitled_to` says what can be had and why. Where an open return of the same "
        "component goes on, the answer is that one, with 200.",
        request=ReturnBody,
        answer=ReturnShape,
        status=201,
        problems=[*BODY, 409],
        parameters=[IDEMPOTENCY_KEY, etag_header(201), location_header()],
        examples=[*examples.ASK, *examples.RETURN],
        also={200: ReturnShape},
    )
    def post(self, request: Request) -> HttpResponseBase:
        return answer_once(request, lambda: self.ask(request))

    def ask(self, request: Request) -> HttpResponse:
        ticket, wish = read_wish(actor_of(request), request.data)
        asked = services.request_return(actor=actor_of(request), ticket=ticket, wish=wish, now=now_of(request))
        return answer_return(request, asked.rma.reference, 201 if asked.is_new else 200)


class Preview(ApiView):
    tag = TAG
    capabilities: ClassVar = {"POST": ("rma:read", "rma:request", "ticket:read")}

    @operation(
        id_="preview_return",
        summary="What can be had, before it is asked for",
        words="Nothing is kept. The body is that of a request.",
        request=ReturnBody,
        answer=PreviewShape,
        problems=BODY,
        examples=[*examples.ASK, *examples.PREVIEW],
    )
    def post(self, request: Request) -> HttpResponse:
        ticket, wish = read_wish(actor_of(request), request.data)
        now = now_of(request)
        seen = services.look(actor=actor_of(request), ticket=ticket, wish=wish, now=now)
        return json_response(
            {
                "entitled_to": write_preview(seen.decision, now),
                "component": str(seen.component.pk) if seen.component else None,
                "open_return": seen.open_return.reference if seen.open_return else None,
            }
        )


class OneReturn(ApiView):
    tag = TAG
    capabilities: ClassVar = {"GET": ("rma:read",)}

    @operation(
        id_="read_return",
        summary="Read a return",
        answer=ReturnShape,
        problems=[404],
        parameters=[etag_header(200)],
        examples=examples.RETURN,
    )
    def get(self, request: Request, rma: str) -> HttpResponse:
        return answer_return(request, rma)


class Explanation(ApiView):
    tag = TAG
    capabilities: ClassVar = {"GET": ("rma:read",)}

    @operation(
        id_="explain_return",
        summary="Why was it decided so, and what can be done?",
        words="Every answer of the rules with the facts it was made from; each deed with what it needs, or when it becomes "
        "possible.",
        answer=ExplanationShape,
        problems=[404],
        examples=examples.EXPLANATION,
    )
    def get(self, request: Request, rma: str) -> HttpResponse:
        found = find_return(request, rma)
        reader = Reader(actor_of(request), now_of(request))
        return json_response(reader.explanation(found, services.decisions_of(found)))


class Transitions(ApiView):
    tag = TAG
    capabilities: ClassVar = {"POST": ("rma:read", "rma:request")}  # each deed asks for its own besides

    @operation(
        id_="move_return",
        summary="Do something with a return",
        words="`allowed_actions` says what this token may do now; `explain` which fields each action needs. Where one becomes "
        "another return (convert, upgrade), the answer is the new one.",
        request=ReturnActionBody,
        answer=ReturnShape,
        problems=CHANGES,
        parameters=[IF_MATCH, IDEMPOTENCY_KEY, etag_header(200)],
        examples=[*examples.DO, *examples.RETURN],
    )
    def post(self, request: Request, rma: str) -> HttpResponseBase:
        found = find_return(request, rma)
        return answer_once(request, lambda: self.do(request, found))

    def do(self, request: Request, rma: Rma) -> HttpResponse:
        version = required_version(request)
        actor, now = actor_of(request), now_of(request)
        given = valid_body(ReturnActionBody, request.data)
        name = given.pop("action")
        action = actions.find(actions.as_of(rma, now), actor, name)
        values = read_values(action.fields, name, given, rma.customer_id)
        _refuse_stale(rma, version)
        done = action.do(actor=actor, rma=rma, now=now, version=version, values=values)
        return answer_return(request, done.reference)


def _refuse_stale(rma: Rma, version: int) -> None:
    if rma.version != version:
        raise Stale("Somebody changed this return meanwhile. Read it again, then repeat what you wanted to do.")
