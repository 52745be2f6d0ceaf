"""From a quote to its payment in a real browser: two widths, two themes, nothing that axe finds."""

import re
from datetime import datetime
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from contracts import services
from contracts.models import Invoice
from tenancy.context import database_now, work_unit
from tenancy.models import Organisation
from tests.contracts.deals import STAFF, ago, implemented, price, warranty
from tests.looking import examine_every_look
from tests.world import ComponentFactory, World

pytestmark = pytest.mark.browser


@pytest.fixture
def now(lasting_world: World) -> datetime:
    with work_unit(STAFF):
        return database_now()


@pytest.fixture
def shop(lasting_world: World, now: datetime) -> World:
    """Acme has two components whose free days are over; the warranty of one ends soon."""
    world = lasting_world
    one = implemented(world.components["acme"], ago(now, 200))
    with work_unit(STAFF):
        ComponentFactory(customer=world.acme, site=one.site, serial="7F-9999", implemented_on=ago(now, 200))
    price(one)
    warranty(one, ago(now, 200), ago(now, -100))
    return world


def sent(page: Page, button: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=button, exact=True).click()


def test_from_a_quote_to_its_payment(visit: Any, shop: World) -> None:
    desk = visit("/agreements/new/?customer=ACME", "fin")
    examine_every_look(desk)
    sent(desk, "Show the prices")
    expect(desk.get_by_role("alert")).to_contain_text("Choose at least one component")
    assert desk.title().startswith("Error: ")
    examine_every_look(desk)
    desk.get_by_label(re.compile("All 2")).check()
    desk.get_by_label("12 months").check()
    desk.get_by_label("roZoom", exact=True).check()
    sent(desk, "Show the prices")
    expect(desk.locator("main")).to_contain_text("paid without advance replacement")
    examine_every_look(desk)
    sent(desk, "Make the quote")
    expect(desk.locator("main")).to_contain_text("Quote, valid until")
    examine_every_look(desk)

    customer = visit("/agreements/", "ana")
    examine_every_look(customer)
    customer.get_by_role("link", name=re.compile("Order AG")).click()
    examine_every_look(customer)
    customer.get_by_label("Your purchase order number").fill("PO 4711")
    sent(customer, "Order")
    expect(customer.locator("main")).to_contain_text("AG-ACME-1 is ordered.")
    examine_every_look(customer)
    customer.goto(customer.url.replace("/agreements/", "/agreements/?", 1).split("?")[0])
    expect(customer.locator("main")).to_contain_text("Open, due")
    examine_every_look(customer)

    with work_unit(STAFF):
        number = Invoice.objects.get().number
    desk = visit("/agreements/invoices/?show=open", "fin")
    examine_every_look(desk)
    desk.get_by_role("link", name=number).click()
    examine_every_look(desk)
    desk.get_by_role("link", name="Record a payment").click()
    desk.get_by_label("Bank").check()
    sent(desk, "Record the payment")
    expect(desk.locator("h1 + p .tag")).to_have_text("Paid")
    examine_every_look(desk)


def test_the_lists_and_one_agreement(visit: Any, shop: World, now: datetime) -> None:
    """Asked for, running, overdue: what each page shows when it is full."""
    fin, ilse = shop.actor("fin"), shop.actor("ilse")
    component = shop.components["acme"]
    with work_unit(STAFF):
        acme, rozoom = (Organisation.objects.get(pk=one.pk) for one in (shop.acme, shop.rozoom))
        early = ago(now, 40)
        offer = services.Offer(acme, [component], services.years_from(early, 1), "USD")
        term = services.make_quote(actor=fin, offer=offer, sold_by=rozoom, on=early, now=now)
        term, _ = services.order(actor=fin, term=term, purchase_order="PO", on=early, now=now)
    with work_unit(ilse.context) as unit:
        services.ask_for_quote(
            actor=ilse, customer=shop.acme, components=[], text="Renew it", agreement=term.agreement, now=unit.now
        )
    for who, paths in (
        ("fin", ["/agreements/", "/agreements/invoices/", f"/agreements/{term.agreement_id}/",
                 f"/agreements/terms/{term.pk}/end/", f"/agreements/terms/{term.pk}/remove/"]),
        ("ilse", ["/agreements/", "/agreements/ask/", f"/agreements/{term.agreement_id}/"]),
    ):  # fmt: skip
        page = visit(paths[0], who)
        for path in paths:
            page.goto(page.url.split("/agreements/")[0] + path)
            examine_every_look(page)
