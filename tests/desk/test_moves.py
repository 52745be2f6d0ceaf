"""Moves between states: the page offers what the lifecycle allows, and makes nothing else."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from tenancy.context import work_unit
from tests.desk.reading import WORKER, clock, fresh, hidden, stored, text
from tests.world import World, ticket
from tickets.desk.moving import MOVES
from tickets.lifecycle import MOVES as ALL_MOVES
from tickets.lifecycle import State, allowed, may_reopen, moves
from tickets.models import Ticket

FIELDS = {"wait": {"turn": "supplier"}, "resolve": {"resolution": "New cable."}, "withdraw": {"reason": "Filed twice."}}
ENDS_IN = {
    "begin": "OPEN",
    "wait": "WAITING",
    "resume": "OPEN",
    "resolve": "RESOLVED",
    "close": "CLOSED",
    "reopen": "OPEN",
    "withdraw": "WITHDRAWN",
}


def url(filed: Ticket, more: str = "") -> str:
    return f"/desk/tickets/{filed.reference}/{more}"


def in_state(world: World, state: str) -> Ticket:
    """A ticket nobody owes an answer on, so that only the state decides."""
    filed, now = ticket(world), clock()
    other = ticket(world, subject="Goes on") if state == State.MERGED else None
    stored(
        filed,
        state=state,
        turn="customer" if state == State.WAITING else "rozoom",
        clock_due_at=None,
        resolved_at=now if state in (State.RESOLVED, State.CLOSED) else None,
        closed_at=now if state == State.CLOSED else None,
        merged_into_id=other.pk if other else None,
    )
    return fresh(filed)


def offered(page: str, filed: Ticket) -> set[str]:
    buttons = re.search(r'id="w-moves".*?</div>\s*(?=<)', page, re.DOTALL)
    moved = set(re.findall(rf'(?:href|action)="{url(filed)}move/(\w+)/', page))
    return moved | ({"merge"} if buttons and f"{url(filed)}merge/" in page else set())


def test_every_move_of_the_lifecycle_has_its_button() -> None:
    assert set(MOVES) == set(ALL_MOVES)


@pytest.mark.parametrize("who", ["marek", "duty", "dirk", "fin"])
@pytest.mark.parametrize("state", [str(state) for state in State])
def test_the_page_offers_what_the_lifecycle_allows(world: World, state: str, who: str) -> None:
    filed, actor = in_state(world, state), world.actor(who)
    with work_unit(actor.context):
        expected = set(moves(filed, actor))
    assert offered(text(world.client(who).get(url(filed))), filed) == expected


@pytest.mark.parametrize("who", ["marek", "dirk", "fin"])
@pytest.mark.parametrize("move", sorted(FIELDS.keys() | ENDS_IN.keys()))
@pytest.mark.parametrize("state", [str(state) for state in State])
def test_a_move_is_made_where_it_is_allowed_and_nowhere_else(world: World, state: str, move: str, who: str) -> None:
    filed, actor = in_state(world, state), world.actor(who)
    with work_unit(actor.context):
        may = move in moves(filed, actor)
    data = {"version": str(filed.version), **FIELDS.get(move, {})}
    response = world.client(who).post(url(filed, f"move/{move}/"), data)
    assert response.status_code == (302 if may else 409)
    assert fresh(filed).state == (ENDS_IN[move] if may else state)


def test_waiting_says_for_whom(world: World) -> None:
    filed = in_state(world, State.OPEN)
    page = text(world.client("marek").get(url(filed, "move/wait/")))
    assert re.findall(r'name="turn" value="(\w+)"', page) == ["customer", "reseller", "supplier"]
    world.client("marek").post(url(filed, "move/wait/"), {"turn": "reseller", "version": filed.version})
    assert (fresh(filed).state, fresh(filed).turn) == ("WAITING", "reseller")


def test_a_direct_customer_has_no_reseller_to_wait_for(world: World) -> None:
    filed = ticket(world, "sol")
    stored(filed, state="OPEN")
    page = text(world.client("marek").get(url(filed, "move/wait/")))
    assert re.findall(r'name="turn" value="(\w+)"', page) == ["customer", "supplier"]


@pytest.mark.parametrize(
    "move, data, words",
    [
        ("wait", {}, "Choose who has to act"),
        ("wait", {"turn": "rozoom"}, "rozoom"),
        ("resolve", {"resolution": " "}, "Write in a sentence what solved it"),
        ("withdraw", {}, "Say in a few words why"),
    ],
)
def test_a_form_that_says_too_little_comes_back(world: World, move: str, data: dict[str, Any], words: str) -> None:
    filed = in_state(world, State.OPEN)
    response = world.client("marek").post(url(filed, f"move/{move}/"), {**data, "version": filed.version})
    assert response.status_code == 422
    assert words in text(response)
    assert "<title>Error: " in text(response)
    assert fresh(filed).state == "OPEN"


def test_resolving_keeps_what_solved_it(world: World) -> None:
    filed = in_state(world, State.OPEN)
    world.client("marek").post(url(filed, "move/resolve/"), {"resolution": "New cable.", "version": filed.version})
    assert fresh(filed).resolution == "New cable."
    assert "New cable." in text(world.client("marek").get(url(filed)))


def test_resolving_before_the_answer_is_explained_not_refused_late(world: World) -> None:
    filed = ticket(world)
    stored(filed, state="OPEN")
    client = world.client("marek")
    page = text(client.get(url(filed, "move/resolve/")))
    assert "Answer the customer first" in page
    assert "<textarea" not in page
    assert f"{url(filed)}?compose=public#compose_text" in page
    response = client.post(url(filed, "move/resolve/"), {"resolution": "x", "version": filed.version})
    assert response.status_code == 409
    assert fresh(filed).state == "OPEN"


def test_a_move_made_on_an_old_page_is_asked_again_with_its_words(world: World) -> None:
    filed = in_state(world, State.OPEN)
    client = world.client("marek")
    stored(filed, version=filed.version + 1)
    response = client.post(url(filed, "move/withdraw/"), {"reason": "Filed twice.", "version": filed.version})
    page = text(response)
    assert response.status_code == 409
    assert "Someone changed this ticket meanwhile" in page
    assert "Filed twice.</textarea>" in page
    again = {"reason": "Filed twice.", "version": hidden(page, "version")}
    assert client.post(url(filed, "move/withdraw/"), again).status_code == 302
    assert fresh(filed).state == "WITHDRAWN"


def test_a_button_pressed_twice_does_it_once_and_says_nothing(world: World) -> None:
    filed = in_state(world, State.RESOLVED)
    client = world.client("marek")
    page = text(client.get(url(filed)))
    data = {"version": hidden(page, "version"), "form_token": hidden(page, "form_token")}
    assert [client.post(url(filed, "move/close/"), data).status_code for _ in range(2)] == [302, 302]
    assert fresh(filed).state == "CLOSED"
    assert fresh(filed).version == filed.version + 1


def test_two_buttons_of_one_page_are_two_deeds(world: World) -> None:
    filed = in_state(world, State.RESOLVED)
    client = world.client("marek")
    page = text(client.get(url(filed)))
    token = hidden(page, "form_token")
    client.post(url(filed, "move/close/"), {"version": filed.version, "form_token": token})
    response = client.post(url(filed, "move/reopen/"), {"version": filed.version + 1, "form_token": token})
    assert response.status_code == 302
    assert fresh(filed).state == "OPEN"


def test_a_ticket_ended_long_ago_is_not_opened_again(world: World) -> None:
    filed = in_state(world, State.CLOSED)
    stored(filed, closed_at=clock() - timedelta(days=15))
    response = world.client("marek").post(url(filed, "move/reopen/"), {"version": filed.version})
    assert response.status_code == 409
    assert "ended more than 14 days ago" in text(response)
    actor = world.actor("marek")
    with work_unit(actor.context) as unit:
        days = settings.LIMITS["reopen_days"]
        assert not may_reopen(fresh_here(filed), unit.now, days)
        assert "reopen" not in allowed(fresh_here(filed), actor, unit.now, days)


def fresh_here(filed: Ticket) -> Ticket:
    return Ticket.objects.get(pk=filed.pk)


@pytest.mark.parametrize("move", ["explode", "merge", "begin"])
def test_an_address_that_is_no_page_of_a_move_leads_nowhere(world: World, move: str) -> None:
    filed = ticket(world)
    response = world.client("marek").get(url(filed, f"move/{move}/"))
    assert response.status_code == (302 if move == "begin" else 404)
    assert fresh(filed).state == "NEW"


@pytest.mark.parametrize("version", ["", "x", "-1", "9" * 30])
def test_a_version_that_is_none_is_refused(world: World, version: str) -> None:
    filed = in_state(world, State.RESOLVED)
    response = world.client("marek").post(url(filed, "move/close/"), {"version": version})
    assert response.status_code in (409, 422)
    assert fresh(filed).state == "RESOLVED"


# Merging


@pytest.fixture
def pair(world: World) -> tuple[Ticket, Ticket]:
    now = clock()
    return (
        ticket(world, subject="Ends", now=now - timedelta(hours=3)),
        ticket(world, subject="Goes on", now=now - timedelta(hours=1)),
    )


def test_merging_names_what_will_happen_and_then_does_it(world: World, pair: tuple[Ticket, Ticket]) -> None:
    ends, goes_on = pair
    client = world.client("marek")
    assert goes_on.reference in text(client.get(url(ends, "merge/")))
    page = text(client.get(url(ends, f"merge/?into={goes_on.reference.lower()}")))
    assert f"Merge {ends.reference} into {goes_on.reference}?" in page
    assert "You can not undo this." in page
    assert fresh(ends).state == "NEW"
    data = {name: hidden(page, name) for name in ("into", "version", "form_token")}
    response = client.post(url(ends, "merge/"), data)
    assert response.url == url(goes_on)
    assert (fresh(ends).state, fresh(ends).merged_into_id) == ("MERGED", goes_on.pk)
    assert fresh(goes_on).clock_due_at == ends.clock_due_at
    assert client.post(url(ends, "merge/"), data).status_code in (302, 409)
    with work_unit(WORKER):
        assert Ticket.objects.filter(state="MERGED").count() == 1


@pytest.mark.parametrize("into", ["", "ACME-99", "BOLT-1", "{self}", "nonsense"])
def test_only_another_open_ticket_of_the_same_customer_can_go_on(
    world: World, pair: tuple[Ticket, Ticket], into: str
) -> None:
    ends, _ = pair
    ticket(world, "bob")
    into = into.format(self=ends.reference)
    for method in ("get", "post"):
        response = getattr(world.client("marek"), method)(url(ends, "merge/"), {"into": into, "version": "1"})
        assert response.status_code == 422
        assert "<title>Error: " in text(response)
    assert fresh(ends).state == "NEW"


def test_a_foreign_ticket_is_as_unknown_as_none(world: World, pair: tuple[Ticket, Ticket]) -> None:
    foreign = ticket(world, "bob")
    pages = [
        text(world.client("marek").get(url(pair[0], "merge/"), {"into": into})).replace(into, "")
        for into in (foreign.reference, "BOLT-77")
    ]
    differs = ("csrfmiddlewaretoken", "form_token", "data-now", "nonce", "X-CSRFToken")
    lines = [[line for line in page.splitlines() if not any(word in line for word in differs)] for page in pages]
    assert lines[0] == lines[1]


def test_an_ended_ticket_neither_merges_nor_is_merged_into(world: World, pair: tuple[Ticket, Ticket]) -> None:
    ends, ended = pair
    stored(ended, state="CLOSED", closed_at=clock(), clock_due_at=None)
    response = world.client("marek").get(url(ends, "merge/"), {"into": ended.reference})
    assert f"{ended.reference} has ended" in text(response)
    assert world.client("marek").get(url(ended, "merge/")).status_code == 409


@pytest.mark.parametrize("who", ["dirk", "dora", "ilse", "fin"])
def test_only_rozooms_desk_merges(world: World, pair: tuple[Ticket, Ticket], who: str) -> None:
    ends, goes_on = pair
    assert world.client(who).post(url(ends, "merge/"), {"into": goes_on.reference, "version": "1"}).status_code == 404
    assert fresh(ends).state == "NEW"
