"""The conversation as the desk reads it: the report, every message with its readers, and one muted line for each deed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tenancy.models import AuditEvent
from tickets.desk.words import Readers, event_words
from tickets.models import Attachment, Message, MessageKind, Ticket
from tickets.portal.shown import OPERATOR_NAME, File, file_of

FOLD_FROM = 30
SHOWN_FIRST, SHOWN_LAST = 2, 15


@dataclass(frozen=True)
class Entry:
    """A message, or an event when `id` is empty. The names are those of components/message.html."""

    at: datetime
    id: str = ""
    kind: str = MessageKind.PUBLIC
    author: str = ""
    role: str = ""
    party: str = ""
    audience: str = ""
    body: str = ""
    files: tuple[File, ...] = ()
    text: str = ""
    focus: bool = False

    @property
    def permalink(self) -> str:
        return f"#{self.id}"


@dataclass(frozen=True)
class Talk:
    """`older` messages are folded away between `before` and `after`; `seen_at` is the newest message."""

    before: list[Entry]
    after: list[Entry]
    older: int
    seen_at: datetime
    public_seen_at: datetime


def message_id(message: Message) -> str:
    return f"m{message.pk.hex}"


def talk_of(
    ticket: Ticket,
    messages: Sequence[Message],
    files: Iterable[Attachment],
    events: Iterable[AuditEvent],
    readers: Readers,
    *,
    unfold: bool = False,
) -> Talk:
    """Oldest first. Unfolding puts the focus on the first message that was hidden."""
    spoken = [_report(ticket, files, readers), *(entry_of(message, readers) for message in messages)]
    older = len(spoken) - SHOWN_FIRST - SHOWN_LAST if len(spoken) > FOLD_FROM else 0
    if unfold and older:
        spoken[SHOWN_FIRST] = replace(spoken[SHOWN_FIRST], focus=True)
    entries = in_order(spoken, events)
    public_seen_at = max(one.at for one in spoken if one.kind == MessageKind.PUBLIC)
    if unfold or not older:
        return Talk(entries, [], 0, spoken[-1].at, public_seen_at)
    last_first, first_last = spoken[SHOWN_FIRST - 1].at, spoken[-SHOWN_LAST].at
    before = [one for one in entries if one.at <= last_first]
    after = [one for one in entries if one.at >= first_last]
    return Talk(before, after, older, spoken[-1].at, public_seen_at)


def in_order(spoken: Sequence[Entry], events: Iterable[AuditEvent]) -> list[Entry]:
    """Messages and events by time; what a message did stands after it."""
    happened = [Entry(at=event.at, text=text) for event in events if (text := event_words(event, conversation=True))]
    return sorted([*spoken, *happened], key=lambda entry: (entry.at, not entry.id))


def entry_of(message: Message, readers: Readers, *, focus: bool = False) -> Entry:
    shown: list[Attachment] = getattr(message, "shown_files", [])
    return Entry(
        at=message.created_at,
        id=message_id(message),
        kind=message.kind,
        author=message.author_name,
        role=message.author_organisation,
        party=message.author_party,
        audience=readers.audience(message.kind),
        body=message.body,
        files=tuple(file_of(one) for one in shown),
        focus=focus,
    )


def _report(ticket: Ticket, files: Iterable[Attachment], readers: Readers) -> Entry:
    roles = {"customer": readers.customer, "reseller": readers.reseller, "operator": OPERATOR_NAME}
    return Entry(
        at=ticket.reported_at,
        id="m0",
        author=ticket.reporter_name,
        role=roles.get(ticket.reporter_party, ""),
        party=ticket.reporter_party,
        audience=readers.audience(MessageKind.PUBLIC),
        body=ticket.description,
        files=tuple(file_of(one) for one in files if one.message_id is None),
    )
