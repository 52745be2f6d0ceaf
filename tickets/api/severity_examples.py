"""Proposals as the description and the documentation show them."""

from typing import Any

from tickets.api.examples import answer, page_body, request_body

PROPOSAL_BODY: dict[str, Any] = {
    "number": 1,
    "from_severity": 2,
    "to_severity": 1,
    "reason": "The whole plant stands still by now.",
    "by": {"name": "Monitoring, plant 2", "party": "customer", "organisation": "Acme Lifts"},
    "proposed_at": "2026-11-23T10:12:00.000001Z",
    "expires_at": "2026-11-24T10:12:00.000001Z",
    "state": "OPEN",
    "ended_at": None,
    "answers": [
        {
            "party": "customer",
            "agrees": True,
            "reason": "",
            "by": {"name": "Monitoring, plant 2", "party": "customer", "organisation": "Acme Lifts"},
            "given_at": "2026-11-23T10:12:00.000001Z",
            "standing": False,
        }
    ],
    "awaited": ["reseller", "operator"],
    "effect": {"due_at": "2026-11-23T11:12:00.000001Z", "instead_of": "2026-11-23T13:41:07.512300Z"},
    "version": 1,
}

PROPOSAL = answer("A proposal", PROPOSAL_BODY)
PROPOSAL_PAGE = answer("A page", page_body(PROPOSAL_BODY))
PROPOSE = [request_body("A raise", {"severity": 1, "reason": "The whole plant stands still by now."})]
ANSWER = [
    request_body("Agree", {"agrees": True}),
    request_body("Object", {"agrees": False, "reason": "Two of three lines run."}),
]
WITHDRAW = [request_body("Nothing to say", {})]
