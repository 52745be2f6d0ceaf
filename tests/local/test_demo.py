"""`make demo` as a whole: from nothing to ready, killed at once, ready again with its data, stopped by Ctrl-C."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from rozoom_support.local.processes import fingerprint
from rozoom_support.local.state import read_json
from tests.local.demo import call, start, token_with

pytestmark = pytest.mark.processes


def tickets(demo: dict[str, Any]) -> list[dict[str, Any]]:
    reply = call("GET", f"{demo['base_url']}/api/v1/tickets/", token=token_with(demo, "tickets:read"))
    assert reply.status == 200, reply.body
    return reply.json["results"]


def test_it_starts_survives_a_kill_of_everything_and_stops(checkout: Path):
    first, demo, said = start(checkout, PORT="28000")
    assert demo["people"][0]["email"] in said
    assert {"base_url", "mail_url", "mail_in_url", "people", "tokens"} == set(demo)
    assert all({"email", "password", "role", "organisation"} <= set(person) for person in demo["people"])
    assert call("GET", f"{demo['base_url']}/readyz").status == 200
    assert b"Demo with sample data." in call("GET", f"{demo['base_url']}/accounts/login/").body
    assert call("GET", f"{demo['mail_url']}/healthz").body == b"ok\n"
    before = {ticket["reference"] for ticket in tickets(demo)}
    assert before

    children = {name: pid for name, (pid, _) in read_json(checkout / "var" / "children.json").items()}
    assert set(children) == {"postgres", "redis", "mail", "web", "worker", "beat", "watch", "mail-in"}
    for pid in (first.pid, *children.values()):
        os.kill(pid, signal.SIGKILL)
    first.wait()

    second, again, said = start(checkout, PORT="28000")
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
