"""The queue: its order, its views, its filters, and whose tickets stand in it."""

import gzip
import random
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from tenancy.context import work_unit
from tenancy.models import Organisation
from tests.desk.reading import HTMX, WORKER, clock, filed_ago, fresh, listed, shown_by, stored, text
from tests.world import World, message, ticket
from tickets import queries
from tickets.desk.filters import Asked, in_order, narrowed
from tickets.desk.forms import QueueForm
from tickets.models import Ticket

BY_TIME_LEFT = """
SELECT reference FROM tickets_ticket WHERE state IN ('NEW', 'OPEN', 'WAITING')
ORDER BY clock_due_at ASC NULLS LAST, last_customer_message_at, id"""


def test_the_order_is_time_left_then_the_longest_silent_customer(world: World) -> None:
    ages = [random.Random(4).uniform(0, 30) for _ in range(12)]
    for age in ages:
        filed_ago(world, [age], severity=random.Random(age).choice([1, 2, 3]))
    for answered in filed_ago(world, [1, 9, 4]):
        message(world, answered)
    with work_unit(WORKER), connection.cursor() as cursor:
        cursor.execute(BY_TIME_LEFT)
        expected = [row[0] for row in cursor.fetchall()]
    assert len(expected) == 15
    assert listed(world.client("marek").get("/desk/")) == expected


def test_an_answered_ticket_stands_below_every_promise_that_runs(world: World) -> None:
    answered, waiting = filed_ago(world, [3, 0])
    message(world, answered)
    page = world.client("marek").get("/desk/")
    assert listed(page) == [waiting.reference, answered.reference]
    assert "No answer due" in text(page)


@pytest.fixture
def variety(world: World) -> World:
    """Tickets that differ in everything the filters ask for."""
    one, two, three, four = (
        ticket(world, "ilse", severity=severity, subject=f"Fault {severity}") for severity in (1, 2, 3, 3)
    )
    five, six = ticket(world, "bob", subject="Bolt fault"), ticket(world, "sol", subject="Solo fault")
    marek, dirk = world.people["marek"], world.people["dirk"]
    stored(two, assignee_id=marek.person_id, assignee_name="Marek Test", assignee_party="operator", state="OPEN")
    stored(three, assignee_id=dirk.person_id, assignee_name="Dirk Test", assignee_party="reseller", state="OPEN")
    stored(four, state="WAITING", turn="customer")
    stored(five, state="WAITING", turn="supplier")
    stored(six, state="RESOLVED")
    world.tickets = dict(
        zip(("one", "two", "three", "four", "five", "six"), (one, two, three, four, five, six), strict=True)
    )
    return world


@pytest.mark.parametrize(
    "query, expected",
    [
        ("", "one two three four five"),
        ("severity=1", "one"),
        ("severity=1&severity=2", "one two five"),
        ("state=NEW", "one"),
        ("state=WAITING", "four five"),
        ("state=RESOLVED", "six"),
        ("state=any", "one two three four five six"),
        ("turn=supplier", "five"),
        ("customer=bolt", "five"),
        ("customer=Acme Lifts", "one two three four"),
        ("customer=nobody at all", ""),
        ("owner=me", "two"),
        ("owner=nobody", "one four five"),
        ("owner=resellers", "three"),
        ("owner={rita}", ""),
        ("owner=me&severity=3", ""),
        ("q=Fault&customer=ACME&severity=3", "three four"),
        ("view=mine", "two"),
        ("view=unassigned", "one four five"),
        ("view=waiting", "four five"),
        ("view=ended", "six"),
        ("view=mine&state=RESOLVED", ""),
        ("view=waiting&turn=customer", "four"),
    ],
)
def test_each_filter_and_view_holds_exactly_its_tickets(variety: World, query: str, expected: str) -> None:
    query = query.format(rita=variety.people["rita"].person_id)
    page = variety.client("marek").get(f"/desk/?{query}")
    assert sorted(listed(page)) == sorted(variety.tickets[name].reference for name in expected.split())


