"""Which fault strikes whom when, and what customers and staff do meanwhile: all of it follows from the seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

WORKERS, BEATS = ("worker-1", "worker-2"), ("beat-1", "beat-2")
FIRST_FAULT = 2.0
LAST_BEGINS_BEFORE = 6.0  # the end of the faults, so that what it leads to is struck by them, too
BETWEEN_RESTARTS = 15.0  # of PostgreSQL, so that there is a normal day between two bad ones


@dataclass(frozen=True)
class Fault:
    """`lasts`: until it is started again, or may go on; seconds. `which` picks one of a worker's own processes."""

    at: float
    what: str
    whom: str
    lasts: float
    which: int = 0


# what, whom, shortest and longest
KINDS = (
    ("kill", WORKERS, 0.2, 2.0),
    ("kill", WORKERS, 0.2, 2.0),
    ("kill-parent", WORKERS, 0.5, 2.0),
    ("kill-child", WORKERS, 0.0, 0.0),
    ("freeze", WORKERS, 1.0, 6.0),
    ("freeze-child", WORKERS, 1.0, 6.0),
    ("kill", BEATS, 0.2, 3.0),
    ("freeze", BEATS, 1.0, 6.0),
    ("kill", ("watch",), 0.2, 2.0),
    ("freeze", ("watch",), 1.0, 6.0),
    ("kill", ("redis",), 0.5, 3.0),
    ("freeze", ("redis",), 1.0, 4.0),
    ("flush", ("redis",), 0.0, 0.0),
    ("restart", ("postgres",), 0.0, 0.0),
)


def faults(seed: int, seconds: float) -> list[Fault]:
    """Every kind once before any comes twice, in an order that is another with each seed."""
    dice = random.Random(f"faults {seed}")
    deck = _deck(dice)
    found: list[Fault] = []
    busy_until: dict[str, float] = {}
    at = FIRST_FAULT
    while at < seconds:
        what, group, shortest, longest = next(deck)
        whom, lasts, which = dice.choice(group), dice.uniform(shortest, longest), dice.randrange(100)
        if busy_until.get(whom, 0.0) <= at:
            found.append(Fault(round(at, 3), what, whom, round(lasts, 3), which))
            busy_until[whom] = at + lasts + (BETWEEN_RESTARTS if whom == "postgres" else 1.0)
            at += dice.uniform(0.6, 2.6)
    return found


def _deck(dice: random.Random) -> Iterator[tuple[str, tuple[str, ...], float, float]]:
    while True:
        yield from dice.sample(KINDS, len(KINDS))


@dataclass(frozen=True)
class Life:
    """One clock: when it starts, what its severity becomes, and when it is answered, in parts of the way to its due time.

    `nudge`: seconds beside that instant, so that answers land around levels.
    """

    starts_at: float
    severity: int
    becomes: int | None
    changes_after: float
    answered_after: float | None
    nudge: float


def lives(seed: int, seconds: float, per_second: float) -> list[Life]:
    dice = random.Random(f"lives {seed}")
    begin = max(seconds - LAST_BEGINS_BEFORE, seconds / 2)
    return sorted((_life(dice, begin) for _ in range(round(seconds * per_second))), key=lambda life: life.starts_at)


def _life(dice: random.Random, begin: float) -> Life:
    severity = dice.choice((1, 1, 2, 3))
    becomes = dice.choice([other for other in (1, 2, 3) if other != severity]) if dice.random() < 0.12 else None
    answered = dice.choice((0.3, 0.5, 0.75, 1.0, 1.0, 1.25)) if dice.random() < 0.6 else None
    return Life(
        starts_at=dice.uniform(0, begin),
        severity=severity,
        becomes=becomes,
        changes_after=dice.uniform(0.1, 1.2),
        answered_after=answered,
        nudge=dice.uniform(-0.02, 0.02),
    )
