"""What each mail about a ticket says. Plain words, short sentences, times in the reader's zone."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.template.defaultfilters import filesizeformat

from notifications.letters import Letter, Quote
from notifications.readers import Reader
from rozoom_support.lib.ui.clock import amount
from rozoom_support.lib.ui.times import clock_time, deadline
from sla.clock import KIND_WORDS, TARGET_WORDS
from sla.models import Escalation
from tenancy.models import Kind
from tickets.emails.earlier import before
from tickets.lifecycle import State, Turn
from tickets.mail.questions import ASKED
from tickets.models import Attachment, Message, MessageKind, Ticket
from tickets.shown import OPERATOR_NAME, cover_of

NOTICED_LATE = timedelta(seconds=30)
MOVED = {
    "resolve": "is solved",
    "close": "is closed",
    "reopen": "is open again",
    "withdraw": "was withdrawn",
    "merge": "was merged into another ticket",
}
KINDS = {
    MessageKind.PUBLIC: "wrote",
    MessageKind.PARTNER: "wrote a partner note, which the customer does not see",
    MessageKind.INTERNAL: "wrote an internal note, which only roZoom sees",
}


def acknowledgement(ticket: Ticket, reader: Reader, now: datetime) -> Letter:
    """To the reporter: the number, the severity and why, and the promise as an instant."""
    return Letter(
        lead=f"We have your ticket. Its number is {ticket.reference}.",
        paragraphs=[
            *_severity_lines(ticket),
            *([f"You doubt this: “{ticket.severity_doubt}”. We settle it with you."] if ticket.severity_doubt else []),
            *promise(ticket, reader, now),
            *not_covered(ticket),
            f"Is it getting worse? Write in the ticket{_or_call(ticket)}.",
        ],
        facts=[("Subject", ticket.subject), *_place(ticket)],
        action="Read and answer it here",
        why="You get this because you reported it.",
    )


def _severity_lines(ticket: Ticket) -> list[str]:
    """In a mail nobody asked the four questions: asked here, and the answer raises the severity at once."""
    if ticket.impact is not None:
        return [f"Severity {ticket.severity}, because you told us: {ticket.severity_because}."]
    return [f"Severity {ticket.severity} until you tell us how bad it is.", *ASKED]


def _or_call(ticket: Ticket) -> str:
    phone = settings.SUPPORT_CONTACT["phone"]
    return f", or call {phone} and say {ticket.reference}" if phone else ""


def promise(ticket: Ticket, reader: Reader, now: datetime) -> list[str]:
    if ticket.response_due_at is None:
        return []
    due = deadline_words(ticket.response_due_at, reader, now)
    return [
        f"A person at roZoom will answer by {due} (within {TARGET_WORDS[ticket.severity]}).",
        f"The clock started when you sent the ticket at {clock_time(ticket.reported_at, reader.zone)}. "
        "It stops at our first personal answer. An automatic e-mail such as this one does not count as the answer.",
    ]


def not_covered(ticket: Ticket) -> list[str]:
    """Why nothing is promised, and what the customer can do."""
    if ticket.covered:
        return []
    cover = cover_of(ticket)
    return [
        " ".join(["Nobody covers this, so no answer time is promised. We read it all the same.", *cover.reasons]),
        *([f"What you can do: {' '.join(cover.would_change)}"] if cover.would_change else []),
    ]


def decided(ticket: Ticket, reader: Reader, now: datetime) -> Letter:
    """roZoom decided otherwise than the rules: an answer all the same, or none."""
    reason = cover_of(ticket).override
    if ticket.covered:
        lead = f"roZoom promised an answer on {ticket.reference} all the same."
        lines = [f"What was written: “{reason}”", *_due_lines(ticket.clock_due_at, reader, now)]
    else:
        lead = f"{ticket.reference} is not covered. No answer time is promised any more."
        lines = [f"What was written: “{reason}”"]
    return Letter(lead=lead, paragraphs=lines, facts=[("Subject", ticket.subject)], why=reason_to_get(ticket, reader))


def new_ticket(ticket: Ticket, reader: Reader, now: datetime) -> Letter:
    """To the desk of roZoom and of the reseller."""
    role = "roZoom's desk" if reader.party == "operator" else f"the desk that serves {ticket.customer.name}"
    return Letter(
        headline=f"New, severity 1: {ticket.subject}" if ticket.severity == 1 else "",
        lead=f"{ticket.customer.name} reported a problem of severity {ticket.severity}.",
        paragraphs=_due_lines(ticket.response_due_at, reader, now)
        or ["Nobody covers it, so no answer is promised.", *cover_of(ticket).reasons],
        quote=Quote(f"{ticket.reporter_name}:", ticket.description),
        facts=ticket_facts(ticket),
        action="Open it at the desk",
        why=f"You get this because you work at {role}.",
    )


def written(ticket: Ticket, message: Message, files: Sequence[Attachment], reader: Reader, now: datetime) -> Letter:
    names = [f"{file.name} ({filesizeformat(file.size)})" for file in files]
    author = message.author_name
    if message.author_organisation and message.author_organisation != message.author_name:
        author = f"{author}, {message.author_organisation},"
    return Letter(
        lead=f"{author} {KINDS[MessageKind(message.kind)]}.",
        paragraphs=_state_lines(ticket, message, reader, now),
        quote=Quote("", message.body, names),
        earlier=before(message, ticket, reader),
        facts=[("Ticket", str(ticket)), *([] if reader.party == "customer" else [("Customer", ticket.customer.name)])],
        action="Read and answer it here",
        why=reason_to_get(ticket, reader),
    )


def _state_lines(ticket: Ticket, message: Message, reader: Reader, now: datetime) -> list[str]:
    """What its reader has to know besides the text: whose turn it is now, and until when."""
    if message.kind != MessageKind.PUBLIC:
        return []
    if message.author_party == "customer":
        return _due_lines(ticket.clock_due_at, reader, now) if reader.party != "customer" else []
    if reader.party == "operator":
        return []
    if again := _opens_again(ticket, reader, now):
        return [f"We think that this is solved. {again}"] if ticket.state == State.RESOLVED else []
    if ticket.state == State.WAITING and ticket.turn == Turn.CUSTOMER:
        return ["We are waiting for your answer."]
    return []


def _opens_again(ticket: Ticket, reader: Reader, now: datetime) -> str:
    """Until when, while it stands where an answer does that (tickets.lifecycle.may_reopen)."""
    ended, days = ticket.closed_at or ticket.resolved_at, settings.LIMITS["reopen_days"]
    if ended is None or ticket.state not in (State.RESOLVED, State.CLOSED):
        return ""
    until = deadline_words(ended + timedelta(days=days), reader, now)
    return f"Is it not? Answer within {days} days, by {until}, and the ticket opens again."


def given_to_you(ticket: Ticket, reader: Reader, by: str, now: datetime) -> Letter:
    return Letter(
        lead=f"{by or 'Somebody'} gave you {ticket.reference}.",
        paragraphs=_due_lines(ticket.clock_due_at, reader, now),
        facts=[("Subject", ticket.subject), *ticket_facts(ticket)],
        action="Open it at the desk",
        why="You get this because the ticket is yours now.",
    )


def moved(ticket: Ticket, move: str, payload: Mapping[str, Any], reader: Reader, now: datetime) -> Letter:
    by = str(payload.get("by_name") or OPERATOR_NAME)
    lines = [f"{by} did this."]
    if move == "merge" and payload.get("into"):
        lines.append(f"It goes on in {payload['into']}. Write there from now on.")
    elif move in {"resolve", "withdraw"} and ticket.resolution:
        lines.append(f"What was written: “{ticket.resolution}”")
    # An answer of those who work on it is a note, and opens nothing.
    if move in {"resolve", "close"} and reader.party == "customer" and (again := _opens_again(ticket, reader, now)):
        lines.append(again.replace("Is it not?", "Is it not solved?"))
    return Letter(
        lead=f"{ticket.reference} {MOVED[move]}.",
        paragraphs=lines,
        facts=[("Subject", ticket.subject)],
        why=reason_to_get(ticket, reader),
    )


def escalation(ticket: Ticket, level: Escalation, percent: int, reader: Reader, now: datetime) -> Letter:
    """To one rung of the ladder. `now` is when the mail is made, and what "left" counts from."""
    segment = level.segment
    what = KIND_WORDS[segment.kind].lower()
    left = segment.due_at - now
    is_proposal = segment.kind == segment.Kind.PROPOSAL
    if left >= timedelta():
        headline = f"Severity {segment.severity}: {_span(left)} left to answer: {ticket.subject}"
        lead = f"{ticket.reference} has no {what if is_proposal else 'answer'} yet. {percent} % of the promised time is over."
    else:
        headline = f"Severity {segment.severity}: overdue by {_span(-left)}: {ticket.subject}"
        who = "roZoom has not answered the proposal." if is_proposal else "Nobody has answered."
        lead = f"{ticket.reference} is overdue by {_span(-left)}. {who}"
    paragraphs = [
        f"{ticket.customer.name} was promised the {what} by {deadline_words(segment.due_at, reader, now)}, "
        f"within {TARGET_WORDS[segment.severity]}.",
        "roZoom agrees or says why not: that stops this clock."
        if is_proposal
        else "Only a public reply by a person at roZoom stops this clock.",
    ]
    if late := noticed_late(level):
        paragraphs.append(
            f"This was to be sent at {deadline_words(level.scheduled_at, reader, now)}. It was noticed {late} late."
        )
    return Letter(
        headline=headline,
        lead=lead,
        paragraphs=paragraphs,
        facts=[("Subject", ticket.subject), *ticket_facts(ticket), ("Step of the ladder", _rung(level, percent))],
        action="Open it at the desk",
        why="You get this because a promise is running out and your role is told about it.",
    )


def noticed_late(level: Escalation) -> str:
    """By how much, after an outage; else nothing."""
    late = level.fired_at - level.scheduled_at
    return _span(late) if late >= NOTICED_LATE else ""


def _rung(level: Escalation, percent: int) -> str:
    """Its time, not its number: a level keeps its number when others come before it."""
    late = level.scheduled_at - level.segment.due_at
    if percent < 100:
        return f"{percent} %"
    return f"{_span(late)} after the due time" if late >= timedelta(minutes=1) else "the due time"


def _due_lines(due: datetime | None, reader: Reader, now: datetime) -> list[str]:
    if due is None:
        return []
    left = due - now
    tail = f"{_span(left)} left" if left >= timedelta() else f"overdue by {_span(-left)}"
    return [f"Our answer is due by {deadline_words(due, reader, now)} ({tail})."]


def ticket_facts(ticket: Ticket) -> list[tuple[str, str]]:
    """For those who work on it."""
    customer = ticket.customer
    served = customer.served_by if customer.served_by.kind == Kind.RESELLER else None
    owner = ticket.assignee_name or (f"nobody, team {ticket.team.name}" if ticket.team else "nobody")
    return [
        ("Customer", f"{customer.name} (served by {served.name})" if served else customer.name),
        ("Severity", f"{ticket.severity}, because: {ticket.severity_because}"),
        ("Reported by", ticket.reporter_name),
        ("Owner", owner),
        *_place(ticket),
    ]


def _place(ticket: Ticket) -> list[tuple[str, str]]:
    component = [("Component", str(ticket.component))] if ticket.component else []
    return component + ([("Site", ticket.site.name)] if ticket.site else [])


def reason_to_get(ticket: Ticket, reader: Reader) -> str:
    if reader.person_id == ticket.reporter_id:
        return "You get this because you reported the ticket."
    if reader.person_id == ticket.assignee_id:
        return "You get this because the ticket is yours."
    if reader.party == "customer":
        return f"You get this because you manage the people of {ticket.customer.name}."
    return "You get this because you work at the desk for this customer."


def deadline_words(instant: datetime, reader: Reader, now: datetime) -> str:
    return deadline(instant, reader.zone, int(now.timestamp() * 1000))


def _span(length: timedelta) -> str:
    """Whole minutes: a mail is read later than it is made."""
    return amount(int(length.total_seconds()), each_second=False)
