"""Times as people read them. English names are written here, not taken from the machine's locale."""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@lru_cache(maxsize=512)
def zone_named(name: str) -> tzinfo:
    """An unknown or empty name shows UTC: a page with the wrong zone named beats no page."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return UTC


def zone_word(local: datetime) -> str:
    """ "CET"; for zones that have only a number as name, "UTC+3" or "UTC+5:30"."""
    name = local.tzname() or "UTC"
    if name[0] not in "+-":
        return name
    minutes = int((local.utcoffset() or timedelta()).total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")


def absolute(instant: datetime, zone: str) -> str:
    """12 Nov 2026, 14:05 CET"""
    local = instant.astimezone(zone_named(zone))
    return f"{local.day} {MONTHS[local.month - 1]} {local.year}, {local:%H:%M} {zone_word(local)}"


def deadline(instant: datetime, zone: str, now_ms: int) -> str:
    """Mon 23 Nov, 14:05 CET; with the year when it is not this year's."""
    local = instant.astimezone(zone_named(zone))
    now = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(local.tzinfo)
    day = f"{WEEKDAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}"
    if local.year != now.year:
        day = f"{local.day} {MONTHS[local.month - 1]} {local.year}"
    return f"{day}, {local:%H:%M} {zone_word(local)}"


def clock_time(instant: datetime, zone: str) -> str:
    return f"{instant.astimezone(zone_named(zone)):%H:%M}"


def relative(instant: datetime, now: datetime, zone: str) -> str:
    """Under 24 h "12 min ago"; older or in the future, the absolute form."""
    age = int((now - instant).total_seconds())
    if not -60 < age < 24 * 3600:
        return absolute(instant, zone)
    if age < 60:
        return "just now"
    return f"{age // 60} min ago" if age < 3600 else f"{age // 3600} h ago"


def iso(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
