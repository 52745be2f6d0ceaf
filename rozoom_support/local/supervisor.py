"""Keeps the processes of one checkout running, restarts what dies, and stops everything in order."""

import select
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType, TracebackType
from typing import Any, Self

from rozoom_support.local.processes import (
    Program,
    cap_log,
    clean_environment,
    end,
    kill_group,
    remember_children,
    send,
    spawn,
    tail,
    wait_until,
)
from rozoom_support.local.state import LocalError, Lock, State

# Those in one row are asked in this order without waiting, as they do not need each other to end; the next row only when
# they are gone. A name not here counts to the first row.
STOP_ORDER = [["web", "beat", "watch", "worker"], ["mail"], ["redis"], ["postgres"]]
DEATHS = 5  # within a minute, then there is no point in another try
DEATHS_BEFORE_READY = 2  # what dies while starting mostly dies of a mistake that stays
MINUTE = 60.0
FIRST_PAUSE = 0.25  # seconds, doubled after each further death
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


class Stopped(Exception):
    """Ctrl-C or SIGTERM arrived."""


@dataclass
class Child:
    program: Program
    process: subprocess.Popen[bytes]
    deaths: list[float] = field(default_factory=list)
    start_again_at: float | None = None


@dataclass(frozen=True)
class Step:
    """A command that runs to its end while starting."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]


class Supervisor:
    def __init__(self, state: State, *, tell: Callable[[str], None] = say) -> None:
        self.state = state
        self.tell = tell
        self.lock = Lock(state.lock_file)
        self.children: dict[str, Child] = {}
        self.ready = False
        self._asked = 0  # how often to stop
        self._caps_at = 0.0
        self._handlers: dict[int, Any] = {}
        self._wake, self._waker = socket.socketpair()

    # Beginning and end ------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self.lock.acquire()
        for end_of_pair in (self._wake, self._waker):
            end_of_pair.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            if number == signal.SIGHUP and signal.getsignal(number) == signal.SIG_IGN:
                continue  # started with nohup
            self._handlers[number] = signal.signal(number, self._stop_asked)
        self._handlers[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)  # only to wake up
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.lock.release()
        signal.set_wakeup_fd(-1)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._wake.close()
        self._waker.close()

    def _stop_asked(self, number: int, frame: FrameType | None) -> None:
        self._asked += 1

    # Running ------------------------------------------------------------------------------------------------------

    def start(self, program: Program) -> None:
        cap_log(self.state.log(program.name), limit=1024 * 1024)
        self.children[program.name] = Child(program, spawn(program, self.state.log(program.name)))
        self._remember()

    def pause(self, seconds: float) -> None:
        """Waits, looks after the children meanwhile, and raises Stopped when somebody asked for the end."""
        end_at = time.monotonic() + seconds
        while True:
            if self._asked:
                raise Stopped
            self._look_after_children()
            left = end_at - time.monotonic()
            if left <= 0:
                return
            if select.select([self._wake], [], [], min(left, self._next_look()))[0]:
                self._wake.recv(4096)

    def wait_for(self, condition: Callable[[], bool], *, seconds: float) -> bool:
        end_at = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end_at:
                return False
            self.pause(0.05)
        return True

    def run_steps(self, steps: Sequence[Step]) -> None:
        """Runs them side by side. The first that fails ends the rest."""
        running = {step.name: spawn(_step_program(step), self.state.log(step.name)) for step in steps}
        try:
            while running:
                for name, process in list(running.items()):
                    if process.poll() is None:
                        continue
                    del running[name]
                    if process.returncode:
                        raise LocalError(f"{name} failed:\n{tail(self.state.log(name))}")
                self.pause(0.05 if running else 0)
        finally:
            for process in running.values():
                end(process, signal.SIGTERM, 5)

    def run_forever(self) -> None:
        self.ready = True
        self.lock.note("running")
        while True:
            self.pause(60)

    # Children that die --------------------------------------------------------------------------------------------

    def _next_look(self) -> float:
        due = [child.start_again_at for child in self.children.values() if child.start_again_at is not None]
        return max(0.02, min(due) - time.monotonic()) if due else 60.0

    def _look_after_children(self) -> None:
        now = time.monotonic()
        for child in self.children.values():
            if child.start_again_at is None and child.process.poll() is not None:
                self._note_death(child, now)
            if child.start_again_at is not None and now >= child.start_again_at:
                child.start_again_at = None
                child.process = spawn(child.program, self.state.log(child.program.name))
                self._remember()
        if now >= self._caps_at:
            self._caps_at = now + MINUTE
            for name in self.children:
                cap_log(self.state.log(name))

    def _note_death(self, child: Child, now: float) -> None:
        kill_group(child.process.pid)  # what it may have left behind
        child.deaths = [death for death in child.deaths if now - death < MINUTE] + [now]
        name, how = child.program.name, _how_it_ended(child.process.returncode)
        if len(child.deaths) >= (DEATHS if self.ready else DEATHS_BEFORE_READY):
            raise LocalError(
                f"{name} ended {len(child.deaths)} times within a minute ({how}). "
                f"Its last lines, from {self.state.log(name)}:\n{tail(self.state.log(name))}"
            )
        child.start_again_at = now + FIRST_PAUSE * 2 ** (len(child.deaths) - 1)
        self.tell(f"{name} ended ({how}), starting it again")

    def _remember(self) -> None:
        remember_children(self.state, {name: child.process.pid for name, child in self.children.items()})

    # Stopping -----------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        self.lock.note("stopping")
        asked = self._asked
        left = dict(self.children)
        rows = [[*STOP_ORDER[0], *(set(left) - {name for row in STOP_ORDER for name in row})], *STOP_ORDER[1:]]
        for row in rows:
            children = [left.pop(name) for name in row if name in left]
            for child in children:
                if child.process.poll() is None:
                    send(child.process.pid, child.program.stop_signal)
            for child in children:
                self._await_end(child, asked)
        self.children.clear()
        self.state.path("children.json").unlink(missing_ok=True)

    def _await_end(self, child: Child, asked: int) -> None:
        """Asked again to stop (a second Ctrl-C), everything but the servers that keep data is killed at once."""
        patient = child.program.name in {"postgres", "redis"}
        wait_until(
            lambda: child.process.poll() is not None or (self._asked > asked and not patient),
            seconds=child.program.stop_seconds,
            pause=0.02,
        )
        if child.process.poll() is None:
            if not (self._asked > asked):
                self.tell(f"{child.program.name} did not stop within {child.program.stop_seconds:.0f} s and is killed")
            kill_group(child.process.pid)
        child.process.wait()
        kill_group(child.process.pid)


def _step_program(step: Step) -> Program:
    return Program(step.name, step.command, {**clean_environment(), **step.environment})


def _how_it_ended(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
