"""The tables of a report: `columns` and `rows` as a program gets them, `head` and `lines` as people read the same."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from tickets.models import SeverityProposal
from tickets.reports import words
from tickets.reports.queries import AGES, WITHIN, Tally, percent
from tickets.reports.report import Report, numbers

State = SeverityProposal.State
COUNTS = tuple(one.name for one in fields(Tally))
SHARE = ("decided", "on_time_percent", *COUNTS)
SHARE_WORDS = ("On time", "Kept", "Late", "Not decided yet", "Not needed any more", "Imported")
AGE_NAMES = ("up_to_1_day", "up_to_7_days", "up_to_30_days", "up_to_90_days", "over_90_days")
AGE_WORDS = ("Up to 1 day", "1 to 7 days", "7 to 30 days", "30 to 90 days", "Over 90 days")
ENDED_OTHERWISE = (State.WITHDRAWN, State.REPLACED, State.EXPIRED, State.ENDED)


@dataclass(frozen=True)
class Table:
    name: str
    caption: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    head: tuple[str, ...]
    lines: list[tuple[str, ...]]

    def as_dicts(self) -> list[dict[str, Any]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    @property
    def is_narrow(self) -> bool:
        """One column for each severity: fits a phone as it is, and need not stack."""
        return self.head[-1].startswith("Severity")

    @property
    def labelled(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Each line as its header and (label, cell) of the others."""
        return [(line[0], list(zip(self.head[1:], line[1:], strict=True))) for line in self.lines]


def tables(report: Report) -> dict[str, Table]:
    made = (
        _numbers(report),
        _attainment(report),
        _months(report),
        _customers(report),
        _resellers(report),
        _times(report),
        _backlog(report),
        _ages(report),
        _reopened(report),
        _changes(report),
    )
    return {table.name: table for table in made}


NAMES = (
    "numbers",
    "attainment",
    "months",
    "customers",
    "resellers",
    "response_times",
    "backlog",
    "ages",
    "reopened",
    "severity_changes",
)


def _numbers(report: Report) -> Table:
    found = numbers(report)
    rows = [(one.name, one.value, one.n, one.before, one.n_before) for one in found]
    lines: list[tuple[str, ...]] = [(one.label, one.words, f"n = {one.n:,}", one.change) for one in found]
    return Table(
        "numbers",
        "Four numbers and the period before",
        ("name", "value", "n", "before", "n_before"),
        rows,
        ("Number", "Value", "Of", "The period before"),
        lines,
    )


def _counts(tally: Tally) -> tuple[Any, ...]:
    return tally.decided, tally.percent, *(getattr(tally, name) for name in COUNTS)


def _count_words(tally: Tally) -> tuple[str, ...]:
    """Kept and late where something is decided; the others where there are any."""
    decided = (f"{tally.met:,}", f"{tally.missed:,}") if tally.decided else ("", "")
    others = (tally.undecided, tally.cancelled, tally.imported)
    return words.share(tally.percent, tally.decided), *decided, *(f"{count:,}" if count else "" for count in others)


def _attainment(report: Report) -> Table:
    rows, lines = [], []
    for kind, label in words.KINDS.items():
        for severity in report.severities:
            tally = report.attainment.of(kind, severity)
            rows.append((kind, severity, *_counts(tally)))
            lines.append((f"{label}, severity {severity}", *_count_words(tally)))
    return Table(
        "attainment",
        "Promises kept, by severity",
        ("kind", "severity", *SHARE),
        rows,
        ("Promise", *SHARE_WORDS),
        lines,
    )


def _by_severity(report: Report, labels: Sequence[str], cell: Any) -> list[tuple[str, ...]]:
    """One line for each label, one cell for each severity."""
    return [(label, *(cell(place, one) for one in report.severities)) for place, label in enumerate(labels)]


def _severity_head(report: Report, first: str) -> tuple[str, ...]:
    return (first, *(f"Severity {one}" for one in report.severities))


def _months(report: Report) -> Table:
    parts, by_part = report.asked.period.parts, report.attainment.by_part

    def tally(kind: str, severity: int, place: int) -> Tally:
        return by_part.get((kind, severity, place), Tally())

    rows = [
        (kind, part.key, severity, *_counts(tally(kind, severity, place)))
        for kind in report.kinds
        for place, part in enumerate(parts)
        for severity in report.severities
    ]

    def cell(place: int, severity: int) -> str:
        one = tally(report.kinds[0], severity, place)
        return words.share(one.percent, one.decided)

    unit = {1: "month", 3: "quarter", 12: "year"}[report.asked.period.unit]
    return Table(
        "months",
        f"{words.KINDS[report.kinds[0]]} on time, by {unit}",
        ("kind", "month", "severity", *SHARE),
        rows,
        _severity_head(report, unit.capitalize()),
        _by_severity(report, [part.label for part in parts], cell),
    )


