"""Deliverers killed by SIGKILL in real processes: nothing lost, at most the one recognisable double each."""

import subprocess
import sys
import time
from collections import Counter

import pytest
from django.conf import settings

from notifications.delivery import deliver
from tests.notifications.outbox import environment_of_a_process, mails, queue, states
from tests.notifications.smtp import Handler
from tests.world import World

pytestmark = pytest.mark.processes
KILLED = -9


def run(how: str) -> int:
    command = [sys.executable, "-m", "tests.notifications.deliverer", how]
    return subprocess.run(
        command, env=environment_of_a_process(), cwd=settings.BASE_DIR, timeout=60, check=False
    ).returncode


def after_the_lease() -> None:
    time.sleep(1.2)


def test_killed_between_claim_and_send_nothing_is_lost_or_doubled(lasting_world: World, mail_server: Handler) -> None:
    queue(3)
    assert run("before-send") == KILLED
    assert mail_server.mails == []
    assert deliver(seconds=5) == 0  # the lease of the dead one still stands
    after_the_lease()
    assert deliver(seconds=5) == 3
    assert (states(mails()), len(mail_server.mails)) == (["SENT"] * 3, 3)


def test_killed_after_the_send_before_the_mark_one_is_doubled_recognisably(
    lasting_world: World, mail_server: Handler
) -> None:
    queue(3)
    assert run("before-mark") == KILLED
    assert mail_server.message_ids == ["<rozoom.mail.1@rozoom.example>"]
    after_the_lease()
    assert deliver(seconds=5) == 3
    assert Counter(mail_server.message_ids) == {
        "<rozoom.mail.1@rozoom.example>": 2,
        "<rozoom.mail.2@rozoom.example>": 1,
        "<rozoom.mail.3@rozoom.example>": 1,
    }
    assert [(mail.state, mail.attempts) for mail in mails()] == [("SENT", 2)] * 3


def test_killed_at_any_time_over_and_over(lasting_world: World, mail_server: Handler) -> None:
    mail_server.delay = 0.005
    queue(60)
    kills = 0
    while kills < 3 and run("any-time") == KILLED:
        kills += 1
    assert kills == 3
    after_the_lease()
    deliver(seconds=20)
    arrived = Counter(mail_server.message_ids)
    assert set(arrived) == {mail.message_id for mail in mails()}
    assert set(states(mails())) == {"SENT"}
    assert sum(arrived.values()) - len(arrived) <= kills
