"""The coverage pages in a real browser: two widths, two themes, without JavaScript the same, and on paper."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from tenancy.context import database_now, work_unit
from tests.contracts.deals import STAFF, ago, implemented, ordered, price, warranty
from tests.looking import examine_every_look
from tests.world import ComponentFactory, World

pytestmark = pytest.mark.browser


@pytest.fixture
def now(lasting_world: World) -> datetime:
    with work_unit(STAFF):
        return database_now()


@pytest.fixture
def sold(lasting_world: World, now: datetime) -> World:
    """One free, one under agreement, one in grace, one not covered, one not yet in operation."""
    world = lasting_world
    free = implemented(world.components["acme"], ago(now, 10))
    with work_unit(STAFF):
        listed, graced, old, _ = (
            ComponentFactory(customer=world.acme, site=free.site, serial=serial, implemented_on=day)
            for serial, day in (("L-1", ago(now, 500)), ("G-1", ago(now, 500)), ("O-1", ago(now, 500)), ("N-1", None))
        )
    price(free)
    for component in (free, listed, graced, old):
        warranty(component, ago(now, 500), ago(now, -230))
    ordered(world, [listed], ago(now, 30), ago(now, -334), now=now)
    ordered(world, [graced], ago(now, 374), ago(now, 10), now=now - timedelta(days=380))
    return world


@pytest.mark.parametrize("who, query", [("ilse", ""), ("marek", "?customer=ACME"), ("dirk", "")])
def test_every_page_fits_and_axe_finds_nothing(visit: Any, sold: World, who: str, query: str) -> None:
    page = visit(f"/components/{query}", who)
    examine_every_look(page)
    if who != "dirk":  # he is asked for a customer first
        page.locator("tbody a").first.click()
        page.wait_for_url(re.compile("/components/[0-9a-f-]{36}/"))
        examine_every_look(page)


def test_the_sentence_counts_the_rows_and_each_bar_is_named(visit: Any, sold: World) -> None:
    page = visit("/components/")
    expect(page.locator(".lead")).to_contain_text("4 of 5 components are covered today. 1 ends within 60 days.")
    rows = page.locator("tbody tr")
    assert rows.count() == 5
    assert page.locator("tbody tr", has_text="Not covered").count() == 1
    names = page.locator(".bar-line").evaluate_all("all => all.map(one => one.getAttribute('aria-label'))")
    words = page.locator(".bar-words").all_inner_texts()
    for name, text in zip(names, words, strict=True):
        assert name
        bars = [bar for bar in name.split(". ") if bar.strip() and bar != "No dates on record"]
        assert all(re.search(r"\d{4} to \d+ \w+ \d{4}", bar) for bar in bars)
        assert all(bar.strip(". ") in text for bar in bars), "what is drawn is written too"


def test_no_bar_leaves_the_page(visit: Any, sold: World) -> None:
    page = visit("/components/", width=375)
    boxes = page.locator(".bar-line rect").evaluate_all("all => all.map(one => one.getBoundingClientRect().right)")
    assert max(boxes) <= 375
