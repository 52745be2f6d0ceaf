"""Deeds on rotas. A rota that would leave anybody's call unanswered for a minute is refused, and the minute is named."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import available_timezones

from django.db import transaction

from rozoom_support.lib.refusals import NotFound, Refused, Stale
from rozoom_support.lib.ui.times import absolute
from sla import duty
from sla import rota as plans
from sla.models import DutyChange, Rota, Shift
from tenancy import audit
from tenancy.actor import Actor
from tenancy.models import Kind, Membership, Organisation, Team

MOST_SHIFTS = 60
MOST_GAPS = 4  # that are named; a rota with more is not nearly done
LONGEST_CHANGE = timedelta(days=92)
FURTHEST_CHANGE = timedelta(days=366)


class CannotChangeRota(Refused):
    code = "cannot_change_rota"


@transaction.atomic
def save_rota(
    *, actor: Actor, team: Team | None, zone: str, shifts: Sequence[plans.Shift], version: int, now: datetime
) -> Rota:
    """Replace all shifts. `param` of a refusal is "shifts.2" for the third of them. Stale when somebody was first."""
    actor.require("ladder:manage")
    rota = _locked(team, zone)
    if rota.version != version:
        raise Stale(_changed_meanwhile(rota))
    if zone not in available_timezones():
        raise CannotChangeRota("Choose a time zone from the list.", param="zone")
    _check_shifts(shifts, team)
    _check_week(shifts)
    plan = plans.Plan(zone, tuple(shifts), _changes(rota, now))
    _check_changes(plan, now)
    was = _told(rota)
    rota.shifts.all().delete()
    Shift.objects.bulk_create(_row(rota, shift) for shift in shifts)
    _stamp(rota, actor, now, time_zone=zone)
    _record(actor, rota, "rota.changed", now, was=was, to=_told(rota))
    return rota


@transaction.atomic
def remove_rota(*, actor: Actor, rota: Rota, version: int, now: datetime) -> None:
    """From now on all members of the team are on duty at any time."""
    actor.require("ladder:manage")
    rota = _lock(rota)
    if rota.version != version:
        raise Stale(_changed_meanwhile(rota))
    _record(actor, rota, "rota.removed", now, was=_told(rota))
    rota.delete()


@transaction.atomic
def add_change(
    *,
    actor: Actor,
    rota: Rota,
    away: Membership | None,
    comes: Membership | None,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
) -> DutyChange:
    actor.require("ladder:manage")
    rota = _lock(rota)
    _check_interval(starts_at, ends_at, now)
    _check_people(rota, away, comes)
    new = plans.Change(starts_at, ends_at, away.pk if away else None, comes.pk if comes else None)
    plan = _plan(rota, now)
    if away and not any(away.pk in span.who for span in plans.spans(plan, starts_at, ends_at)):
        raise CannotChangeRota(f"{away.person_name} is not on duty in that time.", param="away")
    _check_changes(replace(plan, changes=(*plan.changes, new)), now)
    change = DutyChange.objects.create(
        rota=rota,
        away=away,
        comes=comes,
        starts_at=starts_at,
        ends_at=ends_at,
        made_by=actor.name,
        created_at=now,
    )
    _record(actor, rota, "duty.changed", now, change=_change_told(change))
    return change


@transaction.atomic
def remove_change(*, actor: Actor, change: DutyChange, now: datetime) -> None:
    """The shifts count again. Refused where others rely on it."""
    actor.require("ladder:manage")
    rota = _lock(change.rota)
    change_now = DutyChange.objects.select_related("away", "comes").filter(pk=change.pk).first()
    if change_now is None:
        raise NotFound
    if change_now.ends_at <= now:
        raise CannotChangeRota("That is over. It stays as it was.")
    rest = tuple(one.plain for one in rota.changes.filter(ends_at__gt=now).exclude(pk=change.pk).order_by("pk"))
    _check_changes(replace(_plan(rota, now), changes=rest), now)
    _record(actor, rota, "duty.change_removed", now, change=_change_told(change_now))
    change_now.delete()


def _locked(team: Team | None, zone: str) -> Rota:
    """Made when it is the first one; of two who make it, the second waits here and is told."""
    Rota.objects.bulk_create([Rota(team=team, time_zone=zone)], ignore_conflicts=True)
    return Rota.objects.select_for_update(of=("self",)).select_related("team").get(team=team)


def _lock(rota: Rota) -> Rota:
    found = Rota.objects.select_for_update(of=("self",)).select_related("team").filter(pk=rota.pk).first()
    if found is None:
        raise NotFound
    return found


def _changed_meanwhile(rota: Rota) -> str:
    if rota.changed_at is None:
        return "This rota was removed and begun again meanwhile. Look at it again, then make your change."
    when = absolute(rota.changed_at, rota.time_zone)
    return f"{rota.changed_by} changed this rota on {when}. Look at it again, then make your change."


def _check_shifts(shifts: Sequence[plans.Shift], team: Team | None) -> None:
    if not shifts:
        raise CannotChangeRota("A rota needs at least one shift.")
    if len(shifts) > MOST_SHIFTS:
        raise CannotChangeRota(f"A rota has room for {MOST_SHIFTS} shifts.")
    known = {one.pk: one for one in _memberships(shift.who for shift in shifts)}
    for place, shift in enumerate(shifts):
        if not shift.weekdays or not shift.weekdays <= set(range(1, 8)):
            raise CannotChangeRota("Choose at least one day of the week.", param=f"shifts.{place}")
        if refusal := _refusal(known.get(shift.who), team.pk if team else None):
            raise CannotChangeRota(refusal, param=f"shifts.{place}")


def _check_week(shifts: Sequence[plans.Shift]) -> None:
    gaps = [plans.week_gap_words(gap) for gap in plans.week_gaps(shifts)]
    if gaps:
        raise CannotChangeRota(f"Nobody is on duty {_listed(gaps)}.")


def _check_changes(plan: plans.Plan, now: datetime) -> None:
    """Where changes count, the week alone does not tell whether somebody is there."""
    coming = [change for change in plan.changes if change.end > now]
    if not coming:
        return
    first, last = max(now, min(one.start for one in coming)), max(one.end for one in coming)
    gaps = [span for span in plans.spans(plan, first, last) if not span.who]
    if gaps:
        words = _listed([plans.span_words(gap.start, gap.end, plan.zone) for gap in gaps])
        raise CannotChangeRota(f"Nobody would be on duty {words}.")


def _check_interval(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    if ends_at <= starts_at:
        raise CannotChangeRota("The end must be later than the start.", param="ends_at")
    if ends_at <= now:
        raise CannotChangeRota("That time is over.", param="ends_at")
    if ends_at - starts_at > LONGEST_CHANGE:
        raise CannotChangeRota(f"Longer than {LONGEST_CHANGE.days} days: change the shifts instead.", param="ends_at")
    if starts_at > now + FURTHEST_CHANGE:
        raise CannotChangeRota("That is more than a year away.", param="starts_at")


def _check_people(rota: Rota, away: Membership | None, comes: Membership | None) -> None:
    if away is None and comes is None:
        raise CannotChangeRota("Choose who is away, who comes, or both.", param="comes")
    if away is not None and comes is not None and away.pk == comes.pk:
        raise CannotChangeRota("Nobody can stand in for themselves.", param="comes")
    if comes is not None and (refusal := _refusal(_memberships([comes.pk])[0], rota.team_id)):
        raise CannotChangeRota(refusal, param="comes")


def _refusal(one: Membership | None, team_id: int | None) -> str:
    """Why somebody can not have this duty."""
    if one is None or one.organisation.kind != Kind.OPERATOR:
        return "Choose somebody who works for roZoom."
    if not duty.is_here(one):
        return f"{one.person_name} has no access any more."
    if duty.can_have_duty(one, team_id):
        return ""
    if team_id is None:
        return f"{one.person_name} is neither a duty manager nor an administrator."
    return f"{one.person_name} can not answer tickets."


def _memberships(numbers: Iterable[int]) -> list[Membership]:
    return list(Membership.objects.select_related("organisation", "person").filter(pk__in=set(numbers)))


def _changes(rota: Rota, now: datetime) -> tuple[plans.Change, ...]:
    return tuple(one.plain for one in rota.changes.filter(ends_at__gt=now).order_by("pk"))


def _plan(rota: Rota, now: datetime) -> plans.Plan:
    return plans.Plan(rota.time_zone, tuple(s.plain for s in rota.shifts.order_by("pk")), _changes(rota, now))


def _row(rota: Rota, shift: plans.Shift) -> Shift:
    days = sorted(shift.weekdays)
    return Shift(rota=rota, membership_id=shift.who, weekdays=days, starts_at=shift.start, ends_at=shift.end)


def _stamp(rota: Rota, actor: Actor, now: datetime, *, time_zone: str) -> None:
    rota.time_zone, rota.version = time_zone, rota.version + 1
    rota.changed_at, rota.changed_by = now, actor.name
    rota.save(update_fields=["time_zone", "version", "changed_at", "changed_by"])


def _listed(gaps: Sequence[str]) -> str:
    more = len(gaps) - MOST_GAPS
    shown = [*gaps[:MOST_GAPS], *([f"{more} more"] if more > 0 else [])]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _told(rota: Rota) -> list[str]:
    """The shifts as the audit keeps them."""
    return [
        f"{shift.membership.person_name}: {', '.join(plans.DAYS[day - 1] for day in shift.weekdays)}"
        f" {shift.starts_at:%H:%M} to {shift.ends_at:%H:%M} {rota.time_zone}"
        for shift in rota.shifts.select_related("membership").order_by("pk")
    ]


def _change_told(change: DutyChange) -> dict[str, str]:
    return {
        "away": change.away.person_name if change.away else "",
        "comes": change.comes.person_name if change.comes else "",
        "starts_at": change.starts_at.isoformat(),
        "ends_at": change.ends_at.isoformat(),
    }


def _record(actor: Actor, rota: Rota, verb: str, now: datetime, **data: object) -> None:
    operator_id = Organisation.objects.values_list("pk", flat=True).get(kind=Kind.OPERATOR)
    audit.record(
        actor,
        customer_id=operator_id,
        chain=f"rota:{rota.pk}",
        verb=verb,
        now=now,
        kind=audit.INTERNAL,
        team=str(rota),
        **data,
    )
