"""Who works on it. Two people taking at once: the second one is told who was first."""

from datetime import datetime

from django.db import transaction

from rozoom_support.lib.refusals import Refused
from tenancy import audit
from tenancy.actor import Actor
from tenancy.capabilities import TRIAGE, role_may
from tenancy.models import Kind, Membership
from tickets.lifecycle import UNSOLVED, State
from tickets.models import Ticket
from tickets.services._common import lock, record, save, tell

SEEN_NOTHING = object()


class CannotAssign(Refused):
    code = "cannot_assign"


@transaction.atomic
def take(
    *,
    actor: Actor,
    ticket: Ticket,
    now: datetime,
    seen_assignee: int | object | None = SEEN_NOTHING,
    version: int | None = None,
) -> Ticket:
    """Make the actor the assignee. `seen_assignee` is who had it on the page; when it is somebody else now, nothing changes."""
    actor.require("ticket:work")
    if actor.person_id is None:
        raise CannotAssign("A token can not take a ticket. Assign it to a person.")
    return _hand_over(actor, ticket, actor.person_id, actor.name, actor.party, now, seen_assignee, version)


@transaction.atomic
def assign(
    *,
    actor: Actor,
    ticket: Ticket,
    to: Membership | None,
    now: datetime,
    seen_assignee: int | object | None = SEEN_NOTHING,
    version: int | None = None,
) -> Ticket:
    """Give it to a person of roZoom's desk or of the ticket's reseller, or to nobody."""
    actor.require("ticket:assign")
    if to is None:
        return _hand_over(actor, ticket, None, "", "", now, seen_assignee, version)
    organisation = to.organisation
    of_reseller = organisation.kind == Kind.RESELLER and organisation.pk == ticket.reseller_id
    of_rozoom = organisation.kind == Kind.OPERATOR and to.role in TRIAGE
    if not to.is_active or not (of_rozoom or (of_reseller and role_may(to.role, "ticket:work"))):
        raise CannotAssign("Choose a person of roZoom's desk or of this customer's reseller.", param="assignee")
    party = organisation.kind.lower()
    return _hand_over(actor, ticket, to.person_id, to.person_name, party, now, seen_assignee, version)


def _hand_over(
    actor: Actor,
    ticket: Ticket,
    person_id: int | None,
    name: str,
    party: str,
    now: datetime,
    seen_assignee: int | object | None,
    version: int | None,
) -> Ticket:
    ticket = lock(ticket, version=version)
    if ticket.state not in UNSOLVED:
        raise CannotAssign("This ticket has ended. Reopen it first.")
    if seen_assignee is not SEEN_NOTHING and ticket.assignee_id not in (seen_assignee, person_id):
        owner = ticket.assignee_name or "nobody"
        raise CannotAssign(f"{owner} has this ticket now. Nothing was changed.")
    if ticket.assignee_id == person_id:
        return ticket
    came_from = ticket.assignee_name
    ticket.assignee_id, ticket.assignee_name, ticket.assignee_party = person_id, name, party
    ticket.assigned_at = now if person_id else None
    fields = ["assignee_id", "assignee_name", "assignee_party", "assigned_at"]
    if ticket.state == State.NEW and person_id is not None:
        ticket.begin()
        fields.append("state")
    save(ticket, now, *[field.removesuffix("_id") if field == "assignee_id" else field for field in fields])
    record(actor, ticket, "ticket.assigned", now, kind=audit.PUBLIC, was=came_from, to=name)
    tell("ticket.assigned", actor, ticket, now, to_person=person_id, to_name=name)
    return ticket
