"""The SMTP and LMTP door: a mail is ours, and the sender's server is told so, once its bytes and its row are on the disk."""

import asyncio
import logging
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, close_old_connections, connection

from tickets.mail.addresses import is_ours
from tickets.mail.storing import keep
from tickets.mail.working import work

log = logging.getLogger(__name__)
logging.getLogger("mail.log").setLevel(logging.WARNING)  # else every line of every session, with its addresses

POLL_SECONDS = 2.0
MOST_RECEIVERS = 20
MOST_SESSIONS = 40
KEEPERS = 2  # threads that write mails down
SESSION_SECONDS = 120
HOST = "support"


class Handler:
    """aiosmtpd's handler: only for our own addresses, and never more than the limit."""

    def __init__(self, door: str, wake: threading.Event) -> None:
        self.door = door
        self.wake = wake
        self.keepers = ThreadPoolExecutor(KEEPERS, thread_name_prefix="keep")
        self.sessions = 0

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not is_ours(address.lower()):
            return "550 5.1.1 nobody here has this address"
        if len(envelope.rcpt_tos) >= MOST_RECEIVERS:
            return "452 4.5.3 too many receivers"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        raw = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        envelope.content = envelope.original_content = None
        loop = asyncio.get_running_loop()
        try:
            number = await loop.run_in_executor(
                self.keepers, self.keep, raw, envelope.mail_from or "", list(envelope.rcpt_tos)
            )
        except (OSError, DatabaseError) as problem:
            log.warning("a mail was not taken: %s", type(problem).__name__)
            return "451 4.3.0 it could not be kept, try again later"
        self.wake.set()
        return f"250 2.0.0 kept as {number}"

    def keep(self, raw: bytes, sender: str, receivers: list[str]) -> int:
        try:
            return keep(raw, door=self.door, envelope_from=sender, envelope_to=receivers).pk
        finally:
            connection.close()  # nothing tells a thread of the pool that it ends


def address_of(url: str) -> tuple[str, str, int]:
    """smtp://127.0.0.1:2525 or lmtp://[::1]:24: (door, host, port)."""
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "lmtp") or not parts.hostname or not parts.port:
        raise ImproperlyConfigured("MAIL_LISTEN must look like smtp://127.0.0.1:2525 or lmtp://127.0.0.1:2424.")
    return parts.scheme, parts.hostname, parts.port


class OurSMTP(SMTP):
    """Some programs write a paragraph into one line: a mail turned away for that would be a mail lost. Each session may
    hold a whole mail in memory, so there are only so many of them."""

    line_length_limit = settings.LIMITS["mail_bytes"]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        handler: Handler = self.event_handler
        handler.sessions += 1
        if handler.sessions > MOST_SESSIONS and isinstance(transport, asyncio.WriteTransport):
            transport.write(b"421 4.3.2 too many sessions, try again later\r\n")
            transport.close()
            return
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.event_handler.sessions -= 1
        if self.session is not None:
            super().connection_lost(error)


class OurLMTP(OurSMTP, LMTP):
    pass


def protocol(door: str, handler: Handler, loop: asyncio.AbstractEventLoop) -> SMTP:
    kind = OurLMTP if door == "lmtp" else OurSMTP
    return kind(
        handler,
        hostname=HOST,
        ident="roZoom Support",
        data_size_limit=settings.LIMITS["mail_bytes"],
        enable_SMTPUTF8=True,
        timeout=SESSION_SECONDS,
        loop=loop,
    )


async def listen(door: str, listener: socket.socket, wake: threading.Event, stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    handler = Handler(door, wake)
    server = await loop.create_server(lambda: protocol(door, handler, loop), sock=listener, backlog=MOST_SESSIONS)
    await stop.wait()
    server.close()
    handler.keepers.shutdown(wait=True)


def read_on(wake: threading.Event, stopping: threading.Event) -> None:
    """Beside the door, in a thread: what was kept is read at once. What another process kept, every few seconds."""
    while not stopping.is_set():
        wake.wait(POLL_SECONDS)
        wake.clear()
        close_old_connections()
        try:
            work(seconds=30)
        except DatabaseError as problem:
            log.warning("mail waits: %s", type(problem).__name__)
            close_old_connections()
            stopping.wait(POLL_SECONDS)


def serve(door: str, listener: socket.socket) -> None:
    """Until SIGTERM or Ctrl-C; the mail that is being read is read to its end."""
    wake, stopping = threading.Event(), threading.Event()
    reading = threading.Thread(target=read_on, args=(wake, stopping), name="read")
    reading.start()

    async def run() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await listen(door, listener, wake, stop)

    try:
        asyncio.run(run())
    finally:
        stopping.set()
        wake.set()
        reading.join()


def open_socket(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    listener.listen(MOST_SESSIONS)
    return listener
