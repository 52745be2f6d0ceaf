"""A mail server that keeps what it took: which Message-ID for whom, in order."""

from collections import Counter
from dataclasses import dataclass, field
from email.parser import BytesHeaderParser
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope


@dataclass
class PostBox:
    """`taken`: (Message-ID, recipient, subject) of each mail; written by the server's thread alone."""

    taken: list[tuple[str, str, str]] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        content = envelope.content
        heads = BytesHeaderParser().parsebytes(content if isinstance(content, bytes) else b"")
        for recipient in envelope.rcpt_tos:
            self.taken.append((str(heads["Message-ID"]).strip(), recipient, str(heads["Subject"])))
        return "250 taken"

    def count(self) -> Counter[str]:
        return Counter(message_id for message_id, _, _ in self.taken)


class MailServer(Controller):
    """`server.port` is any free one."""

    def __init__(self, box: PostBox) -> None:
        super().__init__(box, hostname="127.0.0.1", port=0)

    def _trigger_server(self) -> None:
        # The base class connects once to its port, which 0 does not name.
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()
