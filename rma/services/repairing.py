"""Return to factory, the factory's side. A supplier acts through its own record; roZoom may do it for it."""

from datetime import datetime

from django.db import transaction

from contracts.models import normal_serial
from contracts.services import extend_warranty, put_away, replace_component
from rma.events import note, tell
from rma.lifecycle import FACTORY
from rma.machines import CannotMove
from rma.models import Rma, Shipment, SupplierRma
from rma.services._common import CannotReturn, end, go, held, said, save
from rma.services._stock import where_it_is
from rma.services.boxes import label, lock_shipment, prepare_out, put_in
from rma.services.carrying import arrive_by_hand, effects
from rma.services.charging import retire_unit_of
from rma.services.factory import costs_are_settled, issue_repair_invoice, prepare_for_factory
from rma.services.supplying import held_record, save_record
from rma.services.supplying import written as written_of_record
from rma.states import Diagnosis, Ending, RmaKind, RmaState, ShipmentKind, ShipmentState, SupplierState
from rma.stock_lifecycle import SHIPMENT, SUPPLIER
from tenancy.actor import Actor

IN, OUT = ShipmentKind.FACTORY_IN, ShipmentKind.FACTORY_OUT
WORK = "supplier-rma:work"
S, D = RmaState, Diagnosis
NOT_HERE = "{} is a replacement in advance: its failed part comes back to roZoom, not to the factory."


class CannotRepair(CannotReturn):
    code = "cannot_repair"


def _of(record: SupplierRma, move: str) -> Rma:
    """The return behind a record, where that move is possible now."""
    rma = record.rma
    if rma is None or rma.kind != RmaKind.FACTORY:
        raise CannotRepair("This record is about a part that roZoom sends you, not one to repair for a customer.")
    if FACTORY.find(move, rma.state) is None:
        raise CannotMove(FACTORY.explain(rma, move), param="action")
    return rma


def record_of(rma: Rma) -> SupplierRma:
    """The record under which the factory works on it."""
    record = rma.supplier_records.exclude(state__in=["CANCELLED", "REFUSED"]).order_by("updated_at").last()
    if record is None:
        raise CannotRepair("No supplier has a record of it. Send one first.", param="supplier")
    return record


def _scanned(actor: Actor, rma: Rma, shipment: Shipment, now: datetime) -> None:
    """FR-11. One that was sent although it had expired is on its way all the same: it is extended first."""
    if rma.state == S.EXPIRED:
        go(rma, "extend")
    if rma.state != S.AWAITING_INBOUND:
        return
    fields = go(rma, "scan_inbound")
    rma.return_sent_at = shipment.shipped_at
    save(rma, now, *fields, "return_sent_at")
    note(actor, rma, "rma.return-sent", now, at=shipment.shipped_at)
    tell("rma.return_sent", actor, rma, now)


@transaction.atomic
def receive_at_factory(
    *, actor: Actor, record: SupplierRma, scanned_serial: str, now: datetime, version: int | None = None
) -> SupplierRma:
    """FR-12: the scanned serial is the return's; FR-13: it is not, and the customer is asked."""
    actor.require(WORK)
    with held_record(record, now, version) as record:
        rma = record.rma
        if rma is not None and rma.kind == RmaKind.FACTORY and rma.state in (S.AWAITING_INBOUND, S.EXPIRED):
            box = rma.shipments.filter(kind=IN, state__in=["DRAFT", "LABEL_CREATED"]).last()
            box = box or prepare_for_factory(rma, record, now)  # its label was void by then
            _arrived_unscanned(actor, rma, lock_shipment(box), now)
        rma = _of(record, "receive")
        for box in rma.shipments.filter(kind=IN, state__in=["IN_TRANSIT", "EXCEPTION"]):
            arrive_by_hand(actor, rma, lock_shipment(box), now, proof=f"Scanned by {actor.name}")
        assert rma.component is not None
        serial = scanned_serial.strip()
        matches = normal_serial(serial) == rma.component.serial_normal
        fields = go(rma, "receive" if matches else "mismatch")
        rma.received_serial = serial
        rma.received_at = now if matches else None
        save(rma, now, *fields, "received_serial", "received_at")
        if matches:
            _sent(record, now)
            tell("rma.return_received", actor, rma, now, serial=serial)
        else:
            tell("rma.mismatch", actor, rma, now, scanned=serial, expected=[rma.serial])
        note(actor, rma, f"rma.{'return-received' if matches else 'mismatch'}", now, scanned=serial or "an empty box")
        return _fresh(record, rma)


def _arrived_unscanned(actor: Actor, rma: Rma, box: Shipment, now: datetime) -> None:
    if box.state == ShipmentState.DRAFT:
        SHIPMENT.go(box, "make_label")
        box.label_at = now
        box.save(update_fields=["state", "label_at"])
    arrive_by_hand(actor, rma, box, now, proof=f"Scanned by {actor.name}")


