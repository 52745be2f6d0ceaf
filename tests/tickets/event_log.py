"""Small event logs for tests of the import, in the format of docs/import-history.md, and a look at what became of them."""

import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

from contracts.models import Site
from sla.models import ClockSegment
from tenancy.context import work_unit
from tenancy.models import AuditEvent, Membership, Organisation, Person, Team
from tests.world import STAFF
from tickets.history.reading import COLUMNS
from tickets.models import Ticket

EXTRA = ("active", "notify")  # columns that real exports have and we do not read
DEFAULTS = {
    "made_sla": "TRUE",
    "caller_id": "Caller 7",
    "opened_by": "Opened by  3",
    "opened_at": "29-02-2016 08:00",
    "sys_updated_by": "Updated by 9",
    "contact_type": "Phone",
    "location": "Location 143",
    "category": "Category 55",
    "subcategory": "Subcategory 170",
    "u_symptom": "Symptom 72",
    "cmdb_ci": "?",
    "impact": "2 - Medium",
    "urgency": "2 - Medium",
    "priority": "3 - Moderate",
    "assignment_group": "Group 56",
    "assigned_to": "?",
    "u_priority_confirmation": "FALSE",
    "problem_id": "?",
    "rfc": "?",
    "closed_code": "code 5",
    "resolved_by": "Resolved by 149",
    "resolved_at": "?",
    "closed_at": "?",
    "active": "TRUE",
    "notify": "Do Not Notify",
}


def row(number: str, state: str, at: str, **more: str) -> dict[str, str]:
    """One line: `at` is '08:30' on 29 February 2016, or a whole time."""
    when = at if " " in at else f"29-02-2016 {at}"
    return {**DEFAULTS, "number": number, "incident_state": state, "sys_updated_at": when, **more}


def incident(number: str, **more: str) -> list[dict[str, str]]:
    """Opened 08:00, answered 09:30, resolved 11:00, closed the next day."""
    return [
        row(number, "New", "08:00", **more),
        row(number, "Active", "09:30", **{**more, "assigned_to": more.get("assigned_to", "Resolver 13")}),
        row(number, "Resolved", "11:00", **more),
        row(number, "Closed", "01-03-2016 12:00", **more),
    ]


def write_log(
    path: Path, rows: list[dict[str, str]], *, delimiter: str = ",", encoding: str = "utf-8", **change: Any
) -> Path:
    """`columns` = names in the header, where they differ from the format's."""
    columns = change.get("columns", [*COLUMNS, *EXTRA])
    with path.open("w", newline="", encoding=encoding) as stream:
        writer = csv.DictWriter(stream, columns, delimiter=delimiter, extrasaction="ignore", restval="?")
        writer.writeheader()
        writer.writerows(rows)
    return path


def many(count: int) -> list[dict[str, str]]:
    """Incidents a minute apart, in three locations."""
    rows = []
    for number in range(count):
        opened = datetime(2016, 2, 29, 8) + timedelta(minutes=number)
        place = f"Location {number % 3}"
        for state, minutes in (("New", 0), ("Active", 30), ("Resolved", 90), ("Closed", 600)):
            at = f"{opened + timedelta(minutes=minutes):%d-%m-%Y %H:%M}"
            more = {"opened_at": f"{opened:%d-%m-%Y %H:%M}", "location": place, "caller_id": f"Caller {number % 40}"}
            rows.append(row(f"INC{number:04}", state, at, **more))
    return rows


def run(path: Path, *arguments: str) -> str:
    out = StringIO()
    call_command("import_history", str(path), *arguments, stdout=out)
    return out.getvalue()


def imported(number: str = "INC1") -> Ticket:
    with work_unit(STAFF):
        return Ticket.objects.select_related("customer", "site", "team").get(external_reference=number)


def trail(of: Ticket) -> list[tuple[str, str, str]]:
    with work_unit(STAFF):
        events = AuditEvent.objects.filter(customer=of.customer_id, chain=of.chain).order_by("seq")
        return [(event.verb, f"{event.at:%d %H:%M}", event.actor_name) for event in events]


def segments(of: Ticket) -> list[ClockSegment]:
    with work_unit(STAFF):
        return list(ClockSegment.objects.filter(ticket_id=of.pk).order_by("started_at", "id"))


def utc(text: str) -> datetime:
    return datetime.strptime(text, "%d-%m-%Y %H:%M").replace(tzinfo=UTC)


def counts() -> Counter[str]:
    with work_unit(STAFF):
        tables = (Organisation, Membership, Person, Team, Site, Ticket, ClockSegment, AuditEvent)
        return Counter({model.__name__: model.objects.count() for model in tables})
