"""The board: every open return in its step by its dates, moves as links, lists, and a search that finds by any number."""

import re
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contracts.models import Component
from rma import services
from rma.desk.steps import OF_STATE, STEPS, in_step
from rma.lifecycle import ADVANCE, FACTORY
from rma.models import Rma
from rma.standing import current_state
from rma.states import ENDED
from tenancy.context import work_unit
from tests.rma.deals import (
    STAFF,
    Stock,
    allocated,
    approved,
    box,
    carrier_says,
    delivered,
    entitled,
    fresh,
    requested,
    returned,
    shipped,
    staff,
)
from tests.world import ComponentFactory, World

BOARD = "/desk/returns/"
SECOND = timedelta(seconds=1)


def page(response: Any) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


def column(text: str, title: str) -> str:
    """What stands in one column, with its count."""
    return re.search(rf'<h2 id="c-\w+"><a[^>]*>{title}</a>(.*?)</section>', text)[1]  # type: ignore[index]


def another(world: World, now: datetime, number: int = 1) -> Component:
    site = world.components["acme"].site
    with work_unit(STAFF):
        component = ComponentFactory(customer=world.acme, site=site, serial=f"X-{number:04}")
    return entitled(world, now, component=component)


def test_every_open_state_stands_in_one_step() -> None:
    known = {state for machine in (ADVANCE, FACTORY) for state in machine.states} - set(ENDED)
    assert OF_STATE.keys() == known
    assert set(OF_STATE.values()) == set(STEPS)


def test_the_board_shows_each_return_in_its_step(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now)
    first = requested(world, component, now).rma
    second = shipped(world, another(world, now), now)
    text = page(world.client("cora").get(BOARD))
    assert f"{first.reference}</span> {component.product.name}" in column(text, "To approve")
    assert second.reference in column(text, "In transit")
    assert '<span class="count">1</span>' in column(text, "To approve")
    assert "None" in column(text, "To ship")
    # a menu of links, no dragging
    assert f'href="/desk/returns/{first.reference}/do/approve/">Approve</a>' in column(text, "To approve")
    assert "draggable" not in text


def test_a_return_is_overdue_by_its_date_and_not_by_the_job(world: World, stock: Stock, now: datetime) -> None:
    then = now - timedelta(days=40)
    stock.unit(then)
    rma = delivered(world, another(world, then), then)
    assert rma.state == "DELIVERED"
    with work_unit(STAFF):
        assert not in_step("back", now).filter(pk=rma.pk).exists()
        assert in_step("overdue", now).filter(pk=rma.pk).exists()
        assert in_step("back", now - timedelta(days=30)).filter(pk=rma.pk).exists()
    text = page(world.client("cora").get(BOARD))
    assert rma.reference in column(text, "Overdue return")
    assert "Return overdue" in column(text, "Overdue return")
    assert "Charge for the part" in column(text, "Overdue return")


def test_the_day_ends_where_the_part_stands_and_keeps_its_end(world: World, stock: Stock, now: datetime) -> None:
    stock.unit(now)
    rma = delivered(world, another(world, now), now)
    assert rma.due_at is not None
    second_before = rma.due_at - SECOND
    with work_unit(STAFF):
        assert rma.ship_to is not None
        last = datetime.combine(rma.return_due, time(23, 59, 59), ZoneInfo(rma.ship_to.time_zone))  # type: ignore[arg-type]
        assert last == second_before
        rma.ship_to.time_zone = "Pacific/Kiritimati"  # a mistake in the register is mended: what was said stays
        rma.ship_to.save(update_fields=["time_zone"])
        assert in_step("back", second_before).filter(pk=rma.pk).exists()
        assert not in_step("overdue", second_before).filter(pk=rma.pk).exists()
        assert in_step("overdue", rma.due_at).filter(pk=rma.pk).exists()
        assert not in_step("back", rma.due_at).filter(pk=rma.pk).exists()
    kept = fresh(rma)
    assert current_state(kept, second_before) == "DELIVERED"
    assert current_state(kept, rma.due_at) == "RETURN_OVERDUE"


INDEX_OF = {
    "approve": "rma_to_approve",
    "hold": "rma_on_hold",
    "ship": "rma_to_ship",
    "transit": "rma_in_transit",
    "back": "rma_owed",
    "overdue": "rma_owed",
    "test": "rma_in_test",
    "factory": "rma_at_factory",
}


@pytest.mark.parametrize("name", STEPS)
def test_a_step_is_counted_and_ordered_by_its_index_alone(world: World, now: datetime, name: str) -> None:
    with work_unit(STAFF):
        found = in_step(name, now).values("pk")
        for one in (found.order_by(*STEPS[name].order), found.order_by()):
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
                sql, params = one[:6].query.sql_with_params()
                cursor.execute(f"EXPLAIN {sql}", params)
                plan = "\n".join(line for (line,) in cursor.fetchall())
            assert f"Index Only Scan using {INDEX_OF[name]} on rma_rma" in plan
            assert "Sort" not in plan