def _sent(record: SupplierRma, now: datetime) -> None:
    """SR-2, SR-5: the factory has the part, so it has the record too. Without a number of its own ours is used."""
    if record.state == SupplierState.SUBMITTED:
        SUPPLIER.go(record, "acknowledge")
        record.supplier_number = record.supplier_number or record.number
        record.acknowledged_at = now
    if record.state == SupplierState.ACKNOWLEDGED:
        SUPPLIER.go(record, "send")
    record.sent_at, record.received_at = record.sent_at or now, now
    save_record(record, now, "supplier_number", "acknowledged_at", "sent_at", "received_at")


def _fresh(record: SupplierRma, rma: Rma) -> SupplierRma:
    record.rma_state = rma.state
    return record


@transaction.atomic
def accept_at_factory(*, actor: Actor, rma: Rma, reason: str, now: datetime, version: int | None = None) -> Rma:
    """FR-14: roZoom takes the other part instead."""
    actor.require("rma:manage")
    reason = said(reason, "Say how it is explained.")
    with held(rma, now, version) as rma:
        if rma.kind != RmaKind.FACTORY:
            raise CannotMove(NOT_HERE.format(rma), param="action")
        fields = go(rma, "accept_mismatch")
        rma.received_at = now
        save(rma, now, *fields, "received_at")
        _sent(record_of(rma), now)
        note(actor, rma, "rma.serial-corrected", now, serial=rma.received_serial, reason=reason)
        tell("rma.return_received", actor, rma, now, serial=rma.received_serial)
        return rma


@transaction.atomic
def refuse_at_factory(*, actor: Actor, rma: Rma, reason: str, now: datetime, version: int | None = None) -> Rma:
    """FR-15: the wrong part goes back as it came."""
    actor.require("rma:manage")
    reason = said(reason, "Say why it is not accepted.")
    with held(rma, now, version) as rma:
        if rma.kind != RmaKind.FACTORY:
            raise CannotMove(NOT_HERE.format(rma), param="action")
        fields = go(rma, "refuse_mismatch")
        save(rma, now, *fields)
        note(actor, rma, "rma.mismatch-refused", now, serial=rma.received_serial, reason=reason)
        tell("rma.ready", actor, rma, now, reason=reason)
        return rma


@transaction.atomic
def diagnose(
    *, actor: Actor, record: SupplierRma, diagnosis: str, report: str, now: datetime, version: int | None = None
) -> SupplierRma:
    """FR-17: what is wrong, with a report that the customer reads."""
    actor.require(WORK)
    if diagnosis not in Diagnosis.values:
        raise CannotRepair("Choose what was found.", param="diagnosis")
    report = said(report, "Describe what was found. The customer reads it.", param="report", longest=1000)
    with held_record(record, now, version) as record:
        rma = _of(record, "diagnose")
        fields = go(rma, "diagnose")
        rma.diagnosis, rma.diagnosis_note = diagnosis, report
        save(rma, now, *fields, "diagnosis", "diagnosis_note")
        note(actor, rma, "rma.diagnosed", now, diagnosis=diagnosis, report=report)
        tell("rma.diagnosed", actor, rma, now, diagnosis=diagnosis)
        return _fresh(record, rma)


@transaction.atomic
def begin_repair(*, actor: Actor, record: SupplierRma, now: datetime, version: int | None = None) -> SupplierRma:
    """FR-22: it can be repaired, and somebody pays."""
    actor.require(WORK)
    with held_record(record, now, version) as record:
        rma = _of(record, "repair")
        if rma.diagnosis not in (D.REPAIRABLE, D.ABUSE):
            raise CannotRepair(f"Found: {D(rma.diagnosis).label.lower()}. There is nothing to repair.")
        if not costs_are_settled(rma):
            raise CannotRepair("The customer has not accepted the costs yet. roZoom quotes them first.")
        save(rma, now, *go(rma, "repair"))
        note(actor, rma, "rma.repairing", now)
        tell("rma.repairing", actor, rma, now)
        return _fresh(record, rma)


