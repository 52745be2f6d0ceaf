"""Why is this due then? From the segments of a ticket, in plain words, for a page and for programs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, pairwise

from rozoom_support.lib.ui.times import absolute
from sla.clock import ENDED_LATE, OUTCOME_WORDS, TARGET_WORDS, TARGETS, lateness
from sla.models import ClockSegment

COUNTED_FROM = {"FIRST": "the report", "NEXT": "the customer's message"}
GRANTED_FROM = "the moment roZoom promised it"
ANSWER = {"FIRST": "A first answer", "NEXT": "An answer"}


@dataclass(frozen=True)
class Change:
    """One supersession: what was agreed or merged at `at`, and what it did to the due time."""

    at: datetime
    old_severity: int
    severity: int
    old_due_at: datetime
    due_at: datetime
    was_missed: bool
    reason: str
    rule: str


@dataclass(frozen=True)
class Explanation:
    """One promise from its start to where it stands. `late` is None while it runs."""

    kind: str
    severity: int
    first_severity: int
    counted_from: datetime
    target: timedelta
    first_due_at: datetime
    due_at: datetime
    stopped_at: datetime | None
    outcome: str
    outcome_words: str
    was_missed: bool
    answered: bool
    reason: str
    late: timedelta | None
    rule: str
    changes: tuple[Change, ...]
    zone: str
    granted: bool = False  # not at the report: a person of roZoom promised it later


def explain(segments: Iterable[ClockSegment], zone: str, *, reported_at: datetime | None = None) -> list[Explanation]:
    """One for each promise, oldest first; times in sentences are shown in `zone`, all others are instants.

    A first answer that is counted from later than `reported_at` was granted then.
    """
    promises = groupby(segments, key=lambda segment: (segment.kind, segment.counted_from))
    return [_explained(list(stretches), zone, reported_at) for _, stretches in promises]


def _explained(stretches: list[ClockSegment], zone: str, reported_at: datetime | None) -> Explanation:
    first, last = stretches[0], stretches[-1]
    granted = first.kind == "FIRST" and reported_at is not None and first.counted_from > reported_at
    since = GRANTED_FROM if granted else COUNTED_FROM[first.kind]
    return Explanation(
        kind=last.kind,
        severity=last.severity,
        first_severity=first.severity,
        counted_from=first.counted_from,
        target=TARGETS[first.severity],
        first_due_at=first.due_at,
        due_at=last.due_at,
        stopped_at=last.stopped_at,
        outcome=last.outcome,
        outcome_words=_outcome_words(last),
        was_missed=any(stretch.outcome == "MISSED" for stretch in stretches),
        answered=last.answered,
        reason=last.reason,
        late=lateness(last.due_at, last.stopped_at, last.stopped_at) if last.stopped_at else None,
        rule=_rule(first, zone, since),
        changes=tuple(_change(old, new, zone, since) for old, new in pairwise(stretches)),
        zone=zone,
        granted=granted,
    )


def _outcome_words(last: ClockSegment) -> str:
    ended_late = last.outcome == "MISSED" and last.stopped_at is not None and not last.answered
    return ENDED_LATE if ended_late else OUTCOME_WORDS[last.outcome]


def _rule(first: ClockSegment, zone: str, since: str) -> str:
    promise = (
        f"{ANSWER[first.kind]} within {TARGET_WORDS[first.severity]} of {since}, because the severity"
        f" was {first.severity}. The clock started on {absolute(first.counted_from, zone)} and runs at any hour of any day."
    )
    if first.due_at < first.counted_from + TARGETS[first.severity]:
        promise += " A merged ticket was due earlier, and its due time was kept."
    return promise


def _change(old: ClockSegment, new: ClockSegment, zone: str, since: str) -> Change:
    return Change(
        at=new.started_at,
        old_severity=old.severity,
        severity=new.severity,
        old_due_at=old.due_at,
        due_at=new.due_at,
        was_missed=old.outcome == "MISSED",
        reason=old.reason,
        rule=_rule_of_change(old, new, zone, since),
    )


def _rule_of_change(old: ClockSegment, new: ClockSegment, zone: str, since: str) -> str:
    kept, words = absolute(old.due_at, zone), TARGET_WORDS[new.severity]
    if new.severity < old.severity:
        return (
            f"Raised to severity {new.severity} on {absolute(new.started_at, zone)}: due {words} from then, or at the old"
            f" due time, {kept}, if that is earlier."
        )
    if new.severity > old.severity:
        return (
            f"Lowered to severity {new.severity} on {absolute(new.started_at, zone)}: due {words} after"
            f" {since}, but never earlier than the old due time, {kept}."
        )
    return f"The due time of a merged ticket was earlier than {kept} and was kept."
