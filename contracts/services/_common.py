"""What every deed on agreements and invoices writes into the audit trail."""

from datetime import datetime
from typing import Any

from contracts.models import Invoice, SupportAgreement
from tenancy import audit
from tenancy.actor import Actor


def record(actor: Actor, on: SupportAgreement | Invoice, verb: str, now: datetime, **data: Any) -> None:
    """An agreement and its invoices have one chain, which the customer and its reseller may read."""
    agreement_id = on.pk if isinstance(on, SupportAgreement) else (on.term.agreement_id if on.term else on.pk)
    audit.record(
        actor,
        customer_id=on.customer_id,
        chain=f"agreement:{agreement_id}",
        verb=verb,
        now=now,
        kind=audit.PUBLIC,
        **data,
    )
