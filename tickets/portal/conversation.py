"""The conversation in the customer's words (tickets/conversation.py says how it is put together)."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from tenancy.models import AuditEvent
from tickets.conversation import Talk, entry_of, report_of, told
from tickets.models import Attachment, Message, Ticket
from tickets.severity_words import SEVERITY_EVENTS
from tickets.shown import OPERATOR_NAME


def talk_of(
    ticket: Ticket,
    messages: Sequence[Message],
    files: Iterable[Attachment],
    events: Iterable[AuditEvent],
    *,
    partner: str = "",
    unfold: bool = False,
    seen: datetime | None = None,
) -> Talk:
    spoken = [report_of(ticket, files, reseller=partner), *(entry_of(message) for message in messages)]
    return told(spoken, ((event.at, event_words(event)) for event in events), unfold=unfold, seen=seen)


def event_words(event: AuditEvent) -> str:
    """What happened, in one line; empty for what the conversation shows by itself."""
    words = EVENT_WORDS.get(event.verb)
    return words(event.actor_name or OPERATOR_NAME, event.data) if words else ""


def _filed(who: str, data: dict[str, Any]) -> str:
    return f"Filed as severity {data['severity']}" if data.get("severity") else ""


def _assigned(who: str, data: dict[str, Any]) -> str:
    return f"{data['to']} takes care of it" if data.get("to") else "Back in the queue of roZoom"


def _wait(who: str, data: dict[str, Any]) -> str:
    return {
        "customer": f"{who} is waiting for your answer",
        "reseller": f"{who} passed it to your reseller",
        "supplier": f"{who} is waiting for a supplier",
    }.get(str(data.get("turn")), f"{who} is waiting")


def _spoke(who: str, data: dict[str, Any]) -> str:
    """A message is shown itself; what was done with it is told here."""
    then = {"wait": f"{who} is waiting for your answer", "resolve": f"{who} marked it as solved"}
    return then.get(str(data.get("then")), "")


def _withdrawn(who: str, data: dict[str, Any]) -> str:
    return f"{who} withdrew it: “{data['reason']}”" if data.get("reason") else f"{who} withdrew it"


def _counted(files: Any) -> str:
    number = len(files) if isinstance(files, list) else 1
    return "a file" if number == 1 else f"{number} files"


CHANGED = {"subject": "title", "component": "component", "site": "site"}


def _changed(who: str, data: dict[str, Any]) -> str:
    names = [CHANGED[name] for name in data.get("was", {}) if name in CHANGED]
    return f"{who} corrected the {' and the '.join(names)}" if names else ""


def _granted(who: str, data: dict[str, Any]) -> str:
    return f"{OPERATOR_NAME} promised an answer all the same: “{data.get('reason', '')}”"


def _refused(who: str, data: dict[str, Any]) -> str:
    return f"{OPERATOR_NAME} decided that this is not covered: “{data.get('reason', '')}”"


EVENT_WORDS: dict[str, Callable[[str, dict[str, Any]], str]] = {
    "ticket.filed": _filed,
    "ticket.assigned": _assigned,
    "ticket.begin": lambda who, data: f"{who} began to work on it",
    "ticket.wait": _wait,
    "ticket.resume": lambda who, data: "Work goes on",
    "ticket.resolve": lambda who, data: f"{who} marked it as solved",
    "ticket.close": lambda who, data: f"{who} closed it",
    "ticket.reopen": lambda who, data: f"{who} opened it again",
    "ticket.withdraw": _withdrawn,
    "ticket.merge": lambda who, data: f"Goes on as {data.get('into', 'another ticket')}",
    "ticket.absorbed": lambda who, data: f"{data.get('merged', 'Another ticket')} became part of this one",
    "ticket.changed": _changed,
    "ticket.severity": lambda who, data: f"{who} changed the severity from {data.get('was')} to {data.get('to')}",
    **SEVERITY_EVENTS,
    "ticket.granted": _granted,
    "ticket.refused": _refused,
    "message.public": _spoke,
    "files.added": lambda who, data: f"{who} added {_counted(data.get('files'))}",
}
