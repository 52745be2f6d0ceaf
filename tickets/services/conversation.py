"""Answering: who may read it is chosen first, the promise stops at the database's clock, nobody writes past somebody unseen."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from rozoom_support.lib.refusals import Refused
from tenancy.actor import Actor
from tickets.files import CheckedFile, attach
from tickets.lifecycle import State, Turn, may_reopen
from tickets.models import Channel, Message, MessageKind, ReplyDraft, Ticket
from tickets.services._common import lock, record, save_said, tell
from tickets.services.promising import start_next, stop_for_answer

NEEDS = {
    MessageKind.PUBLIC: "ticket:reply",
    MessageKind.PARTNER: "ticket:partner-note",
    MessageKind.INTERNAL: "ticket:internal-note",
}


class CannotReply(Refused):
    code = "cannot_reply"


class NewerMessage(CannotReply):
    """Somebody wrote while this was being written; it was not sent, the text is kept by the door."""

    code = "newer_message"


@transaction.atomic
def add_message(
    *,
    actor: Actor,
    ticket: Ticket,
    kind: MessageKind,
    body: str,
    now: datetime,
    channel: Channel = Channel.PORTAL,
    files: Sequence[CheckedFile] = (),
    seen_at: datetime | None = None,
    version: int | None = None,
    then: str = "",
    history: str = "",
) -> Message:
    """Add a public reply, partner note or internal note.

    `seen_at`: the newest message the writer had on the page; a newer public one of somebody else raises NewerMessage.
    `history`: what a mail quoted below its own words.
    `then`: "wait" hands the turn to the customer, "resolve" ends it, in the same transaction.
    The first public reply by roZoom stops the promise at the instant it is recorded (docs/promise.md).
    """
    actor.require(NEEDS[kind])
    ticket = lock(ticket, version=version)
    refuse_unanswerable(ticket, kind, now)
    _refuse_unseen(ticket, actor, kind, seen_at)
    # Later than every message before it, also when two wrote at once: "newer than what you saw" must never be a tie.
    earliest = ticket.last_message_at + timedelta(microseconds=1)
    said_at = max(now, earliest)
    changed = {"last_message_at"}
    had_ended = not ticket.is_open
    if kind == MessageKind.PUBLIC:
        if actor.answers_for_rozoom:
            stopped_at, columns = stop_for_answer(ticket)
            said_at = max(stopped_at or said_at, earliest)
            changed.update(columns)
        changed |= _turn_after(ticket, actor, said_at)
    message = Message.objects.create(
        ticket=ticket,
        customer_id=ticket.customer_id,
        reseller_id=ticket.reseller_id,
        kind=kind,
        body=body,
        history=history,
        author_id=actor.person_id,
        author_name=actor.name,
        author_party=actor.party,
        author_organisation=actor.organisation_name,
        channel=channel,
        created_at=said_at,
    )
    attach(files, ticket=ticket, message=message, kind=kind, author_name=actor.name, now=said_at)
    ticket.last_message_at = said_at
    if kind == MessageKind.PUBLIC and then:
        changed |= _then(ticket, actor, then, said_at)
    save_said(ticket, kind, said_at, *sorted(changed))
    forget_draft(actor=actor, ticket=ticket, kind=kind)
    reopened = {"reopened": True} if had_ended and ticket.is_open else {}
    record(
        actor,
        ticket,
        f"message.{kind}",
        said_at,
        kind=kind,
        message=str(message.pk),
        files=len(files),
        then=then,
        **reopened,
    )
    tell("message.added", actor, ticket, said_at, message=str(message.pk), kind=kind)
    return message


def refuse_unanswerable(ticket: Ticket, kind: MessageKind, now: datetime) -> None:
    if kind != MessageKind.PUBLIC:
        return
    if ticket.state == State.MERGED:
        raise CannotReply("This ticket was merged into another one. Write there.")
    if ticket.state == State.WITHDRAWN:
        raise CannotReply("This ticket was withdrawn. Report the problem again.")
    days = settings.LIMITS["reopen_days"]
    if ticket.state in (State.RESOLVED, State.CLOSED) and not may_reopen(ticket, now, days):
        raise CannotReply(
            f"This ticket ended more than {days} days ago. Report the problem again and name {ticket.reference}."
        )


def _refuse_unseen(ticket: Ticket, actor: Actor, kind: MessageKind, seen_at: datetime | None) -> None:
    if seen_at is None or kind != MessageKind.PUBLIC:
        return
    newer = Message.objects.filter(ticket=ticket, kind=MessageKind.PUBLIC, created_at__gt=seen_at)
    if actor.person_id is not None:
        newer = newer.exclude(author_id=actor.person_id)
    latest = newer.order_by("-created_at").first()
    if latest is not None:
        raise NewerMessage(
            f"Not sent. {latest.author_name} wrote before your reply. Read it below, then send or change your text."
        )


def speaks_for_customer(ticket: Ticket, actor: Actor) -> bool:
    """The customer, or the reseller on a ticket it reported for the customer."""
    return actor.party == "customer" or (actor.party == "reseller" and ticket.reporter_party == "reseller")


def _turn_after(ticket: Ticket, actor: Actor, now: datetime) -> set[str]:
    """Move state, turn and the NEXT clock as a public message does by itself."""
    changed: set[str] = set()
    if speaks_for_customer(ticket, actor):
        ticket.last_customer_message_at = now
        changed |= {"last_customer_message_at"}
        if ticket.state in (State.RESOLVED, State.CLOSED):
            ticket.reopen()
            ticket.resolved_at = ticket.closed_at = None
            changed |= {"state", "resolved_at", "closed_at"}
        changed.update(start_next(ticket, now))
    if ticket.state == State.NEW and actor.party in {"operator", "reseller"} and not speaks_for_customer(ticket, actor):
        ticket.begin()
        changed.add("state")
    if ticket.state == State.WAITING and ticket.turn == actor.party:
        ticket.resume()
        changed.add("state")
    if ticket.state == State.OPEN and ticket.turn != Turn.ROZOOM:
        ticket.turn = Turn.ROZOOM
        changed.add("turn")
    return changed


def _then(ticket: Ticket, actor: Actor, then: str, now: datetime) -> set[str]:
    actor.require("ticket:work")
    if ticket.state == State.NEW:
        ticket.begin()
    if then == "wait" and ticket.state == State.OPEN:
        ticket.wait()
        ticket.turn = Turn.CUSTOMER
        return {"state", "turn"}
    if then == "resolve" and ticket.clock_due_at is not None:
        raise CannotReply(
            "The promise still runs, and only an answer by roZoom stops it. Send it without resolving.", param="then"
        )
    if then == "resolve" and ticket.state in (State.OPEN, State.WAITING):
        ticket.resolve()
        ticket.resolved_at = now
        return {"state", "resolved_at"}
    raise CannotReply(f"A ticket that is {ticket.get_state_display().lower()} can not be moved that way.", param="then")


def keep_draft(*, actor: Actor, ticket: Ticket, kind: MessageKind, body: str, now: datetime) -> None:
    """Remember what a person has written so far; an empty text forgets it. One draft per kind."""
    actor.require(NEEDS[kind])
    if not body.strip() or actor.person_id is None:
        forget_draft(actor=actor, ticket=ticket, kind=kind)
        return
    ReplyDraft.objects.update_or_create(
        customer_id=ticket.customer_id,
        reseller_id=ticket.reseller_id,
        ticket=ticket,
        person_id=actor.person_id,
        kind=kind,
        defaults={"body": body, "updated_at": now},
    )


def forget_draft(*, actor: Actor, ticket: Ticket, kind: MessageKind) -> None:
    if actor.person_id is not None:
        ReplyDraft.objects.filter(ticket=ticket, person_id=actor.person_id, kind=kind).delete()
