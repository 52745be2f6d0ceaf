"""The supplier's record: made and sent before anything is shipped, then moved by the supplier or, for it, by roZoom."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from contracts.terms import local_date
from rma.events import note, note_of_ours, tell_supplier
from rma.models import PoolUnit, Rma, Shipment, SupplierRma
from rma.services._common import CannotReturn, held, lock, said
from rma.services._stock import lock_unit, move_unit, new_unit
from rma.services.boxes import free_label, put_in
from rma.states import ENDED, Condition, RmaState, ShipmentKind, ShipmentState, SupplierState, UnitState
from rma.stock_lifecycle import SUPPLIER
from rozoom_support.lib.refusals import NotFound, Stale
from tenancy.actor import Actor
from tenancy.context import as_deputy
from tenancy.models import Kind, Organisation

SETTLED_WITH = ("REPAIR", "EXCHANGE", "CREDIT")


class CannotSupply(CannotReturn):
    code = "cannot_supply"


def open_record(actor: Actor, rma: Rma, supplier: Organisation, now: datetime) -> SupplierRma:
    """SR-1: made and sent in one go, with serial, symptom and ticket number. The record of this part that is open stays."""
    if supplier.kind != Kind.SUPPLIER or not supplier.is_active:
        raise CannotSupply("Choose the supplier who gets the failed part.", param="supplier")
    assert rma.component is not None
    open_ones = rma.supplier_records.exclude(state__in=list(SUPPLIER.ends)).filter(serial=rma.component.serial)
    if (known := open_ones.select_related("supplier").first()) is not None:
        if known.supplier_id == supplier.pk and known.state != SupplierState.DEFECTIVE_SENT:
            return known
        words = f"{known.supplier.name} has a record of this part: {known} is {known.get_state_display().lower()}."
        raise CannotSupply(f"{words} Another supplier gets one when that is refused.", param="supplier")
    product = rma.component.product
    number = f"{rma.reference}-{rma.supplier_records.count() + 1}"
    record = SupplierRma.objects.create(
        rma=rma,
        customer_id=rma.customer_id,
        reseller_id=rma.reseller_id,
        supplier=supplier,
        number=number,
        rma_kind=rma.kind,
        rma_state=rma.state,
        product_sku=product.sku,
        product_name=product.name,
        serial=rma.component.serial,
        symptom=rma.symptom,
        ticket_reference=rma.ticket.reference,
        message=f"{number}: {product.name} ({product.sku}), serial {rma.component.serial}. {rma.symptom}",
        updated_at=now,
    )
    SUPPLIER.go(record, "submit")
    record.submitted_at = now
    record.save(update_fields=["state", "submitted_at"])
    written(actor, record, "submitted", now, supplier=supplier.name)
    tell_supplier("supplier_rma.submitted", actor, record, now)
    return record


def open_stock_record(actor: Actor, unit: PoolUnit, supplier: Organisation, symptom: str, now: datetime) -> SupplierRma:
    """PU-3: of a unit of our own that failed its test. It has no customer."""
    if supplier.kind != Kind.SUPPLIER or not supplier.is_active:
        raise CannotSupply("Choose the supplier who gets the unit.", param="supplier")
    number = f"POOL-{unit.supplier_records.count() + 1}-{unit.serial}"[:30]
    record = SupplierRma.objects.create(
        unit=unit,
        supplier=supplier,
        number=number,
        product_sku=unit.product.sku,
        product_name=unit.product.name,
        serial=unit.serial,
        symptom=symptom[:400],
        ticket_reference=number[:24],
        message=f"{number}: {unit.product.name} ({unit.product.sku}), serial {unit.serial}. {symptom}",
        updated_at=now,
    )
    SUPPLIER.go(record, "submit")
    record.submitted_at = now
    record.save(update_fields=["state", "submitted_at"])
    written(actor, record, "submitted", now, supplier=supplier.name)
    return record


@contextmanager
def held_record(record: SupplierRma, now: datetime, version: int | None = None) -> Iterator[SupplierRma]:
    """The record as it is now, its return locked before it. NotFound for one that is not this supplier's."""
    own = SupplierRma.objects.filter(pk=record.pk).values_list("customer_id", "rma_id").first()
    if own is None:
        raise NotFound
    customer_id, rma_id = own
    with as_deputy(customer_id):
        rma = lock(Rma(pk=rma_id), now) if rma_id else None
        found = SupplierRma.objects.select_related("supplier", "unit").select_for_update(of=("self",)).get(pk=record.pk)
        if version is not None and version != found.version:
            raise Stale("Somebody changed this record meanwhile. Read it again, then repeat what you wanted to do.")
        if rma is not None:
            found.rma = rma
        yield found


