import re
from typing import Final

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

_TAGS: Final = {"p", "br", "strong", "em", "code", "pre", "ul", "ol", "li", "blockquote", "a", "hr"}
_ATTRIBUTES: Final = {"a": {"href", "title"}, "ol": {"start"}}
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"]*[^\s<>\"'.,;:!?)\]]")


def _link(address: str) -> list[Token]:
    start, end = Token("link_open", "a", 1), Token("link_close", "a", -1)
    start.attrs = {"href": address}
    return [start, _text(address), end]


def _text(content: str) -> Token:
    token = Token("text", "", 0)
    token.content = content
    return token


def _split(content: str) -> list[Token]:
    tokens, position = [], 0
    for match in _ADDRESS.finditer(content):
        tokens += [_text(content[position : match.start()]), *_link(match.group())]
        position = match.end()
    return [*tokens, _text(content[position:])]


def _link_addresses(state: StateCore) -> None:
    """People paste addresses bare. Those in text become links; those in code or in a link stay as they are."""
    for block in state.tokens:
        inside_link, children = 0, []
        for token in block.children or []:
            inside_link += {"link_open": 1, "link_close": -1}.get(token.type, 0)
            children += _split(token.content) if token.type == "text" and not inside_link else [token]
        if block.children is not None:
            block.children = children


def _parser() -> MarkdownIt:
    # Headings stay text (a page has one h1 and skips no level); images and raw HTML are not part of a message.
    parser = MarkdownIt("commonmark", {"html": False, "breaks": True}).disable(["heading", "lheading", "image"])
    parser.core.ruler.push("link_addresses", _link_addresses)
    return parser


_PARSER: Final = _parser()


def render(text: str) -> SafeString:
    """Message text as HTML that may stand in a page: parsed with HTML off, then cleaned by an allow-list."""
    clean = nh3.clean(
        _PARSER.render(text),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return mark_safe(clean)  # noqa: S308 - nh3 has just cleaned it
