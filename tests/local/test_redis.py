import stat
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from rozoom_support.local.processes import end, spawn, wait_until
from rozoom_support.local.redis import Redis, client_for, consumers
from rozoom_support.local.state import State

pytestmark = pytest.mark.processes


@contextmanager
def running(redis: Redis) -> Iterator[None]:
    process = spawn(redis.program(), redis.state.log("redis"))
    try:
        assert wait_until(lambda: redis.ready() or process.poll() is not None, seconds=20)
        assert process.poll() is None, redis.state.log("redis").read_text()
        yield
    finally:
        assert end(process, redis.program().stop_signal, 5)


def test_only_the_owner_reaches_it_and_what_it_was_told_is_there_after_a_restart(state: State):
    redis = Redis(state)
    if redis.binary is None:
        pytest.skip("no Redis server on this machine")
    with running(redis):
        client_for(redis.url).set("kept", "1")
        assert consumers(redis.url) == 0
        assert stat.S_IMODE(redis.socket.stat().st_mode) == 0o700
    with running(redis):
        assert client_for(redis.url).get("kept") == b"1"


def test_where_no_server_can_be_had_the_stand_in_takes_and_gives_tasks(state: State, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("rozoom_support.local.redis.server_binary", lambda: None)
    redis = Redis(state)
    with running(redis):
        assert redis.url.startswith("redis://127.0.0.1:")
        client = client_for(redis.url)
        client.lpush("queue", "task")
        assert client.brpop(["queue"], timeout=1) == (b"queue", b"task")
        assert consumers(redis.url) is None
