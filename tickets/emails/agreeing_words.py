"""What is said about a proposed severity: by mail, and in one line in the app."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from notifications.letters import Letter
from notifications.readers import Reader
from sla.clock import TARGET_WORDS, due_after_change
from sla.models import ClockSegment
from tickets.emails.words import deadline_words, reason_to_get, ticket_facts
from tickets.models import SeverityAnswer, SeverityProposal, Ticket
from tickets.shown import OPERATOR_NAME

State = SeverityProposal.State


def proposed(
    ticket: Ticket,
    proposal: SeverityProposal,
    sides: Sequence[str],
    segment: ClockSegment | None,
    reader: Reader,
    now: datetime,
) -> Letter:
    """To who is asked: who wants what and why, whose answer counts, and what it would change."""
    others = joined([name_of(side, ticket, reader) for side in sorted(sides, key=lambda side: side != reader.party)])
    return Letter(
        headline=f"Severity {proposal.to_severity} proposed: {ticket.subject}",
        lead=f"{_proposer(proposal)} {_wish(proposal)}.",
        paragraphs=[
            f"The reason: “{proposal.reason}”",
            f"{others} must all agree." if len(sides) > 2 else f"{others} must both agree.",
            *effect(proposal, segment, reader, now),
            f"Without an answer the proposal ends by {deadline_words(proposal.expires_at, reader, now)}.",
        ],
        facts=[("Subject", ticket.subject), *([] if reader.party == "customer" else ticket_facts(ticket))],
        action="Agree, or say why not",
        why="You get this because your side is asked.",
    )


def effect(proposal: SeverityProposal, segment: ClockSegment | None, reader: Reader, now: datetime) -> list[str]:
    """What would change for the promise if all agree, and what stays until then (docs/promise.md)."""
    was, to = proposal.from_severity, proposal.to_severity
    stays = f"Until then severity {was} stays."
    if segment is None:
        return [stays, "No answer is due now, so no promise changes."]
    old = deadline_words(segment.due_at, reader, now)
    if segment.due_at < now:
        return [stays, f"Our answer was due by {old}. That it is late stays on record."]
    stays = f"Until then severity {was} stays, and our answer is due by {old}."
    if to == was:
        return [stays.replace("Until then s", "S"), "If all agree, nothing changes for the promise."]
    if to < was:
        return [
            stays,
            f"If all agree, our answer is due within {TARGET_WORDS[to]} of that, and never later than {old}.",
        ]
    new = due_after_change(
        old_severity=was, new_severity=to, old_due_at=segment.due_at, counted_from=segment.counted_from, now=now
    )
    return [stays, f"If all agree, our answer is due by {deadline_words(new, reader, now)} instead."]


def ended(
    ticket: Ticket,
    proposal: SeverityProposal,
    no: SeverityAnswer | None,
    payload: Mapping[str, Any],
    reader: Reader,
    now: datetime,
) -> Letter:
    """To those who spoke. What stands in the ticket by now counts, not what the event saw."""
    stays = f"The severity stays {proposal.from_severity}, and so does the promise."
    due = (
        [f"Our answer is due by {deadline_words(ticket.clock_due_at, reader, now)}."]
        if ticket.clock_due_at is not None and ticket.severity == proposal.to_severity
        else []
    )
    said = {
        State.AGREED: (f"All agree: severity {proposal.to_severity}.", due),
        State.OBJECTED: (
            f"{no.by_name if no else 'Somebody'} does not agree to severity {proposal.to_severity}.",
            [*([f"The reason: “{no.reason}”"] if no else []), stays, "You can propose again, with more to go by."],
        ),
        State.WITHDRAWN: (
            f"{payload.get('by_name') or _proposer(proposal)} took back the proposal of severity {proposal.to_severity}.",
            [stays],
        ),
        State.EXPIRED: (
            f"Not everybody answered the proposal of severity {proposal.to_severity} in time.",
            [stays, "You can propose it again."],
        ),
    }
    lead, lines = said.get(
        State(proposal.state), (f"The proposal of severity {proposal.to_severity} is over.", [stays])
    )
    return Letter(
        lead=lead,
        paragraphs=lines,
        facts=[
            ("Subject", ticket.subject),
            ("Proposed by", _proposer(proposal).rstrip(",")),
            ("Reason", proposal.reason),
        ],
        why=reason_to_get(ticket, reader)
        if reader.person_id != proposal.by_person_id
        else "You get this because you proposed it.",
    )


def asked_line(proposal: SeverityProposal, payload: Mapping[str, Any], *, is_new: bool) -> str:
    if is_new:
        return f"{_proposer(proposal)} {_wish(proposal)}. Your answer is awaited"
    return (
        f"{payload.get('by_name') or 'Another side'} agrees to severity {proposal.to_severity}. Your answer is awaited"
    )


def answered_line(
    proposal: SeverityProposal, payload: Mapping[str, Any], awaited: Collection[str], ticket: Ticket
) -> str:
    rest = joined([name_of(side, ticket, None) for side in awaited])
    return f"{payload.get('by_name') or 'Somebody'} agrees to severity {proposal.to_severity}. Waiting for {rest}"


def ended_line(proposal: SeverityProposal, no: SeverityAnswer | None) -> str:
    to = proposal.to_severity
    return {
        State.AGREED: f"All agree: severity {to}",
        State.OBJECTED: f"{no.by_name if no else 'Somebody'} does not agree to severity {to}",
        State.WITHDRAWN: f"The proposal of severity {to} was taken back",
        State.EXPIRED: f"Not everybody answered the proposal of severity {to}",
    }.get(State(proposal.state), f"The proposal of severity {to} is over")


def name_of(side: str, ticket: Ticket, reader: Reader | None) -> str:
    if reader is not None and side == reader.party:
        return "You"
    if side == "operator":
        return OPERATOR_NAME
    return ticket.customer.name if side == "customer" else ticket.customer.served_by.name


def joined(names: Sequence[str]) -> str:
    """You, Delta and roZoom"""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)


def _proposer(proposal: SeverityProposal) -> str:
    if not proposal.by_organisation or proposal.by_organisation == proposal.by_name:
        return proposal.by_name
    return f"{proposal.by_name}, {proposal.by_organisation},"


def _wish(proposal: SeverityProposal) -> str:
    if proposal.to_severity == proposal.from_severity:
        return f"asks all to agree to severity {proposal.to_severity}, which the ticket has now"
    return f"suggests severity {proposal.to_severity} instead of {proposal.from_severity}"
