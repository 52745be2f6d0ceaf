"""How many spare units to keep: Poisson demand, each unit used is replaced at once (docs/pool.md "How many to keep").

Pure numbers. A year has 365 days; `demand` is requests a year; `mu` is the mean number of units away from the shelf
(Palm's theorem); `stock` is the base stock: units on the shelf and away together.
"""

import heapq
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

DAYS_A_YEAR = 365
TARGET = 0.95
NEGLIGIBLE = 1e-18
WORTH = 1e-6  # a unit that saves less than this many waiting requests is not bought


@dataclass(frozen=True)
class Prior:
    """What was believed before any unit failed: so many failures in so many unit-years."""

    failures: float
    unit_years: float


@dataclass(frozen=True)
class Item:
    """A product to spend on: its mean number of units away, what one costs, and what is there already."""

    key: str
    mu: float
    cost: Decimal
    stock: int = 0


@dataclass(frozen=True)
class Bought:
    """One unit, in the order of buying, and by how much it shortens the queue."""

    key: str
    cost: Decimal
    backorders_saved: float


@dataclass(frozen=True)
class Plan:
    stock: Mapping[str, int]
    steps: tuple[Bought, ...]
    spent: Decimal
    backorders: float


def failure_rate(failures: int, unit_years: float, prior: Prior) -> float:
    """Failures a unit and year, by a gamma prior: a product that never failed yet is not sized to zero."""
    _not_negative(failures=failures, unit_years=unit_years)
    if prior.failures <= 0 or prior.unit_years <= 0:
        raise ValueError("A prior has more than zero failures and unit-years.")
    return (prior.failures + failures) / (prior.unit_years + unit_years)


def demand_a_year(units: int, rate: float) -> float:
    _not_negative(units=units, rate=rate)
    return units * rate


def units_away(demand: float, lead_days: float) -> float:
    """Mean number of units on their way round: `mu`."""
    _not_negative(demand=demand, lead_days=lead_days)
    return demand * lead_days / DAYS_A_YEAR


def fill_rate(stock: int, mu: float) -> float:
    """The share of requests met from the shelf: P(X <= stock - 1)."""
    _check(stock, mu)
    return _at_most(stock - 1, mu)


def expected_backorders(stock: int, mu: float) -> float:
    """Requests that wait, on the average, at any moment."""
    _check(stock, mu)
    if stock >= mu:
        return _sum_up(stock, mu)
    return mu - stock + _sum_down(stock, mu)


def mean_on_hand(stock: int, mu: float) -> float:
    return max(0.0, stock - mu + expected_backorders(stock, mu))


def requests_waiting_a_year(stock: int, demand: float, mu: float) -> float:
    return demand * (1 - fill_rate(stock, mu))


def mean_wait_days(stock: int, demand: float, mu: float) -> float:
    """Over all requests, also those met at once."""
    return expected_backorders(stock, mu) / demand * DAYS_A_YEAR if demand else 0.0


def base_stock(mu: float, target: float = TARGET) -> int:
    """The least stock whose fill rate reaches the target. None where nothing is ever asked for."""
    _check(0, mu)
    return 0 if mu == 0 else poisson_quantile(mu, target) + 1


def end_of_life_buy(demand: float, years: float, scrap_share: float, target: float = TARGET) -> int:
    """Units to buy at the last chance: as many as will be scrapped in the years to come, with the target's certainty."""
    _not_negative(demand=demand, years=years)
    _share(scrap_share)
    return poisson_quantile(demand * scrap_share * years, target)


def bought_for_scrap(demand: float, scrap_share: float) -> float:
    """Units a year that have to be bought because repaired ones do not come back."""
    _not_negative(demand=demand)
    _share(scrap_share)
    return demand * scrap_share


def sensitivity(demand: float, lead_days: Iterable[float], targets: Iterable[float]) -> dict[float, tuple[int, ...]]:
    """Base stock for each lead time, one for each target."""
    levels = tuple(targets)
    return {days: tuple(base_stock(units_away(demand, days), one) for one in levels) for days in lead_days}


def usual_failures(demand: float, days: float = 30, certainty: float = 0.99) -> int:
    """The most failures in so many days that chance explains. More than these come together: a batch, a lightning."""
    return poisson_quantile(units_away(demand, days), certainty)


