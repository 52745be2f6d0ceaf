"""A mail server that counts, and misbehaves as it is told: aiosmtpd on loopback."""

import asyncio
import email
import logging
import threading
from collections import Counter
from collections.abc import Callable
from email.message import Message
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

logging.getLogger("mail.log").setLevel(logging.WARNING)  # what the server says of each line it reads

Answer = Callable[[Message], str | None]


class Handler:
    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.recipients: list[str] = []
        self.sessions: set[int] = set()
        self.at_rcpt: Callable[[str], str | None] = lambda address: None
        self.at_data: Answer = lambda message: None
        self.hang_up_after_data = False
        self.hang_up_after = 0  # mails in one session
        self.used_up_after = 0  # the same, but it says so at the next one
        self.delay = 0.0
        self._in_session: Counter[int] = Counter()
        self._lock = threading.Lock()

    async def handle_MAIL(self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        if self.used_up_after and self._in_session[id(session)] >= self.used_up_after:
            del self._in_session[id(session)]  # the next one may get the same number
            asyncio.get_running_loop().call_later(0.0002, server.transport.close)
            return "421 4.7.0 too many mails over this connection"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        if refusal := self.at_rcpt(address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        message = email.message_from_bytes(envelope.content)
        if refusal := self.at_data(message):
            return refusal
        if self.delay:
            await asyncio.sleep(self.delay)
        with self._lock:
            self.mails.append(message)
            self.recipients.extend(envelope.rcpt_tos)
            self.sessions.add(id(session))
            self._in_session[id(session)] += 1
        if self.hang_up_after_data:
            server.transport.abort()
        elif self._in_session[id(session)] == self.hang_up_after:
            asyncio.get_running_loop().call_later(0.0002, server.transport.close)
        return "250 taken"

    @property
    def message_ids(self) -> list[str]:
        return [str(mail["Message-ID"]) for mail in self.mails]


class MailServer(Controller):
    """`server.port` is any free one."""

    def __init__(self, handler: Handler, **how: Any) -> None:
        super().__init__(handler, hostname="127.0.0.1", port=0, **how)

    def _trigger_server(self) -> None:
        """The base class connects once to its port to make the server start, which 0 does not name."""
        if self.server is not None:
            self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
        super()._trigger_server()
