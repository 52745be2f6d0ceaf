"""A page that is looked at hears of new messages; what is being written and read does not move."""

import re
from typing import Any

from tenancy.context import work_unit
from tests.portal.walking import form_on, text_of
from tests.world import World, message, ticket
from tickets.services import make_move

HTMX = {"HX-Request": "true"}


def vals_of(html: str) -> dict[str, str]:
    """What the page would ask with, as its hx-vals say."""
    found = re.search(r"id=\"news\".*?hx-vals='\{(.*?)\}'", html, re.DOTALL)
    assert found
    return dict(re.findall(r'"(\w+)": "([^"]*)"', found[1]))


def ask(client: Any, html: str) -> Any:
    return client.get("/tickets/ACME-1/news/", vals_of(html), headers=HTMX)


def test_nothing_new_is_an_empty_answer(world: World) -> None:
    ticket(world)
    client = world.client("ilse")
    answer = ask(client, client.get("/tickets/ACME-1/").content.decode())
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer["X-Server-Now"].isdigit()


def test_a_new_message_is_announced_once_and_waits_behind_a_bar(world: World) -> None:
    filed = ticket(world)
    client = world.client("ilse")
    page = client.get("/tickets/ACME-1/").content.decode()
    message(world, filed, "marek", "Is the red lamp on?")
    answer = ask(client, page)
    html = answer.content.decode()
    assert "1 new message — show" in text_of(answer)
    assert "New message from Marek Test" in text_of(answer)
    assert "Is the red lamp on?" not in html, "nothing moves under the hand"
    assert "<textarea" not in html
    assert "Answered in" in html, "the promise bar is up to date at once"
    assert ask(client, html).status_code == 204, "told already"
    message(world, filed, "dirk", "We can come by")
    assert "2 new messages — show" in text_of(ask(client, html))


def test_show_brings_the_message_and_moves_the_collision_mark(world: World) -> None:
    filed = ticket(world)
    client = world.client("ilse")
    page = client.get("/tickets/ACME-1/")
    seen_before = form_on(page)["fields"]["seen"]
    message(world, filed, "marek", "Is the red lamp on?")
    shown = client.get("/tickets/ACME-1/", {"seen": seen_before}, headers=HTMX).content.decode()
    assert "Is the red lamp on?" in shown
    assert re.search(r"data-focus>Marek Test", shown)
    mark = re.search(r'id="seen" value="([^"]+)"', shown)
    assert mark
    assert mark[1] > seen_before
    answer = client.post("/tickets/ACME-1/reply/", {"text": "Yes", "seen": mark[1]})
    assert answer.status_code == 302
    assert ask(client, shown).status_code in (200, 204)


def test_notes_and_the_readers_own_messages_are_no_news(world: World) -> None:
    filed = ticket(world)
    client = world.client("ilse")
    page = client.get("/tickets/ACME-1/").content.decode()
    message(world, filed, "marek", "Secret", "internal")
    message(world, filed, "ilse", "From my phone")
    assert "new message" not in text_of(ask(client, page))


def test_a_move_of_somebody_else_changes_the_bar_and_not_the_talk(world: World) -> None:
    filed = ticket(world)
    client = world.client("ilse")
    page = client.get("/tickets/ACME-1/").content.decode()
    marek = world.actor("marek")
    with work_unit(marek.context) as unit:
        make_move(actor=marek, ticket=filed, move="begin", now=unit.now)
    answer = ask(client, page)
    assert answer.status_code == 200
    assert 'id="promise"' in answer.content.decode()
    assert 'id="talk"' not in answer.content.decode()


def test_strangers_hear_nothing(world: World) -> None:
    ticket(world)
    for name in ("bob", "sol", "nils"):
        assert world.client(name).get("/tickets/ACME-1/news/", headers=HTMX).status_code == 404
    signed_out = world.client("ilse")
    signed_out.logout()
    answer = signed_out.get("/tickets/ACME-1/news/", headers=HTMX)
    assert answer.status_code == 401
    assert "/accounts/login/" in answer["HX-Redirect"]


def test_a_made_up_mark_counts_as_none(world: World) -> None:
    ticket(world)
    for seen in ("yesterday", "2026-13-45T00:00", "2026-01-01", ""):
        assert world.client("ilse").get("/tickets/ACME-1/news/", {"seen": seen}, headers=HTMX).status_code in (200, 204)
        assert world.client("ilse").post("/tickets/ACME-1/reply/", {"text": "x", "seen": seen}).status_code == 302