def is_unusual(failures: int, demand: float, days: float = 30, certainty: float = 0.99) -> bool:
    return failures > usual_failures(demand, days, certainty)


def spend(items: Iterable[Item], budget: Decimal, worth: float = WORTH) -> Plan:
    """One unit at a time where the queue shortens most for the money; a unit that no longer fits is left out, and one
    that saves less than `worth` waiting requests.

    METRIC's marginal analysis: saved backorders fall with each unit, so the next best unit is the best of all.
    """
    chosen = {item.key: item for item in items}
    for item in chosen.values():
        _check(item.stock, item.mu)
        if item.cost <= 0:
            raise ValueError("A unit costs more than nothing.")
    stock, steps, left = {key: item.stock for key, item in chosen.items()}, [], budget
    queue = [_offer(item, item.stock) for item in chosen.values()]
    heapq.heapify(queue)
    while queue:
        _, key, saved = heapq.heappop(queue)
        item = chosen[key]
        if item.cost > left or saved < worth:
            continue
        left -= item.cost
        stock[key] += 1
        steps.append(Bought(key, item.cost, saved))
        heapq.heappush(queue, _offer(item, stock[key]))
    backorders = math.fsum(expected_backorders(stock[key], item.mu) for key, item in chosen.items())
    return Plan(stock, tuple(steps), budget - left, backorders)


def poisson_quantile(mu: float, probability: float) -> int:
    """The least k with P(X <= k) >= probability."""
    _check(0, mu)
    if not 0 < probability < 1:
        raise ValueError("A target lies between 0 and 1, such as 0.95.")
    low, high = -1, math.ceil(mu) + 1
    while _at_most(high, mu) < probability:
        low, high = high, high + math.ceil(math.sqrt(mu)) + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _at_most(middle, mu) >= probability else (middle, high)
    return high


def poisson(count: int, mu: float) -> float:
    """P(X = count)."""
    if count < 0:
        return 0.0
    if mu == 0:
        return float(count == 0)
    return math.exp(count * math.log(mu) - mu - math.lgamma(count + 1))


def _at_most(count: int, mu: float) -> float:
    """P(X <= count), summed from the near end outward: the terms fall, so nothing is lost for a mu of a million."""
    if count < 0:
        return 0.0
    if mu == 0:
        return 1.0
    if count < mu:
        return min(1.0, math.fsum(_terms_down(count, mu)))
    return max(0.0, 1.0 - math.fsum(_terms_up(count + 1, mu)))


def _terms_down(start: int, mu: float) -> list[float]:
    terms: list[float] = []
    term, count = poisson(start, mu), start
    while count >= 0 and (term > NEGLIGIBLE or not terms):
        terms.append(term)
        term *= count / mu
        count -= 1
    return terms


def _terms_up(start: int, mu: float) -> list[float]:
    """From a start above mu, until a term no longer matters beside the first."""
    terms: list[float] = []
    term, count = poisson(start, mu), start
    least = term * NEGLIGIBLE
    while term > least:
        terms.append(term)
        count += 1
        term *= mu / count
    return terms


def _sum_up(stock: int, mu: float) -> float:
    """E[(X - stock)+] for a stock at or above mu."""
    return math.fsum((number + 1) * term for number, term in enumerate(_terms_up(stock + 1, mu))) if mu else 0.0


def _sum_down(stock: int, mu: float) -> float:
    """E[(stock - X)+] for a stock below mu."""
    return math.fsum((number + 1) * term for number, term in enumerate(_terms_down(stock - 1, mu))) if stock else 0.0


def _offer(item: Item, stock: int) -> tuple[float, str, float]:
    """Backorders fall by P(X > stock) when one unit is added."""
    saved = 1.0 - _at_most(stock, item.mu)
    return -saved / float(item.cost), item.key, saved


def _check(stock: int, mu: float) -> None:
    _not_negative(stock=stock, mu=mu)


def _share(value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError("A share lies between 0 and 1.")


def _not_negative(**numbers: float) -> None:
    for name, value in numbers.items():
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"{name.replace('_', ' ')} is zero or more, and a number.")
