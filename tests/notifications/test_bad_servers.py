"""Servers that greet with a refusal, hang up at once or answer too late: nothing lost, and no mail twice but the one in doubt."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest

from notifications import lines
from notifications.delivery import deliver
from tests.notifications.outbox import let_time_pass, mails, queue
from tests.notifications.smtp import Handler


@contextmanager
def one_that_says(greeting: bytes) -> Iterator[int]:
    """A server that says this to whoever connects, and hangs up. Gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    connection.sendall(greeting)

        thread = Thread(target=serve)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(5)


@pytest.mark.parametrize(
    "greeting", [b"421 4.3.2 too busy\r\n", b"554 no service for you\r\n", b"", b"HTTP/1.1 400 Bad\r\n"]
)
def test_who_does_not_let_us_in_uses_up_no_attempt(
    db: Any, mail_server: Handler, settings: Any, greeting: bytes
) -> None:
    port = settings.EMAIL_PORT
    queue(3)
    with one_that_says(greeting) as settings.EMAIL_PORT:
        assert deliver(seconds=5) == 0
    assert {(mail.state, mail.attempts, mail.leased_by) for mail in mails()} == {("QUEUED", 0, "")}
    settings.EMAIL_PORT = port
    let_time_pass()
    assert deliver(seconds=5) == 3
    assert len(set(mail_server.message_ids)) == len(mail_server.mails) == 3


def test_a_server_that_looks_for_viruses_has_its_time_and_no_other_answer_has(
    db: Any, mail_server: Handler, settings: Any
) -> None:
    settings.EMAIL_TIMEOUT = 0.4
    mail_server.delay = 1.2
    queue(2)
    assert deliver(seconds=10) == 2
    assert {(mail.state, mail.attempts) for mail in mails()} == {("SENT", 1)}
    assert len(mail_server.mails) == 2

    def slowly(address: str) -> None:
        time.sleep(1.2)

    mail_server.at_rcpt = slowly
    queue(dedup="mail.later", to="later@test.example")
    assert deliver(seconds=5) == 0
    assert [mail.state for mail in mails()] == ["SENT", "SENT", "QUEUED"]


def test_an_answer_that_comes_too_late_doubles_that_one_mail_at_most(
    db: Any, mail_server: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server has it, and nobody told us: the same Message-ID comes again, and mail programs show one."""
    monkeypatch.setattr(lines, "AFTER_THE_MAIL", 0.3)
    mail_server.delay = 0.8
    queue(1)
    assert deliver(seconds=5) == 0
    (waiting,) = mails()
    assert (waiting.state, waiting.attempts) == ("QUEUED", 1)
    assert "TimeoutError" in waiting.last_error or "SMTPServerDisconnected" in waiting.last_error
    mail_server.delay = 0
    queue(dedup="mail.other", to="other@test.example")
    let_time_pass()
    assert deliver(seconds=5) == 2
    assert {mail.state for mail in mails()} == {"SENT"}
    assert mail_server.message_ids.count("<rozoom.mail.other@rozoom.example>") == 1
    assert set(mail_server.message_ids) == {waiting.message_id, "<rozoom.mail.other@rozoom.example>"}
