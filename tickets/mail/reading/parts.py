"""The parts of a mail: which are the text, which are files, and where a picture stands."""

import re
from binascii import Error as BinasciiError
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.generator import BytesGenerator
from email.message import Message
from email.policy import compat32
from io import BytesIO

from tickets.mail.reading import tnef
from tickets.mail.reading.charsets import clean, decoded, one_line
from tickets.mail.reading.headers import Headers, inner_of, words

MOST_PARTS = 500
DEEPEST = 20
LARGE = 1024 * 1024
SIGNATURES = {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
# Other forms of the same text, and what a Mac keeps beside a file.
LEFT_OUT = {"text/x-amp-html", "text/watch-html", "application/applefile"}
SEALED = {"application/pkcs7-mime", "application/x-pkcs7-mime", "multipart/encrypted", "application/pgp-encrypted"}
ENDINGS = {
    "text/calendar": "ics",
    "text/html": "html",
    "text/plain": "txt",
    "text/csv": "csv",
    "text/vcard": "vcf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/bmp": "bmp",
    "image/heic": "heic",
    "application/pdf": "pdf",
    "message/rfc822": "eml",
    "application/zip": "zip",
    "audio/mpeg": "mp3",
    "video/mp4": "mp4",
}


class TooMuch(Exception):
    """More parts or deeper than any person's mail."""


@dataclass
class File:
    name: str
    content_type: str
    data: bytes
    content_id: str = ""
    inline: bool = False


@dataclass
class Content:
    """One text as plain and as HTML; either may be missing."""

    plain: str = ""
    html: str = ""

    def __bool__(self) -> bool:
        return bool(self.plain.strip() or self.html.strip())


@dataclass
class Taken:
    contents: list[Content] = field(default_factory=list)
    files: list[File] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def all_parts(message: Message) -> list[Message]:
    """Each part, outermost first. Raises TooMuch before anything is decoded."""
    return list(_walk(message))


def _walk(message: Message) -> Iterator[Message]:
    waiting, count = [(message, 1)], 0
    while waiting:
        part, depth = waiting.pop()
        count += 1
        if count > MOST_PARTS:
            raise TooMuch(f"it has more than {MOST_PARTS} parts")
        if depth > DEEPEST:
            raise TooMuch(f"its parts are nested more than {DEEPEST} deep")
        yield part
        waiting += [(one, depth + 1) for one in reversed(inner_of(part))]


def take(message: Message) -> Taken:
    taken = Taken()
    _take(message, taken)
    return taken


def _take(part: Message, taken: Taken) -> None:
    kind, inner = part.get_content_type(), inner_of(part)
    if kind in SEALED:
        taken.notes.append("The mail is encrypted or sealed, so we can not read it here.")
    if kind == "message/rfc822" or (kind.startswith("message/") and inner):
        taken.files.append(_passed_on(part))
    elif inner and kind == "multipart/alternative":
        _take_alternative(inner, taken)
    elif inner:
        for one in inner:
            _take(one, taken)
    elif kind not in SIGNATURES | LEFT_OUT:
        _take_leaf(part, kind, taken)


def _take_alternative(inner: list[Message], taken: Taken) -> None:
    """The same text in several forms. Files stand in any of them: Apple Mail puts them into the HTML one."""
    forms = [Taken() for _ in inner]
    for one, form in zip(inner, forms, strict=True):
        _take(one, form)
    merged = Content()
    for form in forms:
        plain = "\n".join(content.plain for content in form.contents if content.plain)
        html = "\n".join(content.html for content in form.contents if content.html)
        merged.plain, merged.html = merged.plain or plain, html or merged.html
        taken.files += form.files
        taken.notes += form.notes
    taken.contents.append(merged)


def _take_leaf(part: Message, kind: str, taken: Taken) -> None:
    headers = Headers(part)
    placed = headers.text("content-disposition", 40).partition(";")[0].strip().lower()
    named = file_name(part)
    is_text = kind in ("text/plain", "text/html", "text/enriched") or kind.startswith("multipart/")
    if is_text and placed != "attachment" and not (named and kind != "text/html" and placed):
        text = text_of(part)
        taken.contents.append(Content(html=text) if kind == "text/html" else Content(plain=text))
        return
    data = bytes_of(part)
    if kind in ("application/ms-tnef", "application/vnd.ms-tnef") or named.lower() == "winmail.dat":
        _take_tnef(data, taken)
        return
    content_id = headers.text("content-id", 320).strip("<> ")
    name = named or f"{_stem(kind)}.{ENDINGS.get(kind, 'bin')}"
    taken.files.append(
        File(name, kind, data, content_id, inline=placed == "inline" or bool(content_id and placed != "attachment"))
    )


def _take_tnef(data: bytes, taken: Taken) -> None:
    try:
        text, files = tnef.unpack(data)
    except tnef.NotTnef:
        taken.files.append(File("winmail.dat", "application/ms-tnef", data))
        return
    if text:
        taken.contents.append(Content(plain=clean(text)))
    taken.files += [File(one_line(one.name, 200) or "file.bin", "application/octet-stream", one.data) for one in files]


def _stem(kind: str) -> str:
    return {"text/calendar": "invitation", "message/rfc822": "mail"}.get(kind, kind.partition("/")[0] or "file")


def _passed_on(part: Message) -> File:
    """A mail inside the mail stays one file, as it came."""
    inner = inner_of(part)
    subject = Headers(inner[0]).text("subject", 80) if inner else ""
    stem = re.sub(r"[^\w .-]+", " ", subject).strip(" .") or "mail"
    out = BytesIO()
    for one in inner:
        BytesGenerator(out, mangle_from_=False, maxheaderlen=0, policy=compat32).flatten(one)
    if not inner:
        out.write(bytes_of(part))
    return File(file_name(part) or f"{stem}.eml", "message/rfc822", out.getvalue())


def file_name(part: Message) -> str:
    try:
        found = part.get_filename("")
    except (UnicodeError, LookupError, ValueError, TypeError):
        found = ""
    return one_line(words(_as_meant(str(found))), 200).replace("/", "_").replace("\\", "_") if found else ""


def _as_meant(name: str) -> str:
    """What came with a charset nobody knows was read byte by byte; most of it is UTF-8."""
    try:
        return name if name.isascii() else name.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return name


def bytes_of(part: Message) -> bytes:
    try:
        data = part.get_payload(decode=True)
    except (BinasciiError, ValueError, LookupError, UnicodeError):
        data = None
    if isinstance(data, bytes):
        if len(data) > LARGE:
            part._payload = ""  # type: ignore[attr-defined]  # not held twice
        return data
    raw = part._payload  # type: ignore[attr-defined]
    return raw.encode("utf-8", "surrogateescape") if isinstance(raw, str) else b""


def text_of(part: Message) -> str:
    charset = part.get_param("charset", "")
    name = charset[2] if isinstance(charset, tuple) else charset
    data = bytes_of(part)
    if part.get_content_type() == "text/html" and not name:
        claimed = re.search(rb"charset=[\"']?([A-Za-z0-9_-]{2,40})", data[:2000])
        name = claimed[1].decode("ascii") if claimed else ""
    text = clean(decoded(data, str(name or "")))
    shape = part.get_param("format", "")
    if isinstance(shape, str) and shape.lower() == "flowed":
        return unflowed(text, delete_space=str(part.get_param("delsp", "")).lower() == "yes")
    return text


def unflowed(text: str, *, delete_space: bool) -> str:
    """RFC 3676: a line that ends with a space goes on in the next one, at the same depth of quotes."""
    out: list[str] = []
    open_depth = -1
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:].removeprefix(" ")
        is_signature = content in ("-- ", "--")
        if open_depth == depth and not is_signature and out:
            out[-1] += content
        else:
            out.append(f"{'>' * depth} {content}" if depth else content)
        flows = content.endswith(" ") and not is_signature
        if flows and delete_space:
            out[-1] = out[-1][:-1]
        open_depth = depth if flows else -1
    return "\n".join(line.rstrip() if line.strip() != "--" else "--" for line in out)
