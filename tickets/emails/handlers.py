"""Who is told of an event about a ticket, and what. Run by the outbox as the worker; may run again (notifications.handlers).

An event names things by their keys only. Everything said is read again here, and a message is looked up inside
its own ticket, so that nothing a tenant writes into the outbox can carry another tenant's text.
"""

import re
from collections.abc import Iterator
from datetime import datetime

from django.db.models import Q

from notifications.handlers import Said, handles
from notifications.models import Event
from notifications.readers import Reader, without
from sla.models import Escalation
from tenancy.context import database_now
from tenancy.models import AuditEvent
from tickets.emails import lines, recipients, words
from tickets.emails.earlier import may_see
from tickets.emails.letters import mail, thread_root, told
from tickets.mail.limits import may_answer_automatically
from tickets.models import Attachment, Channel, IncomingMail, Message, MessageKind, Ticket

MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{3,250}>")
TOLD_OF_MOVES = {"resolve", "close", "reopen", "withdraw", "merge"}


@handles("ticket.filed")
def filed(event: Event) -> Iterator[Said]:
    ticket = ticket_of(event)
    if ticket is None:
        return
    now = database_now()
    reported = recipients.reporter(ticket) if ticket.reporter_party != "operator" else []
    for reader in reported:
        yield from _acknowledged(ticket, reader, now)
    desk = recipients.desk_agents() if ticket.severity == 1 else []
    know = {reader.person_id for reader in reported}
    for reader in without([*desk, *recipients.reseller_agents(ticket)], by_person(event)):
        if reader.person_id not in know:
            letter = words.new_ticket(ticket, reader, now)
            yield told(
                lines.new_ticket(ticket),
                letter=letter,
                reader=reader,
                ticket=ticket,
                key="notice",
                answers_as=MessageKind.PUBLIC,
            )


def _acknowledged(ticket: Ticket, reader: Reader, now: datetime) -> Iterator[Said]:
    """Whoever wrote a mail gets one answer a day that nobody wrote, and none when their mail asks for none (RFC 3834)."""
    headers: dict[str, str] = {}
    if ticket.channel == Channel.EMAIL:
        came = IncomingMail.objects.filter(ticket=ticket, outcome=IncomingMail.Outcome.TICKET_CREATED).first()
        if (came is not None and came.wants_no_answer) or not may_answer_automatically(reader.email):
            return
        headers = _answering(ticket, came)
    letter = words.acknowledgement(ticket, reader, now)
    # Whoever reported it answers the questions in it, and a note would answer nothing.
    public = MessageKind.PUBLIC
    yield mail(letter, reader=reader, ticket=ticket, key="acknowledgement", headers=headers, answers_as=public)


def _answering(ticket: Ticket, came: IncomingMail | None) -> dict[str, str]:
    """It stands below the mail it answers, in the program that sent that."""
    headers = {"Auto-Submitted": "auto-replied"}
    if came is None or not MESSAGE_ID.fullmatch(came.header_id):
        return headers
    return {**headers, "In-Reply-To": came.header_id, "References": f"{thread_root(ticket)} {came.header_id}"}


@handles("impact.answered")
def answered(event: Event) -> Iterator[Said]:
    """The desk is told of a ticket that became severity 1 as it is told of one that was so from the beginning."""
    ticket = ticket_of(event)
    if ticket is None or ticket.severity != 1:
        return
    now = database_now()
    for reader in without([*recipients.desk_agents(), *recipients.reseller_agents(ticket)], by_person(event)):
        letter = words.new_ticket(ticket, reader, now)
        yield told(
            lines.new_ticket(ticket),
            letter=letter,
            reader=reader,
            ticket=ticket,
            key="notice",
            answers_as=MessageKind.PUBLIC,
        )


@handles("message.added")
def message_added(event: Event) -> Iterator[Said]:
    ticket = ticket_of(event)
    message = _message(event, ticket) if ticket is not None else None
    if ticket is None or message is None:
        return
    files = list(
        Attachment.objects.filter(message=message, customer_id=ticket.customer_id).order_by("created_at", "id")
    )
    now = database_now()
    for reader in without(_readers_of(message, ticket), message.author_id):
        if _may_read(reader, message, ticket) and may_see(message, reader):
            letter = words.written(ticket, message, files, reader, now)
            yield told(
                lines.written(message),
                letter=letter,
                reader=reader,
                ticket=ticket,
                key="message",
                answers_as=message.kind,
            )


def _readers_of(message: Message, ticket: Ticket) -> list[Reader]:
    if message.kind == MessageKind.INTERNAL:
        return recipients.rozoom_assignee(ticket)
    if message.kind == MessageKind.PARTNER:
        if message.author_party == "reseller":
            return [*recipients.assignee(ticket), *recipients.rozoom_owner_or_desk(ticket)]
        return [*recipients.assignee(ticket), *recipients.reseller_agents(ticket)]
    if message.author_party == "customer":
        works = recipients.assignee(ticket) or recipients.team(ticket) or recipients.reseller_agents(ticket)
        # Who has no account wrote it, or is no colleague of whoever did.
        return [*works, *(reader for reader in recipients.reporter(ticket) if reader.person_id)]
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
    readers, now = [*recipients.customer_voice(ticket)], database_now()
    if event.payload.get("by_party") != "operator":
        readers += recipients.assignee(ticket)
    for reader in without(readers, by_person(event)):
        letter = words.moved(ticket, move, event.payload, reader, now)
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
    higher = recipients.of_the_ladder(ticket, _told_with_it(ticket, level), now)
    hear_of_it = {(reader.person_id, reader.organisation_id) for reader in higher}
    for reader in without(recipients.of_the_ladder(ticket, event.payload.get("recipients", []), now), None):
        if (reader.person_id, reader.organisation_id) in hear_of_it:
            continue
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


def _told_with_it(ticket: Ticket, level: Escalation) -> list[str]:
    """After an outage levels of one clock fire together: who hears of a higher one needs no mail of a lower one.

    As the audit trail has it, because the ladder may have changed since.
    """
    together = Escalation.objects.filter(customer_id=level.customer_id, segment_id=level.segment_id)
    above = Q(scheduled_at__gt=level.scheduled_at) | Q(scheduled_at=level.scheduled_at, level__gt=level.level)
    higher = set(together.filter(above, fired_at=level.fired_at).values_list("level", flat=True))
    if not higher:
        return []
    trail = AuditEvent.objects.filter(
        customer_id=level.customer_id, chain=ticket.chain, verb="sla.escalated", at=level.fired_at
    )
    said = [data for data in trail.values_list("data", flat=True) if data["segment"] == level.segment_id]
    return [name for data in said if data["level"] in higher for name in data["recipients"]]


def by_person(event: Event) -> int | None:
    return event.payload.get("by_person")
