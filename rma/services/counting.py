"""Counting the shelf: what was not found is said by one person and confirmed by another."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from contracts.models import Product, normal_serial
from rma.events import note_of_ours
from rma.models import Pool, PoolUnit, Rma
from rma.services._stock import lock_unit, move_unit
from rma.services.receiving import CannotStock
from rma.states import RmaState, UnitState
from rozoom_support.lib.refusals import NotFound
from tenancy.actor import Actor, NotAllowed

ON_THE_SHELF = (UnitState.AVAILABLE, UnitState.RESERVED, UnitState.QUARANTINE, UnitState.DEFECTIVE)
MAY_BE_MISSING = (UnitState.AVAILABLE, UnitState.RESERVED, UnitState.QUARANTINE)
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
def say_missing(*, actor: Actor, keys: Iterable[UUID], now: datetime) -> list[PoolUnit]:
    """They were not found. From now on no return gets them; another person confirms the loss, or they are found again."""
    actor.require("pool:manage")
    wanted = list(dict.fromkeys(keys))
    if not wanted:
        raise CannotStock("Choose the units that are missing.", param="units")
    held = PoolUnit.objects.select_related("product").select_for_update(of=("self",))
    units = list(held.filter(pk__in=wanted).order_by("pk"))
    if len(units) != len(wanted):
        raise NotFound
    for unit in units:
        if unit.state not in MAY_BE_MISSING:
            words = f"{unit} is {unit.get_state_display().lower()} by now. Count again."
            raise CannotStock(words, param="units")
    fresh = [unit for unit in units if not unit.is_missing]
    for unit in fresh:
        _say(actor, unit, now, "unit.said-missing", by_id=actor.person_id, by_name=actor.name)
    return fresh


@transaction.atomic
def confirm_loss(*, actor: Actor, unit: PoolUnit, now: datetime) -> PoolUnit:
    """PU-19: written off. Not by the person who said that it is missing."""
    actor.require("pool:write-off")
    unit = _missing(unit)
    if actor.person_id is None or actor.person_id == unit.missing_said_by_id:
        raise NotAllowed(f"{unit.missing_said_by_name} said that it is missing. Another person confirms it.")
    if unit.state == UnitState.RESERVED:
        who = Rma.objects.filter(unit=unit, state=RmaState.ALLOCATED).values_list("reference", flat=True).first()
        raise CannotStock(f"It is reserved for {who or 'a return'}. Put that on hold first, then it gets another unit.")
    return move_unit(actor, unit, "write_off", now, note=f"Missing; said by {unit.missing_said_by_name}.")


@transaction.atomic
def find_again(*, actor: Actor, unit: PoolUnit, now: datetime) -> PoolUnit:
    """It is there after all."""
    actor.require("pool:manage")
    unit = _missing(unit)
    return _say(actor, unit, now, "unit.found-again", by_id=None, by_name="")


def _missing(unit: PoolUnit) -> PoolUnit:
    unit = lock_unit(unit)
    if not unit.is_missing or unit.state not in MAY_BE_MISSING:
        raise CannotStock("Nobody says that it is missing any more. Nothing was changed.")
    return unit


def _say(actor: Actor, unit: PoolUnit, now: datetime, verb: str, *, by_id: int | None, by_name: str) -> PoolUnit:
    unit.missing_said_by_id, unit.missing_said_by_name = by_id, by_name
    unit.changed_at, unit.changed_by_name = now, actor.name
    unit.save(update_fields=["missing_said_by_id", "missing_said_by_name", "changed_at", "changed_by_name"])
    note_of_ours(actor, unit.chain, verb, now, serial=unit.serial, state=unit.state)
    return unit


def _where(unit: PoolUnit | None, pool: Pool, place: str) -> str:
    if unit is None:
        return "Nobody knows it. Receive it, or send it back."
    if unit.pool_id != pool.pk:
        return f"It belongs to {unit.pool}: {unit.get_state_display().lower()}."
    if unit.state in ON_THE_SHELF:
        return f"{unit.product}, which should be at {unit.place or 'no named place'}."
    return f"{unit.product}, which should be: {unit.get_state_display().lower()}."
