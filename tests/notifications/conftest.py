from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.mail.utils import DNS_NAME

from notifications import handlers
from tests.notifications.smtp import Handler, MailServer
from tests.portal.conftest import browser, visit

__all__ = ["browser", "visit"]


@pytest.fixture
def mail_server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handler]:
    """A real SMTP server on loopback that the product's own settings point at; `.mails` is what it took."""
    handler = Handler()
    server = MailServer(handler)
    server.start()
    handler.server = server  # type: ignore[attr-defined]
    settings.EMAIL_BACKEND = "notifications.lines.Backend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", server.port, 3
    monkeypatch.setattr(DNS_NAME, "_fqdn", "localhost", raising=False)
    try:
        yield handler
    finally:
        server.stop(no_assert=True)


@pytest.fixture
def handled(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """handled(topic, function): what tests register is forgotten after them."""
    monkeypatch.setattr(handlers, "_handlers", {})
    return lambda topic, handler: handlers.handles(topic)(handler) and None


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    monkeypatch.setattr(handlers, "_guards", {})
    return lambda name, guard: handlers.guards(name)(guard) and None
