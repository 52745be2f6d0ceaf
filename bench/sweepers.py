"""Sweepers in processes of their own: the task as a worker runs it, again and again."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

SWEEPERS = 2


@contextmanager
def sweepers(environment: Mapping[str, str]) -> Iterator[None]:
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.sweepers"], env={**environment, "LOG_LEVEL": "ERROR"}, stdout=subprocess.PIPE
        )
        for _ in range(SWEEPERS)
    ]
    try:
        for process in started:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
        yield
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.communicate()


def main() -> None:
    import django

    django.setup()

    from sla.sweeper import next_due
    from sla.tasks import sweep

    next_due()  # connected
    print("ready", flush=True)
    while True:
        sweep()


if __name__ == "__main__":
    main()
