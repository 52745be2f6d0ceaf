"""Ladders: what is refused, who would be told when, and the one deed that changes them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction

from rozoom_support.lib.refusals import Refused, Stale
from rozoom_support.lib.ui.times import absolute
from sla import clock, reach, running
from sla.models import Ladder, LadderStep, Recipient
from tenancy import audit
from tenancy.actor import Actor
from tenancy.models import Kind, Organisation

MOST_LEVELS = 12
LONGEST_AFTER = timedelta(days=7)
OF_RESELLERS = {Recipient.RESELLER_AGENTS, Recipient.RESELLER_MANAGER}
NOW = timedelta()


@dataclass(frozen=True)
class Rung:
    """A level as it is edited. `level` is the number it has already, None for a new one."""

    percent: int
    after: timedelta
    recipients: tuple[str, ...]
    level: int | None = None

    @property
    def place(self) -> tuple[int, timedelta]:
        return self.percent, self.after

    @property
    def words(self) -> str:
        """50 % · the due time · 30 min after the due time"""
        if self.after:
            return f"{span_words(self.after)} after the due time"
        return f"{self.percent} %" if self.percent < 100 else "the due time"


@dataclass(frozen=True)
class Told:
    """One level of a ticket that would be filed now."""

    rung: Rung
    at: datetime
    names: tuple[str, ...]


class Problem(NamedTuple):
    """`param` is what has to change: amount (when) or recipients (who)."""

    param: str
    words: str


class CannotChangeLadder(Refused):
    """`rows` says what is wrong with which level, counted from 0."""

    code = "cannot_change_ladder"

    def __init__(self, message: str, rows: dict[int, Problem] | None = None) -> None:
        super().__init__(message)
        self.rows = rows or {}


def rungs_of(severity: int) -> list[Rung]:
    steps = LadderStep.objects.filter(severity=severity)
    return [Rung(one.percent, one.after, tuple(one.recipients), one.level) for one in steps]


def ladder_of(severity: int) -> Ladder:
    """Its version, and who changed it last; a new one where nobody has."""
    return Ladder.objects.filter(pk=severity).first() or Ladder(severity=severity)


def problems(rungs: Sequence[Rung]) -> dict[int, Problem]:
    """What is wrong with which level, whoever the people are."""
    found = {place: problem for place, rung in enumerate(rungs) if (problem := _alone(rung))}
    for place in range(1, len(rungs)):
        before, here = rungs[place - 1], rungs[place]
        if place in found or place - 1 in found:
            continue
        if here.place == before.place:
            found[place] = Problem("amount", f"Level {place} is told at the same time. Put both into one level.")
        elif here.place < before.place:
            found[place] = Problem("amount", f"This comes before level {place}. The earlier one stands first.")
    return found


def _alone(rung: Rung) -> Problem | None:
    if words := _when_refused(rung):
        return Problem("amount", words)
    if not rung.recipients:
        return Problem("recipients", "Choose who is told.")
    if not set(rung.recipients) <= set(Recipient.values):
        return Problem("recipients", "Choose from the list who is told.")
    if set(rung.recipients) <= OF_RESELLERS:
        words = "A customer of roZoom itself has no reseller: this would reach nobody. Add somebody at roZoom."
        return Problem("recipients", words)
    return None


def _when_refused(rung: Rung) -> str:
    if not 1 <= rung.percent <= 100:
        return "Enter 1 to 100 %. 100 % is the due time."
    if rung.after < NOW or (rung.after and rung.percent < 100):
        return "Minutes count from the due time: enter 1 or more."
    if rung.after > LONGEST_AFTER:
        return f"At most {LONGEST_AFTER.days} days after the due time."
    return ""


def check(rungs: Sequence[Rung], *, team_id: int | None, now: datetime) -> None:
    """Raises CannotChangeLadder. A level must reach somebody, also for a customer of roZoom itself, with and without a team."""
    if not rungs:
        raise CannotChangeLadder("A ladder needs at least one level.")
    if len(rungs) > MOST_LEVELS:
        raise CannotChangeLadder(f"A ladder has room for {MOST_LEVELS} levels.")
    found = problems(rungs)
    for case in {reach.Case(), reach.Case(team_id)}:
        for place, rung in enumerate(rungs):
            if place not in found and not reach.reached(case, rung.recipients, now):
                found[place] = Problem("recipients", "This would reach nobody: nobody has that role now.")
    if found:
        raise CannotChangeLadder("Some levels can not be kept like this.", dict(sorted(found.items())))


def preview(severity: int, rungs: Sequence[Rung], case: reach.Case, now: datetime) -> list[Told]:
    """Who would be told when, if a ticket were filed now and nobody answered."""
    steps = [clock.Step(place, rung.percent, rung.after, rung.recipients) for place, rung in enumerate(rungs)]
    times = clock.instants(steps, now, clock.due_at(severity, now))
    return [Told(rungs[place], at, tuple(reach.reached(case, rungs[place].recipients, at))) for place, at in times]


def impact(severity: int, rungs: Sequence[Rung], now: datetime) -> running.Impact:
    before = {rung.level: rung.place for rung in rungs_of(severity)}
    moved = [rung for rung in rungs if before.get(rung.level) != rung.place]
    return running.impact(severity, [(rung.level or running.NEW, rung.percent, rung.after) for rung in moved], now)


@transaction.atomic
def save_ladder(
    *, actor: Actor, severity: int, rungs: Sequence[Rung], version: int, team_id: int | None, now: datetime
) -> bool:
    """Replace the ladder. It counts for levels not yet fired, of running clocks too. False when nothing is different.

    A level that stays keeps its number, and no number is given twice: a clock that fired it never fires it again.
    """
    actor.require("ladder:manage")
    ladder = _locked(severity)
    before = {step.level: step for step in LadderStep.objects.filter(severity=severity)}
    known = [rung.level for rung in rungs if rung.level is not None]
    if ladder.version != version or not set(known) <= before.keys() or len(set(known)) < len(known):
        raise Stale(_changed_meanwhile(ladder))
    check(rungs, team_id=team_id, now=now)
    was, to = _said(rungs_of(severity)), _said(rungs)
    if was == to and len(known) == len(before):
        return False
    _write(ladder, before, rungs, now)
    ladder.version, ladder.changed_at, ladder.changed_by = ladder.version + 1, now, actor.name
    ladder.save(update_fields=["version", "last_level", "changed_at", "changed_by"])
    running.follow(severity)
    operator_id = Organisation.objects.values_list("pk", flat=True).get(kind=Kind.OPERATOR)
    audit.record(
        actor,
        customer_id=operator_id,
        chain=f"ladder:{severity}",
        verb="ladder.changed",
        now=now,
        kind=audit.INTERNAL,
        severity=severity,
        was=was,
        to=to,
    )
    return True


def _locked(severity: int) -> Ladder:
    Ladder.objects.bulk_create([Ladder(severity=severity)], ignore_conflicts=True)
    return Ladder.objects.select_for_update().get(pk=severity)


def _changed_meanwhile(ladder: Ladder) -> str:
    if ladder.changed_at is None:
        return "This ladder was changed meanwhile. Look at it again, then make your change."
    when = absolute(ladder.changed_at, "UTC")
    return f"{ladder.changed_by} changed this ladder on {when}. Look at it again, then make your change."


def _write(ladder: Ladder, before: dict[int, LadderStep], rungs: Sequence[Rung], now: datetime) -> None:
    ladder.last_level = max([ladder.last_level, *before])
    kept = {rung.level for rung in rungs}
    LadderStep.objects.filter(severity=ladder.severity, level__in=before.keys() - kept).delete()
    for rung in rungs:
        if rung.level is None:
            ladder.last_level += 1
            numbered = replace(rung, level=ladder.last_level)
            LadderStep.objects.create(severity=ladder.severity, counts_from=now, **_fields(numbered))
            continue
        step = before[rung.level]
        counts_from = step.counts_from if (step.percent, step.after) == rung.place else now
        LadderStep.objects.filter(pk=step.pk).update(counts_from=counts_from, **_fields(rung))


def _fields(rung: Rung) -> dict[str, object]:
    return {
        "level": rung.level,
        "percent": rung.percent,
        "after": rung.after,
        "recipients": list(dict.fromkeys(rung.recipients)),
    }


def _said(rungs: Sequence[Rung]) -> list[str]:
    """As the audit keeps it."""
    return [f"{rung.words}: {', '.join(Recipient(name).label for name in rung.recipients)}" for rung in rungs]


def span_words(span: timedelta) -> str:
    """45 min · 2 h · 1 h 30 min · 3 days"""
    minutes = span // timedelta(minutes=1)
    days, rest = divmod(minutes, 24 * 60)
    hours, rest = divmod(rest, 60)
    parts = [f"{days} day{'s' if days > 1 else ''}" if days else "", f"{hours} h" if hours else ""]
    parts.append(f"{rest} min" if rest else "")
    return " ".join(part for part in parts if part)
