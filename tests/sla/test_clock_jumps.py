"""The clock of a host is a day wrong, or jumps: promises, outcomes and mails are those of the database's clock."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from celery.schedules import schedule
from django.conf import settings

from notifications.models import Delivery, Event
from rozoom_support import beat
from rozoom_support.celery import app
from tenancy.context import work_unit
from tests.notifications.conftest import mail_server  # noqa: F401
from tests.notifications.outbox import environment_of_a_process
from tests.notifications.smtp import Handler
from tests.sla.promises import WORKER, database_time, fired, last_segment, levels, reported
from tests.world import World
from tickets.models import Message, Ticket

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


@pytest.mark.processes
@pytest.mark.parametrize("wrong", [DAY, -DAY], ids=["a day ahead", "a day behind"])
def test_a_host_with_a_wrong_clock_changes_nothing(
    lasting_world: World,
    mail_server: Handler,  # noqa: F811
    wrong: timedelta,
) -> None:
    first, overdue = reported(lasting_world, 31 * MINUTE), reported(lasting_world, 61 * MINUTE)
    early, answered = reported(lasting_world, 29 * MINUTE), reported(lasting_world, 59 * MINUTE)
    began = database_time()
    keys = [lasting_world.ilse.pk, lasting_world.marek.pk, answered.pk]
    command = [sys.executable, "-m", "tests.sla.wrong_clock", str(wrong.total_seconds()), *map(str, keys)]
    run = subprocess.run(
        command, env=environment_of_a_process(), cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=90
    )
    assert run.returncode == 0, run.stdout + run.stderr
    ended = database_time()

    assert [levels(one) for one in (first, overdue, early, answered)] == [[1], [1, 2, 3], [], [1, 2]]
    assert [last_segment(one).outcome for one in (first, overdue, early, answered)] == [
        *("RUNNING", "MISSED", "RUNNING", "MET")
    ]
    with work_unit(WORKER):
        filed = Ticket.objects.get(subject="Filed")
        said = Message.objects.get(ticket=answered)
        mails = list(Delivery.objects.filter(state="SENT"))
        handled = list(Event.objects.all())
    clock = last_segment(filed)
    assert clock.due_at == clock.started_at + timedelta(hours=1)
    instants = [filed.reported_at, clock.started_at, said.created_at, last_segment(answered).stopped_at]
    instants += [one.fired_at for ticket in (first, overdue, answered) for one in fired(ticket)]
    instants += [one.sent_at for one in mails] + [one.handled_at for one in handled]
    assert all(at is not None and began <= at <= ended for at in instants), instants
    assert len(mails) == len(mail_server.mails) > 5


def test_beat_goes_on_when_its_hosts_clock_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    passed = 0.0
    monkeypatch.setattr(beat.time, "monotonic", lambda: beat._ZERO + passed)
    scheduler = beat.SteadyScheduler(app)
    plain = schedule(1.0, app=app)
    last = app.now()
    assert scheduler.data["sweep"].is_due().is_due  # at the start, as everything is
    sweep = next(scheduler.data["sweep"])
    assert not sweep.is_due().is_due
    passed = 1.1
    monkeypatch.setattr(type(app), "now", lambda self: datetime.now(UTC) - DAY)
    assert sweep.is_due().is_due
    assert not plain.is_due(last).is_due  # what Celery does by itself


def test_everything_beat_asks_for_is_due_when_it_starts() -> None:
    scheduler = beat.SteadyScheduler(app)
    assert set(scheduler.data) >= set(app.conf.beat_schedule)
    assert all(entry.is_due().is_due for entry in scheduler.data.values())


def test_no_rule_of_a_promise_asks_python_for_the_time() -> None:
    """In the database, statements ask the database; what is left of host time is in seconds passed (time.monotonic)."""
    found = [
        f"{file.relative_to(settings.BASE_DIR)}: {line.strip()}"
        for app_name in ("sla", "notifications", "tickets", "contracts")
        for file in (settings.BASE_DIR / app_name).rglob("*.py")
        for line in file.read_text().splitlines()
        if any(call in line for call in ("timezone.now(", "datetime.now(", "time.time(", "utcnow(", "date.today("))
    ]
    assert found == []
