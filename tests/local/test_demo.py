"""`make demo` as a whole: from nothing to ready, killed at once, ready again with its data, stopped by Ctrl-C."""

import http.client
import json
import os
import signal
import stat
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from rozoom_support.local.processes import fingerprint
from rozoom_support.local.state import read_json
from tests.local.conftest import local

pytestmark = pytest.mark.processes


def get(url: str, **headers: str) -> tuple[int, Any]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request("GET", parts.path, headers=headers)
    reply = connection.getresponse()
    body = reply.read()
    connection.close()
    return reply.status, body


def start(checkout: Path) -> tuple[subprocess.Popen[str], dict[str, Any], str]:
    """The process, what it wrote for programs, and what it said until it was ready."""
    process = local(checkout, "demo", PORT="28000")
    assert process.stdout
    said = ""
    while "Stop with Ctrl-C" not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    demo = checkout / "var" / "demo.json"
    assert stat.S_IMODE(demo.stat().st_mode) == 0o600
    return process, read_json(demo), said


def tickets(demo: dict[str, Any]) -> list[dict[str, Any]]:
    token = next(token["token"] for token in demo["tokens"] if "tickets:read" in token["scopes"])
    status, body = get(f"{demo['base_url']}/api/v1/tickets/", Authorization=f"Bearer {token}")
    assert status == 200, body
    return json.loads(body)["results"]


def test_it_starts_survives_a_kill_of_everything_and_stops(checkout: Path):
    first, demo, said = start(checkout)
    assert demo["people"][0]["email"] in said
    assert {"base_url", "mail_url", "people", "tokens"} == set(demo)
    assert all({"email", "password", "role", "organisation"} <= set(person) for person in demo["people"])
    assert get(f"{demo['base_url']}/readyz")[0] == 200
    assert get(f"{demo['mail_url']}/healthz") == (200, b"ok\n")
    before = {ticket["reference"] for ticket in tickets(demo)}
    assert before

    children = {name: pid for name, (pid, _) in read_json(checkout / "var" / "children.json").items()}
    assert set(children) == {"postgres", "redis", "mail", "web", "worker", "beat", "watch"}
    for pid in (first.pid, *children.values()):
        os.kill(pid, signal.SIGKILL)
    first.wait()

    second, again, said = start(checkout)
    assert "Preparing the database" not in said  # nothing had changed
    assert again["tokens"] == demo["tokens"]
    assert again["people"] == demo["people"]
    assert again["base_url"] == demo["base_url"]  # nothing of the first start holds the port any more
    assert before <= {ticket["reference"] for ticket in tickets(again)}
    children = [pid for pid, _ in read_json(checkout / "var" / "children.json").values()]
    asked = time.monotonic()
    os.kill(second.pid, signal.SIGINT)
    last_words, _ = second.communicate(timeout=40)
    assert second.returncode == 0
    assert time.monotonic() - asked < 20
    assert last_words == "\nStopping\n"
    assert not any(fingerprint(pid) for pid in children)
    assert not (checkout / "var" / "demo.json").exists()
