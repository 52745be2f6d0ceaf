"""One request to a stranger's server: to an address that was judged, no longer than a few seconds, no further than there.

Nothing here touches the database, so that threads can do it.
"""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import SplitResult, urlsplit

from notifications.webhooks import wall

CONNECT_WITHIN = 4.0  # seconds, for each address
ANSWER_WITHIN = 10.0  # seconds for all of it
KEPT_OF_ANSWER = 1000  # characters
READ_OF_ANSWER = 16 * 1024  # bytes; the rest is not asked for
GONE = 410


@dataclass(frozen=True)
class Result:
    """`status` is None when no answer came; `retry_after` are the seconds the receiver asks us to wait."""

    status: int | None
    error: str
    answer: str = ""
    ms: int = 0
    retry_after: int | None = None

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Call:
    """Runs in a thread of its own. `abandon` ends it from outside: a server that sends one byte a second, or a name server
    that never answers, must not keep anybody."""

    def __init__(self, url: str, headers: Mapping[str, str], body: bytes) -> None:
        self._url, self._headers, self._body = url, headers, body
        self._socket: socket.socket | None = None
        self._began = time.monotonic()
        self._abandoned = False
        self.result: Result | None = None
        self.thread = threading.Thread(target=self._run, name="webhook", daemon=True)

    def start(self) -> None:
        self._began = time.monotonic()
        self.thread.start()

    @property
    def is_over_time(self) -> bool:
        return time.monotonic() - self._began > ANSWER_WITHIN

    def abandon(self) -> Result:
        self._abandoned = True
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        return Result(None, f"No whole answer within {ANSWER_WITHIN:.0f} seconds", ms=self._ms())

    def _ms(self) -> int:
        return round((time.monotonic() - self._began) * 1000)

    def _run(self) -> None:
        try:
            status, answer, retry_after = self._post(urlsplit(self._url))
            error = "" if 200 <= status < 300 else said(status)
            self.result = Result(status, error, answer, self._ms(), retry_after)
        except Exception as failed:
            self.result = Result(None, words_of(failed), ms=self._ms())
        finally:
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.close()

    def _post(self, parts: SplitResult) -> tuple[int, str, int | None]:
        host, port = parts.hostname or "", wall.port_of(parts)
        wall.check_url(self._url)  # again: what was allowed when it was entered may not be any more
        connection = http.client.HTTPConnection(host, port)
        connection.sock = self._connect(parts, host, port)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, self._body, {**self._headers, "Host": _host_header(parts)})
        answer = connection.getresponse()
        content = answer.read(READ_OF_ANSWER).decode("utf-8", "replace")
        kept = "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in content)
        return answer.status, kept[:KEPT_OF_ANSWER].strip(), _seconds(answer.getheader("Retry-After"))

    def _connect(self, parts: SplitResult, host: str, port: int) -> socket.socket:
        """To one of the very addresses that were judged; the name is not looked up a second time."""
        failed: OSError | None = None
        for address in wall.addresses_of(host, port):
            if self._abandoned or self.is_over_time:
                break
            try:
                plain = socket.create_connection((address, port), timeout=CONNECT_WITHIN)
            except OSError as error:
                failed = error
                continue
            plain.settimeout(ANSWER_WITHIN)
            self._socket = plain
            if parts.scheme == "https":
                self._socket = _tls().wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
                self._socket.do_handshake()
            if self._abandoned:
                break
            return self._socket
        raise failed or TimeoutError


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _host_header(parts: SplitResult) -> str:
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return host if parts.port is None else f"{host}:{parts.port}"


def _seconds(header: str | None) -> int | None:
    return int(header) if header and header.isascii() and header.isdigit() and len(header) < 8 else None


def said(status: int) -> str:
    if 300 <= status < 400:
        return f"Answered {status}, which leads elsewhere. Redirects are not followed: enter the final address"
    if status == GONE:
        return "Answered 410: gone for good"
    name = http.client.responses.get(status, "")
    return f"Answered {status} {name}".strip()


def words_of(failed: Exception) -> str:
    """For the people who own the receiver. Never where inside a network we looked."""
    if isinstance(failed, wall.NotAllowedThere):
        return str(failed)
    if isinstance(failed, ssl.SSLCertVerificationError):
        return f"Its certificate is not trusted: {failed.verify_message}"[:300]
    if isinstance(failed, ssl.SSLError):
        return f"No secure connection: {failed.reason or 'TLS failed'}"[:300]
    if isinstance(failed, socket.gaierror):
        return "The name of the host is not known"
    if isinstance(failed, TimeoutError):
        return "No answer in time"
    if isinstance(failed, ConnectionRefusedError):
        return "The host does not take connections on this port"
    if isinstance(failed, http.client.HTTPException):
        return "The answer was no HTTP"
    if isinstance(failed, OSError):
        return "The connection broke off"
    return "It could not be sent"
