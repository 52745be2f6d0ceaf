"""Home and My tickets: what needs the customer first, then least time left, and the address holds everything."""

import re
from datetime import timedelta
from typing import Any

import pytest

from contracts.models import Component
from tenancy.context import Context, work_unit
from tests.portal.walking import text_of, title_of
from tests.world import ComponentFactory, SiteFactory, World, message, ticket
from tickets.services import make_move


def references(answer: Any) -> list[str]:
    return re.findall(r'id="row-([A-Z]+-\d+)"', answer.content.decode())


def four_tickets(world: World) -> None:
    """ACME-1 severity 3, ACME-2 severity 1, ACME-3 waits for the customer, ACME-4 withdrawn."""
    ticket(world, severity=3, subject="Wrong port in the release notes")
    ticket(world, severity=1, subject="Line 3 stands still")
    asked = ticket(world, severity=2, subject="Table sinks")
    message(world, asked, "marek", "Which lamp?", then="wait")
    gone = ticket(world, severity=2, subject="Not needed")
    ilse = world.actor("ilse")
    with work_unit(ilse.context) as unit:
        make_move(actor=ilse, ticket=gone, move="withdraw", now=unit.now, reason="Fuse")


def test_home_says_what_needs_the_customer_before_everything_else(world: World) -> None:
    four_tickets(world)
    answer = world.client("ilse").get("/home/")
    assert references(answer) == ["ACME-3", "ACME-2", "ACME-1"]
    said = text_of(answer)
    assert (
        said.index("Needs your answer") < said.index("Table sinks") < said.index("With roZoom") < said.index("Line 3")
    )
    assert "1 component at 1 site supported by roZoom" in said
    assert answer.content.decode().count('role="timer"') == 2, "each ticket with a running promise shows time left"


def test_home_of_a_customer_without_tickets(world: World) -> None:
    answer = world.client("ilse").get("/home/")
    said = text_of(answer)
    assert "Nothing needs you" in said
    assert "No open tickets." in said
    assert 'class="btn btn-primary" href="/tickets/new/"' in answer.content.decode()


def test_home_of_a_customer_without_components(world: World) -> None:
    with work_unit(Context("staff")):
        Component.objects.filter(pk=world.components["solo"].pk).update(state=Component.State.RETIRED)
    assert "We have no components of yours on record yet" in text_of(world.client("sol").get("/home/"))


def test_home_shows_ten_and_leads_to_the_rest(world: World) -> None:
    for number in range(12):
        ticket(world, subject=f"Lift {number}")
    answer = world.client("ilse").get("/home/")
    assert len(references(answer)) == 10
    assert "See all 12 open tickets" in text_of(answer)


@pytest.mark.parametrize("url", ["/home/", "/tickets/"])
@pytest.mark.parametrize("name", ["dirk", "marek", "fin"])
def test_the_desk_has_its_own_lists(world: World, name: str, url: str) -> None:
    assert world.client(name).get(url)["Location"] == "/desk/"


@pytest.mark.parametrize("name, own", [("ilse", "ACME-1"), ("bob", "BOLT-1"), ("sol", "SOLO-1")])
def test_each_customer_sees_its_own(world: World, name: str, own: str) -> None:
    for someone in ("ilse", "bob", "sol"):
        ticket(world, someone)
    for url in ("/home/", "/tickets/"):
        assert references(world.client(name).get(url)) == [own]


@pytest.mark.parametrize("url", ["/home/", "/tickets/", "/tickets/new/", "/tickets/ACME-1/"])
def test_a_stranger_signs_in_and_comes_back(client: Any, db: Any, url: str) -> None:
    answer = client.get(url)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=")


def test_waiting_for_the_customer_comes_first_then_least_time_left(world: World) -> None:
    four_tickets(world)
    answer = world.client("ilse").get("/tickets/")
    assert references(answer) == ["ACME-3", "ACME-2", "ACME-1"]
    assert answer.content.decode().count("aria-sort") == 1
    assert "Open 3 Needs your answer 1 Closed 1" in text_of(answer)
    assert "Waiting for you" in text_of(answer)


TABS = {"needs": ["ACME-3"], "closed": ["ACME-4"], "nonsense": ["ACME-3", "ACME-2", "ACME-1"]}


@pytest.mark.parametrize("tab", TABS)
def test_tabs(world: World, tab: str) -> None:
    four_tickets(world)
    answer = world.client("ilse").get("/tickets/", {"tab": tab})
    assert references(answer) == TABS[tab]
    assert answer.content.decode().count('<ul class="tabs">') == 1


def test_closed_tickets_say_when_they_ended_the_last_one_first(world: World) -> None:
    four_tickets(world)
    solved = ticket(world, subject="Solved later")
    message(world, solved, "marek", "Done", then="resolve")
    answer = world.client("ilse").get("/tickets/?tab=closed")
    assert references(answer) == ["ACME-5", "ACME-4"]
    assert "Ended" in text_of(answer)


