"""Where everything of a plot stands: percent of the width, so that it grows with the page while text keeps its size, and
pixels of the height. The templates draw it; every number that is written comes from the tables of the same report.
"""

import math
from dataclasses import dataclass
from datetime import date

from sla.clock import TARGETS
from tickets.reports import words
from tickets.reports.queries import FEWEST, WITHIN, percent
from tickets.reports.report import Report

TOP, HEIGHT = 24, 120  # of the ground of a small plot
FLOOR = TOP + HEIGHT
CURVE_TOP, CURVE_HEIGHT = 86, 190
CURVE_FLOOR = CURVE_TOP + CURVE_HEIGHT
ROOMY = 6  # with more parts, neighbours write into two rows
TICKS = {60: "1 min", 600: "10 min", 3600: "1 h", 4 * 3600: "4 h", 86400: "24 h", 7 * 86400: "7 d", 30 * 86400: "30 d"}


@dataclass(frozen=True)
class Dot:
    x: str
    y: float
    words: str
    words_y: float


@dataclass(frozen=True)
class Under:
    x: str
    month: str
    n: str
    y: int


@dataclass(frozen=True)
class Grid:
    y: float
    words: str


@dataclass(frozen=True)
class MonthsPlot:
    severity: int
    title: str
    text: str
    dots: list[Dot]
    under: list[Under]
    grid: list[Grid]
    target: float
    empty: str
    height: int
    floor: int = FLOOR


@dataclass(frozen=True)
class BacklogPlot:
    severity: int
    title: str
    text: str
    points: str  # in a square of 100 by 100 that is stretched over the ground
    last_y: float
    last: str
    grid: list[Grid]
    first_day: str
    last_day: str
    empty: str
    top: int = TOP
    ground: int = HEIGHT
    floor: int = FLOOR


@dataclass(frozen=True)
class Curve:
    severity: int
    label: str
    row_y: int
    points: str
    target_x: str
    target_y: float | None  # None when there are too few to draw


@dataclass(frozen=True)
class TimesPlot:
    title: str
    text: str
    curves: list[Curve]
    ticks: list[tuple[str, str]]
    grid: list[Grid]
    empty: str
    top: int = CURVE_TOP
    ground: int = CURVE_HEIGHT
    floor: int = CURVE_FLOOR


def months_plots(report: Report) -> list[MonthsPlot]:
    """One for each severity, all with the same axis: a dot for each part, its n below it."""
    kind = report.kinds[0]
    tallies = {
        severity: [
            report.attainment.by_part.get((kind, severity, place)) for place in range(len(report.asked.period.parts))
        ]
        for severity in report.severities
    }
    shares = [one.percent for found in tallies.values() for one in found if one and one.percent is not None]
    lowest = lowest_shown(min(shares, default=100))
    return [_months_plot(report, severity, found, lowest) for severity, found in tallies.items()]


