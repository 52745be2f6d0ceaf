"""Starting, recognising and ending the processes of one checkout."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rozoom_support.local.state import ROOT, State, read_json, write_json

CHILD = Path(__file__).with_name("child.py")
LOG_BYTES = 10 * 1024 * 1024
Identity = Literal["self", "namespace", "nobody"]


@dataclass(frozen=True)
class Program:
    """How one child is started and stopped."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    stop_signal: int = signal.SIGTERM
    stop_seconds: float = 10
    death_signal: int = signal.SIGTERM
    run_as: Identity = "self"
    pass_fds: tuple[int, ...] = ()
    before_start: Callable[[], None] | None = None


def clean_environment() -> dict[str, str]:
    """Ours without what would redirect PostgreSQL's own programs and libraries."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "PYTHONUNBUFFERED": "1"}


def spawn(program: Program, log: Path) -> subprocess.Popen[bytes]:
    """In a session of its own, so that Ctrl-C reaches the launcher alone, which stops everything in order."""
    if program.before_start:
        program.before_start()
    helper = [sys.executable, "-I", "-S", str(CHILD), "--parent", str(os.getpid())]
    helper += ["--death-signal", str(int(program.death_signal)), "--as", program.run_as, "--"]
    with log.open("ab") as stream:
        return subprocess.Popen(
            [*helper, *program.command],
            cwd=ROOT,
            env=dict(program.environment),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=program.pass_fds,
        )


def end(process: subprocess.Popen[bytes], signal_number: int, seconds: float) -> bool:
    """Asks, waits, then kills the whole group. True when asking was enough."""
    if process.poll() is None:
        send(process.pid, signal_number)
    try:
        process.wait(seconds)
        return True
    except subprocess.TimeoutExpired:
        kill_group(process.pid)
        process.wait()
        return False


def send(pid: int, signal_number: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal_number)


def kill_group(pid: int) -> None:
    """The child and what it started. Also right after the child's own end: then what it may have left behind."""
    with suppress(ProcessLookupError, PermissionError):  # nobody left; macOS says "not permitted" of zombies
        os.killpg(pid, signal.SIGKILL)


def fingerprint(pid: int) -> str | None:
    """When this process was started, so that a pid used again is not taken for ours. None when dead or a zombie."""
    if sys.platform == "linux":
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else fields[19]
    found = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, started = found.stdout.strip().partition(" ")
    return None if not state or state.startswith("Z") else started.strip()


def remember_children(state: State, pids: Mapping[str, int]) -> None:
    write_json(state.path("children.json"), {name: [pid, fingerprint(pid)] for name, pid in pids.items()})


def end_leftovers(state: State, *, seconds: float = 10) -> None:
    """Ends what a killed launcher left behind. PostgreSQL has its own way (postgres.clear_stale)."""
    file = state.path("children.json")
    children = {name: known for name, known in (read_json(file) or {}).items() if name != "postgres"}
    left = {pid for pid, mark in children.values() if mark and fingerprint(pid) == mark}
    left |= orphans({pid for pid, _ in children.values()} - left)
    for pid in left:
        send(pid, signal.SIGTERM)
    if not wait_until(lambda: not any(fingerprint(pid) for pid in left), seconds=seconds):
        for pid in left:
            send(pid, signal.SIGKILL)
        wait_until(lambda: not any(fingerprint(pid) for pid in left), seconds=2)
    file.unlink(missing_ok=True)


def orphans(leaders: set[int]) -> set[int]:
    """What dead leaders started, such as gunicorn's workers, which hold the port for a second longer. Linux only."""
    found: set[int] = set()
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError):
            state, _, group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
            if int(group) in leaders and state not in "ZX" and (entry / "cwd").samefile(ROOT):
                found.add(int(entry.name))
    return found


def wait_until(condition: Callable[[], bool], *, seconds: float, pause: float = 0.05) -> bool:
    end_at = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end_at:
            return False
        time.sleep(pause)
    return True


def tail(log: Path, lines: int = 20) -> str:
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - 16_384))
            text = stream.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def cap_log(log: Path, limit: int = LOG_BYTES) -> None:
    """Keeps one older log. The writer appends to the same file, so it is emptied, not moved."""
    if log.exists() and log.stat().st_size > limit:
        shutil.copyfile(log, log.with_suffix(".log.1"))
        os.truncate(log, 0)
