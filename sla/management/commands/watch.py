import logging
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connections

from notifications.tasks import work, work_on_webhooks
from sla.sweeper import run_for

log = logging.getLogger(__name__)

SWEEP_FOR, SWEEP_AGAIN = 0.95, 1.0  # seconds; after an error not at once


class Command(BaseCommand):
    help = "Keep promises and mail going straight from PostgreSQL, for the time Redis or beat is away."
    requires_system_checks: list[str] = []  # it must start, and wait, while the database is away

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()

        def end(number: int, frame: FrameType | None) -> None:
            stop.set()

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        # Three threads, because a mail server or a webhook that hangs must not hold up the promises. Daemons, because a process
        # that was told to end does not wait for those servers either: what was claimed comes back when its lease is over.
        rounds = [
            ("sweep", _sweep, SWEEP_AGAIN),
            ("mail", _mail, settings.WATCH_INTERVAL),
            ("webhooks", _webhooks, settings.WATCH_INTERVAL),
        ]
        threads = [
            threading.Thread(target=_repeat, args=(one, interval, stop), name=name, daemon=True)
            for name, one, interval in rounds
        ]
        for thread in threads:
            thread.start()
        while not stop.wait(3600):
            pass
        until = time.monotonic() + 0.5
        for thread in threads:
            thread.join(max(0.0, until - time.monotonic()))


def _sweep() -> None:
    """Stays and sleeps until the next due instant, as the task does: without Redis and beat nothing else looks."""
    swept = run_for(SWEEP_FOR)
    if swept.fired:
        log.info("fired %s levels", swept.fired)


def _mail() -> None:
    handled, sent = work(seconds=10)
    if handled or sent:
        log.info("handled %s events, sent %s mails", handled, sent)


def _webhooks() -> None:
    if sent := work_on_webhooks(seconds=10):
        log.info("sent %s webhooks", sent)


def _repeat(one: Callable[[], None], interval: float, stop: threading.Event) -> None:
    """At once, then every `interval` seconds; after an error with a new connection, said once per outage."""
    is_failing = False
    while not stop.is_set():
        began = time.monotonic()
        try:
            one()
            if is_failing:
                log.warning("it works again")
            is_failing = False
        except Exception as error:
            if not is_failing:
                log.exception("the round failed; trying on (%s)", type(error).__name__)
            is_failing = True
            connections.close_all()
        stop.wait(max(0.0, interval - (time.monotonic() - began)))
