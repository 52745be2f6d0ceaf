"""Files: checked by content, capped, stored under names of ours (settings.LIMITS)."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import IO, Any

import puremagic
from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage

from rozoom_support.lib.ids import new_id
from rozoom_support.lib.refusals import Refused
from tickets.models import Attachment, Message, MessageKind, Ticket, TicketDraft

# What programs start as. Everything else may come in: people send logs, dumps, pictures and archives of any kind, and all of it
# is served as a download that can not run as our script.
EXECUTABLE = ((b"MZ", "a Windows program"), (b"\x7fELF", "a Linux program"), (b"\xca\xfe\xba\xbe", "a program"))
REFUSED_ENDINGS = {
    "exe",
    "com",
    "scr",
    "msi",
    "bat",
    "cmd",
    "ps1",
    "vbs",
    "js",
    "jar",
    "lnk",
    "hta",
    "apk",
    "dll",
    "pif",
    "reg",
}
IMAGE_TYPES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
# Endings whose content must be what the name says.
MUST_MATCH = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "pdf": "application/pdf",
}
HEAD_BYTES = 8192


class BadFile(Refused):
    code = "bad_file"
    status = 422

    def __init__(self, message: str) -> None:
        super().__init__(message, param="files")


@dataclass(frozen=True)
class CheckedFile:
    """An upload that passed. `content` is open at its start."""

    name: str
    content_type: str
    size: int
    sha256: str
    content: IO[bytes]


def clean_name(name: str) -> str:
    """The reader's name of the file: no folders, no control characters, at most 120 characters with its ending."""
    base = PurePath(name.replace("\\", "/")).name
    base = re.sub(r"[\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "", base).strip(" .") or "file"
    stem, dot, ending = base.rpartition(".")
    return base if len(base) <= 120 else f"{stem[: 119 - len(ending)]}{dot}{ending}"[-120:]


def check_files(uploads: Sequence[Any]) -> list[CheckedFile]:
    """Check uploads (name, size, file object) against the limits and their content. Raises BadFile naming the file."""
    most = settings.LIMITS["files_per_message"]
    if len(uploads) > most:
        raise BadFile(f"Send at most {most} files with one message. Put more into a second message.")
    return [check_file(upload) for upload in uploads]


def check_file(upload: Any) -> CheckedFile:
    name, limit = clean_name(upload.name or "file"), settings.LIMITS["file_bytes"]
    if upload.size > limit:
        raise BadFile(f"{name} must be smaller than {limit // (1024 * 1024)} MB.")
    if upload.size == 0:
        raise BadFile(f"{name} is empty. Choose the file again.")
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    upload.seek(0)
    head = upload.read(HEAD_BYTES)
    for mark, what in EXECUTABLE:
        if head.startswith(mark):
            raise BadFile(f"{name} is {what}. Programs are not accepted; put it into a ZIP archive if we need it.")
    if ending in REFUSED_ENDINGS:
        raise BadFile(f"Files ending in .{ending} are not accepted. Put it into a ZIP archive if we need it.")
    content_type = detect_type(head)
    expected = MUST_MATCH.get(ending)
    if expected and content_type != expected:
        raise BadFile(f"{name} is not what its name says. Save it again in the right format, or rename it.")
    digest = hashlib.sha256(head)
    while chunk := upload.read(1024 * 1024):
        digest.update(chunk)
    upload.seek(0)
    return CheckedFile(name, content_type, upload.size, digest.hexdigest(), upload)


def detect_type(head: bytes) -> str:
    """The media type by content; text when it reads as text; else a plain stream of bytes."""
    try:
        guesses = puremagic.magic_string(head)  # by content alone: the name is the sender's
    except (puremagic.PureError, ValueError):
        guesses = []
    for guess in guesses:
        if guess.mime_type in IMAGE_TYPES | {"application/pdf", "application/zip", "application/gzip"}:
            return guess.mime_type
    try:
        head.rstrip(b"\xc0\xe0\xf0").decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(head) - 4:
            return "application/octet-stream"
    return "application/octet-stream" if b"\x00" in head else "text/plain"


def attach(
    files: Sequence[CheckedFile],
    *,
    author_name: str,
    now: datetime,
    ticket: Ticket | None = None,
    draft: TicketDraft | None = None,
    message: Message | None = None,
    kind: str = MessageKind.PUBLIC,
) -> list[Attachment]:
    """Store checked files and their rows. The caller's transaction decides; tidying.py removes bytes that got no row."""
    owner = ticket or draft
    if owner is None:
        raise ValueError("a file belongs to a ticket or a draft")
    rows = []
    for checked in files:
        file_id = new_id()
        stored_as = default_storage.save(f"{file_id.hex[-2:]}/{file_id.hex}", File(checked.content))
        rows.append(
            Attachment(
                id=file_id,
                customer_id=owner.customer_id,
                reseller_id=owner.reseller_id,
                ticket=ticket,
                draft=draft,
                message=message,
                kind=kind,
                name=checked.name,
                content_type=checked.content_type,
                size=checked.size,
                sha256=checked.sha256,
                stored_as=stored_as,
                author_name=author_name,
                created_at=now,
            )
        )
    if rows:
        Attachment.objects.bulk_create(rows)
    return rows


def claim_draft_files(draft: TicketDraft, *, ticket: Ticket) -> None:
    """The files of a draft become the files of the ticket it was sent as."""
    Attachment.objects.filter(draft=draft).update(ticket=ticket, draft=None)
