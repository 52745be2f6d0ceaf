"""The conversation as the desk reads it: every message with its readers, and one muted line for each deed."""

from collections.abc import Iterable, Sequence

from tenancy.models import AuditEvent
from tickets import conversation
from tickets.conversation import Entry, Talk
from tickets.desk.words import Readers, event_words
from tickets.models import Attachment, Message, MessageKind, Ticket


def talk_of(
    ticket: Ticket,
    messages: Sequence[Message],
    files: Iterable[Attachment],
    events: Iterable[AuditEvent],
    readers: Readers,
    *,
    unfold: bool = False,
) -> Talk:
    audience = readers.audience(MessageKind.PUBLIC)
    report = conversation.report_of(ticket, files, reseller=readers.reseller, audience=audience)
    spoken = [report, *(entry_of(message, readers) for message in messages)]
    happened = ((event.at, event_words(event, conversation=True)) for event in events)
    return conversation.told(spoken, happened, unfold=unfold)


def entry_of(message: Message, readers: Readers, *, focus: bool = False) -> Entry:
    return conversation.entry_of(message, audience=readers.audience(message.kind), focus=focus)
