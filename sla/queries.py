"""Reading promises: of one ticket, and how late the sweeper is."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection

from sla.explaining import Change, Explanation, explain
from sla.models import ClockSegment

__all__ = [
    "Change",
    "Explanation",
    "duty_manager_told",
    "explain",
    "missed_first",
    "oldest_due",
    "running",
    "segments_of",
    "unanswered_first",
]

# One index look-up per severity, as the sweeper does it; a plain min() walks the index of all running clocks.
FIRST_OF_EACH = """FROM (VALUES (1::smallint), (2::smallint), (3::smallint)) v (severity)
CROSS JOIN LATERAL (
  SELECT s.next_action_at FROM sla_clocksegment s
  WHERE s.stopped_at IS NULL AND s.next_action_at IS NOT NULL AND s.severity = v.severity
  ORDER BY s.next_action_at LIMIT 1
) q"""
OLDEST_DUE = f"SELECT min(q.next_action_at) {FIRST_OF_EACH}"


def segments_of(customer_id: int, ticket_id: int) -> list[ClockSegment]:
    """Every stretch of every promise on a ticket, oldest first."""
    return list(ClockSegment.objects.filter(customer_id=customer_id, ticket_id=ticket_id).order_by("id"))


def unanswered_first(customer_id: int, ticket_ids: Collection[int]) -> set[int]:
    """Those of these tickets whose first promise ended late without an answer: withdrawn, merged, solved by the customer."""
    if not ticket_ids:
        return set()
    found = ClockSegment.objects.filter(
        customer_id=customer_id, ticket_id__in=ticket_ids, kind=ClockSegment.Kind.FIRST, stopped_at__isnull=False
    )
    last = {one.ticket_id: one for one in found.order_by("id")}
    return {ticket_id for ticket_id, one in last.items() if one.outcome == "MISSED" and not one.answered}


def running(customer_id: int, ticket_id: int) -> ClockSegment | None:
    """The stretch of the ticket's own promise that runs now."""
    own = ClockSegment.objects.filter(customer_id=customer_id, ticket_id=ticket_id, stopped_at__isnull=True)
    return own.exclude(kind=ClockSegment.Kind.PROPOSAL).first()


def missed_first(customer_id: int, ticket_id: int) -> bool:
    """Whether a stretch of the first promise was missed: a missed promise stays missed, whatever follows."""
    return ClockSegment.objects.filter(
        customer_id=customer_id, ticket_id=ticket_id, kind=ClockSegment.Kind.FIRST, outcome="MISSED"
    ).exists()


def duty_manager_told(customer_id: int, ticket_id: int) -> bool:
    """Whether the promise that runs is late and the duty manager has been told. The customer may ask for its own."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.duty_manager_told(%s, %s)", [customer_id, ticket_id])
        return bool(cursor.fetchone()[0])


def oldest_due(now: datetime) -> float:
    """Seconds by which the sweeper is behind; 0 when nothing is due. Worker's context: it looks over all tenants."""
    with connection.cursor() as cursor:
        cursor.execute(OLDEST_DUE)
        oldest: datetime | None = cursor.fetchone()[0]
    return max((now - oldest).total_seconds(), 0.0) if oldest else 0.0
