"""Mails the catcher keeps: one file each, the newest few hundred."""

import json
import re
import secrets
import time
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path
from typing import Any

from rozoom_support.local.state import write_json

KEPT = 500
IDENTIFIER = re.compile(r"[0-9]{19}-[0-9a-f]{8}")


@dataclass(frozen=True)
class Mail:
    id: str
    sender: str
    recipients: list[str]
    raw: bytes

    @cached_property
    def message(self) -> EmailMessage:
        return message_from_bytes(self.raw, policy=policy.default)  # type: ignore[return-value]

    def header(self, name: str) -> str:
        """As a person reads it. A header that cannot be parsed is shown raw."""
        try:
            return str(self.message.get(name, ""))
        except (LookupError, ValueError, IndexError, AttributeError):
            raw = message_from_bytes(self.raw)  # the older policy parses nothing
            return str(raw.get(name, ""))

    def headers(self) -> list[tuple[str, str]]:
        return [(name, str(value)) for name, value in message_from_bytes(self.raw).items()]

    @cached_property
    def text(self) -> str:
        return self._part("plain")

    @property
    def html(self) -> str:
        return self._part("html")

    @property
    def attachments(self) -> list[str]:
        return [part.get_filename() or part.get_content_type() for part in self.message.iter_attachments()]

    def _part(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        if part is None:
            return ""
        try:
            found = str(part.get_content())
        except (LookupError, ValueError):  # an encoding nobody knows
            raw = part.get_payload(decode=True)
            found = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
        return found.replace("\r\n", "\n")

    def summary(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "message_id": self.header("Message-ID").strip(),
            "from": self.header("From") or self.sender,
            "to": self.recipients,
            "subject": self.header("Subject"),
            "date": self.header("Date"),
            "text": self.text,
        }


class MailStore:
    def __init__(self, folder: Path, *, kept: int = KEPT) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder = folder
        self.kept = kept

    def add(self, *, sender: str, recipients: list[str], raw: bytes) -> str:
        """Keeps the mail and forgets the oldest beyond the limit."""
        identifier = f"{time.time_ns():019d}-{secrets.token_hex(4)}"
        write_json(self.folder / f"{identifier}.json", {"from": sender, "to": recipients})
        unfinished = self.folder / f".{identifier}"
        unfinished.write_bytes(raw)
        unfinished.rename(self.folder / f"{identifier}.eml")
        for old in self.identifiers()[self.kept :]:
            for suffix in (".eml", ".json"):
                (self.folder / f"{old}{suffix}").unlink(missing_ok=True)
        return identifier

    def identifiers(self) -> list[str]:
        """Newest first."""
        return sorted(
            (file.stem for file in self.folder.glob("*.eml") if IDENTIFIER.fullmatch(file.stem)), reverse=True
        )

    def get(self, identifier: str) -> Mail | None:
        if not IDENTIFIER.fullmatch(identifier):
            return None
        try:
            raw = (self.folder / f"{identifier}.eml").read_bytes()
            envelope = json.loads((self.folder / f"{identifier}.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return Mail(identifier, str(envelope["from"]), [str(to) for to in envelope["to"]], raw)

    def all(self) -> list[Mail]:
        return [mail for identifier in self.identifiers() if (mail := self.get(identifier))]