@pytest.mark.parametrize(
    "query, expected",
    [
        ({"severity": "1"}, ["ACME-2"]),
        ({"severity": "7"}, ["ACME-3", "ACME-2", "ACME-1"]),
        ({"q": "acme 2"}, ["ACME-2"]),
        ({"q": "release notes"}, ["ACME-1"]),
        ({"q": "lamp"}, ["ACME-3"]),
        ({"q": "sinks", "severity": "2"}, ["ACME-3"]),
        ({"q": "fuse", "tab": "closed"}, []),
        ({"site": "garbage", "component": "garbage", "page": "x"}, ["ACME-3", "ACME-2", "ACME-1"]),
    ],
)
def test_search_and_filters(world: World, query: dict[str, str], expected: list[str]) -> None:
    four_tickets(world)
    assert references(world.client("ilse").get("/tickets/", query)) == expected


def test_filters_by_site_and_component(world: World) -> None:
    with work_unit(Context("staff")):
        harbour = SiteFactory(customer=world.acme, name="Harbour")
        crane = ComponentFactory(customer=world.acme, site=harbour, serial="CR-1")
    ticket(world, component=world.components["acme"])
    ticket(world, component=crane)
    client = world.client("ilse")
    by_site = client.get("/tickets/", {"site": str(harbour.pk)})
    assert references(by_site) == ["ACME-2"]
    assert "Harbour, remove this filter" in text_of(by_site).replace("Harbour , ", "Harbour, ")
    assert references(client.get("/tickets/", {"component": str(world.components["acme"].pk)})) == ["ACME-1"]
    foreign = client.get("/tickets/", {"site": str(world.components["bolt"].site_id)})
    assert references(foreign) == ["ACME-2", "ACME-1"] or references(foreign) == ["ACME-1", "ACME-2"]
    assert "Bolt" not in foreign.content.decode()


def test_nothing_matches_names_the_filters_and_clears_them(world: World) -> None:
    four_tickets(world)
    answer = world.client("ilse").get("/tickets/", {"q": "zebra", "severity": "1", "tab": "open"})
    said = text_of(answer)
    assert "No tickets match" in said
    assert "Filters on: “zebra”, Severity 1." in said
    assert 'href="/tickets/?tab=open">Clear filters' in answer.content.decode()


@pytest.mark.parametrize("tab", ["open", "needs", "closed"])
def test_first_use(world: World, tab: str) -> None:
    assert "No tickets yet" in text_of(world.client("ilse").get("/tickets/", {"tab": tab}))


def test_all_done(world: World) -> None:
    filed = ticket(world)
    ilse = world.actor("ilse")
    with work_unit(ilse.context) as unit:
        make_move(actor=ilse, ticket=filed, move="withdraw", now=unit.now, reason="Fuse")
    client = world.client("ilse")
    assert "No open tickets" in text_of(client.get("/tickets/"))
    assert "Nothing needs you" in text_of(client.get("/tickets/?tab=needs"))


def test_pages_of_fifty_keep_the_filters(world: World) -> None:
    for number in range(51):
        ticket(world, subject=f"Lift {number}")
    client = world.client("ilse")
    first = client.get("/tickets/?severity=2")
    assert len(references(first)) == 50
    assert title_of(first) == "My tickets, page 1 of 2 – roZoom Support"
    assert 'href="?severity=2&amp;page=2"' in first.content.decode()
    second = client.get("/tickets/?severity=2&page=2")
    assert len(references(second)) == 1
    assert title_of(second) == "My tickets, page 2 of 2 – roZoom Support"
    assert len(references(client.get("/tickets/?page=99"))) == 1


def test_htmx_gets_the_list_alone_with_its_title_and_count(world: World) -> None:
    four_tickets(world)
    answer = world.client("ilse").get("/tickets/?severity=1", headers={"HX-Request": "true"})
    html = answer.content.decode()
    assert "<main" not in html
    assert 'id="id_q"' not in html, "the field being typed in is not replaced"
    assert re.search(r"<title>\s*My tickets\s+– roZoom Support</title>", html)
    assert 'id="status"' in html
    assert "1 ticket</p>" in html
    assert "HX-Request" in answer["Vary"]
    assert "no-store" in answer["Cache-Control"]


def test_a_late_ticket_says_so_in_the_list(world: World) -> None:
    with work_unit(Context("worker")) as unit:
        early = unit.now - timedelta(hours=2)
    ticket(world, severity=1, now=early)
    assert "Overdue by" in text_of(world.client("ilse").get("/tickets/"))


def test_the_list_tells_a_late_answer_from_a_late_end(world: World) -> None:
    with work_unit(Context("worker")) as unit:
        early = unit.now - timedelta(hours=2)
    answered, ended = (ticket(world, severity=1, subject=subject, now=early) for subject in ("Lift 1", "Lift 2"))
    message(world, answered, "marek")
    for by, move in (("marek", "begin"), ("ilse", "resolve"), ("marek", "reopen")):
        actor = world.actor(by)
        with work_unit(actor.context) as unit:
            make_move(actor=actor, ticket=ended, move=move, now=unit.now)
    for path in ("/tickets/", "/home/"):
        said = text_of(world.client("ilse").get(path))
        assert said.count("Answered 1 h late") == 1
        assert said.count("Ended without an answer, 1 h late") == 1
