"""What covers each component, and what a failure of it is entitled to, for programs."""

from datetime import datetime, timedelta

import pytest

from contracts.models import Invoice
from tenancy.context import database_now, work_unit
from tests.api.calls import codes
from tests.contracts.deals import STAFF, ago, implemented, ordered, price, warranty

pytestmark = pytest.mark.django_db
COVERAGE = "/api/v1/coverage/"


@pytest.fixture
def now(world) -> datetime:
    with work_unit(STAFF):
        return database_now()


def entitlement(component, query: str = "") -> str:
    return f"/api/v1/components/{component.pk}/entitlement/{query}"


@pytest.fixture
def covered(world, now):
    component = implemented(world.components["acme"], ago(now, 400))
    warranty(component, ago(now, 400), ago(now, -300))
    price(component)
    ordered(world, [component], ago(now, 30), ago(now, -334), now=now - timedelta(hours=1))
    return component


def test_coverage_reads_exactly_like_this(world, api, covered, now):
    (read,) = api(world.acme).get(COVERAGE).json()["results"]
    assert read == {
        "component": str(covered.pk),
        "customer": "ACME",
        "product": {"sku": "DC-7", "name": "Drive controller DC-7", "kind": "HARDWARE"},
        "serial": covered.serial,
        "site": str(covered.site_id),
        "covered": True,
        "covered_by": "Agreement AG-ACME-1",
        "support": "AGREEMENT",
        "rule": "S2",
        "agreement": "AG-ACME-1",
        "until": ago(now, -334).isoformat(),
        "warranty_until": ago(now, -300).isoformat(),
        "warranty_void": None,
        "reasons": read["reasons"],
        "would_change": [],
    }
    assert read["reasons"][0].startswith("Agreement AG-ACME-1 covers it until")


def test_each_reads_its_own(world, api, covered):
    def seen(organisation, query=""):
        return [one["customer"] for one in api(organisation).get(f"{COVERAGE}{query}").json()["results"]]

    assert seen(world.acme) == ["ACME"]
    assert seen(world.bolt) == ["BOLT"]
    assert seen(world.delta) == ["ACME"]
    assert sorted(seen(world.rozoom)) == ["ACME", "BOLT", "SOLO"]
    assert seen(world.rozoom, "?customer=BOLT") == ["BOLT"]
    assert seen(world.nova, "?customer=ACME") == []
    assert api(world.nova).get(entitlement(covered)).status_code == 404


def test_a_failure_of_a_covered_component_is_replaced_in_advance(world, api, covered):
    read = api(world.acme).get(entitlement(covered)).json()
    assert (read["replacement"]["outcome"], read["replacement"]["rule"]) == ("ADVANCE", "R10")
    assert read["replacement"]["promises_date"] is True
    assert read["support"]["rule"] == "S2"
    assert read["facts"]["terms"][0]["balance"] == "0.0000"


def test_a_past_instant_is_replayed(world, api, covered, now):
    before = (now - timedelta(days=1)).isoformat().replace("+00:00", "Z")
    read = api(world.acme).get(entitlement(covered, f"?at={before}")).json()
    assert (read["replacement"]["rule"], read["support"]["rule"]) == ("R6", "S4")
    late = api(world.acme).get(entitlement(covered, f"?reported_at={before}")).json()
    assert late["replacement"]["rule"] == "R7"


def test_a_fee_that_is_open_is_named(world, api, now):
    component = implemented(world.components["acme"], ago(now, 400))
    warranty(component, ago(now, 400), ago(now, -300))
    price(component)
    ordered(world, [component], ago(now, 30), ago(now, -334), now=now - timedelta(hours=1), paid=False)
    read = api(world.acme).get(entitlement(component)).json()
    assert (read["replacement"]["outcome"], read["replacement"]["rule"]) == ("FACTORY", "R8")
    with work_unit(STAFF):
        assert Invoice.objects.get().total == 2000
    assert "Pay 2,000.00 USD." in read["replacement"]["would_change"][0]


@pytest.mark.parametrize("query", ["?at=yesterday", "?at=2026-02-30T00:00:00Z", "?reported_at=1"])
def test_an_instant_that_is_none(world, api, query):
    answer = api(world.acme).get(entitlement(world.components["acme"], query))
    assert answer.status_code == 422
    assert codes(answer)[0][0] == query[1:].partition("=")[0]


def test_a_token_without_the_scope(world, api):
    assert api(world.acme, ["tickets:read"]).get(COVERAGE).status_code == 403
