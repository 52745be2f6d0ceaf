"""Taking reply addresses back: mail to them is held from then on, and the next mails carry new ones (docs/mail.md)."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import QuerySet

from rozoom_support.lib.refusals import Refused
from tenancy import audit
from tenancy.actor import Actor, NotAllowed
from tenancy.context import as_deputy
from tickets.mail.releasing import CAPABILITY
from tickets.models import ReplyAddress, Ticket
from tickets.services._common import lock, record

OWN = "notice:read"  # whoever gets mails about tickets


class CannotTakeBack(Refused):
    code = "cannot_take_back"
    status = 422


@dataclass(frozen=True)
class Holder:
    """Somebody who can answer a ticket by mail now."""

    email: str
    organisation: str


def holders(actor: Actor, ticket: Ticket) -> list[Holder]:
    """Of a ticket found under the actor's own role. Who, and never the secret."""
    actor.require(CAPABILITY)
    with as_deputy(ticket.customer_id, staff_too=True):
        rows = _in_force(ticket).order_by("email").values_list("email", "organisation__name").distinct()
        return [Holder(email, name) for email, name in rows]


@transaction.atomic
def take_back(*, actor: Actor, ticket: Ticket, reason: str, now: datetime, email: str = "") -> list[str]:
    """Of this ticket: those of one address, else all. Returns whose they were. Raises CannotTakeBack when there are none."""
    actor.require(CAPABILITY)
    ticket = lock(ticket)
    with as_deputy(ticket.customer_id, staff_too=True):
        wanted = _in_force(ticket).filter(email=email.lower()) if email else _in_force(ticket)
        emails = sorted(set(wanted.values_list("email", flat=True)))
        wanted.update(revoked_at=now)
    if not emails:
        raise CannotTakeBack("These addresses were taken back already, or nobody has one.")
    record(actor, ticket, "mail.taken_back", now, kind=audit.INTERNAL, addresses=emails, reason=reason)
    return emails


@transaction.atomic
def take_back_own(*, actor: Actor, reason: str, now: datetime) -> int:
    """Of a person who lost a mailbox: all of theirs, on every ticket, whomever they work for. Returns how many.

    They may be of many customers' tickets, so a function of the database does it that knows the person by the context.
    """
    actor.require(OWN)
    if actor.person_id is None:
        raise NotAllowed("Only people have reply addresses.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.take_back_own_addresses(%s)", [now])
        (count,) = cursor.fetchone()
    if count:
        own = actor.organisation_id
        audit.record(
            actor, customer_id=own, chain=f"organisation:{own}", verb="mail.own_taken_back", now=now, reason=reason,
            count=count,
        )  # fmt: skip
    return count


def _in_force(ticket: Ticket) -> QuerySet[ReplyAddress]:
    return ReplyAddress.objects.filter(customer_id=ticket.customer_id, ticket_id=ticket.pk, revoked_at__isnull=True)
