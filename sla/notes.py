"""What the event of a deed says of the clocks it moved, so that every promise can be worked out from the events alone.

A note has what came from outside the rules: instants as the database judged them, severities, reasons, what a merged ticket
was promised. What follows by the rules, due times and outcomes, is left out: sla/replaying.py works it out and compares.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from sla.history import PastSegment
from sla.models import ClockSegment

Note = dict[str, Any]
KEY = "clocks"  # of the event's data
PAST: Note = {"did": "past"}  # before the notes of a ticket that is written down with all of its past


def started(segment: ClockSegment) -> Note:
    return {
        "did": "start",
        "segment": segment.pk,
        "kind": segment.kind,
        "severity": segment.severity,
        "at": segment.started_at.isoformat(),
    }


def ended(segment: ClockSegment, *, answered: bool) -> Note:
    """`at` is the instant that was judged, under the lock (docs/promise.md)."""
    assert segment.stopped_at is not None
    return {
        "did": "end",
        "segment": segment.pk,
        "at": segment.stopped_at.isoformat(),
        "answered": answered,
        "reason": segment.reason,
    }


def changed(running: ClockSegment, now_running: ClockSegment) -> Note:
    """Another severity. `running` as it was before, or, once it was replaced, as it ended."""
    severity = {"severity": now_running.severity}
    return {"did": "change", "segment": running.pk, **severity, **_replaced(running, now_running)}


def absorbed(ended_there: ClockSegment, severity: int, running: ClockSegment | None, now_running: ClockSegment) -> Note:
    """A merged ticket brought its promise, due at `due_by`; `severity` is that of the merged ticket."""
    brought = {
        "severity": severity,
        "since": ended_there.started_at.isoformat(),
        "due_by": ended_there.due_at.isoformat(),
    }
    became = {"became": now_running.pk} if running is None else _replaced(running, now_running)
    return {"did": "absorb", **brought, **became}


def _replaced(old: ClockSegment, new: ClockSegment) -> Note:
    """Nothing, when it goes on as it was."""
    if old.pk == new.pk:
        return {}
    assert old.stopped_at is not None
    return {
        "became": new.pk,
        "at": new.started_at.isoformat(),
        "stopped_at": old.stopped_at.isoformat(),
        "reason": old.reason,
    }


def of_past(stretches: Sequence[PastSegment], keys: Iterable[int]) -> Iterator[Note]:
    """The same for one promise of a past that was written down (sla/history.py); `keys` are those of its segments."""
    numbered = list(zip(stretches, keys, strict=True))
    first, key = numbered[0]
    yield {
        "did": "start",
        "segment": key,
        "kind": first.kind,
        "severity": first.severity,
        "at": first.started_at.isoformat(),
    }
    for (old, key), (new, became) in pairwise(numbered):
        assert old.stopped_at is not None
        yield {
            "did": "change",
            "segment": key,
            "severity": new.severity,
            "became": became,
            "at": new.started_at.isoformat(),
            "stopped_at": old.stopped_at.isoformat(),
            "reason": old.reason,
        }
    last, key = numbered[-1]
    if last.stopped_at is not None:
        yield {
            "did": "end",
            "segment": key,
            "at": last.stopped_at.isoformat(),
            "answered": last.outcome != "CANCELLED",
            "reason": last.reason,
        }
