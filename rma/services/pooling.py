"""Units of the pool: ordered, received, tested, taken out, missing at a stock count."""

from datetime import datetime

from django.db import transaction

from contracts.models import Product, normal_serial
from rma.events import note, note_of_ours, tell
from rma.machines import CannotMove
from rma.models import Pool, PoolUnit, Rma, SupplierRma
from rma.models.pool import MAY_BE_MISSING, PoolUnitQuerySet
from rma.services._common import CannotReturn, held, lock, said, save
from rma.services._stock import free_unit, lock_unit, move_unit, new_unit, where_it_is
from rma.services.allocating import next_unit, picked, serve_backorders
from rma.services.holding import put_on_hold
from rma.services.supplying import open_stock_record
from rma.states import Condition, Missing, RmaState, UnitState
from rma.stock_lifecycle import UNIT
from tenancy.actor import Actor
from tenancy.models import Kind, Organisation

MOST_ORDERED = 500
LONGEST_ORDER = 60
# Where a unit lies on one of our shelves.
ON_THE_SHELF = (UnitState.AVAILABLE, UnitState.RESERVED, UnitState.QUARANTINE, UnitState.DEFECTIVE)


class CannotStock(CannotReturn):
    code = "cannot_stock"


@transaction.atomic
def order_units(
    *,
    actor: Actor,
    pool: Pool,
    product: Product,
    count: int,
    now: datetime,
    supplier: Organisation | None = None,
    order_number: str = "",
) -> list[PoolUnit]:
    """Units on order: rows without a serial, which the next ones received fill. From whom, and under which number, stays
    with each of them."""
    actor.require("pool:manage")
    if supplier is not None and (supplier.kind != Kind.SUPPLIER or not supplier.is_active):
        raise CannotStock("Choose the supplier who was asked for them.", param="supplier")
    if len(order_number.strip()) > LONGEST_ORDER:
        raise CannotStock(f"Shorten it to {LONGEST_ORDER} characters.", param="order_number")
    if product.kind != Product.Kind.HARDWARE:
        raise CannotStock("Software is not kept in a pool.", param="product")
    if not 1 <= count <= MOST_ORDERED:
        raise CannotStock(f"Enter a number from 1 to {MOST_ORDERED}.", param="count")
    number = order_number.strip()
    said_of_it = [f"from {supplier.name}" if supplier else "", f"under {number}" if number else ""]
    words = f"Ordered {' '.join(filter(None, said_of_it))}" if any(said_of_it) else ""
    units = PoolUnit.objects.bulk_create(
        PoolUnit(pool=pool, product=product, note=words, changed_at=now, changed_by_name=actor.name)
        for _ in range(count)
    )
    about = {"sku": product.sku, "count": count, "supplier": supplier.name if supplier else "", "order": number}
    note_of_ours(actor, f"pool:{pool.pk}", "pool.ordered", now, **about)
    return units


@transaction.atomic
def receive_unit(
    *,
    actor: Actor,
    pool: Pool,
    product: Product,
    serial: str,
    now: datetime,
    condition: str = Condition.NEW,
    revision: str = "",
    firmware: str = "",
    place: str = "",
) -> PoolUnit:
    """PU-1: scanned at the door, in test from now on. It fills a row that is on order, where there is one.

    Raises CannotReturn (param "serial") for a serial that roZoom knows already, and says where that one is.
    """
    actor.require("pool:manage")
    if condition not in (Condition.NEW, Condition.REFURBISHED):
        raise CannotStock("Choose new or refurbished.", param="condition")
    if product.kind != Product.Kind.HARDWARE:
        raise CannotStock("Software is not kept in a pool.", param="product")
    more = {"condition": condition, "revision": revision.strip(), "firmware": firmware.strip(), "place": place.strip()}
    normal = normal_serial(serial)
    if normal and (other := PoolUnit.objects.filter(serial_normal=normal).exclude(product=product).first()):
        raise CannotStock(f"{serial.strip()} is a {other.product.name}. Check the label.", param="serial")
    waiting = PoolUnit.objects.filter(pool=pool, product=product, state=UnitState.ON_ORDER, serial_normal="")
    unit = (
        waiting.select_related("product", "pool")
        .select_for_update(of=("self",), skip_locked=True)
        .order_by("id")
        .first()
    )
    if unit is None:
        unit = new_unit(actor, pool, product, serial, now)
        return move_unit(actor, unit, "receive", now, **more)
    if not normal:
        raise CannotStock("Enter the serial of the unit.", param="serial")
    if known := where_it_is(product, serial):
        raise CannotStock(known, param="serial")
    return move_unit(actor, unit, "receive", now, serial=serial.strip(), serial_normal=normal, **more)


