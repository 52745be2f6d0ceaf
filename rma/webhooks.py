"""What webhooks tell about returns, read under the subscriber's own database role (tickets/webhooks.py)."""

from datetime import datetime
from typing import Any

from notifications.models import Event
from notifications.webhooks.events import writes
from rma.events import TOPICS
from rma.models import Rma
from tenancy.actor import Actor
from tenancy.api.times import stamp

NAMES = [topic for topic in TOPICS if topic.startswith("rma.")]


@writes(*NAMES)
def moved(event: Event, actor: Actor, now: datetime) -> dict[str, Any] | None:
    """The return as it is now, and the state it came into with this event."""
    found = Rma.objects.filter(customer_id=event.customer_id, pk=event.payload.get("rma"))
    rma = found.select_related("customer", "component__product").first()
    ticket = found.values_list("ticket__reference", flat=True).first()
    if rma is None or ticket is None:
        return None
    by = {"name": event.payload.get("by_name", ""), "party": event.payload.get("by_party", "")}
    return {"ticket": ticket, "by": by, "state_then": event.payload.get("state"), "rma": _written(rma)}


def _written(rma: Rma) -> dict[str, Any]:
    component = rma.component
    return {
        "reference": rma.reference,
        "customer": rma.customer.code,
        "kind": rma.kind,
        "state": rma.state,
        "state_since": stamp(rma.state_since),
        "component": str(component.pk) if component else None,
        "serial": component.serial if component else rma.claimed_serial,
        "product": component.product.sku if component else None,
        "requested_at": stamp(rma.requested_at),
        "approved_at": stamp(rma.approved_at),
        "ship_by": rma.contract_ship_by.isoformat() if rma.contract_ship_by else None,
        "deliver_by": rma.deliver_target.isoformat() if rma.deliver_target else None,
        "missing": list(rma.missing),
        "version": rma.version,
    }
