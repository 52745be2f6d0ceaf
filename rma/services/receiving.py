"""A delivery of many units, scanned one after another, and many that passed their test: all of them or none."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from contracts.models import Component, Product, normal_serial
from rma.models import Pool, PoolUnit, Rma
from rma.services.pooling import CannotStock, pass_test, receive_unit
from rma.states import Condition, RmaState, UnitState
from rma.stock_lifecycle import UNIT
from tenancy.actor import Actor

MOST_UNITS = 200  # in one go
LONGEST_SERIAL = 80


class CannotReceiveLines(CannotStock):
    """`lines`: what is wrong with which line, counted from 1 as typed."""

    code = "cannot_receive_lines"

    def __init__(self, message: str, *, param: str = "serials", lines: Mapping[int, str] | None = None) -> None:
        super().__init__(message, param=param)
        self.lines = dict(sorted((lines or {}).items()))


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
    served: list[Rma]  # returns that waited and have one of them now


@transaction.atomic
def receive_units(*, actor: Actor, arrival: Arrival, lines: Sequence[str], now: datetime) -> list[PoolUnit]:
    """PU-1 for each line with a serial; the lines are given as typed, empty ones are skipped. All are received, or none.

    Raises CannotReceiveLines with every line that is wrong, and where the serial in it stands.
    """
    actor.require("pool:manage")
    serials, wrong = read_serials(lines)
    wrong |= known_serials(arrival.product, serials)
    if wrong:
        number = f"{len(wrong)} line{'s' if len(wrong) > 1 else ''}"
        raise CannotReceiveLines(f"{number} can not be received. Nothing was saved.", lines=wrong)
    try:
        with transaction.atomic():
            return [_receive(actor, arrival, serial, now) for serial in serials.values()]
    except IntegrityError as taken:
        words = "Somebody received one of these serials meanwhile. Nothing was saved. Send it again."
        raise CannotReceiveLines(words) from taken


@transaction.atomic
def pass_tests(*, actor: Actor, keys: Iterable[UUID], firmware: str, now: datetime) -> Shelved:
    """PU-2 for each: it works, has this firmware, and is on the shelf; returns that wait get theirs at once."""
    actor.require("pool:manage")
    wanted, firmware = list(dict.fromkeys(keys)), firmware.strip()
    if not wanted:
        raise CannotStock("Choose the units that passed the test.", param="units")
    held = PoolUnit.objects.select_related("product").select_for_update(of=("self",)).filter(pk__in=wanted)
    units = list(held.order_by("pk"))
    if len(units) != len(wanted) or any(unit.state != UnitState.QUARANTINE for unit in units):
        words = "Somebody moved one of these units meanwhile. Nothing was changed. Look again."
        raise CannotStock(words, param="units")
    if lacking := next((unit for unit in units if not (firmware or unit.firmware)), None):
        raise CannotStock(f"Enter the firmware: {lacking} has none yet.", param="firmware")
    for unit in units:
        pass_test(actor=actor, unit=unit, firmware=firmware, now=now)
    served = Rma.objects.filter(unit__in=units, state=RmaState.ALLOCATED).order_by("approved_at")
    return Shelved(units, list(served))


def read_serials(lines: Sequence[str]) -> tuple[dict[int, str], dict[int, str]]:
    """The serial of each line that has one, and what is wrong with the others. Raises CannotReceiveLines without any."""
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
    if not (found or wrong):
        raise CannotReceiveLines("Scan or type at least one serial.")
    if len(found) + len(wrong) > MOST_UNITS:
        raise CannotReceiveLines(f"At most {MOST_UNITS} units at once. Receive the others afterwards.")
    return found, wrong


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


def _receive(actor: Actor, arrival: Arrival, serial: str, now: datetime) -> PoolUnit:
    return receive_unit(
        actor=actor,
        pool=arrival.pool,
        product=arrival.product,
        serial=serial,
        now=now,
        condition=arrival.condition,
        revision=arrival.revision,
        firmware=arrival.firmware,
        place=arrival.place,
    )


def _known_unit(unit: PoolUnit, product: Product) -> str:
    if unit.product_id != product.pk:
        return f"{unit.serial} is {unit.product}, in the pool already. Check the label, or receive it as that product."
    return f"{unit.serial} is known: {unit.get_state_display().lower()}. {UNIT.next_step(unit.state)}"
