import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from rozoom_support.local.processes import Program, clean_environment, fingerprint, wait_until
from rozoom_support.local.state import LocalError, Lock, State, read_json
from rozoom_support.local.supervisor import DEATHS, Stopped, Supervisor

pytestmark = pytest.mark.processes
STAYS = """
import signal, sys, time
def stop(*_):
    time.sleep({delay})
    open({journal!r}, "a").write({name!r} + "\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGINT, stop)
open({journal!r} + ".up", "a").write({name!r} + "\\n")
time.sleep(60)
"""


def program(name: str, journal: Path, *, delay: float = 0.0, stop_signal: int = signal.SIGTERM) -> Program:
    code = STAYS.format(journal=str(journal), name=name, delay=delay)
    command = [sys.executable, "-I", "-S", "-c", code]
    return Program(name, command, clean_environment(), stop_signal=stop_signal)


def lines(file: Path) -> list[str]:
    return file.read_text().split() if file.exists() else []


def test_what_needs_others_stops_before_them(state: State, tmp_path: Path):
    journal = tmp_path / "journal"
    names = ["postgres", "redis", "mail", "worker", "web"]
    with Supervisor(state) as supervisor:
        for name in names:
            # Each takes longer than the one after it: only waiting keeps the order.
            delay = 0.3 - 0.05 * names[::-1].index(name)
            supervisor.start(program(name, journal, delay=delay))
        assert supervisor.wait_for(lambda: len(lines(tmp_path / "journal.up")) == len(names), seconds=10)
    assert set(lines(journal)[:2]) == {"web", "worker"}
    assert lines(journal)[2:] == ["mail", "redis", "postgres"]


def test_what_does_not_stop_is_killed(state: State, tmp_path: Path):
    said: list[str] = []
    stubborn = program("web", tmp_path / "journal", delay=30)
    stubborn = Program("web", stubborn.command, stubborn.environment, stop_seconds=0.3)
    with Supervisor(state, tell=said.append) as supervisor:
        supervisor.start(stubborn)
        pid = supervisor.children["web"].process.pid
        assert supervisor.wait_for(lambda: len(lines(tmp_path / "journal.up")) == 1, seconds=10)
    assert fingerprint(pid) is None
    assert said == ["web did not stop within 0 s and is killed"]


def test_a_process_that_dies_is_started_again_and_said(state: State, tmp_path: Path):
    said: list[str] = []
    with Supervisor(state, tell=said.append) as supervisor:
        supervisor.ready = True
        supervisor.start(program("worker", tmp_path / "journal"))
        first = supervisor.children["worker"].process.pid
        os.kill(first, signal.SIGKILL)
        assert supervisor.wait_for(lambda: len(lines(tmp_path / "journal.up")) == 1, seconds=10)
        assert supervisor.children["worker"].process.pid != first
        assert read_json(state.path("children.json"))["worker"][0] == supervisor.children["worker"].process.pid
    assert said == ["worker ended (SIGKILL), starting it again"]


def test_what_keeps_dying_ends_the_start_with_the_tail_of_its_log(state: State, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("rozoom_support.local.supervisor.FIRST_PAUSE", 0.02)
    said: list[str] = []
    command = [sys.executable, "-I", "-S", "-c", "print('no such table'); raise SystemExit(3)"]
    with Supervisor(state, tell=said.append) as supervisor:
        supervisor.ready = True
        supervisor.start(Program("beat", command, clean_environment()))
        with pytest.raises(LocalError, match=r"beat ended 5 times within a minute \(exit code 3\)(.|\n)*no such table"):
            supervisor.pause(30)
    assert len(said) == DEATHS - 1


def test_ctrl_c_ends_a_step_that_is_under_way(state: State):
    starter = textwrap.dedent("""
        import sys
        from pathlib import Path
        from rozoom_support.local.state import State
        from rozoom_support.local.supervisor import Step, Stopped, Supervisor
        state = State(Path(sys.argv[1]))
        try:
            with Supervisor(state) as supervisor:
                code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
                supervisor.run_steps([Step("migrate", [sys.executable, "-c", code], {})])
        except Stopped:
            sys.exit(7)
    """)
    process = subprocess.Popen([sys.executable, "-c", starter, str(state.folder)], start_new_session=True)
    log = state.log("migrate")
    assert wait_until(lambda: log.exists() and log.read_text().strip() != "", seconds=15)
    pid = int(log.read_text())
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(10) == 7
    assert fingerprint(pid) is None


@pytest.mark.skipif(sys.platform != "linux", reason="the death signal is Linux's")
def test_nothing_outlives_a_launcher_that_was_killed(state: State, tmp_path: Path):
    starter = textwrap.dedent("""
        import sys
        from pathlib import Path
        from rozoom_support.local.processes import Program, clean_environment
        from rozoom_support.local.state import State
        from rozoom_support.local.supervisor import Supervisor
        with Supervisor(State(Path(sys.argv[1]))) as supervisor:
            for name in ("web", "worker"):
                supervisor.start(Program(name, [sys.executable, "-c", sys.argv[2]], clean_environment()))
            supervisor.run_forever()
    """)
    journal = tmp_path / "journal"
    code = STAYS.format(journal=str(journal), name="x", delay=0)
    process = subprocess.Popen([sys.executable, "-c", starter, str(state.folder), code])
    assert wait_until(lambda: len(lines(tmp_path / "journal.up")) == 2, seconds=15)
    children = [pid for pid, _ in read_json(state.path("children.json")).values()]
    process.kill()
    process.wait()
    assert wait_until(lambda: not any(fingerprint(pid) for pid in children), seconds=5)
    assert len(lines(journal)) == 2  # asked, not killed
    assert Lock(state.lock_file).holder() is None


def test_a_second_supervisor_in_the_same_folder_is_refused(state: State):
    with Supervisor(state) as supervisor:
        supervisor.lock.note("running")
        with pytest.raises(LocalError, match=rf"already running \(pid {os.getpid()}\), stop it with make stop"):
            Supervisor(state).__enter__()
        assert Lock(state.lock_file).holder() == {"pid": os.getpid(), "status": "running"}
    assert Lock(state.lock_file).holder() is None


def test_a_stop_asked_for_is_raised_where_the_launcher_waits(state: State):
    with Supervisor(state) as supervisor:
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Stopped):
            supervisor.pause(5)
