"""The audit event of a change that roZoom makes to a record by hand, in the admin."""

from collections.abc import Sequence
from datetime import datetime

from tenancy import audit
from tenancy.actor import Actor


def record_change(
    *, actor: Actor, organisation_id: int, what: str, is_new: bool, fields: Sequence[str], now: datetime
) -> None:
    """Names the fields, not their values: tenants' details stand in the record, not a second time in the trail."""
    audit.record(
        actor,
        customer_id=organisation_id,
        chain=f"organisation:{organisation_id}",
        verb="record.made" if is_new else "record.changed",
        now=now,
        kind=audit.INTERNAL,
        what=what,
        fields=list(fields),
    )
