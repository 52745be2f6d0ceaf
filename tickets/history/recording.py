"""Writing the past of one ticket: the ticket as it stands, its promises, its conversation and its audit trail.

Nobody is told about it: no mail, no webhook, no escalation. Worker's context; the caller's transaction decides.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sla import history as sla
from sla import notes
from tenancy import audit
from tenancy.actor import Actor
from tickets.files import CheckedFile, attach
from tickets.models import Channel, Message, MessageKind, Ticket
from tickets.services.filing import next_number


@dataclass(frozen=True)
class PastEvent:
    """One deed of the past, as it stands in the ticket's audit trail."""

    at: datetime
    by: Actor
    verb: str
    data: dict[str, Any] = field(default_factory=dict)
    kind: str = audit.PUBLIC


@dataclass(frozen=True)
class PastMessage:
    at: datetime
    by: Actor
    body: str
    kind: MessageKind = MessageKind.PUBLIC
    channel: Channel = Channel.PORTAL
    files: Sequence[CheckedFile] = ()
    then: str = ""


def record_past_ticket(
    ticket: Ticket,
    *,
    promises: Sequence[Sequence[sla.PastSegment]],
    events: Iterable[PastEvent],
    messages: Iterable[PastMessage] = (),
    files: Sequence[CheckedFile] = (),
) -> Ticket:
    """Give the ticket its number and write it with everything that belongs to it. `promises`: FIRST, then each NEXT.

    The caller has filled in everything but number, reference and the promise.
    """
    ticket.number = next_number(ticket.customer)
    ticket.reference = f"{ticket.customer.code}-{ticket.number}"
    _show_promise(ticket, promises)
    ticket.save(force_insert=True)
    clocks = [notes.PAST]
    for promise in promises:
        keys = sla.record_past(promise, customer_id=ticket.customer_id, ticket_id=ticket.pk)
        clocks += notes.of_past(promise, keys)
    attach(files, ticket=ticket, author_name=ticket.reporter_name, now=ticket.reported_at)
    told = [(event.at, event) for event in events]
    told += [(message.at, _write(ticket, message)) for message in messages]
    told.sort(key=lambda pair: pair[0])
    last = told[-1][1]  # it says of the clocks how all before has left them
    for _, event in told:
        more: dict[str, Any] = {"reference": ticket.reference} if event.verb == "ticket.filed" else {}
        more |= {notes.KEY: clocks} if event is last else {}
        audit.record(
            event.by,
            customer_id=ticket.customer_id,
            chain=ticket.chain,
            verb=event.verb,
            now=event.at,
            kind=event.kind,
            **more,
            **event.data,
        )
    return ticket


def _show_promise(ticket: Ticket, promises: Sequence[Sequence[sla.PastSegment]]) -> None:
    """Copy what the clocks say to the ticket, as the deeds of today do."""
    first, current = promises[0], promises[-1][-1]
    ticket.response_due_at = first[-1].due_at
    ticket.response_stopped_at = first[-1].stopped_at
    ticket.response_outcome = "RUNNING" if first[-1].stopped_at is None else sla.outcome_of(first)
    ticket.clock_due_at = current.due_at if current.stopped_at is None else None


def _write(ticket: Ticket, past: PastMessage) -> PastEvent:
    message = Message.objects.create(
        ticket=ticket,
        customer_id=ticket.customer_id,
        reseller_id=ticket.reseller_id,
        kind=past.kind,
        body=past.body,
        author_id=past.by.person_id,
        author_name=past.by.name,
        author_party=past.by.party,
        author_organisation=past.by.organisation_name,
        channel=past.channel,
        created_at=past.at,
    )
    attach(past.files, ticket=ticket, message=message, kind=past.kind, author_name=past.by.name, now=past.at)
    data = {"message": str(message.pk), "files": len(past.files), "then": past.then}
    return PastEvent(past.at, past.by, f"message.{past.kind}", data, past.kind)