@transaction.atomic
def pass_test(
    *, actor: Actor, unit: PoolUnit, now: datetime, firmware: str = "", revision: str = "", place: str = ""
) -> PoolUnit:
    """PU-2: on the shelf with its firmware baseline. Whoever waits for one is served at once."""
    actor.require("pool:manage")
    unit = _there(unit)
    given = {"firmware": firmware.strip(), "revision": revision.strip(), "place": place.strip()}
    changes = {name: value for name, value in given.items() if value}
    unit = move_unit(actor, unit, "pass_test", now, available_since=now, component_key=None, **changes)
    serve_backorders(actor=actor, now=now, product_id=unit.product_id)
    unit.refresh_from_db()
    return unit


@transaction.atomic
def fail_test(*, actor: Actor, unit: PoolUnit, supplier: Organisation, reason: str, now: datetime) -> SupplierRma:
    """PU-3: it goes to its supplier, under a record of its own."""
    actor.require("pool:manage")
    reason = said(reason, "Say what failed in the test.")
    unit = _there(unit)
    move_unit(actor, unit, "fail_test", now, condition=Condition.DEFECTIVE, note=reason)
    return open_stock_record(actor, unit, supplier, reason, now)


@transaction.atomic
def scrap_unit(*, actor: Actor, unit: PoolUnit, certificate: str, reason: str, now: datetime) -> PoolUnit:
    """PU-15: a failed unit that is not worth a repair, or must not leave. A manager's deed, with a certificate."""
    actor.require("pool:scrap")
    certificate = said(certificate, "Enter the number of the certificate.", param="certificate", longest=200)
    reason = said(reason, "Say why it is scrapped.", longest=190)
    return move_unit(actor, lock_unit(unit), "scrap", now, note=f"{reason} ({certificate})"[:400])


@transaction.atomic
def retire_unit(*, actor: Actor, unit: PoolUnit, reason: str, now: datetime) -> PoolUnit:
    """PU-18: its product is not supported any more, or it was sold."""
    actor.require("pool:manage")
    reason = said(reason, "Say why it leaves the pool.")
    unit = _there(unit)
    if unit.state not in (UnitState.AVAILABLE, UnitState.QUARANTINE):  # PU-11 is not a person's deed
        raise CannotMove(UNIT.explain(unit, "retire"), param="action")
    return move_unit(actor, unit, "retire", now, note=reason)


@transaction.atomic
def call_off(*, actor: Actor, unit: PoolUnit, count: int | str, reason: str, now: datetime) -> int:
    """PU-20: so many units of the order of this one will not come. Returns how many."""
    actor.require("pool:manage")
    reason = said(reason, "Say why they will not come.", longest=300)
    if unit.state != UnitState.ON_ORDER:
        raise CannotMove(UNIT.explain(unit, "call_off"), param="action")
    wanted = int(count) if str(count).isdecimal() and len(str(count)) < 5 else 0
    waiting = same_order(unit).select_related("product", "pool").select_for_update(of=("self",)).order_by("-id")
    units = list(waiting[:wanted]) if wanted else []
    if not units or len(units) < wanted:
        there = same_order(unit).count()
        raise CannotStock(f"Enter a number from 1 to {there}: so many of this order have not come.", param="count")
    for one in units:
        move_unit(actor, one, "call_off", now, note=f"{one.note}. {reason}" if one.note else reason)
    about = {"sku": unit.product.sku, "count": len(units), "reason": reason}
    note_of_ours(actor, f"pool:{unit.pool_id}", "pool.called-off", now, **about)
    return len(units)


def same_order(unit: PoolUnit) -> PoolUnitQuerySet:
    """What has not come of the order that this unit belongs to."""
    return PoolUnit.objects.filter(
        pool_id=unit.pool_id, product_id=unit.product_id, note=unit.note, state=UnitState.ON_ORDER
    )


@transaction.atomic
def place_unit(*, actor: Actor, unit: PoolUnit, place: str, now: datetime) -> PoolUnit:
    """Which shelf or bin it lies in."""
    actor.require("pool:manage")
    unit = _there(unit)
    if unit.state not in ON_THE_SHELF:
        raise CannotStock(f"{unit} is {unit.get_state_display().lower()}: it lies on no shelf of ours.")
    was, unit.place = unit.place, place.strip()[:60]
    unit.changed_at, unit.changed_by_name = now, actor.name
    unit.save(update_fields=["place", "changed_at", "changed_by_name"])
    note_of_ours(actor, unit.chain, "unit.placed", now, was=was, to=unit.place)
    return unit