def save_record(record: SupplierRma, now: datetime, *fields: str) -> None:
    record.version, record.updated_at = record.version + 1, max(now, record.updated_at)
    record.save(update_fields=[*fields, "state", "version", "updated_at"])


def written(actor: Actor, record: SupplierRma, verb: str, now: datetime, **data: object) -> None:
    """Customers do not read what is between roZoom and a supplier."""
    verb = f"supplier-rma.{verb}"
    if record.rma is not None:
        note(actor, record.rma, verb, now, kind="internal", record=record.number, **data)
    else:
        note_of_ours(actor, f"supplier-rma:{record.pk}", verb, now, record=record.number, **data)


@transaction.atomic
def acknowledge(
    *, actor: Actor, record: SupplierRma, supplier_number: str, now: datetime, version: int | None = None
) -> SupplierRma:
    """SR-2: the supplier's own number, which goes onto the return label."""
    actor.require("supplier-rma:work")
    number = said(supplier_number, "Enter your number for it.", param="supplier_number", longest=60)
    with held_record(record, now, version) as record:
        SUPPLIER.go(record, "acknowledge")
        record.supplier_number, record.acknowledged_at = number, now
        save_record(record, now, "supplier_number", "acknowledged_at")
        Shipment.objects.filter(supplier_rma=record).update(their_reference=number)
        written(actor, record, "acknowledged", now, number=number)
        tell_supplier("supplier_rma.moved", actor, record, now)
        return record


@transaction.atomic
def refuse(*, actor: Actor, record: SupplierRma, reason: str, now: datetime, version: int | None = None) -> SupplierRma:
    """SR-3, SR-7: not covered, no fault found, misuse. roZoom bears the cost; what the customer gets does not change."""
    actor.require("supplier-rma:work")
    reason = said(reason, "Say why it is refused.")
    with held_record(record, now, version) as record:
        was_sent = record.state == SupplierState.DEFECTIVE_SENT
        SUPPLIER.go(record, "refuse")
        record.refused_at, record.refused_reason = now, reason
        save_record(record, now, "refused_at", "refused_reason")
        if record.unit is not None and (was_sent or record.rma is None):
            _back_as_it_was(actor, record.unit, now)
        written(actor, record, "refused", now, reason=reason)
        tell_supplier("supplier_rma.moved", actor, record, now)
        return record


def _back_as_it_was(actor: Actor, unit: PoolUnit, now: datetime) -> None:
    """SR-3 of a unit of our own, SR-7: it comes back untouched, or never left, and is tested again."""
    unit = lock_unit(unit)
    if unit.state == UnitState.AT_SUPPLIER:
        move_unit(actor, unit, "come_back", now, condition=Condition.REFURBISHED)


@transaction.atomic
def send_part(
    *, actor: Actor, record: SupplierRma, unit: PoolUnit, carrier: str, tracking_number: str, now: datetime
) -> SupplierRma:
    """SR-5: the failed part leaves for the supplier. Its number must be known by now."""
    actor.require("rma:manage")
    with held_record(record, now) as record:
        SUPPLIER.go(record, "send")
        carrier, tracking_number = free_label(carrier, tracking_number)
        if record.rma is not None and record.serial != unit.serial and not _is_of_return(record, unit):
            raise CannotSupply(f"This record is about {record.serial}. Scan that unit.", param="unit")
        if record.rma is None and record.unit_id != unit.pk:
            raise CannotSupply(f"This record is about {record.serial}. Scan that unit.", param="unit")
        unit = lock_unit(unit)
        if unit.state != UnitState.AT_SUPPLIER:  # one that failed its test went there with its record
            move_unit(actor, unit, "send_to_supplier", now)
        record.unit, record.sent_at = unit, now
        save_record(record, now, "unit", "sent_at")
        shipment = Shipment.objects.create(
            customer_id=record.customer_id,
            reseller_id=record.reseller_id,
            kind=ShipmentKind.SUPPLIER_OUT,
            rma=record.rma,
            supplier_rma=record,
            supplier_id=record.supplier_id,
            from_name="roZoom",
            to_name=record.supplier.name,
            to_zone=record.supplier.time_zone,
            their_reference=record.supplier_number,
            carrier=carrier,
            tracking_number=tracking_number,
            state=ShipmentState.IN_TRANSIT,
            label_at=now,
            shipped_at=now,
            last_scan_at=now,
        )
        put_in(shipment, unit=unit)
        written(actor, record, "sent", now, serial=unit.serial, tracking=shipment.tracking_number)
        tell_supplier("supplier_rma.moved", actor, record, now)
        return record