@transaction.atomic
def finish_without_repair(
    *, actor: Actor, record: SupplierRma, now: datetime, version: int | None = None, exchange_serial: str = ""
) -> SupplierRma:
    """FR-23: no fault, the same serial goes back; beyond repair, another serial goes instead."""
    actor.require(WORK)
    with held_record(record, now, version) as record:
        rma = _of(record, "finish_without_repair")
        if rma.diagnosis == D.BEYOND_REPAIR:
            if not costs_are_settled(rma):
                raise CannotRepair("The customer has not accepted the costs yet. roZoom quotes them first.")
            serial = said(
                exchange_serial, "Enter the serial that goes back instead.", param="exchange_serial", longest=80
            )
            if normal_serial(serial) in ("", rma.component and rma.component.serial_normal):
                raise CannotRepair("Another serial goes back for one beyond repair.", param="exchange_serial")
            _refuse_known(rma, serial)
            rma.exchange_serial = serial
        elif rma.diagnosis != D.NO_FAULT_FOUND:
            raise CannotRepair(f"Found: {D(rma.diagnosis).label.lower()}. Repair it, or ask roZoom to quote the costs.")
        save(rma, now, *go(rma, "finish_without_repair"), "exchange_serial")
        note(actor, rma, "rma.ready", now, diagnosis=rma.diagnosis, exchange=rma.exchange_serial)
        tell("rma.ready", actor, rma, now)
        return _fresh(record, rma)


@transaction.atomic
def finish_repair(
    *, actor: Actor, record: SupplierRma, report: str, now: datetime, version: int | None = None
) -> SupplierRma:
    """FR-24: the final test passed. The report names the parts that were changed."""
    actor.require(WORK)
    report = said(report, "Name the parts that were changed and the test.", param="report", longest=2000)
    with held_record(record, now, version) as record:
        rma = _of(record, "finish_repair")
        fields = go(rma, "finish_repair")
        rma.repair_report, rma.repaired_at = report, now
        save(rma, now, *fields, "repair_report", "repaired_at")
        note(actor, rma, "rma.repaired", now, report=report)
        tell("rma.ready", actor, rma, now)
        return _fresh(record, rma)


@transaction.atomic
def fail_test(
    *, actor: Actor, record: SupplierRma, reason: str, now: datetime, version: int | None = None
) -> SupplierRma:
    """FR-25: the final test failed; it is diagnosed again."""
    actor.require(WORK)
    reason = said(reason, "Say what failed in the test.")
    with held_record(record, now, version) as record:
        rma = _of(record, "fail_test")
        fields = go(rma, "fail_test")
        rma.diagnosis_note = reason
        save(rma, now, *fields, "diagnosis_note")
        note(actor, rma, "rma.test-failed", now, reason=reason)
        tell("rma.diagnosed", actor, rma, now, diagnosis=rma.diagnosis)
        return _fresh(record, rma)


@transaction.atomic
def diagnose_again(
    *, actor: Actor, record: SupplierRma, diagnosis: str, report: str, now: datetime, version: int | None = None
) -> SupplierRma:
    """After a failed test the finding may be another one. The state stays."""
    actor.require(WORK)
    if diagnosis not in Diagnosis.values:
        raise CannotRepair("Choose what was found.", param="diagnosis")
    report = said(report, "Describe what was found. The customer reads it.", param="report", longest=1000)
    with held_record(record, now, version) as record:
        rma = _of(record, "repair")
        rma.diagnosis, rma.diagnosis_note = diagnosis, report
        save(rma, now, "diagnosis", "diagnosis_note")
        note(actor, rma, "rma.diagnosed", now, diagnosis=diagnosis, report=report)
        tell("rma.diagnosed", actor, rma, now, diagnosis=diagnosis)
        return _fresh(record, rma)


@transaction.atomic
def ship_back(
    *,
    actor: Actor,
    record: SupplierRma,
    scanned_serial: str,
    carrier: str,
    tracking_number: str,
    now: datetime,
    version: int | None = None,
) -> SupplierRma:
    """FR-26: the serial that leaves is the one that is due: the repaired one, its exchange, or the wrong one that came."""
    actor.require(WORK)
    with held_record(record, now, version) as record:
        rma = _of(record, "ship_back")
        assert rma.component is not None
        due = serial_due(rma)
        if normal_serial(scanned_serial) != normal_serial(due):
            raise CannotRepair(
                f"You scanned {scanned_serial.strip() or 'nothing'}. {due} goes back.", param="scanned_serial"
            )
        box = prepare_out(rma, OUT, from_name=record.supplier.name, from_address="", supplier_id=record.supplier_id)
        item = put_in(box, component=rma.component)
        item.serial, item.serial_normal = due, normal_serial(due)
        item.save(update_fields=["serial", "serial_normal"])
        label(actor, box, carrier, tracking_number, now)
        SHIPMENT.go(box, "scan")
        box.shipped_at = box.last_scan_at = now
        box.save(update_fields=["state", "shipped_at", "last_scan_at"])
        save(rma, now, *go(rma, "ship_back"))
        note(actor, rma, "rma.shipped", now, serial=due, carrier=box.carrier, tracking=box.tracking_number)
        tell("rma.shipped", actor, rma, now, carrier=box.carrier, tracking=box.tracking_number)
        return _fresh(record, rma)


def _refuse_known(rma: Rma, serial: str) -> None:
    """One serial is in one place: what goes out for the customer is not installed, and not on a shelf of ours."""
    assert rma.component is not None
    if words := where_it_is(rma.component.product, serial):
        raise CannotRepair(f"{words} Check the label.", param="exchange_serial")


