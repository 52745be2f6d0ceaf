"""One chromium for all browser tests that follow each other, and a server that knows when nobody asks it any more."""

import os
import shutil
from collections.abc import Generator, Iterator
from threading import Condition
from typing import Any

import pytest
from django.core.servers.basehttp import ThreadedWSGIServer
from django.db import connections
from django.test.testcases import LiveServerThread
from playwright.sync_api import Browser, sync_playwright

SWITCHES = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PATIENCE = 20  # seconds for answers that are still on their way when a test ends


def chromium_path() -> str | None:
    return os.environ.get("CHROMIUM") or next((found for name in NAMES if (found := shutil.which(name))), None)


class Chromium:
    """Starts with the first test that asks for it and ends before the first that does not: other tests run loops of
    their own, which the one of Playwright in their thread would refuse. To Django, code beside a loop and code without
    one are two threads with a connection each."""

    def __init__(self, config: pytest.Config, path: str) -> None:
        self.plugins = config.pluginmanager
        self.last = False
        disconnect()
        self.playwright = sync_playwright().start()
        self.browser = self.playwright.chromium.launch(executable_path=path, args=SWITCHES)
        self.plugins.register(self, Chromium.__name__)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, nextitem: pytest.Item | None) -> Generator[None, Any, Any]:
        self.last = nextitem is None or nextitem.get_closest_marker("browser") is None
        try:
            return (yield)
        finally:
            if self.last:
                self.stop()

    def pytest_sessionfinish(self) -> None:
        self.stop()  # of a run that was interrupted

    def stop(self) -> None:
        if self.plugins.is_registered(self):
            self.plugins.unregister(self)
            disconnect()
            self.browser.close()
            self.playwright.stop()


def disconnect() -> None:
    for connection in connections.all(initialized_only=True):
        if not connection.in_atomic_block:
            connection.close()


@pytest.fixture
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    path = chromium_path()
    if path is None:
        pytest.skip("no chromium on this machine: install it or set CHROMIUM to its path")
    running: Chromium | None = request.config.pluginmanager.get_plugin(Chromium.__name__)
    if running is not None and not running.browser.is_connected():  # it crashed under an earlier test
        running.stop()
        running = None
    running = running or Chromium(request.config, path)
    yield running.browser
    if running.last:  # before the database goes with the last test of all
        running.stop()


class Server(ThreadedWSGIServer):
    """Counts its open connections: each is a thread that may be answering, and writing to the database."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connections = 0
        self.changed = Condition()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._count(1)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._count(-1)

    def _count(self, step: int) -> None:
        with self.changed:
            self.connections += step
            self.changed.notify_all()

    def wait_until_left(self) -> None:
        """For a browser that has closed its pages, and with them its connections."""
        with self.changed:
            left = self.changed.wait_for(lambda: not self.connections, PATIENCE)
        assert left, f"{self.connections} connections are still open {PATIENCE} seconds after the pages were closed"


LiveServerThread.server_class = Server
