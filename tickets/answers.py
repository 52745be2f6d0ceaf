"""What every page that talks to htmx keeps to, at the desk and in the portal."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.dateparse import parse_datetime

from tenancy.context import database_now

YEARS = range(2000, 2200)  # far from the ends, where another zone's time is none


def stamp(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Every answer to htmx carries the server's time (interface.md 3.4), and no cache takes a part for a page."""
    patch_vary_headers(response, ["HX-Request"])
    if request.headers.get("HX-Request"):
        response.headers["X-Server-Now"] = str(int(database_now().timestamp() * 1000))
    return response


def instant(words: str) -> datetime | None:
    """A time that a page itself had written into its address or form; anything else counts as none."""
    try:
        found = parse_datetime(words)
        if found is None or found.tzinfo is None:
            return None
        found = found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return found if found.year in YEARS else None