def _is_of_return(record: SupplierRma, unit: PoolUnit) -> bool:
    """The other part that came back and was accepted instead."""
    assert record.rma is not None
    return bool(record.rma.received_serial) and record.rma.received_serial == unit.serial


@transaction.atomic
def receive_part(*, actor: Actor, record: SupplierRma, now: datetime, version: int | None = None) -> SupplierRma:
    """The supplier says that it has the part. Its shipment has arrived with that."""
    actor.require("supplier-rma:work")
    with held_record(record, now, version) as record:
        if record.state != SupplierState.DEFECTIVE_SENT:
            raise CannotSupply(SUPPLIER.explain(record, "settle"))
        record.received_at = record.received_at or now
        save_record(record, now, "received_at")
        on_way = Shipment.objects.filter(
            supplier_rma=record, kind=ShipmentKind.SUPPLIER_OUT, state__in=["IN_TRANSIT", "EXCEPTION"]
        )
        day = local_date(now, record.supplier.time_zone or "UTC")
        on_way.update(state=ShipmentState.DELIVERED, delivered_at=now, delivered_on=day, ended_at=now, proof=actor.name)
        written(actor, record, "received", now)
        return record


@transaction.atomic
def settle(
    *,
    actor: Actor,
    record: SupplierRma,
    settled_with: str,
    now: datetime,
    version: int | None = None,
    report: str = "",
    exchange_serial: str = "",
    credit_amount: Decimal | None = None,
    credit_currency: str = "",
    credit_note: str = "",
) -> SupplierRma:
    """SR-6: repaired and back (PU-16), exchanged for another serial (a new row, linked), or credited (PU-17)."""
    actor.require("supplier-rma:work")
    if settled_with not in SETTLED_WITH:
        raise CannotSupply("Say whether it was repaired, exchanged or credited.", param="settled_with")
    with held_record(record, now, version) as record:
        SUPPLIER.go(record, "settle")
        if record.unit is None:
            raise CannotSupply("No unit of the pool belongs to this record.")
        unit = lock_unit(record.unit)
        record.settled_with, record.settled_at, record.report = settled_with, now, report.strip()[:2000]
        if settled_with == "REPAIR":
            move_unit(actor, unit, "come_back", now, condition=Condition.REFURBISHED)
        elif settled_with == "EXCHANGE":
            _exchange(actor, unit, exchange_serial, now)
        else:
            if credit_amount is None or credit_amount <= 0:
                raise CannotSupply("Enter the amount of the credit.", param="credit_amount")
            if not credit_note.strip():
                raise CannotSupply("Enter the number of the credit note.", param="credit_note")
            record.credit_amount, record.credit_currency = credit_amount, credit_currency.upper()
            record.credit_note = credit_note.strip()[:60]
            move_unit(actor, unit, "scrap_at_supplier", now, note=f"Credited by {record.supplier.name}")
        save_record(
            record, now, "settled_with", "settled_at", "report", "credit_amount", "credit_currency", "credit_note"
        )
        written(actor, record, "settled", now, settled_with=settled_with)
        tell_supplier("supplier_rma.moved", actor, record, now)
        return record


def _exchange(actor: Actor, unit: PoolUnit, serial: str, now: datetime) -> PoolUnit:
    """Another serial comes for it: a row of its own, in test. The old one ends at the supplier."""
    new = new_unit(actor, unit.pool, unit.product, serial, now, param="exchange_serial", came_from=unit)
    move_unit(actor, unit, "scrap_at_supplier", now, note=f"Exchanged for {new.serial}")
    move_unit(actor, new, "receive", now)
    return new


@transaction.atomic
def send_record(*, actor: Actor, rma: Rma, supplier: Organisation, now: datetime) -> SupplierRma:
    """To another supplier, after the first one refused."""
    actor.require("rma:manage")
    with held(rma, now) as rma:
        if rma.state in (*ENDED, RmaState.REQUESTED, RmaState.ON_HOLD, RmaState.QUOTED):
            raise CannotSupply("A supplier is told when the return is approved.")
        return open_record(actor, rma, supplier, now)
