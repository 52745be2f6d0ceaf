"""winmail.dat: what Outlook wraps files and text in. As much of MS-OXTNEF as files, their names and a plain text need."""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import error as StructError  # noqa: N812
from struct import unpack_from

SIGNATURE = 0x223E9F78
BODY, ATTACHMENT_TITLE, ATTACHMENT_DATA, ATTACHMENT_BEGINS = 0x800C, 0x8010, 0x800F, 0x9002
MESSAGE_PROPERTIES, ATTACHMENT_PROPERTIES = 0x9003, 0x9005
PLAIN_TEXT, LONG_NAME, SHORT_NAME, DATA = 0x1000, 0x3707, 0x3704, 0x3701
STRING8, UNICODE, BINARY, OBJECT = 0x001E, 0x001F, 0x0102, 0x000D
FIXED = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0xA: 4, 0xB: 4, 0x14: 8, 0x40: 8, 0x48: 16}
MOST_FILES = 100


class NotTnef(ValueError):
    pass


@dataclass
class Packed:
    name: str = ""
    data: bytes = b""


def unpack(raw: bytes) -> tuple[str, list[Packed]]:
    """(plain text or "", files). Raises NotTnef for anything that is cut short or something else."""
    try:
        if unpack_from("<I", raw)[0] != SIGNATURE:
            raise NotTnef("no signature")
        return _unpack(raw)
    except (StructError, IndexError) as error:
        raise NotTnef(str(error)) from error


def _unpack(raw: bytes) -> tuple[str, list[Packed]]:
    text, files = "", list[Packed]()
    for attribute, data in _attributes(raw):
        if attribute == BODY:
            text = text or data.split(b"\0")[0].decode("cp1252", "replace")
        elif attribute == MESSAGE_PROPERTIES:
            text = _as_text(dict(_properties(data)).get(PLAIN_TEXT)) or text
        elif attribute == ATTACHMENT_BEGINS and len(files) < MOST_FILES:
            files.append(Packed())
        elif files and attribute == ATTACHMENT_TITLE:
            files[-1].name = files[-1].name or data.split(b"\0")[0].decode("cp1252", "replace")
        elif files and attribute == ATTACHMENT_DATA:
            files[-1].data = data
        elif files and attribute == ATTACHMENT_PROPERTIES:
            found = dict(_properties(data))
            files[-1].name = _as_text(found.get(LONG_NAME)) or files[-1].name or _as_text(found.get(SHORT_NAME))
            if not files[-1].data and isinstance(content := found.get(DATA), bytes):
                files[-1].data = content
    return text.strip(), [one for one in files if one.data]


def _attributes(raw: bytes) -> Iterator[tuple[int, bytes]]:
    at = 6
    while at + 9 <= len(raw):
        _, attribute, length = unpack_from("<BII", raw, at)
        if at + 9 + length > len(raw):
            raise NotTnef("cut short")
        yield attribute & 0xFFFF, raw[at + 9 : at + 9 + length]
        at += 9 + length + 2  # the checksum says nothing that matters here


def _properties(data: bytes) -> Iterator[tuple[int, bytes | str]]:
    count, at = unpack_from("<I", data)[0], 4
    for _ in range(min(count, 2000)):
        kind, name = unpack_from("<HH", data, at)
        at += 4
        if name >= 0x8000:
            at = _after_name(data, at)
        if (kind & 0xFFF) in FIXED and not kind & 0x1000:
            at += FIXED[kind & 0xFFF]
            continue
        values = unpack_from("<I", data, at)[0]
        at += 4
        if kind & 0x1000 and (kind & 0xFFF) in FIXED:
            at += FIXED[kind & 0xFFF] * values
            continue
        for _ in range(min(values, 1000)):
            length = unpack_from("<I", data, at)[0]
            content = data[at + 4 : at + 4 + length]
            if len(content) < length:
                raise NotTnef("cut short")
            at += 4 + length + (-length % 4)
            yield name, _content(kind & 0xFFF, content)


def _after_name(data: bytes, at: int) -> int:
    at += 16
    if unpack_from("<I", data, at)[0] == 0:
        return at + 8
    length = unpack_from("<I", data, at + 4)[0]
    return int(at + 8 + length + (-length % 4))


def _content(kind: int, content: bytes) -> bytes | str:
    if kind == UNICODE:
        return content.decode("utf-16-le", "replace").split("\0")[0]
    if kind == STRING8:
        return content.split(b"\0")[0].decode("cp1252", "replace")
    return content[16:] if kind == OBJECT else content


def _as_text(value: bytes | str | None) -> str:
    return value if isinstance(value, str) else ""
