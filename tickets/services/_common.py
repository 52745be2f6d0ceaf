"""What every deed on a ticket begins and ends with: the lock, the version, the audit event, the event for others."""

from datetime import datetime, timedelta
from typing import Any

from notifications import services as notifications
from rozoom_support.lib.refusals import NotFound, Stale
from sla import notes
from tenancy import audit
from tenancy.actor import Actor
from tickets.models import MessageKind, Ticket

NOTES: dict[str, str] = {MessageKind.PARTNER: "partner_notes", MessageKind.INTERNAL: "internal_notes"}


def lock(ticket: Ticket, *, version: int | None = None) -> Ticket:
    """Lock the row for this deed. Raises Stale when the caller saw another version than the one that stands.

    Order of locks, everywhere: ticket, then its clock, then its audit chain. The sweeper takes the last two.
    """
    locked = Ticket.objects.select_for_update(of=("self",)).defer("search").filter(pk=ticket.pk).first()
    if locked is None:
        raise NotFound
    if version is not None and version != locked.version:
        raise Stale("Someone changed this ticket meanwhile. Read it again, then repeat what you wanted to do.")
    return locked


def save(ticket: Ticket, now: datetime, *fields: str) -> None:
    ticket.version += 1
    # A deed that waited for the lock began before the one it waited for: a reader that follows changes must not miss it.
    ticket.updated_at = max(now, ticket.updated_at + timedelta(microseconds=1))
    ticket.save(update_fields=[*fields, "version", "updated_at"])


def save_said(ticket: Ticket, kind: str, now: datetime, *fields: str) -> None:
    """After a message or files for the readers of `kind`. A note is no change for whoever may not read it."""
    if kind == MessageKind.PUBLIC:
        save(ticket, now, *fields)
        return
    column = NOTES[kind]
    setattr(ticket, column, getattr(ticket, column) + 1)
    ticket.save(update_fields=[*fields, column])


def record(actor: Actor, ticket: Ticket, verb: str, now: datetime, *, kind: str = audit.PUBLIC, **data: Any) -> None:
    """The event also says what the deed did to the ticket's clocks so far."""
    if ticket.clock_notes:
        data[notes.KEY] = [*ticket.clock_notes]
        ticket.clock_notes.clear()
    audit.record(actor, customer_id=ticket.customer_id, chain=ticket.chain, verb=verb, now=now, kind=kind, **data)


def tell(topic: str, actor: Actor, ticket: Ticket, now: datetime, **payload: Any) -> None:
    """Write the event that mail and webhooks are made from, in this transaction, and wake the deliverer after it.

    The last step of a deed: RuntimeError when it moved a clock that none of its audit events tells of.
    """
    if ticket.clock_notes:
        raise RuntimeError(f"{topic}: no audit event tells what was done to the clocks of {ticket.reference}")
    notifications.emit(
        topic,
        customer_id=ticket.customer_id,
        reseller_id=ticket.reseller_id,
        ticket_id=ticket.pk,
        severity=ticket.severity,
        payload={"by_party": actor.party, "by_person": actor.person_id, "by_name": actor.name, **payload},
        now=now,
    )
    notifications.wake()
