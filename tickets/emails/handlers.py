"""Who is told of an event about a ticket, and what. Run by the outbox as the worker; may run again (notifications.handlers).

An event names things by their keys only. Everything said is read again here, and a message is looked up inside
its own ticket, so that nothing a tenant writes into the outbox can carry another tenant's text.
"""

from collections.abc import Iterator

from notifications.handlers import Said, handles
from notifications.models import Event
from notifications.readers import Reader, without
from sla.models import Escalation
from tenancy.context import database_now
from tickets.emails import lines, recipients, words
from tickets.emails.earlier import may_see
from tickets.emails.letters import mail, told
from tickets.models import Attachment, Message, MessageKind, Ticket

TOLD_OF_MOVES = {"resolve", "close", "reopen", "withdraw", "merge"}


@handles("ticket.filed")
def filed(event: Event) -> Iterator[Said]:
    ticket = ticket_of(event)
    if ticket is None:
        return
    now = database_now()
    reported = recipients.reporter(ticket) if ticket.reporter_party != "operator" else []
    for reader in reported:
        yield mail(words.acknowledgement(ticket, reader, now), reader=reader, ticket=ticket, key="acknowledgement")
    desk = recipients.desk_agents() if ticket.severity == 1 else []
    know = {reader.person_id for reader in reported}
    for reader in without([*desk, *recipients.reseller_agents(ticket)], by_person(event)):
        if reader.person_id not in know:
            letter = words.new_ticket(ticket, reader, now)
            yield told(lines.new_ticket(ticket), letter=letter, reader=reader, ticket=ticket, key="notice")


@handles("message.added")
def message_added(event: Event) -> Iterator[Said]:
    ticket = ticket_of(event)
    message = _message(event, ticket) if ticket is not None else None
    if ticket is None or message is None:
        return
    files = list(
        Attachment.objects.filter(message=message, customer_id=ticket.customer_id).order_by("created_at", "id")
    )
    for reader in without(_readers_of(message, ticket), message.author_id):
        if _may_read(reader, message, ticket) and may_see(message, reader):
            letter = words.written(ticket, message, files, reader)
            yield told(lines.written(message), letter=letter, reader=reader, ticket=ticket, key="message")


def _readers_of(message: Message, ticket: Ticket) -> list[Reader]:
    if message.kind == MessageKind.INTERNAL:
        return recipients.rozoom_assignee(ticket)
    if message.kind == MessageKind.PARTNER:
        if message.author_party == "reseller":
            return [*recipients.assignee(ticket), *recipients.rozoom_owner_or_desk(ticket)]
        return [*recipients.assignee(ticket), *recipients.reseller_agents(ticket)]
    if message.author_party == "customer":
        works = recipients.assignee(ticket) or recipients.team(ticket) or recipients.reseller_agents(ticket)
        return [*works, *recipients.reporter(ticket)]
    return [*recipients.customer_voice(ticket), *recipients.assignee(ticket)]


def _may_read(reader: Reader, message: Message, ticket: Ticket) -> bool:
    """The wall once more, at the last step before text leaves the house."""
    if reader.party == "operator":
        return True
    if message.kind == MessageKind.INTERNAL:
        return False
    if reader.party == "reseller":
        return reader.organisation_id == ticket.reseller_id
    return message.kind == MessageKind.PUBLIC and reader.organisation_id == ticket.customer_id


@handles("ticket.assigned")
def assigned(event: Event) -> Iterator[Said]:
    ticket = ticket_of(event)
    if ticket is None or ticket.assignee_id is None or ticket.assignee_id != event.payload.get("to_person"):
        return  # given on to somebody else meanwhile, who gets the next mail
    by, now = str(event.payload.get("by_name", "")), database_now()
    for reader in without(recipients.assignee(ticket), by_person(event)):
        letter = words.given_to_you(ticket, reader, by, now)
        yield told(lines.given_to_you(by), letter=letter, reader=reader, ticket=ticket, key="assigned")


@handles("ticket.moved")
def moved(event: Event) -> Iterator[Said]:
    ticket, move = ticket_of(event), event.payload.get("move")
    if ticket is None or move not in TOLD_OF_MOVES:
        return
    readers = [*recipients.customer_voice(ticket)]
    if event.payload.get("by_party") != "operator":
        readers += recipients.assignee(ticket)
    for reader in without(readers, by_person(event)):
        letter = words.moved(ticket, move, event.payload, reader)
        yield told(lines.moved(move), letter=letter, reader=reader, ticket=ticket, key="moved")


@handles("ticket.coverage")
def coverage(event: Event) -> Iterator[Said]:
    ticket = ticket_of(event)
    if ticket is None or ticket.covered != event.payload.get("covered"):
        return  # decided again meanwhile, and the next mail says so
    now = database_now()
    readers = [*recipients.customer_voice(ticket), *recipients.reseller_agents(ticket)]
    for reader in without(readers, by_person(event)):
        letter = words.decided(ticket, reader, now)
        yield told(lines.decided(ticket), letter=letter, reader=reader, ticket=ticket, key="coverage")


@handles("sla.escalated")
def escalated(event: Event) -> Iterator[Said]:
    ticket = ticket_of(event)
    level = _level(event, ticket) if ticket is not None else None
    if ticket is None or level is None or level.segment.stopped_at is not None:
        return
    now = database_now()
    percent = int(event.payload.get("percent", 100))
    line = lines.escalation(level, percent, now)
    for reader in without(recipients.of_the_ladder(ticket, event.payload.get("recipients", []), now), None):
        yield told(
            line,
            letter=words.escalation(ticket, level, percent, reader, now),
            reader=reader,
            ticket=ticket,
            key="escalation",
            hinges_on={"segment": level.segment_id},
        )


def ticket_of(event: Event) -> Ticket | None:
    if event.ticket_id is None:
        return None
    found = Ticket.objects.filter(pk=event.ticket_id, customer_id=event.customer_id).defer("search")
    return found.select_related("customer__reseller", "component__product", "site", "team").first()


def _message(event: Event, ticket: Ticket) -> Message | None:
    wanted = Message.objects.filter(ticket=ticket, customer_id=ticket.customer_id).defer("search")
    return wanted.filter(pk=event.payload["message"]).first()


def _level(event: Event, ticket: Ticket) -> Escalation | None:
    fired = Escalation.objects.select_related("segment").filter(
        customer_id=ticket.customer_id, segment__ticket_id=ticket.pk
    )
    return fired.filter(segment_id=event.payload.get("segment"), level=event.payload.get("level")).first()


def by_person(event: Event) -> int | None:
    return event.payload.get("by_person")
