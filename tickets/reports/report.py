"""One report: everything a page, a CSV or a program is told, read once."""

from dataclasses import dataclass
from datetime import datetime

from tenancy.actor import Actor
from tickets.reports import queries, words
from tickets.reports.queries import FEWEST, SEVERITIES, Attainment, Narrowing, Proposals, Tally, Tickets, Times


@dataclass(frozen=True)
class Report:
    asked: Narrowing
    kinds: tuple[str, ...]  # of the tables by month, customer and reseller
    now: datetime
    attainment: Attainment
    times: Times
    tickets: Tickets
    proposals: Proposals

    @property
    def severities(self) -> tuple[int, ...]:
        return self.asked.severities or SEVERITIES


@dataclass(frozen=True)
class Number:
    """One of the four on top. `value` and `before` are percents, or seconds; None where there are too few."""

    name: str
    label: str
    value: float | None
    n: int
    before: float | None
    n_before: int
    is_duration: bool = False

    @property
    def words(self) -> str:
        if not self.n:
            return "–"
        if self.value is None:
            return words.TOO_FEW
        return words.duration(self.value) if self.is_duration else f"{self.value:.0f} %"

    @property
    def change(self) -> str:
        if self.value is None or self.before is None:
            return f"Before: {words.TOO_FEW} (n = {self.n_before:,})"
        was = words.duration(self.before) if self.is_duration else f"{self.before:.0f} %"
        return f"{self._difference()} before: {was} (n = {self.n_before:,})"

    def _difference(self) -> str:
        assert self.value is not None
        assert self.before is not None
        more = self.value - self.before
        if self.is_duration:
            if abs(more) < 60:
                return "As"
            return f"{words.duration(abs(more))} {'slower' if more > 0 else 'faster'} than"
        if not round(more):
            return "As"
        points = abs(round(more))
        return f"{points} point{'' if points == 1 else 's'} {'more' if more > 0 else 'less'} than"


def make_report(actor: Actor, asked: Narrowing, *, kinds: tuple[str, ...], now: datetime) -> Report:
    actor.require("ticket:read")
    attainment, times = queries.read_promises(actor, asked, now)
    tickets, proposals = queries.read_tickets(actor, asked, now), queries.read_proposals(actor, asked)
    return Report(asked, kinds, now, attainment, times, tickets, proposals)


def numbers(report: Report) -> list[Number]:
    found = [_on_time(report, kind) for kind in ("FIRST", "NEXT")]
    times, solved = report.times, report.tickets.solved_in_all
    median, before = times.median_s, times.median_before_s
    found.append(
        Number(
            "median_first_answer_s",
            "Half of first answers within",
            median if times.total >= FEWEST else None,
            times.total,
            before if times.before >= FEWEST else None,
            times.before,
            is_duration=True,
        )
    )
    before_solved = report.tickets.solved_before
    found.append(
        Number(
            "reopened_percent",
            "Solved tickets opened again",
            solved.percent,
            solved.times,
            before_solved.percent,
            before_solved.times,
        )
    )
    return found


def _on_time(report: Report, kind: str) -> Number:
    tally, before = report.attainment.of(kind), report.attainment.before.get(kind, Tally())
    name = f"{kind.lower()}_on_time_percent"
    return Number(name, f"{words.KINDS[kind]} on time", tally.percent, tally.decided, before.percent, before.decided)
