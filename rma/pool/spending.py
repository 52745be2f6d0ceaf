"""What to buy for a sum, over all products: each unit goes where it shortens the queue most for its price (rma/stock.py)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.db.models import Q

from contracts.models import PriceListEntry, Product
from rma import stock as sums
from rma.pool import stock
from rma.pool.advice import COUNTED_FOR, TARGETS, advise
from rma.stock import Bought, Item

HELPS = 0.001  # waiting requests; a unit that saves fewer is not bought
Numbers = tuple[float, float, datetime]  # mean units away, requests a year, when that was worked out


@dataclass(frozen=True)
class Line:
    """One product before and after: `owned` is what will serve its requests sooner or later (pool.stock.Stock.position)."""

    product: Product
    cost: Decimal
    mu: float
    demand: float
    owned: int
    bought: int

    @property
    def after(self) -> int:
        return self.owned + self.bought

    @property
    def spent(self) -> Decimal:
        return self.cost * self.bought

    @property
    def fill_before(self) -> float:
        return sums.fill_rate(self.owned, self.mu)

    @property
    def fill_after(self) -> float:
        return sums.fill_rate(self.after, self.mu)

    @property
    def waiting_before(self) -> float:
        return sums.expected_backorders(self.owned, self.mu)

    @property
    def waiting_after(self) -> float:
        return sums.expected_backorders(self.after, self.mu)

    @property
    def could_use_more(self) -> bool:
        return 1 - sums.fill_rate(self.after + 1, self.mu) >= HELPS


@dataclass(frozen=True)
class Step:
    product: Product
    cost: Decimal
    spent: Decimal  # with all before it
    waiting: float  # requests that wait then, of all products


@dataclass(frozen=True)
class Spending:
    budget: Decimal
    currency: str
    lines: tuple[Line, ...]
    steps: tuple[Step, ...]
    spent: Decimal
    before: float
    after: float
    unpriced: tuple[Product, ...]
    counted_at: datetime | None

    @property
    def left(self) -> Decimal:
        return self.budget - self.spent

    @property
    def cheapest(self) -> Decimal | None:
        """Of what still helps."""
        return min((line.cost for line in self.lines if line.could_use_more), default=None)


def currencies(on: date) -> list[str]:
    prices = PriceListEntry.objects.filter(_valid(on), product__kind=Product.Kind.HARDWARE)
    return list(prices.order_by("currency").values_list("currency", flat=True).distinct())


def spending(budget: Decimal, currency: str, now: datetime) -> Spending:
    stocks = stock.stocks()
    owned = {one.product.pk: one.position for one in stocks}
    products = [*(one.product for one in stocks), *stock.products_without_stock(owned)]
    prices = _prices(products, currency, now.date())
    numbers = _numbers([one for one in products if one.pk in prices], now)
    return planned(budget, currency, products, prices, numbers, owned)


def planned(
    budget: Decimal,
    currency: str,
    products: Sequence[Product],
    prices: dict[Any, Decimal],
    numbers: dict[Any, Numbers],
    owned: dict[Any, int],
) -> Spending:
    """From plain numbers, by the keys of the products."""
    known = {str(one.pk): one for one in products if one.pk in numbers}
    items = [Item(key, numbers[one.pk][0], prices[one.pk], max(0, owned.get(one.pk, 0))) for key, one in known.items()]
    plan = sums.spend(items, budget, HELPS)
    lines = [
        Line(known[item.key], item.cost, item.mu, numbers[known[item.key].pk][1], item.stock, plan.stock[item.key] - item.stock)
        for item in items
        if item.mu > 0
    ]  # fmt: skip
    before = sum(line.waiting_before for line in lines)
    return Spending(
        budget=budget,
        currency=currency,
        lines=tuple(sorted(lines, key=lambda line: (-line.bought, line.product.name))),
        steps=tuple(_steps(plan.steps, known, before)),
        spent=plan.spent,
        before=before,
        after=plan.backorders,
        unpriced=tuple(one for one in products if one.pk not in prices),
        counted_at=min((at for _, _, at in numbers.values()), default=None),
    )


def _steps(bought: Iterable[Bought], known: dict[str, Product], waiting: float) -> Iterable[Step]:
    spent = Decimal(0)
    for one in bought:
        spent, waiting = spent + one.cost, waiting - one.backorders_saved
        yield Step(known[one.key], one.cost, spent, max(0.0, waiting))


def _valid(on: date) -> Q:
    return Q(valid_from__lte=on) & (Q(valid_to=None) | Q(valid_to__gte=on))


def _prices(products: Iterable[Product], currency: str, on: date) -> dict[Any, Decimal]:
    wanted = {one.pk for one in products}
    found = PriceListEntry.objects.filter(_valid(on), product__in=wanted, currency=currency, list_price__gt=0)
    return dict(found.values_list("product_id", "list_price"))


def _numbers(products: Iterable[Product], now: datetime) -> dict[Any, Numbers]:
    """Working one product out asks the rules of every component of it: remembered for a quarter of an hour."""
    names = {one.pk: f"rma.away:{one.pk}" for one in products}
    known = cache.get_many(names.values())
    found = {}
    for one in products:
        kept = known.get(names[one.pk])
        if kept is None:
            advice = advise(one, 0, TARGETS[0], now)
            kept = (advice.mu, advice.demand, advice.counted_at)
            cache.set(names[one.pk], kept, COUNTED_FOR)
        found[one.pk] = kept
    return found
