"""Quiet for what is answered meanwhile: asked by the outbox just before a mail about a clock is sent."""

from notifications.handlers import guards
from sla.models import ClockSegment


@guards("segment")
def still_running(segment_id: int) -> str:
    segment = ClockSegment.objects.filter(pk=segment_id).only("stopped_at", "outcome").first()
    if segment is None or segment.stopped_at is None:
        return ""
    return f"the clock stopped at {segment.stopped_at:%Y-%m-%d %H:%M:%S} UTC"
