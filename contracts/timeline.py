"""The coverage timeline: bars of many components on one axis, as percentages that scale with the page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from contracts.coverage import Bar, Row
from contracts.terms import DAY, Span

LANES = {"free": 0, "agreement": 0, "grace": 0, "warranty": 1}
LANE_HEIGHT = 14
WIDE_ENOUGH = 14.0  # percent, for a word inside


@dataclass(frozen=True)
class Drawn:
    bar: Bar
    x: str
    width: str
    y: int


@dataclass(frozen=True)
class Gap:
    x: str
    width: str
    is_wide: bool


@dataclass(frozen=True)
class Line:
    row: Row
    bars: list[Drawn]
    gaps: list[Gap]


@dataclass(frozen=True)
class Timeline:
    lines: list[Line]
    years: list[tuple[int, str]]
    today: str

    @property
    def has_grace(self) -> bool:
        return any(drawn.bar.kind == "grace" for line in self.lines for drawn in line.bars)


class Axis:
    def __init__(self, start: date, end: date) -> None:
        self.start, self.end = start, end
        self.length = (end - start).days + 1

    def at(self, day: date) -> float:
        return 100 * (day - self.start).days / self.length

    def percent(self, value: float) -> str:
        return f"{value:.2f}%"

    def x(self, day: date) -> str:
        return self.percent(self.at(day))

    def width(self, span: Span) -> str:
        return self.percent(self.at(span[1] + DAY) - self.at(span[0]))


def timeline(rows: Sequence[Row]) -> Timeline | None:
    """None where nothing has a date."""
    spans = [bar.span for row in rows for bar in row.bars]
    if not spans:
        return None
    today = rows[0].today
    axis = Axis(min(today, *(span[0] for span in spans)), max(today, *(span[1] for span in spans)))
    years = range(axis.start.year + 1, axis.end.year + 1)
    step = 1 + len(years) // 8
    return Timeline(
        lines=[_line(row, axis) for row in rows],
        years=[(year, axis.x(date(year, 1, 1))) for year in years[::step]],
        today=axis.x(today),
    )


def _line(row: Row, axis: Axis) -> Line:
    drawn = [Drawn(bar, axis.x(bar.start), axis.width(bar.span), 2 + LANE_HEIGHT * LANES[bar.kind]) for bar in row.bars]
    gaps = [
        Gap(axis.x(start), axis.width((start, end)), axis.at(end) - axis.at(start) > WIDE_ENOUGH)
        for start, end in gaps_of(row)
    ]
    return Line(row, drawn, gaps)


def gaps_of(row: Row) -> list[Span]:
    """Stretches without support from the first covered day until today."""
    spans = sorted(bar.span for bar in row.bars if bar.kind != "warranty")
    gaps: list[Span] = []
    if not spans:
        return gaps
    covered_to = spans[0][1]
    for start, end in spans[1:]:
        if start > covered_to + DAY and covered_to < row.today:
            gaps.append((covered_to + DAY, min(start - DAY, row.today)))
        covered_to = max(covered_to, end)
    if covered_to < row.today:
        gaps.append((covered_to + DAY, row.today))
    return gaps
