"""A running demo in another checkout, and calls to it."""

import http.client
import json
import stat
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from rozoom_support.local.state import read_json
from tests.local.conftest import local


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def call(method: str, url: str, *, token: str = "", data: Any = None, **headers: str) -> Answer:
    """Raises OSError or HTTPException when nobody answers."""
    parts = urlsplit(url)
    if token:
        headers["Authorization"] = f"Bearer {token}"
    if data is not None:
        headers["Content-Type"] = "application/json"
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        connection.request(
            method, f"{parts.path}?{parts.query}", json.dumps(data) if data is not None else None, headers
        )
        reply = connection.getresponse()
        return Answer(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())
    finally:
        connection.close()


def start(checkout: Path, command: str = "demo", **options: str) -> tuple[subprocess.Popen[str], dict[str, Any], str]:
    """The process, what it wrote for programs, and what it said until it was ready."""
    process = local(checkout, command, **options)
    assert process.stdout
    said = ""
    while "Stop with Ctrl-C" not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    demo = checkout / "var" / "demo.json"
    assert stat.S_IMODE(demo.stat().st_mode) == 0o600
    return process, read_json(demo), said


def token_with(demo: dict[str, Any], *scopes: str, organisation: str = "") -> str:
    return next(
        token["token"]
        for token in demo["tokens"]
        if set(scopes) <= set(token["scopes"]) and organisation in token["organisation"]
    )
