"""The addresses of tickets: find, call, answer. What a body or a parameter means is judged in writing.py and listing.py."""

from typing import Any, ClassVar

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from sla.queries import explain, segments_of
from tenancy.api.idempotency import answer_once, json_response
from tenancy.api.inputs import valid_body
from tenancy.api.pagination import paginate
from tenancy.api.schema import (
    BODY,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    etag_header,
    location_header,
    operation,
    page_of,
)
from tenancy.api.versions import etag, is_known, required_version
from tenancy.api.views import ApiView, actor_of, now_of, token_of
from tickets import services
from tickets.api import examples
from tickets.api.finding import find_ticket, known_reference
from tickets.api.listing import PARAMETERS, READERS, asked_for
from tickets.api.reading import Reader, read_picked, read_ticket, write_promise
from tickets.api.shapes import (
    AssignmentBody,
    GrantBody,
    PromisesShape,
    TicketBody,
    TicketChange,
    TicketShape,
    TransitionBody,
)
from tickets.api.writing import read_assignee, read_change, read_move, read_report, read_survivor
from tickets.models import Channel, Ticket

CHANGES = (*BODY, 404, 409, 412, 428)


def answer_ticket(request: Request, reference: str, status: int = 200) -> HttpResponse:
    """The ticket as it is now, with its version and, when it is new, its address."""
    row = read_ticket(reference)
    headers = {"ETag": etag(row.version)}
    if status == 201:
        headers["Location"] = f"/api/v1/tickets/{row.reference}/"
    return json_response(Reader(actor_of(request), now_of(request)).ticket(row), status, headers)


class Tickets(ApiView):
    tag = "Tickets"
    capabilities: ClassVar = {"GET": ("ticket:read",), "POST": ("ticket:file",)}
    parameters: ClassVar = tuple(READERS)
    paged = True

    @operation(
        id_="list_tickets",
        summary="List tickets",
        answer=page_of(TicketShape, "TicketPage"),
        parameters=PARAMETERS,
        examples=examples.TICKET_PAGE,
    )
    def get(self, request: Request) -> HttpResponse:
        tickets, order = asked_for(request, actor_of(request))
        page = paginate(request, tickets, order, fetch=read_picked)
        reader = Reader(actor_of(request), now_of(request))
        return json_response({**page, "results": [reader.ticket(row) for row in page["results"]]})

    @operation(
        id_="file_ticket",
        summary="File a ticket",
        words="Its promise runs from the moment we have it. A problem that nobody covers is taken too, and nothing is promised: "
        "`coverage` says why, and what would change it. Send an Idempotency-Key, so that a repeated request is one ticket.",
        request=TicketBody,
        answer=TicketShape,
        status=201,
        problems=[*BODY, 409],
        parameters=[IDEMPOTENCY_KEY, etag_header(201), location_header()],
        examples=[*examples.REPORT, *examples.TICKET],
    )
    def post(self, request: Request) -> HttpResponseBase:
        return answer_once(request, lambda: self.file(request))

    def file(self, request: Request) -> HttpResponse:
        customer, report = read_report(token_of(request), actor_of(request), request.data)
        ticket = services.file_ticket(
            actor=actor_of(request), customer=customer, report=report, channel=Channel.API, now=now_of(request)
        )
        return answer_ticket(request, ticket.reference, 201)


