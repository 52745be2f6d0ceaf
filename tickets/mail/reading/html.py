"""HTML as text, and HTML as a person at the desk may safely look at it."""

import re
from collections.abc import Mapping
from contextlib import suppress
from html.parser import HTMLParser

import nh3

MOST_CHARS = 2_000_000
SHOWN_CHARS = 200_000
SKIPPED = {"script", "style", "head", "title", "template", "noscript", "svg", "math", "object", "select"}
BLOCKS = {
    *("p", "div", "tr", "table", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "center", "section", "article"),
    *("header", "footer", "dl", "dt", "dd", "form", "fieldset", "pre", "blockquote", "address"),
}
SPACED = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "blockquote", "pre", "table"}
ENDED_BY_THE_NEXT = {"p", "li", "td", "th", "tr", "option", "dt", "dd"}
TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)")
DEEPEST = 500
NO_END = {"br", "img", "hr", "meta", "link", "input", "wbr", "base", "col", "area"}
NEVER_DEEP = NO_END | ENDED_BY_THE_NEXT
HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|font-size\s*:\s*0(?!\.?[1-9])", re.I
)
SHOWN_TAGS = {
    *("p", "br", "div", "span", "b", "strong", "i", "em", "u", "s", "code", "pre", "blockquote", "a", "hr"),
    *("ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "td", "th", "sub", "sup"),
}


def safe(html: str) -> str:
    """By an allow-list: no pictures, no styles, no scripts, nothing that is loaded from anywhere. Nothing at all of what is
    nested as no person writes: cleaning takes the square of the depth."""
    html = html[:SHOWN_CHARS]
    if _depth(html) > DEEPEST:
        return ""
    return nh3.clean(
        html,
        tags=SHOWN_TAGS,
        attributes={"a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )


def _depth(html: str) -> int:
    deepest = depth = 0
    for match in TAG.finditer(html):
        if match[2].lower() in NEVER_DEEP:
            continue
        depth = max(0, depth - 1) if match[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest


def as_text(html: str, pictures: Mapping[str, str]) -> str:
    """`pictures`: the names of inline pictures by their content id; each stands in its place."""
    return _read(html, pictures, hide=True) or _read(html, pictures, hide=False)


def _read(html: str, pictures: Mapping[str, str], *, hide: bool) -> str:
    reader = _Reader(pictures, hide=hide)
    with suppress(AssertionError, ValueError):  # the parser gives up on some nonsense; what it read until then counts
        reader.feed(html[:MOST_CHARS])
        reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self, pictures: Mapping[str, str], *, hide: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.hide = hide
        self.pictures = pictures
        self.lines: list[str] = []
        self.line: list[str] = []
        self.quoted = 0
        self.pre = 0
        self.skipped: list[str] = []
        self.links: list[tuple[str, int]] = []
        self.numbers: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if self.skipped and self.skipped[-1] == tag and tag in ENDED_BY_THE_NEXT:
            self.skipped.pop()
        if self.skipped:
            if tag not in NO_END:
                self.skipped.append(tag)
            return
        if tag in SKIPPED or (self.hide and HIDDEN.search(values.get("style", "")[:1000])):
            if tag not in NO_END:
                self.skipped.append(tag)
            return
        if tag in BLOCKS:
            self._break(blank=tag in SPACED)
        if tag == "blockquote":
            self.quoted += 1
        elif tag == "pre":
            self.pre += 1
        elif tag == "br":
            self._break(always=True)
        elif tag == "hr":
            self._break()
            self.line.append("----------")
            self._break()
        elif tag in ("ul", "ol"):
            self.numbers.append(0)
        elif tag == "li":
            self._break()
            self._item()
        elif tag in ("td", "th"):
            if "".join(self.line).strip():
                self.line.append(" | ")
        elif tag == "img":
            self._picture(values)
        elif tag == "a":
            self.links.append((values.get("href", ""), len(self.line)))

    def handle_endtag(self, tag: str) -> None:
        if self.skipped:
            if tag in self.skipped:  # tags that nobody closed end with the one around them
                while self.skipped and self.skipped.pop() != tag:
                    pass
            return
        if tag == "a" and self.links:
            self._link(*self.links.pop())
        if tag in BLOCKS or tag == "li":
            self._break(blank=tag in SPACED)
        if tag == "blockquote":
            self.quoted = max(0, self.quoted - 1)
        elif tag == "pre":
            self.pre = max(0, self.pre - 1)
        elif tag in ("ul", "ol") and self.numbers:
            self.numbers.pop()

    def handle_data(self, data: str) -> None:
        if self.skipped:
            return
        if not self.pre:
            self.line.append(re.sub(r"[ \t\r\n\f]+", " ", data))
            return
        first, *others = data.split("\n")
        self.line.append(first)
        for other in others:
            self._break(always=True)
            self.line.append(other)

    def _item(self) -> None:
        self.line.append("- ")

    def _picture(self, values: Mapping[str, str]) -> None:
        source = values.get("src", "")
        name = self.pictures.get(source[4:].strip("<>")) if source.lower().startswith("cid:") else None
        shown = f"[picture: {name}]" if name else values.get("alt", "").strip()[:100]
        if shown:
            self.line.append(f" {shown} ")

    def _link(self, href: str, since: int) -> None:
        text = "".join(self.line[since:]).strip()
        if not re.match(r"https?://[^\s<>]+$", href, re.IGNORECASE) or len(href) > 500:
            return
        if href.rstrip("/") not in (text.rstrip("/"), f"http://{text}".rstrip("/"), f"https://{text}".rstrip("/")):
            self.line.append(f" <{href}>")

    def _break(self, *, blank: bool = False, always: bool = False) -> None:
        text = "".join(self.line)
        text = text.rstrip() if self.pre else re.sub(r" {2,}", " ", text).strip()
        self.line.clear()
        # A link over several lines keeps what it has; where it began is over.
        self.links = [(href, 0) for href, _ in self.links]
        mark = "> " * min(self.quoted, 8)
        if text or always:
            self.lines.append(f"{mark}{text}".rstrip())
        if blank and self.lines and self.lines[-1].strip("> "):
            self.lines.append(mark.rstrip())

    def text(self) -> str:
        self._break()
        joined = "\n".join(self.lines).replace("\u00a0", " ").replace("\u200b", "").replace("\u00ad", "")
        return re.sub(r"\n{3,}", "\n\n", joined).strip()
