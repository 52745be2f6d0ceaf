"""How many spare units to keep: the worked table, and what must hold for all numbers."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rma import stock
from rma.stock import Item, Prior

MU = stock.units_away(12, 45)

WORKED = [
    (1, 0.2278, 0.7072, 0.2278),
    (2, 0.5647, 0.2719, 0.7925),
    (3, 0.8140, 0.0859, 1.6065),
    (4, 0.9369, 0.0228, 2.5434),
    (5, 0.9824, 0.0052, 3.5258),
    (6, 0.9958, 0.0010, 4.5216),
]


@pytest.mark.parametrize("units, fill, waiting, on_hand", WORKED)
def test_each_unit_more_meets_more_requests(units: int, fill: float, waiting: float, on_hand: float) -> None:
    assert round(stock.fill_rate(units, MU), 4) == fill
    assert round(stock.expected_backorders(units, MU), 4) == waiting
    assert round(stock.mean_on_hand(units, MU), 4) == on_hand


def test_twelve_requests_a_year_and_45_days_need_five_units() -> None:
    assert round(MU, 4) == 1.4795
    assert stock.demand_a_year(400, 0.03) == pytest.approx(12)
    assert stock.base_stock(MU) == 5
    assert stock.base_stock(MU, 0.99) == 6
    assert round(stock.requests_waiting_a_year(5, 12, MU), 2) == 0.21
    assert round(stock.mean_wait_days(5, 12, MU), 2) == 0.16


def test_late_returns_cost_units() -> None:
    found = stock.sensitivity(12, (15, 30, 45, 60, 90), (0.95, 0.99))
    assert found == {15: (3, 4), 30: (4, 5), 45: (5, 6), 60: (6, 7), 90: (7, 9)}


def test_the_last_buy_covers_what_will_be_scrapped() -> None:
    assert stock.end_of_life_buy(12, 3, 0.10) == 7
    assert stock.bought_for_scrap(12, 0.10) == pytest.approx(1.2)
    assert stock.end_of_life_buy(12, 3, 0.0) == 0


def test_a_product_that_never_failed_is_not_sized_to_zero() -> None:
    prior = Prior(failures=0.6, unit_years=20)
    assert stock.failure_rate(0, 0, prior) == pytest.approx(0.03)
    assert stock.failure_rate(0, 100, prior) == pytest.approx(0.005)
    assert stock.failure_rate(12, 380, prior) == pytest.approx(12.6 / 400)
    assert stock.base_stock(stock.units_away(stock.demand_a_year(1, stock.failure_rate(0, 0, prior)), 45)) == 1


def test_failures_that_come_together_are_noticed() -> None:
    assert stock.usual_failures(12) == 4  # mean 0.99 in 30 days
    assert not stock.is_unusual(4, 12)
    assert stock.is_unusual(5, 12)
    assert stock.is_unusual(1, 0)


def test_money_goes_where_it_shortens_the_queue_most() -> None:
    items = [Item("dear", 1.4795, Decimal(1000)), Item("cheap", 0.5, Decimal(100)), Item("full", 0.1, Decimal(10), 9)]
    plan = stock.spend(items, Decimal(2300))
    assert plan.stock == {"dear": 2, "cheap": 3, "full": 9}
    assert plan.spent == Decimal(2300)
    assert [step.key for step in plan.steps] == ["cheap", "cheap", "dear", "dear", "cheap"]
    assert plan.backorders == pytest.approx(
        stock.expected_backorders(2, 1.4795) + stock.expected_backorders(3, 0.5) + stock.expected_backorders(9, 0.1)
    )
    assert stock.spend(items, Decimal(99)).spent == 0


def test_money_is_not_spent_on_units_nobody_would_ask_for() -> None:
    plan = stock.spend([Item("one", 0.5, Decimal(1))], Decimal(1_000_000))
    assert plan.stock["one"] < 12
    assert plan.backorders < 1e-5


LARGE = [1e3, 1e5, 1e6, 1e8]


@pytest.mark.parametrize("mu", LARGE)
def test_large_numbers_agree_with_the_normal_curve(mu: float) -> None:
    found = stock.base_stock(mu, 0.99)
    assert (found - mu) / math.sqrt(mu) == pytest.approx(2.3263, abs=0.06)
    assert 0.99 <= stock.fill_rate(found, mu) < 0.9904
    assert stock.fill_rate(found - 1, mu) < 0.99
    loss = 0.003387 * math.sqrt(mu)  # of the normal curve at 2.3263
    assert stock.expected_backorders(found, mu) == pytest.approx(loss, rel=0.06)
    assert stock.expected_backorders(0, mu) == pytest.approx(mu)
    assert stock.fill_rate(0, mu) == 0.0


def test_nothing_asked_for_needs_nothing() -> None:
    assert stock.base_stock(0) == 0
    assert stock.expected_backorders(3, 0) == 0
    assert stock.mean_on_hand(3, 0) == 3
    assert stock.mean_wait_days(3, 0, 0) == 0
    assert stock.base_stock(1e-9) == 1


REFUSED = [
    lambda: stock.units_away(-1, 45),
    lambda: stock.units_away(math.nan, 45),
    lambda: stock.fill_rate(-1, 1.0),
    lambda: stock.base_stock(1.0, 1.0),
    lambda: stock.base_stock(1.0, 0.0),
    lambda: stock.base_stock(math.inf),
    lambda: stock.end_of_life_buy(12, 3, 1.5),
    lambda: stock.failure_rate(1, 1, Prior(0, 1)),
    lambda: stock.spend([Item("free", 1.0, Decimal(0))], Decimal(10)),
]


@pytest.mark.parametrize("wrong", REFUSED)
def test_numbers_that_mean_nothing_are_refused(wrong: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - each has its own words
        wrong()  # type: ignore[operator]


MEANS = st.floats(1e-6, 200)


@given(MEANS, st.integers(0, 300))
def test_stock_never_hurts(mu: float, units: int) -> None:
    assert 0 <= stock.fill_rate(units, mu) <= stock.fill_rate(units + 1, mu) <= 1
    assert 0 <= stock.expected_backorders(units + 1, mu) <= stock.expected_backorders(units, mu) <= mu * (1 + 1e-9)
    saved = stock.expected_backorders(units, mu) - stock.expected_backorders(units + 1, mu)
    assert saved == pytest.approx(1 - stock.fill_rate(units + 1, mu), abs=1e-9)


@given(MEANS, st.sampled_from((0.5, 0.9, 0.95, 0.99, 0.9999)))
def test_base_stock_is_the_least_that_reaches_the_target(mu: float, target: float) -> None:
    found = stock.base_stock(mu, target)
    assert stock.fill_rate(found, mu) >= target > stock.fill_rate(found - 1, mu)


@given(st.lists(st.tuples(MEANS, st.integers(1, 500)), min_size=1, max_size=5), st.integers(0, 3000))
def test_a_plan_stays_inside_the_budget_and_buys_the_best_first(lines: list[tuple[float, int]], budget: int) -> None:
    items = [Item(str(n), mu, Decimal(cost)) for n, (mu, cost) in enumerate(lines)]
    plan = stock.spend(items, Decimal(budget))
    assert plan.spent <= budget
    assert plan.spent == sum(step.cost for step in plan.steps)
    assert sum(plan.stock.values()) == len(plan.steps)
    nothing = sum(item.mu for item in items)
    assert nothing - plan.backorders == pytest.approx(math.fsum(step.backorders_saved for step in plan.steps), abs=1e-6)
