"""A person's settings for how pages look and behave. Unknown or broken values fall back to the default."""

from typing import Any
from zoneinfo import available_timezones

from tenancy.models import Kind, Membership

CHOICES: dict[str, tuple[str, ...]] = {
    "theme": ("system", "light", "dark"),
    "clock_updates": ("second", "minute", "fixed"),
    "density": ("comfortable", "compact"),
    # How one is mailed about each kind of notice (notifications/wishes.py). In the app it stands in any case.
    "mail_messages": ("now", "digest", "never"),
    "mail_tickets": ("now", "digest", "never"),
    "mail_assigned": ("now", "digest", "never"),
    "mail_moves": ("now", "digest", "never"),
    "mail_returns": ("now", "digest", "never"),
    "mail_reminders": ("now", "digest", "never"),
}
DIGEST_HOURS = range(24)
DIGEST_HOUR = 8


def preferences_of(person: Any, membership: Membership | None) -> dict[str, Any]:
    """Keys: those of CHOICES, keys (bool: desk shortcuts), time_zone (IANA name), digest_hour (of that zone)."""
    stored = getattr(person, "preferences", None) or {}
    found: dict[str, Any] = {
        name: stored.get(name) if stored.get(name) in choices else choices[0] for name, choices in CHOICES.items()
    }
    at_desk = membership is not None and membership.organisation.kind in (Kind.OPERATOR, Kind.RESELLER)
    keys = stored.get("keys")
    found["keys"] = keys if isinstance(keys, bool) else at_desk
    hour = stored.get("digest_hour")
    found["digest_hour"] = hour if _is_hour(hour) else DIGEST_HOUR
    zone = stored.get("time_zone")
    home = membership.organisation.time_zone if membership is not None else "UTC"
    found["time_zone"] = zone if zone in ZONES else home
    return found


def _is_hour(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value in DIGEST_HOURS


ZONES = frozenset(available_timezones())
