"""Which fault strikes whom when, how the mail server behaves, and what customers and staff do: all of it follows from the seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

WORKERS, BEATS = ("worker-1", "worker-2"), ("beat-1", "beat-2")
MAIL = "mail"
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


@dataclass
class Window:
    """By the wall clock of this machine, which is the database's, too. `ends_sender`: who sends mail may have ended then."""

    began: float
    ended: float = float("inf")
    ends_sender: bool = False


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


# How the mail server may be, one after the other, well in between. What each of them is: post.py.
MOODS = (
    "down",
    "slow",
    "stalls",
    "greylists",
    "421 at the greeting",
    "421 at MAIL",
    "421 at RCPT",
    "few a connection",
    "closes, mail not taken",
    "closes, mail taken",
)
FIRST_MOOD = 1.0
MOOD_LASTS, WELL_BETWEEN = (2.5, 4.0), (0.8, 1.6)  # seconds, so that a minute holds all of them


def moods(seed: int, seconds: float) -> list[Fault]:
    """Every mood once before any comes twice. The last one ends with the faults."""
    dice = random.Random(f"moods {seed}")
    found: list[Fault] = []
    at = FIRST_MOOD
    while at < seconds:
        for what in dice.sample(MOODS, len(MOODS)):
            lasts = min(dice.uniform(*MOOD_LASTS), seconds - at)
            if lasts > 0:
                found.append(Fault(round(at, 3), what, MAIL, round(lasts, 3)))
            at += lasts + dice.uniform(*WELL_BETWEEN)
    return found


@dataclass(frozen=True)
class Life:
    """One clock: when it starts, what its severity becomes, and when it is answered, in parts of the way to its due time.

    `nudge`: seconds beside that instant, so that answers land around levels. `more`: further answers, each so many seconds
    after the one before, so that there is an order to keep.
    """

    starts_at: float
    severity: int
    becomes: int | None
    changes_after: float
    answered_after: float | None
    nudge: float
    more: tuple[float, ...] = ()


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
        more=tuple(dice.uniform(0.05, 2.0) for _ in range(dice.choice((0, 0, 0, 1, 2)))),
    )