def test_overdue_and_due_soon_are_what_the_clocks_say(world: World) -> None:
    late, soon, far = filed_ago(world, [4.5, 3.5, 1.0])
    client = world.client("marek")
    assert listed(client.get("/desk/?view=overdue")) == [late.reference]
    page = client.get("/desk/?view=soon")
    assert listed(page) == [soon.reference]
    assert "Due soon: " in text(page)
    assert far.reference in listed(client.get("/desk/"))


@pytest.mark.parametrize("severity, hours", [(1, 0.74), (2, 2.95), (3, 17.9)])
def test_due_soon_begins_with_the_last_quarter(world: World, severity: int, hours: float) -> None:
    filed = filed_ago(world, [hours], severity=severity)[0]
    client = world.client("marek")
    assert listed(client.get("/desk/?view=soon")) == []
    stored(filed, clock_due_at=fresh(filed).clock_due_at - timedelta(hours=severity**2 * 0.1))
    assert listed(client.get("/desk/?view=soon")) == [filed.reference]


def test_ended_tickets_stand_in_the_order_of_their_last_change(world: World) -> None:
    first, second = filed_ago(world, [1, 1])
    stored(first, state="CLOSED", updated_at=clock())
    stored(second, state="WITHDRAWN", updated_at=clock() - timedelta(minutes=5))
    page = world.client("marek").get("/desk/?view=ended")
    assert listed(page) == [first.reference, second.reference]
    assert "Last change" in text(page)


@pytest.mark.parametrize(
    "query, heading, no_state",
    [
        ("", "All open", "All open"),
        ("view=ended", "Recently ended", "All ended"),
        ("state=NEW", "All open", "All open"),
        ("state=RESOLVED", "Tickets", "All open"),
        ("state=any", "Tickets", "All open"),
        ("view=ended&state=CLOSED", "Recently ended", "All ended"),
        ("view=ended&state=NEW", "Tickets", "All ended"),
        ("view=mine&state=RESOLVED", "Mine", "All open"),
    ],
)
def test_the_heading_says_what_stands_below_it(variety: World, query: str, heading: str, no_state: str) -> None:
    page = text(variety.client("marek").get(f"/desk/?{query}"))
    assert f"<h1 data-list-heading>{heading}</h1>" in page
    assert re.search(rf'<option value=""[^>]*>{no_state}</option>', page)


def test_words_that_no_filter_knows_fall_away(variety: World) -> None:
    asked = "severity=9&severity=1&state=LOST&turn=moon&owner=me%27&view=nowhere&page=-3&q=%00"
    assert listed(variety.client("marek").get(f"/desk/?{asked}")) == [variety.tickets["one"].reference]


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999999999999", "²", "1e3"])
def test_a_page_that_is_no_number_is_the_first_or_an_empty_one(variety: World, page: str) -> None:
    assert variety.client("marek").get(f"/desk/?page={page}").status_code == 200


def test_every_filter_that_is_on_is_a_chip_that_takes_only_itself_away(variety: World) -> None:
    page = text(
        variety.client("marek").get("/desk/?severity=1&severity=2&state=NEW&turn=rozoom&customer=acme&owner=me&q=fault")
    )
    chips = re.search(r'<ul class="chips".*?</ul>', page, re.DOTALL)[0]
    links = re.findall(r'href="([^"]*)"[^>]*>([^<]+)', chips)
    assert [label for _, label in links] == [
        "“fault”",
        "Severity 1",
        "Severity 2",
        "State: New",
        "Turn: roZoom",
        "Customer: acme",
        "Owner: Me",
        "Clear filters",
    ]
    without_severity_1 = {label: url for url, label in links}["Severity 1"]
    assert "severity=1" not in without_severity_1
    assert all(
        part in without_severity_1 for part in ("severity=2", "state=NEW", "customer=acme", "owner=me", "q=fault")
    )
    assert links[-1][0] == "/desk/"