class OneTicket(ApiView):
    tag = "Tickets"
    capabilities: ClassVar = {"GET": ("ticket:read",), "PATCH": ("ticket:read", "ticket:reply")}

    @operation(
        id_="read_ticket",
        summary="Read a ticket",
        answer=TicketShape,
        problems=[404],
        parameters=[IF_NONE_MATCH, etag_header(200, 304)],
        examples=examples.TICKET,
        also=examples.NOT_MODIFIED,
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        row = read_ticket(known_reference(reference))
        reader, headers = Reader(actor_of(request), now_of(request)), {"ETag": etag(row.version)}
        if is_known(request, headers["ETag"]) and not reader.depends_on_time(row):
            return HttpResponse(status=304, headers=headers)
        return json_response(reader.ticket(row), 200, headers)

    @operation(
        id_="change_ticket",
        summary="Correct a ticket",
        request=TicketChange,
        answer=TicketShape,
        problems=CHANGES,
        parameters=[IF_MATCH, etag_header(200)],
        examples=examples.TICKET,
    )
    def patch(self, request: Request, reference: str) -> HttpResponse:
        ticket = find_ticket(request, reference)
        version = required_version(request)
        services.change_details(
            actor=actor_of(request),
            ticket=ticket,
            now=now_of(request),
            version=version,
            **read_change(ticket, request.data),
        )
        return answer_ticket(request, ticket.reference)


class Transitions(ApiView):
    tag = "Tickets"
    capabilities: ClassVar = {"POST": ("ticket:read", "ticket:reply")}  # each move asks for its own besides

    @operation(
        id_="move_ticket",
        summary="Move a ticket to another state",
        words="`allowed_actions` says which moves this token may make now. Each move may need one more field.",
        request=TransitionBody,
        answer=TicketShape,
        problems=CHANGES,
        parameters=[IF_MATCH, IDEMPOTENCY_KEY, etag_header(200)],
        examples=[*examples.MOVE, *examples.TICKET],
    )
    def post(self, request: Request, reference: str) -> HttpResponseBase:
        ticket = find_ticket(request, reference)
        return answer_once(request, lambda: self.move(request, ticket))

    def move(self, request: Request, ticket: Ticket) -> HttpResponse:
        version = required_version(request)
        actor, now = actor_of(request), now_of(request)
        action, details = read_move(request.data)
        if action == "merge":
            into = read_survivor(actor, details["into"])
            services.merge(actor=actor, ticket=ticket, into=into, now=now, version=version)
        else:
            services.make_move(actor=actor, ticket=ticket, move=action, now=now, version=version, **details)
        return answer_ticket(request, ticket.reference)


class Assignment(ApiView):
    tag = "Tickets"
    capabilities: ClassVar = {"POST": ("ticket:read", "ticket:assign")}

    @operation(
        id_="assign_ticket",
        summary="Give a ticket to a person, or to nobody",
        request=AssignmentBody,
        answer=TicketShape,
        problems=CHANGES,
        parameters=[IF_MATCH, IDEMPOTENCY_KEY, etag_header(200)],
        examples=[*examples.ASSIGNMENT, *examples.TICKET],
    )
    def post(self, request: Request, reference: str) -> HttpResponseBase:
        ticket = find_ticket(request, reference)
        return answer_once(request, lambda: self.assign(request, ticket))

    def assign(self, request: Request, ticket: Ticket) -> HttpResponse:
        version = required_version(request)
        services.assign(
            actor=actor_of(request),
            ticket=ticket,
            to=read_assignee(ticket, request.data),
            now=now_of(request),
            version=version,
        )
        return answer_ticket(request, ticket.reference)


class Promise(ApiView):
    tag = "Tickets"
    capabilities: ClassVar = {"GET": ("ticket:read",), "POST": ("ticket:read", "ticket:grant-promise")}

    @operation(
        id_="explain_promise",
        summary="Why is this due then?",
        words="Every promise of the ticket: what it counts from, its target, each change of it, and how it ended.",
        answer=PromisesShape,
        problems=[404],
        examples=examples.PROMISES,
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        ticket = find_ticket(request, reference)
        zone = token_of(request).organisation.time_zone
        told = explain(segments_of(ticket.customer_id, ticket.pk), zone, reported_at=ticket.reported_at)
        promises: list[dict[str, Any]] = [write_promise(promise, now_of(request)) for promise in told]
        return json_response({"reference": ticket.reference, "time_zone": zone, "promises": promises})

    @operation(
        id_="grant_promise",
        summary="Promise an answer to a ticket that nobody covers",
        words="roZoom only, with a reason that the customer reads. The clock starts now.",
        request=GrantBody,
        answer=TicketShape,
        problems=CHANGES,
        parameters=[IF_MATCH, IDEMPOTENCY_KEY, etag_header(200)],
        examples=[*examples.GRANT, *examples.TICKET],
    )
    def post(self, request: Request, reference: str) -> HttpResponseBase:
        ticket = find_ticket(request, reference)
        return answer_once(request, lambda: self.grant(request, ticket))

    def grant(self, request: Request, ticket: Ticket) -> HttpResponse:
        version = required_version(request)
        services.grant_promise(
            actor=actor_of(request),
            ticket=ticket,
            reason=valid_body(GrantBody, request.data)["reason"],
            now=now_of(request),
            version=version,
        )
        return answer_ticket(request, ticket.reference)
