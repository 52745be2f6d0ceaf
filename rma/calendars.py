"""Business calendars as rows: public holidays are copied in per year, a person's exceptions go before them.

What was copied is never computed anew by itself. When the package of holidays changes its mind, the difference is shown,
and a person takes it over, for days to come only (docs/business-days.md).
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from contracts.models import Site
from rma.business_days import Place, is_known, public_days
from rma.models import BusinessCalendar, CalendarDay, Warehouse

YEARS_AHEAD = 2
LONGEST_NAME = 120
WORKED = "Working day"
Kind = BusinessCalendar.Purpose
LIBRARY, MANUAL = CalendarDay.Source.LIBRARY, CalendarDay.Source.MANUAL


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


# Places for rma.promise -----------------------------------------------------------------------------------------------


def warehouse_place(warehouse: Warehouse) -> Place:
    """For rma.promise.promise: the rows of its calendar, its zone and cut-off."""
    return place_of(warehouse.calendar, zone=warehouse.time_zone, cut_off=warehouse.cut_off, name=warehouse.name)


def destination_place(site: Site, name: str = "") -> Place:
    """Where it is delivered: the calendar of its country, or of its part of it. Without one, the public holidays; for a
    country nobody knows, Monday to Friday."""
    country, part = region_of(site.country, site.subdivision)
    kept = BusinessCalendar.objects.filter(purpose=Kind.DESTINATION, country=country, subdivision=part).first()
    if kept is not None:
        return place_of(kept, zone=site.time_zone, name=name)
    return Place(zone=site.time_zone, country=country, subdivision=part, name=name)


def region_of(country: str, subdivision: str) -> tuple[str, str]:
    """The region whose holidays are known: "DE-BY" is Bavaria; an unknown part is the whole country."""
    country = country.strip().upper()
    part = subdivision.strip().upper().removeprefix(f"{country}-")
    if is_known(country, part):
        return country, part
    return (country, "") if is_known(country) else ("", "")


def place_of(calendar: BusinessCalendar, **of_the_place: Any) -> Place:
    """`of_the_place`: zone, cut_off and name, where they matter. Lists prefetch the days."""
    country, part = region_of(calendar.country, calendar.subdivision)
    days = effective_days(calendar.days.all())
    return Place(
        country=country,
        subdivision=part,
        weekend=calendar.weekend,
        copied_years=frozenset(calendar.copied_years),
        opened={day: one.name for day, one in days.items() if one.is_open},
        closed={day: one.name for day, one in days.items() if not one.is_open},
        **of_the_place,
    )


def effective_days(days: Iterable[CalendarDay]) -> dict[date, CalendarDay]:
    """One row for each day: what a person set goes before what was copied."""
    copied_first = sorted(days, key=lambda one: (one.source == MANUAL, one.day))
    return {one.day: one for one in copied_first}


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
