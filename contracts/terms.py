"""Dates of the free window and of agreement terms. All are calendar dates in the site's zone, both ends included."""

import calendar
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

Span = tuple[date, date]

FREE_DAYS = 90
GRACE_DAYS = 30
FEBRUARY = 2
DAY = timedelta(days=1)


def free_window(implemented_on: date) -> Span:
    """First and last free day. The implementation day is day 0, so that free support runs through day 90."""
    return implemented_on, implemented_on + FREE_DAYS * DAY


def first_fee_day(implemented_on: date) -> date:
    return free_window(implemented_on)[1] + DAY


def days(span: Span) -> int:
    """Both ends count."""
    return (span[1] - span[0]).days + 1


def overlap(one: Span, other: Span) -> Span | None:
    start, end = max(one[0], other[0]), min(one[1], other[1])
    return (start, end) if start <= end else None


def contains(span: Span, day: date) -> bool:
    return span[0] <= day <= span[1]


def local_date(instant: datetime, zone: str) -> date:
    return instant.astimezone(ZoneInfo(zone)).date()


def instants(span: Span, zone: str) -> tuple[datetime, datetime]:
    """From the first midnight to the midnight after the last day, in that zone. The end is not inside."""
    tz = ZoneInfo(zone)
    start, end = span
    return datetime(start.year, start.month, start.day, tzinfo=tz), _midnight(end + DAY, tz)


def _midnight(day: date, tz: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=tz)


def anchor_day(term: Span) -> int:
    """The day of the month on which the agreement's years begin. A year from 28 to 28 February belongs to a 29th."""
    start, following = term[0], term[1] + DAY
    if start.month == following.month == FEBRUARY and {start.day, following.day} == {28, 29}:
        return 29
    return start.day


def year_from(start: date, anchor: int | None = None) -> Span:
    """The twelve months from that day. `anchor` is the day of the month agreed at first, where it is not start's."""
    month_length = calendar.monthrange(start.year + 1, start.month)[1]
    following = date(start.year + 1, start.month, min(anchor or start.day, month_length))
    return start, following - DAY


def years_of(term: Span) -> Iterator[Span]:
    """The agreement years of a term, each at its full length, also where the term ends inside the last one."""
    anchor, start = anchor_day(term), term[0]
    while start <= term[1]:
        year = year_from(start, anchor)
        yield year
        start = year[1] + DAY
