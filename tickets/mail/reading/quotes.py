"""What somebody wrote, and the history below it, told apart by its shape: no list of languages knows them all."""

import re

# "On Monday Ilse wrote:", "Am 3. Mai schrieb Ilse:", in any language: ends with a colon, says a number (when) or an
# address, and quoted lines follow.
SAID = re.compile(r".{0,400}[:：]\s*$")
WHEN_OR_WHO = re.compile(r"\d|@|<")
# "Name: value" lines as programs write them above the mail they answer.
FIELD = re.compile(r"[*\s]{0,3}[^\s:：@][^:：@\n]{0,30}[:：][*]{0,2}\s?\S?")
RULE = re.compile(r"\s*(_{10,}|-{10,}|={10,})\s*$")
# A rule with words in it: -----Original Message-----, ----- Ursprüngliche Nachricht -----
WORDED_RULE = re.compile(r"\s*-{2,}\s?[^\W\d_][^-\n]{3,60}-{2,}\s*$")
# ---- On Mon, 23 Nov 2026 14:05:00 +0100 Somebody <address> wrote ----
SAID_IN_A_RULE = re.compile(r"\s*-{2,}\s?[^\W\d_][^\n]{0,200}\d[^\n]{0,100}<[^<>@\s]+@[^<>\s]+>[^<>\n]{0,40}-{2,}\s*$")
# On Monday, November 23, 2026 at 02:05:00 PM, Somebody <address> wrote: and then nothing is quoted, or all in one line.
SAID_WITH_TIME = re.compile(
    r"[^\n]{0,120}\b(?:19|20)\d\d\b[^\n]{0,40}\b\d{1,2}[:.]\d\d\b[^\n]{0,120}<[^<>@\s]+@[^<>\s]+>[^<>:：\n]{0,30}[:：](?:\s|$)"
)
DATE_AND_TIME = re.compile(r"\b(?:19|20)\d\d\b.*\b\d{1,2}[:.]\d\d\b|\b\d{1,2}[:.]\d\d\b.*\b(?:19|20)\d\d\b")
OUR_TAG = re.compile(r"\[[A-Za-z][A-Za-z0-9]{1,11}-[0-9]{1,9}\]")
ARMOUR = re.compile(
    r"^-----BEGIN PGP SIGNED MESSAGE-----\n(?:[A-Za-z]+: [^\n]*\n)*\n(.*?)\n"
    r"-----BEGIN PGP SIGNATURE-----\n.*?\n-----END PGP SIGNATURE-----$",
    re.MULTILINE | re.DOTALL,
)
# What somebody passes on is what they report: it is never folded away.
PASSED_ON = re.compile(
    r"(forwarded|weitergeleitet|transf[eé]r|r[ée]envi|inoltrat|doorgestuurd|vidare|videre|przekazan|"
    r"переслан|転送|转发|轉寄|전달|přeposlan|edelleen|iletil)",
    re.IGNORECASE,
)
ABOVE_THIS_LINE = "Write your answer above this line"


def split(text: str) -> tuple[str, str]:
    """(what was written, the history below it). Answers between quoted lines stay with them: then nothing is folded."""
    text = _without_armour(text)
    lines = text.split("\n")
    quoted_from = _quoted_from(lines)
    for at, line in enumerate(lines):
        if line.strip() and _begins_history(lines, at, quoted_from):
            written = "\n".join(lines[:at]).strip()
            if _is_empty(written):
                return text.strip(), ""
            return written, "\n".join(lines[at:]).strip()
    return text.strip(), ""


def _quoted_from(lines: list[str]) -> int:
    """Where the quoted lines begin that go on to the end, or to a signature. Whoever answers in between has words there."""
    ends = [len(lines), *[at for at in range(len(lines) - 1, -1, -1) if lines[at].rstrip() == "--"][:1]]
    return min(_quoted_until(lines, end) for end in ends)


