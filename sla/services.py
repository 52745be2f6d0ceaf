"""Starting and ending promises. The rules are in functions of the database (0002_clock_functions); these are their names.

Every one of them runs in the caller's transaction and role. Lock the ticket before, write the audit event after: the
sweeper locks the clock, then the chain.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rozoom_support.lib.refusals import Refused
from sla.clock import TARGETS, due_after_change, due_at
from sla.models import ClockSegment

__all__ = [
    "TARGETS",
    "CannotStart",
    "cancel",
    "cancel_proposal",
    "due_after_change",
    "due_at",
    "start",
    "start_proposal",
    "stop_for_answer",
    "stop_proposal",
    "supersede",
]


class CannotStart(Refused):
    code = "clock_runs"


def start(
    *,
    customer_id: int,
    reseller_id: int,
    ticket_id: int,
    severity: int,
    kind: str,
    started_at: datetime,
    due_at: datetime | None = None,
) -> ClockSegment:
    """Promise an answer, due after the target of `severity`, or at `due_at` if that is earlier (merging).

    A customer's or reseller's promise counts from now; staff may say that it was asked earlier. TenantAccessDenied
    otherwise, CannotStart when a clock runs already.
    """
    segment = _one(
        "SELECT * FROM app.start_clock(%s, %s, %s, %s, %s::smallint, %s, %s)",
        [customer_id, reseller_id, ticket_id, kind, severity, started_at, due_at],
    )
    if segment is None:
        raise CannotStart("A promise runs for this ticket already.")
    return segment


def stop_for_answer(*, customer_id: int, ticket_id: int) -> ClockSegment | None:
    """roZoom answered. The database's clock under the segment's lock decides: at the due instant is MET, after it MISSED.

    Levels due before that instant are fired first. None when no clock runs. Staff and jobs only.
    """
    return _one("SELECT * FROM app.stop_clock(%s, %s)", [customer_id, ticket_id])


def cancel(*, customer_id: int, ticket_id: int, reason: str, now: datetime) -> ClockSegment | None:
    """No answer is needed any more: CANCELLED with the reason, or MISSED when it was late already.

    `now` counts only for jobs that speak of another time; a live deed is judged by the clock under the lock.
    """
    return _one("SELECT * FROM app.cancel_clock(%s, %s, %s, %s)", [customer_id, ticket_id, reason, now])


def supersede(
    *, customer_id: int, ticket_id: int, severity: int, due_at: datetime | None = None, reason: str, now: datetime
) -> ClockSegment | None:
    """Go on with another severity, or with the earlier due time of a merged ticket. Returns the segment that runs now.

    Raised: due at the earlier of the old due time and a full new target from now. Lowered: the new target from the
    report, never earlier than the old due time. A segment past its due time is MISSED first. None when no clock runs.
    """
    return _one(
        "SELECT * FROM app.supersede_clock(%s, %s, %s::smallint, %s, %s, %s)",
        [customer_id, ticket_id, severity, due_at, reason, now],
    )


def start_proposal(
    *, customer_id: int, reseller_id: int, ticket_id: int, severity: int, started_at: datetime
) -> ClockSegment | None:
    """roZoom answers a proposal within the target of the severity it proposes. Runs beside the ticket's own promise."""
    return _one(
        "SELECT * FROM app.start_proposal_clock(%s, %s, %s, %s::smallint, %s)",
        [customer_id, reseller_id, ticket_id, severity, started_at],
    )


def stop_proposal(*, customer_id: int, ticket_id: int) -> ClockSegment | None:
    """roZoom agreed or objected. Judged as `stop_for_answer` judges; None when none runs. Staff and jobs only."""
    return _one("SELECT * FROM app.stop_proposal_clock(%s, %s)", [customer_id, ticket_id])


def cancel_proposal(*, customer_id: int, ticket_id: int, reason: str, now: datetime) -> ClockSegment | None:
    """The proposal ended without roZoom: withdrawn, replaced, refused by another party, expired."""
    return _one("SELECT * FROM app.cancel_proposal_clock(%s, %s, %s, %s)", [customer_id, ticket_id, reason, now])


def _one(sql: str, values: Sequence[Any]) -> ClockSegment | None:
    return next(iter(ClockSegment.objects.raw(sql, values)), None)
