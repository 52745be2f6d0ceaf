"""Reads of returns. Row security shows each reader their own; these find one, or say that there is none."""

from uuid import UUID

from rma.models import Rma, RmaQuerySet, Shipment, SupplierRma
from rozoom_support.lib.refusals import NotFound
from tenancy.actor import Actor
from tickets.models import Ticket


def rma_for(actor: Actor, reference: str) -> Rma:
    """The one way to a return, by what stands on its label. Raises NotFound when missing or foreign."""
    actor.require("rma:read")
    found = Rma.objects.for_list().filter(reference=reference.upper()).first()
    if found is None:
        raise NotFound
    return found


def returns_of(actor: Actor, ticket: Ticket) -> RmaQuerySet:
    """Of one ticket, the latest first."""
    actor.require("rma:read")
    return Rma.objects.for_list().filter(customer_id=ticket.customer_id, ticket=ticket).order_by("-requested_at", "-id")


def supplier_record_for(actor: Actor, key: UUID | str) -> SupplierRma:
    """Of this supplier; roZoom sees every one."""
    actor.require("supplier-rma:read")
    found = SupplierRma.objects.filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


def shipment_for(actor: Actor, key: UUID | str) -> Shipment:
    if not actor.can("rma:read"):
        actor.require("supplier-rma:read")
    found = Shipment.objects.filter(pk=key).first()
    if found is None:
        raise NotFound
    return found
