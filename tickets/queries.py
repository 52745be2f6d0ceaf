"""Reads of tickets. Row security is the wall; `ticket_for` is the door."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import JSONObject, Left

from contracts.models import normal_serial
from rozoom_support.lib.refusals import NotFound
from tenancy.actor import Actor
from tenancy.models import AuditEvent, Membership
from tickets.lifecycle import State, Turn
from tickets.models import Attachment, Message, MessageKind, ReplyDraft, Ticket, TicketDraft, TicketQuerySet

# As short a code as fits: "acme42" is ACME-42 and not ACME4-2.
REFERENCE = re.compile(r"^\s*([A-Za-z][A-Za-z0-9]{1,11}?)[-\s]?([0-9]{1,9})\s*$")
SEARCH_CAP = 500
COUNT_CAP = 1000
# The customer has to act before anybody goes on.
WAITS_FOR_CUSTOMER = Q(state=State.WAITING, turn=Turn.CUSTOMER)
READABLE_KINDS = {
    "customer": (MessageKind.PUBLIC,),
    "reseller": (MessageKind.PUBLIC, MessageKind.PARTNER),
}


def readable_kinds(actor: Actor) -> Sequence[str]:
    """Kinds of message this reader may see; the database holds the same rule."""
    return READABLE_KINDS.get(actor.party, tuple(MessageKind))


def revision(actor: Actor, ticket: Ticket) -> int:
    """Grows with every change this reader may see: the version, and the notes written for it."""
    kinds = readable_kinds(actor)
    partner = ticket.partner_notes if MessageKind.PARTNER in kinds else 0
    internal = ticket.internal_notes if MessageKind.INTERNAL in kinds else 0
    return ticket.version + partner + internal


def reference_in(words: str) -> str:
    """The ticket's number as it is stored, however it was typed; "" when this is none."""
    found = REFERENCE.match(words)
    return f"{found[1].upper()}-{found[2]}" if found else ""


def ticket_for(actor: Actor, reference: str) -> Ticket:
    """The one way to a ticket. Missing and not yours raise the same NotFound."""
    actor.require("ticket:read")
    wanted = reference_in(reference)
    if not wanted:
        raise NotFound
    found = (
        Ticket.objects.select_related("component__product", "site", "customer", "reseller")
        .defer("search")
        .filter(reference=wanted)
        .first()
    )
    if found is None:
        raise NotFound
    return found


def visible_tickets(actor: Actor) -> TicketQuerySet:
    """Every ticket this reader may list. The tenant condition repeats the policy so that the planner sees it twice."""
    actor.require("ticket:read")
    tickets = Ticket.objects.for_list()
    if actor.party == "customer":
        return tickets.filter(customer_id=actor.organisation_id)
    if actor.party == "reseller":
        return tickets.filter(reseller_id=actor.organisation_id)
    return tickets


def search_ids(words: str, cap: int = SEARCH_CAP) -> list[int]:
    """Keys of tickets whose number, subject, text, serial or readable messages match, newest first, at most `cap`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM app.search_tickets(%s, %s, %s)", [words, normal_serial(words), cap])
        return [row[0] for row in cursor.fetchall()]


def matching(tickets: TicketQuerySet, words: str) -> TicketQuerySet:
    """Narrow a list to what was typed; a ticket number alone finds that ticket."""
    words = words.strip()
    if not words:
        return tickets
    number = reference_in(words)
    exact = Q(reference=number) if number else Q(pk__in=[])
    return tickets.filter(Q(pk__in=search_ids(words)) | exact)


def conversation_with_files(actor: Actor, ticket: Ticket) -> tuple[list[Message], list[Attachment]]:
    """The messages this reader may see, oldest first, each with its `shown_files`; and every file of the ticket it may see:
    those of the report belong to no message."""
    found = list(
        Message.objects.filter(ticket=ticket, kind__in=readable_kinds(actor))
        .defer("search")
        .order_by("created_at", "id")
    )
    files = files_of(actor, ticket)
    by_message: dict[UUID | None, list[Attachment]] = {}
    for file in files:
        by_message.setdefault(file.message_id, []).append(file)
    for message in found:
        message.shown_files = by_message.get(message.pk, [])  # type: ignore[attr-defined]
    return found, files


def files_of(actor: Actor, ticket: Ticket) -> list[Attachment]:
    return list(Attachment.objects.filter(ticket=ticket, kind__in=readable_kinds(actor)).order_by("created_at", "id"))


def file_for(actor: Actor, file_id: UUID | str) -> Attachment:
    """A file of a ticket the reader may see, or of the reader's own draft. Raises NotFound."""
    actor.require("ticket:read")
    own_draft = Q(draft__person_id=actor.person_id) if actor.person_id else Q(pk__in=[])
    found = (
        Attachment.objects.select_related("ticket")
        .filter(Q(ticket__isnull=False) | own_draft, pk=file_id, kind__in=readable_kinds(actor))
        .first()
    )
    if found is None:
        raise NotFound
    return found


