"""Writing on a ticket from its page: nothing is lost, nothing is sent past somebody unseen, nothing is sent twice."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tenancy.context import Context, work_unit
from tests.portal.test_report_files import PNG
from tests.portal.walking import follow, form_on, send, text_of, title_of
from tests.world import World, message, ticket
from tickets.models import Message, ReplyDraft, Ticket

HTMX = {"HX-Request": "true"}


def said_on(filed: Ticket) -> list[str]:
    with work_unit(Context("worker")):
        return list(Message.objects.filter(ticket=filed).order_by("created_at").values_list("body", flat=True))


def drafts() -> list[ReplyDraft]:
    with work_unit(Context("worker")):
        return list(ReplyDraft.objects.all())


def test_a_reply_is_sent_and_shown(world: World) -> None:
    filed = ticket(world)
    client = world.client("ilse")
    answer = send(client, client.get("/tickets/ACME-1/"), text="The red lamp.")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/tickets/ACME-1/#m")
    page = follow(client, answer)
    assert "The red lamp." in text_of(page)
    assert f'id="{answer["Location"].partition("#")[2]}"' in page.content.decode()
    assert said_on(filed) == ["The red lamp."]


def test_the_form_names_who_reads_it(world: World) -> None:
    ticket(world)
    html = world.client("ilse").get("/tickets/ACME-1/").content.decode()
    assert 'id="reply-audience">roZoom, Delta Reseller and Acme Lifts can read this' in html
    assert 'aria-describedby="reply-audience"' in html


def test_an_empty_reply_answers_422(world: World) -> None:
    filed = ticket(world)
    client = world.client("ilse")
    answer = send(client, client.get("/tickets/ACME-1/"), text="  ")
    assert answer.status_code == 422
    assert title_of(answer).startswith("Error: ")
    assert '<a href="#id_text">Write your reply</a>' in answer.content.decode()
    assert said_on(filed) == []


def test_a_new_message_meanwhile_stops_the_reply_and_keeps_the_text(world: World) -> None:
    filed = ticket(world)
    client = world.client("ilse")
    page = client.get("/tickets/ACME-1/")
    message(world, filed, "marek", "Is the red lamp on?")
    answer = send(client, page, text="I swapped the cable.")
    assert answer.status_code == 409
    said = text_of(answer)
    assert "Not sent. Marek Test wrote before your reply." in said
    assert said.count("Is the red lamp on?") == 2, "in the conversation, and right above the text"
    assert form_on(answer)["fields"]["text"].strip() == "I swapped the cable."
    assert said_on(filed) == ["Is the red lamp on?"]
    assert drafts()[0].body == "I swapped the cable."
    again = send(client, answer)
    assert again.status_code == 302
    assert said_on(filed) == ["Is the red lamp on?", "I swapped the cable."]
    assert drafts() == []


def test_with_htmx_a_collision_leaves_the_form_alone(world: World) -> None:
    filed = ticket(world)
    client = world.client("ilse")
    page = client.get("/tickets/ACME-1/")
    message(world, filed, "marek", "Is the red lamp on?")
    fields = form_on(page)["fields"]
    answer = client.post("/tickets/ACME-1/reply/", {**fields, "text": "I swapped the cable."}, headers=HTMX)
    html = answer.content.decode()
    assert answer.status_code == 409
    assert (answer["HX-Retarget"], answer["HX-Reswap"]) == ("#reply-errors", "innerHTML")
    assert "<textarea" not in html
    assert 'type="file"' not in html
    assert "data-error-summary" in html
    assert 'id="seen"' in html
    assert 'hx-swap-oob="true"' in html
    assert answer["X-Server-Now"].isdigit()


def test_with_htmx_a_reply_comes_back_as_the_conversation(world: World) -> None:
    filed = ticket(world)
    client = world.client("ilse")
    fields = form_on(client.get("/tickets/ACME-1/"))["fields"]
    answer = client.post("/tickets/ACME-1/reply/", {**fields, "text": "The red lamp."}, headers=HTMX)
    html = answer.content.decode()
    assert answer.status_code == 200
    assert html.count("data-focus>Ilse Test") == 1
    assert "Reply sent" in html
    assert '<section class="composer" id="reply"' in html
    assert "The red lamp." not in html[html.index('<section class="composer"') :]
    assert said_on(filed) == ["The red lamp."]


def test_the_readers_own_message_in_another_window_is_no_collision(world: World) -> None:
    filed = ticket(world)
    client = world.client("ilse")
    page = client.get("/tickets/ACME-1/")
    message(world, filed, "ilse", "From my phone")
    assert send(client, page, text="And from my desk").status_code == 302


def test_a_note_nobody_else_reads_is_no_collision(world: World) -> None:
    filed = ticket(world)
    client = world.client("ilse")
    page = client.get("/tickets/ACME-1/")
    message(world, filed, "marek", "Secret", "internal")
    assert send(client, page, text="The red lamp.").status_code == 302


def test_sending_twice_is_one_reply(world: World) -> None:
    filed = ticket(world)
    client = world.client("ilse")
    page = client.get("/tickets/ACME-1/")
    first, second = send(client, page, text="The red lamp."), send(client, page, text="The red lamp.")
    assert first["Location"] == second["Location"]
    assert said_on(filed) == ["The red lamp."]


def test_files_go_with_the_reply(world: World) -> None:
    ticket(world)
    client = world.client("ilse")
    files = [SimpleUploadedFile("log.txt", b"hello"), SimpleUploadedFile("photo.png", PNG)]
    html = follow(client, send(client, client.get("/tickets/ACME-1/"), text="See these", files=files)).content.decode()
    assert html.count("log.txt") >= 2, "with the message and among the files of the ticket"
    assert "?inline=1" in html
    assert html.count("Look at it") == 1, "the picture only"


@pytest.mark.parametrize(
    "files, words",
    [
        ([SimpleUploadedFile("tool.exe", b"MZ")], "tool.exe is a Windows program"),
        ([SimpleUploadedFile(f"{n}.txt", b"x") for n in range(11)], "Send at most 10 files with one message"),
    ],
)
def test_a_bad_file_stops_the_reply_and_keeps_the_text(world: World, files: list[Any], words: str) -> None:
    filed = ticket(world)
    client = world.client("ilse")
    answer = send(client, client.get("/tickets/ACME-1/"), text="See these", files=files)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert "Choose your files again" in text_of(answer)
    assert form_on(answer)["fields"]["text"].strip() == "See these"
    assert said_on(filed) == []


def test_a_text_over_the_limit_says_the_limit(world: World) -> None:
    ticket(world)
    client = world.client("ilse")
    answer = send(client, client.get("/tickets/ACME-1/"), text="ü" * 32769)
    assert answer.status_code == 422
    assert "Shorten the text to 64 KB" in text_of(answer)


def test_a_reply_to_a_solved_ticket_opens_it_again(world: World) -> None:
    filed = ticket(world)
    message(world, filed, "marek", "Done", then="resolve")
    client = world.client("ilse")
    page = follow(client, send(client, client.get("/tickets/ACME-1/"), text="It fell again"))
    assert "A person at roZoom answers you by" in text_of(page)


def test_only_who_may_read_it_may_write(world: World) -> None:
    filed = ticket(world)
    for name in ("bob", "sol", "nils", "fin"):
        client = world.client(name)
        assert client.post("/tickets/ACME-1/reply/", {"text": "x"}).status_code == 404, name
        assert client.post("/tickets/ACME-9/reply/", {"text": "x"}).status_code == 404, name
    assert said_on(filed) == []


# The draft


def test_what_is_being_written_comes_back(world: World) -> None:
    ticket(world)
    client = world.client("ilse")
    assert client.post("/tickets/ACME-1/draft/public/", {"text": "I swapped the ca"}).status_code == 204
    page = client.get("/tickets/ACME-1/")
    assert form_on(page)["fields"]["text"].strip() == "I swapped the ca"
    assert "Saved" in text_of(page)
    assert form_on(world.client("ana").get("/tickets/ACME-1/"))["fields"]["text"].strip() == ""
    client.post("/tickets/ACME-1/draft/public/", {"text": ""})
    assert drafts() == []


WRITES = {"ilse": {"public"}, "dirk": {"public", "partner"}, "marek": {"public", "partner", "internal"}}


@pytest.mark.parametrize("name", WRITES)
def test_a_draft_of_a_kind_one_may_not_write_is_refused(world: World, name: str) -> None:
    kinds = WRITES[name]
    ticket(world)
    client = world.client(name)
    for kind in ("public", "partner", "internal"):
        expected = 204 if kind in kinds else 403
        assert client.post(f"/tickets/ACME-1/draft/{kind}/", {"text": "x"}).status_code == expected, kind
    assert client.post("/tickets/ACME-1/draft/shouting/", {"text": "x"}).status_code == 404
    assert {draft.kind for draft in drafts()} == kinds


def test_nobody_keeps_drafts_on_tickets_of_others(world: World) -> None:
    ticket(world)
    for name in ("bob", "sol", "nils"):
        assert world.client(name).post("/tickets/ACME-1/draft/public/", {"text": "x"}).status_code == 404
    assert drafts() == []
