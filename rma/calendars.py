"""Business calendars as rows: public holidays are copied in per year, a person's exceptions go before them.

What was copied is never computed anew by itself. When the package of holidays changes its mind, the difference is shown,
and a person takes it over, for days to come only (docs/business-days.md).
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from contracts.models import Site
from rma.business_days import public_days
from rma.models import BusinessCalendar, CalendarDay
from rma.places import NO_WEEKEND, region_of

YEARS_AHEAD = 2
LONGEST_NAME = 120
WORKED = "Working day"
Kind = BusinessCalendar.Purpose
LIBRARY = CalendarDay.Source.LIBRARY


@dataclass(frozen=True)
class PublicDay:
    """As a calendar keeps it: a holiday, or a weekend day on which the country works."""

    is_open: bool
    name: str


@dataclass(frozen=True)
class Difference:
    """A day on which the copied rows and the package disagree. None: no entry."""

    day: date
    was: PublicDay | None
    is_now: PublicDay | None


# Copying --------------------------------------------------------------------------------------------------------------


def keep_ahead(now: datetime) -> int:
    """Copies every year up to two years ahead that a calendar lacks; how many were copied. Safe to run at any time."""
    years = range(now.year, now.year + YEARS_AHEAD + 1)
    _add_destinations(now.year)
    lacking = [one.pk for one in BusinessCalendar.objects.order_by("pk") if not set(years) <= set(one.copied_years)]
    return sum(_copy_missing(key, years) for key in lacking)


@transaction.atomic
def _copy_missing(key: int, years: Iterable[int]) -> int:
    return copy_years(BusinessCalendar.objects.select_for_update().get(pk=key), years)


def copy_years(calendar: BusinessCalendar, years: Iterable[int]) -> int:
    """Of a calendar that is held: those it lacks. How many they were."""
    missing = sorted(set(years) - set(calendar.copied_years))
    for year in missing:
        found = public_days_of(calendar, year)
        CalendarDay.objects.bulk_create((_row(calendar, day, one) for day, one in found.items()), ignore_conflicts=True)
    calendar.copied_years = sorted({*calendar.copied_years, *missing})
    calendar.save(update_fields=["copied_years"])
    return len(missing)


def _add_destinations(year: int) -> None:
    """Each region with a site in use has a calendar, so that its holidays can be looked at and corrected."""
    regions = {
        region_of(country, part)
        for country, part in Site.objects.filter(is_active=True).values_list("country", "subdivision").distinct()
    }
    kept = BusinessCalendar.objects.filter(purpose=Kind.DESTINATION).values_list("country", "subdivision")
    BusinessCalendar.objects.bulk_create(
        (
            BusinessCalendar(
                code="-".join(filter(None, ("TO", country, part))),
                purpose=Kind.DESTINATION,
                country=country,
                subdivision=part,
                weekend=usual_weekend(country, part, year),
            )
            for country, part in sorted(regions - set(kept))
            if country
        ),
        ignore_conflicts=True,
    )


def usual_weekend(country: str, subdivision: str, year: int) -> list[int]:
    """Of a region in a year, Monday = 0."""
    return sorted(public_days(*region_of(country, subdivision), year).weekend)


def weekend_of(calendar: BusinessCalendar, year: int) -> list[int]:
    """The days without work, Monday = 0: its own, or its country's."""
    own = calendar.weekend or usual_weekend(calendar.country, calendar.subdivision, year)
    return [day for day in own if day != NO_WEEKEND]


def public_days_of(calendar: BusinessCalendar, year: int) -> Mapping[date, PublicDay]:
    """What the package says of that year in the calendar's region."""
    country, part = region_of(calendar.country, calendar.subdivision)
    found = public_days(country, part, year)
    closed = {day: PublicDay(False, name[:LONGEST_NAME]) for day, name in found.holidays.items()}
    return closed | {day: PublicDay(True, WORKED) for day in found.worked}


def _row(calendar: BusinessCalendar, day: date, one: PublicDay) -> CalendarDay:
    return CalendarDay(calendar=calendar, day=day, is_open=one.is_open, name=one.name, source=LIBRARY)


# When the package changes its mind ------------------------------------------------------------------------------------


def differences(calendar: BusinessCalendar, today: date) -> list[Difference]:
    """Days after today, of the copied years, on which rows and package disagree. The past stays as it was. Lists
    prefetch the days."""
    rows = (one for one in calendar.days.all() if one.source == LIBRARY)
    kept = {one.day: PublicDay(one.is_open, one.name) for one in rows}
    now = {day: one for year in calendar.copied_years for day, one in public_days_of(calendar, year).items()}
    days = sorted(day for day in kept.keys() | now.keys() if day > today)
    return [Difference(day, kept.get(day), now.get(day)) for day in days if kept.get(day) != now.get(day)]


def fingerprint(found: Iterable[Difference]) -> str:
    """So that only what somebody read is taken over."""
    return hashlib.sha256(repr(list(found)).encode()).hexdigest()[:16]


def take_over(calendar: BusinessCalendar, found: Iterable[Difference]) -> None:
    """The rows of those days become what the package says. Exceptions set by hand stay."""
    found = list(found)
    calendar.days.filter(source=LIBRARY, day__in=[one.day for one in found]).delete()
    CalendarDay.objects.bulk_create(_row(calendar, one.day, one.is_now) for one in found if one.is_now)
