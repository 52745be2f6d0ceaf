"""What may stand in a cell. Each check gives the value to keep, or raises ValueError with words for whoever made the file."""

import re
from collections.abc import Callable
from datetime import date
from zoneinfo import available_timezones

from contracts.models import normal_serial
from rozoom_support.lib.money import MINOR_DIGITS

Check = Callable[[str], str]
FORMULA = ("=", "+", "-", "@")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)?")
GROUPED = re.compile(r"-?[0-9]{1,3}([,.' \u00a0\u202f’][0-9]{3})+([.,][0-9]+)?")
YEARS = range(1970, 2101)
WHOLE_DIGITS = 10  # before the decimal point; the columns hold no more


def text(most: int) -> Check:
    """One line of at most `most` characters that no spreadsheet would run."""

    def check(value: str) -> str:
        if value.startswith(FORMULA):
            raise ValueError(f"It begins with {value[0]}, which spreadsheets run as a formula. Write it as plain text.")
        if len(value) > most:
            raise ValueError(f"It is longer than {most} characters.")
        if not value.isprintable():
            raise ValueError("It has characters that can not be shown.")
        return value

    return check


def code(most: int) -> Check:
    """A text that compares without case."""
    plain = text(most)
    return lambda value: plain(value).upper()


def serial(value: str) -> str:
    kept = text(80)(value)
    if not normal_serial(kept):
        raise ValueError("A serial has letters or digits.")
    return kept


def day(value: str) -> str:
    if not DAY.fullmatch(value):
        raise ValueError("This is no date such as 2026-11-23. Only year-month-day is read.")
    try:
        found = date.fromisoformat(value)
    except ValueError:
        raise ValueError("There is no such day in the calendar.") from None
    if found.year not in YEARS:
        raise ValueError(f"The year must lie between {YEARS[0]} and {YEARS[-1]}.")
    return value


def currency(value: str) -> str:
    kept = value.upper()
    if kept not in MINOR_DIGITS:
        raise ValueError("This is no currency. Use its three letters, such as EUR.")
    return kept


def amount(value: str) -> str:
    """A decimal number. How many digits its currency has is judged with the row."""
    if AMOUNT.fullmatch(value):
        whole, _, _ = value.lstrip("-").partition(".")
        if len(whole.lstrip("0")) > WHOLE_DIGITS:
            raise ValueError(f"It has more than {WHOLE_DIGITS} digits before the decimal point.")
        return value
    if GROUPED.fullmatch(value):
        raise ValueError("Write it without thousands separators, such as 1234.50.")
    if re.fullmatch(r"-?[0-9]+,[0-9]+", value):
        raise ValueError("Write it with a decimal point, such as 10.50.")
    raise ValueError("This is no amount such as 1234.50.")


def price(value: str) -> str:
    kept = amount(value)
    if kept.startswith("-"):
        raise ValueError("A price is not negative.")
    return kept


def booking(value: str) -> str:
    """Money in, or money back with a minus."""
    kept = amount(value)
    if not kept.strip("-0."):
        raise ValueError("An amount of zero is no booking.")
    return kept


def zone(value: str) -> str:
    if value not in _zones():
        raise ValueError("This is no time zone. Use a name such as Europe/Berlin.")
    return value


def _zones(known: set[str] = available_timezones()) -> set[str]:  # noqa: B008 (read once: it looks through a folder)
    return known


def digits_fit(value: str, of_currency: str) -> str:
    """What is wrong with the digits after the point, or nothing. Written zeros count: 10.000 may mean ten thousand."""
    allowed = MINOR_DIGITS[of_currency]
    written = len(value.partition(".")[2])
    if written <= allowed:
        return ""
    return f"{of_currency} has {allowed or 'no'} digit{'s' if allowed != 1 else ''} after the decimal point."
