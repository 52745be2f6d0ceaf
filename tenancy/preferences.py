"""A person's settings for how pages look and behave. Unknown or broken values fall back to the default."""

from typing import Any
from zoneinfo import available_timezones

from tenancy.models import Kind, Membership

CHOICES: dict[str, tuple[str, ...]] = {
    "theme": ("system", "light", "dark"),
    "clock_updates": ("second", "minute", "fixed"),
    "density": ("comfortable", "compact"),
}


def preferences_of(person: Any, membership: Membership | None) -> dict[str, Any]:
    """Keys: theme, clock_updates, density, keys (bool: desk shortcuts), time_zone (IANA name)."""
    stored = getattr(person, "preferences", None) or {}
    found: dict[str, Any] = {
        name: stored.get(name) if stored.get(name) in choices else choices[0] for name, choices in CHOICES.items()
    }
    at_desk = membership is not None and membership.organisation.kind in (Kind.OPERATOR, Kind.RESELLER)
    keys = stored.get("keys")
    found["keys"] = keys if isinstance(keys, bool) else at_desk
    zone = stored.get("time_zone")
    home = membership.organisation.time_zone if membership is not None else "UTC"
    found["time_zone"] = zone if zone in ZONES else home
    return found


ZONES = frozenset(available_timezones())
