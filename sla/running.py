"""Clocks that run while their ladder changes: how many it concerns, and that they look again (docs/promise.md)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from sla.models import Ladder
from tenancy.context import Context, database_now, work_unit

WORKER = Context("worker")
NEW = 0  # stands for the number of a level that has none yet: no clock has fired it
AT_ONCE = 10_000  # clocks that learn of it in the transaction that changes the ladder: about half a second
CATCH_UP_FOR = timedelta(minutes=10)

RUNNING = """
FROM sla_clocksegment s
WHERE s.stopped_at IS NULL AND s.severity = %s AND (s.next_action_at IS NOT NULL OR s.reason = '')"""
COUNT = f"SELECT count(*) {RUNNING}"
PAST = f"""
SELECT count(*), count(*) FILTER (WHERE EXISTS (
  SELECT FROM unnest(%s::smallint[], %s::smallint[], %s::interval[]) r (level, percent, after)
  WHERE r.level <> ALL (s.fired) AND app.level_at(s.started_at, s.due_at, r.percent, r.after) <= %s))
{RUNNING}"""  # noqa: S608 (a constant)


@dataclass(frozen=True)
class Impact:
    """What a changed ladder does to clocks that run: how many there are, and how many are past a level that is new to them."""

    running: int
    at_once: int


@dataclass(frozen=True)
class Part:
    """Some of the running clocks of a severity: those whose number leaves `part` when divided by `parts`."""

    severity: int
    parts: int
    part: int


def impact(severity: int, moved: Sequence[tuple[int, int, timedelta]], now: datetime) -> Impact:
    """`moved` are (number, percent, after) of the levels that are not where they were."""
    columns = [list(column) for column in zip(*moved, strict=True)] or [[], [], []]
    with connection.cursor() as cursor:
        cursor.execute(PAST, [*columns, now, severity])
        return Impact(*cursor.fetchone())


def follow(severity: int) -> None:
    """In the transaction that changes the ladder. Too many are left to the job, which commits after each part."""
    if _count(severity) <= AT_ONCE:
        look_again(Part(severity, 1, 0))


def look_again(part: Part) -> int:
    """Staff and jobs; how many had stored another instant."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.ladder_changed(%s::smallint, %s, %s)", [part.severity, part.parts, part.part])
        return int(cursor.fetchone()[0])


def catch_up() -> int:
    """For clocks that a deed held, or that began in another transaction, while their ladder changed. Opens its own units."""
    with work_unit(WORKER):
        parts = _to_catch_up(database_now())
    moved = 0
    for part in parts:
        with work_unit(WORKER):
            moved += look_again(part)
    return moved


def _to_catch_up(now: datetime) -> list[Part]:
    lately = Ladder.objects.filter(changed_at__gt=now - CATCH_UP_FOR).values_list("severity", flat=True)
    counted = {severity: _count(severity) // AT_ONCE + 1 for severity in lately}
    return [Part(severity, parts, part) for severity, parts in counted.items() for part in range(parts)]


def _count(severity: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [severity])
        return int(cursor.fetchone()[0])
