"""What to buy for a sum over all products, and at the last chance: the sums, the words, the plots and the pages."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.core.cache import cache

from contracts.models import PriceListEntry, Product
from contracts.terms import DAY
from rma import stock as sums
from rma.models import BaseStock, Pool, SupplierRma
from rma.pool import buying_words
from rma.pool.last_buy import LastBuy, Scrapped, scrapped_of, worked_out
from rma.pool.spending import Spending, planned
from rma.pool.stock import Stock
from tenancy.context import work_unit
from tests.contracts.deals import implemented, ordered, price, warranty
from tests.rma.places import NOW, chicago, shelved
from tests.world import STAFF, ComponentFactory, ProductFactory, World

DRIVE, SUPPLY = Product(pk=uuid4(), sku="DC-7", name="Drive controller"), Product(pk=uuid4(), sku="PS-1", name="Supply")
NUMBERS = {DRIVE.pk: (1.5, 12.0, NOW), SUPPLY.pk: (0.2, 2.0, NOW)}
PRICES = {DRIVE.pk: Decimal(4000), SUPPLY.pk: Decimal(500)}


def plan(budget: int, **given: Any) -> Spending:
    values = {"products": [DRIVE, SUPPLY], "prices": PRICES, "numbers": NUMBERS, "owned": {}, **given}
    return planned(Decimal(budget), "EUR", **values)


# --- for a sum --------------------------------------------------------------------------------------------------------
def test_each_unit_goes_where_it_shortens_the_queue_most_for_its_price() -> None:
    found = plan(8700)
    assert [one.product.sku for one in found.steps] == ["PS-1", "DC-7", "DC-7"]
    assert (found.spent, found.left) == (Decimal(8500), Decimal(200))
    drive, supply = found.lines
    assert (drive.bought, supply.bought) == (2, 1)
    assert found.before == pytest.approx(1.7)
    by_hand = sums.expected_backorders(2, 1.5) + sums.expected_backorders(1, 0.2)
    assert found.after == pytest.approx(by_hand)
    assert found.steps[-1].waiting == pytest.approx(by_hand)


def test_what_is_owned_already_is_not_bought_again() -> None:
    found = plan(90_000, owned={DRIVE.pk: 5, SUPPLY.pk: 0})
    assert {line.product.sku: (line.owned, line.bought) for line in found.lines} == {"PS-1": (0, 3), "DC-7": (5, 1)}
    assert not any(line.could_use_more for line in found.lines)
    assert found.before == pytest.approx(sums.expected_backorders(5, 1.5) + 0.2)


def test_the_words_of_a_plan() -> None:
    found = plan(8700)
    finding = buying_words.spending_finding(found)
    assert finding == "Buy 3 units for 8,500.00 EUR. Requests that wait fall from 1.7 to 0.3 on average."
    assert buying_words.spending_reasons(found) == [
        "Each unit goes where it shortens the queue most for its price: first a Supply for 500.00 EUR, which takes the "
        "queue to 1.52.",
        "Drive controller gets 2: with 0 it would meet 0 % of its requests from the shelf, with 2 it meets 55.8 %.",
        "200.00 EUR are left: the next unit that helps costs at least 500.00 EUR.",
    ]


MANY = {DRIVE.pk: 60, SUPPLY.pk: 60}
NEVER = {"numbers": {DRIVE.pk: (0.0, 0.0, NOW)}, "products": [DRIVE]}
WORDS: list[tuple[int, dict[str, Any], str]] = [
    (100, {}, "100.00 EUR are there: the next unit that helps costs at least 500.00 EUR."),
    (9000, {"prices": {}, "numbers": {}}, "Left out, because there is no list price in EUR: DC-7, PS-1."),
    (9000, NEVER, "No product with a list price in this currency is asked for today."),
    (9000, {"owned": MANY}, "9,000.00 EUR are there: a further unit would hardly shorten the queue."),
]


@pytest.mark.parametrize("budget, given, reason", WORDS)
def test_where_nothing_is_bought_the_reason_is_said(budget: int, given: dict[str, Any], reason: str) -> None:
    found = plan(budget, **given)
    assert buying_words.spending_finding(found) == "Buy nothing for this sum."
    assert reason in buying_words.spending_reasons(found)
    assert buying_words.curve(found) is None


def test_the_curve_falls_from_the_left_upper_corner() -> None:
    found = plan(100_000)
    curve = buying_words.curve(found)
    assert curve is not None
    points = [tuple(map(float, point.split(","))) for point in curve.points.split()]
    assert points[0] == (0.0, 0.0)
    assert points[-1][0] == 100.0
    assert [x for x, _ in points] == sorted(x for x, _ in points)
    assert [y for _, y in points] == sorted(y for _, y in points)
    assert points[-1][1] == pytest.approx(100 * (1 - found.after / found.before), abs=0.01)
    assert [words for *_, words in curve.ticks] == ["0.00 EUR", f"{found.spent:,.2f} EUR"]


# --- at the last chance -----------------------------------------------------------------------------------------------
def buy(**given: Any) -> LastBuy:
    level = given.pop("level", 0)
    stock = Stock(DRIVE, *([0] * 7), level, 0)
    values = {"years": 3, "scrap_share": 0.1, "certainty": 0.95, "seen": Scrapped(0, 0), "demand": 12.0, **given}
    return worked_out(stock, counted_at=NOW, **values)


def test_the_worked_example_of_a_last_buy() -> None:
    """12 requests a year, a tenth scrapped, three years: 3.6 on average, 7 for 95 %."""
    found = buy()
    assert (found.lost, found.advised, found.in_all) == (pytest.approx(3.6), 7, 7)
    assert buying_words.last_buy_finding(found) == "Buy 7 now."
    assert buying_words.last_buy_reasons(found) == [
        "12 requests a year, as today.",
        "10 % of the failed units are scrapped. None came back so far, too few to tell: 10 % is assumed unless you say "
        "otherwise.",
        "So 3.6 units are lost in 3 years, on average.",
        "7 units are enough in 96.9 % of all cases; 6 would be in 92.7 %.",
    ]
    plot = buying_words.last_buy_plot(found)
    assert [bar.units for bar in plot.bars if bar.is_advised] == [7]
    assert plot.bars[-1].units == 9


LAST: list[tuple[dict[str, Any], str, str]] = [
    ({"level": 2}, "Buy 9 now. 7 for what will be scrapped, 2 to own what the pool should own.", "12 requests a year"),
    ({"demand": 0.0}, "Buy none: nobody would get a replacement in advance today.", ""),
    ({"scrap_share": 0.0}, "Buy none: nothing is expected to be scrapped.", "0 % of the failed units are scrapped."),
    ({"seen": Scrapped(3, 12), "scrap_share": 0.25}, "Buy 14 now.", "In three years 3 of 12 failed units were scrapped: 25 %."),
]  # fmt: skip


@pytest.mark.parametrize("given, finding, reason", LAST)
def test_the_first_sentence_says_how_many(given: dict[str, Any], finding: str, reason: str) -> None:
    found = buy(**given)
    assert buying_words.last_buy_finding(found) == finding
    assert reason in " ".join(buying_words.last_buy_reasons(found))


def test_what_was_scrapped_is_counted_and_what_was_exchanged_is_not(world: World) -> None:
    depot, product = chicago(), world.components["acme"].product
    with work_unit(STAFF):
        units = [shelved(depot, product, f"S-{number}", state="SCRAPPED") for number in range(4)]
        shelved(depot, product, "NEW-0", came_from=shelved(depot, product, "OLD-0", state="SCRAPPED"))
        for number, how in enumerate(("REPAIR", "EXCHANGE", "CREDIT")):
            SupplierRma.objects.create(
                supplier=world.forge, unit=units[number], number=f"P-{number}", state="SETTLED", settled_with=how, settled_at=NOW,
                supplier_number="F-1", product_sku=product.sku, product_name=product.name, serial=f"S-{number}", symptom="x",
                ticket_reference="x", updated_at=NOW,
            )  # fmt: skip
        seen = scrapped_of(product, NOW)
        assert (seen.number, seen.cases, seen.is_assumed) == (4, 6, False)
        assert scrapped_of(product, NOW + timedelta(days=1200)) == Scrapped(0, 0)


# --- pages ------------------------------------------------------------------------------------------------------------
@pytest.fixture
def priced(world: World) -> Product:
    """Forty entitled drives with a list price, one unit on the shelf; and a product nobody sells."""
    cache.clear()
    depot, day = chicago(), NOW.date()
    first = implemented(world.components["acme"], day - 500 * DAY)
    price(first)
    with work_unit(STAFF):
        more = ComponentFactory.create_batch(
            39, customer=world.acme, site=first.site, product=first.product, implemented_on=first.implemented_on
        )
    parts = [first, *more]
    for part in parts:
        warranty(part, day - 500 * DAY, day + 400 * DAY)
    start = day - 100 * DAY
    ordered(world, parts, start, start + 364 * DAY, now=NOW - timedelta(days=120))
    shelved(depot, first.product, "ONE-1")
    with work_unit(STAFF):
        BaseStock.objects.create(pool=Pool.objects.get(), product=ProductFactory(sku="NP-1", name="No price"), level=2)
    return first.product


def text(response: Any) -> str:
    return response.content.decode()


def test_a_sum_is_shared_on_a_page_whose_address_says_it_all(world: World, priced: Product) -> None:
    client = world.client("marek")
    with work_unit(STAFF):
        entry = PriceListEntry.objects.get(product=priced)
    empty = client.get("/desk/pool/spend/")
    assert (empty.status_code, "Shares a sum over all products" in text(empty)) == (200, True)
    address = f"/desk/pool/spend/?budget={entry.list_price * 2}&currency={entry.currency}"
    page = text(client.get(address))
    assert "Buy 1 unit for" in page or "Buy 2 units for" in page
    assert "Left out, because there is no list price in USD: NP-1." in page
    assert "<polyline" in page
    assert f"/desk/pool/order/?product={priced.pk}" not in page, "who only reads orders nothing"
    assert f"/desk/pool/order/?product={priced.pk}" in text(world.client("cora").get(address))


@pytest.mark.parametrize(
    "query, words",
    [
        ("budget=x&currency=USD", "Enter an amount such as 1234.50"),
        ("budget=-5&currency=USD", "greater than or equal to 0"),
        ("budget=100&currency=XXX", "Choose from the list"),
        ("budget=&currency=USD", "Enter an amount such as 1234.50"),
    ],
)
def test_a_sum_that_is_none_is_told_at_its_field(world: World, priced: Product, query: str, words: str) -> None:
    answer = world.client("marek").get(f"/desk/pool/spend/?{query}")
    assert answer.status_code == 422
    assert words in text(answer)


def test_the_second_look_counts_nobody_again(world: World, priced: Product, django_assert_max_num_queries: Any) -> None:
    client = world.client("marek")
    client.get("/desk/pool/spend/?budget=100000&currency=USD")
    with django_assert_max_num_queries(20):
        client.get("/desk/pool/spend/?budget=100000&currency=USD")


def test_the_last_buy_is_worked_out_from_what_is_asked(world: World, priced: Product) -> None:
    client, path = world.client("cora"), f"/desk/pool/levels/{priced.pk}/last-buy/"
    page = text(client.get(path))
    assert 'value="3"' in page
    assert "of the failed units are scrapped." in page
    assert "the last time to buy" in page
    many = text(client.get(path + "?years=20&scrapped=100&certainty=99"))
    assert "Write an order of " in many
    assert "plot-bar-on" in many
    wrong = client.get(path + "?years=99&scrapped=x&certainty=100")
    assert wrong.status_code == 422
    for words in ("Enter a number of years from 0.5 to 20", "Enter a number from 0 to 100", "such as 95 or 99.5"):
        assert words in text(wrong)
    assert 'value="99"' in text(wrong)
    assert path in text(client.get(f"/desk/pool/levels/{priced.pk}/"))


@pytest.mark.parametrize("who", ["ilse", "dirk", "sam"])
def test_the_advice_is_rozooms_own(world: World, who: str) -> None:
    product = world.components["acme"].product_id
    for path in ("spend/", f"levels/{product}/last-buy/"):
        assert world.client(who).get(f"/desk/pool/{path}").status_code == 404
