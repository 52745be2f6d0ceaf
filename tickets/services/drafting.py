"""A report being written: kept step by step on the server, so that nothing typed is ever lost."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from rozoom_support.lib.refusals import NotFound, Refused
from tenancy.actor import Actor
from tenancy.models import Kind, Organisation
from tickets.files import BadFile, CheckedFile, attach
from tickets.models import Attachment, TicketDraft

MOST_DRAFTS = 20


class CannotDraft(Refused):
    code = "cannot_draft"
    status = 422


@transaction.atomic
def begin_report(*, actor: Actor, customer: Organisation, now: datetime) -> TicketDraft:
    actor.require("ticket:file")
    if customer.kind != Kind.CUSTOMER or not customer.is_active:
        raise CannotDraft("Choose the customer this report is for.", param="customer")
    if actor.person_id is None:
        raise CannotDraft("Only a person keeps drafts. A program files its ticket at once.")
    if TicketDraft.objects.filter(person_id=actor.person_id).count() >= MOST_DRAFTS:
        raise CannotDraft(f"You have {MOST_DRAFTS} unfinished reports. Go on with one of them, or discard one.")
    return TicketDraft.objects.create(customer=customer, person_id=actor.person_id, answers={}, updated_at=now)


@transaction.atomic
def keep_answers(
    *, actor: Actor, draft: TicketDraft, answers: Mapping[str, str], now: datetime, forget: Sequence[str] = ()
) -> TicketDraft:
    """Remember answers as they were typed, right or wrong; the others stay. Autosave and Continue meet here: lock."""
    actor.require("ticket:file")
    draft = _lock(actor, draft)
    kept: dict[str, Any] = {name: value for name, value in draft.answers.items() if name not in forget}
    # PostgreSQL's JSON has no place for NUL, and no text of a person needs it.
    kept |= {name: value.replace("\x00", "") for name, value in answers.items()}
    if kept != draft.answers:
        draft.answers, draft.updated_at = kept, now
        draft.save(update_fields=["answers", "updated_at"])
    return draft


@transaction.atomic
def keep_file(*, actor: Actor, draft: TicketDraft, file: CheckedFile, now: datetime) -> None:
    """Add a checked file to the report. The same file sent twice is one. Raises BadFile when there are too many."""
    actor.require("ticket:file")
    draft = _lock(actor, draft)
    kept = Attachment.objects.filter(draft=draft)
    if kept.filter(sha256=file.sha256, name=file.name).exists():
        return
    most = settings.LIMITS["files_per_message"]
    if kept.count() >= most:
        raise BadFile(f"{file.name} was not added: a report takes at most {most} files. Send it with a reply later.")
    attach([file], draft=draft, author_name=actor.name, now=now)


@transaction.atomic
def drop_file(*, actor: Actor, draft: TicketDraft, file_id: UUID) -> None:
    actor.require("ticket:file")
    Attachment.objects.filter(draft=_lock(actor, draft), pk=file_id).delete()


@transaction.atomic
def discard_report(*, actor: Actor, draft: TicketDraft) -> None:
    """Forget the report and its files. A stored file without a row is tidied away within two days (tidying.py)."""
    actor.require("ticket:file")
    _lock(actor, draft).delete()


def _lock(actor: Actor, draft: TicketDraft) -> TicketDraft:
    found = TicketDraft.objects.select_for_update().filter(pk=draft.pk, person_id=actor.person_id or 0).first()
    if found is None:
        raise NotFound
    return found
