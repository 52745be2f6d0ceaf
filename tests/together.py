"""Deeds of several threads at the same moment, for tests of who comes first."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connections


def together(*deeds: Callable[[], Any]) -> list[Any]:
    """Each in a thread with a connection of its own. What they returned, in their order; an exception is raised here."""
    start = Barrier(len(deeds))

    def run(deed: Callable[[], Any]) -> Any:
        start.wait(10)
        try:
            return deed()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return [future.result(30) for future in [pool.submit(run, deed) for deed in deeds]]
