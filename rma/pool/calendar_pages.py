"""What the pages of calendars show, read in a handful of queries."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Prefetch, QuerySet

from rma.business_days import day_words
from rma.calendars import Difference, Kind, differences, fingerprint, weekend_of
from rma.models import BusinessCalendar, CalendarDay, Warehouse
from rma.places import MANUAL, effective_days, place_of_warehouse
from rma.promise import promise
from rma.services.calendars import earliest_day
from rozoom_support.lib.refusals import NotFound
from rozoom_support.lib.ui.times import WEEKDAYS

FEW = 3


@dataclass(frozen=True)
class Listed:
    """A line of the list. `coming` are the next days that differ from the week."""

    calendar: BusinessCalendar
    name: str
    warehouse: Warehouse | None
    week: str
    coming: tuple[str, ...]
    differences: int


@dataclass(frozen=True)
class Day:
    day: date
    words: str
    is_open: bool
    name: str
    source: str
    may_be_removed: bool
    on_a_weekend: bool


@dataclass(frozen=True)
class Changed:
    words: str
    was: str
    is_now: str


@dataclass(frozen=True)
class CalendarPage:
    calendar: BusinessCalendar
    name: str
    warehouse: Warehouse | None
    week: str
    year: int
    years: tuple[int, ...]
    days: tuple[Day, ...]
    changed: tuple[Changed, ...]
    seen: str
    example: str


def calendars(now: datetime) -> tuple[list[Listed], list[Listed]]:
    """Warehouses by name, then the regions that are delivered to."""
    found = [_listed(one, now) for one in _with_rows()]
    depots = sorted((one for one in found if one.warehouse), key=lambda one: one.name.lower())
    return depots, sorted((one for one in found if not one.warehouse), key=lambda one: one.name)


def calendar_for(key: int) -> BusinessCalendar:
    found = _with_rows().filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


def warehouse_for(key: int) -> Warehouse:
    found = Warehouse.objects.select_related("calendar").filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


def calendar_page(calendar: BusinessCalendar, year: int, now: datetime) -> CalendarPage:
    years = tuple(one for one in calendar.copied_years if one >= now.year)
    year = year if year in years else (years[0] if years else now.year)
    warehouse = _warehouse_of(calendar)
    found = differences(calendar, now.date())
    shown = effective_days(calendar.days.all())
    return CalendarPage(
        calendar=calendar,
        name=name_of(calendar),
        warehouse=warehouse,
        week=week_words(weekend_of(calendar, now.year)),
        year=year,
        years=years,
        days=tuple(_day(calendar, one, now) for day, one in sorted(shown.items()) if day.year == year),
        changed=tuple(_changed(one) for one in found),
        seen=fingerprint(found),
        example=_example(warehouse, now) if warehouse else "",
    )


def name_of(calendar: BusinessCalendar) -> str:
    """The warehouse's, or the region goods arrive in."""
    warehouse = _warehouse_of(calendar)
    if warehouse is not None:
        return warehouse.name
    return f"Deliveries to {calendar.country}" + (f", {calendar.subdivision}" if calendar.subdivision else "")


def week_words(weekend: list[int]) -> str:
    """Mon to Fri; Mon, Tue and Sat"""
    days = [day for day in range(7) if day not in weekend]
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        return f"{WEEKDAYS[days[0]]} to {WEEKDAYS[days[-1]]}"
    names = [WEEKDAYS[day] for day in days]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _with_rows() -> QuerySet[BusinessCalendar]:
    rows = CalendarDay.objects.order_by("day")
    return BusinessCalendar.objects.prefetch_related("warehouses", Prefetch("days", rows))


def _warehouse_of(calendar: BusinessCalendar) -> Warehouse | None:
    found = list(calendar.warehouses.all())
    if found:
        found[0].calendar = calendar  # it is here already
    return found[0] if calendar.purpose == Kind.WAREHOUSE and found else None


def _listed(calendar: BusinessCalendar, now: datetime) -> Listed:
    today = now.date()
    coming = [
        f"{day_words(day)}{'' if day.year == today.year else f' {day.year}'}: {one.name}{', open' if one.is_open else ''}"
        for day, one in sorted(effective_days(calendar.days.all()).items())
        if day >= today and not _is_usual(calendar, one, now)
    ]
    return Listed(
        calendar=calendar,
        name=name_of(calendar),
        warehouse=_warehouse_of(calendar),
        week=week_words(weekend_of(calendar, now.year)),
        coming=tuple(coming[:FEW]),
        differences=len(differences(calendar, today)),
    )


def _is_usual(calendar: BusinessCalendar, one: CalendarDay, now: datetime) -> bool:
    """A holiday on a weekend changes nothing."""
    return not one.is_open and one.day.weekday() in weekend_of(calendar, now.year)


def _day(calendar: BusinessCalendar, one: CalendarDay, now: datetime) -> Day:
    by_hand = one.source == MANUAL
    return Day(
        day=one.day,
        words=day_words(one.day),
        is_open=one.is_open,
        name=one.name,
        source=f"Set by {one.by_name}" if by_hand else "Public holiday",
        may_be_removed=by_hand and one.day >= earliest_day(now),
        on_a_weekend=_is_usual(calendar, one, now),
    )


def _changed(one: Difference) -> Changed:
    was = one.was.name if one.was else "No entry"
    return Changed(f"{day_words(one.day)} {one.day.year}", was, one.is_now.name if one.is_now else "No entry")


def _example(warehouse: Warehouse, now: datetime) -> str:
    """The first sentence of a promise that would be given now."""
    place = place_of_warehouse(warehouse)
    return f"{promise(now, place, place).reason.partition(').')[0]})."
