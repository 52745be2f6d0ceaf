"""A real browser and a small server of our own, without database, for the look and the scripts."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.test import override_settings
from playwright.sync_api import Browser, Page

from tests.browser import browser
from tests.ui import urls

__all__ = ["browser"]


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


def _templates() -> list[dict[str, Any]]:
    engines = deepcopy(django_settings.TEMPLATES)
    engines[0]["DIRS"] = [*engines[0]["DIRS"], Path(__file__).parent / "templates"]
    return engines


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The address of a server that has our templates, files and policy, and none of the tenants."""
    middleware = ["csp.middleware.CSPMiddleware"]
    with override_settings(ROOT_URLCONF="tests.ui.urls", MIDDLEWARE=middleware, TEMPLATES=_templates()):
        server = ThreadedWSGIServer(("127.0.0.1", 0), QuietHandler)
        server.daemon_threads = True
        server.set_app(StaticFilesHandler(WSGIHandler()))
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def open_page(browser: Browser, site: str) -> Iterator[Callable[..., Page]]:
    """open_page("/styleguide/", width=375, theme="dark"). `page.complaints` gathers console errors, `page.foreign` requests
    that left the site."""
    contexts = []
    urls.received.clear()
    urls.failing.clear()

    def open_(path: str, *, width: int = 1280, theme: str = "light", before: str = "", **options: Any) -> Page:
        options = {"viewport": {"width": width, "height": 900}, "color_scheme": theme} | options
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.complaints, page.foreign = [], []
        page.on(
            "console", lambda said: page.complaints.append(said.text) if said.type in ("error", "warning") else None
        )
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on(
            "request", lambda asked: None if asked.url.startswith((site, "data:")) else page.foreign.append(asked.url)
        )
        if before:
            page.add_init_script(before)
        page.goto(site + path)
        return page

    yield open_
    for context in contexts:
        context.close()