def history(actor: Actor, ticket: Ticket) -> list[AuditEvent]:
    """What happened to the ticket, as far as this reader may know, oldest first."""
    return list(AuditEvent.objects.filter(customer_id=ticket.customer_id, chain=ticket.chain).order_by("seq"))


def drafts_of(actor: Actor, ticket: Ticket) -> dict[str, ReplyDraft]:
    """What this person has begun to write here, by kind."""
    if actor.person_id is None:
        return {}
    return {draft.kind: draft for draft in ReplyDraft.objects.filter(ticket=ticket, person_id=actor.person_id)}


def draft_for(actor: Actor, draft_id: UUID | str) -> TicketDraft:
    """A report this person is writing. Raises NotFound."""
    draft = TicketDraft.objects.select_related("customer").filter(pk=draft_id, person_id=actor.person_id or 0).first()
    if draft is None:
        raise NotFound
    return draft


def reports_begun(actor: Actor) -> list[TicketDraft]:
    """Reports this person has not sent yet, the last touched first."""
    found = TicketDraft.objects.select_related("customer").filter(person_id=actor.person_id or 0)
    return list(found.order_by("-updated_at"))


def files_of_draft(draft: TicketDraft) -> list[Attachment]:
    return list(Attachment.objects.filter(draft=draft).order_by("created_at", "id"))


def said_since(actor: Actor, ticket: Ticket, seen: datetime) -> list[Message]:
    """Messages this reader may see that came after `seen`, oldest first. The reader's own are known already."""
    found = Message.objects.filter(ticket=ticket, kind__in=readable_kinds(actor), created_at__gt=seen).defer("search")
    if actor.person_id is not None:
        found = found.exclude(author_id=actor.person_id)
    return list(found.order_by("created_at", "id"))


def assignable(ticket: Ticket) -> list[Membership]:
    """Who can be given this ticket, as far as the reader may see: roZoom's desk, and the customer's reseller."""
    found = Membership.objects.select_related("organisation").filter(
        Q(organisation__kind="OPERATOR") | Q(organisation_id=ticket.reseller_id, organisation__kind="RESELLER"),
        is_active=True,
    )
    return sorted(found, key=lambda one: (one.organisation.kind, one.person_name.lower()))


def capped_counts(sets: dict[str, Any]) -> dict[str, int]:
    """Sizes of several sets, each counted up to COUNT_CAP + 1, in one statement."""
    names, parts, params = [], [], []
    for name, tickets in sets.items():
        try:
            sql, values = tickets.order_by().values("pk")[: COUNT_CAP + 1].query.sql_with_params()
        except EmptyResultSet:
            continue
        names.append(name)
        parts.append(f"(SELECT count(*) FROM ({sql}) AS found)")  # noqa: S608 (written by the ORM, values apart)
        params += values
    found: Sequence[int] = ()
    if parts:
        with connection.cursor() as cursor:
            cursor.execute("SELECT " + ", ".join(parts), params)
            found = cursor.fetchone()
    return dict.fromkeys(sets, 0) | dict(zip(names, found, strict=True))


def last_words(actor: Actor, tickets: Sequence[Ticket], length: int = 160) -> dict[int, dict[str, str]]:
    """The newest message of each ticket that this reader may see, cut: {"kind", "author", "text"} by the ticket's key."""
    newest = (
        Message.objects.filter(ticket=OuterRef("pk"), kind__in=readable_kinds(actor))
        .order_by("-created_at", "-id")
        .values(said=JSONObject(kind="kind", author="author_name", text=Left("body", length)))
    )
    found = Ticket.objects.filter(pk__in=[ticket.pk for ticket in tickets]).order_by()
    said = found.annotate(said=Subquery(newest[:1])).values_list("pk", "said")
    return {pk: words for pk, words in said if words is not None}


def newest_public_at(ticket: Ticket) -> datetime:
    """When the last public message was written; before there is one, when the ticket was reported."""
    found = Message.objects.filter(ticket=ticket, kind=MessageKind.PUBLIC).order_by("-created_at")
    return found.values_list("created_at", flat=True).first() or ticket.reported_at
