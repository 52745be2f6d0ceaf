"""SMTP, LMTP, IMAP and the command: each keeps the mail before it says so."""

import asyncio
import io
import json
import smtplib
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from tests.mail.imap import Mailbox
from tests.mail.post import SUPPORT, WORKER, letter, receive
from tests.world import STAFF, World, ensure_context
from tickets.mail import listener, mailbox, storing
from tickets.mail.again import read_again
from tickets.mail.storing import HEAD_BYTES
from tickets.mail.working import work
from tickets.models import IncomingMail, Message, Ticket


def kept() -> list[IncomingMail]:
    with ensure_context(WORKER):
        return list(IncomingMail.objects.order_by("pk"))


@contextmanager
def listening(door: str) -> Iterator[tuple[str, int]]:
    """The listener in a thread of its own, without the thread that reads."""
    server = listener.open_socket("127.0.0.1", 0)
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    def run() -> None:
        loop.run_until_complete(listener.listen(door, server, threading.Event(), stop))
        loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield server.getsockname()
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


def test_smtp_takes_mail_for_us_alone_and_says_so_when_it_is_kept(lasting_world: World, settings: Any) -> None:
    settings.LIMITS = {**settings.LIMITS, "mail_bytes": 20_000}
    with listening("smtp") as (host, port), smtplib.SMTP(host, port) as client:
        client.ehlo()
        assert client.mail("ilse@test.example")[0] == 250
        assert client.rcpt("somebody@rozoom.example")[0] == 550
        assert client.rcpt("support@elsewhere.example")[0] == 550
        assert client.rcpt("Support@RoZoom.example")[0] == 250
        code, said = client.data(letter().as_bytes())
        (mail,) = kept()
        assert (code, said.decode()) == (250, f"2.0.0 kept as {mail.pk}")
        with pytest.raises(smtplib.SMTPResponseException) as refused:
            client.sendmail("ilse@test.example", [SUPPORT], letter(text="long " * 6000).as_bytes())
        assert refused.value.smtp_code == 552
    assert (mail.door, mail.envelope_from, mail.envelope_to) == ("smtp", "ilse@test.example", [SUPPORT])
    assert mail.is_waiting
    with default_storage.open(mail.stored_as) as raw:
        assert b"It stopped between floors." in raw.read()
    assert work(seconds=20) == 1
    assert [one.outcome for one in kept()] == ["ticket_created"]
    with listening("lmtp") as (host, port), smtplib.LMTP(host, port) as client:
        client.sendmail("", [SUPPORT], letter(subject="By LMTP").as_bytes())
    assert (kept()[-1].door, kept()[-1].envelope_from) == ("lmtp", "")


def test_long_lines_come_in_and_too_many_sessions_wait(lasting_world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(listener, "MOST_SESSIONS", 1)
    with listening("smtp") as (host, port), smtplib.SMTP(host, port) as client:
        client.sendmail("ilse@test.example", [SUPPORT], letter().as_bytes() + b"x" * 200_000 + b"\r\n")
        with pytest.raises(smtplib.SMTPConnectError) as refused:
            smtplib.SMTP(host, port)
        assert refused.value.smtp_code == 421
        client.sendmail("ilse@test.example", [SUPPORT], letter(subject="Two").as_bytes())
    assert len(kept()) == 2


def test_a_disk_that_is_full_makes_the_sender_try_again(lasting_world: World, monkeypatch: Any) -> None:
    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storing, "_to_the_disk", full)
    with listening("smtp") as (host, port), smtplib.SMTP(host, port) as client:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            client.sendmail("ilse@test.example", [SUPPORT], letter().as_bytes())
        assert refused.value.smtp_code == 451
    assert kept() == []


@pytest.mark.parametrize("url", ["http://x:1", "smtp://127.0.0.1", "lmtp:///run/x", ""])
def test_a_wrong_address_to_listen_at_is_told(url: str) -> None:
    with pytest.raises(ImproperlyConfigured):
        listener.address_of(url)


