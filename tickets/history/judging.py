"""How our clocks judged imported incidents, beside what the file says of its own target."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sla.history import outcome_of
from sla.models import ClockSegment
from tickets.history.directory import find_customers
from tickets.history.importing import Plan
from tickets.history.mapping import PastTicket
from tickets.models import Ticket

WHY = (
    "They differ because made_sla judges the whole time until an incident was solved, by the targets of that company, while "
    "our clock judges the time to the first answer only: 1, 4 or 24 hours by severity, day and night."
)


@dataclass(frozen=True)
class Verdict:
    severity: int
    outcome: str  # MET, MISSED or RUNNING
    made_its_target: bool | None


def verdicts_of_plan(tickets: Iterable[PastTicket]) -> list[Verdict]:
    """By the rule alone, before anything is written."""
    return [
        Verdict(ticket.promise[-1].severity, outcome_of(ticket.promise), ticket.made_its_target) for ticket in tickets
    ]


def verdicts_of_database(plan: Plan, now: datetime) -> list[Verdict]:
    """As they stand in the clocks of the tickets. Staff's context."""
    customers = find_customers(plan.locations).values()
    said = {ticket.number: ticket.made_its_target for ticket in plan.tickets}
    tickets = Ticket.objects.filter(customer__in=customers, external_reference__in=said).defer("search", "description")
    segments = ClockSegment.objects.filter(customer__in=customers, kind="FIRST").order_by("started_at", "id")
    judged = dict(segments.values_list("ticket_id", "severity"))
    return [
        Verdict(judged[ticket.pk], ticket.response_state(now), said[ticket.external_reference])
        for ticket in tickets
        if ticket.pk in judged
    ]


def table(verdicts: Iterable[Verdict]) -> str:
    """Lines by severity: incidents, our clock, made_sla, and how often both say the same."""
    rows: list[tuple[str, ...]] = [HEADINGS]
    verdicts = list(verdicts)
    for severity in sorted({verdict.severity for verdict in verdicts}):
        rows.append(_line(f"Severity {severity}", [v for v in verdicts if v.severity == severity]))
    rows.append(_line("All", verdicts))
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    return "\n".join("  ".join(_cell(row, column, widths) for column in range(len(row))).rstrip() for row in rows)


HEADINGS = ("", "Incidents", "Met", "Missed", "Running", "made_sla TRUE", "FALSE", "Same verdict")


def _line(name: str, verdicts: list[Verdict]) -> tuple[str, ...]:
    ours = Counter(verdict.outcome for verdict in verdicts)
    theirs = Counter(verdict.made_its_target for verdict in verdicts)
    same = sum((v.outcome, v.made_its_target) in {("MET", True), ("MISSED", False)} for v in verdicts)
    share = f" ({100 * same / len(verdicts):.0f} %)" if verdicts else ""
    numbers = (len(verdicts), ours["MET"], ours["MISSED"], ours["RUNNING"], theirs[True], theirs[False])
    return (name, *(f"{number:,}" for number in numbers), f"{same:,}{share}")


def _cell(row: tuple[str, ...], column: int, widths: list[int]) -> str:
    return row[column].ljust(widths[column]) if column == 0 else row[column].rjust(widths[column])