def test_a_filter_by_htmx_swaps_the_results_only(variety: World) -> None:
    response = variety.client("marek").get("/desk/?severity=1", headers={**HTMX, "HX-Target": "results"})
    page = text(response)
    assert listed(response) == [variety.tickets["one"].reference]
    assert "<html" not in page
    assert 'id="filters"' not in page
    assert "<title>All open – roZoom Support</title>" in page
    assert re.search(r'id="status"[^>]*>1 ticket<', page)
    assert response.headers["HX-Replace-Url"] == "/desk/?severity=1"
    assert "HX-Request" in response.headers["Vary"]


def test_the_same_address_without_htmx_is_the_whole_page(variety: World) -> None:
    page = text(variety.client("marek").get("/desk/?severity=1"))
    assert "<html" in page
    assert re.search(r'<input type="checkbox" name="severity" value="1"[^>]* checked', page)


def test_pages_have_numbers_and_keep_the_filter(world: World, settings: Any) -> None:
    settings.LIMITS = {**settings.LIMITS, "page_size": 2}
    filed = filed_ago(world, [3.5, 3, 2.5, 2, 1.5])
    client = world.client("marek")
    second = client.get("/desk/?severity=2&page=2")
    assert listed(second) == [filed[2].reference, filed[3].reference]
    assert "<title>All open, page 2 of 3 – roZoom Support</title>" in text(second)
    assert 'href="/desk/?severity=2&page=3" rel="next"' in text(second)
    assert 'href="/desk/?severity=2" rel="prev"' in text(second)
    last = client.get("/desk/?severity=2&page=3")
    assert listed(last) == [filed[4].reference]
    assert 'rel="next"' not in text(last)


def test_a_page_beyond_the_last_one_leads_to_the_first(world: World) -> None:
    ticket(world)
    page = text(world.client("marek").get("/desk/?page=7"))
    assert "This page is empty now" in page
    assert 'href="/desk/">Go to the first page' in page


