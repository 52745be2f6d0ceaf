"""What the portal shows of a ticket, in the customer's words. Plain values: templates draw them and never query."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse

from rozoom_support.lib.ui.times import clock_time, deadline, zone_named, zone_word
from sla.clock import TARGET_WORDS, due_at
from sla.queries import unanswered_first
from tickets.lifecycle import State, Turn
from tickets.models import Ticket
from tickets.severity import Proposal
from tickets.shown import OPERATOR_NAME, Promise, promise_of


def by_words(instant: datetime, zone: str, now: datetime) -> str:
    """14:05 CET today; tomorrow; else Mon 23 Nov, 14:05 CET. Always with the zone."""
    local, today = instant.astimezone(zone_named(zone)), now.astimezone(zone_named(zone)).date()
    for day, word in ((today, "today"), (today + timedelta(days=1), "tomorrow")):
        if local.date() == day:
            return f"{clock_time(instant, zone)} {zone_word(local)} {word}"
    return deadline(instant, zone, int(now.timestamp() * 1000))


@dataclass(frozen=True)
class Offer:
    """The severity we propose for a report that is not sent yet, and what it promises."""

    severity: int
    because: str
    within: str
    by: str

    @classmethod
    def of(cls, proposal: Proposal, now: datetime, zone: str) -> "Offer":
        by = by_words(due_at(proposal.severity, now), zone, now)
        return cls(proposal.severity, proposal.because, TARGET_WORDS[proposal.severity], by)


def severity_words(ticket: Ticket) -> str:
    """Where the severity comes from. Who was never asked (an import) has told us nothing."""
    if not ticket.severity_because:
        return ""
    if not ticket.impact:
        return f"Where it comes from: {ticket.severity_because}."
    told = "you told us" if ticket.reporter_party == "customer" else f"{ticket.reporter_name} told us"
    return f"Because {told}: {ticket.severity_because}."


def readers_of(customer: str, partner: str) -> str:
    """Who reads what a customer writes."""
    return f"roZoom, {partner} and {customer}" if partner else f"roZoom and {customer}"


def state_words(ticket: Ticket, partner: str = "your reseller") -> str:
    """Whose turn it is, said to the customer."""
    if ticket.state == State.WAITING:
        with_whom = {
            Turn.CUSTOMER: "Waiting for you",
            Turn.RESELLER: f"With {partner or OPERATOR_NAME}",
            Turn.SUPPLIER: "With a supplier",
        }
        return with_whom.get(Turn(ticket.turn), f"With {OPERATOR_NAME}")
    if ticket.state in (State.NEW, State.OPEN):
        return f"With {OPERATOR_NAME}"
    return "Solved" if ticket.state == State.RESOLVED else ticket.get_state_display()


def look_of(ticket: Ticket) -> str:
    """The look of its state: a customer need not tell new from open."""
    return str(State.OPEN if ticket.state == State.NEW else ticket.state)


def waits_for_customer(ticket: Ticket) -> bool:
    return ticket.state == State.WAITING and ticket.turn == Turn.CUSTOMER


@dataclass(frozen=True)
class Row:
    ticket: Ticket
    url: str
    state: str
    look: str
    where: str
    promise: Promise
    ended_at: datetime | None
    waits: bool


def rows_of(tickets: Iterable[Ticket]) -> list[Row]:
    """Of one customer's list. Only a page with a first promise that ended late asks how it ended."""
    shown = list(tickets)
    late = [one for one in shown if one.response_outcome == "MISSED" and one.response_stopped_at is not None]
    unanswered = unanswered_first(late[0].customer_id, [one.pk for one in late]) if late else set()
    return [row_of(one, unanswered=one.pk in unanswered) for one in shown]


def row_of(ticket: Ticket, *, unanswered: bool) -> Row:
    component, site = ticket.component, ticket.site
    where = [component.product.name if component else "", site.name if site else ""]
    return Row(
        ticket=ticket,
        url=reverse("portal:ticket", args=[ticket.reference]),
        state=state_words(ticket),
        look=look_of(ticket),
        where=" · ".join(part for part in where if part),
        promise=promise_of(ticket, unanswered=unanswered),
        ended_at=ticket.closed_at or ticket.resolved_at or (None if ticket.is_open else ticket.updated_at),
        waits=waits_for_customer(ticket),
    )


def next_words(ticket: Ticket, promise: Promise, partner: str, *, zone: str, now: datetime, told: bool) -> str:
    """What happens next, and who has to act. `told`: it is late, and the duty manager knows."""
    if waits_for_customer(ticket):
        return "We are waiting for your answer. Write it below, then we go on."
    if promise.runs and promise.due_at is not None:
        by = by_words(promise.due_at, zone, now)
        if promise.is_late(now):
            return (
                f"We promised an answer by {by}, and we are late.{' The duty manager has been told.' if told else ''}"
            )
        return f"A person at {OPERATOR_NAME} answers you by {by}."
    return AFTER_ANSWER[str(ticket.state)](ticket, partner)


def _at_work(ticket: Ticket, partner: str) -> str:
    if ticket.state == State.NEW and not ticket.covered:
        return f"Nothing covers this, so no answer time is promised. {OPERATOR_NAME} reads it and tells you what it would cost."
    if ticket.state == State.WAITING and ticket.turn == Turn.SUPPLIER:
        return "We are waiting for a supplier. You get a mail when there is news."
    if ticket.state == State.WAITING and ticket.turn == Turn.RESELLER and partner:
        return f"{partner} works on it. You get a mail when there is news."
    if ticket.assignee_name and ticket.assignee_party in ("operator", "reseller"):
        return f"{ticket.assignee_name} works on it. You get a mail when there is news."
    return f"{OPERATOR_NAME} works on it. You get a mail when there is news."


AFTER_ANSWER: dict[str, Any] = {
    State.NEW: _at_work,
    State.OPEN: _at_work,
    State.WAITING: _at_work,
    State.RESOLVED: lambda ticket, partner: "This is marked as solved. Is something still wrong? Tell us below.",
    State.CLOSED: lambda ticket, partner: "This ticket is closed. Nothing more happens here.",
    State.MERGED: lambda ticket, partner: "This ticket goes on under another number. Write there.",
    State.WITHDRAWN: lambda ticket, partner: "This ticket was withdrawn. Nothing more happens here.",
}
