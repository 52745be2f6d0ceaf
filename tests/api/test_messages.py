"""The conversation: who may write which kind, who may read it, and which reply answers for roZoom."""

import pytest

from tests.api.calls import at, codes, if_match, send_form, stored, upload
from tests.world import message, ticket
from tickets.models import MessageKind

pytestmark = pytest.mark.django_db

MAY = {"acme": {"public"}, "delta": {"public", "partner"}, "rozoom": {"public", "partner", "internal"}}


def bodies(program, filed) -> list[str]:
    return [one["body"] for one in program.get(at(filed, "messages")).json()["results"]]


def test_a_message_reads_exactly_like_this(world, api):
    filed = ticket(world)
    answer = api(world.acme).post(at(filed, "messages"), {"body": "It shows E42."})
    assert answer.status_code == 201
    read = answer.json()
    assert list(read) == ["id", "kind", "body", "history", "author", "channel", "created_at", "files"]
    assert read["author"] == {"name": "ACME program", "party": "customer", "organisation": "Acme Lifts"}
    assert (read["kind"], read["channel"], read["files"], read["history"]) == ("public", "api", [], "")
    assert read["created_at"].endswith("Z")
    assert api(world.acme).get(answer["Location"]).json() == read


@pytest.mark.parametrize("kind", MessageKind.values)
@pytest.mark.parametrize("who", MAY)
def test_each_organisation_writes_its_kinds(world, api, who, kind):
    filed = ticket(world)
    answer = api(getattr(world, who)).post(at(filed, "messages"), {"kind": kind, "body": "x"})
    if kind in MAY[who]:
        assert (answer.status_code, answer.json()["kind"]) == (201, kind)
    else:
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
        assert stored(filed.reference).version == 1


@pytest.mark.parametrize("who", MAY)
def test_each_organisation_reads_its_kinds(world, api, who):
    filed = ticket(world)
    notes = {kind: message(world, filed, "marek", body=f"{kind} words", kind=kind) for kind in MessageKind.values}
    program = api(getattr(world, who))
    expected = [f"{kind} words" for kind in MessageKind.values if kind in MAY[who]]
    assert bodies(program, filed) == expected
    for kind, note in notes.items():
        answer = program.get(at(filed, "messages", str(note.pk)))
        assert answer.status_code == (200 if kind in MAY[who] else 404)


@pytest.mark.parametrize("who", ["acme", "delta"])
def test_notes_leak_into_no_answer(world, api, who):
    filed = ticket(world)
    hidden = "partner" if who == "acme" else "internal"
    desk = api(world.rozoom)
    note = send_form(
        desk, at(filed, "messages"), kind=hidden, body="secretword", files=[upload("secretname.txt", b"hush")]
    )
    assert note.status_code == 201
    file_id = note.json()["files"][0]["id"]
    program = api(getattr(world, who))
    for path in (
        at(filed),
        at(filed, "messages"),
        at(filed, "files"),
        at(filed, "promise"),
        "/api/v1/tickets/",
        "/api/v1/tickets/?q=secretword",
    ):
        assert b"secret" not in program.get(path).content.replace(b"q=secretword", b"")
    assert program.get(f"/api/v1/files/{file_id}/").status_code == 404
    assert program.get(at(filed, "messages", note.json()["id"])).content == program.get(at("ACME-99")).content


@pytest.mark.parametrize(
    "body, wrong",
    [
        ({}, [("body", "required")]),
        ({"body": " \n "}, [("body", "blank")]),
        ({"body": 5}, [("body", "wrong_type")]),
        ({"body": "x", "kind": "secret"}, [("kind", "not_a_choice")]),
        ({"body": "x", "author": "Marek"}, [("author", "unknown_field")]),
    ],
)
def test_a_message_that_can_not_be_read_is_named(world, api, body, wrong):
    answer = api(world.acme).post(at(ticket(world), "messages"), body)
    assert answer.status_code == 422
    assert codes(answer) == wrong


@pytest.mark.parametrize("size, status", [(64 * 1024, 201), (64 * 1024 + 1, 422)])
def test_a_message_has_at_most_64_kilobytes(world, api, size, status):
    assert api(world.acme).post(at(ticket(world), "messages"), {"body": "x" * size}).status_code == status


def test_a_message_may_name_the_version_it_answers(world, api):
    filed = ticket(world)
    program = api(world.acme)
    assert program.post(at(filed, "messages"), {"body": "x"}, headers=if_match(7)).status_code == 412
    assert program.post(at(filed, "messages"), {"body": "x"}, headers=if_match(1)).status_code == 201
    assert len(bodies(program, filed)) == 1


def test_nobody_writes_on_a_withdrawn_ticket(world, api):
    filed = ticket(world)
    program = api(world.acme)
    program.post(at(filed, "transitions"), {"action": "withdraw", "reason": "x"}, headers=if_match(1))
    answer = program.post(at(filed, "messages"), {"body": "x"})
    assert (answer.status_code, answer.json()["code"]) == (409, "cannot_reply")


def test_pages_of_a_conversation(world, api):
    filed = ticket(world)
    for number in range(5):
        message(world, filed, "marek" if number % 2 else "ilse", body=f"words {number}")
    program = api(world.acme)
    first = program.get(f"{at(filed, 'messages')}?page_size=2").json()
    second = program.get(first["next"].removeprefix("http://testserver")).json()
    back = program.get(second["previous"].removeprefix("http://testserver")).json()
    assert [one["body"] for one in first["results"] + second["results"]] == [f"words {n}" for n in range(4)]
    assert back["results"] == first["results"]


# --- whose words answer for roZoom ------------------------------------------------------------------------------------


def reply_with(world, api, scopes: list[str], kind: str = "public"):
    filed = ticket(world)
    program = api(world.rozoom, scopes=["tickets:read", "tickets:write", "notes:write", *scopes])
    assert program.post(at(filed, "messages"), {"kind": kind, "body": "We got it."}).status_code == 201
    return program.get(at(filed)).json()["response"]


def test_a_program_alone_does_not_keep_the_promise(world, api):
    assert reply_with(world, api, [])["outcome"] == "RUNNING"


def test_a_program_that_people_answer_through_does(world, api):
    response = reply_with(world, api, ["tickets:answer"])
    assert response["outcome"] == "MET"
    assert response["stopped_at"]


@pytest.mark.parametrize("kind", ["partner", "internal"])
def test_a_note_never_does(world, api, kind):
    assert reply_with(world, api, ["tickets:answer"], kind)["outcome"] == "RUNNING"


def test_a_resellers_reply_never_does(world, api):
    filed = ticket(world)
    program = api(world.delta)
    program.post(at(filed, "messages"), {"body": "We looked."})
    assert program.get(at(filed)).json()["response"]["outcome"] == "RUNNING"


def test_a_persons_reply_at_the_desk_does(world, api):
    filed = ticket(world)
    message(world, filed, "marek")
    assert api(world.acme).get(at(filed)).json()["response"]["outcome"] == "MET"
