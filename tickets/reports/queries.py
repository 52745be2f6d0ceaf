"""The numbers of the reports, read once for page, CSV and API (docs/reports.md).

Row security is the wall; the tenant condition repeats it so that the planner sees it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from sla.models import ClockSegment
from tenancy.actor import Actor
from tickets.lifecycle import UNSOLVED
from tickets.reports.period import Period, midnight
from tickets.reports.statements import AGES_NOW, ATTAINMENT, BACKLOG, CHANGES, REOPENED, TIMES

SEVERITIES = (1, 2, 3)
KINDS = tuple(ClockSegment.Kind.values)
FEWEST = 20  # with fewer a percent says more about chance than about the work
DAY = 24 * 3600
# Seconds up to which answers are counted: the points of the curve.
WITHIN = [60, 120, 300, 600, 900, 1800, 3600, 7200, 4 * 3600, 8 * 3600, 12 * 3600]
WITHIN += [days * DAY for days in (1, 2, 4, 7, 14, 30)]
AGES = [timedelta(days=days) for days in (1, 7, 30, 90)]


@dataclass(frozen=True)
class Narrowing:
    """Which promises and tickets are counted. An empty tuple is all of them."""

    period: Period
    severities: tuple[int, ...] = ()
    customers: tuple[int, ...] = ()
    resellers: tuple[int, ...] = ()


@dataclass
class Tally:
    """What became of promises. The percent is of those that are decided."""

    met: int = 0
    missed: int = 0
    undecided: int = 0
    cancelled: int = 0
    imported: int = 0

    @property
    def decided(self) -> int:
        return self.met + self.missed

    @property
    def percent(self) -> int | None:
        return percent(self.met, self.decided)

    @property
    def total(self) -> int:
        return self.decided + self.undecided + self.cancelled

    def add(self, other: "Tally") -> None:
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


@dataclass
class Attainment:
    by_part: dict[tuple[str, int, int], Tally] = field(default_factory=dict)  # kind, severity, number of the part
    by_customer: dict[tuple[str, str], Tally] = field(default_factory=dict)  # kind, code
    by_reseller: dict[tuple[str, str], Tally] = field(default_factory=dict)
    before: dict[str, Tally] = field(default_factory=dict)  # kind
    names: dict[str, str] = field(default_factory=dict)  # of organisations, by code

    def of(self, kind: str, severity: int | None = None) -> Tally:
        found = Tally()
        for (its_kind, its_severity, _), tally in self.by_part.items():
            if its_kind == kind and severity in (None, its_severity):
                found.add(tally)
        return found


@dataclass
class Times:
    """`within[severity]`: how many were answered up to each of WITHIN, and at any time as the last."""

    within: dict[int, list[int]]
    median_s: float | None = None
    median_before_s: float | None = None
    before: int = 0

    def answered(self, severity: int) -> int:
        return self.within[severity][-1]

    @property
    def total(self) -> int:
        return sum(self.answered(severity) for severity in self.within)


@dataclass
class Solved:
    times: int = 0
    reopened: int = 0

    @property
    def percent(self) -> int | None:
        return percent(self.reopened, self.times)


@dataclass
class Reopening:
    by_severity: dict[int, Solved]
    before: Solved

    @property
    def total(self) -> Solved:
        found = self.by_severity.values()
        return Solved(sum(one.times for one in found), sum(one.reopened for one in found))


def percent(part: int, whole: int) -> int | None:
    """None for fewer than FEWEST. 0 and 100 are said only where nothing contradicts them."""
    if whole < FEWEST:
        return None
    if part in (0, whole):
        return 100 * part // whole
    return min(max(round(100 * part / whole), 1), 99)


def attainment(actor: Actor, asked: Narrowing, now: datetime) -> Attainment:
    found = Attainment()
    parts = [part.start for part in asked.period.parts]
    for row in _rows(ATTAINMENT, actor, asked, now=now, parts=parts, kinds=list(KINDS)):
        kind, severity, in_period, by_part, part, code, name, reseller, reseller_name, *counts = row
        tally = Tally(*counts)
        if not by_part:
            found.names |= {code: name, reseller: reseller_name}
            found.by_customer.setdefault((kind, code), Tally()).add(tally)
            found.by_reseller.setdefault((kind, reseller), Tally()).add(tally)
        elif in_period:
            found.by_part[kind, severity, part - 1] = tally
        else:
            found.before.setdefault(kind, Tally()).add(tally)
    return found


def response_times(actor: Actor, asked: Narrowing, now: datetime) -> Times:
    """Of first promises that were answered, from the report to the answer."""
    limits = [-float(seconds) for seconds in reversed(WITHIN)]
    counts: dict[int, Counter[int]] = {severity: Counter() for severity in SEVERITIES}
    found = Times({})
    for in_period, severity, within, count, median in _rows(
        TIMES, actor, asked, now=now, parts=[asked.period.start], kinds=["FIRST"], within=limits
    ):
        if severity is not None and in_period:
            counts[severity][len(WITHIN) - within] = count
        elif severity is None and in_period:
            found.median_s = median
        elif severity is None:
            found.median_before_s, found.before = median, count
    for severity, counted in counts.items():
        found.within[severity] = [sum(counted[index] for index in range(up_to + 1)) for up_to in range(len(WITHIN) + 1)]
    return found


def backlog(actor: Actor, asked: Narrowing) -> dict[int, list[int]]:
    """Open tickets of each severity at the first instant of each of the period's days_counted."""
    edges = [midnight(day, asked.period.zone) for day in asked.period.days_counted]
    changed: dict[int, Counter[int]] = {severity: Counter() for severity in SEVERITIES}
    for severity, part, change in _rows(BACKLOG, actor, asked, since=edges[0], edges=edges):
        changed[severity][part] += int(change)
    return {
        severity: [
            counted[0] + sum(counted[later] for later in range(place, len(edges) + 1)) for place in _from_one(edges)
        ]
        for severity, counted in changed.items()
    }


