"""`manage.py watch`: promises and mail go on without Redis and without beat."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection

from tests.notifications.conftest import mail_server  # noqa: F401
from tests.notifications.outbox import environment_of_a_process, queue
from tests.notifications.smtp import Handler
from tests.sla.promises import levels, reported
from tests.world import World

pytestmark = pytest.mark.processes
HALF = timedelta(minutes=31)


@pytest.fixture
def watch(lasting_world: World, mail_server: Handler) -> Iterator[subprocess.Popen[bytes]]:  # noqa: F811
    process = subprocess.Popen(
        [sys.executable, "manage.py", "watch"],
        cwd=settings.BASE_DIR,
        env=environment_of_a_process(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def eventually(holds: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def hang_up_on_everybody_else() -> int:
    """What a restart of the database does to the connections of others."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = session_user AND pid <> pg_backend_pid()"
        )
        return cursor.fetchone()[0]


def test_it_fires_and_delivers_without_redis_and_comes_back_after_the_database(
    lasting_world: World,
    mail_server: Handler,  # noqa: F811
    watch: subprocess.Popen[bytes],
) -> None:
    first = reported(lasting_world, HALF)
    queue(1)

    def arrived(name: str) -> bool:
        return f"<rozoom.{name}@rozoom.example>" in mail_server.message_ids

    assert eventually(lambda: levels(first) == [1] and arrived("mail.1"), 30)

    assert hang_up_on_everybody_else() >= 2
    second = reported(lasting_world, HALF)
    queue(1, dedup="mail.second")
    assert eventually(lambda: levels(second) == [1] and arrived("mail.second"), 3 * settings.WATCH_INTERVAL + 5)

    watch.send_signal(signal.SIGTERM)
    began = time.monotonic()
    assert watch.wait(10) == 0
    assert time.monotonic() - began < 4
    assert watch.stderr is not None
    assert watch.stderr.read().count(b"the round failed") in (1, 2, 3)  # once for each of the two rounds, not each time


def test_it_ends_at_once_also_while_a_mail_server_hangs(
    lasting_world: World,
    mail_server: Handler,  # noqa: F811
    watch: subprocess.Popen[bytes],
) -> None:
    mail_server.delay = 8
    queue(1)
    late = reported(lasting_world, HALF)
    assert eventually(lambda: levels(late) == [1], 30)  # the promise is not held up by the mail
    watch.send_signal(signal.SIGTERM)
    began = time.monotonic()
    assert watch.wait(10) == 0
    assert time.monotonic() - began < 4
