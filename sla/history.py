"""The promise of a ticket that was answered, or not, before it came here: the same rule, and nobody is told about the past."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from sla import clock

CHANGED = "severity changed from {old} to {new}"
RECORD = "SELECT id FROM app.record_past_clock(%s, %s, %s, %s::smallint, %s, %s, %s, %s, %s, %s)"


@dataclass(frozen=True)
class PastSegment:
    """One stretch of a promise. `stopped_at` is empty when nobody has answered yet."""

    severity: int
    counted_from: datetime
    started_at: datetime
    due_at: datetime
    stopped_at: datetime | None
    outcome: str
    reason: str
    kind: str = "FIRST"


def past_promise(
    *,
    counted_from: datetime,
    severity: int,
    answered_at: datetime | None,
    now: datetime,
    changes: Sequence[tuple[datetime, int]] = (),
    kind: str = "FIRST",
    reason: str = clock.IMPORTED,
) -> list[PastSegment]:
    """The segments that would stand here, had the ticket been ours. `changes` = (instant, severity) before the answer."""
    segments: list[PastSegment] = []
    started_at, due = counted_from, clock.due_at(severity, counted_from)
    for changed_at, new in changes:
        if new == severity:
            continue
        outcome = "SUPERSEDED" if changed_at <= due else "MISSED"
        why = CHANGED.format(old=severity, new=new)
        segments.append(PastSegment(severity, counted_from, started_at, due, changed_at, outcome, why, kind))
        due = clock.due_after_change(
            old_severity=severity, new_severity=new, old_due_at=due, counted_from=counted_from, now=changed_at
        )
        severity, started_at = new, changed_at
    running = "RUNNING" if now <= due else "MISSED"
    outcome = running if answered_at is None else clock.outcome_of_answer(due, answered_at)
    segments.append(PastSegment(severity, counted_from, started_at, due, answered_at, outcome, reason, kind))
    return segments


def outcome_of(promise: Sequence[PastSegment]) -> str:
    """Of the whole promise: once missed, it stays missed, whatever the severity became later."""
    return "MISSED" if any(segment.outcome == "MISSED" for segment in promise) else promise[-1].outcome


def record_past(segments: Iterable[PastSegment], *, customer_id: int, ticket_id: int) -> list[int]:
    """Write them and return their keys. Jobs only; one that still runs past its due time stays silent (0004_past_clocks)."""
    keys = []
    with connection.cursor() as cursor:
        for one in segments:
            cursor.execute(
                RECORD,
                [
                    customer_id,
                    ticket_id,
                    one.kind,
                    one.severity,
                    one.counted_from,
                    one.started_at,
                    one.due_at,
                    one.stopped_at,
                    one.outcome,
                    one.reason,
                ],
            )
            keys.append(cursor.fetchone()[0])
    return keys
