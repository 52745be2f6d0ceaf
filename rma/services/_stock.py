"""Moves of one pool unit. The caller holds the lock of whatever return it belongs to."""

from datetime import datetime
from typing import Any

from contracts.models import Product, normal_serial
from rma.events import note_of_ours
from rma.models import Pool, PoolUnit, Rma
from rma.services._common import CannotReturn
from rma.states import UnitState
from rma.stock_lifecycle import UNIT
from rma.taken import serial_is_installed
from rozoom_support.lib.refusals import NotFound
from tenancy.actor import Actor


def lock_unit(unit: PoolUnit) -> PoolUnit:
    locked = (
        PoolUnit.objects.select_related("product", "pool").select_for_update(of=("self",)).filter(pk=unit.pk).first()
    )
    if locked is None:
        raise NotFound
    return locked


def move_unit(actor: Actor, unit: PoolUnit, move: str, now: datetime, **changes: Any) -> PoolUnit:
    """Make the move and write it down, with other columns it changes. The unit is locked."""
    was = unit.state
    UNIT.go(unit, move)
    for name, value in changes.items():
        setattr(unit, name, value)
    unit.changed_at, unit.changed_by_name = now, actor.name
    unit.save(update_fields=["state", "changed_at", "changed_by_name", *changes])
    told = {name: str(value) for name, value in changes.items() if value}
    said = {**told, "serial": unit.serial, "was": was, "to": unit.state}
    note_of_ours(actor, unit.chain, f"unit.{move.replace('_', '-')}", now, **said)
    return unit


def leave_reservation(rma: Rma) -> PoolUnit | None:
    """The unit that was reserved for it, named no more. Free it after the return is saved."""
    unit, rma.unit = rma.unit, None
    return unit


def free_unit(actor: Actor, unit: PoolUnit, now: datetime) -> None:
    """PU-5: back on the shelf, at its old place in the order."""
    locked = lock_unit(unit)
    if locked.state == UnitState.RESERVED:
        move_unit(actor, locked, "release", now)


def where_it_is(product: Product, serial: str) -> str:
    """Where this serial is known to be already, in words; empty for one that may come."""
    normal = normal_serial(serial)
    if unit := PoolUnit.objects.filter(product=product, serial_normal=normal).first():
        return f"Serial {unit.serial} is known: it is {unit.get_state_display().lower()}."
    if serial_is_installed(product, normal):
        return f"Serial {serial.strip()} is installed at a customer: it comes back with a return."
    return ""


def new_unit(
    actor: Actor, pool: Pool, product: Product, serial: str, now: datetime, *, param: str = "serial", **more: Any
) -> PoolUnit:
    """A row for a serial that roZoom has not had before, on order until it is received."""
    normal = normal_serial(serial)
    if not normal:
        raise CannotReturn("Enter the serial of the unit.", param=param)
    if "component_key" not in more and (known := where_it_is(product, serial)):
        raise CannotReturn(known, param=param)
    return PoolUnit.objects.create(
        pool=pool,
        product=product,
        serial=serial.strip(),
        serial_normal=normal,
        changed_at=now,
        changed_by_name=actor.name,
        **more,
    )
