"""Deeds on warehouses: where replacements leave from."""

from dataclasses import asdict, dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import available_timezones

from django.db import transaction

from rma.business_days import is_known
from rma.calendars import YEARS_AHEAD, Kind, copy_years, differences, take_over, weekend_of
from rma.models import BusinessCalendar, Pool, Warehouse
from rma.places import NO_WEEKEND
from rma.services.calendars import CannotChangeCalendar, held, record, refuse_without_any_day
from tenancy.actor import Actor

WEEK = set(range(7))


class CannotChangeWarehouse(CannotChangeCalendar):
    code = "cannot_change_warehouse"


@dataclass(frozen=True)
class WarehouseFacts:
    """`weekend`: days without work, Monday = 0. `serviced_countries`: where a day is promised, by two letters."""

    name: str
    address: str
    time_zone: str
    cut_off: time
    country: str
    subdivision: str
    weekend: tuple[int, ...]
    serviced_countries: tuple[str, ...]


@transaction.atomic
def add_warehouse(*, actor: Actor, code: str, facts: WarehouseFacts, now: datetime) -> Warehouse:
    """With a calendar of its own, whose holidays are copied at once, and a pool of the same name."""
    actor.require("pool:manage")
    code = code.strip().upper()
    if any(kind.objects.filter(code=code).exists() for kind in (Warehouse, BusinessCalendar, Pool)):
        raise CannotChangeWarehouse(f"{code} is taken. Choose another short name.", param="code")
    _check(facts)
    calendar = BusinessCalendar.objects.create(
        code=code,
        purpose=Kind.WAREHOUSE,
        country=facts.country,
        subdivision=facts.subdivision,
        weekend=_kept_weekend(facts),
    )
    copy_years(calendar, range(now.year, now.year + YEARS_AHEAD + 1))
    warehouse = Warehouse.objects.create(code=code, calendar=calendar, **_own(facts))
    Pool.objects.create(code=code, name=facts.name, warehouse=warehouse)
    record(actor, calendar, "warehouse.added", now, warehouse=code, to=asdict(facts))
    return warehouse


@transaction.atomic
def change_warehouse(*, actor: Actor, warehouse: Warehouse, facts: WarehouseFacts, now: datetime) -> Warehouse:
    """Another region brings its holidays, for days to come. Promises that were given stay."""
    actor.require("pool:manage")
    _check(facts)
    calendar = held(warehouse.calendar)
    was = asdict(facts_of(warehouse, now.year))
    for name, value in _own(facts).items():
        setattr(warehouse, name, value)
    warehouse.save(update_fields=list(_own(facts)))
    calendar.country, calendar.subdivision = facts.country, facts.subdivision
    calendar.weekend = _kept_weekend(facts)
    calendar.save(update_fields=["country", "subdivision", "weekend"])
    if (was["country"], was["subdivision"]) != (facts.country, facts.subdivision):
        take_over(calendar, differences(calendar, now.date()))
    refuse_without_any_day(calendar, now)
    record(actor, calendar, "warehouse.changed", now, warehouse=warehouse.code, was=was, to=asdict(facts))
    return warehouse


def facts_of(warehouse: Warehouse, year: int) -> WarehouseFacts:
    calendar = warehouse.calendar
    return WarehouseFacts(
        name=warehouse.name,
        address=warehouse.address,
        time_zone=warehouse.time_zone,
        cut_off=warehouse.cut_off,
        country=calendar.country,
        subdivision=calendar.subdivision,
        weekend=tuple(weekend_of(calendar, year)),
        serviced_countries=tuple(warehouse.serviced_countries),
    )


def _kept_weekend(facts: WarehouseFacts) -> list[int]:
    return sorted(facts.weekend) or [NO_WEEKEND]


def _own(facts: WarehouseFacts) -> dict[str, Any]:
    """What stands in the warehouse's own row."""
    return {
        "name": facts.name,
        "address": facts.address,
        "time_zone": facts.time_zone,
        "cut_off": facts.cut_off,
        "serviced_countries": list(facts.serviced_countries),
    }


def _check(facts: WarehouseFacts) -> None:
    if not facts.name.strip():
        raise CannotChangeWarehouse("Enter a name.", param="name")
    if facts.time_zone not in available_timezones():
        raise CannotChangeWarehouse("Choose a time zone from the list.", param="time_zone")
    if not is_known(facts.country):
        raise CannotChangeWarehouse("Enter two letters of a country, such as US or DE.", param="country")
    if facts.subdivision and not is_known(facts.country, facts.subdivision):
        words = f"We know no part {facts.subdivision} of {facts.country}. Leave it empty for the whole country."
        raise CannotChangeWarehouse(words, param="subdivision")
    if not set(facts.weekend) < WEEK:
        raise CannotChangeWarehouse("Choose at least one day on which work is done.", param="workdays")
    if unknown := [one for one in facts.serviced_countries if not (len(one) == 2 and one.isascii() and one.isalpha())]:
        raise CannotChangeWarehouse(f"{unknown[0]} is not two letters, such as US.", param="serviced_countries")
