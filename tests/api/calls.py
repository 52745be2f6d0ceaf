"""What tests of the API share: a report as a program sends it, and ways to send."""

from copy import deepcopy
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import MULTIPART_CONTENT

from tenancy.context import Context, work_unit
from tickets.models import Ticket

TICKETS = "/api/v1/tickets/"
IMPACT = {"service": "severe", "workaround": "no", "business": "degraded", "mission_critical": "no"}
REPORT: dict[str, Any] = {"subject": "Lift 2 stands still", "description": "It stopped.", "impact": IMPACT}


def report(**changes: Any) -> dict[str, Any]:
    body = deepcopy(REPORT)
    body.update(changes)
    return {name: value for name, value in body.items() if value is not ...}


def at(ticket: Ticket | str, *rest: str) -> str:
    reference = ticket if isinstance(ticket, str) else ticket.reference
    return "/".join(["/api/v1/tickets", reference, *rest, ""])


def if_match(version: int) -> dict[str, str]:
    return {"If-Match": f'"{version}"'}


def send_form(program: Any, path: str, headers: dict[str, str] | None = None, **parts: Any) -> Any:
    return program.post(path, parts, content_type=MULTIPART_CONTENT, headers=headers or {})


def upload(name: str = "log.txt", content: bytes = b"door contact open\n") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def move(program: Any, ticket: Ticket | str, action: str, version: int, **details: Any) -> Any:
    return program.post(at(ticket, "transitions"), {"action": action, **details}, headers=if_match(version))


def stored(reference: str) -> Ticket:
    """As the database has it, seen by staff."""
    with work_unit(Context("staff")):
        return Ticket.objects.defer("search").get(reference=reference)


def count_tickets() -> int:
    with work_unit(Context("staff")):
        return Ticket.objects.count()


def codes(answer: Any) -> list[tuple[str | None, str]]:
    """What was wrong: (param, code) of each error."""
    return [(error["param"], error["code"]) for error in answer.json()["errors"]]
