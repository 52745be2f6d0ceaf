"""The conversation as its readers see it: the report, the messages, and one muted line for what happened between them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenancy.models import AuditEvent
from tickets.files import IMAGE_TYPES
from tickets.models import Attachment, Message, Ticket
from tickets.portal.shown import OPERATOR_NAME, File, file_of

FOLD_FROM = 30
SHOWN_FIRST, SHOWN_LAST = 2, 15


@dataclass(frozen=True)
class Entry:
    """A message, or an event when `id` is empty. The names are those of components/message.html."""

    at: datetime
    id: str = ""
    kind: str = "public"
    author: str = ""
    role: str = ""
    party: str = ""
    body: str = ""
    files: tuple[File, ...] = ()
    text: str = ""
    focus: bool = False

    @property
    def permalink(self) -> str:
        return f"#{self.id}"


@dataclass(frozen=True)
class Talk:
    before: list[Entry]
    after: list[Entry]
    older: int  # messages folded away between the two
    newest: str  # id of the last message
    seen: datetime


def message_id(message: Message) -> str:
    return f"m{message.pk.hex}"


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
    """Oldest first. `seen`: the first message after it gets the focus, after "Show". `unfold`: the first one unfolded gets it."""
    spoken = [_report(ticket, files, partner), *(entry_of(message) for message in messages)]
    older = len(spoken) - SHOWN_FIRST - SHOWN_LAST if len(spoken) > FOLD_FROM else 0
    focused = _first_after(spoken, seen) if seen else spoken[SHOWN_FIRST].id if unfold and older else ""
    entries = sorted([*spoken, *_events(events)], key=lambda entry: (entry.at, not entry.id))
    if focused:
        entries = [Entry(**{**vars(one), "focus": True}) if one.id == focused else one for one in entries]
    newest = spoken[-1]
    if unfold or not older:
        return Talk(entries, [], 0, newest.id, newest.at)
    last_first, first_last = spoken[SHOWN_FIRST - 1], spoken[-SHOWN_LAST]
    return Talk(
        [one for one in entries if one.at <= last_first.at],
        [one for one in entries if one.at >= first_last.at],
        older,
        newest.id,
        newest.at,
    )


def _first_after(spoken: Iterable[Entry], seen: datetime) -> str:
    return next((entry.id for entry in spoken if entry.at > seen), "")


def _report(ticket: Ticket, files: Iterable[Attachment], partner: str) -> Entry:
    roles = {"customer": ticket.customer.name, "reseller": partner, "operator": OPERATOR_NAME}
    return Entry(
        at=ticket.reported_at,
        id="m0",
        author=ticket.reporter_name,
        role=roles.get(ticket.reporter_party, ""),
        party=ticket.reporter_party,
        body=ticket.description,
        files=tuple(file_of(one, pictures=IMAGE_TYPES) for one in files if one.message_id is None),
    )


def entry_of(message: Message, prefix: str = "") -> Entry:
    """`prefix` tells a second showing of the same message on one page apart."""
    shown: list[Attachment] = getattr(message, "shown_files", [])
    return Entry(
        at=message.created_at,
        id=f"{prefix}{message_id(message)}",
        kind=message.kind,
        author=message.author_name,
        role=message.author_organisation,
        party=message.author_party,
        body=message.body,
        files=tuple(file_of(one, pictures=IMAGE_TYPES) for one in shown),
    )


def _events(events: Iterable[AuditEvent]) -> Iterable[Entry]:
    for event in events:
        text = event_words(event)
        if text:
            yield Entry(at=event.at, text=text)


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
        "customer": f"{who} waits for your answer",
        "reseller": f"{who} passed it to your reseller",
        "supplier": f"{who} waits for a supplier",
    }.get(str(data.get("turn")), f"{who} waits")


def _spoke(who: str, data: dict[str, Any]) -> str:
    """A message is shown itself; what was done with it is told here."""
    then = {"wait": f"{who} waits for your answer", "resolve": f"{who} marked it as solved"}
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
    "message.public": _spoke,
    "files.added": lambda who, data: f"{who} added {_counted(data.get('files'))}",
}