def test_overdue_returns_stand_oldest_first(world: World, stock: Stock, now: datetime) -> None:
    late = [another(world, now - timedelta(days=days), days) for days in (40, 50)]
    for days, one in zip((40, 50), late, strict=True):
        stock.unit(now - timedelta(days=60))
        delivered(world, one, now - timedelta(days=days))
    text = page(world.client("cora").get(f"{BOARD}?step=overdue"))
    assert text.index(late[1].serial) < text.index(late[0].serial)


def test_counts_are_rows(world: World, stock: Stock, component: Component, now: datetime) -> None:
    for number in range(8):
        requested(world, another(world, now, number), now)
    client = world.client("cora")
    board = page(client.get(BOARD))
    assert '<span class="count">8</span>' in column(board, "To approve")
    assert column(board, "To approve").count("board-card") == 6
    assert "2 more" in column(board, "To approve")
    assert page(client.get(f"{BOARD}?step=approve")).count("<tr data-row>") == 8


@pytest.mark.parametrize("words", ["reference", "serial", "ticket", "tracking"])
def test_the_search_finds_by_any_number(
    world: World, stock: Stock, component: Component, now: datetime, words: str
) -> None:
    stock.unit(now)
    rma = shipped(world, component, now)
    asked = {
        "reference": rma.reference.lower(),
        "serial": component.serial.lower().replace("-", " "),
        "ticket": rma.ticket.reference,
        "tracking": box(rma, "REPLACEMENT_OUT").tracking_number,
    }[words]
    answer = world.client("cora").get(BOARD, {"q": asked})
    if words == "reference":
        assert answer["Location"] == f"{BOARD}{rma.reference}/"
    else:
        assert page(answer).count("<tr data-row>") == 1
        assert rma.reference in page(answer)


def test_a_search_without_a_hit_says_which_filters_are_on(world: World, stock: Stock) -> None:
    text = page(
        world.client("cora").get(BOARD, {"q": "nothing", "severity": "1", "customer": "ACME", "kind": "FACTORY"})
    )
    assert "No returns match" in text
    assert "“nothing”, Severity 1, Return to factory, Customer: ACME" in text


def test_ended_returns_have_their_list(world: World, stock: Stock, component: Component, now: datetime) -> None:
    rma = requested(world, component, now).rma
    staff(world, services.cancel, rma, now, reason="Found a spare")
    client = world.client("cora")
    assert rma.reference not in page(client.get(f"{BOARD}?step=all"))
    assert rma.reference in page(client.get(f"{BOARD}?step=ended"))


def test_the_board_asks_as_much_for_thirty_as_for_one(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    requested(world, component, now)
    client, asked = world.client("cora"), {}
    for count in (1, 12):
        for path in (BOARD, f"{BOARD}?step=approve"):
            client.get(path)
            with CaptureQueriesContext(connection) as seen:
                client.get(path)
            asked[count, path] = len(seen)
        for number in range(11):
            if count == 1:
                requested(world, another(world, now, number), now)
    for path in (BOARD, f"{BOARD}?step=approve"):
        assert asked[1, path] == asked[12, path]
        assert asked[12, path] <= 12, asked


@pytest.mark.parametrize("name", ["ilse", "dirk", "sam"])
def test_only_rozooms_people_see_the_board(world: World, name: str) -> None:
    assert world.client(name).get(BOARD).status_code == 404


def test_an_agent_sees_and_approves_nothing(world: World, stock: Stock, component: Component, now: datetime) -> None:
    rma = requested(world, component, now).rma
    client = world.client("marek")
    assert "do/approve/" not in page(client.get(BOARD))
    assert client.post(f"{BOARD}{rma.reference}/do/approve/").status_code == 403
    assert fresh(rma).state == "REQUESTED"


def test_dates_that_passed_are_marked(world: World, stock: Stock, component: Component, now: datetime) -> None:
    rma = approved(world, component, now - timedelta(days=9))
    text = page(world.client("cora").get(f"{BOARD}?step=ship"))
    assert re.search(r'class="late-line"><svg[^>]*><use href="#s1"/></svg> Leaves by', text)
    assert rma.reference in text


def test_each_return_names_whose_turn_it_is(world: World, stock: Stock, component: Component, now: datetime) -> None:
    stock.unit(now)
    rma = returned(world, component, now)
    text = page(world.client("cora").get(f"{BOARD}?step=test"))
    assert rma.reference in text
    assert "Turn: roZoom" in text


def test_reserved_and_on_its_way_back_stand_in_their_columns(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now)
    rma = allocated(world, component, now)
    assert rma.reference in column(page(world.client("cora").get(BOARD)), "To ship")
    stock.unit(now)
    other = delivered(world, another(world, now), now)
    carrier_says(world, box(other, "DEFECTIVE_RETURN"), "SCAN", now)
    assert other.reference in column(page(world.client("cora").get(BOARD)), "In transit")
    with work_unit(STAFF):
        assert Rma.objects.open().count() == 2
