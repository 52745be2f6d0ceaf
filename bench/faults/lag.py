"""How long after its instant each level was on record: as it was, without the time PostgreSQL was away, and on quiet days."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.faults.ledger import Escalation
from bench.faults.schedule import Window

AFTERMATH = 1.0  # seconds; what is due just after a fault may still suffer from it


@dataclass(frozen=True)
class Lag:
    """Seconds, and of how many levels."""

    count: int
    median: float
    p99: float
    worst: float

    def __str__(self) -> str:
        return self.of("levels")

    def of(self, what: str) -> str:
        return f"p50 {self.median:7.3f} s   p99 {self.p99:7.3f} s   worst {self.worst:7.3f} s   ({self.count:,} {what})"


def of(seconds: Iterable[float]) -> Lag:
    found = sorted(seconds) or [0.0]
    return Lag(len(found), part(found, 0.5), part(found, 0.99), found[-1])


def part(ordered: Sequence[float], share: float) -> float:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def as_it_was(fired: Iterable[Escalation]) -> Lag:
    return of((one.committed_at - one.scheduled_at).total_seconds() for one in fired)


def with_postgres(fired: Iterable[Escalation], away: Sequence[Window]) -> Lag:
    return of(_spent(one, away) for one in fired)


def on_quiet_days(fired: Iterable[Escalation], trouble: Sequence[Window]) -> Lag:
    """Of what was due while no fault was in force."""
    return of(
        (one.committed_at - one.scheduled_at).total_seconds()
        for one in fired
        if not any(window.began <= one.scheduled_at.timestamp() <= window.ended + AFTERMATH for window in trouble)
    )


def beside_bad_mail(fired: Iterable[Escalation], trouble: Sequence[Window], mail_trouble: Sequence[Window]) -> Lag:
    """Of what was due while the mail server misbehaved and nothing else was wrong."""
    due = [one for one in fired if any(w.began <= one.scheduled_at.timestamp() <= w.ended for w in mail_trouble)]
    return on_quiet_days(due, trouble)


def _spent(one: Escalation, away: Sequence[Window]) -> float:
    began, ended = one.scheduled_at.timestamp(), one.committed_at.timestamp()
    return ended - began - sum(max(0.0, min(ended, w.ended) - max(began, w.began)) for w in away)
