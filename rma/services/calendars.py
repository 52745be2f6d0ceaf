"""Deeds on business calendars. A promise that was given stays as it was."""

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from rma.business_days import DAY, NoBusinessDay, day_words
from rma.calendars import YEARS_AHEAD, differences, fingerprint, take_over
from rma.models import BusinessCalendar, CalendarDay
from rma.places import MANUAL, place_of
from rozoom_support.lib.refusals import NotFound, Refused, Stale
from tenancy import audit
from tenancy.actor import Actor
from tenancy.models import Kind, Organisation

LONGEST_EXCEPTION = 31  # days
WEST = timedelta(hours=12)  # the last zone in which a day ends


class CannotChangeCalendar(Refused):
    code = "cannot_change_calendar"
    status = 422


@transaction.atomic
def set_days(
    *, actor: Actor, calendar: BusinessCalendar, first: date, last: date, is_open: bool, reason: str, now: datetime
) -> list[date]:
    """Open or close from one day to another, both included. Days that are so already keep their entry; the days that
    changed come back."""
    actor.require("pool:manage")
    calendar = held(calendar)
    _check_days(first, last, reason, now)
    place = place_of(calendar)
    asked = [first + number * DAY for number in range((last - first).days + 1)]
    changed = [day for day in asked if place.is_business_day(day) != is_open]
    if not changed:
        raise CannotChangeCalendar(_so_already(asked, is_open, place.closed_because(first)), param="first")
    calendar.days.filter(source=MANUAL, day__in=changed).delete()
    CalendarDay.objects.bulk_create(
        CalendarDay(calendar=calendar, day=day, is_open=is_open, name=reason, source=MANUAL, by_name=actor.name)
        for day in changed
    )
    refuse_without_any_day(calendar, now)
    verb = "calendar.opened" if is_open else "calendar.closed"
    record(actor, calendar, verb, now, days=[day.isoformat() for day in changed], reason=reason)
    return changed


@transaction.atomic
def remove_day(*, actor: Actor, calendar: BusinessCalendar, day: date, now: datetime) -> None:
    """Takes an exception back: the week and the public holidays count again."""
    actor.require("pool:manage")
    calendar = held(calendar)
    found = calendar.days.filter(source=MANUAL, day=day).first()
    if found is None:
        raise NotFound
    if day < earliest_day(now):
        raise CannotChangeCalendar("That day is over. It stays as it was.")
    found.delete()
    refuse_without_any_day(calendar, now)
    record(actor, calendar, "calendar.exception_removed", now, day=day.isoformat(), was=found.name)


@transaction.atomic
def take_over_differences(*, actor: Actor, calendar: BusinessCalendar, seen: str, now: datetime) -> int:
    """The holidays to come become those of the package. `seen` is the fingerprint of what the person read; Stale when
    it is another by now."""
    actor.require("pool:manage")
    calendar = held(calendar)
    found = differences(calendar, now.date())
    if fingerprint(found) != seen:
        raise Stale("The list changed meanwhile. Nothing was taken over. Look at it again.")
    take_over(calendar, found)
    refuse_without_any_day(calendar, now)
    record(actor, calendar, "calendar.taken_over", now, days=[one.day.isoformat() for one in found])
    return len(found)


def held(calendar: BusinessCalendar) -> BusinessCalendar:
    found = BusinessCalendar.objects.select_for_update().filter(pk=calendar.pk).first()
    if found is None:
        raise NotFound
    return found


def refuse_without_any_day(calendar: BusinessCalendar, now: datetime) -> None:
    try:
        place_of(calendar).next_business_day(now.date())
    except NoBusinessDay as never:
        raise CannotChangeCalendar("That would leave no business day in a whole year.", param="first") from never


def record(actor: Actor, calendar: BusinessCalendar, verb: str, now: datetime, **data: Any) -> None:
    audit.record(
        actor,
        customer_id=Organisation.objects.values_list("pk", flat=True).get(kind=Kind.OPERATOR),
        chain=f"calendar:{calendar.pk}",
        verb=verb,
        now=now,
        kind=audit.INTERNAL,
        calendar=calendar.code,
        **data,
    )


def earliest_day(now: datetime) -> date:
    """The first day that is not over everywhere."""
    return (now - WEST).date()


def _check_days(first: date, last: date, reason: str, now: datetime) -> None:
    if last < first:
        raise CannotChangeCalendar("The last day comes before the first one.", param="last")
    if first < earliest_day(now):
        raise CannotChangeCalendar("That day is over. Enter a day that is still to come.", param="first")
    if (last - first).days >= LONGEST_EXCEPTION:
        raise CannotChangeCalendar(f"At most {LONGEST_EXCEPTION} days at once.", param="last")
    if last.year > now.year + YEARS_AHEAD:
        raise CannotChangeCalendar(f"Calendars are kept until the end of {now.year + YEARS_AHEAD}.", param="last")
    if not reason.strip():
        raise CannotChangeCalendar("Enter a reason. It stands in the promises that it changes.", param="reason")


def _so_already(asked: list[date], is_open: bool, because: str) -> str:
    words = "a business day" if is_open else "closed"
    if len(asked) > 1:
        return f"All these days are {'business days' if is_open else words} already."
    return f"{day_words(asked[0])} is {words} already{f' ({because})' if because else ''}."
