"""Open tickets of whoever lost access go back to the team. Otherwise mail about them would go on reaching that person."""

from datetime import datetime

from tenancy import departures
from tenancy.actor import Actor
from tenancy.models import Kind, Membership, Organisation
from tickets.models import Ticket
from tickets.services.assignment import assign


def release_of_person(actor: Actor, membership: Membership, now: datetime) -> None:
    organisation = membership.organisation
    if organisation.kind not in (Kind.RESELLER, Kind.OPERATOR):
        return  # customers own no work
    held = Ticket.objects.open().filter(assignee_id=membership.person_id, assignee_party=organisation.kind.lower())
    if organisation.kind == Kind.RESELLER:
        held = held.filter(reseller_id=organisation.pk)
    for ticket in held.order_by("pk"):
        assign(actor=actor, ticket=ticket, to=None, now=now)


def release_from_reseller(actor: Actor, customer: Organisation, now: datetime) -> None:
    held = Ticket.objects.open().filter(customer=customer, assignee_party=Kind.RESELLER.lower())
    for ticket in held.order_by("pk"):
        assign(actor=actor, ticket=ticket, to=None, now=now)


departures.when_person_leaves.append(release_of_person)
departures.when_reseller_leaves.append(release_from_reseller)
