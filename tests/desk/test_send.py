"""Sending from the desk: the audience stands in the address, nothing is sent past an unseen message, nothing is sent twice."""

from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections

from tenancy.context import work_unit
from tests.desk.reading import WORKER, clock, fresh, hidden, stored, text
from tests.world import World, message, ticket
from tickets.models import Attachment, Message, ReplyDraft, Ticket


def url(filed: Ticket, more: str = "") -> str:
    return f"/desk/tickets/{filed.reference}/{more}"


def send(world: World, filed: Ticket, kind: str = "public", who: str = "marek", **data: Any) -> Any:
    return world.client(who).post(url(filed, f"send/{kind}/"), {"text": "We are on it.", **data})


def messages_of(filed: Ticket) -> list[Message]:
    with work_unit(WORKER):
        return list(Message.objects.filter(ticket=filed).order_by("created_at"))


def draft_of(world: World, filed: Ticket, kind: str = "public", who: str = "marek") -> str:
    with work_unit(WORKER):
        found = ReplyDraft.objects.filter(ticket=filed, kind=kind, person_id=world.people[who].person_id).first()
    return found.body if found else ""


# Doors


@pytest.mark.parametrize(
    "who, kind",
    [
        ("marek", "public"),
        ("marek", "partner"),
        ("marek", "internal"),
        ("dirk", "public"),
        ("dirk", "partner"),
    ],
)
def test_what_is_sent_stands_in_the_conversation(world: World, who: str, kind: str) -> None:
    filed = ticket(world)
    response = send(world, filed, kind, who)
    (said,) = messages_of(filed)
    assert (said.kind, said.body, said.author_name) == (kind, "We are on it.", f"{who.title()} Test")
    assert response.status_code == 302
    assert response.url == f"{url(filed)}?sent={kind}#m{said.pk.hex}"
    assert f'id="m{said.pk.hex}"' in text(world.client(who).get(response.url))


@pytest.mark.parametrize(
    "who, kind, status",
    [
        ("dirk", "internal", 404),
        ("nils", "public", 404),
        ("ilse", "public", 404),
        ("ilse", "internal", 404),
        ("fin", "public", 404),
        ("marek", "secret", 404),
    ],
)
def test_who_may_not_write_it_sends_nothing(world: World, who: str, kind: str, status: int) -> None:
    filed = ticket(world)
    assert send(world, filed, kind, who).status_code == status
    assert messages_of(filed) == []


def test_a_message_for_a_ticket_that_is_not_there_is_not_found(world: World) -> None:
    assert world.client("marek").post("/desk/tickets/ACME-77/send/public/", {"text": "x"}).status_code == 404


def test_a_get_sends_nothing(world: World) -> None:
    filed = ticket(world)
    assert world.client("marek").get(url(filed, "send/public/")).status_code == 405


def test_a_reply_stops_the_promise_and_a_resellers_does_not(world: World) -> None:
    filed = ticket(world)
    send(world, filed, who="dirk")
    assert fresh(filed).response_outcome == "RUNNING"
    send(world, filed, seen_at=messages_of(filed)[-1].created_at.isoformat())
    assert fresh(filed).response_outcome == "MET"


def test_the_list_it_was_opened_from_is_kept(world: World) -> None:
    filed = ticket(world)
    response = world.client("marek").post(f"{url(filed, 'send/public/')}?view=mine&severity=2", {"text": "x"})
    assert response.url.startswith(f"{url(filed)}?view=mine&severity=2&sent=public#m")


def test_sending_forgets_the_draft_of_its_kind_only(world: World) -> None:
    filed, client = ticket(world), world.client("marek")
    for kind in ("public", "internal"):
        client.post(f"/tickets/{filed.reference}/draft/{kind}/", {"text": f"half a {kind} sentence"})
    send(world, filed)
    assert draft_of(world, filed, "public") == ""
    assert draft_of(world, filed, "internal") == "half a internal sentence"


# What happens after sending


@pytest.mark.parametrize(
    "then, state, turn", [("", "OPEN", "rozoom"), ("wait", "WAITING", "customer"), ("resolve", "RESOLVED", "rozoom")]
)
def test_the_state_after_sending_is_chosen_with_the_button(world: World, then: str, state: str, turn: str) -> None:
    filed = ticket(world)
    page = text(world.client("marek").get(url(filed, "?compose=public")))
    assert not then or f'name="then" value="{then}"' in page
    send(world, filed, then=then)
    assert (fresh(filed).state, fresh(filed).turn) == (state, turn)


