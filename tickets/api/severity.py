"""The addresses of severity proposals. roZoom's own answer keeps a promise, so its programs need tickets:answer for it."""

from datetime import datetime
from typing import Any, ClassVar

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from rozoom_support.lib.refusals import NotFound
from sla.queries import segments_of
from tenancy.api.authentication import require
from tenancy.api.idempotency import answer_once, json_response
from tenancy.api.inputs import valid_body
from tenancy.api.pagination import Order, paginate
from tenancy.api.schema import BODY, CURSOR, IDEMPOTENCY_KEY, IF_MATCH, etag_header, location_header, operation, page_of
from tenancy.api.times import stamp
from tenancy.api.versions import etag, required_version
from tenancy.api.views import ApiView, actor_of, now_of
from tickets import services
from tickets.api import severity_examples as examples
from tickets.api.finding import find_ticket
from tickets.api.severity_shapes import AnswerBody, ProposalBody, ProposalShape, WithdrawBody
from tickets.models import SeverityAnswer, SeverityProposal, Ticket
from tickets.services import CannotPropose
from tickets.severity_panel import answers_of, awaited, effect_of, parties_of, running, state_now

TAG = "Severity"
DONE = (*BODY, 404, 409, 412, 428)
BY_NUMBER = Order("severity-proposals", "number", mark=lambda row: (row.number, str(row.pk)))
State = SeverityProposal.State


class Proposals(ApiView):
    tag = TAG
    capabilities: ClassVar = {"GET": ("ticket:read",), "POST": ("ticket:read", "severity:propose")}
    paged = True

    @operation(
        id_="list_severity_proposals",
        summary="List the proposals of another severity",
        words="Oldest first; at most one of them is OPEN.",
        answer=page_of(ProposalShape, "ProposalPage"),
        problems=[404],
        parameters=CURSOR,
        examples=examples.PROPOSAL_PAGE,
    )
    def get(self, request: Request, reference: str) -> HttpResponse:
        ticket = find_ticket(request, reference)
        page = paginate(request, _proposals(ticket), BY_NUMBER)
        writer = Writer(ticket, now_of(request))
        return json_response({**page, "results": [writer.proposal(one) for one in page["results"]]})

    @operation(
        id_="propose_severity",
        summary="Propose another severity, or agreement to the provisional one",
        words="Who proposes has agreed. It takes effect when every party has; until then nothing changes. A proposal that waits "
        "is replaced.",
        request=ProposalBody,
        answer=ProposalShape,
        status=201,
        problems=[*BODY, 404, 409],
        parameters=[IDEMPOTENCY_KEY, etag_header(201), location_header()],
        examples=[*examples.PROPOSE, *examples.PROPOSAL],
    )
    def post(self, request: Request, reference: str) -> HttpResponseBase:
        ticket = find_ticket(request, reference)
        return answer_once(request, lambda: self.propose(request, ticket))

    def propose(self, request: Request, ticket: Ticket) -> HttpResponse:
        body = valid_body(ProposalBody, request.data)
        try:
            proposal = services.propose_severity(
                actor=actor_of(request), ticket=ticket, to=body["severity"], reason=body["reason"], now=now_of(request)
            )
        except CannotPropose as refused:
            if refused.param == "to":
                refused.param = "severity"  # as the field is called here
            raise
        return _answer(request, ticket, proposal.number, 201)


class OneProposal(ApiView):
    tag = TAG
    capabilities: ClassVar = {"GET": ("ticket:read",)}

    @operation(
        id_="read_severity_proposal",
        summary="Read a proposal",
        answer=ProposalShape,
        problems=[404],
        parameters=[etag_header(200)],
        examples=examples.PROPOSAL,
    )
    def get(self, request: Request, reference: str, number: str) -> HttpResponse:
        return _answer(request, find_ticket(request, reference), _known_number(number))


