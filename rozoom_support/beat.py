"""Beat by a clock that never jumps: set back by a day, Celery's own scheduler would send nothing for a day."""

import time
from datetime import UTC, datetime, timedelta

from celery.beat import Scheduler

_BEGAN, _ZERO = datetime.now(UTC), time.monotonic()


def steady_now() -> datetime:
    """The time of day when this process began, and as much as has passed since."""
    return _BEGAN + timedelta(seconds=time.monotonic() - _ZERO)


class SteadyScheduler(Scheduler):
    """Keeps no file: everything is due when it starts, and safe to be asked for at any time."""

    def setup_schedule(self) -> None:
        super().setup_schedule()
        for entry in self.data.values():
            entry.schedule.nowfun = steady_now
            entry.last_run_at = steady_now() - entry.schedule.run_every