def test_a_note_moves_nothing(world: World) -> None:
    filed = ticket(world)
    assert 'name="then"' not in text(world.client("marek").get(url(filed, "?compose=internal")))
    send(world, filed, "internal", then="resolve")
    assert fresh(filed).state == "NEW"


def test_a_reseller_can_not_resolve_past_a_promise_that_runs(world: World) -> None:
    filed = ticket(world)
    assert 'value="resolve"' not in text(world.client("dirk").get(url(filed, "?compose=public")))
    response = send(world, filed, who="dirk", then="resolve")
    assert response.status_code == 409
    assert "only an answer by roZoom stops it" in text(response)
    assert messages_of(filed) == []
    message(world, filed)
    assert 'value="resolve"' in text(world.client("dirk").get(url(filed, "?compose=public")))


@pytest.mark.parametrize("state, turn", [("WAITING", "customer"), ("WAITING", "supplier"), ("RESOLVED", "rozoom")])
def test_only_what_can_be_done_is_offered_after_sending(world: World, state: str, turn: str) -> None:
    filed = ticket(world)
    stored(filed, state=state, turn=turn, resolved_at=filed.reported_at)
    page = text(world.client("marek").get(url(filed, "?compose=public")))
    assert 'value="wait"' not in page
    assert ('value="resolve"' in page) == (state == "WAITING")


# Refused, and the text is kept


@pytest.mark.parametrize("words", ["", "  \n ", "x" * (64 * 1024 + 1)])
def test_text_that_can_not_be_sent_comes_back(world: World, words: str) -> None:
    filed = ticket(world)
    response = send(world, filed, text=words)
    assert response.status_code == 422
    page = text(response)
    assert "<title>Error: " in page
    assert "Write your text" in page or "must be shorter than 64 kB" in page
    assert words.strip()[:50] in page
    assert messages_of(filed) == []


def test_64_kb_are_sent(world: World) -> None:
    filed = ticket(world)
    assert send(world, filed, text="x" * 64 * 1024).status_code == 302


def test_files_are_sent_with_their_message(world: World) -> None:
    filed = ticket(world)
    files = [SimpleUploadedFile(f"{name}.txt", name.encode(), "text/plain") for name in ("one", "two")]
    response = send(world, filed, "partner", files=files)
    with work_unit(WORKER):
        stored_files = {(file.name, file.kind) for file in Attachment.objects.filter(ticket=filed)}
    assert stored_files == {("one.txt", "partner"), ("two.txt", "partner")}
    page = text(world.client("dirk").get(response.url))
    assert page.count("one.txt") == 2  # at the message and among the files


def test_a_refused_file_keeps_the_text_and_asks_for_the_files_again(world: World) -> None:
    filed = ticket(world)
    response = send(world, filed, files=[SimpleUploadedFile("tool.exe", b"MZ\x90", "application/octet-stream")])
    assert response.status_code == 422
    page = text(response)
    assert "tool.exe is a Windows program" in page
    assert "Choose the files again." in page
    assert "We are on it.</textarea>" in page
    assert draft_of(world, filed) == "We are on it."
    assert messages_of(filed) == []


@pytest.fixture
def overtaken(world: World) -> tuple[Ticket, dict[str, str]]:
    """Marek began a reply; meanwhile Ilse wrote."""
    filed = ticket(world)
    page = text(world.client("marek").get(url(filed, "?compose=public")))
    begun = {name: hidden(page, name) for name in ("seen_at", "form_token")}
    message(world, filed, "ilse", "Stop, it moves again.")
    return filed, begun


def test_a_reply_written_past_a_newer_message_is_not_sent(world: World, overtaken: Any) -> None:
    filed, begun = overtaken
    response = send(world, filed, **begun)
    page = text(response)
    assert response.status_code == 409
    assert [one.author_name for one in messages_of(filed)] == ["Ilse Test"]
    assert "Not sent. Ilse Test wrote before your reply." in page
    assert page.index("Stop, it moves again.") < page.index("We are on it.</textarea>")
    assert "Send anyway to customer and Delta Reseller" in page
    assert draft_of(world, filed) == "We are on it."
    assert fresh(filed).response_outcome == "RUNNING"


def test_after_reading_it_the_same_text_can_be_sent(world: World, overtaken: Any) -> None:
    filed, begun = overtaken
    page = text(send(world, filed, **begun))
    again = {name: hidden(page, name) for name in ("seen_at", "form_token")}
    assert send(world, filed, **again).status_code == 302
    assert [one.author_name for one in messages_of(filed)] == ["Ilse Test", "Marek Test"]
    assert draft_of(world, filed) == ""