def _quoted_until(lines: list[str], end: int) -> int:
    at, first = end - 1, len(lines)
    while at >= 0 and (not lines[at].strip() or _is_quoted(lines[at]) or _is_rest(lines, at)):
        if _is_quoted(lines[at]):
            first = at
        at -= 1
    return first


def _is_quoted(line: str) -> bool:
    return line.lstrip().startswith(">")


def _is_rest(lines: list[str], at: int) -> bool:
    """A quoted line that was broken on the way: its rest stands alone, short, between quoted lines."""
    before = at > 0 and _is_quoted(lines[at - 1]) and len(lines[at - 1]) > 60
    after = at + 1 < len(lines) and _is_quoted(lines[at + 1])
    return before and after and len(lines[at]) < 30


def _begins_history(lines: list[str], at: int, quoted_from: int) -> bool:
    line = lines[at]
    if ABOVE_THIS_LINE in line:
        return True
    if _is_quoted(line):
        return at >= quoted_from
    if SAID_IN_A_RULE.match(line[:500]) or SAID_WITH_TIME.match(line[:500]):
        return not PASSED_ON.search(line)
    if WORDED_RULE.match(line):
        return not PASSED_ON.search(line) and _is_followed_by_history(lines, at, quoted_from)
    if RULE.match(line):
        rest = _next_with_words(lines, at + 1)
        return rest is not None and _is_field_block(lines, rest)
    return _is_said(lines, at, quoted_from) or _is_field_block(lines, at)


def _without_armour(text: str) -> str:
    """The words of a mail that was signed in the clear, without the signature around them (RFC 9580, section 7)."""
    return ARMOUR.sub(lambda found: re.sub(r"(?m)^- ", "", found[1]), text) if "-----BEGIN PGP SIGNED" in text else text


def _is_followed_by_history(lines: list[str], at: int, quoted_from: int) -> bool:
    """A rule with words in it stands above fields or quoted lines; one above anything else parts a log, or a key."""
    below = _next_with_words(lines, at + 1)
    if below is None:
        return False
    return _fields_at(lines, below) >= 3 or below >= quoted_from or _is_said(lines, below, quoted_from)


def _is_said(lines: list[str], at: int, quoted_from: int) -> bool:
    """Programs break "On … at …, Somebody <address> wrote:" over two or three lines."""
    for last in range(at, min(at + 3, len(lines))):
        if not lines[last].strip():
            return False
        joined = " ".join(one.strip() for one in lines[at : last + 1])
        if SAID.fullmatch(joined) and WHEN_OR_WHO.search(joined) and not PASSED_ON.search(joined):
            below = _next_with_words(lines, last + 1)
            return below is not None and _is_quoted(lines[below]) and below >= quoted_from
    return False


def _is_field_block(lines: list[str], at: int) -> bool:
    """Three or more "Name: value" lines in a row, one of the first with an address: what Outlook writes above. It may name
    people without their addresses; then there is an instant, and the subject of a mail of ours."""
    rows = _fields_at(lines, at)
    block = lines[at : at + rows]
    has_ours = rows >= 4 and any(map(DATE_AND_TIME.search, block)) and any(map(OUR_TAG.search, block))
    if rows < 3 or not (has_ours or any("@" in row for row in block[:3])):
        return False
    above = next((lines[one] for one in range(at - 1, max(-1, at - 6), -1) if lines[one].strip()), "")
    return not PASSED_ON.search(above)


def _fields_at(lines: list[str], at: int) -> int:
    rows = 0
    while rows < 7 and at + rows < len(lines) and FIELD.match(lines[at + rows][:200]):
        rows += 1
    return rows


def _next_with_words(lines: list[str], at: int) -> int | None:
    return next((place for place in range(at, min(at + 4, len(lines))) if lines[place].strip()), None)


def _is_empty(written: str) -> bool:
    return not re.sub(r"[\s>*_\-=]", "", written)