class Answer(ApiView):
    tag = TAG
    capabilities: ClassVar = {"POST": ("ticket:read", "severity:propose")}

    @operation(
        id_="answer_severity_proposal",
        summary="Agree to a proposal, or object",
        words="For your own party only, once. The last agreement changes severity and promise in the same moment; an objection "
        "ends the proposal. `effect` says what it would change. roZoom's tokens need tickets:answer, too.",
        request=AnswerBody,
        answer=ProposalShape,
        problems=DONE,
        parameters=[IF_MATCH, IDEMPOTENCY_KEY, etag_header(200)],
        examples=[*examples.ANSWER, *examples.PROPOSAL],
    )
    def post(self, request: Request, reference: str, number: str) -> HttpResponseBase:
        ticket = find_ticket(request, reference)
        if actor_of(request).is_operator:
            require(actor_of(request), "ticket:answer")
        return answer_once(request, lambda: self.answer(request, ticket, _known_number(number)))

    def answer(self, request: Request, ticket: Ticket, number: int) -> HttpResponse:
        version = required_version(request)
        body = valid_body(AnswerBody, request.data)
        services.answer_severity(
            actor=actor_of(request),
            ticket=ticket,
            number=number,
            agrees=body["agrees"],
            reason=body.get("reason", ""),
            version=version,
            now=now_of(request),
        )
        return _answer(request, ticket, number)


class Withdrawal(ApiView):
    tag = TAG
    capabilities: ClassVar = {"POST": ("ticket:read", "severity:propose")}

    @operation(
        id_="withdraw_severity_proposal",
        summary="Take a proposal back",
        words="Only the party that proposed. The body is an empty object.",
        request=WithdrawBody,
        answer=ProposalShape,
        problems=DONE,
        parameters=[IF_MATCH, IDEMPOTENCY_KEY, etag_header(200)],
        examples=[*examples.WITHDRAW, *examples.PROPOSAL],
    )
    def post(self, request: Request, reference: str, number: str) -> HttpResponseBase:
        ticket = find_ticket(request, reference)
        return answer_once(request, lambda: self.withdraw(request, ticket, _known_number(number)))

    def withdraw(self, request: Request, ticket: Ticket, number: int) -> HttpResponse:
        version = required_version(request)
        valid_body(WithdrawBody, request.data)
        services.withdraw_proposal(
            actor=actor_of(request), ticket=ticket, number=number, version=version, now=now_of(request)
        )
        return _answer(request, ticket, number)


class Writer:
    """Writes the proposals of one ticket out, as they stand at one instant. The clock is read when one waits."""

    def __init__(self, ticket: Ticket, now: datetime) -> None:
        self.ticket, self.now = ticket, now
        self.parties = parties_of(ticket)

    def proposal(self, one: SeverityProposal) -> dict[str, Any]:
        state, ended_at = state_now(one, self.now)
        is_open = state == State.OPEN
        return {
            "number": one.number,
            "from_severity": one.from_severity,
            "to_severity": one.to_severity,
            "reason": one.reason,
            "by": {"name": one.by_name, "party": one.by_party, "organisation": one.by_organisation},
            "proposed_at": stamp(one.proposed_at),
            "expires_at": stamp(one.expires_at),
            "state": state,
            "ended_at": stamp(ended_at),
            "answers": [self.said(said) for said in answers_of(one)],
            "awaited": awaited(one, self.parties) if is_open else [],
            "effect": self.effect(one) if is_open else None,
            "version": one.version,
        }

    def said(self, answer: SeverityAnswer) -> dict[str, Any]:
        return {
            "party": answer.party,
            "agrees": answer.agrees,
            "reason": answer.reason,
            "by": {"name": answer.by_name, "party": answer.party, "organisation": answer.by_organisation},
            "given_at": stamp(answer.given_at),
            "standing": answer.is_standing,
        }

    def effect(self, one: SeverityProposal) -> dict[str, Any] | None:
        effect = effect_of(one, running(segments_of(self.ticket.customer_id, self.ticket.pk)), self.now)
        return {"due_at": stamp(effect.due_at), "instead_of": stamp(effect.instead_of)} if effect else None


def _proposals(ticket: Ticket) -> Any:
    return SeverityProposal.objects.filter(customer_id=ticket.customer_id, ticket=ticket).prefetch_related("answers")


def _known_number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise NotFound
    return int(text)


def _answer(request: Request, ticket: Ticket, number: int, status: int = 200) -> HttpResponse:
    """The proposal as it is now, with its version and, when it is new, its address."""
    found = _proposals(ticket).filter(number=number).first()
    if found is None:
        raise NotFound
    headers = {"ETag": etag(found.version)}
    if status == 201:
        headers["Location"] = f"/api/v1/tickets/{ticket.reference}/severity-proposals/{number}/"
    return json_response(Writer(ticket, now_of(request)).proposal(found), status, headers)
