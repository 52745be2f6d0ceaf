"""What deeds on people share: whose people they are, the audit chain of an organisation, names that are names."""

import re
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
NOT_IN_A_NAME = re.compile(r"[\x00-\x1f\x7f<>\\]|://|www\.", re.IGNORECASE)


def clean_name(name: str) -> str:
    """One line, spaces made single. Names go into mails we send, so an address to click on is no name: then ""."""
    name = " ".join(name.split())
    return "" if NOT_IN_A_NAME.search(name) else name[:120]


def require_managing(actor: Actor, organisation: Organisation) -> None:
    """People are managed by their own organisation's administrators, and by roZoom's. Foreign ones are not there."""
    actor.require("people:manage")
    if actor.kind != "system" and not actor.is_operator and actor.organisation_id != organisation.pk:
        raise NotFound


def record(actor: Actor, organisation: Organisation, verb: str, now: datetime, **data: Any) -> None:
    audit.record(
        actor, customer_id=organisation.pk, chain=f"organisation:{organisation.pk}", verb=verb, now=now, **data
    )
