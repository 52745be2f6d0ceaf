"""How long to wait before trying again."""

import random
from datetime import timedelta


def delay(attempt: int, *, first: float, longest: float) -> timedelta:
    """Doubles from `first` up to `longest` (seconds), minus up to a third at random, so that a crowd that failed
    together does not come back together. `attempt` counts from 1."""
    whole = min(longest, first * 2 ** min(attempt - 1, 30))
    return timedelta(seconds=whole * random.uniform(2 / 3, 1))  # noqa: S311
