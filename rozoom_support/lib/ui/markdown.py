from typing import Final

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

# Headings stay text (a page has one h1 and no skipped level), images and raw HTML are not part of a message.
_PARSER: Final = MarkdownIt("commonmark", {"html": False, "breaks": True}).disable(["heading", "lheading", "image"])
_TAGS: Final = {"p", "br", "strong", "em", "code", "pre", "ul", "ol", "li", "blockquote", "a", "hr"}
_ATTRIBUTES: Final = {"a": {"href", "title"}, "ol": {"start"}}


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
