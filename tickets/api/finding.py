"""Finding what an address names. What is missing, foreign or no name at all is the same NotFound."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request

from rozoom_support.lib.refusals import NotFound
from tenancy.actor import Actor
from tenancy.api.views import actor_of
from tickets import queries
from tickets.models import Attachment, Message, Ticket


def known_reference(text: str) -> str:
    """As people write it: acme-42 too."""
    reference = queries.reference_in(text)
    if not reference:
        raise NotFound
    return reference


def find_ticket(request: Request, reference: str) -> Ticket:
    return queries.ticket_for(actor_of(request), known_reference(reference))


def messages_of(actor: Actor, ticket: Ticket) -> QuerySet[Message]:
    return Message.objects.filter(ticket=ticket, kind__in=queries.readable_kinds(actor)).defer("search")


def files_of(actor: Actor, ticket: Ticket) -> QuerySet[Attachment]:
    return Attachment.objects.filter(ticket=ticket, kind__in=queries.readable_kinds(actor))


def files_by_message(actor: Actor, messages: Iterable[Message]) -> dict[UUID | None, list[Attachment]]:
    """One query for the files of a page of messages."""
    found: dict[UUID | None, list[Attachment]] = {}
    keys = [message.pk for message in messages]
    if not keys:
        return found
    rows = Attachment.objects.filter(message_id__in=keys, kind__in=queries.readable_kinds(actor))
    for file in rows.order_by("created_at", "id"):
        found.setdefault(file.message_id, []).append(file)
    return found
