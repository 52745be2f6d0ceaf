"""PostgreSQL and Redis for the tests, apart from the demo's, kept between runs and fast rather than safe."""

import atexit
import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress

from rozoom_support.local.bootstrap import Addresses
from rozoom_support.local.environment import application_environment
from rozoom_support.local.launch import addresses_of_given_server, prepare_own_cluster
from rozoom_support.local.postgres import TEST_OPTIONS, Postgres
from rozoom_support.local.processes import (
    Program,
    cap_log,
    end,
    end_leftovers,
    remember_children,
    spawn,
    tail,
    wait_until,
)
from rozoom_support.local.redis import Redis
from rozoom_support.local.state import ROOT, LocalError, Lock, State

STARTED = "ROZOOM_TEST_SERVICES"  # set for the processes below the one that started them
RUNS_AT_ONCE = 9


def ensure_services(*, folder: str = "test", for_tests: bool = True) -> dict[str, str]:
    """Starts what DATABASE_URL and REDIS_URL do not name, and returns the environment, which is also set.

    The calling process owns the services and stops them when it ends. Processes it starts use the same ones.
    """
    if STARTED in os.environ:
        return {}
    running: list[tuple[Program, subprocess.Popen[bytes]]] = []
    state, lock = _free_state(folder)
    end_leftovers(state)

    owner = os.getpid()

    def stop() -> None:
        if os.getpid() == owner:
            for program, process in reversed(running):
                end(process, program.stop_signal, program.stop_seconds)
            state.path("children.json").unlink(missing_ok=True)
            lock.release()

    atexit.register(stop)

    def start(program: Program, ready: Callable[[], bool]) -> None:
        log = state.log(program.name)
        cap_log(log, limit=1024 * 1024)
        process = spawn(program, log)
        running.append((program, process))
        remember_children(state, {started.name: child.pid for started, child in running})
        if not wait_until(lambda: ready() or process.poll() is not None, seconds=30) or process.poll() is not None:
            raise LocalError(f"{program.name} did not start:\n{tail(log)}")

    environment = application_environment(
        state,
        _database(state, start, fast=for_tests),
        _redis(state, start),
        {STARTED: "1", "ROZOOM_TESTING" if for_tests else "DEMO": "1"},
    )
    os.environ.update(environment)
    return environment


def _database(state: State, start: Callable[[Program, Callable[[], bool]], None], *, fast: bool) -> Addresses:
    if os.environ.get("DATABASE_URL"):
        return addresses_of_given_server(state, for_tests=True)
    postgres = Postgres(state, options=TEST_OPTIONS if fast else None)
    postgres.initialise()
    start(postgres.program(), postgres.ready)
    return prepare_own_cluster(postgres, for_tests=True)


def _redis(state: State, start: Callable[[Program, Callable[[], bool]], None]) -> str:
    if given := os.environ.get("REDIS_URL"):
        return given
    redis = Redis(state, keep=False)
    start(redis.program(), redis.ready)
    return redis.url


def _free_state(folder: str) -> tuple[State, Lock]:
    """Several runs at once in one checkout each get services of their own."""
    for number in range(1, RUNS_AT_ONCE + 1):
        state = State.at(ROOT / "var" / (folder if number == 1 else f"{folder}-{number}"))
        lock = Lock(state.lock_file)
        if lock.try_acquire():
            return state, lock
    raise LocalError(f"{RUNS_AT_ONCE} runs are at work in this checkout. Wait for one of them to end.")


def run_with_services(command: list[str], *, folder: str, for_tests: bool) -> int:
    """Runs the command beside its own services and returns its exit code."""
    ensure_services(folder=folder, for_tests=for_tests)
    process = subprocess.Popen(command, cwd=ROOT)
    previous = signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    try:
        while True:
            with suppress(KeyboardInterrupt):  # the command got its own and decides what to do
                return process.wait()
    finally:
        signal.signal(signal.SIGTERM, previous)
