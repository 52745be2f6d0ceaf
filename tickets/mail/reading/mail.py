"""One mail as plain values: what the rest of the house works with, and never the mail itself."""

import hashlib
import re
from email import message_from_bytes
from email.policy import compat32
from pathlib import Path
from typing import Any

from tickets.mail.reading import html, marks, quotes
from tickets.mail.reading.charsets import clean
from tickets.mail.reading.headers import Headers
from tickets.mail.reading.parts import Content, File, Taken, TooMuch, all_parts, take

TEXT_BYTES = 60 * 1024  # with the notes we add it stays under the limit of a message
HISTORY_BYTES = 200 * 1024
MOST_TEXT = 2_000_000
MOST_FILES = 200
TINY_PICTURE = 200  # bytes: pixels that tell the sender who reads, and lines
WHOLE_TEXT = "whole-text.txt"
RECEIVERS = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "resent-to")


def read(raw: bytes, folder: Path, *, envelope_from: str | None) -> dict[str, Any]:
    """Files are written into `folder` as 0, 1, 2 …; everything else is in the answer. Raises TooMuch."""
    try:
        message = message_from_bytes(raw, policy=compat32)
        del raw
    except RecursionError:
        raise TooMuch("its parts are nested too deep") from None
    parts = all_parts(message)
    headers = Headers(message)
    taken = take(message)
    text = _text(taken)
    written, history = quotes.split(text)
    senders = headers.addresses("from")
    sender = senders[0][1] if len(senders) == 1 else ""
    files = _files(taken)
    if len(written.encode()) > TEXT_BYTES:
        files.insert(0, File(WHOLE_TEXT, "text/plain", text.encode()))
    return {
        "from": senders,
        "from_fields": len(headers.raw("from")),
        "subject": headers.text("subject", 500),
        "message_id": next(iter(headers.ids("message-id")), ""),
        "answers": headers.ids("references", "in-reply-to"),
        "receivers": [address for _, address in headers.addresses(*RECEIVERS)],
        "date": headers.text("date", 60),
        "automatic": marks.automatic(headers, envelope_from),
        "wants_no_answer": marks.wants_no_answer(headers, sender),
        "report": marks.report_kind(message),
        "bounce": marks.bounce(message, parts, headers, text[:100_000]),
        "results": [re.sub(r"\s+", " ", clean(value))[:4000] for value in headers.raw("authentication-results")[:20]],
        "signatures": _signatures(headers),
        "written": _cut(written, TEXT_BYTES),
        "history": _cut(history, HISTORY_BYTES),
        "was_cut": len(written.encode()) > TEXT_BYTES,
        "html": html.safe("\n".join(content.html for content in taken.contents)),
        "notes": list(dict.fromkeys(taken.notes)),
        "files": _keep(files, folder),
        "content": _digest(sender, headers, text, files),
    }


def _text(taken: Taken) -> str:
    """All texts in their order, with the pictures that stand between them named where they stand."""
    named = {file.content_id: file.name for file in taken.files if file.content_id}
    texts = [_one_text(content, named) for content in taken.contents]
    joined = "\n\n".join(text for text in texts if text.strip())
    return joined[:MOST_TEXT].strip()


def _one_text(content: Content, named: dict[str, str]) -> str:
    if content.plain.strip():
        return _with_pictures(content.plain.rstrip(), named)
    return html.as_text(content.html, named) if content.html else ""


def _with_pictures(plain: str, named: dict[str, str]) -> str:
    """Outlook writes [cid:image001.png@01D…] where a picture stands, Gmail [image: name]."""
    return re.sub(
        r"\[cid:([^\]\s]{1,320})\]",
        lambda match: f"[picture: {named.get(match[1], match[1].partition('@')[0])}]",
        plain,
    )


def _files(taken: Taken) -> list[File]:
    """Pictures that somebody put in last: what was attached comes first when there are too many."""
    kept = [
        file for file in taken.files if not (file.content_type.startswith("image/") and len(file.data) < TINY_PICTURE)
    ]
    return sorted(kept, key=lambda file: file.inline)[:MOST_FILES]


def _keep(files: list[File], folder: Path) -> list[dict[str, Any]]:
    rows = []
    for at, file in enumerate(files):
        (folder / str(at)).write_bytes(file.data)
        rows.append(
            {
                "name": file.name,
                "content_type": file.content_type[:120],
                "size": len(file.data),
                "inline": file.inline,
                "at": at,
            }
        )
    return rows


def _signatures(headers: Headers) -> list[dict[str, str]]:
    """Who says to have signed it. Whether that is true, reading/signed.py says."""
    found = []
    for value in headers.raw("dkim-signature")[:5]:
        tags = dict(re.findall(r"(?:^|;)\s*([a-z]{1,3})\s*=\s*([^;]*)", re.sub(r"\s+", "", value)))
        found.append({"domain": tags.get("d", "").lower()[:253], "selector": tags.get("s", "").lower()[:100]})
    return found


def _digest(sender: str, headers: Headers, text: str, files: list[File]) -> str:
    """The same mail twice, also when it came by two ways with other headers on top."""
    digest = hashlib.sha256()
    for part in (
        sender,
        headers.text("subject", 500),
        next(iter(headers.ids("message-id")), ""),
        headers.text("date", 60),
        text,
    ):
        digest.update(part.encode("utf-8", "replace") + b"\0")
    for file in files:
        digest.update(file.name.encode("utf-8", "replace") + hashlib.sha256(file.data).digest())
    return digest.hexdigest()


def _cut(text: str, most: int) -> str:
    return text.encode()[:most].decode("utf-8", "ignore")
