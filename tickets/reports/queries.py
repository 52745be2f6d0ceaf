"""The numbers of the reports, read once for page, CSV and API (docs/reports.md).

Row security is the wall; the tenant condition repeats it so that the planner sees it.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from sla.models import ClockSegment
from tenancy.actor import Actor
from tickets.lifecycle import UNSOLVED
from tickets.reports.period import Period, midnight
from tickets.reports.statements import COUNTS, PROMISES, PROPOSALS, ROOM, TICKETS

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

    def add_customer(self, kind: str, names: list[str], tally: Tally) -> None:
        code, name, reseller, reseller_name = names
        self.names |= {code: name, reseller: reseller_name}
        self.by_customer.setdefault((kind, code), Tally()).add(tally)
        self.by_reseller.setdefault((kind, reseller), Tally()).add(tally)

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

    def add(self, other: "Solved") -> None:
        self.times += other.times
        self.reopened += other.reopened


def by_severity(make: Callable[[], Any]) -> Callable[[], dict[int, Any]]:
    return lambda: {severity: make() for severity in SEVERITIES}


@dataclass
class Tickets:
    """`backlog`: open at each of the period's days_counted. `ages`: open now, up to each of AGES old, and older."""

    backlog: dict[int, list[int]] = field(default_factory=dict)
    ages: dict[int, list[int]] = field(default_factory=by_severity(lambda: [0] * (len(AGES) + 1)))
    solved: dict[int, Solved] = field(default_factory=by_severity(Solved))
    solved_before: Solved = field(default_factory=Solved)

    @property
    def solved_in_all(self) -> Solved:
        total = Solved()
        for one in self.solved.values():
            total.add(one)
        return total


Proposals = dict[tuple[str, int], Counter[str]]


def percent(part: int, whole: int) -> int | None:
    """None for fewer than FEWEST. 0 and 100 are said only where nothing contradicts them."""
    if whole < FEWEST:
        return None
    if part in (0, whole):
        return 100 * part // whole
    return min(max(round(100 * part / whole), 1), 99)


def read_promises(actor: Actor, asked: Narrowing, now: datetime) -> tuple[Attainment, Times]:
    """Attainment of every kind of promise, and how long first answers took from the report."""
    kept, times = Attainment(), Times({})
    counted: dict[int, Counter[int]] = {severity: Counter() for severity in SEVERITIES}
    values = {
        "now": now,
        "parts": [part.start for part in asked.period.parts],
        "within": [-float(seconds) for seconds in reversed(WITHIN)],
    }
    for what, kind, severity, in_period, place, *names, counts, median in _rows(PROMISES, actor, asked, **values):
        if what == "part" and in_period:
            kept.by_part[kind, severity, place - 1] = Tally(*counts)
        elif what == "part":
            kept.before.setdefault(kind, Tally()).add(Tally(*counts))
        elif what == "customer":
            kept.add_customer(kind, names, Tally(*counts))
        elif what == "within":
            counted[severity][len(WITHIN) - place] = counts[0]
        elif in_period:
            times.median_s = median
        else:
            times.median_before_s, times.before = median, counts[0]
    for severity, found in counted.items():
        times.within[severity] = [sum(found[index] for index in range(up_to + 1)) for up_to in range(len(WITHIN) + 1)]
    return kept, times


def read_tickets(actor: Actor, asked: Narrowing, now: datetime) -> Tickets:
    edges = [midnight(day, asked.period.zone) for day in asked.period.days_counted]
    after: dict[int, list[int]] = {severity: [0] * (len(edges) + 1) for severity in SEVERITIES}  # net change, by edge
    found = Tickets()
    values = {"edges": edges, "ages": [now - age for age in reversed(AGES)]}
    for what, severity, place, count, other in _rows(TICKETS, actor, asked, **values):
        if what == "open":
            found.ages[severity][len(AGES) - place] = count
        elif what == "came":
            after[severity][place] += count
        elif what == "moved":
            after[severity][place] += count - other
        elif place:
            found.solved[severity] = Solved(count, other)
        else:
            found.solved_before.add(Solved(count, other))
    for severity, changes in after.items():
        open_now = sum(found.ages[severity])
        found.backlog[severity] = [open_now - sum(changes[place:]) for place in range(1, len(edges) + 1)]
    return found


def read_proposals(actor: Actor, asked: Narrowing) -> Proposals:
    """How many proposals of each party ended how. 1 raises, -1 lowers, 0 keeps what was provisional."""
    found: Proposals = {}
    for party, direction, state, count in _rows(PROPOSALS, actor, asked):
        found.setdefault((party, direction), Counter())[state] = count
    return found


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
        cursor.execute(ROOM + sql.format(clock=whose.format("s"), ticket=whose.format("t"), counts=COUNTS), given)
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
