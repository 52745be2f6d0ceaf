"""A failed drive from the request to the part on its way back, and a quote, in a real browser: each page in every look."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from contracts.models import Component, Product
from rma import services
from rma.models import Rma
from tenancy.context import database_now, work_unit
from tests.contracts.deals import ago, implemented
from tests.looking import examine_every_look, poll_soon
from tests.portal.conftest import browser, visit
from tests.rma.deals import STAFF, Stock, box, carrier_says, entitled, fresh, on_ticket, requested, staff, unit_of
from tests.world import ComponentFactory, World

__all__ = ["browser", "visit"]
pytestmark = pytest.mark.browser


@pytest.fixture
def now(lasting_world: World) -> datetime:
    with work_unit(STAFF):
        return database_now()


@pytest.fixture
def stock(lasting_world: World) -> Stock:
    return Stock.of(lasting_world)


@pytest.fixture
def drive(lasting_world: World, stock: Stock, now: datetime) -> Component:
    component = entitled(lasting_world, now)
    with work_unit(STAFF):
        Product.objects.filter(pk=component.product_id).update(has_media=True)
    stock.unit(now, "NEW-1")
    return component


def pressed(page: Page, button: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=True).click()


def test_from_the_request_to_the_part_on_its_way_back(
    visit: Any, lasting_world: World, drive: Component, now: datetime
) -> None:
    world = lasting_world
    ticket = on_ticket(world, drive, now)
    page = visit(f"/tickets/{ticket.reference}/", "ilse")
    page.get_by_role("link", name="Ask for a replacement").click()
    expect(page.locator("main")).to_contain_text("You can have a replacement in advance")
    examine_every_look(page, "request")
    pressed(page, "Check your answers")
    expect(page.get_by_role("alert").first).to_contain_text("Accept the return terms to go on")
    assert page.title().startswith("Error: ")
    examine_every_look(page, "request with errors")
    page.get_by_label("A replacement first").check()
    page.get_by_label("Who takes the box?").fill("Ilse at the gate")
    page.get_by_label(re.compile("^It stays with us")).check()
    page.get_by_label("I accept the return terms").check()
    pressed(page, "Check your answers")
    examine_every_look(page, "check")
    pressed(page, "Change something")
    expect(page.get_by_label("Who takes the box?")).to_have_value("Ilse at the gate")
    page.get_by_label(re.compile("^Wiped")).check()
    pressed(page, "Check your answers")
    pressed(page, "Request a replacement")
    expect(page).to_have_url(re.compile("/returns/ACME-R1/$"))
    examine_every_look(page, "requested")
    rma = fresh(Rma(pk=_key(world)))
    staff(world, services.hold_return, rma, now, missing=["DIAGNOSIS", "TERMS"], reason="Which light is on?")
    poll_soon(page, "news", "10")
    expect(page.locator("#next-title")).to_have_text("Something is missing", timeout=15000)
    page.reload()
    examine_every_look(page, "hold")
    staff(world, services.confirm_failure, fresh(rma), now, "marek")
    rma = staff(world, services.approve, fresh(rma), now)
    rma = staff(world, services.allocate, rma, now)
    staff(
        world, services.ship, rma, now, scanned_serial=unit_of(rma).serial, carrier="UPS", tracking_number="1Z1",
        return_tracking_number="1Z2",
    )  # fmt: skip
    carrier_says(world, box(rma, "REPLACEMENT_OUT"), "SCAN", now, place="Chicago")
    page.reload()
    expect(page.locator("#next-title")).to_have_text("Your replacement is on its way")
    examine_every_look(page, "shipped")
    page.get_by_role("link", name="Confirm that it arrived").click()
    examine_every_look(page, "arrived")
    pressed(page, "It arrived")
    expect(page.locator("#next-title")).to_contain_text("Send the failed part back by")
    examine_every_look(page, "delivered")
    page.get_by_role("link", name="I sent it back").click()
    page.get_by_label("Carrier").fill("DHL")
    pressed(page, "I sent it")
    expect(page.get_by_role("alert").first).to_contain_text("Enter the tracking number too")
    examine_every_look(page, "sent with an error")
    page.get_by_label("Tracking number").fill("JD 1")
    pressed(page, "I sent it")
    expect(page.locator("#next-title")).to_have_text("You sent the failed part back")
    page.get_by_role("link", name="Returns", exact=True).first.click()
    expect(page.locator("#found")).to_contain_text("ACME-R1")
    examine_every_look(page, "list")


def test_a_quote_and_what_stands_on_other_pages(visit: Any, lasting_world: World, stock: Stock, now: datetime) -> None:
    world = lasting_world
    old = implemented(world.components["acme"], ago(now, 900))
    rma = requested(world, old, now).rma
    fee = {"amount": Decimal(900), "currency": "USD", "evaluation_fee": Decimal(80)}
    staff(world, services.quote_repair, rma, now, **fee)
    page = visit("/home/", "ilse")
    expect(page.locator("main")).to_contain_text("Returns that need you")
    examine_every_look(page, "home")
    page.get_by_role("link", name=re.compile(rma.reference)).click()
    examine_every_look(page, "quoted")
    page.get_by_role("link", name="Answer the quote").click()
    page.get_by_label(re.compile("^Accept")).check()
    pressed(page, "Send the answer")
    expect(page.get_by_role("alert").first).to_contain_text("Enter your purchase order number")
    examine_every_look(page, "quote with an error")
    page.get_by_label("Your purchase order number").fill("PO-7")
    pressed(page, "Send the answer")
    expect(page.locator("#next-title")).to_contain_text("Send the part to the factory by")
    examine_every_look(page, "send to the factory")
    page.get_by_role("link", name=rma.ticket.reference).first.click()
    expect(page.locator("#side")).to_contain_text(rma.reference)
    examine_every_look(page, "ticket")
    with work_unit(STAFF):
        ComponentFactory(customer=world.acme, site=old.site, serial="7F-9999")
    page.get_by_role("link", name="Another part failed too").click()
    examine_every_look(page, "which part")
    page.get_by_label("Not in the list? Type the serial on its label").fill("7F-9998")
    pressed(page, "Continue")
    expect(page.locator("main")).to_contain_text("Did you mean")
    examine_every_look(page, "near miss")
    desk = visit(f"/returns/{rma.reference}/", "dirk")
    expect(desk.locator("main")).to_contain_text("Acme Lifts")
    examine_every_look(desk, "reseller")


def _key(world: World) -> Any:
    with work_unit(STAFF):
        return Rma.objects.get().pk