def _months_plot(report: Report, severity: int, found: list, lowest: int) -> MonthsPlot:
    parts = report.asked.period.parts
    columns = len(parts)
    dots, under, said = [], [], []
    for place, (part, one) in enumerate(zip(parts, found, strict=True)):
        x = across((place + 0.5) / columns)
        n = one.decided if one else 0
        under.append(Under(x, _short(part.label, place, columns), f"{n:,}", FLOOR + 20 + _row(place, columns)))
        if one and one.percent is not None:
            y = round(FLOOR - HEIGHT * (one.percent - lowest) / (100 - lowest), 1)
            written = str(one.percent) if columns <= ROOMY or place == columns - 1 else ""
            dots.append(Dot(x, y, written, y + 24 if y < FLOOR - 30 else y - 12))
        if n:
            said.append(f"{part.label}: {words.share(one.percent, n)}")
    answers = words.KINDS[report.kinds[0]]
    steps = (100, (100 + lowest) // 2, lowest)
    return MonthsPlot(
        severity=severity,
        title=f"{answers} on time, severity {severity}",
        text=f"{'. '.join(said) or 'No tickets'}. Every promise kept is 100 %.",
        dots=dots,
        under=under,
        grid=[Grid(round(FLOOR - HEIGHT * (step - lowest) / (100 - lowest), 1), f"{step} %") for step in steps],
        target=TOP,
        empty="" if dots else _why_empty(found),
        height=FLOOR + 44 + (36 if columns > ROOMY else 0),
    )


def _why_empty(found: list) -> str:
    if not any(one and one.total for one in found):
        return "No tickets"
    return f"Fewer than {FEWEST} in each"


def lowest_shown(lowest: int) -> int:
    """Where the axis begins: at 0, 50 or 80 %, below every dot."""
    return next(floor for floor in (80, 50, 0) if lowest >= floor)


def backlog_plots(report: Report) -> list[BacklogPlot]:
    """One line for each severity, all with the same axis."""
    highest = nice(max((max(counts) for counts in report.tickets.backlog.values()), default=0))
    return [_backlog_plot(report, severity, highest) for severity in report.severities]


def _backlog_plot(report: Report, severity: int, highest: int) -> BacklogPlot:
    counts, days = report.tickets.backlog[severity], report.asked.period.days_counted
    last = len(counts) - 1
    points = " ".join(
        f"{100 * place / last:.2f},{100 - 100 * count / highest:.2f}" for place, count in enumerate(counts)
    )
    first_day, last_day = words.day(days[0]), words.day(report.asked.period.last)
    return BacklogPlot(
        severity=severity,
        title=f"Open tickets of severity {severity}",
        text=f"{counts[0]:,} at the start of {first_day}, {counts[-1]:,} at the end of {last_day}, at most {max(counts):,}.",
        points=points,
        last_y=round(FLOOR - HEIGHT * counts[-1] / highest, 1),
        last=f"{counts[-1]:,}",
        grid=[Grid(round(FLOOR - HEIGHT * step / highest, 1), f"{step:,}") for step in (highest, highest // 2, 0)],
        first_day=_day(days[0]),
        last_day=_day(report.asked.period.last),
        empty="" if any(counts) else "No tickets",
    )


def times_plot(report: Report) -> TimesPlot:
    """How many were answered up to when. The axis of time is logarithmic: the first minutes matter as much as the last days."""
    curves = [_curve(report, severity, 16 + 22 * place) for place, severity in enumerate(report.severities)]
    said = ". ".join(f"Severity {one.severity}: {one.label}" for one in curves)
    return TimesPlot(
        title="First answers, by time from the report",
        text=f"{said}.",
        curves=curves,
        ticks=[(across(log_place(seconds)), text) for seconds, text in TICKS.items()],
        grid=[Grid(CURVE_FLOOR - CURVE_HEIGHT * step / 100, f"{step} %") for step in (100, 50, 0)],
        empty="" if report.times.total else "No tickets",
    )


def _curve(report: Report, severity: int, row_y: int) -> Curve:
    times, n = report.times, report.times.answered(severity)
    target = int(TARGETS[severity].total_seconds())
    points, target_y = "", None
    if percent(0, n) is not None:
        shares = [(log_place(seconds), times.within[severity][place] / n) for place, seconds in enumerate(WITHIN)]
        points = " ".join(f"{100 * x:.2f},{100 - 100 * y:.2f}" for x, y in shares)
        target_y = round(CURVE_FLOOR - CURVE_HEIGHT * times.within[severity][WITHIN.index(target)] / n, 1)
    label = words.times_label(severity, times)
    return Curve(severity, label, row_y, points, across(log_place(target)), target_y)


def log_place(seconds: float) -> float:
    """0 for the first of WITHIN, 1 for the last."""
    return math.log(seconds / WITHIN[0]) / math.log(WITHIN[-1] / WITHIN[0])


def across(part: float) -> str:
    return f"{100 * part:.2f}%"


def nice(highest: int) -> int:
    """The end of an axis: an even number a person would choose, not below the highest value."""
    size = 10 ** max(len(str(highest)) - 1, 0)
    return next(step for step in (size * one for one in (2, 4, 6, 8, 10)) if step >= highest)


def _row(place: int, columns: int) -> int:
    return 36 * (place % 2) if columns > ROOMY else 0


def _short(label: str, place: int, columns: int) -> str:
    """Jun; with the year where it changes, and on the first one while there is room for it."""
    name, _, year = label.partition(" ")
    return f"{name} {year[2:]}" if year and columns <= ROOMY and (place == 0 or name == "Jan") else name


def _day(of: date) -> str:
    return words.day(of).rpartition(" ")[0]
