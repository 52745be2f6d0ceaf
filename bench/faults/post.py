"""A mail server that misbehaves as it is told and writes down what it took and what it refused, and when."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope

from bench.faults.schedule import Fault, Window

WELL = ""
SLOW = (0.1, 0.6)  # seconds before each answer, while it is slow
STALL = 12.0  # seconds; the product waits for ten
STALL_AFTER_DATA = 31.0  # it waits for thirty there
STALLS = 0.08  # of its answers
WAITS = 10.0  # seconds longer, for a mood that nobody has felt: PostgreSQL may be away, and no mail comes
FEW = 3  # mails it takes over one connection
TAKEN = "250 taken"


@dataclass(frozen=True)
class Copy:
    """One mail it has. `thread` is the root of the ticket. `hidden`: why the client could not know that it was taken."""

    at: float
    message_id: str
    recipient: str
    thread: str
    subject: str
    hidden: str = ""


@dataclass(frozen=True)
class Refusal:
    """`message_id` is "" when it had not got that far. `code` 0: it hung up instead."""

    at: float
    step: str
    code: int
    recipient: str = ""
    message_id: str = ""


@dataclass
class PostBox:
    """Written by the server's thread alone, but for the mood. `gone`: addresses refused for ever, and when."""

    gone: Mapping[str, str] = field(default_factory=dict)
    seed: int = 0
    copies: list[Copy] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    mood: str = WELL
    felt: int = 0  # answers that its mood has changed

    def __post_init__(self) -> None:
        self._dice = random.Random(f"answers {self.seed}")
        self._seen: set[tuple[str, ...]] = set()

    def be(self, mood: str) -> None:
        """In the server's thread. Whoever is greylisted is greylisted anew each time."""
        self.mood, self.felt = mood, 0
        self._seen.clear()

    def refuse(self, step: str, answer: str, recipient: str = "", message_id: str = "") -> str:
        if self.gone.get(recipient) != step:
            self.felt += 1
        self.refusals.append(Refusal(time.time(), step, int(answer[:3] or 0), recipient, message_id))
        return answer

    def pause(self) -> float:
        """Seconds before the next answer."""
        found = 0.0
        if self.mood == "slow":
            found = self._dice.uniform(*SLOW)
        elif self.mood == "stalls" and self._dice.random() < STALLS:
            found = STALL
        self.felt += found > 0
        return found

    # --- what the server asks, by the names aiosmtpd gives it ---------------------------------------------------------

    async def handle_MAIL(  # noqa: N802
        self, server: "Door", session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        used_up = self.mood == "few a connection" and server.taken >= FEW
        if self.mood == "421 at MAIL" or used_up:
            _hang_up(server)
            return self.refuse("used up" if used_up else "MAIL", "421 4.7.0 not over this connection")
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: "Door", session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.mood == "421 at RCPT":
            _hang_up(server)
            return self.refuse("RCPT", "421 4.3.2 too busy", address)
        if self.gone.get(address) == "RCPT":
            return self.refuse("RCPT", "550 5.1.1 no such user", address)
        if self._is_first(address):
            return self.refuse("RCPT", "450 4.7.1 greylisted", address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: "Door", session: Any, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        heads = BytesHeaderParser().parsebytes(content if isinstance(content, bytes) else b"")
        message_id, recipient = str(heads["Message-ID"]).strip(), envelope.rcpt_tos[0]
        if server.transport is None or server.transport.is_closing():
            return self.refuse("closed", "", recipient, message_id)
        if self.gone.get(recipient) == "DATA":
            return self.refuse("DATA", "554 5.7.1 not wanted here", recipient, message_id)
        if self._is_first(recipient, message_id):
            return self.refuse("DATA", "451 4.7.1 greylisted", recipient, message_id)
        if self.mood == "closes, mail not taken":
            server.transport.abort()
            return self.refuse("closed", "", recipient, message_id)
        return await self._take(server, heads, recipient)

    async def _take(self, server: "Door", heads: Message, recipient: str) -> str:
        closes, pause = self.mood == "closes, mail taken", self.pause()
        pause = STALL_AFTER_DATA if pause == STALL else pause
        hidden = "closed" if closes else "answered too late" if pause == STALL_AFTER_DATA else ""
        message_id, thread = (str(heads[name] or "").strip() for name in ("Message-ID", "References"))
        copy = Copy(time.time(), message_id, recipient, thread.split(" ")[0], str(heads["Subject"]), hidden)
        self.copies.append(copy)
        self.felt += bool(hidden)
        server.taken += 1
        if closes and server.transport is not None:
            server.transport.abort()
        elif self.mood == "few a connection" and server.taken == FEW and self._dice.random() < 0.5:
            self.felt += 1
            _hang_up(server)
        if pause:
            await asyncio.sleep(pause)
        return TAKEN

    def _is_first(self, *what: str) -> bool:
        if self.mood != "greylists" or what in self._seen:
            return False
        self._seen.add(what)
        return True


class Door(SMTP):
    """One connection. `taken`: mails over it."""

    taken = 0

    async def _handle_client(self) -> None:
        box: PostBox = self.event_handler
        if box.mood == "421 at the greeting":
            box.refuse("greeting", "421 4.3.2 too busy")
            await self.push("421 4.3.2 too busy")
            _hang_up(self)
            return
        await super()._handle_client()

    async def push(self, status: Any) -> None:
        if status != TAKEN and not str(status).startswith("250-"):
            await asyncio.sleep(self.event_handler.pause())
        # Nothing is awaited between noting a mail and this, so that a server that goes down hides no 250 unseen.
        await super().push(status)


def _hang_up(server: SMTP) -> None:
    """As soon as what was said is out."""

    def close() -> None:
        if server.transport is not None:
            server.transport.close()

    asyncio.get_running_loop().call_later(0.0002, close)


class MailServer(Controller):
    """`server.port` is any free one at first, and stays the same."""

    def __init__(self, box: PostBox) -> None:
        super().__init__(box, hostname="127.0.0.1", port=0)
        self.box = box
        self._doors: list[Door] = []

    def factory(self) -> Door:
        self._doors = [one for one in self._doors if one.transport is not None]
        self._doors.append(Door(self.handler, **self.SMTP_kwargs))
        return self._doors[-1]

    def be(self, mood: str) -> None:
        """Returns when it is so."""
        asyncio.run_coroutine_threadsafe(self._be(mood), self.loop).result(10)

    async def _be(self, mood: str) -> None:
        self.box.be(mood)
        if mood == "down" and self.server is not None:
            self.server.close()
            for door in self._doors:
                if door.transport is not None:
                    door.transport.close()
        elif self.server is not None and not self.server.is_serving():
            self.server = await self._create_server()

    def live_through(self, moods: Sequence[Fault], windows: list[Window], struck: Counter[str]) -> None:
        """In a thread of its own. Each mood lasts until it was felt as well, and those after it come later then."""
        late, began = 0.0, time.monotonic()
        for mood in moods:
            time.sleep(max(0.0, began + mood.at + late - time.monotonic()))
            window, ends = Window(time.time()), time.monotonic() + mood.lasts
            windows.append(window)
            struck[mood.what] += 1
            self.be(mood.what)
            while (left := ends - time.monotonic()) > 0 or (self.box.felt == 0 and left > -self._patience(mood)):
                time.sleep(0.05)
            self.be(WELL)
            window.ended = time.time()
            late += max(0.0, time.monotonic() - ends)

    def _patience(self, mood: Fault) -> float:
        return 0.0 if mood.what == "down" else WAITS  # nobody can tell whether somebody knocked

    def _trigger_server(self) -> None:
        # The base class connects once to its port, which 0 does not name.
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()