def test_a_list_too_long_to_count_says_many(world: World, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.LIMITS = {**settings.LIMITS, "page_size": 2}
    monkeypatch.setattr(queries, "COUNT_CAP", 3)
    filed_ago(world, [1, 2, 3, 3.5, 4.5])
    page = text(world.client("marek").get("/desk/"))
    assert "page 1 of many" in page
    assert "3+ tickets" in page
    assert re.search(r'id="n-unassigned">3\+<', page)
    assert re.search(r'id="n-overdue">1<', page)


def test_counts_stop_counting_at_the_cap(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "COUNT_CAP", 3)
    filed_ago(world, [1] * 6)
    actor = world.actor("marek")
    with work_unit(actor.context), CaptureQueriesContext(connection) as asked:
        found = queries.capped_counts({"all": queries.visible_tickets(actor), "none": Ticket.objects.filter(pk__in=[])})
    assert found == {"all": 4, "none": 0}
    assert len(asked) == 1
    assert "LIMIT 4" in asked[0]["sql"]


def test_the_strip_counts_what_its_views_hold(variety: World) -> None:
    client = variety.client("marek")
    page = text(client.get("/desk/"))
    counted = dict(re.findall(r'<b id="n-(\w+)">(\d+)</b>', page))
    assert set(counted) == {"overdue", "soon", "unassigned", "mine", "waiting"}
    for view, count in counted.items():
        assert len(listed(client.get(f"/desk/?view={view}"))) == int(count), view


def test_nothing_that_matches_names_the_filters(world: World) -> None:
    ticket(world)
    page = text(world.client("marek").get("/desk/?severity=1&customer=zzz"))
    assert "No tickets match" in page
    assert "Filters on: Severity 1, Customer: zzz." in page


def test_an_empty_view_says_what_is_due_next(world: World) -> None:
    later, sooner = filed_ago(world, [1, 2])
    page = text(world.client("marek").get("/desk/?view=mine"))
    assert "Next due:" in page
    assert f"/desk/tickets/{sooner.reference}/" in page
    assert later.reference not in page


def test_an_empty_desk_says_that_nothing_waits(world: World) -> None:
    assert "Nothing is waiting" in text(world.client("marek").get("/desk/"))


def test_a_search_offers_the_ended_tickets_too(variety: World) -> None:
    client = variety.client("marek")
    first = client.get("/desk/?q=Solo")
    assert listed(first) == []
    assert "/desk/?q=Solo&state=any" in text(first)
    assert listed(client.get("/desk/?q=Solo&state=any")) == [variety.tickets["six"].reference]


def test_a_row_leads_to_its_ticket_and_keeps_the_list(variety: World) -> None:
    page = text(variety.client("marek").get("/desk/?view=unassigned&severity=1"))
    assert f'href="/desk/tickets/{variety.tickets["one"].reference}/?view=unassigned&severity=1"' in page


# Whose tickets


def test_a_reseller_sees_its_own_customers_only(variety: World) -> None:
    for query in ("", "state=any", "view=ended", "view=waiting", "q=fault&state=any", "customer=bolt", "turn=supplier"):
        found = listed(variety.client("dirk").get(f"/desk/?{query}"))
        assert all(reference.startswith("ACME-") for reference in found), query
    assert len(listed(variety.client("dirk").get("/desk/"))) == 4
    assert listed(variety.client("nils").get("/desk/")) == [variety.tickets["five"].reference]


@pytest.mark.parametrize("query", ["", "severity=3", "view=mine", "customer=bolt", "owner=me", "q=xyzzy"])
def test_a_resellers_page_names_nobody_elses_customers_or_people(variety: World, query: str) -> None:
    page = text(variety.client("dirk").get(f"/desk/?{query}"))
    strangers = [
        "Bolt Works",
        "Solo Mills",
        "Nova Systems",
        "Nils Test",
        "Rita Test",
        "Duty Test",
        "Adam Test",
        "Bob Test",
    ]
    assert [name for name in strangers if name in page] == []
    assert "Dora Test" in page  # its own people are there to choose from
    assert "Acme Lifts" in page


def test_a_reseller_can_not_ask_for_an_owner_it_does_not_know(variety: World) -> None:
    two = variety.tickets["two"]
    rita = variety.people["rita"].person_id
    page = variety.client("dirk").get(f"/desk/?owner={rita}")
    assert len(listed(page)) == 4  # an unknown owner is no filter
    assert "Rita Test" not in text(page)
    assert listed(variety.client("dirk").get("/desk/?owner=rozoom")) == [two.reference]


@pytest.mark.parametrize("who", ["ilse", "ana", "sol"])
@pytest.mark.parametrize("path", ["/desk/", "/desk/changes/"])
def test_customers_have_no_desk(world: World, who: str, path: str) -> None:
    assert world.client(who).get(path).status_code == 404


def test_signed_out_people_sign_in_and_come_back(world: World, client: Any) -> None:
    response = client.get("/desk/?view=mine")
    assert response.status_code == 302
    assert response.url == "/accounts/login/?next=%2Fdesk%2F%3Fview%3Dmine"


def test_who_only_reads_has_no_open_next(world: World) -> None:
    ticket(world)
    assert "Open next" in text(world.client("marek").get("/desk/"))
    assert "Open next" not in text(world.client("fin").get("/desk/"))
    assert world.client("fin").post("/desk/open-next/").status_code == 404


# What it costs


@pytest.mark.parametrize("who, by", [("marek", "sol"), ("dirk", "ilse")])
def test_fifty_rows_cost_as_many_queries_as_ten(world: World, who: str, by: str) -> None:
    client = world.client(who)
    client.get("/desk/")

    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get("/desk/")
        return len([one for one in asked if one["sql"].startswith("SELECT")])

    for one in filed_ago(world, [0.1] * 10, by=by):
        message(world, one)
    ten = cost()
    for one in filed_ago(world, [0.1] * 40, by=by):
        message(world, one)
    assert len(listed(client.get("/desk/"))) == 50
    assert cost() == ten <= 14  # the bell's is one, and that of held mails another


def test_fifty_rows_weigh_at_most_14_kb(world: World) -> None:
    for index, one in enumerate(filed_ago(world, [index / 20 for index in range(50)])):
        if index % 3 == 0:
            message(world, one, body=f"Please measure the voltage at X{index} and send us the log of the last hour.")
    response = world.client("marek").get("/desk/", headers={"Accept-Encoding": "identity"})
    assert len(listed(response)) == 50
    assert len(gzip.compress(response.content, 6)) <= 14 * 1024


def crowd(world: World) -> None:
    """Enough tickets, of everybody, in all states, that the planner has reason to choose the right index."""
    customers = list(Organisation.objects.filter(pk__in=[world.acme.pk, world.bolt.pk, world.solo.pk]).order_by("code"))
    filed = ticket(world)
    columns = {
        field.attname: getattr(filed, field.attname) for field in Ticket._meta.concrete_fields if not field.generated
    }
    people = [world.people["marek"].person_id, world.people["adam"].person_id, None]
    chance, copies = random.Random(7), []
    for n in range(3000):
        (customer,) = chance.choices(customers, [2, 2, 96])  # each kind asked for below is rare
        (state,) = chance.choices(["NEW", "OPEN", "WAITING", "CLOSED"], [40, 40, 3, 17])
        reported_at = filed.reported_at - timedelta(minutes=n)
        varied = {
            "id": None,
            "number": 1000 + n,
            "reference": f"{customer.code}-{1000 + n}",
            "customer_id": customer.pk,
            "reseller_id": customer.served_by_id,
            "state": state,
            "turn": "customer" if state == "WAITING" and n % 2 else "rozoom",
            "severity": chance.choices([1, 2, 3], [2, 10, 88])[0],
            "assignee_id": chance.choices(people, [2, 2, 96])[0],
            "reported_at": reported_at,
            "clock_due_at": reported_at + timedelta(days=2) if n % 5 else None,
        }
        copies.append(Ticket(**columns | varied))
    with work_unit(WORKER):
        Ticket.objects.bulk_create(copies)
    with connection.as_owner(), connection.cursor() as cursor:
        cursor.execute("ANALYZE tickets_ticket")


INDEX_OF_LIST = [
    ("marek", "", "ticket_queue"),
    ("marek", "view=overdue", "ticket_queue"),
    ("marek", "view=mine", "ticket_queue_assignee"),
    ("marek", "view=waiting", "ticket_queue_state"),
    ("marek", "turn=customer", "ticket_queue_state"),
    ("marek", "severity=1", "ticket_queue_severity"),
    ("marek", "customer=ACME", "ticket_queue_customer"),
    ("marek", "view=ended", "ticket_ended"),
    ("marek", "state=any", "ticket_reported"),
    ("dirk", "", "ticket_queue_reseller"),
    ("dirk", "state=any", "ticket_reseller_reported"),
]


def test_every_list_follows_an_index_in_its_own_order(lasting_world: World) -> None:
    """The plan at any size: with sorting made dear, it needs none, because an index gives the order of the list."""
    crowd(lasting_world)
    for who, query, index in INDEX_OF_LIST:
        plan = plan_of(lasting_world, who, query)
        assert re.search(rf"using {index} on tickets_ticket", plan), (who, query, plan)
        assert "Sort" not in plan, (who, query, plan)


def plan_of(world: World, who: str, query: str) -> str:
    actor, data = world.actor(who), QueryDict(query)
    asked = Asked.of(data, QueueForm(data, actor=actor, people=[], customers=[]))
    with work_unit(actor.context) as unit, connection.cursor() as cursor:
        keys = in_order(narrowed(actor, asked, unit.now), asked).values("pk")[:51]
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
        sql, values = keys.query.sql_with_params()
        cursor.execute(f"EXPLAIN {sql}", values)
        return "\n".join(row[0] for row in cursor.fetchall())


def test_the_poll_sends_back_what_the_page_shows(world: World) -> None:
    first, second = filed_ago(world, [2, 1])
    shown = shown_by(world.client("marek").get("/desk/"))["shown"]
    assert shown == f"{first.reference}.1 {second.reference}.1"
