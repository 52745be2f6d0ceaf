"""Boxes and their labels: prepared, filled, void."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from contracts.models import Component, normal_serial
from contracts.terms import local_date
from rma.events import note, note_of_ours
from rma.models import PoolUnit, Rma, Shipment, ShipmentItem, SupplierRma
from rma.services._common import CannotReturn
from rma.standing import zone_of
from rma.states import Media, ShipmentKind, ShipmentState
from rma.stock_lifecycle import SHIPMENT
from rma.taken import tracking_is_taken
from rozoom_support.lib.refusals import NotFound
from tenancy.actor import Actor

CARRIER = Actor.system("Carrier")
OUR_NAME = "roZoom"
LABEL_DAYS = timedelta(days=60)
K, H = ShipmentKind, ShipmentState


class CannotTrack(CannotReturn):
    code = "cannot_track"


def prepare_return(rma: Rma, record: SupplierRma, now: datetime) -> Shipment | None:
    """The label with which the failed part comes back; none where the part stays with the customer."""
    if rma.media == Media.RETAINED:
        return None
    waiting = [H.DRAFT, H.LABEL_CREATED, H.IN_TRANSIT, H.EXCEPTION]
    known = rma.shipments.filter(kind=K.DEFECTIVE_RETURN, state__in=waiting).first()
    if known is not None:
        return known
    return prepare_in(rma, K.DEFECTIVE_RETURN, record, now, to=warehouse_of(rma))


def prepare_in(
    rma: Rma,
    kind: str,
    record: SupplierRma,
    now: datetime,
    *,
    to: tuple[str, str],
    parts: Iterable[Component] | None = None,
) -> Shipment:
    """A box from the customer with the failed part, or with those `parts`, to roZoom or to the factory."""
    assert rma.component is not None
    name, address = place_of(rma)
    is_factory = kind == K.FACTORY_IN
    shipment = Shipment.objects.create(
        customer_id=rma.customer_id,
        reseller_id=rma.reseller_id,
        kind=kind,
        rma=rma,
        supplier_rma=record,
        supplier_id=record.supplier_id if is_factory else None,
        from_name=name,
        from_address=address,
        to_name=to[0],
        to_address=to[1],
        to_zone=rma.pool.warehouse.time_zone if rma.pool else "UTC",
        their_reference=record.supplier_number,
        expires_on=local_date(now + LABEL_DAYS, zone_of(rma)),
    )
    for part in [rma.component] if parts is None else parts:
        put_in(shipment, component=part)
    return shipment


def prepare_out(rma: Rma, kind: str, *, from_name: str, from_address: str, supplier_id: int | None = None) -> Shipment:
    """A box to the customer."""
    name, address = place_of(rma)
    return Shipment.objects.create(
        customer_id=rma.customer_id,
        reseller_id=rma.reseller_id,
        kind=kind,
        rma=rma,
        supplier_id=supplier_id,
        from_name=from_name,
        from_address=from_address,
        to_name=name,
        to_address=address,
        to_zone=zone_of(rma),
    )


def put_in(shipment: Shipment, *, component: Component | None = None, unit: PoolUnit | None = None) -> ShipmentItem:
    """One serial into the box, once."""
    part = component or unit
    if part is None:
        raise ValueError("a box holds components or units")
    item, _ = ShipmentItem.objects.get_or_create(
        customer_id=shipment.customer_id,
        reseller_id=shipment.reseller_id,
        shipment=shipment,
        serial_normal=normal_serial(part.serial),
        defaults={
            "kind": shipment.kind,
            "supplier_id": shipment.supplier_id,
            "product_name": part.product.name,
            "serial": part.serial,
            "component": component,
            "unit": unit,
        },
    )
    return item


def place_of(rma: Rma) -> tuple[str, str]:
    """Name and address of where the failed part stands."""
    site = rma.ship_to
    contact = " ".join(filter(None, (rma.contact_name, rma.contact_phone)))
    if site is None:
        return rma.customer.name, contact
    return f"{rma.customer.name}, {site.name}"[:160], "\n".join(filter(None, (site.address, contact)))


def warehouse_of(rma: Rma) -> tuple[str, str]:
    """Name and address to which the failed part comes back."""
    if rma.pool is None:
        return OUR_NAME, ""
    return f"{OUR_NAME}, {rma.pool.warehouse.name}"[:160], rma.pool.warehouse.address


# Labels ----------------------------------------------------------------------------------------------------------------


@transaction.atomic
def make_label(*, actor: Actor, shipment: Shipment, carrier: str, tracking_number: str, now: datetime) -> Shipment:
    """SH-1: the carrier has it in its books. Raises CannotTrack for a number that is taken."""
    actor.require("rma:manage")
    return label(actor, lock_shipment(shipment), carrier, tracking_number, now)


def label(actor: Actor, shipment: Shipment, carrier: str, tracking_number: str, now: datetime) -> Shipment:
    carrier, tracking_number = free_label(carrier, tracking_number, shipment)
    if shipment.kind != K.SUPPLIER_IN and not shipment.items.exists():
        raise CannotTrack("No serial is in this box yet.", param="serial")
    SHIPMENT.go(shipment, "make_label")
    shipment.carrier, shipment.tracking_number, shipment.label_at = carrier, tracking_number, now
    shipment.save(update_fields=["state", "carrier", "tracking_number", "label_at"])
    written(actor, shipment, "label-made", now, carrier=carrier, tracking=tracking_number)
    return shipment


def free_label(carrier: str, tracking_number: str, shipment: Shipment | None = None) -> tuple[str, str]:
    """Both as they are kept. Raises CannotTrack where one is missing, and for a number that another box has."""
    carrier, tracking_number = carrier.strip().upper(), normal_tracking(tracking_number)
    if not carrier:
        raise CannotTrack("Enter the carrier.", param="carrier")
    if not tracking_number:
        raise CannotTrack("Enter the tracking number of the label.", param="tracking_number")
    if tracking_is_taken(carrier, tracking_number, shipment):
        raise CannotTrack("This tracking number is on another box already. Check the label.", param="tracking_number")
    return carrier, tracking_number


def normal_tracking(number: str) -> str:
    return "".join(number.split()).upper()


@transaction.atomic
def cancel_shipment(*, actor: Actor, shipment: Shipment, now: datetime) -> Shipment:
    """SH-2, SH-3: a box that no carrier has scanned."""
    actor.require("rma:manage")
    shipment = lock_shipment(shipment)
    SHIPMENT.go(shipment, "cancel")
    shipment.ended_at = now
    shipment.save(update_fields=["state", "ended_at"])
    written(actor, shipment, "cancelled", now)
    return shipment


def cancel_unused(rma: Rma | None, shipment: Shipment, now: datetime) -> bool:
    """SH-3: a label that nobody used. Another one is made when the part comes after all."""
    if shipment.state != H.LABEL_CREATED:
        return False
    SHIPMENT.go(shipment, "cancel")
    shipment.ended_at = now
    shipment.save(update_fields=["state", "ended_at"])
    written(CARRIER, shipment, "label-void", now)
    return True


def lock_shipment(shipment: Shipment) -> Shipment:
    locked = Shipment.objects.select_for_update(of=("self",)).filter(pk=shipment.pk).first()
    if locked is None:
        raise NotFound
    return locked


def written(actor: Actor, shipment: Shipment, verb: str, now: datetime, **data: Any) -> None:
    """In the return's chain, so that a leg reads as part of its story; a supplier's leg in roZoom's own."""
    verb = f"shipment.{verb}"
    if shipment.rma is not None and shipment.kind not in (K.SUPPLIER_OUT, K.SUPPLIER_IN):
        note(actor, shipment.rma, verb, now, leg=shipment.kind, **data)
    else:
        note_of_ours(actor, f"shipment:{shipment.pk}", verb, now, leg=shipment.kind, **data)