def serial_due(rma: Rma) -> str:
    """What goes back to the customer: the wrong part that came, the one exchanged for it, or the repaired one."""
    is_other_part = rma.received_at is None and rma.received_serial != ""
    return rma.received_serial if is_other_part else rma.exchange_serial or rma.serial


def _not_arrived(actor: Actor, rma: Rma, shipment: Shipment, now: datetime) -> None:
    """FR-27: lost or sent back; it is shipped again, or another unit goes."""
    if rma.state != S.SHIPPED_BACK:
        return
    save(rma, now, *go(rma, "ship_back_again"))
    note(actor, rma, "rma.lost", now, shipment=shipment.state)
    tell("rma.lost", actor, rma, now, shipment=shipment.state)


@transaction.atomic
def exchange_lost(*, actor: Actor, rma: Rma, exchange_serial: str, now: datetime, version: int | None = None) -> Rma:
    """FR-27: the repaired part was lost on its way back; another serial goes instead."""
    actor.require("rma:manage")
    serial = said(exchange_serial, "Enter the serial that goes instead.", param="exchange_serial", longest=80)
    with held(rma, now, version) as rma:
        lost = rma.shipments.filter(kind=OUT, state=ShipmentState.LOST)
        if rma.state != S.READY_TO_SHIP or not lost.exists():
            raise CannotRepair(
                "Another serial goes only for one that was lost on its way back.", param="exchange_serial"
            )
        if normal_serial(serial) in ("", rma.component and rma.component.serial_normal):
            raise CannotRepair("Another serial goes for one that was lost.", param="exchange_serial")
        _refuse_known(rma, serial)
        rma.exchange_serial = serial
        save(rma, now, "exchange_serial")
        note(actor, rma, "rma.exchanged", now, serial=serial)
        return rma


def _arrived(actor: Actor, rma: Rma, shipment: Shipment, now: datetime) -> None:
    """FR-28: repaired or exchanged, its warranty holds at least 90 days more; what was agreed is invoiced."""
    if rma.state != S.SHIPPED_BACK or rma.component is None or shipment.delivered_on is None:
        return
    rma.delivered_at, rma.delivered_on = shipment.delivered_at, shipment.delivered_on
    ending = _ending(rma)
    component, site = rma.component, rma.ship_to or rma.component.site
    if ending == Ending.EXCHANGED:
        rma.replacement = replace_component(
            actor=actor, component=component, product=component.product, serial=rma.exchange_serial, site=site,
            on=rma.delivered_on, now=now,
        )  # fmt: skip
        put_away(actor=actor, component=component, state="RETURNED", reason=str(rma), now=now)
        retire_unit_of(actor, component, now)
    elif ending == Ending.REPAIRED:
        extend_warranty(actor=actor, component=component, on=rma.delivered_on, now=now)
    if ending != Ending.SENT_BACK:
        issue_repair_invoice(actor, rma, now)
    fields = [*go(rma, "deliver_back"), *end(rma, now, ending=ending, reason=Ending(ending).label)]
    save(rma, now, *fields, "delivered_at", "delivered_on", "replacement")
    _settle_record(actor, rma, ending, now)
    note(actor, rma, "rma.closed", now, ending=ending)
    tell("rma.closed", actor, rma, now, ending=ending)


def _ending(rma: Rma) -> Ending:
    if rma.received_at is None and rma.received_serial != "":
        return Ending.SENT_BACK
    if rma.exchange_serial:
        return Ending.EXCHANGED
    return Ending.REPAIRED if rma.repaired_at is not None else Ending.SENT_BACK


def _settle_record(actor: Actor, rma: Rma, ending: str, now: datetime) -> None:
    """SR-6, SR-7: the supplier's record ends with the return."""
    for record in rma.supplier_records.select_for_update().exclude(state__in=list(SUPPLIER.ends)):
        _sent(record, now)
        if ending == Ending.SENT_BACK:
            SUPPLIER.go(record, "refuse")
            record.refused_at, record.refused_reason = now, "Sent back as it was."
        else:
            SUPPLIER.go(record, "settle")
            record.settled_at = now
            record.settled_with = "EXCHANGE" if ending == Ending.EXCHANGED else "REPAIR"
            record.report = rma.repair_report
        save_record(record, now, "refused_at", "refused_reason", "settled_at", "settled_with", "report")
        written_of_record(actor, record, "ended", now, ending=ending)


effects[IN, ShipmentState.IN_TRANSIT] = _scanned
effects[OUT, ShipmentState.DELIVERED] = _arrived
effects[OUT, ShipmentState.LOST] = _not_arrived
effects[OUT, ShipmentState.RETURNED_TO_SENDER] = _not_arrived
