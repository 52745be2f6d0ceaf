"""The conversation of a ticket: the report, the messages, and one muted line for what happened between them.

The portal and the desk show the same; what they call things stands with each of them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tickets.models import Attachment, Message, MessageKind, Ticket
from tickets.shown import OPERATOR_NAME, File, file_of

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
    history: str = ""
    files: tuple[File, ...] = ()
    text: str = ""
    focus: bool = False

    @property
    def permalink(self) -> str:
        return f"#{self.id}"


@dataclass(frozen=True)
class Talk:
    """`older` messages are folded away between `before` and `after`. `newest`: the id of the last message, of `seen_at`."""

    before: list[Entry]
    after: list[Entry]
    older: int
    newest: str
    seen_at: datetime
    public_seen_at: datetime


def message_id(message: Message) -> str:
    return f"m{message.pk.hex}"


def entry_of(message: Message, *, audience: str = "", prefix: str = "", focus: bool = False) -> Entry:
    """`prefix` tells a second showing of the same message on one page apart."""
    shown: list[Attachment] = getattr(message, "shown_files", [])
    return Entry(
        at=message.created_at,
        id=f"{prefix}{message_id(message)}",
        kind=message.kind,
        author=message.author_name,
        role=message.author_organisation,
        party=message.author_party,
        audience=audience,
        body=message.body,
        history=message.history,
        files=tuple(file_of(one) for one in shown),
        focus=focus,
    )


def report_of(ticket: Ticket, files: Iterable[Attachment], *, reseller: str, audience: str = "") -> Entry:
    """What was reported, as the first message. Files of the report belong to no message."""
    roles = {"customer": ticket.customer.name, "reseller": reseller, "operator": OPERATOR_NAME}
    return Entry(
        at=ticket.reported_at,
        id="m0",
        author=ticket.reporter_name,
        role=roles.get(ticket.reporter_party, ""),
        party=ticket.reporter_party,
        audience=audience,
        body=ticket.description,
        files=tuple(file_of(one) for one in files if one.message_id is None),
    )


def told(
    spoken: Sequence[Entry],
    happened: Iterable[tuple[datetime, str]],
    *,
    unfold: bool = False,
    seen: datetime | None = None,
) -> Talk:
    """Messages and what happened by time; what a message did stands after it. A line without words is left out.

    `seen`: the first message after it gets the focus. `unfold`: all are shown, and the first that was hidden gets it.
    """
    older = len(spoken) - SHOWN_FIRST - SHOWN_LAST if len(spoken) > FOLD_FROM else 0
    focused = _first_after(spoken, seen) if seen else spoken[SHOWN_FIRST].id if unfold and older else ""
    lines = [Entry(at=at, text=text) for at, text in happened if text]
    entries = [
        replace(one, focus=True) if focused and one.id == focused else one
        for one in sorted([*spoken, *lines], key=lambda entry: (entry.at, not entry.id))
    ]
    newest = spoken[-1]
    public_seen_at = max(one.at for one in spoken if one.kind == MessageKind.PUBLIC)
    if unfold or not older:
        return Talk(entries, [], 0, newest.id, newest.at, public_seen_at)
    last_first, first_last = spoken[SHOWN_FIRST - 1].at, spoken[-SHOWN_LAST].at
    before = [one for one in entries if one.at <= last_first]
    after = [one for one in entries if one.at >= first_last]
    return Talk(before, after, older, newest.id, newest.at, public_seen_at)


def _first_after(spoken: Iterable[Entry], seen: datetime) -> str:
    return next((entry.id for entry in spoken if entry.at > seen), "")
