"""Header fields, read from their raw values: bounded, with 8-bit bytes, encoded words and nonsense."""

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator
from email.message import Message
from email.utils import getaddresses
from quopri import decodestring

from tickets.mail.reading.charsets import clean, decoded, one_line

MOST_FIELDS = 2000
MOST_CHARS = 64 * 1024
MOST_ADDRESSES = 100
MOST_IDS = 100
WORD = re.compile(r"=\?([^?\s]{1,60})\?([bBqQ])\?([^?]*)\?=")
RUN = re.compile(rf"{WORD.pattern}(?:\s*{WORD.pattern})*")
ID = re.compile(r"<[^<>\s]{1,320}>")
SHIFTED = ("iso-2022", "utf-7", "utf-16", "utf-32")  # each word begins anew
SIGN = r"[^\s@<>()\[\],;:\"\\\x00-\x20\x7f-\xa0]"
ADDRESS = re.compile(rf"{SIGN}{{1,128}}@{SIGN}{{1,253}}")


class Headers:
    """The fields of one part, by name in small letters, in their order."""

    def __init__(self, part: Message) -> None:
        self.fields: list[tuple[str, str]] = []
        for name, value in part._headers[:MOST_FIELDS]:  # type: ignore[attr-defined]  # as they stood, nothing parsed
            self.fields.append((str(name).strip().lower()[:100], str(value)[:MOST_CHARS]))

    def raw(self, name: str) -> list[str]:
        return [value for known, value in self.fields if known == name]

    def first(self, name: str) -> str:
        return next(iter(self.raw(name)), "")

    def has(self, name: str) -> bool:
        return any(known == name for known, _ in self.fields)

    def text(self, name: str, most: int = 1000) -> str:
        return one_line(words(self.first(name)), most)

    def ids(self, *names: str) -> list[str]:
        found = [one for name in names for value in self.raw(name) for one in ID.findall(value)]
        return list(dict.fromkeys(found))[-MOST_IDS:]

    def addresses(self, *names: str) -> list[tuple[str, str]]:
        """(name, address) of each, the address in small letters."""
        return list(self._addresses(names))[:MOST_ADDRESSES]

    def _addresses(self, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        for name in names:
            for value in self.raw(name):
                # First the addresses, then the words: a name may be encoded to look like an address.
                for shown, address in _pairs(unfolded(value)[:10_000]):
                    address = from_bytes(address.strip())
                    if ADDRESS.fullmatch(address):
                        yield one_line(words(shown), 160), small(one_line(address, 320))


def small(address: str) -> str:
    """In small letters, and no other letter than A to Z becomes another one: the sign of Kelvin would become a k, and a
    stranger somebody else."""
    return re.sub("[A-Z]+", lambda found: found[0].lower(), address)


def _pairs(value: str) -> list[tuple[str, str]]:
    try:
        return getaddresses([value])
    except RecursionError:  # thousands of brackets
        return []


def inner_of(part: Message) -> list[Message]:
    """The parts of a part; none of a text or a file. Not by get_payload(), which decodes with any codec a sender names."""
    inner = part._payload  # type: ignore[attr-defined]
    return [one for one in inner if isinstance(one, Message)] if isinstance(inner, list) else []


def unfolded(value: str) -> str:
    return re.sub(r"[\r\n]+[ \t]*", " ", value)


def words(value: str) -> str:
    """A header as a person reads it: encoded words decoded, 8-bit bytes guessed."""
    text = from_bytes(unfolded(value[:MOST_CHARS]))
    return clean(RUN.sub(lambda run: _run(WORD.findall(run[0])), text))


def from_bytes(value: str) -> str:
    """The parser keeps 8-bit bytes as surrogates."""
    if value.isascii():
        return value
    return decoded(value.encode("utf-8", "surrogateescape"), "")


def _run(found: list[tuple[str, str, str]]) -> str:
    """Words with nothing but space between them. Of one charset they are one text: programs cut inside a letter."""
    pieces: list[tuple[str, bytes]] = []
    for claimed, kind, content in found:
        charset, data = claimed.partition("*")[0].lower(), _bytes_of_word(kind.lower(), content)
        if pieces and pieces[-1][0] == charset and not charset.startswith(SHIFTED):
            pieces[-1] = (charset, pieces[-1][1] + data)
        else:
            pieces.append((charset, data))
    return "".join(decoded(data, charset) for charset, data in pieces)


def _bytes_of_word(kind: str, content: str) -> bytes:
    data = content.encode("utf-8", "replace")
    try:
        if kind == "b":
            plain = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
            return b64decode(plain + b"=" * (-len(plain) % 4))
        return decodestring(data, header=True)
    except (binascii.Error, ValueError):
        return data
