"""Which tickets, in which order, on which page."""

from datetime import timedelta
from itertools import chain
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.core.signing import b64_decode

from tenancy.context import Context, work_unit
from tests.api.calls import TICKETS, codes
from tests.world import World, message, ticket
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(world: World) -> World:
    """Four tickets of three customers, told apart by every filter."""
    first = ticket(
        world, severity=1, subject="Lift one", component=world.components["acme"], external_reference="INC-1"
    )
    ticket(world, severity=2, subject="Lift two zyzzogeton", service_kind="hardware")
    ticket(world, "bob", severity=3, subject="Belt three")
    ticket(world, "sol", severity=3, subject="Pump four")
    message(world, first, "marek", then="wait")
    return world


def found(program, **query) -> list[str]:
    answer = program.get(TICKETS, query)
    assert answer.status_code == 200, answer.content
    return [one["reference"] for one in answer.json()["results"]]


@pytest.mark.parametrize(
    "query, expected",
    [
        ({}, ["SOLO-1", "BOLT-1", "ACME-2", "ACME-1"]),
        ({"state": "WAITING"}, ["ACME-1"]),
        ({"state": "new"}, ["SOLO-1", "BOLT-1", "ACME-2"]),
        ({"state": "new,Waiting"}, ["SOLO-1", "BOLT-1", "ACME-2", "ACME-1"]),
        ({"state": ["NEW", "WAITING"]}, ["SOLO-1", "BOLT-1", "ACME-2", "ACME-1"]),
        ({"severity": "1"}, ["ACME-1"]),
        ({"severity": "1,3"}, ["SOLO-1", "BOLT-1", "ACME-1"]),
        ({"customer": "acme"}, ["ACME-2", "ACME-1"]),
        ({"customer": "BOLT,SOLO"}, ["SOLO-1", "BOLT-1"]),
        ({"customer": "NOBODY"}, []),
        ({"turn": "customer"}, ["ACME-1"]),
        ({"service_kind": "hardware"}, ["ACME-2"]),
        ({"external_reference": "INC-1"}, ["ACME-1"]),
        ({"assignee": "none"}, ["SOLO-1", "BOLT-1", "ACME-2", "ACME-1"]),
        ({"assignee": "nobody@test.example"}, []),
        ({"q": "zyzzogeton"}, ["ACME-2"]),
        ({"q": "ACME-1"}, ["ACME-1"]),
        ({"q": "looking"}, ["ACME-1"]),
        ({"state": "NEW", "severity": "3", "customer": "BOLT"}, ["BOLT-1"]),
        ({"ordering": "reported_at"}, ["ACME-1", "ACME-2", "BOLT-1", "SOLO-1"]),
        ({"ordering": "response_due_at"}, ["ACME-1", "ACME-2", "BOLT-1", "SOLO-1"]),
    ],
)
def test_filters_and_orders(desk, api, query, expected):
    assert found(api(desk.rozoom), **query) == expected


def test_component_and_site_are_found_by_their_ids(desk, api):
    component = desk.components["acme"]
    program = api(desk.rozoom)
    assert found(program, component=str(component.pk)) == ["ACME-1"]
    assert found(program, site=str(component.site_id)) == ["ACME-1"]
    assert found(program, component=str(desk.components["bolt"].pk)) == []


def test_me_means_the_people_of_the_tokens_organisation(desk, api):
    program = api(desk.rozoom)
    program.post(f"{TICKETS}ACME-2/assignment/", {"assignee": "marek@test.example"}, headers={"If-Match": '"1"'})
    assert found(program, assignee="me") == ["ACME-2"]
    assert found(program, assignee="Marek@test.example") == ["ACME-2"]
    assert found(api(desk.delta), assignee="me") == []


def test_an_address_tells_a_reseller_nothing_about_rozooms_people(desk, api):
    api(desk.rozoom).post(
        f"{TICKETS}ACME-2/assignment/", {"assignee": "marek@test.example"}, headers={"If-Match": '"1"'}
    )
    assert found(api(desk.delta), assignee="marek@test.example") == []


def test_times_bound_the_list(desk, api):
    program = api(desk.rozoom)
    with work_unit(Context("staff")):
        middle = Ticket.objects.get(reference="ACME-2").reported_at
    after, before = (
        found(program, reported_after=middle.isoformat()),
        found(program, reported_before=middle.isoformat()),
    )
    assert after == ["SOLO-1", "BOLT-1", "ACME-2"]
    assert before == ["ACME-1"]
    assert found(program, updated_after=(middle + timedelta(days=1)).isoformat()) == []
    in_berlin = middle.astimezone().isoformat()
    assert found(program, reported_after=in_berlin) == after


