"""Who is on duty, as arithmetic of local times: weekly shifts in a zone, and changes for an interval.

A shift is asked by the wall clock of its zone. So a week without a gap has none in any week of any year: the hour that
comes twice belongs both times to whoever has it, and nobody is missed in the hour that never comes.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise

from rozoom_support.lib.ui.times import MONTHS, zone_named

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES
MIDNIGHT = time()
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Shift:
    """`who` is a number of a membership; weekdays as ISO counts them, Monday is 1. Up to `end` on the next day where that is
    not later than `start`; equal times are a whole day."""

    who: int
    weekdays: frozenset[int]
    start: time
    end: time


@dataclass(frozen=True)
class Change:
    """For an interval: `comes` instead of `away` while `away` has duty, or in addition (no `away`), or `away` goes without
    anybody in their place (no `comes`). Later changes see what earlier ones have made."""

    start: datetime
    end: datetime
    away: int | None = None
    comes: int | None = None


@dataclass(frozen=True)
class Plan:
    zone: str
    shifts: tuple[Shift, ...] = ()
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Span:
    """The same people from `start` to before `end`."""

    start: datetime
    end: datetime
    who: tuple[int, ...]


def on_duty(plan: Plan, at: datetime) -> tuple[int, ...]:
    """In the order of the shifts; who was put in somebody's place stands there."""
    local = at.astimezone(zone_named(plan.zone))
    found = [shift.who for shift in plan.shifts if _covers(shift, local)]
    for change in plan.changes:
        if change.start <= at < change.end:
            found = list(_changed(found, change))
    return tuple(dict.fromkeys(found))


def _covers(shift: Shift, local: datetime) -> bool:
    today, now = local.isoweekday(), local.time()
    if shift.start < shift.end:
        return today in shift.weekdays and shift.start <= now < shift.end
    yesterday = (today - 2) % 7 + 1
    return (today in shift.weekdays and now >= shift.start) or (yesterday in shift.weekdays and now < shift.end)


def _changed(found: Sequence[int], change: Change) -> Iterator[int]:
    for who in found:
        if who != change.away:
            yield who
        elif change.comes is not None:
            yield change.comes
    if change.away is None and change.comes is not None:
        yield change.comes


def spans(plan: Plan, start: datetime, end: datetime) -> list[Span]:
    """Who has duty from `start` to `end`, without a break; nobody is an empty span."""
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    found: list[Span] = []
    for begin, until in pairwise([start, *_turns(plan, start, end), end]):
        who = on_duty(plan, begin)
        if found and found[-1].who == who:
            found[-1] = replace(found[-1], end=until)
        else:
            found.append(Span(begin, until, who))
    return found


def _turns(plan: Plan, start: datetime, end: datetime) -> list[datetime]:
    """Every instant inside at which somebody may come or go."""
    zone = zone_named(plan.zone)
    walls = {MIDNIGHT} | {at for shift in plan.shifts for at in (shift.start, shift.end)}
    found = {at for change in plan.changes for at in (change.start, change.end)}
    first, last = (start - DAY).astimezone(zone).date(), (end + DAY).astimezone(zone).date()
    for day in _days(first, last):
        for wall in walls:
            found |= {datetime.combine(day, wall, zone).replace(fold=fold).astimezone(UTC) for fold in (0, 1)}
        found |= _jumps(day, zone)
    return sorted(at for at in found if start < at < end)


def _jumps(day: date, zone: tzinfo) -> set[datetime]:
    """When the clocks of the zone change on that day, to the minute."""
    low, high = (datetime.combine(one, MIDNIGHT, zone).astimezone(UTC) for one in (day, day + DAY))
    before = low.astimezone(zone).utcoffset()
    if high.astimezone(zone).utcoffset() == before:
        return set()
    while high - low > timedelta(minutes=1):
        middle = low + timedelta(minutes=(high - low) // timedelta(minutes=2))
        if middle.astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return {high}


def _days(first: date, last: date) -> Iterator[date]:
    return (first + n * DAY for n in range((last - first).days + 1))


def week_gaps(shifts: Iterable[Shift]) -> list[tuple[int, int]]:
    """Minutes of the week, from Monday 00:00, in which nobody has duty: [start, end). One over the end of the week goes on
    past its last minute."""
    free = [True] * WEEK_MINUTES
    for shift in shifts:
        for day in shift.weekdays:
            start = (day - 1) * DAY_MINUTES + _minutes(shift.start)
            length = (_minutes(shift.end) - _minutes(shift.start)) % DAY_MINUTES or DAY_MINUTES
            for minute in range(start, start + length):
                free[minute % WEEK_MINUTES] = False
    if all(free):
        return [(0, WEEK_MINUTES)]
    edges = [minute for minute in range(WEEK_MINUTES) if free[minute] != free[minute - 1]]
    starts = [minute for minute in edges if free[minute]]
    ends = [minute for minute in edges if not free[minute]]
    after = [*ends, *(minute + WEEK_MINUTES for minute in ends)]
    return [(start, next(end for end in after if end > start)) for start in starts]


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def week_gap_words(gap: tuple[int, int]) -> str:
    """Sunday 02:00 to 08:00"""
    start, end = gap
    if end - start >= WEEK_MINUTES:
        return "at any time"
    day, same_day = DAYS[start // DAY_MINUTES], (end - 1) // DAY_MINUTES == start // DAY_MINUTES
    last = "24:00" if same_day and end % DAY_MINUTES == 0 else _clock(end)
    return f"{day} {_clock(start)} to {last if same_day else f'{DAYS[end // DAY_MINUTES % 7]} {_clock(end)}'}"


def _clock(minute: int) -> str:
    return f"{minute % DAY_MINUTES // 60:02}:{minute % 60:02}"


def span_words(start: datetime, end: datetime, zone: str) -> str:
    """Sunday 5 Jan 02:00 to 08:00"""
    begin, until = (at.astimezone(zone_named(zone)) for at in (start, end))
    if begin.date() == until.date():
        return f"{_day(begin)} {begin:%H:%M} to {until:%H:%M}"
    return f"{_day(begin)} {begin:%H:%M} to {_day(until)} {until:%H:%M}"


def _day(local: datetime) -> str:
    return f"{DAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}"
