"""Warehouses and sites as the places that `promise` counts business days at: their calendars' rows decide."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from contracts.models import Site
from rma.business_days import Place, is_known
from rma.models import BusinessCalendar, CalendarDay, Warehouse

MANUAL = CalendarDay.Source.MANUAL
NO_WEEKEND = 7  # a calendar whose weekend is this works all seven days; an empty weekend is its country's own


def place_of_warehouse(warehouse: Warehouse) -> Place:
    return place_of(warehouse.calendar, zone=warehouse.time_zone, cut_off=warehouse.cut_off, name=warehouse.name)


def place_of_site(site: Site) -> Place:
    """By the calendar of its part of the country, or of the country; without one, by the public holidays; in a country
    nobody knows, Monday to Friday."""
    country, part = region_of(site.country, site.subdivision)
    purpose = BusinessCalendar.Purpose.DESTINATION
    kept = BusinessCalendar.objects.filter(purpose=purpose, country=country, subdivision=part).first()
    if kept is not None:
        return place_of(kept, zone=site.time_zone)
    return Place(zone=site.time_zone, country=country, subdivision=part)


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
        weekend=calendar.weekend or None,
        copied_years=frozenset(calendar.copied_years),
        opened={day: one.name for day, one in days.items() if one.is_open},
        closed={day: one.name for day, one in days.items() if not one.is_open},
        **of_the_place,
    )


def effective_days(days: Iterable[CalendarDay]) -> dict[date, CalendarDay]:
    """One row for each day: what a person set goes before what was copied."""
    copied_first = sorted(days, key=lambda one: (one.source == MANUAL, one.day))
    return {one.day: one for one in copied_first}
