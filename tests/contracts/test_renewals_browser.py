"""The renewals desk in a real browser: two widths, two themes, two clicks, and without JavaScript the same."""

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from contracts.models import ContractNotice, QuoteRequest
from contracts.terms import DAY
from tenancy.context import database_now, work_unit
from tests.contracts.deals import STAFF, implemented, ordered, price
from tests.looking import examine_every_look
from tests.world import ComponentFactory, World

pytestmark = pytest.mark.browser


@pytest.fixture
def ending(lasting_world: World) -> World:
    """A row in each group, one without a price, and a customer that asked."""
    world = lasting_world
    first = implemented(world.components["acme"], (clock() - timedelta(days=900)).date())
    price(first)
    now = clock()
    for days in (-50, -10, 20, 45, 75):
        with work_unit(STAFF):
            part = ComponentFactory(customer=world.acme, site=first.site, implemented_on=first.implemented_on)
        end = now.date() + days * DAY
        term = ordered(world, [part], end - 364 * DAY, end, now=now - timedelta(days=385 - days)).term
    with work_unit(STAFF):
        QuoteRequest.objects.create(
            customer=world.acme,
            agreement=term.agreement,
            asked_by_name="Ana Test",
            asked_at=now,
            text="Is it cheaper now?",
        )
        ContractNotice.objects.create(
            customer=world.acme, kind="ENDS_90", about=str(term.pk), by_name="Reminders", told_at=now
        )
    return world


def clock() -> Any:
    with work_unit(STAFF):
        return database_now()


def test_both_pages_fit_and_axe_finds_nothing(visit: Any, ending: World) -> None:
    page = visit("/renewals/", "fin")
    examine_every_look(page)
    page.get_by_role("link", name="Prepare renewal").first.click()
    page.wait_for_url("**/renewals/*/")
    examine_every_look(page)


@pytest.mark.parametrize("scripts", [True, False], ids=["with-scripts", "without"])
def test_two_clicks_send_a_renewal(visit: Any, ending: World, scripts: bool) -> None:
    page = visit("/renewals/", "fin", java_script_enabled=scripts)
    expect(page.locator("#main h2")).to_have_count(5)  # what was asked, and four groups
    page.get_by_role("link", name="Prepare renewal").first.click()
    expect(page.get_by_label("Letter")).to_contain_text("2,000.00 USD")
    page.get_by_role("button", name="Send renewal to Acme Lifts").click()
    expect(page.locator("#messages")).to_contain_text("The letter to Acme Lifts is on its way.")
    expect(page.locator("tr", has_text="Wait for the order: quoted 2,000.00 USD")).to_have_count(1)
    with work_unit(STAFF):
        assert ContractNotice.objects.filter(kind="LETTER").count() == 1
