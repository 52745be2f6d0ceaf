"""Sending files to a ticket without a message."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from tenancy.actor import Actor
from tickets.files import CheckedFile, attach
from tickets.models import Attachment, MessageKind, Ticket
from tickets.services._common import lock, record, save_said, tell
from tickets.services.conversation import NEEDS, refuse_unanswerable


@transaction.atomic
def add_files(
    *,
    actor: Actor,
    ticket: Ticket,
    kind: MessageKind,
    files: Sequence[CheckedFile],
    now: datetime,
    version: int | None = None,
) -> list[Attachment]:
    """Put checked files to the ticket, for the readers of `kind`. A file alone answers nothing: no clock stops or starts.

    Raises CannotReply where no public message could be added either.
    """
    actor.require(NEEDS[kind])
    ticket = lock(ticket, version=version)
    refuse_unanswerable(ticket, kind, now)
    rows = attach(files, ticket=ticket, kind=kind, author_name=actor.name, now=now)
    save_said(ticket, kind, now)
    record(actor, ticket, "files.added", now, kind=kind, files=[str(row.pk) for row in rows])
    tell("files.added", actor, ticket, now, files=len(rows), kind=kind)
    return rows
