"""The API explains itself: its OpenAPI description and its documentation, for anybody, without a token."""

import json
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tenancy.api.reference import operations, shapes
from tenancy.middleware import identity_view

GUIDE = settings.BASE_DIR / "docs" / "api.md"
WEBHOOKS = settings.BASE_DIR / "docs" / "webhooks.md"
# How the guides name each other in the repository, and where each stands here.
NEIGHBOURS = {"webhooks.md": "webhook-docs", "api.md": "api-docs"}
SHOWN_ADDRESS = "https://support.example.com"  # in the file; the page shows the address it is served from
EXAMPLE_NAMES = {"sh": "Request", "json": "Answer", "python": "Program", "http": "Call"}


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
    return render(request, "api/docs.html", documentation())


@identity_view
@require_safe
def webhooks(request: HttpRequest) -> HttpResponse:
    html, contents = rendered_guide(WEBHOOKS)
    return render(request, "api/webhooks.html", {"guide": html, "contents": contents, "section": "api"})


@identity_view
@require_safe
def webhooks_source(request: HttpRequest) -> HttpResponse:
    return HttpResponse(WEBHOOKS.read_text("utf-8"), content_type="text/markdown; charset=utf-8")


@identity_view
@require_safe
def console(request: HttpRequest) -> HttpResponse:
    """Swagger UI, from here and under the same policy as every page."""
    return render(request, "api/console.html")


@lru_cache(maxsize=1)
def documentation() -> dict[str, Any]:
    html, contents = rendered_guide(GUIDE)
    described = json.loads(description())
    return {
        "guide": html,
        "contents": contents,
        "operations": operations(described),
        "shapes": shapes(described),
        "section": "api",
    }


@lru_cache(maxsize=2)
def rendered_guide(file: Path) -> tuple[SafeString, list[tuple[str, str]]]:
    """A guide as HTML with an anchor at each heading, and its chapters."""
    text = file.read_text("utf-8").replace(SHOWN_ADDRESS, settings.BASE_URL)
    for name, page in NEIGHBOURS.items():
        text = text.replace(f"]({name}", f"]({reverse(page)}")
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.add_render_rule("fence", _example)
    parser.add_render_rule(
        "table_open", lambda *_: '<div class="table-box" tabindex="0" role="group" aria-label="Table"><table>'
    )
    parser.add_render_rule("table_close", lambda *_: "</table></div>")
    tokens = parser.parse(text)
    contents = []
    for heading, inline in pairwise(tokens):
        if heading.type == "heading_open":
            anchor = anchor_of(inline.content)
            heading.attrSet("id", anchor)
            if heading.tag == "h2":
                contents.append((anchor, inline.content))
    html = parser.renderer.render(tokens, parser.options, {})
    return mark_safe(html), contents  # noqa: S308 - our own file, with HTML off


def anchor_of(heading: str) -> str:
    """As code hosts make them, so that a link works there and here: `not_found` stays not_found."""
    kept = [letter for letter in heading.lower().strip() if letter.isalnum() or letter in "_- "]
    return "".join(kept).replace(" ", "-")


def _example(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """Code scrolls in a box of its own that the keyboard reaches and a name tells; a button copies it."""
    return format_html(
        '<div class="example"><pre tabindex="0" role="group" aria-label="{}"><code>{}</code></pre>'
        '<button class="btn btn-quiet btn-s needs-js" type="button" data-copy="{}">Copy</button></div>',
        EXAMPLE_NAMES.get(tokens[index].info, "Example"),
        tokens[index].content,
        tokens[index].content,
    )
