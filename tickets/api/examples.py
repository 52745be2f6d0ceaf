"""What the description and the documentation show. tests/api/test_documentation.py holds them against real answers."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse

IMPACT = {"service": "severe", "workaround": "no", "business": "degraded", "mission_critical": "no"}
REPORT_BODY: dict[str, Any] = {
    "subject": "Lift 2 stands still",
    "description": "It stopped between floors 3 and 4 at 10:40. The display shows E42.",
    "impact": IMPACT,
    "service_kind": "problem",
    "component": "019a7c3e-52d1-7f63-9c0e-6f1c8f0b6a11",
    "external_reference": "INC0012345",
}
TICKET_BODY: dict[str, Any] = {
    "reference": "ACME-42",
    "customer": "ACME",
    "reseller": "DELTA",
    "component": "019a7c3e-52d1-7f63-9c0e-6f1c8f0b6a11",
    "site": "019a7c3e-4b10-7b52-8d41-7e90e1f3a5c2",
    "subject": "Lift 2 stands still",
    "description": "It stopped between floors 3 and 4 at 10:40. The display shows E42.",
    "service_kind": "problem",
    "impact": IMPACT,
    "severity": 2,
    "severity_state": "provisional",
    "severity_because": "severe loss of service, no workaround, the business goes on in a degraded way",
    "state": "NEW",
    "turn": "rozoom",
    "channel": "api",
    "reporter": {"name": "Monitoring, plant 2", "party": "customer", "organisation": "Acme Lifts"},
    "assignee": None,
    "reported_at": "2026-11-23T09:41:07.512300Z",
    "response_due_at": "2026-11-23T13:41:07.512300Z",
    "response": {"outcome": "RUNNING", "stopped_at": None, "late_s": 0},
    "coverage": {
        "state": "COVERED",
        "rule": "S2",
        "rule_state": "COVERED",
        "reasons": ["Agreement AG-ACME-1 covers it until 3 Mar 2027."],
        "would_change": [],
        "override": None,
    },
    "allowed_actions": ["withdraw", "reply"],
    "external_reference": "INC0012345",
    "updated_at": "2026-11-23T09:41:07.512300Z",
    "version": 1,
    "url": "https://support.example.com/tickets/ACME-42/",
}
FILE_BODY: dict[str, Any] = {
    "id": "019a7c40-0f2e-7c11-a4b5-2d3e4f506172",
    "name": "controller.log",
    "content_type": "text/plain",
    "size": 18230,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "kind": "public",
    "message": None,
    "author": "Monitoring, plant 2",
    "created_at": "2026-11-23T09:43:00.000001Z",
    "url": "https://support.example.com/api/v1/files/019a7c40-0f2e-7c11-a4b5-2d3e4f506172/",
}
MESSAGE_BODY: dict[str, Any] = {
    "id": "019a7c44-90ab-7def-8123-456789abcdef",
    "kind": "public",
    "body": "We are looking at it. Which firmware does the controller show?",
    "history": "",
    "author": {"name": "Marek Novak", "party": "operator", "organisation": "roZoom"},
    "channel": "portal",
    "created_at": "2026-11-23T10:05:31.250000Z",
    "files": [],
}
PROMISES_BODY: dict[str, Any] = {
    "reference": "ACME-42",
    "time_zone": "Europe/Berlin",
    "promises": [
        {
            "kind": "FIRST",
            "severity": 2,
            "counted_from": "2026-11-23T09:41:07.512300Z",
            "granted": False,
            "target_s": 14400.0,
            "first_due_at": "2026-11-23T13:41:07.512300Z",
            "due_at": "2026-11-23T13:41:07.512300Z",
            "stopped_at": "2026-11-23T10:05:31.250000Z",
            "outcome": "MET",
            "late_s": 0,
            "was_missed": False,
            "reason": "",
            "rule": "A first answer within 4 hours of the report, because the severity was 2. "
            "The clock started on Mon 23 Nov 2026, 10:41 CET and runs at any hour of any day.",
            "changes": [],
        }
    ],
}

KEPT: dict[str, Any] = {
    "decided": 38,
    "on_time_percent": 92,
    "met": 35,
    "missed": 3,
    "undecided": 1,
    "cancelled": 2,
    "imported": 0,
}
REPORT_OF_PROMISES_BODY: dict[str, Any] = {
    "period": {"first_day": "2026-06-01", "last_day": "2026-11-23"},
    "before": {"first_day": "2025-12-01", "last_day": "2026-05-31"},
    "time_zone": "Europe/Berlin",
    "as_of": "2026-11-23T10:05:31.250000Z",
    "definition": "A promise counts from the report, the customer's message or the proposal.",
    "numbers": [{"name": "first_on_time_percent", "value": 92.0, "n": 38, "before": None, "n_before": 12}],
    "attainment": [{"kind": "FIRST", "severity": 1, **KEPT}],
    "months": [{"kind": "FIRST", "month": "2026-11", "severity": 1, **KEPT}],
    "customers": [{"kind": "FIRST", "customer": "ACME", "name": "Acme Lifts", **KEPT}],
    "resellers": [{"kind": "FIRST", "reseller": "DELTA", "name": "Delta Reseller", **KEPT}],
    "response_times": [{"severity": 1, "within_s": 3600, "answered_within": 35, "answered": 38, "percent": 92}],
    "backlog": [{"at_start_of": "2026-11-01", "severity": 1, "open": 2}],
    "ages": [{"age": "up_to_1_day", "severity": 1, "open": 1}],
    "reopened": [{"severity": 1, "solved": 31, "reopened": 1, "percent": 3}],
    "severity_changes": [
        {
            "by": "customer",
            "direction": "raise",
            "proposed": 4,
            "agreed": 3,
            "not_agreed": 1,
            "ended_otherwise": 0,
            "waiting": 0,
        }
    ],
}


def page_body(*results: dict[str, Any]) -> dict[str, Any]:
    return {"next": None, "previous": None, "results": list(results)}


def answer(name: str, body: dict[str, Any], *statuses: str) -> list[OpenApiExample]:
    return [OpenApiExample(name, value=body, response_only=True, status_codes=list(statuses or ("200", "201")))]


def request_body(name: str, body: dict[str, Any]) -> OpenApiExample:
    return OpenApiExample(name, value=body, request_only=True, media_type="application/json")


TICKET = answer("A ticket", TICKET_BODY)
# A page's value is written whole: the results stand in it already.
TICKET_PAGE = answer("A page", page_body(TICKET_BODY))
MESSAGE = answer("A message", MESSAGE_BODY)
MESSAGE_PAGE = answer("A page", page_body(MESSAGE_BODY))
FILE = answer("A file", FILE_BODY)
FILE_PAGE = answer("A page", page_body(FILE_BODY))
PROMISES = answer("A promise that was kept", PROMISES_BODY)
REPORT_OF_PROMISES = answer("Half a year, shortened", REPORT_OF_PROMISES_BODY, "200")
REPORT = [request_body("A report", REPORT_BODY)]
REPLY = [request_body("A public reply", {"kind": "public", "body": "It shows 4.1.7."})]
MOVE = [
    request_body("Wait for the customer", {"action": "wait", "turn": "customer"}),
    request_body("Resolve", {"action": "resolve", "resolution": "The door contact was replaced."}),
    request_body("Withdraw", {"action": "withdraw", "reason": "It was a fuse of ours."}),
    request_body("Merge", {"action": "merge", "into": "ACME-40"}),
]
GRANT = [request_body("A reason", {"reason": "You helped us find the cause last time."})]
ASSIGNMENT = [
    request_body("To a person", {"assignee": "marek@rozoom.example"}),
    request_body("To nobody", {"assignee": None}),
]
NOT_MODIFIED = {304: OpenApiResponse(description="You have this version already.")}
