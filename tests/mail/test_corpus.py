"""Every mail of the corpus through the reading function; some of them through the whole door; none of them ever a crash."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.mail.corpus import CASES
from tests.mail.corpus.case import Case, Has, Without
from tests.mail.post import receive
from tests.world import World
from tickets.mail.reading.mail import read
from tickets.mail.reading.parts import TooMuch


def complaint(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, Has):
        return wanted.words not in found
    if isinstance(wanted, Without):
        return wanted.words in found
    return as_lists(found) != wanted


def as_lists(value: Any) -> Any:
    """As it comes out of the reading process, where tuples are lists."""
    return [as_lists(one) for one in value] if isinstance(value, list | tuple) else value


def test_there_are_enough_of_them_and_each_has_a_name() -> None:
    assert len(CASES) >= 120
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_it_is_read_as_a_person_would(case: Case, tmp_path: Path) -> None:
    if case.unreadable:
        with pytest.raises(TooMuch, match=case.unreadable):
            read(case.raw, tmp_path, envelope_from=case.envelope_from)
        return
    found = read(case.raw, tmp_path, envelope_from=case.envelope_from)
    wrong = {name: found[name] for name, wanted in case.finds.items() if complaint(found[name], wanted)}
    assert not wrong
    if case.files is not None:
        assert [file["name"] for file in found["files"]] == case.files
    for file in found["files"]:
        assert (tmp_path / str(file["at"])).stat().st_size == file["size"]


SMALL = [case for case in CASES if len(case.raw) < 20_000]
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["cut", "flip", "double", "insert", "drop"]), st.floats(0, 1), st.binary(min_size=1, max_size=8)
    ),
    min_size=1,
    max_size=8,
)


def edited(raw: bytes, edits: list[tuple[str, float, bytes]]) -> bytes:
    for kind, where, data in edits:
        at = int(len(raw) * where)
        if kind == "cut":
            raw = raw[:at]
        elif kind == "flip":
            raw = raw[:at] + bytes(one ^ data[0] for one in raw[at : at + 4]) + raw[at + 4 :]
        elif kind == "double":
            raw = raw[:at] + raw[at : at + 200] * 2 + raw[at + 200 :]
        elif kind == "insert":
            raw = raw[:at] + data + raw[at:]
        else:
            raw = raw[:at] + raw[at + 20 :]
    return raw


@settings(max_examples=400)
@given(case=st.sampled_from(SMALL), edits=EDITS)
def test_a_mail_changed_anywhere_is_still_read(tmp_path_factory: Any, case: Case, edits: list[Any]) -> None:
    folder = tmp_path_factory.getbasetemp()
    try:
        found = read(edited(case.raw, edits), folder, envelope_from=None)
    except TooMuch:
        return
    texts = [found["written"], found["history"], found["subject"], found["html"], *found["notes"]]
    assert not any("\x00" in text or any(0xD800 <= ord(sign) < 0xE000 for sign in text) for text in texts)


@settings(max_examples=200)
@given(raw=st.binary(max_size=3000))
def test_bytes_of_any_kind_are_read(tmp_path_factory: Any, raw: bytes) -> None:
    found = read(raw, tmp_path_factory.getbasetemp(), envelope_from=None)
    assert isinstance(found["written"], str)


WHOLE_DOOR = [case for at, case in enumerate(CASES) if at % 6 == 0 or case.unreadable]


def test_the_whole_door_takes_each_of_them(world: World, settings: Any) -> None:
    """Nothing raises, nothing stays undecided, and what has no sender we know is never a ticket."""
    settings.LIMITS = {**settings.LIMITS, "mails_per_sender": 1000, "mails_per_customer": 1000}
    for case in WHOLE_DOOR:
        mail = receive(case.raw, envelope_from=case.envelope_from)
        assert not mail.is_waiting, case.name
        assert mail.code not in ("failed", "refused"), (case.name, mail.reason)
        if mail.outcome in ("ticket_created", "message_added"):
            assert mail.sender == "ilse@test.example", case.name
        if case.unreadable:
            assert (mail.outcome, mail.code) == ("held", "unreadable"), case.name
