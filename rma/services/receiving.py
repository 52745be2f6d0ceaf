"""Units that arrive at a pool, and units that passed their test and go on the shelf."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from contracts.models import Component, Product, normal_serial
from rma.models import Pool, PoolUnit, Rma
from rma.services._stock import move_unit, new_unit
from rma.services.allocating import serve_backorders
from rma.states import Condition, UnitState
from rma.stock_lifecycle import UNIT
from rozoom_support.lib.refusals import Refused
from tenancy.actor import Actor

MOST_UNITS = 200  # in one go
LONGEST_SERIAL = 80
RECEIVED = (Condition.NEW, Condition.REFURBISHED)


class CannotReceive(Refused):
    """`lines`: what is wrong with which line, counted from 1 as typed."""

    code = "cannot_receive"
    status = 422

    def __init__(self, message: str, *, param: str = "serials", lines: Mapping[int, str] | None = None) -> None:
        super().__init__(message, param=param)
        self.lines = dict(lines or {})


class CannotStock(Refused):
    code = "cannot_stock"
    status = 422


@dataclass(frozen=True)
class Arrival:
    """What is the same for all units of one delivery."""

    pool: Pool
    product: Product
    condition: str = Condition.NEW
    revision: str = ""
    firmware: str = ""
    place: str = ""


@dataclass(frozen=True)
class Shelved:
    units: list[PoolUnit]
    served: list[Rma]  # returns that waited and have a unit now


@transaction.atomic
def receive_units(*, actor: Actor, arrival: Arrival, lines: Sequence[str], now: datetime) -> list[PoolUnit]:
    """PU-1 for each line with a serial; the lines are kept as typed, empty ones are skipped. All are received, or none.

    Units that were on order are taken first. They wait in test. Raises CannotReceive with the lines that are wrong.
    """
    actor.require("pool:manage")
    _check(arrival)
    serials = read_serials(lines)
    if wrong := known_serials(arrival.product, serials):
        raise CannotReceive(_in_words(wrong), lines=wrong)
    try:
        with transaction.atomic():
            return [_receive(actor, unit, serial, arrival, now) for unit, serial in _rows(actor, arrival, serials, now)]
    except IntegrityError as taken:
        raise CannotReceive(
            "Somebody received one of these serials meanwhile. Nothing was saved. Try again."
        ) from taken


@transaction.atomic
def pass_tests(*, actor: Actor, keys: Iterable[UUID], firmware: str, now: datetime) -> Shelved:
    """PU-2: they work, have this firmware, and go on the shelf; returns that wait get theirs at once. All or none."""
    actor.require("pool:manage")
    wanted, firmware = list(dict.fromkeys(keys)), firmware.strip()
    if not wanted:
        raise CannotStock("Choose the units that passed the test.", param="units")
    held = PoolUnit.objects.select_related("product", "pool").select_for_update(of=("self",))
    units = list(held.filter(pk__in=wanted).order_by("pk"))
    if len(units) != len(wanted) or any(unit.state != UnitState.QUARANTINE for unit in units):
        raise CannotStock(
            "Somebody moved one of these units meanwhile. Nothing was changed. Look again.", param="units"
        )
    for unit in units:
        if not (firmware or unit.firmware):
            raise CannotStock(f"Enter the firmware: {unit} has none yet.", param="firmware")
        changes = {"firmware": firmware or unit.firmware, "available_since": now, "note": ""}
        move_unit(actor, unit, "pass_test", now, **changes)
    served = [one for key in {unit.product_id for unit in units} for one in _serve(actor, key, now)]
    return Shelved(units, served)


@transaction.atomic
def retire_unit(*, actor: Actor, unit: PoolUnit, reason: str, now: datetime) -> PoolUnit:
    """PU-18: sold, or its product is not supported any more. The pool gets smaller."""
    actor.require("pool:manage")
    if not reason.strip():
        raise CannotStock("Enter a reason: it is kept with the unit.", param="reason")
    held = PoolUnit.objects.select_related("product", "pool").select_for_update(of=("self",)).get(pk=unit.pk)
    return move_unit(actor, held, "retire", now, note=reason.strip()[:400])


def read_serials(lines: Sequence[str]) -> dict[int, str]:
    """The serial of each line that has one. Raises CannotReceive for lines nobody can read."""
    found: dict[int, str] = {}
    wrong: dict[int, str] = {}
    first: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        serial = " ".join(line.split())
        if not serial:
            continue
        normal = normal_serial(serial)
        if not normal or len(serial) > LONGEST_SERIAL:
            wrong[number] = f"“{serial[:20]}” is not a serial. Scan the label again."
        elif normal in first:
            wrong[number] = f"{serial} stands in line {first[normal]} already. Remove one of the two."
        else:
            found[number], first[normal] = serial, number
    if wrong:
        raise CannotReceive(_in_words(wrong), lines=wrong)
    if not found:
        raise CannotReceive("Scan or type at least one serial.")
    if len(found) > MOST_UNITS:
        raise CannotReceive(f"At most {MOST_UNITS} units at once. Receive the others afterwards.")
    return found


def known_serials(product: Product, serials: Mapping[int, str]) -> dict[int, str]:
    """The lines whose serial stands somewhere else already, and where."""
    normals = {number: normal_serial(serial) for number, serial in serials.items()}
    units = PoolUnit.objects.filter(serial_normal__in=normals.values()).select_related("product")
    components = Component.objects.filter(serial_normal__in=normals.values(), state=Component.State.IN_USE)
    here = {one.serial_normal: one for one in sorted(units, key=lambda one: one.product_id == product.pk)}
    out = {one.serial_normal: one for one in components.select_related("product", "site", "customer")}
    wrong = {}
    for number, normal in normals.items():
        if unit := here.get(normal):
            wrong[number] = _known_unit(unit, product)
        elif (one := out.get(normal)) and one.product_id == product.pk:
            wrong[number] = (
                f"{one.serial} is in use at {one.site.name}, {one.customer.name}. It comes back with a return."
            )
        elif one:
            wrong[number] = f"{one.serial} is {one.product}, in use at {one.customer.name}. Check the label."
    return wrong


def _known_unit(unit: PoolUnit, product: Product) -> str:
    if unit.product_id != product.pk:
        return f"{unit.serial} is {unit.product}, in the pool already. Check the label, or receive it as that product."
    return f"{unit.serial} is known: {unit.get_state_display().lower()}. {UNIT.next_step(unit.state)}"


def _check(arrival: Arrival) -> None:
    if arrival.product.kind != Product.Kind.HARDWARE:
        raise CannotReceive("Software has no units. Choose a product that can be sent.", param="product")
    if arrival.condition not in RECEIVED:
        raise CannotReceive("Choose new or refurbished.", param="condition")


def _rows(actor: Actor, arrival: Arrival, serials: Mapping[int, str], now: datetime) -> Iterable[tuple[PoolUnit, str]]:
    """Units on order, then new ones."""
    ordered = PoolUnit.objects.select_related("product", "pool").filter(
        pool=arrival.pool, product=arrival.product, state=UnitState.ON_ORDER, serial_normal=""
    )
    held = list(ordered.select_for_update(of=("self",), skip_locked=True).order_by("changed_at", "pk")[: len(serials)])
    for place, serial in enumerate(serials.values()):
        yield (
            held[place]
            if place < len(held)
            else new_unit(actor, arrival.pool, arrival.product, serial, now, param="serials"),
            serial,
        )


def _receive(actor: Actor, unit: PoolUnit, serial: str, arrival: Arrival, now: datetime) -> PoolUnit:
    if not unit.serial_normal:
        unit.serial, unit.serial_normal = serial, normal_serial(serial)
        unit.save(update_fields=["serial", "serial_normal"])
    about = {"revision": arrival.revision, "firmware": arrival.firmware, "place": arrival.place}
    return move_unit(actor, unit, "receive", now, condition=arrival.condition, **about)


def _serve(actor: Actor, product_id: UUID, now: datetime) -> list[Rma]:
    return serve_backorders(actor=actor, now=now, product_id=product_id)


def _in_words(wrong: Mapping[int, str]) -> str:
    number = len(wrong)
    return f"{number} line{'s' if number > 1 else ''} can not be received. Nothing was saved."