def test_a_plus_that_became_a_space_is_understood(desk, api):
    answer = api(desk.rozoom).get(f"{TICKETS}?reported_after=2020-01-01T00:00:00+02:00")
    assert len(answer.json()["results"]) == 4


@pytest.mark.parametrize(
    "who, expected", [("acme", {"ACME"}), ("delta", {"ACME"}), ("nova", {"BOLT"}), ("solo", {"SOLO"})]
)
def test_everybody_lists_their_own(desk, api, who, expected):
    rows = api(getattr(desk, who)).get(TICKETS).json()["results"]
    assert {row["customer"] for row in rows} == expected


def test_searching_finds_nothing_foreign(desk, api):
    assert found(api(desk.bolt), q="zyzzogeton") == []
    assert found(api(desk.bolt), q="ACME-1") == []


def test_notes_are_not_searched_by_those_who_may_not_read_them(desk, api):
    with work_unit(Context("staff")):
        filed = Ticket.objects.defer("search").get(reference="ACME-2")
    message(desk, filed, "marek", body="quibblefrost inside", kind="internal")
    message(desk, filed, "marek", body="partnerwort inside", kind="partner")
    assert found(api(desk.acme), q="quibblefrost") == found(api(desk.acme), q="partnerwort") == []
    assert found(api(desk.delta), q="quibblefrost") == []
    assert found(api(desk.delta), q="partnerwort") == ["ACME-2"]
    assert found(api(desk.rozoom), q="quibblefrost") == ["ACME-2"]


