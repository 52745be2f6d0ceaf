"""The product's processes, and the faults that strike them. Started again after each, as systemd would."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import redis

from bench.cluster import Cluster
from bench.faults.schedule import BEATS, WORKERS, Fault, Window
from rozoom_support.local import services
from rozoom_support.local.processes import kill_group, send, wait_until
from rozoom_support.local.redis import Redis, client_for, consumers
from rozoom_support.local.state import LocalError

PRODUCT = (*WORKERS, *BEATS, "watch")


@dataclass
class House:
    cluster: Cluster
    redis: Redis
    struck: Counter[str] = field(default_factory=Counter)
    trouble: list[Window] = field(default_factory=list)
    postgres_away: list[Window] = field(default_factory=list)
    by_itself: list[Window] = field(default_factory=list)
    _later: list[tuple[float, Callable[[], None]]] = field(default_factory=list)
    _away: set[str] = field(default_factory=set)  # killed, and to be started again later

    def open(self) -> None:
        environment = self.cluster.serving
        for name in WORKERS:
            self.cluster.start(replace(services.worker(environment), name=name))
        for name in BEATS:
            self.cluster.start(replace(services.beat(environment), name=name))
        self.cluster.start(services.watch(environment))
        if not wait_until(lambda: (consumers(self.redis.url) or 0) >= len(WORKERS), seconds=60):
            raise LocalError("The workers did not come up; their logs are in " + str(self.cluster.state.path("log")))

    def live_through(self, faults: list[Fault], seconds: float) -> None:
        """In the main thread: the processes end with the thread that started them."""
        began = time.monotonic()
        waiting = list(faults)
        while (now := time.monotonic() - began) < seconds or self._later:
            while waiting and waiting[0].at <= now:
                self._strike(waiting.pop(0))
            for entry in [one for one in self._later if one[0] <= time.monotonic()]:
                self._later.remove(entry)
                entry[1]()
            self.keep_running()
            time.sleep(0.02)

    def _strike(self, fault: Fault) -> None:
        self.struck[f"{fault.what} {_kind(fault.whom)}"] += 1
        process = self.cluster.running[fault.whom]
        sends = fault.whom in (*WORKERS, "watch") and fault.what.startswith("kill")
        window = Window(time.time(), ends_sender=sends or fault.what == "restart")
        self.trouble.append(window)
        if fault.what == "restart":
            self._restart_postgres(window)
        elif fault.what == "flush":
            with suppress(redis.RedisError, OSError):
                client_for(self.redis.url).flushall()
            window.ended = time.time()
        elif fault.what.startswith("kill"):
            self._kill(fault, process.pid, window)
        else:
            self._freeze(fault, process.pid, window)

    def _kill(self, fault: Fault, pid: int, window: Window) -> None:
        if fault.what == "kill-child":
            _send_child(pid, fault.which, signal.SIGKILL)  # its parent makes another
            window.ended = time.time()
            return
        if fault.what == "kill-parent":
            send(pid, signal.SIGKILL)
        else:
            kill_group(pid)
        self._away.add(fault.whom)
        self._after(fault.lasts, lambda: self._start_again(fault.whom, window))

    def _freeze(self, fault: Fault, pid: int, window: Window) -> None:
        if fault.what == "freeze-child":
            child = _send_child(pid, fault.which, signal.SIGSTOP)
        else:
            child = None
            _send_group(pid, signal.SIGSTOP)

        def go_on() -> None:
            if child is not None:
                send(child, signal.SIGCONT)
            _send_group(pid, signal.SIGCONT)
            window.ended = time.time()

        self._after(fault.lasts, go_on)

    def _start_again(self, name: str, window: Window) -> None:
        self.cluster.start_again(name)
        self._away.discard(name)
        window.ended = time.time()

    def _restart_postgres(self, window: Window) -> None:
        """An immediate shutdown, which writes nothing more, and a start that recovers from the log."""
        away = Window(window.began)
        self.postgres_away.append(away)
        process = self.cluster.running["postgres"]
        send(process.pid, signal.SIGQUIT)
        process.wait(30)
        self.cluster.start_postgres()
        away.ended = window.ended = time.time()

    def keep_running(self) -> None:
        """A process may end by itself when Redis or PostgreSQL went away under it."""
        for name in PRODUCT:
            if name not in self._away and self.cluster.running[name].poll() is not None:
                self.struck[f"ended by itself: {_kind(name)}"] += 1
                now = time.time()
                self.by_itself.append(Window(now, now, ends_sender=True))
                self.cluster.start_again(name)

    def _after(self, seconds: float, deed: Callable[[], None]) -> None:
        self._later.append((time.monotonic() + seconds, deed))


def _kind(name: str) -> str:
    return name.rstrip("-12")


def _send_group(pid: int, signal_number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal_number)


def _send_child(pid: int, which: int, signal_number: int) -> int | None:
    """To one of the worker's own processes, if it has any just now."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return None
    if not children:
        return None
    child = int(children[which % len(children)])
    send(child, signal_number)
    return child