def ages(actor: Actor, asked: Narrowing, now: datetime) -> dict[int, list[int]]:
    """Tickets that are open now, the youngest first: up to each of AGES old, and older."""
    edges = [now - age for age in reversed(AGES)]
    found: dict[int, list[int]] = {severity: [0] * (len(AGES) + 1) for severity in SEVERITIES}
    for severity, place, count in _rows(AGES_NOW, actor, asked, ages=edges):
        found[severity][len(AGES) - place] = count
    return found


def reopening(actor: Actor, asked: Narrowing) -> Reopening:
    found = Reopening({severity: Solved() for severity in SEVERITIES}, Solved())
    for severity, in_period, times, reopened in _rows(REOPENED, actor, asked, since=asked.period.before.start):
        if in_period:
            found.by_severity[severity] = Solved(times, reopened)
        else:
            found.before = Solved(found.before.times + times, found.before.reopened + reopened)
    return found


def severity_changes(actor: Actor, asked: Narrowing) -> dict[tuple[str, int], Counter[str]]:
    """How many proposals of each party ended how. 1 raises, -1 lowers, 0 keeps what was provisional."""
    found: dict[tuple[str, int], Counter[str]] = {}
    for party, direction, state, count in _rows(CHANGES, actor, asked):
        found.setdefault((party, direction), Counter())[state] = count
    return found


def _from_one(edges: Iterable[datetime]) -> range:
    return range(1, len(list(edges)) + 1)


def _rows(sql: str, actor: Actor, asked: Narrowing, **values: Any) -> list[tuple[Any, ...]]:
    whose, more = _whose(actor, asked)
    given: Mapping[str, Any] = {
        "start": asked.period.start,
        "end": asked.period.end,
        "before": asked.period.before.start,
        "severities": list(asked.severities or SEVERITIES),
        "open": [str(state) for state in UNSOLVED],
        **more,
        **values,
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.format(whose=whose.format("t"), whose_clock=whose.format("s")), given)
        return cursor.fetchall()


def _whose(actor: Actor, asked: Narrowing) -> tuple[str, dict[str, Any]]:
    """A condition with {0} for the table."""
    conditions: list[str] = []
    values: dict[str, Any] = {}
    if actor.party in ("customer", "reseller"):
        conditions.append(f"{{0}}.{actor.party}_id = %(own)s")
        values["own"] = actor.organisation_id
    for name in ("customers", "resellers"):
        if chosen := getattr(asked, name):
            conditions.append(f"{{0}}.{name[:-1]}_id = ANY (%({name})s)")
            values[name] = list(chosen)
    return "".join(f" AND {condition}" for condition in conditions), values