def _there(unit: PoolUnit) -> PoolUnit:
    """Locked. What nobody finds is settled first: found again, or lost."""
    unit = lock_unit(unit)
    if unit.is_missing:
        raise CannotStock(missing_words(unit))
    return unit


def missing_words(unit: PoolUnit) -> str:
    return f"{unit.missing_said_by_name} did not find {unit}. First say that it is found, or confirm the loss."


# A stock count ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def say_missing(*, actor: Actor, unit: PoolUnit, now: datetime) -> PoolUnit:
    """PU-19, the first of two people: it was not where the count expected it."""
    actor.require("pool:manage")
    unit = lock_unit(unit)
    if unit.state not in MAY_BE_MISSING:
        raise CannotStock(f"{unit.serial} is {unit.get_state_display().lower()}: it should not be on the shelf.")
    unit.missing_said_by_id, unit.missing_said_by_name = actor.person_id or 0, actor.name
    unit.changed_at, unit.changed_by_name = now, actor.name
    unit.save(update_fields=["missing_said_by_id", "missing_said_by_name", "changed_at", "changed_by_name"])
    note_of_ours(actor, unit.chain, "unit.said-missing", now, serial=unit.serial)
    return unit


@transaction.atomic
def found_again(*, actor: Actor, unit: PoolUnit, now: datetime) -> PoolUnit:
    """It was on another shelf."""
    actor.require("pool:manage")
    unit = lock_unit(unit)
    if not unit.is_missing:
        raise CannotStock(f"Nobody says any more that {unit.serial} is missing. Nothing was changed.")
    unit.missing_said_by_id, unit.missing_said_by_name = None, ""
    unit.changed_at, unit.changed_by_name = now, actor.name
    unit.save(update_fields=["missing_said_by_id", "missing_said_by_name", "changed_at", "changed_by_name"])
    note_of_ours(actor, unit.chain, "unit.found", now, serial=unit.serial)
    return unit


@transaction.atomic
def confirm_missing(*, actor: Actor, unit: PoolUnit, now: datetime) -> PoolUnit:
    """PU-19, the second: written off. A return it was reserved for gets another unit, or goes back on hold."""
    actor.require("pool:write-off")
    rma = Rma.objects.filter(unit=unit, state=RmaState.ALLOCATED).first()
    if rma is not None:
        rma = lock(rma, now)
    unit = lock_unit(unit)
    if unit.missing_said_by_id is None:
        raise CannotStock("Nobody said that it is missing. Record it at a stock count first.")
    if unit.missing_said_by_id == (actor.person_id or 0):
        raise CannotStock("Another person confirms it than the one who said that it is missing.")
    if rma is not None and rma.unit_id == unit.pk:
        _without(actor, rma, unit, now)
        unit = lock_unit(unit)
    return move_unit(actor, unit, "write_off", now, note=f"Missing, said {unit.missing_said_by_name}"[:400])


def _without(actor: Actor, rma: Rma, unit: PoolUnit, now: datetime) -> None:
    other = next_unit(rma)
    if other is not None:
        swap(actor, rma, other, now)
    else:
        put_on_hold(actor, rma, [Missing.RECHECK], f"The reserved unit {unit.serial} is missing.", now)


def swap(actor: Actor, rma: Rma, other: PoolUnit, now: datetime) -> None:
    """Another unit for a held return; the one before is free. The new one is reserved first: a return never names none."""
    was = rma.unit
    move_unit(actor, other, "reserve", now)
    rma.unit = other
    save(rma, now, "unit")
    if was is not None:
        free_unit(actor, was, now)
    note(actor, rma, "rma.unit-changed", now, serial=other.serial, was=was.serial if was else "")
    tell("rma.allocated", actor, rma, now)


@transaction.atomic
def change_unit(*, actor: Actor, rma: Rma, unit: PoolUnit, now: datetime, version: int | None = None) -> Rma:
    """PU-5: the warehouse takes another fit unit than the reserved one."""
    actor.require("rma:manage")
    with held(rma, now, version) as rma:
        if rma.state != RmaState.ALLOCATED:
            raise CannotStock(f"{rma} is {rma.get_state_display().lower()}: no unit is reserved for it.")
        swap(actor, rma, picked(rma, unit), now)
        serve_backorders(actor=actor, now=now)
        return rma
