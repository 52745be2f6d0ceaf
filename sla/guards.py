"""Quiet for what is answered meanwhile: asked before a mail about a clock is sent, and whenever notices are counted."""

from django.db.models import Case, CharField, OuterRef, Subquery, Value, When

from notifications.handlers import guards
from notifications.notices import settles
from sla.models import ClockSegment


@guards("segment")
def still_running(segment_id: int) -> str:
    segment = ClockSegment.objects.filter(pk=segment_id).only("stopped_at", "outcome").first()
    if segment is None or segment.stopped_at is None:
        return ""
    return f"the clock stopped at {segment.stopped_at:%Y-%m-%d %H:%M:%S} UTC"


@settles("segment")
def how_it_stopped() -> Subquery:
    """The same for a notice in the app that was made before: said in words that are true for every way to stop."""
    stopped = ClockSegment.objects.filter(
        customer_id=OuterRef("customer_id"), pk=OuterRef("hinges_on_id"), stopped_at__isnull=False
    )
    words = Case(
        When(outcome__in=["MET", "MISSED"], reason="", then=Value("Answered meanwhile")),
        When(outcome="SUPERSEDED", then=Value("The promise changed meanwhile")),
        default=Value("Not needed any more"),
    )
    return Subquery(stopped.values(words=words), output_field=CharField())
