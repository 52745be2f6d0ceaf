"""The coverage page and its CSV: what stands there, on which day, for whom."""

import csv
import io
import re
from datetime import date, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contracts.coverage import rows_of
from contracts.models import Component, WarrantyCoverage
from contracts.queries import components_of
from contracts.terms import local_date
from contracts.timeline import gaps_of, timeline
from tenancy.context import Context, database_now, work_unit
from tests.contracts.deals import STAFF, ago, implemented, ordered, price, warranty
from tests.world import ComponentFactory, World

COVERAGE = "/components/"


@pytest.fixture
def now(world: World) -> datetime:
    with work_unit(STAFF):
        return database_now()


def words(response: Any) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", response.content.decode())))


def agreed(world: World, component: Component, start: date, end: date, now: datetime, **more: Any) -> Any:
    price(component)
    return ordered(world, [component], start, end, now=now, **more)


def test_a_customer_sees_what_covers_its_components(world: World, now: datetime) -> None:
    free = implemented(world.components["acme"], ago(now, 10))
    with work_unit(STAFF):
        old = ComponentFactory(customer=world.acme, site=free.site, serial="OLD-1", implemented_on=ago(now, 400))
        listed = ComponentFactory(customer=world.acme, site=free.site, serial="LISTED-1", implemented_on=ago(now, 400))
    agreed(world, listed, ago(now, 30), ago(now, -335), now)
    warranty(old, ago(now, 400), ago(now, 1))
    warranty(listed, ago(now, 400), ago(now, -100))
    said = words(world.client("ilse").get(COVERAGE))
    assert "2 of 3 components are covered today." in said
    assert "Free support" in said
    assert "Agreement AG-ACME-1" in said
    assert "OLD-1" in said
    assert said.count("Not covered today") == 1


def test_another_customer_and_another_reseller_see_nothing_of_it(world: World) -> None:
    component = world.components["acme"]
    for name in ("bob", "nils", "sol"):
        client = world.client(name)
        assert component.serial not in words(client.get(COVERAGE))
        assert component.serial not in words(client.get(f"{COVERAGE}?customer=ACME"))
        assert client.get(f"{COVERAGE}{component.pk}/").status_code == 404
    assert "No customer of yours matches “ACME”" in words(world.client("nils").get(f"{COVERAGE}?customer=ACME"))
    assert component.serial in words(world.client("dirk").get(f"{COVERAGE}?customer=ACME"))
    assert component.serial in words(world.client("marek").get(f"{COVERAGE}?customer=acme"))
    assert world.client("sam").get(COVERAGE).status_code == 404


def test_the_desk_chooses_a_customer(world: World) -> None:
    assert "Acme Lifts" in words(world.client("dirk").get(COVERAGE))
    assert "Bolt Works" not in words(world.client("dirk").get(COVERAGE))
    assert "Bolt Works" in words(world.client("marek").get(f"{COVERAGE}?customer=olt"))
    assert world.client("marek").get(f"{COVERAGE}?customer={quote(chr(0))}").status_code == 200


@pytest.mark.parametrize("days, covered", [(89, True), (90, True), (91, False)])
def test_the_edge_of_the_free_days(world: World, now: datetime, days: int, covered: bool) -> None:
    component = world.components["acme"]
    implemented(component, _local(now, component) - timedelta(days=days))
    (row,) = _rows(world, now)
    assert row.is_covered is covered
    assert row.bars[0].end == row.facts.free[1]
    said = words(world.client("ilse").get(f"{COVERAGE}{component.pk}/"))
    assert ("Covered today: Free support" in said) is covered
    assert ("Order a support agreement for it." in said) is not covered


def _local(now: datetime, component: Component) -> date:
    return local_date(now, component.site.time_zone)


def _rows(world: World, now: datetime) -> list[Any]:
    with work_unit(Context("customer", world.acme.pk)):
        return rows_of(list(components_of(world.acme)), now)


def test_until_looks_through_what_follows_without_a_gap(world: World, now: datetime) -> None:
    component = implemented(world.components["acme"], ago(now, 80))
    first_fee_day = ago(now, 80) + timedelta(days=91)
    agreed(world, component, first_fee_day, first_fee_day + timedelta(days=364), now)
    (row,) = _rows(world, now)
    assert row.coverage.support == "FREE"
    assert row.until == first_fee_day + timedelta(days=364)
    assert not row.ends_soon


