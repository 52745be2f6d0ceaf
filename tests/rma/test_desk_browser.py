"""Board, return, scanning and a supplier's pages in a real browser: two widths, two themes, nothing that axe finds."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from contracts.models import Component
from tenancy.context import database_now, work_unit
from tests.looking import examine_every_look
from tests.rma.deals import STAFF, Stock, delivered, entitled, requested, returned
from tests.world import ComponentFactory, World

pytestmark = pytest.mark.browser


@pytest.fixture
def stock(lasting_world: World) -> Stock:
    return Stock.of(lasting_world)


def part(world: World, number: int) -> Component:
    with work_unit(STAFF):
        now = database_now()
        component = ComponentFactory(
            customer=world.acme, site=world.components["acme"].site, serial=f"B-{number}", serial_normal=f"B{number}"
        )
    return entitled(world, now, component=component)


def sent(page: Page, button: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=True).click()


def test_from_the_board_to_the_shelf(visit: Any, lasting_world: World, stock: Stock) -> None:
    world = lasting_world
    with work_unit(STAFF):
        now = database_now()
    stock.unit(now, "SPARE-1")
    rma = requested(world, part(world, 1), now).rma
    stock.unit(now, "SPARE-2")
    returned(world, part(world, 2), now)
    stock.unit(now, "SPARE-3")
    other = delivered(world, part(world, 3), now)

    page = visit("/desk/returns/", "cora")
    examine_every_look(page)
    card = page.locator(".board-card", has_text=rma.reference)
    card.locator("summary").press("Enter")  # the menu, by keyboard
    examine_every_look(page)
    card.get_by_role("link", name="Approve").press("Enter")
    expect(page.get_by_label("The failure is confirmed on the ticket")).to_be_focused()
    examine_every_look(page)
    sent(page, "Approve")
    expect(page.locator("main").get_by_role("alert")).to_contain_text(
        "Still missing: The failure is confirmed on the ticket"
    )
    examine_every_look(page)
    page.get_by_label("The failure is confirmed on the ticket").check()
    sent(page, "Approve")
    expect(page.locator("#messages")).to_contain_text("Next: roZoom reserves a unit.")
    examine_every_look(page)
    page.get_by_role("link", name="Reserve a unit").click()
    examine_every_look(page)
    sent(page, "Reserve a unit")

    page.get_by_role("link", name="Ship", exact=True).click()
    examine_every_look(page)
    due = page.locator(".scan-serial").inner_text()
    for field, typed in (  # as the scanner does: it writes where the focus is, and ends with Enter
        ("Serial of the unit", "WRONG-9"),
        ("Serial of the unit", due.lower()),
        ("Tracking number", "1Z900"),
        ("Tracking number of the return label", "1Z901"),
    ):
        expect(page.get_by_label(field, exact=True)).to_be_focused()
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        if typed == "WRONG-9":
            expect(page.locator("main").get_by_role("alert")).to_contain_text("You scanned WRONG-9.")
            page.wait_for_load_state()
            examine_every_look(page)
    expect(page.locator("#messages")).to_contain_text("Replacement sent")
    page.get_by_text("What is not possible now").click()
    examine_every_look(page)

    for path in ("?step=all", "?step=test", "?q=B-2", "report/", "carrier/", "serials/", "serials/DC-7/B-2/"):
        page.goto(page.url.split("/desk/")[0] + f"/desk/returns/{path}")
        examine_every_look(page)
    page.goto(page.url.split("/desk/")[0] + "/desk/returns/receive/")
    expect(page.get_by_label("Serial of the part")).to_be_focused()
    page.keyboard.type("NOBODYS")
    page.keyboard.press("Enter")
    expect(page.locator("main").get_by_role("alert")).to_contain_text("No return expects serial NOBODYS.")
    examine_every_look(page)
    expect(page.get_by_label("Serial of the part")).to_be_focused()
    page.keyboard.type("b3")
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text(f"received for {other.reference}")
    expect(page.get_by_label("Serial of the part")).to_be_focused()  # ready for the next one
    page.goto(page.url.split("/desk/")[0] + f"/desk/returns/{other.reference}/ship/")
    expect(page.get_by_role("heading", level=1)).to_have_text("That is not possible now")
    examine_every_look(page)

    clerk = visit("/", "sam")
    examine_every_look(clerk)
    clerk.get_by_role("link", name=re.compile(f"{rma.reference}-1")).click()
    examine_every_look(clerk)
    clerk.get_by_role("link", name="Acknowledge").click()
    sent(clerk, "Acknowledge")
    expect(clerk.locator("main").get_by_role("alert")).to_contain_text("Enter your number for it")
    examine_every_look(clerk)
    clerk.get_by_label("Your number for it").fill("F-90017")
    sent(clerk, "Acknowledge")
    expect(clerk.locator("main")).to_contain_text("F-90017")
    examine_every_look(clerk)
