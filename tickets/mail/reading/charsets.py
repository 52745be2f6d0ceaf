"""Bytes to text, whatever charset a mail claims, and text that a database and a page can hold."""

import codecs
import re

# What mail programs call them, and what Python does.
ALIASES = {
    "ansi_x3.110-1983": "latin-1",
    "cp-850": "cp850",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "iso-8859-8-e": "iso-8859-8",
    "iso-8859-8-i": "iso-8859-8",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "shift_jis": "cp932",
    "x-sjis": "cp932",
    "unicode-1-1-utf-7": "utf-7",
    "utf8mb4": "utf-8",
    "windows-874": "cp874",
    "x-mac-roman": "mac-roman",
    "macintosh": "mac-roman",
}
# A sender's word must not choose one of these: they are no charsets of mail, and some take very long.
NEVER = {
    "idna",
    "punycode",
    "unicode_escape",
    "raw_unicode_escape",
    "undefined",
    "unicode-escape",
    "raw-unicode-escape",
}
# Programs claim these when they mean "some bytes".
VAGUE = {"ascii", "latin-1", "iso8859-1", "cp1252"}
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# They turn the reading order around, so that a name or an address looks like another one.
TURNING = re.compile(r"[\u202a-\u202e\u2066-\u2069\u200e\u200f]")


def codec(name: str) -> str:
    """Python's name of a charset, or "" when nobody knows it."""
    wanted = name.strip().strip("\"'").lower()[:60]
    try:
        found = codecs.lookup(ALIASES.get(wanted, wanted))
    except (LookupError, ValueError):
        return ""
    is_text = getattr(found, "_is_text_encoding", True)
    return found.name if is_text and found.name not in NEVER else ""


def decoded(data: bytes, claimed: str) -> str:
    """Never raises. What is good UTF-8 is UTF-8, also where a vaguer charset is claimed; what is nothing is Windows Latin."""
    name = codec(claimed)
    attempts = ["utf-8", name] if not name or name in VAGUE else [name, "utf-8"]
    for attempt in attempts:
        if not attempt:
            continue
        try:
            return data.decode(attempt)
        except (UnicodeError, ValueError):
            continue
    if name and name not in VAGUE and name != "utf-8":
        return data.decode(name, "replace")
    return data.decode("cp1252", "replace")


def clean(text: str) -> str:
    """Without what a database can not keep or a page must not show; lines end with \\n."""
    return CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\ufeff", ""))


def one_line(text: str, most: int) -> str:
    """For a subject, a name: one line, no characters that turn the reading order around."""
    return " ".join(TURNING.sub("", clean(text)).split())[:most].strip()
