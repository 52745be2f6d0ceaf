"""A real browser on the whole product: server, database, scripts."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page

from tests.browser import browser
from tests.world import World

__all__ = ["browser", "visit"]


@pytest.fixture
def visit(browser: Browser, lasting_world: World, live_server: Any) -> Iterator[Callable[..., Page]]:
    """visit("/home/", "ilse", width=375, theme="dark"): a page of a signed-in person. `page.complaints` gathers console errors
    and requests that left the house; answers 409 and 422 are what a form is meant to get."""
    contexts = []

    def visit_(path: str, who: str = "ilse", *, width: int = 1280, theme: str = "light", **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=theme, **options)
        contexts.append(context)
        client: Client = lasting_world.client(who)
        context.add_cookies(
            [{"name": name, "value": morsel.value, "url": live_server.url} for name, morsel in client.cookies.items()]
        )
        page = context.new_page()
        page.complaints = []

        def hear(text: str) -> None:
            if not re.search(r"status of (409|422)", text):
                page.complaints.append(text)

        page.on("console", lambda said: hear(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: hear(str(error)))
        page.on("request", lambda asked: None if asked.url.startswith((live_server.url, "data:")) else hear(asked.url))
        page.goto(live_server.url + path)
        return page

    yield visit_
    for context in contexts:
        context.close()
    live_server.thread.httpd.wait_until_left()  # it must not be asked when the rows of this test are gone
