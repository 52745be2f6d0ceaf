"""How a mail of the corpus is written down."""

from base64 import encodebytes
from dataclasses import dataclass, field
from quopri import encodestring
from typing import Any

ROZOOM = "roZoom Support <support@rozoom.example>"


@dataclass(frozen=True)
class Case:
    """`finds` are keys of what reading gives: equal, or where the value is a Has, containing it."""

    name: str
    raw: bytes
    finds: dict[str, Any] = field(default_factory=dict)
    files: list[str] | None = None
    envelope_from: str | None = "ilse@test.example"
    unreadable: str = ""


@dataclass(frozen=True)
class Has:
    words: str


@dataclass(frozen=True)
class Without:
    words: str


def head(
    sender: str = "Ilse Vermeer <ilse@test.example>",
    subject: str = "Lift 2 stands still",
    *,
    number: str = "1",
    more: str = "",
    kind: str = "text/plain; charset=utf-8",
    encoding: str = "",
) -> str:
    """The usual fields, ended by the empty line. `more`: further lines."""
    lines = [
        f"From: {sender}",
        "To: support@rozoom.example",
        f"Subject: {subject}",
        f"Message-ID: <{number}@test.example>",
        "Date: Mon, 23 Nov 2026 14:05:00 +0100",
        "MIME-Version: 1.0",
        *more.splitlines(),
        f"Content-Type: {kind}",
        *([f"Content-Transfer-Encoding: {encoding}"] if encoding else []),
    ]
    return "\r\n".join(lines) + "\r\n\r\n"


def crlf(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")


def plain(text: str, charset: str = "utf-8", encoding: str = "quoted-printable", **headers: Any) -> bytes:
    """A mail of one text, encoded as told."""
    data = crlf(text).encode(charset)
    body = {"quoted-printable": encodestring, "base64": encodebytes}.get(encoding, lambda raw: raw)(data)
    kind = headers.pop("kind", f"text/plain; charset={charset}")
    return head(kind=kind, encoding=encoding, **headers).encode() + body


def html(text: str, **headers: Any) -> bytes:
    return plain(text, kind=headers.pop("kind", "text/html; charset=utf-8"), **headers)


def part(kind: str, content: str | bytes, *more: str, encoding: str = "8bit") -> bytes:
    """One part of a multipart."""
    data = crlf(content).encode() if isinstance(content, str) else content
    body = encodebytes(data) if encoding == "base64" else data
    lines = [f"Content-Type: {kind}", f"Content-Transfer-Encoding: {encoding}", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def parts(*inner: bytes, boundary: str = "=_edge") -> bytes:
    edge = f"--{boundary}".encode()
    return b"".join(edge + b"\r\n" + one + b"\r\n" for one in inner) + edge + b"--\r\n"


def multi(kind: str, *inner: bytes, boundary: str = "=_edge", **headers: Any) -> bytes:
    """A whole mail of several parts."""
    full = f'multipart/{kind}; boundary="{boundary}"'
    return head(kind=full, **headers).encode() + parts(*inner, boundary=boundary)


def nested(kind: str, *inner: bytes, boundary: str) -> bytes:
    """A multipart inside a multipart."""
    head_lines = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'
    return head_lines.encode() + parts(*inner, boundary=boundary)


PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x10\x00\x00\x00\x10\x08\x06\x00\x00\x00\x1f\xf3\xffa"
    + bytes(range(256)) * 2
)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + bytes(range(256)) * 2 + b"\xff\xd9"
PDF = b"%PDF-1.7\n" + b"1 0 obj << >> endobj\n" * 20 + b"%%EOF\n"
