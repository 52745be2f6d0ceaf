"""A rota as a week to look at: day by day, with the changes already made."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from rozoom_support.lib.ui.times import MONTHS, zone_named
from sla import duty
from sla import rota as plans
from sla.models import DutyChange, Rota
from tenancy.models import Membership

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Stretch:
    """00:00 to 08:00 · all day. Nobody who can be told is an empty `people`."""

    words: str
    people: tuple[str, ...]


@dataclass(frozen=True)
class Day:
    name: str
    date: str
    is_today: bool
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True)
class Planned:
    """A change that is to come or counts now."""

    pk: int
    words: str
    made_by: str
    counts_now: bool


@dataclass(frozen=True)
class Week:
    rota: Rota
    name: str
    key: str
    now: tuple[str, ...]
    days: tuple[Day, ...]
    changes: tuple[Planned, ...]
    gone: tuple[str, ...]


def rotas(now: datetime, offset: int = 0) -> list[Week]:
    """Every rota in the week that is `offset` weeks away, teams by name and the duty managers last."""
    since = min(now, now + (offset - 1) * 7 * DAY)  # changes of the week that is shown, and all that are to come
    found = [_week(rota, now, offset) for rota in duty.with_plans(Rota.objects.all(), since)]
    return sorted(found, key=lambda week: (week.rota.team_id is None, week.name.lower()))


def _week(rota: Rota, now: datetime, offset: int) -> Week:
    known, team_id = duty.named(rota), rota.team_id
    able = {who: one for who, one in known.items() if duty.can_have_duty(one, team_id)}
    today = now.astimezone(zone_named(rota.time_zone)).date()
    monday = today - today.weekday() * DAY + offset * 7 * DAY
    coming = [one for one in rota.coming_changes if one.ends_at > now]  # type: ignore[attr-defined]
    return Week(
        rota=rota,
        name=str(rota),
        key=str(team_id) if team_id else "managers",
        now=_names(plans.on_duty(duty.plan_of(rota), now), able),
        days=tuple(_day(rota, monday + n * DAY, today, able) for n in range(7)),
        changes=tuple(_planned(one, now) for one in sorted(coming, key=lambda one: one.starts_at)),
        gone=tuple(sorted(one.person_name for who, one in known.items() if who not in able)),
    )


def _day(rota: Rota, day: date, today: date, able: dict[int, Membership]) -> Day:
    zone = zone_named(rota.time_zone)
    start, end = (datetime.combine(one, time(), zone).astimezone(UTC) for one in (day, day + DAY))
    spans = plans.spans(duty.plan_of(rota), start, end)
    stretches = tuple(Stretch(_hours(span, start, end, zone), _names(span.who, able)) for span in spans)
    return Day(plans.DAYS[day.weekday()], f"{day.day} {MONTHS[day.month - 1]}", day == today, stretches)


def _hours(span: plans.Span, start: datetime, end: datetime, zone: tzinfo) -> str:
    if (span.start, span.end) == (start, end):
        return "All day"
    begin, until = (at.astimezone(zone) for at in (span.start, span.end))
    return f"{begin:%H:%M} to {'24:00' if span.end == end else f'{until:%H:%M}'}"


def _names(who: tuple[int, ...], able: dict[int, Membership]) -> tuple[str, ...]:
    return tuple(able[one].person_name for one in who if one in able)


def _planned(change: DutyChange, now: datetime) -> Planned:
    return Planned(change.pk, change_words(change), change.made_by, change.starts_at <= now)


def change_words(change: DutyChange) -> str:
    """Rita for Marek, Sunday 5 Jan 02:00 to 08:00"""
    away = change.away.person_name if change.away else ""
    comes = change.comes.person_name if change.comes else ""
    alone = f"{comes} in addition" if comes else f"{away} is away"
    who = f"{comes} for {away}" if away and comes else alone
    return f"{who}, {plans.span_words(change.starts_at, change.ends_at, change.rota.time_zone)}"
