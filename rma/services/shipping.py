"""The replacement leaves, arrives, is lost, or does not work when it is unpacked."""

from datetime import datetime, timedelta

from django.db import transaction

from contracts.models import Component, normal_serial
from contracts.services import replace_component
from rma.events import note, tell
from rma.lifecycle import machine_of
from rma.machines import CannotMove
from rma.models import Rma, Shipment
from rma.places import place_of_site, place_of_warehouse
from rma.promise import return_due, schedule_met
from rma.services._common import PROMISED, CannotReturn, go, held, save, save_quietly
from rma.services._stock import lock_unit, move_unit
from rma.services.allocating import serve_backorders
from rma.services.approving import promise_dates
from rma.services.boxes import label, lock_shipment, prepare_out, put_in
from rma.services.carrying import FIRST_SCAN, arrive_by_hand, effects
from rma.services.deciding import is_serviced
from rma.services.holding import fails_recheck
from rma.services.returning import expect_also, last_box, on_its_way_already, prepare_again
from rma.standing import today_of
from rma.states import Media, RmaKind, RmaState, ShipmentKind, ShipmentState, SupplierState
from rma.stock_lifecycle import SHIPMENT
from tenancy.actor import Actor

DOA_WITHIN = timedelta(days=30)
OUT = ShipmentKind.REPLACEMENT_OUT
SENT = ["shipped_at", "shipped_on", "promise_met"]


class CannotShip(CannotReturn):
    code = "cannot_ship"


@transaction.atomic
def ship(
    *,
    actor: Actor,
    rma: Rma,
    scanned_serial: str,
    carrier: str,
    tracking_number: str,
    now: datetime,
    version: int | None = None,
    return_tracking_number: str = "",
) -> Rma:
    """RA-9: the scanned serial is the reserved one, the supplier's record was sent, the return label lies in the box.

    Where the rules say otherwise now, it is ON_HOLD and the unit is free (RA-25): look at the state of what comes back.
    `return_tracking_number` makes the return label, where that is not made yet.
    """
    actor.require("rma:manage")
    with held(rma, now, version) as rma:
        if machine_of(rma).find("ship", rma.state) is None:
            raise CannotMove(machine_of(rma).explain(rma, "ship"), param="action")
        if fails_recheck(actor, rma, now):
            serve_backorders(actor=actor, now=now)
            return rma
        _refuse_wrong_unit(rma, scanned_serial)
        _refuse_without_record(rma)
        _label_the_way_back(actor, rma, carrier, return_tracking_number, now)
        assert rma.unit is not None
        assert rma.pool is not None
        shipment = prepare_out(rma, OUT, from_name=rma.pool.warehouse.name, from_address=rma.pool.warehouse.address)
        put_in(shipment, unit=rma.unit)
        label(actor, shipment, carrier, tracking_number, now)
        SHIPMENT.go(shipment, "scan")
        shipment.shipped_at = shipment.last_scan_at = now
        shipment.save(update_fields=["state", "shipped_at", "last_scan_at"])
        fields = go(rma, "ship")
        _judge(rma, now)
        save(rma, now, *fields, *SENT)
        move_unit(actor, lock_unit(rma.unit), "ship", now)
        note(
            actor,
            rma,
            "rma.shipped",
            now,
            serial=rma.unit.serial,
            carrier=shipment.carrier,
            tracking=shipment.tracking_number,
        )
        tell("rma.shipped", actor, rma, now, carrier=shipment.carrier, tracking=shipment.tracking_number)
        return rma


def _refuse_wrong_unit(rma: Rma, scanned: str) -> None:
    assert rma.unit is not None
    if normal_serial(scanned) != rma.unit.serial_normal:
        read = scanned.strip() or "nothing"
        words = (
            f"You scanned {read}. {rma.unit.serial} is reserved for {rma}. Scan that unit, or reserve the other one."
        )
        raise CannotShip(words, param="scanned_serial")


def _refuse_without_record(rma: Rma) -> None:
    told = rma.supplier_records.exclude(state__in=[SupplierState.DRAFT, SupplierState.CANCELLED])
    if not told.exists():
        raise CannotShip(
            "The supplier has no record of it yet. Make and send it before the unit leaves.", param="supplier"
        )


def _label_the_way_back(actor: Actor, rma: Rma, carrier: str, tracking_number: str, now: datetime) -> None:
    if rma.media == Media.RETAINED:
        return  # the part stays with the customer, who sends a certificate
    back = last_box(rma)
    if back is None or back.state == ShipmentState.RETURNED_TO_SENDER:
        back = prepare_again(rma, now)
    if back is None or (back.state == ShipmentState.DRAFT and not tracking_number.strip()):
        words = "The label for the way back is missing. Enter its tracking number."
        raise CannotShip(words, param="return_tracking_number")
    if back.state == ShipmentState.DRAFT:
        label(actor, lock_shipment(back), carrier, tracking_number, now)


def _judge(rma: Rma, first_scan_at: datetime) -> None:
    """Whether it left in time: the first scan, as a day at the warehouse, against the day of the contract."""
    assert rma.pool is not None
    place = place_of_warehouse(rma.pool.warehouse)
    rma.shipped_at, rma.shipped_on = first_scan_at, first_scan_at.astimezone(place.tz()).date()
    rma.promise_met = None
    if rma.contract_ship_by is not None:
        rma.promise_met = schedule_met(first_scan_at, place, rma.contract_ship_by)


def _scanned(actor: Actor, rma: Rma, shipment: Shipment, now: datetime) -> None:
    """The carrier's own first scan is what counts, not our word that it left."""
    if shipment.shipped_at is not None and rma.unit_id and shipment.items.filter(unit=rma.unit_id).exists():
        _judge(rma, shipment.shipped_at)
        save_quietly(rma, now, *SENT)


