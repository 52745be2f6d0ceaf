"""PostgreSQL and Redis for the tests, apart from the demo's, kept between runs and fast rather than safe."""

import atexit
import os
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

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

# Set for the processes below the one that started the services: the folder that keeps them.
STARTED = "ROZOOM_TEST_SERVICES"
# Of pytest-xdist: which of several test processes this is. Each gets a Redis of its own, as tests empty it.
WORKER = "PYTEST_XDIST_WORKER"
OWN_REDIS = "ROZOOM_TEST_REDIS"
# Set when PostgreSQL is ours, too, so that a template may stay in it from run to run.
OWN_DATABASE = "ROZOOM_TEST_DATABASE"
RUNS_AT_ONCE = 9


class Services:
    """Servers that end with this process."""

    def __init__(self, state: State, lock: Lock) -> None:
        self.state = state
        self.lock = lock
        self.owner = os.getpid()
        self.running: list[tuple[Program, subprocess.Popen[bytes]]] = []
        end_leftovers(state)
        atexit.register(self.stop)

    def start(self, program: Program, ready: Callable[[], bool]) -> None:
        log = self.state.log(program.name)
        cap_log(log, limit=1024 * 1024)
        process = spawn(program, log)
        self.running.append((program, process))
        remember_children(self.state, {started.name: child.pid for started, child in self.running})
        if not wait_until(lambda: ready() or process.poll() is not None, seconds=30) or process.poll() is not None:
            raise LocalError(f"{program.name} did not start:\n{tail(log)}")

    def stop(self) -> None:
        if os.getpid() != self.owner:  # a fork of it
            return
        for program, process in reversed(self.running):
            end(process, program.stop_signal, program.stop_seconds)
        self.state.path("children.json").unlink(missing_ok=True)
        self.lock.release()

    def database(self, *, fast: bool) -> Addresses:
        if os.environ.get("DATABASE_URL"):
            return addresses_of_given_server(self.state, for_tests=True)
        postgres = Postgres(self.state, options=TEST_OPTIONS if fast else None)
        postgres.initialise()
        self.start(postgres.program(), postgres.ready)
        return prepare_own_cluster(postgres, for_tests=True)

    def redis(self) -> str:
        redis = Redis(self.state, keep=False)
        self.start(redis.program(), redis.ready)
        return redis.url


def ensure_services(*, folder: str = "test", for_tests: bool = True) -> dict[str, str]:
    """Starts what DATABASE_URL and REDIS_URL do not name, and returns the environment, which is also set.

    The calling process owns the services and stops them when it ends. Processes it starts use the same ones.
    """
    if STARTED in os.environ:
        environment = _redis_of_this_worker(State(Path(os.environ[STARTED])))
    else:
        services = Services(*free_state(folder))
        ours = {OWN_REDIS: "REDIS_URL", OWN_DATABASE: "DATABASE_URL"}
        own = {name: "1" for name, given in ours.items() if not os.environ.get(given)}
        environment = application_environment(
            services.state,
            services.database(fast=for_tests),
            os.environ.get("REDIS_URL") or services.redis(),
            {STARTED: str(services.state.folder), "ROZOOM_TESTING" if for_tests else "DEMO": "1", **own},
        )
    os.environ.update(environment)
    return environment


def _redis_of_this_worker(state: State) -> dict[str, str]:
    worker = os.environ.get(WORKER)
    if worker is None or os.environ.get(OWN_REDIS) in {None, worker}:
        return {}
    part = State.at(state.path(worker))
    lock = Lock(part.lock_file)
    lock.acquire()
    return {"REDIS_URL": Services(part, lock).redis(), OWN_REDIS: worker}


def free_state(folder: str) -> tuple[State, Lock]:
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
