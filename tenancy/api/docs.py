"""The API explains itself: its OpenAPI description and its documentation, for anybody, without a token."""

import json
from functools import lru_cache
from itertools import pairwise
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tenancy.middleware import identity_view

GUIDE = settings.BASE_DIR / "docs" / "api.md"


@lru_cache(maxsize=1)
def description() -> bytes:
    """The same for everybody, and slow to make: once a process."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return json.dumps(schema, ensure_ascii=False, separators=(",", ":"), default=str).encode()


@identity_view
@require_safe
def openapi(request: HttpRequest) -> HttpResponse:
    return HttpResponse(description(), content_type="application/json")


@identity_view
@require_safe
def guide_source(request: HttpRequest) -> HttpResponse:
    """The guide as Markdown, for programs that read."""
    return HttpResponse(GUIDE.read_text("utf-8"), content_type="text/markdown; charset=utf-8")


@identity_view
@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    html, contents = rendered_guide()
    return render(request, "api/docs.html", {"guide": html, "contents": contents, "section": "api"})


@lru_cache(maxsize=1)
def rendered_guide() -> tuple[SafeString, list[tuple[str, str]]]:
    """docs/api.md as HTML with an anchor at each heading, and its chapters."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    text = GUIDE.read_text("utf-8").replace("https://support.example.com", settings.BASE_URL)
    tokens = parser.parse(text)
    contents = []
    for heading, inline in pairwise(tokens):
        if heading.type == "heading_open":
            anchor = anchor_of(inline.content)
            heading.attrSet("id", anchor)
            if heading.tag == "h2":
                contents.append((anchor, inline.content))
    html = parser.renderer.render(_scrollable(tokens), parser.options, {})
    return mark_safe(html), contents  # noqa: S308 - our own file, with HTML off


def anchor_of(heading: str) -> str:
    """As code hosts make them, so that a link works there and here: `not_found` stays not_found."""
    kept = [letter for letter in heading.lower().strip() if letter.isalnum() or letter in "_- "]
    return "".join(kept).replace(" ", "-")


def _scrollable(tokens: list[Token]) -> list[Token]:
    """Code scrolls in a box of its own that the keyboard can reach."""
    for token in tokens:
        if token.type in {"fence", "code_block"}:
            token.attrSet("tabindex", "0")
    return tokens
