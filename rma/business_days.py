"""Which days a place works: its weekend, the holidays of its country, and the exceptions somebody made."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import holidays

from rozoom_support.lib.ui.times import MONTHS, WEEKDAYS

DAY = timedelta(days=1)
LONGEST_CLOSURE = 366  # days; a calendar with no business day in so many has a mistake in it
CUT_OFF = time(15)
SATURDAY_AND_SUNDAY = frozenset({5, 6})
NOTHING: Mapping[date, str] = MappingProxyType({})


class NoBusinessDay(ValueError):
    """A calendar closes every day of a year. The words say which place and what to do."""


@dataclass(frozen=True)
class PublicDays:
    """What is known of one year of a country: its holidays by name, its weekend (Monday = 0), and the weekend days on
    which it works instead."""

    holidays: Mapping[date, str]
    weekend: frozenset[int]
    worked: frozenset[date]


PLAIN = PublicDays(NOTHING, SATURDAY_AND_SUNDAY, frozenset())


@dataclass(frozen=True)
class Place:
    """A warehouse or a destination, as far as business days go. A destination needs no cut-off.

    `zone` is an IANA name. `country` and `subdivision` choose the public holidays; without a country there are none.
    `weekend` holds weekdays with Monday = 0; None takes the country's own. `closed` and `opened` are exceptions: days,
    or a day to the name of its reason; a day in both is closed. `copied_years` are years whose holidays are all in
    `closed` and `opened` already: for them the package of holidays is not asked, so that an update of it moves nothing.
    """

    zone: str = "America/Chicago"
    country: str = "US"
    subdivision: str = ""
    cut_off: time = CUT_OFF
    opened: Mapping[date, str] | Iterable[date] = frozenset()
    closed: Mapping[date, str] | Iterable[date] = frozenset()
    weekend: Iterable[int] | None = None
    copied_years: frozenset[int] = frozenset()
    name: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "country", self.country.strip().upper())
        object.__setattr__(self, "subdivision", self.subdivision.strip().upper())
        object.__setattr__(self, "opened", _named_days(self.opened))
        object.__setattr__(self, "closed", _named_days(self.closed))
        object.__setattr__(self, "weekend", None if self.weekend is None else frozenset(self.weekend))

    @property
    def city(self) -> str:
        """What people call it: its own name, or the city of its zone."""
        return self.name or self.zone.rpartition("/")[2].replace("_", " ")

    def tz(self) -> tzinfo:
        """Raises ValueError for a zone nobody knows."""
        return _zone(self.zone)

    def closed_because(self, day: date) -> str:
        """Why it does not work on that day, in a few words; empty on a business day."""
        closed: Mapping[date, str] = self.closed  # type: ignore[assignment]
        if day in closed:
            return closed[day] or "closed"
        if day in self.opened:
            return ""
        public = public_days(self.country, self.subdivision, day.year)
        copied = day.year in self.copied_years
        weekend = public.weekend if self.weekend is None else self.weekend
        if day.weekday() in weekend and (copied or day not in public.worked):
            return "weekend"
        return "" if copied else public.holidays.get(day, "")

    def is_business_day(self, day: date) -> bool:
        return not self.closed_because(day)

    def next_business_day(self, after: date) -> date:
        """The first one after that day. Raises NoBusinessDay when a whole year has none."""
        for number in range(min(LONGEST_CLOSURE, (date.max - after).days)):
            day = after + (number + 1) * DAY
            if self.is_business_day(day):
                return day
        raise NoBusinessDay(f"{self.city} has no business day in the year after {after}. Open a day in its calendar.")

    def add_business_days(self, start: date, count: int) -> date:
        """The count-th business day after start."""
        for _ in range(count):
            start = self.next_business_day(start)
        return start


@lru_cache(maxsize=1024)
def public_days(country: str, subdivision: str, year: int) -> PublicDays:
    """Raises ValueError for a country, or a part of it, whose holidays nobody knows."""
    if not country:
        return PLAIN
    found = _library(country, subdivision, year)
    last_week = [date(year, 12, day) for day in range(25, 32)]  # some weekends moved at the start of a year
    return PublicDays(
        holidays=MappingProxyType({day: name for day, name in sorted(found.items()) if day.year == year}),
        weekend=frozenset(day.weekday() for day in last_week if found.is_weekend(day)),
        worked=frozenset(day for day in found.weekend_workdays if day.year == year),
    )


def day_words(day: date) -> str:
    """Tue 24 Nov"""
    return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]}"


def is_known(country: str, subdivision: str = "") -> bool:
    """There are holidays to look up for this country and this part of it."""
    try:
        public_days(country, subdivision, 2026)
    except ValueError:
        return False
    return True


def _library(country: str, subdivision: str, year: int) -> holidays.HolidayBase:
    try:
        languages = holidays.country_holidays(country).supported_languages
        language = "en_US" if "en_US" in languages else None
        return holidays.country_holidays(country, subdiv=subdivision or None, years=year, language=language)
    except NotImplementedError as unknown:
        where = f"{country}, {subdivision}" if subdivision else country
        raise ValueError(f"No public holidays are known for {where}. Use a code such as US or DE, BY.") from unknown


@lru_cache(maxsize=512)
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as unknown:
        raise ValueError(f"“{name}” is not a time zone. Use a name such as America/Chicago.") from unknown


def _named_days(days: Mapping[date, str] | Iterable[Any]) -> Mapping[date, str]:
    pairs = days.items() if isinstance(days, Mapping) else ((day, "") for day in days)
    return MappingProxyType({_date(day): str(name or "") for day, name in pairs})


def _date(day: Any) -> date:
    if isinstance(day, str):
        return date.fromisoformat(day)
    return day.date() if isinstance(day, datetime) else day
