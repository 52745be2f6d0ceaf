"""What deeds on people share: whose people they are, and the audit chain of an organisation."""

from datetime import datetime
from typing import Any

from rozoom_support.lib.refusals import NotFound
from tenancy import audit
from tenancy.actor import Actor
from tenancy.models import Kind, Organisation, Role

# Who manages the people of an organisation; the last one may not be taken away.
ADMINISTRATOR_OF_KIND: dict[str, Role] = {
    Kind.CUSTOMER: Role.CUSTOMER_ADMINISTRATOR,
    Kind.RESELLER: Role.RESELLER_MANAGER,
    Kind.OPERATOR: Role.ADMINISTRATOR,
}


def require_managing(actor: Actor, organisation: Organisation) -> None:
    """People are managed by their own organisation's administrators, and by roZoom's. Foreign ones are not there."""
    actor.require("people:manage")
    if actor.kind != "system" and not actor.is_operator and actor.organisation_id != organisation.pk:
        raise NotFound


def record(actor: Actor, organisation: Organisation, verb: str, now: datetime, **data: Any) -> None:
    audit.record(
        actor, customer_id=organisation.pk, chain=f"organisation:{organisation.pk}", verb=verb, now=now, **data
    )
