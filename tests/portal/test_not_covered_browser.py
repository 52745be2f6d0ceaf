"""What nobody covers, in a real browser: every page at two widths in two themes, and a serial typed with a slip."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from contracts.models import Component
from contracts.services import move_component
from tenancy.context import database_now, work_unit
from tests.contracts.deals import STAFF, ago, implemented, ordered, price
from tests.looking import examine, examine_every_look
from tests.portal.test_browser import ANSWERS, report_of
from tests.world import ComponentFactory, SiteFactory, World, ticket
from tickets.services import grant_promise

pytestmark = pytest.mark.browser
CUSTOMERS = [
    "/tickets/new/", "{draft}component/", "{draft}impact/", "{draft}check/",
    "/tickets/ACME-1/?sent=1", "/tickets/ACME-1/why/", "/tickets/ACME-2/", "/tickets/ACME-2/why/", "{component}",
]  # fmt: skip
MANAGERS = [
    "/desk/", "/desk/tickets/ACME-1/", "/desk/tickets/ACME-1/coverage/", "/desk/tickets/ACME-2/",
    "/desk/tickets/ACME-2/why/", "/desk/tickets/ACME-3/coverage/", "{component}", "{component}move/",
]  # fmt: skip


@pytest.fixture
def places(lasting_world: World) -> dict[str, str]:
    """An old component that was moved, one under agreement, a free one; a ticket without a promise, one with a granted one."""
    world = lasting_world
    with work_unit(STAFF):
        now = database_now()
    old = implemented(world.components["acme"], ago(now, 500))
    price(old)
    with work_unit(STAFF):
        plant = SiteFactory(customer=world.acme, name="Plant 2, Ghent", time_zone="Europe/Brussels")
        listed = ComponentFactory(customer=world.acme, site=plant, serial="ZX-2231", implemented_on=ago(now, 500))
        ComponentFactory(customer=world.acme, site=plant, serial="F-1", implemented_on=ago(now, 5))
    ordered(world, [listed], ago(now, 30), ago(now, -334), now=now - timedelta(days=40))
    adam, marek = world.actor("adam"), world.actor("marek")
    with work_unit(adam.context) as unit:
        move_component(actor=adam, component=old, to=plant, moved_on=ago(now, 2), now=unit.now)
    ticket(world, component=old, subject="Table sinks")
    filed = ticket(world, component=old, severity=1, subject="Lift 2 does not answer at all")
    with work_unit(marek.context) as unit:
        grant_promise(actor=marek, ticket=filed, reason="You helped us find the cause last time.", now=unit.now)
    ticket(world, component=listed, subject="Wrong port")
    with work_unit(STAFF):
        old = Component.objects.get(pk=old.pk)
    return {
        "draft": report_of(world, {**ANSWERS, "component": str(old.pk), "site": str(plant.pk)}),
        "component": f"/components/{old.pk}/",
    }


@pytest.mark.parametrize("who, paths", [("ilse", CUSTOMERS), ("adam", MANAGERS), ("dirk", MANAGERS[1:2])])
def test_every_page_fits_and_axe_finds_nothing(visit: Any, places: dict[str, str], who: str, paths: list[str]) -> None:
    page = visit("/home/" if who == "ilse" else "/desk/", who)
    origin = page.url.partition("/home/")[0].partition("/desk/")[0]
    for path in paths:
        page.goto(origin + path.format(**places))
        examine_every_look(page, path)


def test_a_serial_with_a_slip_is_asked_back_where_it_was_typed(visit: Any, places: dict[str, str]) -> None:
    page = visit("/tickets/new/", width=375)
    page.get_by_label("Not in the list? Type its serial").fill("zx2213")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator("[data-error-summary]")).to_contain_text("Did you mean ZX-2231?")
    examine(page)
    page.locator("[data-error-summary] a").click()
    expect(page.get_by_label("Not in the list? Type its serial")).to_be_focused()
    page.get_by_label("Not in the list? Type its serial").fill("")
    page.locator("label.choice", has_text="ZX-2231").click()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Where is it?")


def test_a_promise_is_granted_without_javascript(visit: Any, places: dict[str, str]) -> None:
    page = visit("/desk/tickets/ACME-1/", "marek", width=375, java_script_enabled=False)
    page.get_by_role("link", name="Promise an answer…").click()
    page.get_by_label("Why?").fill("You helped us find the cause.")
    page.get_by_role("button", name="Promise an answer on ACME-1").click()
    expect(page.locator("#messages")).to_contain_text("An answer is promised. The clock runs.")
    expect(page.locator("#w-clock")).to_contain_text("left")
