"""Rows of the queue as a page draws them: plain values, no queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from sla.clock import TARGETS
from tenancy.actor import Actor
from tickets.lifecycle import UNSOLVED, State, Turn
from tickets.models import MessageKind, Ticket

NOTE_WORDS: dict[str, str] = {MessageKind.PARTNER: "Partner note, ", MessageKind.INTERNAL: "Internal note, "}


@dataclass(frozen=True)
class Row:
    reference: str
    url: str
    subject: str
    severity: int
    customer: str
    site: str
    owner: str
    is_mine: bool
    state: str
    state_words: str
    last: str
    started_at: datetime | None
    due_at: datetime | None
    changed_at: datetime
    silence: str  # why no clock stands in the row


def row(actor: Actor, ticket: Ticket, said: Mapping[str, str] | None, list_query: str) -> Row:
    started_at, due_at = clock_of(ticket)
    return Row(
        reference=ticket.reference,
        url=ticket_url(ticket.reference, list_query),
        subject=ticket.subject,
        severity=ticket.severity,
        customer=ticket.customer.name,
        site=ticket.site.name if ticket.site else "",
        owner=ticket.assignee_name,
        is_mine=ticket.assignee_id is not None and ticket.assignee_id == actor.person_id,
        state=ticket.state,
        state_words=state_words(ticket),
        last=last_line(ticket, said),
        started_at=started_at,
        due_at=due_at,
        changed_at=ticket.closed_at or ticket.resolved_at or ticket.updated_at,
        silence="No answer due" if ticket.covered else "Not covered, no promise",
    )


def rows(actor: Actor, tickets: Sequence[Ticket], said: Mapping[int, Mapping[str, str]], list_query: str) -> list[Row]:
    return [row(actor, ticket, said.get(ticket.pk), list_query) for ticket in tickets]


def ticket_url(reference: str, list_query: str = "") -> str:
    """The ticket's page, which leads back to the list it was opened from."""
    return with_query(reverse("desk:ticket", args=[reference]), list_query)


def with_query(url: str, query: str) -> str:
    return f"{url}?{query}" if query else url


def clock_of(ticket: Ticket) -> tuple[datetime | None, datetime | None]:
    """Start and due time of the promise that runs. The start is the target before it, as "Due soon" counts it."""
    due_at = ticket.clock_due_at if ticket.state in UNSOLVED else None
    return (due_at - TARGETS[ticket.severity] if due_at else None), due_at


def state_words(ticket: Ticket) -> str:
    """Who acts next is said with the state."""
    if ticket.state == State.WAITING:
        return f"Waiting for {Turn(ticket.turn).label.lower()}"
    if ticket.state == State.OPEN:
        return f"With {Turn(ticket.turn).label}"
    return State(ticket.state).label


def last_line(ticket: Ticket, said: Mapping[str, str] | None) -> str:
    """The newest message in one line; before there is one, what was reported."""
    if said is None:
        return f"{ticket.reporter_name}: {one_line(ticket.opening)}"  # type: ignore[attr-defined]
    return f"{NOTE_WORDS.get(said['kind'], '')}{said['author']}: {one_line(said['text'])}"


def one_line(text: str) -> str:
    """Without line breaks and the commonest marks of Markdown."""
    return " ".join(text.replace("**", "").replace("`", "").split())
