"""The stretch of time a report is about, in days of the reader's zone: its instants, its parts and the period before."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from rozoom_support.lib.ui.times import MONTHS, zone_named

DAY = timedelta(days=1)
EARLIEST = date(2000, 1, 1)
MONTHS_OF_PRESET = {"1": "This month", "3": "Last 3 months", "6": "Last 6 months", "12": "Last 12 months"}
DEFAULT = "6"
PARTS_AT_MOST = 13  # so that each has room for its numbers on a phone
UNITS = (1, 3, 12)  # months in a part: a month, a quarter, a year
LONGEST_YEARS = 12
WEEKLY_UP_TO = timedelta(days=92)


class WrongPeriod(Exception):
    """`param` is "from" or "to"; the words say what to write instead."""

    def __init__(self, param: str, words: str) -> None:
        super().__init__(words)
        self.param, self.words = param, words


@dataclass(frozen=True)
class Part:
    """One month, quarter or year of a period; the first and the last may be cut."""

    key: str
    label: str
    start: datetime


@dataclass(frozen=True)
class Period:
    """From the first instant of `first` to the last one of `last`, both as the zone has them."""

    first: date
    last: date
    zone: str
    months: str = ""  # of a preset; "" when days were given

    @property
    def start(self) -> datetime:
        return midnight(self.first, self.zone)

    @property
    def end(self) -> datetime:
        return midnight(self.last + DAY, self.zone)

    @property
    def before(self) -> "Period":
        """As many months or days right before this one."""
        last = self.first - DAY
        first = back(self.first, int(self.months)) if self.months else self.first - (self.last - self.first) - DAY
        return replace(self, first=first, last=last)

    @property
    def unit(self) -> int:
        return next((unit for unit in UNITS if len(self._starts(unit)) <= PARTS_AT_MOST), UNITS[-1])

    @property
    def parts(self) -> list[Part]:
        unit = self.unit
        return [
            Part(_key(day, unit), _label(day, unit), midnight(max(day, self.first), self.zone))
            for day in self._starts(unit)
        ]

    @property
    def days_counted(self) -> list[date]:
        """Days at whose first instant open tickets are counted: each week or each part, and the end."""
        if self.last - self.first < WEEKLY_UP_TO:
            weeks = (self.last - self.first).days // 7
            days = [self.last + DAY - timedelta(days=7 * week) for week in range(weeks, -1, -1)]
            return days if days[0] == self.first else [self.first, *days]
        return [*(max(day, self.first) for day in self._starts(self.unit)), self.last + DAY]

    def _starts(self, unit: int) -> list[date]:
        return list(_first_days(self.first, self.last, unit))


def midnight(day: date, zone: str) -> datetime:
    """The first instant of a day. Where the clocks skip midnight it is the instant of the change."""
    return datetime(day.year, day.month, day.day, tzinfo=zone_named(zone)).astimezone(UTC)


def back(day: date, months: int) -> date:
    """The first day of the month that many months earlier."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, 1)


def preset(months: str, today: date, zone: str) -> Period:
    """That many months up to today; the current one counts as the last of them."""
    return Period(back(today, int(months) - 1), today, zone, months)


def chosen(first: date | None, last: date | None, today: date, zone: str) -> Period:
    """Days somebody gave; a missing one is a year before the other, or today. Raises WrongPeriod."""
    last = last or today
    if last > today:
        raise WrongPeriod("to", "Choose a last day that is not in the future.")
    first = first or max(last - timedelta(days=364), EARLIEST)
    if first < EARLIEST:
        raise WrongPeriod("from", "Choose a first day from the year 2000 on.")
    if first > last:
        raise WrongPeriod("from", "The first day must not be after the last one.")
    if first < back(last, 12 * LONGEST_YEARS):
        raise WrongPeriod("from", f"Choose at most {LONGEST_YEARS} years.")
    return Period(first, last, zone)


def _first_days(first: date, last: date, unit: int) -> Iterator[date]:
    day = date(first.year, first.month - (first.month - 1) % unit, 1)
    while day <= last:
        yield day
        day = back(day, -unit)


def _key(day: date, unit: int) -> str:
    return {1: f"{day:%Y-%m}", 3: f"{day.year}-Q{day.month // 3 + 1}", 12: str(day.year)}[unit]


def _label(day: date, unit: int) -> str:
    month = f"{MONTHS[day.month - 1]} {day.year}"
    return {1: month, 3: f"Q{day.month // 3 + 1} {day.year}", 12: str(day.year)}[unit]
