"""The severity panel in a real browser: every party, two widths, two themes; agreeing from the ticket's page."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.looking import examine_every_look
from tests.tickets.test_severity_agreement import answer, propose
from tests.world import World, ticket

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]


def disputed(world: World) -> None:
    """Everything the panel can show: one proposal refused, one that waits."""
    filed = ticket(world, severity=1)
    propose(world, "dirk", filed, 3, "I think a restart is enough.")
    answer(world, "ilse", filed, agrees=False, reason="We restarted it twice.")
    propose(world, "marek", filed, 2, "The lift works by hand again.")


def test_the_panel_fits_and_is_accessible(visit: Visit, lasting_world: World) -> None:
    disputed(lasting_world)
    for who, path in (
        ("ilse", "/severity/ACME-1/"),
        ("ilse", "/tickets/ACME-1/"),
        ("dora", "/severity/consent/"),
        ("marek", "/severity/ACME-1/"),
        ("dirk", "/desk/tickets/ACME-1/"),
    ):
        examine_every_look(visit(path, who), f"{path} for {who}")


def test_a_customer_agrees_from_the_tickets_page(visit: Visit, lasting_world: World) -> None:
    disputed(lasting_world)
    page = visit("/tickets/ACME-1/", "ilse", width=375)
    page.get_by_role("link", name="Answer the proposal").click()
    expect(page.get_by_text("The lift works by hand again.")).to_be_visible()
    page.get_by_text("I do not agree").first.click()
    expect(page.get_by_label("Why do you not agree?")).to_be_visible()
    page.get_by_role("button", name="Agree to severity 2").click()
    expect(page.get_by_role("heading", name="Agree to severity 2?")).to_be_visible()
    page.get_by_role("button", name="Agree to severity 2").click()
    expect(page.get_by_text("You agreed. Waiting for Delta Reseller.")).to_be_visible()
    expect(page.get_by_text(re.compile(r"Agreed, Ilse Test, today \d\d:\d\d"))).to_be_visible()
    assert page.complaints == []
