"""How many units of a product to keep, with the reasoning in words: plain numbers in, plain numbers out."""

from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache

from contracts.models import Product
from rma import stock
from rma.pool.history import Failures, Times, entitled_units, failures_of, times_of
from rma.stock import Prior

# What is believed of a product nobody has seen fail: 3 % a year, weighing as much as 20 unit-years of one's own.
PRIOR = Prior(failures=0.6, unit_years=20.0)
TARGETS = (0.95, 0.99)
ONE_MORE_HABIT = 45.0  # days later, to show what a habit costs
FEWEST_ROWS, MOST_ROWS = 6, 40
COUNTED_FOR = 900  # seconds that the count of entitled units is remembered
CERTAIN = 0.99


@dataclass(frozen=True)
class Step:
    """One line of the table, and one mark of the plot."""

    units: int
    fill: float
    waiting_a_year: float
    wait_days: float
    on_hand: float
    is_advised: bool
    is_kept: bool


@dataclass(frozen=True)
class Advice:
    product: Product
    entitled: int
    failures: Failures
    times: Times
    target: float
    level: int  # what is kept now
    rate: float  # failures a unit and year
    demand: float  # requests a year
    mu: float
    advised: int
    without_late: int
    with_habit: int
    strict: int  # for 99 %
    steps: tuple[Step, ...]
    usual: int  # failures in 30 days that chance explains
    counted_at: datetime

    @property
    def late_costs(self) -> int:
        """Units that are kept only because failed parts come late."""
        return self.advised - self.without_late

    @property
    def habit_costs(self) -> int:
        return self.with_habit - self.advised

    @property
    def is_unusual(self) -> bool:
        return self.failures.recent > self.usual


def advise(product: Product, level: int, target: float, now: datetime) -> Advice:
    entitled, counted_at = _counted(product, now)
    return worked_out(product, entitled, failures_of(product, now), times_of(product, now), level, target, counted_at)


def worked_out(
    product: Product,
    entitled: int,
    failures: Failures,
    times: Times,
    level: int,
    target: float,
    counted_at: datetime,
) -> Advice:
    rate = stock.failure_rate(failures.number, failures.unit_years, PRIOR)
    demand = stock.demand_a_year(entitled, rate)
    mu = stock.units_away(demand, times.days)
    advised = stock.base_stock(mu, target)

    def at(days: float) -> int:
        return stock.base_stock(stock.units_away(demand, max(0.0, days)), target)

    return Advice(
        product=product,
        entitled=entitled,
        failures=failures,
        times=times,
        target=target,
        level=level,
        rate=rate,
        demand=demand,
        mu=mu,
        advised=advised,
        without_late=at(times.days - times.late_days),
        with_habit=at(times.days + ONE_MORE_HABIT),
        strict=stock.base_stock(mu, TARGETS[1]),
        steps=tuple(_steps(mu, demand, advised, level)),
        usual=stock.usual_failures(stock.demand_a_year(failures.installed, rate), certainty=CERTAIN),
        counted_at=counted_at,
    )


def _steps(mu: float, demand: float, advised: int, level: int) -> list[Step]:
    """Around the advice, with what is kept now where that is near."""
    last = max(advised + 2, FEWEST_ROWS, level if level <= advised + MOST_ROWS // 2 else 0)
    first = max(1, min(advised, level or advised) - 5, last - MOST_ROWS + 1)
    return [
        Step(
            units=units,
            fill=stock.fill_rate(units, mu),
            waiting_a_year=stock.requests_waiting_a_year(units, demand, mu),
            wait_days=stock.mean_wait_days(units, demand, mu),
            on_hand=stock.mean_on_hand(units, mu),
            is_advised=units == advised,
            is_kept=units == level,
        )
        for units in range(first, last + 1)
    ]


def _counted(product: Product, now: datetime) -> tuple[int, datetime]:
    """Judging thousands of components one by one takes seconds: the count is remembered for a quarter of an hour."""
    key = f"rma.entitled:{product.pk}"
    known = cache.get(key)
    if known is None:
        known = (entitled_units(product, now), now)
        cache.set(key, known, COUNTED_FOR)
    return known
