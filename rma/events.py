"""The names of what happens to returns: topics of the outbox, and later of webhooks. Each is written with its deed.

The payload always has rma, reference, kind, state, by_party and by_name; more where a deed says so (docs/rma.md).
"""

from datetime import datetime
from typing import Any

from notifications import services as notifications
from rma.models import Rma, SupplierRma
from tenancy import audit
from tenancy.actor import Actor
from tenancy.models import Kind, Organisation

TOPICS: dict[str, str] = {
    "rma.requested": "A return was requested",
    "rma.on_hold": "A return waits for something that is missing",
    "rma.resumed": "What was missing was supplied",
    "rma.decided": "It was decided again what the failure entitles to",
    "rma.rejected": "A return was rejected",
    "rma.converted": "A replacement in advance became a factory repair",
    "rma.upgraded": "A factory repair became a replacement in advance",
    "rma.cancelled": "A return was cancelled",
    "rma.approved": "A replacement in advance was approved",
    "rma.backordered": "No unit is in stock",
    "rma.allocated": "A unit is reserved",
    "rma.shipped": "The replacement left",
    "rma.lost": "A shipment was lost or came back",
    "rma.delivered": "The replacement arrived",
    "rma.dead_on_arrival": "The replacement did not work",
    "rma.reminder": "The failed part is due, or overdue",
    "rma.return_overdue": "The failed part is overdue",
    "rma.return_sent": "The failed part is on its way back",
    "rma.return_received": "The failed part arrived",
    "rma.mismatch": "Another part arrived than the one expected",
    "rma.charged": "A part that was not returned was charged for",
    "rma.credited": "The charge for a part was taken back",
    "rma.quoted": "A repair was quoted",
    "rma.authorised": "A part may be sent in for repair",
    "rma.expired": "A part was not sent in time",
    "rma.diagnosed": "The factory knows what is wrong",
    "rma.repairing": "The repair began",
    "rma.ready": "A part is ready to be sent back",
    "rma.closed": "A return is closed",
    "supplier_rma.submitted": "A supplier was sent a record",
    "supplier_rma.moved": "A supplier's record moved on",
    "shipment.held_up": "A shipment is held up",
}


def tell(topic: str, actor: Actor, rma: Rma, now: datetime, **payload: Any) -> None:
    """Write the event that mail and webhooks are made from, in this transaction."""
    if topic not in TOPICS:
        raise RuntimeError(f"no topic is called {topic}")
    about = {"rma": str(rma.pk), "reference": rma.reference, "kind": rma.kind, "state": rma.state}
    by = {"by_party": actor.party, "by_person": actor.person_id, "by_name": actor.name}
    notifications.emit(
        topic,
        customer_id=rma.customer_id,
        reseller_id=rma.reseller_id,
        ticket_id=rma.ticket_id,
        severity=rma.severity,
        payload={**about, **by, **payload},
        now=now,
    )


def tell_supplier(topic: str, actor: Actor, record: SupplierRma, now: datetime, **payload: Any) -> None:
    """About a supplier's record. One about roZoom's own stock has no customer: then nobody outside is told."""
    if topic not in TOPICS:
        raise RuntimeError(f"no topic is called {topic}")
    if record.rma is None:
        return
    about = {"supplier_rma": str(record.pk), "supplier": record.supplier_id, "record_state": record.state}
    tell(topic, actor, record.rma, now, **about, **payload)


def note(actor: Actor, rma: Rma, verb: str, now: datetime, *, kind: str = audit.PUBLIC, **data: Any) -> None:
    """One event of the return's audit chain."""
    audit.record(actor, customer_id=rma.customer_id, chain=rma.chain, verb=verb, now=now, kind=kind, **data)


def note_of_ours(actor: Actor, chain: str, verb: str, now: datetime, **data: Any) -> None:
    """About roZoom's own stock: the chain is kept with roZoom's organisation, and no tenant reads it."""
    operator = Organisation.objects.values_list("pk", flat=True).get(kind=Kind.OPERATOR)
    audit.record(actor, customer_id=operator, chain=chain, verb=verb, now=now, kind=audit.INTERNAL, **data)
