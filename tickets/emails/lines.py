"""What a notice in the app says: one line. Never the words of a message, and never a time, which would need a zone."""

from datetime import datetime

from sla.clock import KIND_WORDS
from sla.models import Escalation
from tickets.emails.words import MOVED, noticed_late
from tickets.models import Message, MessageKind, Ticket
from tickets.shown import OPERATOR_NAME

NOTES = {
    MessageKind.PUBLIC: "wrote",
    MessageKind.PARTNER: "wrote a partner note",
    MessageKind.INTERNAL: "wrote an internal note",
}


def new_ticket(ticket: Ticket) -> str:
    return f"New, severity {ticket.severity}, from {ticket.customer.name}"


def written(message: Message) -> str:
    return f"{message.author_name} {NOTES[MessageKind(message.kind)]}"


def given_to_you(by: str) -> str:
    return f"{by or OPERATOR_NAME} gave you this ticket"


def moved(move: str) -> str:
    return f"The ticket {MOVED[move]}"


def decided(ticket: Ticket) -> str:
    return "roZoom promised an answer all the same" if ticket.covered else "The ticket is not covered any more"


def escalation(level: Escalation, percent: int, now: datetime) -> str:
    segment = level.segment
    what = KIND_WORDS[segment.kind].lower()
    late = noticed_late(level)
    noticed = f" (noticed {late} late)" if late else ""
    if segment.due_at < now:
        return f"Overdue, severity {segment.severity}: no {what} yet{noticed}"
    return f"Severity {segment.severity}: {percent} % of the time for the {what} is over{noticed}"
