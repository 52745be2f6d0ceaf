"""Firing what is due: claimed and fired in one statement, by any number of sweepers at once (docs/promise.md)."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

from notifications.services import wake
from sla.queries import FIRST_OF_EACH
from tenancy.context import Context, work_unit

WORKER = Context("worker")
BATCH = 200
SHORTEST_PAUSE = 0.02  # seconds; while a deed holds what is due, ask again soon but not all the time

# Which rows, and what is skipped: 0006_claim_clocks. A sweeper that is frozen before its commit lets go of them soon.
SWEEP = """
SELECT moved, fired, CASE WHEN %(is_alone)s THEN set_config('idle_in_transaction_session_timeout', '3s', true) END
FROM app.fire_levels(ARRAY(SELECT id FROM app.claim_clocks(%(batch)s) AS due (id)), now(), false)"""
NEXT_DUE = f"SELECT extract(epoch FROM min(q.next_action_at) - clock_timestamp())::float8 {FIRST_OF_EACH}"  # noqa: S608 (a constant)


@dataclass(frozen=True)
class Swept:
    """Segments looked at and moved on, and levels fired on them."""

    moved: int
    fired: int


def sweep(batch: int = BATCH) -> Swept:
    """Fire what is due on up to `batch` segments, most severe first, in a transaction of its own."""
    is_alone = not connection.in_atomic_block  # else inside a test's transaction, which would keep the setting
    with work_unit(WORKER), connection.cursor() as cursor:
        cursor.execute(SWEEP, {"batch": batch, "is_alone": is_alone})
        moved, fired, _ = cursor.fetchone()
        return Swept(moved, fired)


def sweep_all(may_go_on: Callable[[], bool] = lambda: True) -> Swept:
    """Sweep until nothing is due that can be had, then wake whoever sends the mails."""
    moved = fired = 0
    while may_go_on():
        done = sweep()
        moved, fired = moved + done.moved, fired + done.fired
        if done.moved == 0:
            break
        if done.fired:
            wake()
    return Swept(moved, fired)


def next_due() -> float | None:
    """Seconds until a clock has to be looked at again, negative when it is late; None when no clock runs."""
    with work_unit(WORKER), connection.cursor() as cursor:
        cursor.execute(NEXT_DUE)
        return cursor.fetchone()[0]


def run_for(seconds: float) -> Swept:
    """Stay for `seconds`: sweep, sleep until the next due instant, sweep again. Lag is milliseconds, not the interval."""
    until = time.monotonic() + seconds
    moved = fired = 0
    while True:
        done = sweep_all(lambda: time.monotonic() < until)
        moved, fired = moved + done.moved, fired + done.fired
        left = until - time.monotonic()
        if left <= 0:
            return Swept(moved, fired)
        pause = next_due()
        time.sleep(left if pause is None else min(max(pause, SHORTEST_PAUSE), left))
        if time.monotonic() >= until:
            return Swept(moved, fired)