@pytest.mark.parametrize("kind", ["partner", "internal"])
def test_a_note_may_be_written_whatever_came_in(world: World, overtaken: Any, kind: str) -> None:
    filed, begun = overtaken
    assert send(world, filed, kind, **begun).status_code == 302


def test_a_newer_note_stops_no_reply(world: World) -> None:
    filed = ticket(world)
    page = text(world.client("marek").get(url(filed, "?compose=public")))
    message(world, filed, "rita", "Look at the batch.", kind="internal")
    assert send(world, filed, seen_at=hidden(page, "seen_at")).status_code == 302


def test_two_that_came_in_at_the_same_instant_are_told_apart(world: World) -> None:
    filed, now = ticket(world), clock()
    first = message(world, filed, "rita", now=now)
    second = message(world, filed, "ilse", "And now?", now=now)
    assert first.created_at < second.created_at
    assert send(world, filed, seen_at=first.created_at.isoformat()).status_code == 409


@pytest.mark.parametrize("seen_at", ["", "yesterday"])
def test_who_does_not_say_what_it_has_seen_has_seen_the_report_only(world: World, overtaken: Any, seen_at: str) -> None:
    filed, _ = overtaken
    assert send(world, filed, seen_at=seen_at).status_code in (409, 422)
    assert len(messages_of(filed)) == 1


def test_a_closed_door_keeps_the_text(world: World) -> None:
    filed = ticket(world)
    stored(filed, state="WITHDRAWN", clock_due_at=None)
    response = send(world, filed)
    assert response.status_code == 409
    assert "This ticket was withdrawn" in text(response)
    assert "We are on it.</textarea>" in text(response)
    assert draft_of(world, filed) == "We are on it."


# Once


def test_the_same_form_sent_twice_is_one_message(world: World) -> None:
    filed = ticket(world)
    page = text(world.client("marek").get(url(filed, "?compose=public")))
    begun = {name: hidden(page, name) for name in ("seen_at", "form_token")}
    first, second = send(world, filed, **begun), send(world, filed, **begun)
    assert len(messages_of(filed)) == 1
    assert (second.status_code, second.url) == (302, first.url)


def test_the_same_form_with_another_text_is_asked_about(world: World) -> None:
    filed = ticket(world)
    page = text(world.client("marek").get(url(filed, "?compose=public")))
    begun = {name: hidden(page, name) for name in ("seen_at", "form_token")}
    send(world, filed, **begun)
    response = send(world, filed, **begun, text="Changed after going back.")
    page = text(response)
    assert response.status_code == 422
    assert "This form was sent before, with another text." in page
    assert "Changed after going back.</textarea>" in page
    assert len(messages_of(filed)) == 1
    again = {name: hidden(page, name) for name in ("seen_at", "form_token")}
    assert send(world, filed, **again, text="Changed after going back.").status_code == 302
    assert len(messages_of(filed)) == 2


def test_two_clicks_at_once_are_one_message(lasting_world: World) -> None:
    world, filed = lasting_world, ticket(lasting_world)
    page = text(world.client("marek").get(url(filed, "?compose=public")))
    begun = {name: hidden(page, name) for name in ("seen_at", "form_token")}
    answers = at_once([lambda: send(world, filed, **begun)] * 2)
    assert [answer.status_code for answer in answers] == [302, 302]
    assert len({answer.url for answer in answers}) == 1
    assert len(messages_of(filed)) == 1


def test_two_agents_answering_at_once_one_is_told(lasting_world: World) -> None:
    world, filed = lasting_world, ticket(lasting_world)
    seen_at = hidden(text(world.client("marek").get(url(filed, "?compose=public"))), "seen_at")
    answers = at_once([lambda who=who: send(world, filed, who=who, seen_at=seen_at) for who in ("marek", "rita")])
    assert sorted(answer.status_code for answer in answers) == [302, 409]
    assert len(messages_of(filed)) == 1
    told = text(next(answer for answer in answers if answer.status_code == 409))
    assert f"{messages_of(filed)[0].author_name} wrote before your reply" in told


def at_once(calls: list[Any]) -> list[Any]:
    """Run all at the same moment, each with a connection of its own."""
    barrier, answers = Barrier(len(calls)), []

    def run(call: Any) -> None:
        try:
            barrier.wait(10)
            answers.append(call())
        finally:
            connections.close_all()

    threads = [Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(answers) == len(calls)
    return answers
