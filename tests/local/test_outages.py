"""Bad days of a running product: Redis silent, emptied and dead; PostgreSQL dead while tickets are filed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import redis

from rozoom_support.local.state import State, read_json
from tests.local.conftest import bare_environment
from tests.local.demo import Answer, call, start, token_with

pytestmark = pytest.mark.processes

REPORT = {
    "description": "It does not move.",
    "impact": {"service": "complete", "workaround": "no", "business": "stopped", "mission_critical": "yes"},
}


@dataclass
class Running:
    checkout: Path
    demo: dict[str, Any]

    def pid(self, name: str) -> int:
        return read_json(self.checkout / "var" / "children.json")[name][0]

    def call(self, method: str, path: str, token: str, **options: Any) -> Answer:
        return call(method, f"{self.demo['base_url']}/api/v1/{path}", token=token, **options)

    def mails_about(self, reference: str) -> list[dict[str, Any]]:
        found = call("GET", f"{self.demo['mail_url']}/api/mails").json
        return [mail for mail in found if reference in mail["subject"]]


@pytest.fixture(scope="module")
def running(checkout: Path) -> Iterator[Running]:
    process, demo, _ = start(checkout, PORT="28100")
    yield Running(checkout, demo)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=40)


def until(condition: Any, *, seconds: float) -> Any:
    end_at = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end_at:
        time.sleep(0.1)
    return found


def file_and_answer(running: Running, subject: str) -> str:
    filed = running.call("POST", "tickets/", token_with(running.demo, "tickets:write", organisation="ACME"),
                         data={**REPORT, "subject": subject})  # fmt: skip
    assert filed.status == 201, filed.body
    reference = filed.json["reference"]
    answer = running.call(
        "POST",
        f"tickets/{reference}/messages/",
        token_with(running.demo, "tickets:answer", organisation="ROZOOM"),
        data={"kind": "public", "body": "We are on it."},
    )
    assert answer.status == 201, answer.body
    return reference


def test_without_redis_filing_and_answering_go_on_and_mail_follows(running: Running):
    os.kill(running.pid("redis"), signal.SIGSTOP)
    try:
        silent = file_and_answer(running, "Filed while Redis is silent")
    finally:
        os.kill(running.pid("redis"), signal.SIGCONT)
    os.kill(running.pid("redis"), signal.SIGKILL)
    dead = file_and_answer(running, "Filed while Redis is dead")
    socket = State.at(running.checkout / "var").socket_folder() / "redis.sock"
    broker = redis.Redis(unix_socket_path=str(socket))
    assert until(lambda: _answers(broker), seconds=20)
    broker.flushall()
    emptied = file_and_answer(running, "Filed after Redis was emptied")
    for reference in (silent, dead, emptied):
        promise = running.call("GET", f"tickets/{reference}/", token_with(running.demo, "tickets:read")).json
        assert promise["response"]["outcome"] == "MET"
        assert until(lambda ref=reference: running.mails_about(ref), seconds=60), reference


def _answers(broker: redis.Redis) -> bool:
    try:
        return bool(broker.ping())
    except redis.RedisError:
        return False


@dataclass
class Client:
    """Files tickets one after another and asks again with the same key until each is filed, as an outside program does."""

    running: Running
    token: str
    number: int
    enough: threading.Event
    reports: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    filed: dict[str, str] = field(default_factory=dict)

    def work(self) -> None:
        while not self.enough.wait(0.2):
            key, mine = str(uuid4()), f"OUT-{self.number}-{self.reports}"
            self.reports += 1
            end_at = time.monotonic() + 60
            while key not in self.filed and time.monotonic() < end_at:
                self.ask(key, mine)

    def ask(self, key: str, mine: str) -> None:
        report = {**REPORT, "subject": f"Lift {mine}", "external_reference": mine}
        try:
            reply = self.running.call("POST", "tickets/", self.token, data=report, **{"Idempotency-Key": key})
        except (OSError, HTTPException):
            self.statuses[0] += 1
            return
        self.statuses[reply.status] += 1
        if reply.status == 201:
            self.filed[key] = reply.json["reference"]
        else:
            assert reply.headers.get("content-type") == "application/problem+json"
            time.sleep(0.2)


def test_postgresql_killed_while_tickets_are_filed_is_seconds_of_503_and_nothing_half_done(running: Running):
    enough = threading.Event()
    clients = [
        Client(running, token_with(running.demo, "tickets:write", organisation=code), number, enough)
        for number, code in enumerate(("ACME", "BOLT"))
    ]
    threads = [threading.Thread(target=client.work) for client in clients]
    for thread in threads:
        thread.start()
    for how in (signal.SIGQUIT, signal.SIGKILL):  # an immediate shutdown, then the power cut
        time.sleep(0.5)
        os.kill(running.pid("postgres"), how)
        assert until(lambda: call("GET", f"{running.demo['base_url']}/readyz").status == 503, seconds=5)
        assert until(lambda: call("GET", f"{running.demo['base_url']}/readyz").status == 200, seconds=30)
    time.sleep(0.5)
    enough.set()
    for thread in threads:
        thread.join()
    for client in clients:
        assert len(client.filed) == len(set(client.filed.values())) == client.reports
        assert set(client.statuses) <= {201, 503}, client.statuses
        assert client.statuses[503] > 0
        for mine in {f"OUT-{client.number}-{n}" for n in range(client.reports)}:
            (found,) = running.call("GET", f"tickets/?external_reference={mine}", client.token).json["results"]
            assert found["reference"] in client.filed.values()
            assert found["response"]["outcome"] == "RUNNING"
            promises = running.call("GET", f"tickets/{found['reference']}/promise/", client.token).json["promises"]
            assert [one["kind"] for one in promises] == ["FIRST"]
    audit = subprocess.run(
        [sys.executable, "manage.py", "verify_audit"],
        cwd=running.checkout,
        env=bare_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert audit.returncode == 0, audit.stdout + audit.stderr
