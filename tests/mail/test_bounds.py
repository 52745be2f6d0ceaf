"""The reading process: bounded, replaced when it dies, and the mail that killed it held with the reason."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.mail.post import letter, receive
from tests.world import World
from tickets.mail import working
from tickets.mail.reader import Reader, Unreadable


@pytest.fixture
def reading(tmp_path: Path) -> Any:
    reader = Reader()
    raw = tmp_path / "mail"
    raw.write_bytes(letter().as_bytes())
    yield reader, raw, tmp_path
    reader.stop()


def test_one_process_reads_many(reading: Any) -> None:
    reader, raw, folder = reading
    subjects = {reader.read(raw, folder, envelope_from=None)["subject"] for _ in range(3)}
    assert subjects == {"Lift 2 stands still"}


def test_it_is_started_again_after_a_kill(reading: Any) -> None:
    reader, raw, folder = reading
    reader.read(raw, folder, envelope_from=None)
    os.kill(reader._process.pid, signal.SIGKILL)
    reader._process.wait()
    assert reader.read(raw, folder, envelope_from=None)["subject"] == "Lift 2 stands still"


def test_too_much_memory_ends_that_mail_alone(reading: Any) -> None:
    reader, raw, folder = reading
    raw.write_bytes(letter().as_bytes() + b"x\n" * 20_000_000)
    with pytest.raises(Unreadable):
        reader.read(raw, folder, envelope_from=None, memory=200 * 1024 * 1024)
    raw.write_bytes(letter().as_bytes())
    assert reader.read(raw, folder, envelope_from=None)["subject"] == "Lift 2 stands still"


def test_too_much_time_ends_that_mail_alone(reading: Any) -> None:
    reader, raw, folder = reading
    raw.write_bytes(letter().as_bytes() + b"x\n" * 3_000_000)
    began = time.monotonic()
    with pytest.raises(Unreadable, match="too long"):
        reader.read(raw, folder, envelope_from=None, seconds=0.05)
    assert time.monotonic() - began < 5
    raw.write_bytes(letter().as_bytes())
    assert reader.read(raw, folder, envelope_from=None)["subject"] == "Lift 2 stands still"


def test_it_knows_no_secret_of_ours(reading: Any) -> None:
    reader, raw, folder = reading
    reader.read(raw, folder, envelope_from=None)
    environment = Path(f"/proc/{reader._process.pid}/environ").read_bytes().decode()
    assert {line.partition("=")[0] for line in environment.split("\0") if line} <= {"PATH", "LC_ALL"}


def test_what_can_not_be_read_is_held_with_the_reason(world: World, monkeypatch: Any) -> None:
    def ended(*args: Any, **kwargs: Any) -> None:
        raise Unreadable("reading it took too long")

    monkeypatch.setattr(working.reader, "read", ended)
    mail = receive(letter())
    assert (mail.outcome, mail.code) == ("held", "unreadable")
    assert mail.reason == "It can not be read: reading it took too long."
    monkeypatch.undo()
    client = world.client("marek")
    page = client.get(f"/desk/mail/{mail.pk}/").content.decode()
    assert "No text was read." in page
    assert client.get(f"/desk/mail/{mail.pk}/as-it-came/").status_code == 200


def test_a_mistake_of_ours_is_tried_again_and_then_held(world: World, monkeypatch: Any) -> None:
    def broken(*args: Any) -> None:
        raise KeyError("a mistake")

    monkeypatch.setattr(working, "decide", broken)
    monkeypatch.setattr(working.time, "sleep", lambda seconds: None)
    mail = receive(letter())
    assert (mail.outcome, mail.code, mail.attempts) == ("held", "failed", working.MAX_ATTEMPTS)
