"""What stands where: counts by product, what is short, and the list of units."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, Q, QuerySet, Sum, Value, When

from contracts.models import Product, normal_serial
from rma.models import BaseStock, PoolUnit, Rma, Substitute
from rma.models.pool import MAY_BE_MISSING
from rma.states import Media, RmaKind, RmaState, UnitState
from rozoom_support.lib.refusals import NotFound

PAGE_SIZE = 50
U = UnitState
COMING = (U.ON_ORDER, U.QUARANTINE, U.DEFECTIVE_IN_TRANSIT, U.DEFECTIVE, U.AT_SUPPLIER)
IN_THE_POOL = (U.AVAILABLE, U.RESERVED, U.OUT_IN_TRANSIT, *COMING)
GONE = (U.WITH_CUSTOMER, U.SCRAPPED, U.LOST, U.RETIRED)
# Their failed part is to come back, and is no unit of the pool yet.
OWES_A_PART = (RmaState.ALLOCATED, RmaState.SHIPPED, RmaState.DELIVERED, RmaState.RETURN_OVERDUE)


@dataclass(frozen=True)
class Stock:
    """One product. `owed`: failed parts that customers send back. `position`: what will serve requests, sooner or later."""

    product: Product
    shelf: int
    reserved: int
    test: int
    failed: int  # on the shelf or on its way back
    supplier: int
    ordered: int
    owed: int
    level: int
    waiting: int

    @property
    def position(self) -> int:
        return self.shelf + self.test + self.failed + self.supplier + self.ordered + self.owed

    @property
    def coming(self) -> int:
        return self.position - self.shelf

    @property
    def lacks(self) -> int:
        """Units to buy until the level is reached."""
        return max(0, self.level - self.position)

    @property
    def is_empty(self) -> bool:
        return self.shelf == 0 and (self.level > 0 or self.waiting > 0)

    @property
    def is_low(self) -> bool:
        return self.is_empty or self.lacks > 0

    @property
    def words(self) -> str:
        """1 on the shelf, 2 coming, should be 5 in all: buy 2"""
        parts = [f"{self.shelf} on the shelf" if self.shelf else "none on the shelf"]
        parts += [f"{self.coming} coming"] if self.coming else []
        parts += [f"{self.waiting} return{'s' if self.waiting > 1 else ''} waiting"] if self.waiting else []
        parts += [f"should own {self.level}"] if self.level else []
        return ", ".join(parts) + (f": buy {self.lacks}" if self.lacks else "")


@dataclass(frozen=True)
class Wanted:
    """What the list of units was narrowed to."""

    words: str = ""
    product: UUID | None = None
    state: str = ""


@dataclass(frozen=True)
class Row:
    unit: PoolUnit
    reserved_for: Rma | None
    fits: tuple[str, ...]

    @property
    def state_words(self) -> str:
        if self.unit.is_missing:
            return f"Missing, says {self.unit.missing_said_by_name}"
        return self.unit.get_state_display() + (f" for {self.reserved_for.reference}" if self.reserved_for else "")


def stocks(only: Iterable[UUID] | None = None) -> list[Stock]:
    """Each product that has units, a level, or a return that waits; by name. Constant in queries."""
    of_products = Q() if only is None else Q(product_id__in=list(only))
    counts: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    units = PoolUnit.objects.filter(of_products, state__in=IN_THE_POOL, missing_said_by_name="")
    for product_id, state, number in units.values_list("product_id", "state").annotate(n=Count("pk")):
        counts[product_id][state] = number
    levels = dict(BaseStock.objects.filter(of_products).values_list("product_id").annotate(n=Sum("level")))
    owed, waiting = _open_returns(None if only is None else list(only))
    keys = counts.keys() | {key for key, level in levels.items() if level} | waiting.keys() | owed.keys()
    products = Product.objects.filter(pk__in=keys).order_by("name", "sku")
    return [_stock(one, counts[one.pk], levels.get(one.pk) or 0, owed[one.pk], waiting[one.pk]) for one in products]


def stock_of(product: Product) -> Stock:
    found = stocks([product.pk])
    return found[0] if found else _stock(product, Counter(), 0, 0, 0)


def low(found: Iterable[Stock]) -> list[Stock]:
    """Those with nothing on the shelf first, then where most is missing."""
    return sorted(
        (one for one in found if one.is_low), key=lambda one: (not one.is_empty, -one.lacks, one.product.name)
    )


def _open_returns(products: list[UUID] | None) -> tuple[Counter[UUID], Counter[UUID]]:
    """By product of the failed part: parts that are to come back, and returns that wait for a unit."""
    found = Rma.objects.filter(kind=RmaKind.ADVANCE, state__in=(*OWES_A_PART, RmaState.BACKORDERED))
    if products is not None:
        found = found.filter(component__product_id__in=products)
    owed: Counter[UUID] = Counter()
    waiting: Counter[UUID] = Counter()
    counted = found.exclude(media=Media.RETAINED, state__in=OWES_A_PART).order_by()
    for key, state, number in counted.values_list("component__product_id", "state").annotate(n=Count("pk")):
        (waiting if state == RmaState.BACKORDERED else owed)[key] += number
    return owed, waiting


def _stock(product: Product, counts: Counter[str], level: int, owed: int, waiting: int) -> Stock:
    return Stock(
        product=product,
        shelf=counts[U.AVAILABLE],
        reserved=counts[U.RESERVED] + counts[U.OUT_IN_TRANSIT],
        test=counts[U.QUARANTINE],
        failed=counts[U.DEFECTIVE] + counts[U.DEFECTIVE_IN_TRANSIT],
        supplier=counts[U.AT_SUPPLIER],
        ordered=counts[U.ON_ORDER],
        owed=owed,
        level=level,
        waiting=waiting,
    )


def units(wanted: Wanted, number: str | int) -> tuple[Page[Any], list[Row]]:
    """Those in the pool, unless a state or a serial is asked for; by product, shelf first."""
    found = PoolUnit.objects.select_related("product", "pool")
    if wanted.product:
        found = found.filter(product_id=wanted.product)
    if wanted.state:
        found = found.filter(state=wanted.state)
    elif not wanted.words:
        found = found.filter(state__in=IN_THE_POOL)
    if wanted.words:
        found = found.filter(_matching(wanted.words))
    ranks = Case(*(When(state=state, then=Value(place)) for place, state in enumerate((*IN_THE_POOL, *GONE))))
    order = ("product__name", "product_id", ranks, "available_since", "serial_normal", "pk")
    page = Paginator(found.order_by(*order), PAGE_SIZE).get_page(number)
    return page, rows_of(list(page.object_list))


def _matching(words: str) -> Q:
    about = Q(product__name__icontains=words) | Q(product__sku__icontains=words) | Q(place__iexact=words)
    return about | Q(serial_normal__contains=normal_serial(words)) if normal_serial(words) else about


def rows_of(found: list[PoolUnit]) -> list[Row]:
    reserved = {
        one.unit_id: one
        for one in Rma.objects.filter(unit__in=found, state=RmaState.ALLOCATED).only("reference", "unit")
    }
    fits: defaultdict[UUID, list[str]] = defaultdict(list)
    stands_for = Substitute.objects.filter(substitute_id__in={one.product_id for one in found}).order_by(
        "product__name"
    )
    for substitute_id, name in stands_for.values_list("substitute_id", "product__name"):
        fits[substitute_id].append(name)
    return [Row(one, reserved.get(one.pk), tuple(fits[one.product_id])) for one in found]


def unit_for(key: UUID) -> PoolUnit:
    found = PoolUnit.objects.select_related("product", "pool__warehouse", "came_from").filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


def product_for(key: UUID) -> Product:
    found = Product.objects.filter(pk=key, kind=Product.Kind.HARDWARE).first()
    if found is None:
        raise NotFound
    return found


def products_with_units() -> list[Product]:
    """For a filter."""
    return list(Product.objects.filter(pool_units__isnull=False).distinct().order_by("name", "sku"))


def products_without_stock(known: Iterable[UUID]) -> list[Product]:
    """Hardware in use at customers that the pool has nothing of."""
    out = Product.objects.filter(kind=Product.Kind.HARDWARE, components__state="IN_USE").exclude(pk__in=list(known))
    return list(out.distinct().order_by("name", "sku"))


def missing_units() -> QuerySet[PoolUnit]:
    """Said to be missing and not confirmed yet, the oldest first."""
    said = PoolUnit.objects.filter(state__in=MAY_BE_MISSING).exclude(missing_said_by_name="")
    return said.select_related("product", "pool").order_by("changed_at", "pk")


def in_test() -> list[PoolUnit]:
    waiting = PoolUnit.objects.filter(state=U.QUARANTINE, missing_said_by_name="")
    return list(
        waiting.select_related("product", "pool").order_by("product__name", "changed_at", "serial_normal")[:500]
    )