# It arrives ------------------------------------------------------------------------------------------------------------


def _arrived(actor: Actor, rma: Rma, shipment: Shipment, now: datetime) -> None:
    """RA-11: from that day the new serial has what covered the old one, and the old one is due in 10 business days."""
    if rma.state != RmaState.SHIPPED or rma.component is None or rma.unit is None:
        return
    site = rma.ship_to or rma.component.site
    fields = go(rma, "deliver")
    rma.delivered_at, rma.delivered_on = shipment.delivered_at, shipment.delivered_on
    assert rma.delivered_on is not None
    rma.return_due = return_due(rma.delivered_on, place_of_site(site))
    unit = lock_unit(rma.unit)
    covered = rma.replacement or rma.component  # after a dead replacement, cover goes on from that one
    rma.replacement = replace_component(
        actor=actor,
        component=covered,
        product=unit.product,
        serial=unit.serial,
        site=site,
        on=rma.delivered_on,
        now=now,
    )
    save(rma, now, *fields, "delivered_at", "delivered_on", "return_due", "replacement")
    move_unit(actor, unit, "deliver", now, component_key=rma.replacement.pk)
    note(actor, rma, "rma.delivered", now, serial=unit.serial, at=rma.delivered_at, return_due=rma.return_due)
    tell("rma.delivered", actor, rma, now, return_due=rma.return_due)
    on_its_way_already(actor, rma, now)


def _not_arrived(actor: Actor, rma: Rma, shipment: Shipment, now: datetime) -> None:
    """RA-10: lost, or on its way back to us. Another unit is sent under the same number, with a new promise."""
    if rma.state != RmaState.SHIPPED or rma.unit is None:
        return
    unit, is_lost = lock_unit(rma.unit), shipment.state == ShipmentState.LOST
    fields = _begin_again(actor, rma, "ship_again", now)
    save(rma, now, *fields)
    move_unit(actor, unit, "lose" if is_lost else "return_to_sender", now)
    note(actor, rma, "rma.lost", now, serial=unit.serial, shipment=shipment.state)
    tell("rma.lost", actor, rma, now, serial=unit.serial, shipment=shipment.state)


def _begin_again(actor: Actor, rma: Rma, move: str, now: datetime) -> list[str]:
    """APPROVED again: what was promised before is kept beside the new promise."""
    fields = go(rma, move)
    rma.earlier_promises = [
        *rma.earlier_promises,
        {
            "approved_at": rma.approved_at and rma.approved_at.isoformat(),
            "ship_by": rma.contract_ship_by and rma.contract_ship_by.isoformat(),
            "shipped_on": rma.shipped_on and rma.shipped_on.isoformat(),
            "met": rma.promise_met,
        },
    ]
    rma.unit = rma.shipped_at = rma.shipped_on = rma.promise_met = None
    rma.backordered_at = rma.expected_on = None
    assert rma.pool is not None
    assert rma.component is not None
    rma.decision["promises_date"] = is_serviced(rma.ship_to or rma.component.site)
    promise_dates(actor, rma, rma.pool, now)
    return [*fields, *PROMISED, *SENT, "pool", "unit", "earlier_promises", "backordered_at", "expected_on", "decision"]


@transaction.atomic
def deliver(*, actor: Actor, rma: Rma, now: datetime, version: int | None = None) -> Rma:
    """RA-11, FR-28 without the carrier: the customer says that it arrived."""
    actor.require("rma:request")
    with held(rma, now, version) as rma:
        name = "deliver" if rma.kind == RmaKind.ADVANCE else "deliver_back"
        if machine_of(rma).find(name, rma.state) is None:
            raise CannotMove(machine_of(rma).explain(rma, name), param="action")
        kind = OUT if name == "deliver" else ShipmentKind.FACTORY_OUT
        on_way = rma.shipments.filter(kind=kind, state__in=["LABEL_CREATED", "IN_TRANSIT", "EXCEPTION"])
        shipment = on_way.order_by("label_at", "id").last()
        if shipment is None:
            raise CannotReturn(f"Nothing is on its way for {rma}.")
        arrive_by_hand(actor, rma, lock_shipment(shipment), now)
        return rma


@transaction.atomic
def dead_on_arrival(*, actor: Actor, rma: Rma, reason: str, now: datetime, version: int | None = None) -> Rma:
    """RA-12: the replacement did not work within 30 days of its delivery. A second unit is sent; both come back."""
    actor.require("rma:manage")
    if not reason.strip():
        raise CannotReturn("Say what is wrong with the replacement.", param="reason")
    with held(rma, now, version) as rma:
        if rma.delivered_on is not None and today_of(rma, now) > rma.delivered_on + DOA_WITHIN:
            words = f"It was delivered on {rma.delivered_on:%d %b %Y}, more than 30 days ago. Ask for a return of that serial."
            raise CannotReturn(words)
        dead = rma.replacement
        fields = _begin_again(actor, rma, "dead_on_arrival", now)
        rma.dead_on_arrival += 1
        save(rma, now, *fields, "dead_on_arrival")
        assert dead is not None
        expect_also(rma, Component.objects.select_related("product").get(pk=dead.pk))
        note(actor, rma, "rma.dead-on-arrival", now, serial=dead.serial, reason=reason.strip())
        tell("rma.dead_on_arrival", actor, rma, now, serial=dead.serial)
        return rma


effects[OUT, FIRST_SCAN] = _scanned
effects[OUT, ShipmentState.DELIVERED] = _arrived
effects[OUT, ShipmentState.LOST] = _not_arrived
effects[OUT, ShipmentState.RETURNED_TO_SENDER] = _not_arrived