def test_a_mailbox_is_emptied_once(world: World, settings: Any) -> None:
    first, second = letter(subject="One").as_bytes(), letter(subject="Two").as_bytes()
    with Mailbox(first, second) as box:
        settings.IMAP_URL = box.url
        assert mailbox.poll() == 2
        assert mailbox.poll() == 0
        assert box.read == {0, 1}
    assert [(mail.door, mail.is_waiting) for mail in kept()] == [("imap", True)] * 2
    assert work(seconds=20) == 2
    with ensure_context(WORKER):
        assert set(Ticket.objects.values_list("subject", flat=True)) == {"One", "Two"}


def test_of_a_mail_too_large_the_beginning_is_kept(world: World, settings: Any) -> None:
    with Mailbox(letter().as_bytes() + b"x" * 400_000) as box:
        settings.IMAP_URL, box.sizes[1] = box.url, settings.LIMITS["mail_bytes"] + 1
        mailbox.poll()
        assert f"<0.{HEAD_BYTES}>" in box.fetched[0]
    (mail,) = kept()
    assert (mail.outcome, mail.code) == ("rejected", "too_large")
    assert default_storage.size(mail.stored_as) == HEAD_BYTES


def test_a_mailbox_that_does_not_let_us_in_loses_nothing(world: World, settings: Any) -> None:
    with Mailbox(letter().as_bytes(), password="other") as box:
        settings.IMAP_URL = box.url
        with pytest.raises(mailbox.MailboxAway):
            mailbox.poll()
        assert box.read == set()
    with pytest.raises(CommandError, match="can not be read"):
        call_command("poll_mail")


@pytest.mark.parametrize("url", ["imap://a:b@mail.example/INBOX", "pop3://x", "imaps:///INBOX", "imaps://h/I?x=1"])
def test_a_wrong_mailbox_is_told(url: str) -> None:
    with pytest.raises(ImproperlyConfigured):
        mailbox.Address.of(url)


@pytest.fixture
def command(monkeypatch: Any, capsys: Any) -> Callable[..., dict[str, Any]]:
    def run(raw: bytes, *options: str) -> dict[str, Any]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
        call_command("receive_mail", *options)
        (line,) = capsys.readouterr().out.splitlines()
        return json.loads(line)

    return run


def test_the_command_says_in_one_line_what_became_of_it(world: World, command: Any) -> None:
    mail = letter()
    first = command(mail.as_bytes(), "--from", "ilse@test.example", "--to", SUPPORT)
    assert set(first) == {"mail", "outcome", "ticket", "message", "reason"}
    assert (first["outcome"], first["ticket"], first["message"]) == ("ticket_created", "ACME-1", None)
    # The same mail by another way, with another server's line on top.
    again = command(b"Received: from other.example by mx.example; now\r\n" + mail.as_bytes())
    assert (again["outcome"], again["ticket"]) == ("ignored", "ACME-1")
    reply = letter(subject="Re: [ACME-1] Lift", text="Better now.")
    added = command(reply.as_bytes())
    assert (added["outcome"], added["ticket"]) == ("message_added", "ACME-1")
    assert command(reply.as_bytes())["message"] == added["message"]
    assert command(b"")["outcome"] == "rejected"
    with ensure_context(WORKER):
        assert (Ticket.objects.count(), Message.objects.count()) == (1, 1)


def test_the_command_tells_the_mail_server_to_come_back(
    world: World, command: Any, monkeypatch: Any, capsys: Any
) -> None:
    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(storing, "_to_the_disk", full)
    with pytest.raises(SystemExit) as ended:
        command(letter().as_bytes())
    assert ended.value.code == 75
    assert json.loads(capsys.readouterr().out)["outcome"] == "rejected"


def test_reading_again_files_nothing_twice_and_finds_who_became_known(world: World) -> None:
    call = letter("New Person <new@newdomain.example>")
    with ensure_context(WORKER):
        before = Ticket.objects.count()
    mail = receive(call)
    assert (mail.outcome, mail.code) == ("held", "unknown_sender")
    with ensure_context(STAFF):
        world.acme.mail_domains = ["newdomain.example"]
        world.acme.save(update_fields=["mail_domains"])
    assert read_again(mail.pk).outcome == "ticket_created"
    assert read_again(mail.pk).outcome == "ticket_created"
    with ensure_context(WORKER):
        assert Ticket.objects.count() == before + 1
    with pytest.raises(CommandError, match="There is no mail"):
        call_command("reprocess_mail", "987654")
