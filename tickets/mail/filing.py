"""From what was read to a ticket or a message: words, files, and what could not be kept."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.files.base import File
from django.db import connection, transaction

from contracts.models import Component
from rozoom_support.lib.refusals import Refused
from tenancy.actor import Actor
from tenancy.context import looking_as
from tenancy.models import Organisation
from tickets.files import BadFile, CheckedFile, check_file
from tickets.mail.questions import impact_in
from tickets.mail.reading.mail import WHOLE_TEXT
from tickets.models import Channel, IncomingMail, Message, MessageKind, Ticket
from tickets.services import CannotPropose, Report, add_message, answer_questions, file_ticket
from tickets.services.conversation import refuse_unanswerable as refuse_unanswerable

NO_TEXT = "(The mail had no text.)"
NO_SUBJECT = "Mail without a subject"


class Upload(File):
    """A part of the mail as the checks of tickets/files.py know an upload."""

    def __init__(self, source: IO[bytes], name: str, size: int) -> None:
        super().__init__(source, name)
        self.size = size


@dataclass(frozen=True)
class Letter:
    """A mail as the deeds take it. `files` are open until the stack that made it closes."""

    subject: str
    body: str
    history: str
    files: Sequence[CheckedFile]

    @classmethod
    def of(cls, found: Mapping[str, Any], folder: Path, stack: ExitStack, *, whole: bool) -> "Letter":
        """`whole`: with the history below it, as a report without it may say nothing."""
        files, refused = checked_files(found["files"], folder, stack)
        written, history = found["written"], found["history"]
        if whole and history and _fits(f"{written}\n\n{history}"):
            written, history = f"{written}\n\n{history}", ""
        notes = [*found["notes"], *refused]
        if found["was_cut"]:
            notes.insert(0, f"The text goes on in the file {WHOLE_TEXT}.")
        body = "\n\n".join([written or NO_TEXT, *[f"[{note}]" for note in notes]])
        subject = found["subject"][: settings.LIMITS["subject_chars"]].strip() or NO_SUBJECT
        return cls(subject, body, history, files)


def is_empty(found: Mapping[str, Any]) -> bool:
    return not found["written"] and not found["history"] and not found["files"] and not found["notes"]


def checked_files(
    rows: Sequence[Mapping[str, Any]], folder: Path, stack: ExitStack
) -> tuple[list[CheckedFile], list[str]]:
    """Through the same checks as an upload. What does not pass is named in the message; the mail itself keeps it."""
    kept: list[CheckedFile] = []
    refused: list[str] = []
    most = settings.LIMITS["files_per_message"]
    for row in rows:
        if len(kept) == most:
            refused.append(
                f"{len(rows) - most - len(refused)} more files came with the mail. We keep {most} with a message."
            )
            break
        source = stack.enter_context((folder / str(row["at"])).open("rb"))
        try:
            kept.append(check_file(Upload(source, row["name"], row["size"])))
        except BadFile as bad:
            refused.append(f"Not kept: {bad.message}")
    return kept, refused


def file_report(
    *,
    actor: Actor,
    customer: Organisation,
    component: Component | None,
    mail: IncomingMail,
    letter: Letter,
    follows: Ticket | None = None,
) -> Ticket:
    """A new ticket, promised from the instant our server had the mail."""
    body = (
        f"This follows {follows.reference}, which has ended.\n\n{letter.body}" if follows is not None else letter.body
    )
    report = Report(
        subject=letter.subject,
        description=body if _fits(body) else letter.body,
        impact=impact_in(letter.body),
        component=component,
    )
    return file_ticket(
        actor=actor,
        customer=customer,
        report=report,
        channel=Channel.EMAIL,
        now=mail.received_at,
        files=letter.files,
    )


def add_answer(
    *, actor: Actor, ticket: Ticket, kind: MessageKind, mail: IncomingMail, letter: Letter, now: datetime
) -> Message:
    """A message, counted from the instant our server had the mail; answers to the four questions set the severity."""
    message = add_message(
        actor=actor,
        ticket=ticket,
        kind=kind,
        body=letter.body,
        history=letter.history,
        now=mail.received_at,
        channel=Channel.EMAIL,
        files=letter.files,
    )
    impact = impact_in(letter.body) if kind == MessageKind.PUBLIC and actor.party != "operator" else None
    if impact is not None:
        try:
            with _as_sender(actor), transaction.atomic():
                answer_questions(actor=actor, ticket=ticket, impact=impact, now=now)
        except CannotPropose:
            pass  # it waits for the others already; what was written stands in the message
    return message


def _as_sender(actor: Actor) -> AbstractContextManager[None]:
    """A job may not speak about severity. At the desk it is staff who let it through, in their own role."""
    unit = connection.unit  # type: ignore[attr-defined]
    is_job = unit is not None and unit.ctx is not None and unit.ctx.audience == "worker"
    return looking_as(actor.context) if is_job else nullcontext()


def why_not(refused: Refused) -> str:
    return refused.message[:480]


def _fits(text: str) -> bool:
    return len(text.encode()) <= settings.LIMITS["message_bytes"]
