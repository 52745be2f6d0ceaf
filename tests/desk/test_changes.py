"""The poll of the queue: rows keep their place, what would re-order them waits behind a button."""

import re

import pytest

from tests.desk.reading import filed_ago, listed, poll, stored, text
from tests.world import World, message, ticket
from tickets.desk.live import changes_waiting, shown_before


def waiting(page: str) -> str:
    bar = re.search(r'<span id="waiting".*?</span>', page, re.DOTALL)[0]
    found = re.search(r">([^<]*refresh list)<", bar)
    return found[1] if found else ""


def test_nothing_new_is_an_empty_answer(world: World) -> None:
    filed_ago(world, [3, 2])
    client = world.client("marek")
    page = client.get("/desk/")
    answer = poll(client, page)
    assert answer.status_code == 204
    assert answer.headers["X-Server-Now"].isdecimal()


def test_a_changed_row_comes_alone_and_keeps_its_place(world: World) -> None:
    first, second = filed_ago(world, [3, 2])
    client = world.client("marek")
    page = client.get("/desk/")
    message(world, second, kind="internal", body="Looked at it.")
    answer = poll(client, page)
    assert listed(answer) == [second.reference]
    assert f'id="t-{second.reference}" hx-swap-oob="true"' in text(answer)
    assert "Looked at it." in text(answer)
    assert waiting(text(answer)) == ""
    assert first.reference not in re.findall(r'id="t-([A-Z]+-\d+)"', text(answer))


def test_an_answered_ticket_stays_in_its_row_until_the_list_is_refreshed(world: World) -> None:
    first, second = filed_ago(world, [3, 2])
    client = world.client("marek")
    page = client.get("/desk/")
    message(world, first)
    answer = poll(client, page)
    assert listed(answer) == [first.reference]
    assert "No answer due" in text(answer)
    assert waiting(text(answer)) == "1 change — refresh list"
    assert poll(client, answer).status_code == 204  # the page knows it now
    assert listed(client.get("/desk/")) == [second.reference, first.reference]


def test_a_ticket_that_left_the_view_is_drawn_as_it_is_now(world: World) -> None:
    mine, other = filed_ago(world, [3, 2])
    client = world.client("marek")
    page = client.get("/desk/?view=unassigned")
    rita = world.people["rita"]
    stored(mine, assignee_id=rita.person_id, assignee_name="Rita Test", assignee_party="operator", version=2)
    answer = poll(client, page)
    assert listed(answer) == [mine.reference]
    assert "Rita Test" in text(answer)
    assert waiting(text(answer)) == "1 change — refresh list"
    assert other.reference in text(answer)  # in what the page shows, in its own order
    assert f'"shown": "{mine.reference}.2 {other.reference}.1"' in text(answer)


def test_new_tickets_are_counted_and_not_inserted(world: World) -> None:
    filed_ago(world, [3, 2])
    client = world.client("marek")
    page = client.get("/desk/")
    filed_ago(world, [1, 0.5, 3.5])
    answer = poll(client, page)
    assert listed(answer) == []
    assert waiting(text(answer)) == "3 changes — refresh list"
    assert re.search(r'<b id="n-unassigned" hx-swap-oob="true">5</b>', text(answer))


def test_the_refresh_button_asks_for_the_same_list(world: World) -> None:
    client = world.client("marek")
    page = client.get("/desk/?severity=2&view=unassigned")
    ticket(world)
    answer = text(poll(client, page))
    link = re.search(r'<a [^>]*id="refresh"[^>]*>', answer)[0]
    assert 'href="/desk/?view=unassigned&severity=2"' in link
    assert 'data-key="."' in link


def test_what_a_poll_sends_back_shows_nobody_elses_ticket(world: World) -> None:
    foreign = ticket(world, "bob", subject="Bolt secret")
    own = ticket(world, "ilse")
    answer = world.client("dirk").get(
        "/desk/changes/", {"shown": f"{foreign.reference}.7 {own.reference}.0", "stamp": "x"}
    )
    assert listed(answer) == [own.reference]
    assert "Bolt secret" not in text(answer)


@pytest.mark.parametrize("shown", ["", "x", "ACME-1", "ACME-1.", ".3", "ACME-1.x ACME-2.²", "a.1 " * 5000, "%00.1"])
def test_what_was_shown_may_be_anything(world: World, shown: str) -> None:
    ticket(world)
    assert world.client("marek").get("/desk/changes/", {"shown": shown, "stamp": "x"}).status_code == 200


def test_shown_reads_back_in_order() -> None:
    assert shown_before("B-2.1 A-1.30 broken C-3.x") == {"B-2": 1, "A-1": 30}


@pytest.mark.parametrize(
    "before, after, changes",
    [
        ("a b c", "a b c", 0),
        ("a b c", "x a b c", 1),
        ("a b c", "x a b", 1),  # pushed off the page by the new one
        ("a b c", "a b", 1),
        ("a b c", "a c b", 1),
        ("a b c", "c a b", 1),
        ("a b c d", "d c b a", 3),
        ("a b c", "x y c", 2),
        ("a b c", "", 3),
        ("", "a b", 2),
    ],
)
def test_changes_are_counted_as_people_count_them(before: str, after: str, changes: int) -> None:
    assert changes_waiting(before.split(), after.split()) == changes
