"""A body that arrives slowly: it is taken, it holds nothing open, and it is judged when it is here. Over a real connection."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.utils import timezone

from tenancy.context import Context, work_unit
from tenancy.models import ApiToken
from tests.api.calls import TICKETS, count_tickets, report
from tests.world import World, token

IDLE = 0.3  # seconds until the database ends an idle transaction here; the product allows 30
BOUNDARY = "slowly"
FORM = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="body"\r\n\r\nSee the log.\r\n'
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="door.log"\r\n\r\nE42\r\n--{BOUNDARY}--\r\n'
)


@pytest.fixture(autouse=True)
def _impatient_database(monkeypatch: Any) -> None:
    """For the connections that the server's threads open."""
    timeouts = f"-c lock_timeout=1000 -c idle_in_transaction_session_timeout={int(IDLE * 1000)}"
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "options", timeouts)


class Slow:
    """A request whose head and first bytes have been sent."""

    def __init__(self, wire: socket.socket, rest: bytes) -> None:
        self.wire, self.rest = wire, rest

    def finish(self) -> tuple[int, Any]:
        self.wire.sendall(self.rest)
        answer = b""
        while piece := self.wire.recv(65536):
            answer += piece
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(body)


@contextmanager
def begin(server: Any, secret: str, path: str, body: str, kind: str) -> Iterator[Slow]:
    at, raw = urlsplit(server.url), body.encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {at.netloc}\r\nAuthorization: Bearer {secret}\r\nConnection: close\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(raw)}\r\n\r\n"
    )
    with socket.create_connection((at.hostname, at.port), timeout=10) as wire:
        wire.sendall(head.encode() + raw[:20])
        time.sleep(IDLE * 3)
        yield Slow(wire, raw[20:])


def slow_report(server: Any, secret: str) -> Any:
    return begin(server, secret, TICKETS, json.dumps(report()), "application/json")


def test_a_report_that_takes_longer_than_an_idle_transaction_may_is_filed(
    lasting_world: World, live_server: Any
) -> None:
    with slow_report(live_server, token(lasting_world.acme)) as slow:
        status, answer = slow.finish()
    assert (status, answer.get("reference")) == (201, "ACME-1")


def test_so_is_a_form_with_files(lasting_world: World, live_server: Any, api: Any) -> None:
    secret = token(lasting_world.acme)
    reference = api(lasting_world.acme).post(TICKETS, report()).json()["reference"]
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    with begin(live_server, secret, f"{TICKETS}{reference}/messages/", FORM, kind) as slow:
        status, answer = slow.finish()
    assert (status, [file["name"] for file in answer.get("files", [])]) == (201, ["door.log"])


def test_the_tokens_other_calls_do_not_wait_for_it(lasting_world: World, live_server: Any, api: Any) -> None:
    program = api(lasting_world.acme)
    secret = program.headers["authorization"].removeprefix("Bearer ")
    with slow_report(live_server, secret) as slow:
        with work_unit(Context("staff")):
            assert ApiToken.objects.get().last_used_at is not None, "noted before the body is here"
            ApiToken.objects.update(last_used_at=None)  # due to be noted again
        assert program.get("/api/v1/me/").status_code == 200
        assert slow.finish()[0] == 201


def test_a_token_withdrawn_meanwhile_files_nothing(lasting_world: World, live_server: Any) -> None:
    with slow_report(live_server, token(lasting_world.acme)) as slow:
        with work_unit(Context("staff")):
            ApiToken.objects.update(revoked_at=timezone.now())
        status, answer = slow.finish()
    assert (status, answer["code"]) == (401, "token_refused")
    assert count_tickets() == 0
