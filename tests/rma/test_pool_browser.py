"""The pool in a real browser: twenty serials without a mouse, a count by two people, and every page in four looks."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from contracts.terms import DAY
from rma.models import BusinessCalendar, Pool, PoolUnit
from rma.services.counting import say_all_missing
from rma.services.stocking import set_base_stock
from tenancy.context import database_now, work_unit
from tests.contracts.deals import implemented, ordered, price, warranty
from tests.looking import examine_every_look
from tests.rma.places import chicago, shelved
from tests.world import STAFF, ComponentFactory, ProductFactory, World

pytestmark = pytest.mark.browser


@pytest.fixture
def furnished(lasting_world: World) -> World:
    """A depot with units in every state, a level that is not reached, forty entitled components, changed holidays."""
    world, now = lasting_world, clock()
    depot = chicago(now=now)
    first = implemented(world.components["acme"], now.date() - 500 * DAY)
    price(first)
    with work_unit(STAFF):
        more = ComponentFactory.create_batch(
            39, customer=world.acme, site=first.site, product=first.product, implemented_on=first.implemented_on
        )
    parts = [first, *more]
    for part in parts:
        warranty(part, now.date() - 500 * DAY, now.date() + 400 * DAY)
    start = now.date() - 100 * DAY
    ordered(world, parts, start, start + 364 * DAY, now=now - timedelta(days=120))
    states = ("AVAILABLE", "RESERVED", "QUARANTINE", "AT_SUPPLIER", "DEFECTIVE_IN_TRANSIT", "WITH_CUSTOMER")
    for number, state in enumerate(states):
        shelved(depot, first.product, f"7F-91{number:02}", state=state, revision="C")
    supply = ProductFactory(sku="PS-440", name="Power supply with a rather long name, 440 V, three phases")
    gone = shelved(depot, supply, "PS-0007", place="B-12")
    with work_unit(STAFF):
        pool, cora = Pool.objects.get(), world.actor("cora")
        for product, level in ((first.product, 6), (supply, 3)):
            set_base_stock(actor=cora, pool=pool, product=product, level=level, target=Decimal("0.95"), now=now)
        say_all_missing(actor=cora, keys=[gone.pk], now=now)
        kept = BusinessCalendar.objects.get()
        kept.days.filter(day__gt=now.date(), name__startswith="Independence").delete()
    return world


def clock() -> Any:
    with work_unit(STAFF):
        return database_now()


def test_every_page_fits_and_axe_finds_nothing(visit: Any, furnished: World) -> None:
    with work_unit(STAFF):
        unit = PoolUnit.objects.select_related("pool__warehouse").get(serial="7F-9100")
    page = visit("/desk/pool/", "duty")
    examine_every_look(page)
    for path in (
        f"units/{unit.pk}/",
        "receive/",
        "tests/",
        "count/",
        "missing/",
        "levels/",
        f"levels/{unit.product_id}/",
        "calendars/",
        f"calendars/{unit.pool.warehouse.calendar_id}/",
        f"warehouses/{unit.pool.warehouse_id}/",
    ):
        page.goto(page.url.partition("/desk/")[0] + f"/desk/pool/{path}")
        examine_every_look(page)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def focus_on(page: Page, label: str) -> None:
    """By Tab alone."""
    wanted = page.get_by_label(label, exact=False).first.element_handle()
    for _ in range(40):
        if page.evaluate("element => element === document.activeElement", wanted):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {label}")


def scan(page: Page, *serials: str) -> None:
    """As a scanner types: the serial, then Enter."""
    for serial in serials:
        page.keyboard.type(serial)
        page.keyboard.press("Enter")


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without"])
def test_twenty_serials_are_received_without_a_mouse(visit: Any, furnished: World, scripts: bool) -> None:
    page = visit("/desk/pool/receive/", "cora", java_script_enabled=scripts)
    focus_on(page, "Product")
    page.keyboard.type("Drive")
    focus_on(page, "Shelf")
    page.keyboard.type("A-03")
    focus_on(page, "Serials")
    scan(page, *(f"SN-{number:03}" for number in range(1, 20)), "7f 9100")
    press(page, "Tab", "Enter")
    expect(page.get_by_role("link", name="Line 20: 7F-9100 is known: available.")).to_be_visible()
    expect(page.get_by_label("Serials")).to_have_value(
        "\n".join([*(f"SN-{n:03}" for n in range(1, 20)), "7f 9100", ""])
    )
    assert page.title().startswith("Error: ")
    focus_on(page, "Serials")
    press(page, "Control+End", "Backspace", *["Backspace"] * 7)
    scan(page, "SN-020")
    press(page, "Tab", "Enter")
    expect(page.locator("#messages")).to_contain_text("20 units of Drive controller DC-7 received.")
    expect(page.get_by_role("checkbox")).to_have_count(21)
    assert page.complaints == []


def test_a_count_takes_two_people(visit: Any, furnished: World) -> None:
    page = visit("/desk/pool/count/", "cora")
    page.get_by_label("Serials on the shelf").fill("7F-9102\nX-1")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="1 as expected, 3 missing, 1 not expected")).to_be_visible()
    expect(page.get_by_text("Cora Test says so already.")).to_be_visible()
    examine_every_look(page)
    page.get_by_role("checkbox", name="7F-9101").uncheck()
    page.get_by_role("button", name="Say that they are missing").click()
    expect(page.locator("#messages")).to_contain_text("1 unit is missing.")
    other = visit("/desk/pool/missing/", "duty")
    other.get_by_role("link", name="Confirm the loss of 7F-9100").click()
    examine_every_look(other)
    other.get_by_role("button", name="Confirm that it is lost").click()
    expect(other.locator("#messages")).to_contain_text("7F-9100 is written off.")
