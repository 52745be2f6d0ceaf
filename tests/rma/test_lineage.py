"""Before and after a serial: one page for the customer, its reseller and roZoom."""

from datetime import datetime
from typing import Any

import pytest

from contracts.models import Component
from rma.models import Rma
from tenancy.context import work_unit
from tests.rma.deals import STAFF, Stock, delivered, fresh
from tests.rma.test_portal_request import main_of
from tests.world import World


@pytest.fixture
def replaced(world: World, stock: Stock, component: Component, now: datetime) -> Rma:
    """Acme's drive failed and another one stands in its place, with its warranty and its agreement."""
    stock.unit(now, "NEW-1")
    return delivered(world, component, now)


def page_of(world: World, component: Any, who: str = "ilse") -> Any:
    return world.client(who).get(f"/returns/parts/{component.pk}/")


def new_one(rma: Rma) -> Component:
    with work_unit(STAFF):
        return Component.objects.get(pk=rma.replacement_id)


@pytest.mark.parametrize("who", ["ilse", "ana", "dirk", "cora", "marek"])
def test_both_serials_stand_on_one_page_whoever_of_them_asks(
    world: World, replaced: Rma, component: Component, who: str
) -> None:
    new = new_one(replaced)
    for asked, other in ((component, new), (new, component)):
        words = main_of(page_of(world, asked, who))
        assert "2 parts stood in this place, the first one first." in words
        first, _, second = words.partition("first one first.")[2].partition(f"serial {new.serial} ")
        assert component.serial in first
        assert "Replaced" in first
        assert "In use" in second
        assert f"Came with {replaced.reference} , for {component.serial}".replace(" ,", ",") in words.replace(" ,", ",")
        assert words.count("This one") == 1
        page = page_of(world, asked, who).content.decode()
        assert f'href="/returns/parts/{other.pk}/"' in page
        assert f'href="/returns/parts/{asked.pk}/"' not in page


def test_what_covered_the_old_one_covers_the_new_one_from_that_day(
    world: World, replaced: Rma, component: Component
) -> None:
    day = f"{replaced.delivered_on:%-d %b %Y}"
    words = main_of(page_of(world, component)).replace(" ,", ",")
    assert f"to {day}, then its replacement" in words
    assert words.count("Standard warranty") == 2
    assert words.count("then its replacement") == 2, "the warranty and the agreement"
    assert f"{day} to" in words


def test_a_part_that_was_never_replaced_says_so(world: World, component: Component) -> None:
    words = main_of(page_of(world, component))
    assert "No other part stood in its place." in words
    assert "Standard warranty" in words


def test_the_third_one_stands_in_the_line_too(
    world: World, stock: Stock, replaced: Rma, component: Component, now: datetime
) -> None:
    stock.unit(now, "NEW-2")
    with work_unit(STAFF):
        second = Component.objects.select_related("product", "site").get(pk=replaced.replacement_id)
    again = delivered(world, second, now)
    for one in (component, second, new_one(again)):
        words = main_of(page_of(world, one)).replace(" ,", ",")
        assert "3 parts stood in this place" in words
        assert words.index("Came with " + replaced.reference) < words.index("Came with " + again.reference)
        assert words.index(f"Failed {replaced.reference}") < words.index(f"Failed {again.reference}")


@pytest.mark.parametrize("who", ["bob", "nils", "sam"])
def test_another_tenants_part_is_not_there(world: World, component: Component, who: str) -> None:
    assert page_of(world, component, who).status_code == 404


def test_the_component_leads_there_once_it_was_replaced(world: World, replaced: Rma, component: Component) -> None:
    link = f'href="/returns/parts/{component.pk}/"'
    assert link in world.client("ilse").get(f"/components/{component.pk}/").content.decode()
    bolt = world.components["bolt"]
    assert "/returns/parts/" not in world.client("bob").get(f"/components/{bolt.pk}/").content.decode()


def test_staff_sees_on_the_serials_page_what_covered_it(world: World, replaced: Rma, component: Component) -> None:
    page = main_of(world.client("cora").get(f"/desk/returns/serials/DC-7/{component.serial}/"))
    assert "Standard warranty" in page
    assert "then its replacement" in page
    assert fresh(replaced).reference in page
