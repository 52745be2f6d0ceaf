"""Time zones by their IANA names."""

from datetime import datetime
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.db.models import DateField, DateTimeField, Func, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast


def validate_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(f"{name} is not a time zone we know. Use a name such as Europe/Berlin.")


def date_there(zone: Combinable, at: datetime) -> Cast:
    """In a query: the date of that instant in the zone that a column names, as contracts.terms.local_date has it in Python."""
    return Cast(Func(zone, Value(at, DateTimeField()), function="timezone"), DateField())