def _customers(report: Report) -> Table:
    return _organisations(report, "customer", report.attainment.by_customer)


def _resellers(report: Report) -> Table:
    return _organisations(report, "reseller", report.attainment.by_reseller)


def _organisations(report: Report, what: str, found: dict[tuple[str, str], Tally]) -> Table:
    """Most late ones first."""
    names = report.attainment.names
    order = sorted(
        ((kind, code, tally) for (kind, code), tally in found.items() if kind in report.kinds),
        key=lambda one: (report.kinds.index(one[0]), -one[2].missed, -one[2].decided, one[1] or ""),
    )
    shown = [one for one in order if one[0] == report.kinds[0]]
    return Table(
        f"{what}s",
        f"{words.KINDS[report.kinds[0]]} on time, by {what}",
        ("kind", what, "name", *SHARE),
        [(kind, code, names[code], *_counts(tally)) for kind, code, tally in order],
        (what.capitalize(), *SHARE_WORDS),
        [(names[code] or "–", *_count_words(tally)) for _, code, tally in shown],
    )


def _times(report: Report) -> Table:
    times = report.times

    def values(place: int, severity: int) -> tuple[int, int, int | None]:
        within, n = times.within[severity][place], times.answered(severity)
        return within, n, percent(within, n)

    def cell(place: int, severity: int) -> str:
        within, n, value = values(place, severity)
        if not n:
            return ""
        return f"{within:,} of {n:,}" if value is None else f"{value} % ({within:,} of {n:,})"

    rows = [
        (severity, seconds, *values(place, severity))
        for severity in report.severities
        for place, seconds in enumerate(WITHIN)
    ]
    labels = [f"Within {words.duration(seconds)}" for seconds in WITHIN]
    return Table(
        "response_times",
        "First answers, by time from the report",
        ("severity", "within_s", "answered_within", "answered", "percent"),
        rows,
        _severity_head(report, "Answered"),
        _by_severity(report, labels, cell),
    )


def _backlog(report: Report) -> Table:
    days = report.asked.period.days_counted
    found = report.tickets.backlog
    rows = [(day.isoformat(), one, found[one][place]) for place, day in enumerate(days) for one in report.severities]
    labels = [f"Start of {words.day(day)}" for day in days[:-1]]
    labels.append(f"End of {words.day(report.asked.period.last)}")
    return Table(
        "backlog",
        "Open tickets",
        ("at_start_of", "severity", "open"),
        rows,
        _severity_head(report, "Day"),
        _by_severity(report, labels, lambda place, severity: f"{found[severity][place]:,}"),
    )


def _ages(report: Report) -> Table:
    found = report.tickets.ages
    rows = [(age, one, found[one][place]) for place, age in enumerate(AGE_NAMES) for one in report.severities]
    assert len(AGE_NAMES) == len(AGES) + 1
    return Table(
        "ages",
        "Open now, by age",
        ("age", "severity", "open"),
        rows,
        _severity_head(report, "Since the report"),
        _by_severity(report, AGE_WORDS, lambda place, severity: f"{found[severity][place]:,}"),
    )


def _reopened(report: Report) -> Table:
    found = [(severity, report.tickets.solved[severity]) for severity in report.severities]
    return Table(
        "reopened",
        "Solved, and opened again since",
        ("severity", "solved", "reopened", "percent"),
        [(severity, one.times, one.reopened, one.percent) for severity, one in found],
        ("Severity", "Solved", "Opened again", "Share"),
        [
            (
                f"Severity {severity}",
                f"{one.times:,}",
                f"{one.reopened:,}",
                words.value_words(one.percent) if one.times else "",
            )
            for severity, one in found
        ],
    )


def _changes(report: Report) -> Table:
    rows: list[tuple[Any, ...]] = []
    for party in words.PARTIES:
        for direction, name in words.DIRECTIONS.items():
            states = report.proposals.get((party, direction))
            if states:
                otherwise = sum(states[state] for state in ENDED_OTHERWISE)
                counts = (states[State.AGREED], states[State.OBJECTED], otherwise, states[State.OPEN])
                rows.append((party, name.lower(), sum(counts), *counts))
    return Table(
        "severity_changes",
        "Proposed severities, and who asked",
        ("by", "direction", "proposed", "agreed", "not_agreed", "ended_otherwise", "waiting"),
        rows,
        ("Who asked", "For", "Proposed", "Agreed by all", "Not agreed", "Ended otherwise", "Waiting"),
        [(words.PARTIES[row[0]], row[1].capitalize(), *map(str, row[2:])) for row in rows],
    )


def asked_by(rows: Iterable[tuple[Any, ...]]) -> dict[str, int]:
    """How many proposals each party made, from the rows of severity_changes."""
    found: dict[str, int] = {}
    for party, _, proposed, *_ in rows:
        found[party] = found.get(party, 0) + proposed
    return found
