"""How many units to buy at the last chance: as many as will be scrapped while the product is still supported."""

from dataclasses import dataclass
from datetime import datetime

from contracts.models import Product
from rma import stock as sums
from rma.models import PoolUnit, SupplierRma
from rma.pool.advice import advise
from rma.pool.history import ENOUGH, LOOKED_BACK
from rma.pool.stock import Stock
from rma.states import SupplierState, UnitState

ASSUMED = 0.1  # scrapped, where too few came back to tell
FEWEST_BARS, MOST_BARS = 6, 9


@dataclass(frozen=True)
class Scrapped:
    """Of `cases` failed units in three years so many were not repaired and not exchanged."""

    number: int
    cases: int

    @property
    def is_assumed(self) -> bool:
        return self.cases < ENOUGH

    @property
    def share(self) -> float:
        return ASSUMED if self.is_assumed else self.number / self.cases


@dataclass(frozen=True)
class Chance:
    """That so many units are enough."""

    units: int
    enough: float
    is_advised: bool


@dataclass(frozen=True)
class LastBuy:
    product: Product
    years: float
    scrap_share: float
    certainty: float
    seen: Scrapped
    demand: float
    lost: float  # units, on the average, in all the years
    advised: int
    lacks: int  # to own what is to be owned, besides
    chances: tuple[Chance, ...]
    counted_at: datetime

    @property
    def in_all(self) -> int:
        return self.advised + self.lacks


def scrapped_of(product: Product, now: datetime) -> Scrapped:
    since = now - LOOKED_BACK
    gone = PoolUnit.objects.filter(
        product=product, state=UnitState.SCRAPPED, changed_at__gte=since, became=None
    ).count()
    good = SupplierRma.objects.filter(
        product_sku=product.sku,
        state=SupplierState.SETTLED,
        settled_with__in=["REPAIR", "EXCHANGE"],
        settled_at__gte=since,
    ).count()
    return Scrapped(gone, gone + good)


def last_buy(
    stock: Stock, years: float, scrap_share: float, certainty: float, seen: Scrapped, now: datetime
) -> LastBuy:
    advice = advise(stock.product, stock.level, certainty, now)
    return worked_out(stock, years, scrap_share, certainty, seen, advice.demand, advice.counted_at)


def worked_out(
    stock: Stock,
    years: float,
    scrap_share: float,
    certainty: float,
    seen: Scrapped,
    demand: float,
    counted_at: datetime,
) -> LastBuy:
    lost = sums.bought_for_scrap(demand, scrap_share) * years
    advised = sums.end_of_life_buy(demand, years, scrap_share, certainty) if lost else 0
    last = max(advised + 2, FEWEST_BARS - 1)
    first = max(0, last - MOST_BARS + 1)
    return LastBuy(
        product=stock.product,
        years=years,
        scrap_share=scrap_share,
        certainty=certainty,
        seen=seen,
        demand=demand,
        lost=lost,
        advised=advised,
        lacks=stock.lacks,
        chances=tuple(
            Chance(units, sums.fill_rate(units + 1, lost), units == advised) for units in range(first, last + 1)
        ),
        counted_at=counted_at,
    )
