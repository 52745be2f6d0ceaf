"""Asks the process that reads mail (reading/child.py). One for each process that asks, started when first needed."""

import json
import os
import select
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.conf import settings

from tickets.mail.reading.child import RESULT, SECONDS

COMMAND = [sys.executable, "-m", "tickets.mail.reading.child"]
PATIENCE = SECONDS + 15


class Unreadable(Exception):
    """This mail can not be read, and reading it again will not help. The words say why."""


class Reader:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0

    def read(self, raw: Path, folder: Path, *, envelope_from: str | None, **limits: float) -> dict[str, Any]:
        """What the mail says, its files in `folder`. Raises Unreadable."""
        return self._ask({"task": "read", "raw": str(raw), "envelope_from": envelope_from, **limits}, folder)

    def valid_signatures(self, raw: Path, folder: Path, *, keys: Mapping[str, str], wanted: int) -> list[str]:
        """The domains that truly signed it."""
        answer = self._ask({"task": "verify", "raw": str(raw), "keys": dict(keys), "wanted": wanted}, folder)
        return [str(domain) for domain in answer["valid"]]

    def _ask(self, request: dict[str, Any], folder: Path) -> dict[str, Any]:
        result = folder / RESULT
        result.unlink(missing_ok=True)
        with self._lock:
            said = self._exchange({**request, "folder": str(folder)})
        if said.get("ended"):
            raise Unreadable(str(said["ended"]))
        found: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        if found.get("unreadable"):
            raise Unreadable(str(found["unreadable"]))
        return found

    def _exchange(self, request: dict[str, Any]) -> dict[str, str]:
        """The process may have been killed since the last mail: then a new one is asked, once."""
        for attempt in range(2):
            process = self._running()
            try:
                return self._say(process, request)
            except (OSError, ValueError):
                self.stop()
                if attempt:
                    raise
        raise AssertionError("unreachable")

    def _say(self, process: subprocess.Popen[bytes], request: dict[str, Any]) -> dict[str, str]:
        if process.stdin is None or process.stdout is None:
            raise OSError("no pipes")
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        if not select.select([process.stdout], [], [], PATIENCE)[0]:
            raise TimeoutError("the reading process does not answer")
        answer: dict[str, str] = json.loads(process.stdout.readline())
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self._owner != os.getpid():  # a fork of whoever started it: its pipes are not ours
            self._process = None
        if self._process is None or self._process.poll() is not None:
            self._owner = os.getpid()
            self._process = subprocess.Popen(
                COMMAND,
                cwd=settings.BASE_DIR,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},  # no secret of ours
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._process

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        process.wait()


reader = Reader()
