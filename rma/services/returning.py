"""The failed part: on its way back, received, another one than expected, inspected; or waived."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from contracts.models import Component, normal_serial
from contracts.services import put_away
from rma.events import note, tell
from rma.lifecycle import machine_of
from rma.machines import CannotMove
from rma.models import PoolUnit, Rma, Shipment, ShipmentItem
from rma.services._common import (
    CannotReturn,
    cancel_supplier_records,
    end,
    go,
    held,
    said,
    save,
    save_quietly,
)
from rma.services._stock import lock_unit, move_unit, new_unit
from rma.services.boxes import label, lock_shipment, normal_tracking, prepare_in, put_in, warehouse_of
from rma.services.carrying import arrive_by_hand, effects
from rma.services.charging import charge_damage, credit, expected_items, tell_closed
from rma.states import (
    ENDED,
    Condition,
    Ending,
    Inspection,
    Media,
    RmaKind,
    RmaState,
    ShipmentKind,
    ShipmentState,
    UnitState,
)
from rma.stock_lifecycle import SHIPMENT
from tenancy.actor import Actor

BACK = ShipmentKind.DEFECTIVE_RETURN
UNDER_WAY = (ShipmentState.IN_TRANSIT, ShipmentState.EXCEPTION, ShipmentState.DELIVERED)
ON_WAY_OR_OWED = (RmaState.DELIVERED, RmaState.RETURN_OVERDUE, RmaState.NON_RETURN_INVOICED)


class CannotReceive(CannotReturn):
    code = "cannot_receive"


# On its way ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def say_sent(
    *,
    actor: Actor,
    rma: Rma,
    now: datetime,
    version: int | None = None,
    carrier: str = "",
    tracking_number: str = "",
) -> Rma:
    """The customer says that the failed part was handed to the carrier. The carrier's first scan decides.

    `carrier` and `tracking_number`: of a label of their own, by which the box is followed from now on.
    """
    actor.require("rma:request")
    with held(rma, now, version) as rma:
        waits = (*ON_WAY_OR_OWED, RmaState.AWAITING_INBOUND, RmaState.EXPIRED)
        if rma.state not in waits:
            raise CannotReturn(f"{rma} is {rma.get_state_display().lower()}. {machine_of(rma).next_step(rma.state)}")
        if carrier.strip() or tracking_number.strip():
            _own_label(actor, rma, carrier, tracking_number, now)
        rma.return_sent_at = rma.return_sent_at or now
        save_quietly(rma, now, "return_sent_at")
        note(actor, rma, "rma.said-sent", now)
        return rma


def _own_label(actor: Actor, rma: Rma, carrier: str, tracking_number: str, now: datetime) -> None:
    """Their label in place of ours, or where there was none."""
    kinds = (BACK, ShipmentKind.FACTORY_IN)
    waiting = rma.shipments.filter(kind__in=kinds, state__in=[ShipmentState.DRAFT, ShipmentState.LABEL_CREATED])
    box = waiting.order_by("pk").last()
    if box is None:
        return
    box = lock_shipment(box)
    if box.state == ShipmentState.LABEL_CREATED:
        if (box.carrier, box.tracking_number) == (carrier.strip().upper(), normal_tracking(tracking_number)):
            return
        box.state = ShipmentState.DRAFT  # the label it had is not used
    label(actor, box, carrier, tracking_number, now)


def _scanned(actor: Actor, rma: Rma, shipment: Shipment, now: datetime) -> None:
    """RA-14: the first scan of the return label. Nobody is reminded any more.

    Of a part that leaves before its replacement is there, the serial moves now and the return when that arrives.
    """
    if rma.state in ENDED:
        return
    for item in shipment.items.select_related("component__product").filter(scanned_at=None):
        if item.component is not None:
            _unit_on_its_way(actor, rma, item, now)
    if rma.state in ON_WAY_OR_OWED:
        _leaves(actor, rma, shipment, now)


def on_its_way_already(actor: Actor, rma: Rma, now: datetime) -> None:
    """The replacement arrived, and the failed part was handed to the carrier before: RA-14 at once."""
    box = last_box(rma)
    if box is not None and box.state in UNDER_WAY and box.items.filter(scanned_at=None).exists():
        _leaves(actor, rma, box, now)


def last_box(rma: Rma) -> Shipment | None:
    """The latest one for the way back that is not void or lost; one without a label yet is the latest."""
    boxes = rma.shipments.filter(kind=BACK).exclude(state__in=[ShipmentState.CANCELLED, ShipmentState.LOST])
    return boxes.order_by("label_at", "id").last()


def _leaves(actor: Actor, rma: Rma, shipment: Shipment, now: datetime) -> None:
    fields = go(rma, "scan_return")
    rma.return_sent_at = shipment.shipped_at
    save(rma, now, *fields, "return_sent_at")
    note(actor, rma, "rma.return-sent", now, at=shipment.shipped_at)
    tell("rma.return_sent", actor, rma, now)


def _unit_on_its_way(actor: Actor, rma: Rma, item: ShipmentItem, now: datetime) -> PoolUnit:
    """PU-10: the serial enters the loop, with a row of its own where roZoom never had it in the pool."""
    component = item.component
    assert component is not None
    assert rma.pool is not None
    unit = PoolUnit.objects.filter(product=component.product, serial_normal=component.serial_normal).first()
    if unit is None:
        unit = new_unit(
            actor,
            rma.pool,
            component.product,
            component.serial,
            now,
            state=UnitState.WITH_CUSTOMER,
            component_key=component.pk,
        )
    unit = lock_unit(unit)
    if unit.state == UnitState.WITH_CUSTOMER:
        move_unit(actor, unit, "scan_return", now, condition=Condition.DEFECTIVE)
    item.unit = unit
    item.save(update_fields=["unit"])
    return unit


def expect_also(rma: Rma, component: Component) -> None:
    """A replacement that did not work comes back too: in the same box while that is here, else in one of its own."""
    box = rma.shipments.filter(kind=BACK, state__in=[ShipmentState.DRAFT, ShipmentState.LABEL_CREATED]).first()
    if box is None:
        record = rma.supplier_records.order_by("updated_at").last()
        assert record is not None
        prepare_in(rma, BACK, record, rma.updated_at, to=warehouse_of(rma), parts=[component])
    else:
        put_in(box, component=component)


def prepare_again(rma: Rma, now: datetime) -> Shipment | None:
    """A new box for everything that is still owed, where the one before is void or went astray. None where nothing is."""
    record = rma.supplier_records.order_by("updated_at").last()
    parts = {one.component_id: one.component for one in expected_items(rma).select_related("component__product")}
    if rma.media == Media.RETAINED:
        parts.pop(rma.component_id, None)
    elif not rma.shipments.filter(kind=BACK).exists():
        parts[rma.component_id] = rma.component
    owed = [part for part in parts.values() if part is not None]
    if record is None or not owed:
        return None
    return prepare_in(rma, BACK, record, now, to=warehouse_of(rma), parts=owed)


# It is here ------------------------------------------------------------------------------------------------------------


@transaction.atomic
def receive(*, actor: Actor, rma: Rma, scanned_serial: str, now: datetime, version: int | None = None) -> Rma:
    """RA-16: the scanned serial is an expected one. One that is not moves it to RETURN_MISMATCH (RA-17).

    A part that arrives without any scan of its label is on its way first. With two parts expected, the second scan ends it.
    """
    actor.require("rma:manage")
    with held(rma, now, version) as rma:
        if rma.kind != RmaKind.ADVANCE:
            raise CannotReceive("The factory receives this one.")
        box = _box(actor, rma, now)
        if machine_of(rma).find("receive", rma.state) is None:
            raise CannotMove(machine_of(rma).explain(rma, "receive"), param="action")
        normal = normal_serial(scanned_serial)
        item = box.items.select_for_update(of=("self",)).filter(serial_normal=normal, scanned_at=None).first()
        if item is None:
            return _mismatch(actor, rma, scanned_serial.strip(), now)
        _take_in(actor, rma, item, scanned_serial.strip(), now)
        waiting = list(box.items.filter(scanned_at=None).values_list("serial", flat=True))
        if waiting:
            note(actor, rma, "rma.part-received", now, serial=item.serial, waits_for=waiting)
            save_quietly(rma, now)
            return rma
        return _received(actor, rma, scanned_serial.strip(), now)


def _box(actor: Actor, rma: Rma, now: datetime) -> Shipment:
    """The box that is here, arrived. One that no carrier has scanned is on its way with its arrival."""
    box = last_box(rma) or prepare_again(rma, now)  # its label was void by then
    if box is None:
        raise CannotReceive("No part is expected back: it stays with the customer.")
    box = lock_shipment(box)
    if box.state == ShipmentState.DRAFT and rma.state in (*ON_WAY_OR_OWED, RmaState.RETURN_IN_TRANSIT):
        SHIPMENT.go(box, "make_label")
        box.label_at = now
        box.save(update_fields=["state", "label_at"])
    if rma.state in (*ON_WAY_OR_OWED, RmaState.RETURN_IN_TRANSIT) and box.state not in SHIPMENT.ends:
        arrive_by_hand(actor, rma, box, now, proof=f"Scanned by {actor.name}")
    return box


def _take_in(actor: Actor, rma: Rma, item: ShipmentItem, serial: str, now: datetime) -> None:
    item.scanned_serial, item.scanned_at = serial, now
    item.save(update_fields=["scanned_serial", "scanned_at"])
    if item.component is None:
        return
    unit = lock_unit(item.unit) if item.unit is not None else _unit_on_its_way(actor, rma, item, now)
    if unit.state == UnitState.DEFECTIVE_IN_TRANSIT:
        move_unit(actor, unit, "take_back", now)
    put_away(actor=actor, component=item.component, state=Component.State.RETURNED, reason=str(rma), now=now)


def _received(actor: Actor, rma: Rma, serial: str, now: datetime, move: str = "receive") -> Rma:
    fields = go(rma, move)
    rma.received_at, rma.received_serial = now, serial
    save(rma, now, *fields, "received_at", "received_serial")
    note(actor, rma, "rma.return-received", now, serial=serial)
    tell("rma.return_received", actor, rma, now, serial=serial)
    credit(actor, rma, now)
    return rma


def _mismatch(actor: Actor, rma: Rma, serial: str, now: datetime) -> Rma:
    """RA-17: another serial, or an empty box. Customer and reseller are asked which part it is."""
    fields = go(rma, "mismatch")
    rma.received_serial = serial
    save(rma, now, *fields, "received_serial")
    expected = list(expected_items(rma).values_list("serial", flat=True))
    note(actor, rma, "rma.mismatch", now, scanned=serial or "an empty box", expected=expected)
    tell("rma.mismatch", actor, rma, now, scanned=serial, expected=expected)
    return rma


@transaction.atomic
def accept_mismatch(*, actor: Actor, rma: Rma, reason: str, now: datetime, version: int | None = None) -> Rma:
    """RA-18: a manager takes the other part instead; the correction of the serial stays in the story."""
    actor.require("rma:override")
    reason = said(reason, "Say how it is explained.")
    with held(rma, now, version) as rma:
        if rma.kind != RmaKind.ADVANCE or rma.state != RmaState.RETURN_MISMATCH:
            raise CannotMove(machine_of(rma).explain(rma, "accept_mismatch"), param="action")
        for item in expected_items(rma).select_related("component__product", "unit"):
            _take_in(actor, rma, item, rma.received_serial, now)
        note(actor, rma, "rma.serial-corrected", now, serial=rma.received_serial, reason=reason)
        return _received(actor, rma, rma.received_serial, now, "accept_mismatch")


@transaction.atomic
def refuse_mismatch(*, actor: Actor, rma: Rma, reason: str, now: datetime, version: int | None = None) -> Rma:
    """RA-19: it was not explained. The wrong part goes back, and the failed one is still owed: a new label is prepared."""
    actor.require("rma:manage")
    reason = said(reason, "Say why it is not accepted.")
    with held(rma, now, version) as rma:
        if rma.kind != RmaKind.ADVANCE:
            raise CannotReturn("The factory's own deed sends this one back.")
        fields = go(rma, "refuse_mismatch")
        rma.return_sent_at = None
        save(rma, now, *fields, "return_sent_at")
        prepare_again(rma, now)
        note(actor, rma, "rma.mismatch-refused", now, serial=rma.received_serial, reason=reason)
        tell("rma.return_overdue", actor, rma, now, reason=reason)
        return rma


# It ends ---------------------------------------------------------------------------------------------------------------


@transaction.atomic
def inspect(
    *,
    actor: Actor,
    rma: Rma,
    result: str,
    now: datetime,
    version: int | None = None,
    text: str = "",
    charge: Decimal | None = None,
) -> Rma:
    """RA-21: what the failed part turned out to be; the return is closed. Damage may be charged for, with a report."""
    actor.require("rma:manage")
    if result not in Inspection.values:
        raise CannotReturn("Choose what the inspection found.", param="result")
    if charge is not None and result != Inspection.DAMAGED:
        raise CannotReturn("Only damage is charged for.", param="charge")
    with held(rma, now, version) as rma:
        fields = go(rma, "inspect")
        if result == Inspection.DAMAGED:
            text = said(text, "Describe the damage. The customer reads it.", param="text", longest=1000)
        rma.inspection, rma.inspection_note = result, text.strip()[:1000]
        if charge is not None:
            rma.repair_invoice = charge_damage(actor, rma, charge, now)
        save(
            rma, now, *fields, "inspection", "inspection_note", "repair_invoice",
            *end(rma, now, ending=Ending.RETURNED, reason=Inspection(result).label),
        )  # fmt: skip
        note(actor, rma, "rma.inspected", now, result=result, text=rma.inspection_note)
        tell_closed(actor, rma, now)
        return rma


def _lost(actor: Actor, rma: Rma, shipment: Shipment, now: datetime) -> None:
    """RA-20: the carrier lost it on a label of ours. The customer owes nothing."""
    if rma.state != RmaState.RETURN_IN_TRANSIT:
        return
    fields = go(rma, "lose_return")
    save(rma, now, *fields, *end(rma, now, ending=Ending.LOST, reason="The carrier lost it on our label."))
    for item in shipment.items.select_related("component__product", "unit"):
        if item.component is not None:
            put_away(actor=actor, component=item.component, state=Component.State.RETIRED, reason="Lost", now=now)
        if item.unit is not None and lock_unit(item.unit).state == UnitState.DEFECTIVE_IN_TRANSIT:
            move_unit(actor, lock_unit(item.unit), "lose", now)
    if rma.non_return_invoice is not None:
        credit(actor, rma, now)
    cancel_supplier_records(actor, rma, now)
    note(actor, rma, "rma.return-lost", now)
    tell_closed(actor, rma, now)


def _came_back_to_sender(actor: Actor, rma: Rma, shipment: Shipment, now: datetime) -> None:
    """The customer has the part again: a new box is prepared for the same parts."""
    if rma.state != RmaState.RETURN_IN_TRANSIT:
        return
    prepare_again(rma, now)


effects[BACK, ShipmentState.IN_TRANSIT] = _scanned
effects[BACK, ShipmentState.LOST] = _lost
effects[BACK, ShipmentState.RETURNED_TO_SENDER] = _came_back_to_sender
