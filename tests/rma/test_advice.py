"""How many units to keep: what the numbers are taken from, the reasoning in words, the plot and the page."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from contracts.models import Component, Product
from contracts.terms import DAY
from rma.models import BaseStock, Pool, ProductSupplier, Rma, SupplierRma, Warehouse
from rma.pool import words
from rma.pool.advice import Advice, advise, worked_out
from rma.pool.history import Failures, Leg, Times, entitled_units, failures_of, times_of
from rma.pool.stock import stock_of
from tenancy.context import work_unit
from tests.contracts.deals import implemented, ordered, pay, price, warranty
from tests.rma.places import NOW, chicago
from tests.world import STAFF, ComponentFactory, ProductFactory, World, ticket

PRODUCT = Product(sku="DC-7", name="Drive controller DC-7")


def advice(**given: Any) -> Advice:
    """400 entitled units that fail 3 % a year and are away 45 days."""
    failures = given.pop("failures", Failures(date(2026, 1, 3), 12, 400.0, 1, 410))
    times = given.pop("times", Times(Leg(15, 2), Leg(30, 12), 0.0, 0))
    values = {"entitled": 400, "level": 0, "target": 0.95, **given}
    return worked_out(PRODUCT, failures=failures, times=times, counted_at=NOW, **values)


def test_the_worked_example_in_words() -> None:
    found = advice()
    assert (found.advised, found.strict) == (5, 6)
    assert words.finding(found) == "Keep 5. No number is set yet."
    assert words.reasons(found) == [
        "400 of 410 installed would get a replacement in advance today.",
        "12 failures in 400 unit-years since 3 Jan 2026. With the 3 % assumed at first, that makes 3 % a year.",
        "A unit is away 45 days: 15 (as agreed, fewer than 5 so far) until the failed part is back, "
        "30 (mean of 12) until a good one is.",
        "So 12 requests a year, and 1.5 units away at any moment.",
        "5 units meet 98.2 % of them, 4 would meet 93.7 %. The target is 95 %; for 99 % it would be 6.",
    ]
    assert words.late_words(found) == ["If every part came 45 days later, 2 units more would be needed."]
    assert words.unusual_words(found) == ""


FINDINGS = [
    ({"level": 5}, "Keep 5. That is the number set now."),
    ({"level": 3}, "Keep 5. That is 2 more than the 3 set now."),
    ({"level": 9}, "Keep 5. That is 4 fewer than the 9 set now."),
    ({"entitled": 0}, "Keep none: nobody would get a replacement in advance today."),
    ({"target": 0.99}, "Keep 6. No number is set yet."),
]


@pytest.mark.parametrize("given, expected", FINDINGS)
def test_the_first_sentence_compares_with_what_is_set(given: dict[str, Any], expected: str) -> None:
    assert words.finding(advice(**given)) == expected


def test_late_returns_cost_units() -> None:
    found = advice(times=Times(Leg(60, 9), Leg(30, 12), 45.0, 3))
    assert words.late_words(found) == [
        "Failed parts come back 45 days late on average. That costs 2 units.",
        "3 are late now.",
        "If every part came 45 days later, 2 units more would be needed.",
    ]
    little = advice(times=Times(Leg(16, 9), Leg(30, 12), 1.0, 1))
    assert words.late_words(little)[:2] == [
        "Failed parts come back 1 day late on average. That costs no unit so far.",
        "1 is late now.",
    ]


def test_failures_that_come_together_are_said() -> None:
    found = advice(failures=Failures(date(2026, 1, 3), 12, 400.0, 6, 410))
    assert words.unusual_words(found).startswith("6 failures in 30 days. Chance explains up to 4.")


@pytest.mark.parametrize("entitled", [0, 1, 400, 20_000])
@pytest.mark.parametrize("level", [0, 3, 5000])
def test_the_plot_shows_the_advice_and_fits_a_phone(entitled: int, level: int) -> None:
    found = advice(entitled=entitled, level=level)
    plot = words.plot(found)
    assert 1 <= len(plot.bars) <= words.MOST_BARS
    assert sum(bar.is_advised for bar in plot.bars) == (1 if entitled else 0)
    assert all(0 <= bar.height <= words.HEIGHT for bar in plot.bars)
    assert {bar.units for bar in plot.bars} <= {step.units for step in found.steps}


def test_a_share_below_one_is_never_written_as_all() -> None:
    assert [words.share(one) for one in (0.98237, 0.99999, 1.0, 0.5)] == ["98.2 %", "99.9 %", "100 %", "50 %"]


# --- what it is taken from --------------------------------------------------------------------------------------------
def sold(world: World, count: int) -> list[Component]:
    """So many controllers of Acme, in warranty, with a paid agreement."""
    first = implemented(world.components["acme"], (NOW - timedelta(days=400)).date())
    price(first)
    with work_unit(STAFF):
        more = ComponentFactory.create_batch(
            count - 1, customer=world.acme, site=first.site, product=first.product, implemented_on=first.implemented_on
        )
    return [first, *more]


def test_units_are_entitled_as_the_rules_say(world: World) -> None:
    parts = sold(world, 4)
    for part in parts[:3]:
        warranty(part, NOW.date() - 400 * DAY, NOW.date() + 300 * DAY)
    with work_unit(STAFF):
        product = parts[0].product
        assert entitled_units(product, NOW) == 0, "no agreement"
    start = NOW.date() - 200 * DAY
    deal = ordered(
        world, [parts[0], parts[1], parts[3]], start, start + 364 * DAY, now=NOW - timedelta(days=201), paid=False
    )
    with work_unit(STAFF):
        assert entitled_units(product, NOW) == 0, "the fee is open"
    with work_unit(STAFF):
        pay(world.actor("fin"), deal.invoice, deal.invoice.total, NOW - timedelta(days=100))
        assert entitled_units(product, NOW) == 2, "one has no warranty, one no agreement"
        assert entitled_units(ProductFactory(sku="OTHER"), NOW) == 0


def test_without_a_history_the_assumption_and_the_agreed_days_count(world: World) -> None:
    with work_unit(STAFF):
        product = world.components["acme"].product
        ProductSupplier.objects.create(product=product, supplier=world.forge, repair_days=21)
        failures, times = failures_of(product, NOW), times_of(product, NOW)
        assert (failures.number, failures.unit_years, failures.installed) == (0, 0.0, 3)
        assert times.days == 15 + 21
        assert times.coming_back.is_agreed
        found = advise(product, 0, 0.95, NOW)
        assert found.rate == pytest.approx(0.03)
        assert found.advised == 0, "nobody is entitled"


def returned(world: World, number: int, days_ago: int, *, late: int = 0, **fields: Any) -> Rma:
    """Shipped so many days ago; delivered after two days; due back after 14 more, and so late."""
    shipped = NOW - timedelta(days=days_ago)
    due, back = shipped + timedelta(days=16), shipped + timedelta(days=16 + late)
    part = fields.pop("component", None)
    with work_unit(STAFF):
        part = part or ComponentFactory(
            customer=world.acme,
            site=world.components["acme"].site,
            product=world.components["acme"].product,
            implemented_on=(shipped - timedelta(days=365)).date(),
            state="REPLACED",
        )
    values: dict[str, Any] = {
        "state": "CLOSED",
        "shipped_at": shipped,
        "delivered_at": shipped + timedelta(days=2),
        "delivered_on": (shipped + timedelta(days=2)).date(),
        "return_due": due.date(),
        "due_at": due,
        "received_at": back,
        "ended_at": back,
    }
    filed = ticket(world, component=part)
    with work_unit(STAFF):
        return Rma.objects.create(
            customer=world.acme,
            number=number,
            reference=f"ACME-R{number}",
            kind="ADVANCE",
            ticket=filed,
            component=part,
            severity=2,
            requested_at=shipped,
            requested_by_name="Ilse",
            requested_by_party="customer",
            decided_at=shipped,
            outcome="ADVANCE",
            updated_at=back,
            state_since=back,
            **{**values, **fields},
        )


def settled(world: World, rma: Rma, days: int) -> None:
    with work_unit(STAFF):
        SupplierRma.objects.create(
            rma=rma,
            customer_id=rma.customer_id,
            supplier=world.forge,
            number=f"{rma.reference}-1",
            supplier_number=f"F-{rma.number}",
            state="SETTLED",
            product_sku="DC-7",
            product_name="Drive controller DC-7",
            serial="x",
            symptom="x",
            ticket_reference="x",
            settled_at=rma.received_at + timedelta(days=days),
            updated_at=NOW,
        )


def test_what_happened_counts_once_there_is_enough_of_it(world: World) -> None:
    product = world.components["acme"].product
    for number in range(1, 5):
        settled(world, returned(world, number, 365 - number, late=number), 20 + number)
    with work_unit(STAFF):
        times = times_of(product, NOW)
        assert (times.coming_back.cases, times.coming_back.days, times.repair.days) == (4, 15.0, 30.0), "too few"
    settled(world, returned(world, 5, 100), 25)
    returned(world, 6, 40, state="RETURN_OVERDUE", received_at=None, ended_at=None)
    returned(world, 7, 20, state="REJECTED", dead_on_arrival=1, shipped_at=None, received_at=None)
    returned(world, 8, 12, state="DELIVERED", received_at=None, ended_at=None, dead_on_arrival=1)
    with work_unit(STAFF):
        found, times = failures_of(product, NOW), times_of(product, NOW)
        assert (found.number, found.recent) == (8, 1), "seven returns and a part dead on arrival; one was rejected"
        assert found.since == (NOW - timedelta(days=364)).date()
        assert times.coming_back.days == pytest.approx(16 + 10 / 5)
        assert times.repair.days == pytest.approx((21 + 22 + 23 + 24 + 25) / 5)
        assert times.late_days == pytest.approx(10 / 5)
        assert times.late_now == 1


def test_years_count_until_a_part_was_replaced(world: World) -> None:
    product = world.components["acme"].product
    returned(world, 1, 730)
    implemented(world.components["bolt"], (NOW - timedelta(days=1000)).date())
    implemented(world.components["solo"], (NOW - timedelta(days=73)).date())
    with work_unit(STAFF):
        ComponentFactory(
            customer=world.acme,
            site=world.components["acme"].site,
            product=product,
            implemented_on=(NOW - timedelta(days=500)).date(),
            state="RETIRED",
        )
        found = failures_of(product, NOW)
        replaced, bolt, solo = 2, 730, 73
        assert found.unit_years == pytest.approx((replaced + bolt + solo) / 365), "the retired one nobody knows"
        assert found.installed == 3


def test_returns_that_wait_and_parts_that_are_owed_count_in_the_stock(world: World) -> None:
    waits = {"approved_at": NOW, "list_price": 100, "shipped_at": None, "delivered_at": None, "received_at": None}
    returned(world, 1, 30, state="BACKORDERED", **waits)
    returned(world, 2, 30, state="DELIVERED", received_at=None, ended_at=None)
    returned(world, 3, 30, state="DELIVERED", received_at=None, ended_at=None, media="RETAINED")
    with work_unit(STAFF):
        found = stock_of(world.components["acme"].product)
        assert (found.waiting, found.owed, found.position) == (1, 1, 1)
        assert found.words == "none on the shelf, 1 coming, 1 return waiting"
        assert found.is_low


# --- the page ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def depot(world: World) -> Warehouse:
    return chicago()


def test_the_page_says_why_and_takes_the_number(world: World, depot: Warehouse) -> None:
    product = world.components["acme"].product
    client, path = world.client("cora"), f"/desk/pool/levels/{product.pk}/"
    page = client.get(path).content.decode()
    assert "Keep none: nobody would get a replacement in advance today." in page
    assert "None of 3 installed" in page
    with work_unit(STAFF):
        pool = Pool.objects.get().pk
    wrong = client.post(path, {"pool": pool, "level": "three", "target": "95"})
    assert wrong.status_code == 422
    assert 'value="three"' in wrong.content.decode()
    done = client.post(path, {"pool": pool, "level": "3", "target": "99.5"}, follow=True)
    assert "Chicago should own 3 of Drive controller DC-7." in done.content.decode()
    with work_unit(STAFF):
        kept = BaseStock.objects.get()
        assert (kept.level, kept.target_fill, kept.set_by_name) == (3, Decimal("0.995"), "Cora Test")
    assert "buy 3" in client.get("/desk/pool/").content.decode()
    reader = world.client("fin")
    assert "Set the number" not in reader.get(path).content.decode()
    assert reader.post(path, {"pool": pool, "level": "1", "target": "95"}).status_code == 403


def test_products_the_pool_has_nothing_of_are_listed(world: World) -> None:
    page = world.client("marek").get("/desk/pool/levels/").content.decode()
    assert "In use at customers, and not in the pool" in page
    assert "Drive controller DC-7" in page
