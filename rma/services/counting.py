"""Counting the shelf: what should be there against what was scanned."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from contracts.models import Product, normal_serial
from rma.models import Pool, PoolUnit
from rma.services.pooling import ON_THE_SHELF, CannotStock, say_missing
from rozoom_support.lib.refusals import NotFound
from tenancy.actor import Actor

MOST_COUNTED = 2000


@dataclass(frozen=True)
class Elsewhere:
    """A serial that was found although nobody expected it there."""

    serial: str
    words: str


@dataclass(frozen=True)
class Count:
    found: int
    missing: list[PoolUnit]  # expected, and not among the serials
    elsewhere: list[Elsewhere]


def count(pool: Pool, product: Product | None, place: str, lines: Sequence[str]) -> Count:
    """Compares the serials on the shelf with those that should be there. Changes nothing."""
    seen = {normal_serial(line): line.strip() for line in lines if normal_serial(line)}
    if len(seen) > MOST_COUNTED:
        raise CannotStock(f"At most {MOST_COUNTED} serials at once. Count shelf by shelf.", param="serials")
    expected = {one.serial_normal: one for one in expected_units(pool, product, place)}
    missing = [one for normal, one in expected.items() if normal not in seen]
    unexpected = seen.keys() - expected.keys()
    known: dict[str, PoolUnit] = {}
    for one in PoolUnit.objects.select_related("product", "pool").filter(serial_normal__in=unexpected):
        known[one.serial_normal] = one
    elsewhere = [Elsewhere(seen[normal], _where(known.get(normal), pool, place)) for normal in sorted(unexpected)]
    return Count(len(expected) - len(missing), sorted(missing, key=lambda one: one.serial_normal), elsewhere)


def expected_units(pool: Pool, product: Product | None, place: str) -> QuerySet[PoolUnit]:
    found = PoolUnit.objects.select_related("product", "pool").filter(pool=pool, state__in=ON_THE_SHELF)
    if product is not None:
        found = found.filter(product=product)
    return found.filter(place__iexact=place) if place else found


@transaction.atomic
def say_all_missing(*, actor: Actor, keys: Iterable[UUID], now: datetime) -> list[PoolUnit]:
    """They were not found. From now on no return gets them; another person confirms the loss, or they are found again.

    Those that somebody said before stay as they are.
    """
    actor.require("pool:manage")
    wanted = list(dict.fromkeys(keys))
    if not wanted:
        raise CannotStock("Choose the units that are missing.", param="units")
    units = list(PoolUnit.objects.filter(pk__in=wanted).order_by("pk"))
    if len(units) != len(wanted):
        raise NotFound
    return [say_missing(actor=actor, unit=unit, now=now) for unit in units if not unit.is_missing]


def _where(unit: PoolUnit | None, pool: Pool, place: str) -> str:
    if unit is None:
        return "Nobody knows it. Receive it, or send it back."
    if unit.pool_id != pool.pk:
        return f"It belongs to {unit.pool}: {unit.get_state_display().lower()}."
    if unit.state in ON_THE_SHELF:
        return f"{unit.product}, which should be at {unit.place or 'no named place'}."
    return f"{unit.product}, which should be: {unit.get_state_display().lower()}."
