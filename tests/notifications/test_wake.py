"""Waking a worker after the commit: once, never in the way, and not needed."""

import socket
import time
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
from celery import current_app
from django.db import transaction
from fakeredis import TcpFakeServer
from redis import Redis

from notifications import services, waking
from notifications.waking import Bell
from tenancy.context import Context, work_unit
from tests.notifications.outbox import emit, mails, queue, states
from tests.world import World


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each message that would have gone to Redis."""
    sent: list[int] = []
    monkeypatch.setattr(Bell, "_send", lambda self, task: sent.append(1))
    monkeypatch.setattr(waking, "_bell", Bell())
    return sent


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Any:
    """broker(url): a fresh bell that publishes there."""

    def use(url: str) -> Bell:
        monkeypatch.setattr(current_app.conf, "broker_url", url)
        bell = Bell()
        monkeypatch.setattr(waking, "_bell", bell)
        return bell

    return use


def test_many_events_of_a_deed_ring_once_and_after_the_commit(lasting_world: World, rings: list[int]) -> None:
    world = lasting_world
    with work_unit(Context("customer", world.acme.pk)) as unit:
        for _ in range(3):
            services.emit("x", customer_id=world.acme.pk, reseller_id=world.delta.pk, now=unit.now)
            services.queue_mail(to="a@test.example", subject="x", text="x")
        services.wake()
        assert rings == []
    assert rings == [1]


def test_a_deed_rolled_back_rings_nobody(lasting_world: World, rings: list[int]) -> None:
    with work_unit(Context("worker")) as unit:
        services.wake()
        unit.failed = True
    assert rings == []


def test_a_savepoint_rolled_back_does_not_swallow_the_next_wake(lasting_world: World, rings: list[int]) -> None:
    with work_unit(Context("worker")):
        with transaction.atomic():
            services.wake()
            transaction.set_rollback(True)
        services.wake()
    assert rings == [1]


@pytest.fixture
def live_redis() -> Iterator[str]:
    server = TcpFakeServer(("127.0.0.1", 0))
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"redis://127.0.0.1:{server.server_address[1]}/0"
    finally:
        server.shutdown()
        server.server_close()


def test_the_workers_lane_gets_a_message(lasting_world: World, broker: Any, live_redis: str) -> None:
    broker(live_redis)
    emit(lasting_world)
    emit(lasting_world)
    assert Redis.from_url(live_redis).llen("mail") == 2


def test_redis_down_costs_a_deed_nothing_and_is_said_once(
    lasting_world: World, broker: Any, caplog: pytest.LogCaptureFixture
) -> None:
    broker("redis://127.0.0.1:1/0")
    began = time.monotonic()
    for n in range(5):
        queue(dedup=f"mail.{n}")
    assert time.monotonic() - began < 1.5
    assert states(mails()) == ["QUEUED"] * 5
    assert [r.levelname for r in caplog.records if r.name == "notifications.waking"] == ["WARNING"]


def test_a_redis_that_does_not_answer_costs_one_short_wait_and_then_nothing(broker: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        bell = broker(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        began = time.monotonic()
        bell.ring(waking.TASK)
        first = time.monotonic() - began
        began = time.monotonic()
        for _ in range(20):
            bell.ring(waking.TASK)
        later = time.monotonic() - began
    assert first < 2.5
    assert later < 0.05


def test_an_outage_is_asked_about_again_after_a_while(
    broker: Any, live_redis: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "notifications.waking")
    monkeypatch.setattr(waking, "REMEMBER", 0.1)
    bell = broker("redis://127.0.0.1:1/0")
    bell.ring(waking.TASK)
    monkeypatch.setattr(current_app.conf, "broker_url", live_redis)
    bell.ring(waking.TASK)
    assert Redis.from_url(live_redis).llen("mail") == 0
    time.sleep(0.15)
    bell.ring(waking.TASK)
    assert Redis.from_url(live_redis).llen("mail") == 1
    assert [r.getMessage().split(" (")[0] for r in caplog.records if r.name == "notifications.waking"] == [
        "Redis does not answer",
        "Redis answers again",
    ]


def test_a_redis_that_was_restarted_is_reached_at_the_first_try(broker: Any) -> None:
    first = TcpFakeServer(("127.0.0.1", 0))
    port = first.server_address[1]
    Thread(target=first.serve_forever, daemon=True).start()
    bell = broker(f"redis://127.0.0.1:{port}/0")
    bell.ring(waking.TASK)
    bell._connection.default_channel.client.connection_pool.disconnect()
    bell.ring(waking.TASK)
    assert Redis(port=port).llen("mail") == 2
    first.shutdown()
    first.server_close()


def test_threads_do_not_wait_in_line_for_a_slow_redis(broker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    bell = broker("redis://127.0.0.1:1/0")
    monkeypatch.setattr(Bell, "_send", lambda self, task: time.sleep(1))
    threads = [Thread(target=bell.ring, args=(waking.TASK,)) for _ in range(6)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads[1:]:
        thread.join()
    assert time.monotonic() - began < 1.6
    threads[0].join()
