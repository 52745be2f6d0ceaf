"""Who is told about a return. Read as the worker, who sees all tenants: every look-up names the organisation it means."""

from notifications.readers import Reader, members
from rma.models import Rma
from tenancy.capabilities import role_may
from tenancy.models import Kind, Role
from tickets.emails.recipients import customer_voice, reseller_agents


def customers(rma: Rma) -> list[Reader]:
    """Who asked for it, and who reported the ticket; where nobody of them is left, the administrators."""
    asked = members(person_id=rma.requested_by_id, organisation_id=rma.customer_id) if rma.requested_by_id else []
    voices = [reader for reader in customer_voice(rma.ticket) if reader.party == "customer"]
    told = [*asked, *voices]
    return told or members(organisation_id=rma.customer_id, role=Role.CUSTOMER_ADMINISTRATOR)


def payers(rma: Rma) -> list[Reader]:
    """Who reads bills, besides."""
    return [*customers(rma), *members(organisation_id=rma.customer_id, role=Role.CUSTOMER_ADMINISTRATOR)]


def coordinators() -> list[Reader]:
    """Who approves returns; where nobody has that work alone, everybody who may."""
    found = members(organisation__kind=Kind.OPERATOR, role=Role.COORDINATOR)
    roles = [role for role in Role.values if role_may(role, "rma:manage")]
    return found or members(organisation__kind=Kind.OPERATOR, role__in=roles)


def resellers(rma: Rma) -> list[Reader]:
    """Its own reseller's: who asked for it, else its agents. Nobody for a customer of roZoom itself."""
    if rma.requested_by_id is not None and rma.requested_by_party == "reseller":
        asked = members(
            person_id=rma.requested_by_id, organisation_id=rma.reseller_id, organisation__kind=Kind.RESELLER
        )
        if asked:
            return asked
    return reseller_agents(rma.ticket)