def test_a_void_warranty_protects_no_more(world: World, now: datetime) -> None:
    component = implemented(world.components["acme"], ago(now, 10))
    warranty(component, ago(now, 10), ago(now, -700))
    assert _rows(world, now)[0].warranty_until == ago(now, -700)
    with work_unit(STAFF):
        WarrantyCoverage.objects.update(voided_at=now)
    assert _rows(world, now)[0].warranty_until is None
    assert _rows(world, now - timedelta(days=1))[0].warranty_until is not None  # as it was known then


def test_a_past_instant_answers_as_it_did(world: World, now: datetime) -> None:
    component = implemented(world.components["acme"], ago(now, 400))
    agreed(world, component, ago(now, 30), ago(now, -335), now)
    assert _rows(world, now)[0].coverage.support == "AGREEMENT"
    assert _rows(world, now - timedelta(seconds=1))[0].coverage.support == "NONE"  # not ordered yet


def test_gaps_are_drawn_as_gaps(world: World, now: datetime) -> None:
    component = implemented(world.components["acme"], ago(now, 400))
    agreed(world, component, ago(now, 30), ago(now, -335), now)
    rows = _rows(world, now)
    assert gaps_of(rows[0]) == [(ago(now, 400) + timedelta(days=91), ago(now, 31))]
    drawn = timeline(rows)
    assert drawn is not None
    assert [one.bar.kind for one in drawn.lines[0].bars] == ["free", "agreement"]
    assert len(drawn.lines[0].gaps) == 1


def test_grace_is_no_gap(world: World, now: datetime) -> None:
    component = implemented(world.components["acme"], ago(now, 456))
    agreed(world, component, ago(now, 365), ago(now, 1), now - timedelta(days=370))
    (row,) = _rows(world, now)
    assert (row.coverage.support, row.until) == ("GRACE", ago(now, -29))
    assert gaps_of(row) == []
    assert "Grace after agreement AG-ACME-1" in words(world.client("ilse").get(COVERAGE))


def test_a_suspended_agreement_says_so_and_what_to_pay(world: World, now: datetime) -> None:
    component = implemented(world.components["acme"], ago(now, 456))
    agreed(world, component, ago(now, 90), ago(now, -274), now - timedelta(days=91), paid=False)
    assert "Agreement AG-ACME-1, suspended" in words(world.client("ilse").get(COVERAGE))
    assert "Pay 2,000.00 USD." in words(world.client("ilse").get(f"{COVERAGE}{component.pk}/"))


def test_queries_do_not_grow_with_rows(world: World) -> None:
    client = world.client("ilse")

    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(COVERAGE).status_code == 200
        return len(seen)

    count()
    one = count()
    site = world.components["acme"].site
    with work_unit(STAFF):
        for _ in range(20):
            ComponentFactory(customer=world.acme, site=site)
    assert count() == one


def test_the_csv_has_the_rows_and_runs_no_formula(world: World, now: datetime) -> None:
    component = implemented(world.components["acme"], ago(now, 10))
    with work_unit(STAFF):
        Component.objects.filter(pk=component.pk).update(serial="=HYPERLINK(1)")
    response = world.client("ilse").get(f"{COVERAGE}?format=csv")
    assert response["Content-Disposition"] == 'attachment; filename="coverage-acme.csv"'
    (row,) = csv.DictReader(io.StringIO(response.content.decode("utf-8-sig")))
    assert row["serial"] == "'=HYPERLINK(1)"
    assert (row["covered"], row["covered_by"]) == ("yes", "Free support")


@pytest.mark.parametrize("query, shown", [("covered=no", False), ("covered=free", True), ("site=nonsense", False)])
def test_the_list_is_narrowed(world: World, now: datetime, query: str, shown: bool) -> None:
    component = implemented(world.components["acme"], ago(now, 10))
    said = words(world.client("ilse").get(f"{COVERAGE}?{query}"))
    assert (component.serial in said) is shown
    assert ("No component matches." in said) is not shown