@pytest.mark.parametrize(
    "query, wrong",
    [
        ("colour=red", ("colour", "unknown_parameter")),
        ("format=json", ("format", "unknown_parameter")),
        ("state=BROKEN", ("state", "not_a_choice")),
        ("state=", ("state", "not_a_choice")),
        ("severity=4", ("severity", "not_a_choice")),
        ("severity=one", ("severity", "not_a_choice")),
        ("component=", ("component", "blank")),
        ("site=,", ("site", "blank")),
        ("component=7F-1", ("component", "wrong_type")),
        ("reported_after=yesterday", ("reported_after", "wrong_type")),
        ("reported_after=2026-11-01T09:00:00", ("reported_after", "wrong_type")),
        ("reported_after=0001-01-01T00:00:00%2B14:00", ("reported_after", "wrong_type")),
        ("q=", ("q", "blank")),
        ("q=%00", ("q", "bad_character")),
        ("q=a&q=b", ("q", "repeated_parameter")),
        ("customer=,", ("customer", "blank")),
        ("ordering=subject", ("ordering", "not_a_choice")),
        ("page_size=0", ("page_size", "wrong_type")),
        ("page_size=101", ("page_size", "wrong_type")),
        ("page_size=ten", ("page_size", "wrong_type")),
        ("page_size=%D9%A1", ("page_size", "wrong_type")),
        ("cursor=abc", ("cursor", "bad_cursor")),
        ("cursor=", ("cursor", "bad_cursor")),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named(world, api, query, wrong):
    answer = api(world.acme).get(f"{TICKETS}?{query}")
    assert answer.status_code == 422
    assert codes(answer) == [wrong]


def test_an_unknown_parameter_is_told_the_known_ones(world, api):
    detail = api(world.acme).get(f"{TICKETS}?colour=red").json()["detail"]
    assert "Known are: assignee, component, cursor, customer" in detail


def test_every_wrong_filter_is_said_at_once(world, api):
    answer = api(world.acme).get(f"{TICKETS}?state=X&severity=9&component=1")
    assert codes(answer) == [("state", "not_a_choice"), ("severity", "not_a_choice"), ("component", "wrong_type")]


# --- pages ------------------------------------------------------------------------------------------------------------


def pages(program, path: str) -> list[list[str]]:
    """Every page, forwards."""
    seen = []
    while path:
        answer = program.get(path).json()
        seen.append([one["reference"] for one in answer["results"]])
        path = local(answer["next"])
    return seen


def local(address: str | None) -> str:
    return address.removeprefix("http://testserver") if address else ""


@pytest.mark.parametrize("ordering", ["reported_at", "-reported_at", "response_due_at"])
def test_pages_hold_each_ticket_once_in_order(desk, api, ordering):
    program = api(desk.rozoom)
    whole = found(program, ordering=ordering)
    assert pages(program, f"{TICKETS}?ordering={ordering}&page_size=1") == [[one] for one in whole]
    assert list(chain(*pages(program, f"{TICKETS}?ordering={ordering}&page_size=3"))) == whole


@pytest.mark.parametrize("ordering", ["reported_at", "-reported_at", "response_due_at"])
def test_previous_leads_back_the_same_way(desk, api, ordering):
    program = api(desk.rozoom)
    with work_unit(Context("staff")):
        Ticket.objects.filter(reference__in=["BOLT-1", "SOLO-1"]).update(response_due_at=None, clock_due_at=None)
    first = program.get(f"{TICKETS}?ordering={ordering}&page_size=1").json()
    assert first["previous"] is None
    seen, answer = [first], first
    while answer["next"]:
        answer = program.get(local(answer["next"])).json()
        seen.append(answer)
    assert len(seen) == 4
    for expected in reversed(seen[:-1]):
        answer = program.get(local(answer["previous"])).json()
        assert answer["results"] == expected["results"]
    assert answer["previous"] is None
    assert answer["next"]


def test_tickets_of_one_instant_are_told_apart(desk, api):
    with work_unit(Context("staff")):
        Ticket.objects.update(reported_at=desk.acme.created_at, response_due_at=desk.acme.created_at)
    for ordering in ("reported_at", "-reported_at", "response_due_at"):
        seen = chain(*pages(api(desk.rozoom), f"{TICKETS}?ordering={ordering}&page_size=1"))
        assert sorted(seen) == ["ACME-1", "ACME-2", "BOLT-1", "SOLO-1"]


def test_what_is_filed_meanwhile_does_not_shift_the_pages(desk, api):
    program = api(desk.rozoom)
    first = program.get(f"{TICKETS}?page_size=2").json()
    ticket(desk, subject="Newest")
    second = program.get(local(first["next"])).json()
    assert [one["reference"] for one in second["results"]] == ["ACME-2", "ACME-1"]


def test_filters_stay_with_the_pages(desk, api):
    first = api(desk.rozoom).get(f"{TICKETS}?customer=ACME&page_size=1").json()
    query = parse_qs(urlsplit(first["next"]).query)
    assert (query["customer"], query["page_size"]) == (["ACME"], ["1"])
    assert [one["reference"] for one in api(desk.rozoom).get(local(first["next"])).json()["results"]] == ["ACME-1"]


def cursor_of(program, query: str = "") -> str:
    answer = program.get(f"{TICKETS}?page_size=1{query}").json()
    return parse_qs(urlsplit(answer["next"]).query)["cursor"][0]


def test_a_cursor_that_was_changed_is_refused(desk, api):
    program = api(desk.rozoom)
    cursor = cursor_of(program)
    for wrong in (cursor[:-1], "x" + cursor, cursor[::-1], cursor.upper()):
        assert codes(program.get(f"{TICKETS}?cursor={quote(wrong)}")) == [("cursor", "bad_cursor")]


def test_a_cursor_of_another_order_or_list_is_refused(desk, api):
    program = api(desk.rozoom)
    cursor = quote(cursor_of(program))
    assert program.get(f"{TICKETS}?cursor={cursor}&ordering=reported_at").status_code == 422
    assert program.get(f"/api/v1/components/?cursor={cursor}").status_code == 422


def test_a_cursor_of_another_organisation_is_refused(desk, api):
    cursor = quote(cursor_of(api(desk.rozoom)))
    assert api(desk.acme).get(f"{TICKETS}?cursor={cursor}").status_code == 422


def test_a_cursor_tells_no_key_of_a_row(desk, api):
    """Keys of tickets count all tenants' tickets."""
    place = b64_decode(cursor_of(api(desk.rozoom)).split(":")[0].encode()).decode()
    assert "SOLO-1" in place
    with work_unit(Context("staff")):
        assert str(Ticket.objects.get(reference="SOLO-1").pk) not in place.replace("SOLO-1", "").split(",")


@pytest.mark.parametrize("size", [1, 50, 100])
def test_page_sizes_up_to_the_limit(world, api, size):
    assert api(world.acme).get(f"{TICKETS}?page_size={size}").status_code == 200


def test_a_page_has_50_when_nothing_is_said(world, api):
    for _ in range(51):
        ticket(world)
    answer = api(world.acme).get(TICKETS).json()
    assert len(answer["results"]) == 50
    assert answer["next"]
