"""Waking the worker after a commit. It is a courtesy: what Redis does not hear, the next poll finds in PostgreSQL."""

import logging
import os
import threading
import time
from collections.abc import Callable
from typing import Any

from celery import current_app
from django.db import transaction
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

log = logging.getLogger(__name__)

TASK = "notifications.deliver"
WEBHOOKS = "notifications.webhooks"
REMEMBER = 2.0  # seconds an outage is remembered, so that not every request pays for finding out
# The publisher's own, shorter than the worker's: without max_retries kombu tries for 6 s, whatever `retry` says.
IMPATIENT = {"max_retries": 0, "socket_connect_timeout": 0.3, "socket_timeout": 0.5}


class Bell:
    """One connection to Redis for all threads of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: Any = None
        self._silent_until = 0.0
        self._is_down = False

    def ring(self, task: str) -> None:
        """Never raises; waits at most for one connection attempt, and not at all while an outage is remembered."""
        if time.monotonic() < self._silent_until or not self._lock.acquire(timeout=0.2):
            return
        try:
            self._publish(task)
        except (KombuError, RedisError, OSError) as error:
            self._went_down(error)
        else:
            if self._is_down:
                log.info("Redis answers again")
            self._is_down = False
        finally:
            self._lock.release()

    def _publish(self, task: str) -> None:
        is_fresh = self._connection is None
        try:
            self._send(task)
        except (KombuError, RedisError, OSError):
            if is_fresh:
                raise
            self._drop()  # Redis was restarted since the last time: its socket is dead, Redis may well live
            self._send(task)

    def _send(self, task: str) -> None:
        if self._connection is None:
            connection = current_app.connection_for_write()
            connection.transport_options = {**connection.transport_options, **IMPATIENT}
            self._connection = connection
        current_app.send_task(task, connection=self._connection, retry=False, expires=10)

    def _went_down(self, error: Exception) -> None:
        self._drop()
        self._silent_until = time.monotonic() + REMEMBER
        if not self._is_down:
            log.warning("Redis does not answer (%s); mail waits for the next poll", type(error).__name__)
        self._is_down = True

    def _drop(self) -> None:
        stale, self._connection = self._connection, None
        try:
            if stale is not None:
                stale.release()
        except (KombuError, RedisError, OSError):
            pass

    def after_fork(self) -> None:
        self.__init__()  # type: ignore[misc]


_bell = Bell()
os.register_at_fork(after_in_child=_bell.after_fork)


def ring() -> None:
    _bell.ring(TASK)


def ring_webhooks() -> None:
    _bell.ring(WEBHOOKS)


def wake() -> None:
    """Ask a worker, after the commit and once per transaction, to expand events and send mail."""
    _after_commit(ring)


def wake_webhooks() -> None:
    """The same for the lane of the webhooks."""
    _after_commit(ring_webhooks)


def _after_commit(ringing: Callable[[], None]) -> None:
    connection: Any = transaction.get_connection()
    # Entries of a rolled back savepoint leave this list by themselves; a flag of ours would stay behind.
    if not any(entry[1] is ringing for entry in connection.run_on_commit):
        transaction.on_commit(ringing, robust=True)
