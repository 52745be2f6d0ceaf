"""Time zones by their IANA names."""

from zoneinfo import available_timezones

from django.core.exceptions import ValidationError


def validate_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(f"{name} is not a time zone we know. Use a name such as Europe/Berlin.")
