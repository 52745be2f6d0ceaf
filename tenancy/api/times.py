"""Instants as the API writes and reads them: RFC 3339, in UTC, with Z."""

import re
from datetime import UTC, datetime

from tenancy.api.problems import FieldError

# A plus sign that was not encoded arrives as a space: 2026-11-01T09:00:00 01:00.
LOST_PLUS = re.compile(r" (\d\d:?\d\d)$")
ZONE = re.compile(r"(Z|[+-]\d\d:?\d\d)$", re.IGNORECASE)


def stamp(at: datetime | None) -> str | None:
    """The database speaks UTC already; what comes from elsewhere is brought there."""
    if at is None:
        return None
    text = (at if at.tzinfo is UTC else at.astimezone(UTC)).isoformat()
    return f"{text.removesuffix('+00:00')}Z"


def read_instant(param: str, text: str) -> datetime | FieldError:
    words = f"{param} must be an instant with its zone, such as 2026-11-01T09:00:00Z."
    text = LOST_PLUS.sub(r"+\1", text)
    if not ZONE.search(text) or "T" not in text.upper():
        return FieldError(param, "wrong_type", words)
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return FieldError(param, "wrong_type", words)
