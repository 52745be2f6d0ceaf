"""Who is told about a ticket. Read as the worker, who sees all tenants: every look-up names the organisation it means."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from notifications.readers import Reader, members, reader_of, without
from sla import duty, reach
from sla.models import Recipient
from tenancy.models import Kind, Role
from tickets.models import Channel, Ticket

NO_ORGANISATION = NO_ACCOUNT = 0  # no row has this number


def reporter(ticket: Ticket) -> list[Reader]:
    """Nobody when a program reported it, or when the person has left."""
    if ticket.reporter_id is None:
        return guest(ticket)
    return members(person_id=ticket.reporter_id, **_side(ticket, ticket.reporter_party))


def guest(ticket: Ticket) -> list[Reader]:
    """Who reported it by mail from an address of the customer's own domain, without an account. Only while the domain is."""
    customer, address = ticket.customer, ticket.reporter_email.lower()
    is_theirs = address.rpartition("@")[2] in customer.mail_domains
    if (
        ticket.channel != Channel.EMAIL
        or ticket.reporter_party != "customer"
        or not is_theirs
        or not customer.is_active
    ):
        return []
    return [Reader(NO_ACCOUNT, ticket.reporter_name, address, "customer", ticket.customer_id, customer.time_zone)]


def customer_voice(ticket: Ticket) -> list[Reader]:
    """Who hears our answers: the reporter outside roZoom, else the customer's administrators, so that somebody does."""
    told = reporter(ticket) if ticket.reporter_party != "operator" else []
    return told or members(organisation_id=ticket.customer_id, role=Role.CUSTOMER_ADMINISTRATOR)


def assignee(ticket: Ticket) -> list[Reader]:
    if ticket.assignee_id is None:
        return []
    return members(person_id=ticket.assignee_id, **_side(ticket, ticket.assignee_party))


def rozoom_assignee(ticket: Ticket) -> list[Reader]:
    """Nobody when a reseller's person has the ticket."""
    return assignee(ticket) if ticket.assignee_party == "operator" else []


def team(ticket: Ticket) -> list[Reader]:
    if ticket.team_id is None:
        return []
    return members(teams=ticket.team_id, organisation__kind=Kind.OPERATOR)


def team_lead(ticket: Ticket) -> list[Reader]:
    if ticket.team_id is None:
        return []
    return members(leads=ticket.team_id, organisation__kind=Kind.OPERATOR)


def desk_agents() -> list[Reader]:
    return members(organisation__kind=Kind.OPERATOR, role=Role.AGENT)


def on_duty(ticket: Ticket, at: datetime) -> list[Reader]:
    """Of the ticket's team: all of it where no rota says who, and all agents where there is no team or nobody in it."""
    told = duty.on_duty(ticket.team_id, at) if ticket.team_id is not None else []
    return [reader_of(membership) for membership in told] or desk_agents()


def duty_managers(at: datetime) -> list[Reader]:
    """Who has duty by the rota; else all of them, else the administrators, so that the last rung is never empty."""
    return [reader_of(membership) for membership in duty.on_duty(None, at)]


def reseller_agents(ticket: Ticket) -> list[Reader]:
    """Nobody for a customer of roZoom itself; the managers where the reseller has no agents."""
    return _resellers(ticket, Role.RESELLER_AGENT) or _resellers(ticket, Role.RESELLER_MANAGER)


def reseller_managers(ticket: Ticket) -> list[Reader]:
    return _resellers(ticket, Role.RESELLER_MANAGER)


def rozoom_owner_or_desk(ticket: Ticket) -> list[Reader]:
    return rozoom_assignee(ticket) or team(ticket) or desk_agents()


def of_the_ladder(ticket: Ticket, names: Sequence[str], at: datetime) -> list[Reader]:
    """The people behind the roles of one rung (sla.models.Recipient) at that time. A ticket without a lead falls to who
    works on it.

    Only roZoom's answer keeps the promise: somebody there is told in time, also while a reseller's person has the ticket.
    """

    def works() -> list[Reader]:
        return rozoom_assignee(ticket) or on_duty(ticket, at)

    people: dict[str, Callable[[], list[Reader]]] = {
        Recipient.ASSIGNEE_OR_TEAM: lambda: without([*assignee(ticket), *works()], None),
        Recipient.ON_DUTY: lambda: on_duty(ticket, at),
        Recipient.TEAM_LEAD: lambda: team_lead(ticket) or works(),
        Recipient.RESELLER_AGENTS: lambda: reseller_agents(ticket),
        Recipient.DUTY_MANAGER: lambda: duty_managers(at),
        Recipient.RESELLER_MANAGER: lambda: reseller_managers(ticket),
    }
    return [reader for name in names for reader in people[name]()]


@reach.resolves
def would_be_told(case: reach.Case, names: Sequence[str], at: datetime) -> list[str]:
    """For the preview of a ladder: a ticket that nobody has taken."""
    ticket = Ticket(team_id=case.team_id, reseller_id=case.reseller_id or NO_ORGANISATION)
    return [reader.name for reader in without(of_the_ladder(ticket, names, at), None)]


def voices(ticket: Ticket, party: str) -> list[Reader]:
    """Who may speak for a party about the severity: asked, when its answer is awaited."""
    if party == "customer":
        reported = reporter(ticket) if ticket.reporter_party == "customer" else []
        return reported or members(organisation_id=ticket.customer_id, role=Role.CUSTOMER_ADMINISTRATOR)
    return reseller_agents(ticket) if party == "reseller" else rozoom_owner_or_desk(ticket)


def spoke(ticket: Ticket, party: str, person_id: int | None) -> list[Reader]:
    """Who spoke for a party; all its voices when it was a program, a consent given beforehand, or somebody who has left."""
    found = [] if person_id is None else members(person_id=person_id, **_side(ticket, party))
    return found or voices(ticket, party)


def _resellers(ticket: Ticket, role: Role) -> list[Reader]:
    return members(organisation_id=ticket.reseller_id, organisation__kind=Kind.RESELLER, role=role)


def _side(ticket: Ticket, party: str) -> dict[str, Any]:
    """The organisation somebody spoke for. A customer that changed its reseller is not the old one's business any more."""
    if party == "customer":
        return {"organisation_id": ticket.customer_id}
    if party == "reseller":
        return {"organisation_id": ticket.reseller_id, "organisation__kind": Kind.RESELLER}
    return {"organisation__kind": Kind.OPERATOR}
