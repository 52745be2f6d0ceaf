"""Warehouses and sites as the places that `promise` counts business days at."""

from contracts.models import Site
from rma.business_days import Place, is_known
from rma.models import BusinessCalendar, CalendarDay, Warehouse


def place_of_warehouse(warehouse: Warehouse) -> Place:
    calendar = warehouse.calendar
    return _place(calendar, warehouse.time_zone, calendar.country, calendar.subdivision, cut_off=warehouse.cut_off)


def place_of_site(site: Site) -> Place:
    """By the calendar of its part of the country, else of the country; else by the public holidays of that country."""
    country, subdivision = site.country.upper(), site.subdivision.upper()
    of_country = BusinessCalendar.objects.filter(purpose=BusinessCalendar.Purpose.DESTINATION, country=country)
    found = {one.subdivision: one for one in of_country.filter(subdivision__in={"", subdivision})} if country else {}
    calendar = found.get(subdivision) or found.get("")
    if not is_known(country, subdivision):
        subdivision = ""
    if not is_known(country):
        country = ""
    return _place(calendar, site.time_zone, country, subdivision)


def _place(calendar: BusinessCalendar | None, zone: str, country: str, subdivision: str, **more: object) -> Place:
    if calendar is None:
        return Place(zone=zone, country=country, subdivision=subdivision, **more)  # type: ignore[arg-type]
    days = {True: {}, False: {}}  # type: dict[bool, dict]
    by_source = calendar.days.order_by("source")  # LIBRARY, then MANUAL, which goes before it
    for day in by_source:
        if day.source == CalendarDay.Source.MANUAL:
            days[not day.is_open].pop(day.day, None)
        days[day.is_open][day.day] = day.name
    return Place(
        zone=zone,
        country=country,
        subdivision=subdivision,
        opened=days[True],
        closed=days[False],
        weekend=calendar.weekend or None,
        copied_years=frozenset(calendar.copied_years),
        **more,  # type: ignore[arg-type]
    )
