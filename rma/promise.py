"""When a replacement leaves and arrives: the next-business-day schedule (docs/business-days.md).

    promise(approved_at, warehouse, destination) -> Promise

`warehouse` and `destination` are a `Place`, or any object or mapping with these names; all but the zone have defaults:

    zone                an IANA name or a tzinfo; also read as time_zone, timezone or tz
    country             two letters, subdivision its part: they choose weekend and public holidays
    cut_off             of a warehouse: a time, or "15:00"; from that instant on the day counts as over
    opened, closed      exceptions: days, ISO dates, or a mapping of day to reason; also opened_days, closed_days
    weekend             weekdays with Monday = 0; None takes the country's
    copied_years, name  see Place
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from textwrap import shorten
from typing import Any

from rma.business_days import CUT_OFF, DAY, NoBusinessDay, Place, day_words

__all__ = ["NoBusinessDay", "Place", "Promise", "as_place", "non_return_day", "promise", "return_due", "schedule_met"]

RETURN_DAYS = 10  # business days at the destination
KEPT_DAYS = 30  # calendar days after delivery, after which a part that did not come back is charged
LONGEST_REASON, LONGEST_NAME = 400, 60  # characters; a reason is kept in a column
FEW_DAYS = 2  # closed days that are named one by one
OTHER_NAMES = {
    "zone": ("time_zone", "timezone", "tz", "tzinfo"),
    "subdivision": ("subdiv",),
    "cut_off": ("cutoff", "cut_off_time"),
    "opened": ("opened_days", "open_days"),
    "closed": ("closed_days",),
}
DEFAULTS: dict[str, Any] = {
    "country": "",
    "subdivision": "",
    "cut_off": CUT_OFF,
    "opened": frozenset(),
    "closed": frozenset(),
    "weekend": None,
    "copied_years": frozenset(),
    "name": "",
}


@dataclass(frozen=True)
class Promise:
    """Frozen on the RMA at approval: an update of a calendar moves none that was given."""

    ship_day: date
    deliver_target: date
    contract_ship_by: date
    reason: str


def promise(approved_at: datetime, warehouse: Any, destination: Any) -> Promise:
    """The day it leaves, the day it should arrive, and the last day on which its leaving keeps the contract.

    Days are those of the warehouse's zone, `deliver_target` of the destination's. Raises ValueError for an instant
    without a zone or a place that makes no sense, NoBusinessDay for a calendar that never opens.
    """
    if approved_at.utcoffset() is None:
        raise ValueError("approved_at needs a time zone: an instant such as 2026-11-24T20:59:59Z.")
    depot, site = as_place(warehouse), as_place(destination)
    today = approved_at.astimezone(depot.tz()).date()
    following = depot.next_business_day(today)
    leaves_today = depot.is_business_day(today) and approved_at < cut_off_of(depot, today)
    ship_day = today if leaves_today else following
    arrives = site.next_business_day(ship_day)
    return Promise(ship_day, arrives, following, _reason(approved_at, depot, site, ship_day, arrives))


def cut_off_of(place: Place, day: date) -> datetime:
    """As an instant: where clocks go back, the hour before it that comes twice does not open the day again."""
    return datetime.combine(day, place.cut_off, place.tz()).astimezone(UTC)


def schedule_met(first_scan_at: datetime, warehouse: Any, contract_ship_by: date) -> bool:
    """The carrier's first scan, as a day at the warehouse, is on or before the day of the contract."""
    return first_scan_at.astimezone(as_place(warehouse).tz()).date() <= contract_ship_by


def return_due(delivered: date | datetime, destination: Any, business_days: int = RETURN_DAYS) -> date:
    """The last day for the failed part to leave: business days where it stands, after the day of delivery there."""
    place = as_place(destination)
    return place.add_business_days(_day_at(place, delivered), business_days)


def non_return_day(delivered: date | datetime, destination: Any, kept_days: int = KEPT_DAYS) -> date:
    """The first day on which a part that did not come back is charged: more than `kept_days` after delivery."""
    return _day_at(as_place(destination), delivered) + (kept_days + 1) * DAY


def as_place(given: Any) -> Place:
    """The Place itself, or one made of an object or mapping with the names above."""
    if isinstance(given, Place):
        return given
    values = {name: _value(given, name, default) for name, default in DEFAULTS.items()}
    zone = _value(given, "zone", None)
    if not zone:
        raise ValueError("A place needs a zone: an IANA name such as America/Chicago.")
    values["zone"] = getattr(zone, "key", str(zone)) if isinstance(zone, tzinfo) else str(zone)
    if isinstance(values["cut_off"], str):
        values["cut_off"] = time.fromisoformat(values["cut_off"])
    return Place(**values)


def _value(given: Any, name: str, default: Any) -> Any:
    for key in (name, *OTHER_NAMES.get(name, ())):
        value = given.get(key) if isinstance(given, Mapping) else getattr(given, key, None)
        if value is not None:
            return value
    return default


def _day_at(place: Place, when: date | datetime) -> date:
    if not isinstance(when, datetime):
        return when
    if when.utcoffset() is None:
        raise ValueError("The instant of delivery needs a time zone. Give the day instead, or an instant in UTC.")
    return when.astimezone(place.tz()).date()


def _reason(approved_at: datetime, depot: Place, site: Place, ship_day: date, arrives: date) -> str:
    """Approved 14:20 in Chicago, before the 15:00 cut-off, leaves today (Tue 24 Nov 2026). Expected on Wed 25 Nov."""
    local = approved_at.astimezone(depot.tz())
    city, there = _short(depot.city), _short(site.name)
    leaves = "leaves today" if ship_day == local.date() else "leaves on the next business day"
    approved = (
        f"Approved {local:%H:%M} in {city}, {_when(local, depot)}, {leaves} ({day_words(ship_day)} {ship_day.year})."
    )
    arrival = f"Expected {f'at {there} ' if there else ''}on {day_words(arrives)}."
    waits = _closure(city, depot, local.date() + DAY, ship_day)
    later = _closure(there or "The destination", site, ship_day + DAY, arrives)
    told = (approved, waits, arrival, later), (approved, waits, arrival), (approved, arrival)
    sentences = (" ".join(filter(None, one)) for one in told)
    return next(words for words in sentences if len(words) <= LONGEST_REASON)


def _when(local: datetime, depot: Place) -> str:
    because = depot.closed_because(local.date())
    if because:
        return "at the weekend" if because == "weekend" else f"on a day it is closed ({_short(because)})"
    cut_off = f"the {depot.cut_off:%H:%M} cut-off"
    if local < cut_off_of(depot, local.date()):
        return f"before {cut_off}"
    return f"at {cut_off}" if f"{local:%H:%M}" == f"{depot.cut_off:%H:%M}" else f"after {cut_off}"


def _closure(who: str, place: Place, start: date, end: date) -> str:
    """Why nothing happens there from one day to before another. Weekends alone everybody expects."""
    days = [start + number * DAY for number in range((end - start).days)]
    found = [(day, because) for day in days if (because := place.closed_because(day)) and because != "weekend"]
    if not found:
        return ""
    if len(found) > FEW_DAYS:
        why = next((because for _, because in found if because != "closed"), "")
        return f"{who} is closed from {day_words(found[0][0])} to {day_words(found[-1][0])}{f': {_short(why)}' if why else ''}."
    said = [day_words(day) + (f" ({_short(why)})" if why != "closed" else "") for day, why in found]
    return f"{who} is closed on {' and '.join(said)}."


def _short(name: str) -> str:
    return shorten(name, LONGEST_NAME, placeholder=" …") if len(name) > LONGEST_NAME else name
