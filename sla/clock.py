"""The promise as arithmetic: pure functions of instants (docs/promise.md).

The database computes the same in app.response_target, app.level_at and app.supersede_clock, because there no caller can
bend them; tests/sla/test_clock.py runs one table against both.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

TARGETS = {1: timedelta(hours=1), 2: timedelta(hours=4), 3: timedelta(hours=24)}
TARGET_WORDS = {1: "1 hour", 2: "4 hours", 3: "24 hours"}
KIND_WORDS = {"FIRST": "First answer", "NEXT": "Next answer", "PROPOSAL": "Answer to a proposed severity"}
# What an imported past says as its reason, where a live answer says nothing.
IMPORTED = "imported"
OUTCOME_WORDS = {
    "RUNNING": "Running",
    "MET": "Met",
    "MISSED": "Missed",
    "SUPERSEDED": "Replaced by a new severity",
    "CANCELLED": "Not needed any more",
}
ENDED_LATE = "Ended late, without an answer"


@dataclass(frozen=True)
class Step:
    """One rung of the ladder: `percent` of the way from start to due, then `after`."""

    level: int
    percent: int
    after: timedelta
    recipients: tuple[str, ...] = ()


def due_at(severity: int, counted_from: datetime) -> datetime:
    """Elapsed time, at any hour of any day."""
    return counted_from + TARGETS[severity]


def due_after_change(
    *, old_severity: int, new_severity: int, old_due_at: datetime, counted_from: datetime, now: datetime
) -> datetime:
    """Raised: the earlier of the old due time and a full new target from now.
    Lowered: the new target from the report, never earlier than the old due time."""
    if new_severity < old_severity:
        return min(old_due_at, now + TARGETS[new_severity])
    if new_severity > old_severity:
        return max(old_due_at, counted_from + TARGETS[new_severity])
    return old_due_at


def instants(steps: Iterable[Step], started_at: datetime, due: datetime) -> list[tuple[int, datetime]]:
    """When each level fires. A clock that starts overdue fires what leads up to the due time at once."""
    span = max(due - started_at, timedelta())
    return [(step.level, started_at + span * step.percent / 100 + step.after) for step in steps]


def remaining(due: datetime, now: datetime) -> timedelta:
    """Negative when overdue."""
    return due - now


def lateness(due: datetime, stopped_at: datetime | None, now: datetime) -> timedelta:
    """How late the answer was, or is by now. At the due instant is not late."""
    return max((stopped_at or now) - due, timedelta())


def outcome_of_answer(due: datetime, answered_at: datetime) -> str:
    return "MET" if answered_at <= due else "MISSED"
