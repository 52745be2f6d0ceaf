"""The launcher as a person or a program starts it, in a checkout of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rozoom_support.local.processes import fingerprint, wait_until
from rozoom_support.local.state import State, read_json
from tests.local.conftest import bare_environment, copy_of_the_product, forget_sockets, local
from tests.local.demo import call, start

pytestmark = pytest.mark.processes


def manage(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=checkout, env=bare_environment(), capture_output=True, text=True, check=False)


def test_services_alone_serve_manage_py_refuse_a_second_start_and_stop_when_told(checkout: Path):
    nothing = manage(checkout, "showmigrations")
    assert nothing.returncode == 1
    assert nothing.stderr.startswith("No database: DATABASE_URL is not set and nothing runs in this checkout.")

    first = local(checkout, "services")
    assert first.stdout
    assert "Stop with Ctrl-C" in first.stdout.readline()
    asked = (
        "from django.db import connection as c; k = c.cursor(); k.execute('SELECT session_user'); print(k.fetchone())"
    )
    assert "('rozoom_app',)" in manage(checkout, "shell", "--no-imports", "-c", asked).stdout

    second = local(checkout, "demo")
    said, _ = second.communicate(timeout=20)
    assert second.returncode == 1
    assert said == f"already running (pid {first.pid}), stop it with make stop\n"

    third = local(checkout, "stop")
    said, _ = third.communicate(timeout=20)
    assert said == f"stopped (pid {first.pid})\n"
    assert first.wait(10) == 0
    assert "Traceback" not in first.stdout.read()
    assert not (checkout / "var" / "local.env.json").exists()


def test_a_wrong_port_and_a_server_that_is_not_there_are_said_in_a_sentence(checkout: Path):
    for options, words in [
        ({"PORT": "many"}, "PORT must be a number between 1 and 65535, not many."),
        ({"DATABASE_URL": "postgresql://a@127.0.0.1:1/b"}, "PostgreSQL at DATABASE_URL cannot be used:"),
    ]:
        process = local(checkout, "services", **options)
        said, _ = process.communicate(timeout=20)
        assert process.returncode == 1
        assert words in said
        assert "Traceback" not in said


def test_all_that_runs_may_be_killed_at_once(checkout: Path):
    first = local(checkout, "services")
    assert first.stdout
    first.stdout.readline()
    children = [pid for pid, _ in read_json(checkout / "var" / "children.json").values()]
    for pid in (first.pid, *children):
        os.kill(pid, signal.SIGKILL)
    first.wait()
    again = local(checkout, "services")
    assert again.stdout
    assert "Stop with Ctrl-C" in again.stdout.readline()
    os.kill(again.pid, signal.SIGINT)
    assert again.wait(10) == 0
    assert wait_until(lambda: not any(fingerprint(pid) for pid in children), seconds=5)


def test_run_starts_with_nobody_in_it_and_says_so(tmp_path: Path):
    checkout = copy_of_the_product(tmp_path)
    process, shown, said = start(checkout, "run", PORT="28100")
    try:
        assert (shown["people"], shown["tokens"]) == ([], [])
        assert "The first person: .venv/bin/python manage.py create_operator" in said
        asked = "from tenancy.models import Person; print(Person.objects.count())"
        counted = manage(checkout, "shell", "--no-imports", "-c", asked)
        assert counted.stdout.strip() == "0", counted.stderr
        page = call("GET", f"{shown['base_url']}/accounts/login/").body.decode()
        assert "This copy is for trying things" in page
        assert "sample data" not in page
    finally:
        os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=40)
        forget_sockets(State(checkout / "var"))
    assert process.returncode == 0
