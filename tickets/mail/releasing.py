"""What staff decide about a mail that was held: into a ticket, or dropped. Both are theirs by name."""

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.contrib.postgres.functions import TransactionNow
from django.db import transaction

from rozoom_support.lib.refusals import NotFound, Refused
from tenancy import audit
from tenancy.actor import Actor
from tenancy.models import Kind, Membership, Organisation
from tickets.mail import filing
from tickets.mail.filing import Letter
from tickets.mail.reader import Unreadable, reader
from tickets.mail.serials import component_in
from tickets.mail.settling import settle
from tickets.mail.storing import as_local_file
from tickets.models import IncomingMail, MessageKind, Ticket
from tickets.services._common import record

CAPABILITY = "mail:handle"
AS_IT_CAME = "mail.eml"
UNREAD = "We could not read this mail. It is attached as it came."
Outcome = IncomingMail.Outcome


class CannotRelease(Refused):
    code = "cannot_release"
    status = 422


@transaction.atomic
def release_mail(
    *,
    actor: Actor,
    mail: IncomingMail,
    now: datetime,
    written_by: str,
    ticket: Ticket | None = None,
    customer: Organisation | None = None,
) -> Ticket:
    """Into `ticket` as a message, else into a new ticket of `customer`. The promise counts from when our server had it.

    `written_by` is the address whose words these are: a person of that customer or of its reseller, or the sender itself,
    who then counts as somebody of the customer without an account.
    """
    actor.require(CAPABILITY)
    mail = _open(mail)
    owner = ticket.customer if ticket is not None else customer
    if owner is None or owner.kind != Kind.CUSTOMER:
        raise CannotRelease("Choose the customer this mail is from.", param="customer")
    speaker = _speaker(mail, owner, written_by.strip().lower())
    with TemporaryDirectory(prefix="rozoom-mail-") as folder, ExitStack() as stack:
        found = _read(mail, Path(folder))
        letter = Letter.of(found, Path(folder), stack, whole=ticket is None)
        if ticket is None:
            component = component_in([letter.subject, letter.body], [owner])
            ticket = filing.file_report(actor=speaker, customer=owner, component=component, mail=mail, letter=letter)
            settle(mail, Outcome.TICKET_CREATED, ticket=ticket)
        else:
            message = filing.add_answer(
                actor=speaker, ticket=ticket, kind=MessageKind.PUBLIC, mail=mail, letter=letter, now=now
            )
            settle(mail, Outcome.MESSAGE_ADDED, ticket=ticket, message=message)
    _sign(mail, actor, now)
    record(actor, ticket, "mail.released", now, kind=audit.INTERNAL, mail=mail.pk, sender=mail.sender)
    return ticket


@transaction.atomic
def drop_mail(*, actor: Actor, mail: IncomingMail, now: datetime) -> None:
    """Nothing comes of it, and nobody is told. It can still be released while it is kept."""
    actor.require(CAPABILITY)
    mail = _open(mail)
    mail.outcome = Outcome.DROPPED
    mail.save(update_fields=["outcome"])
    _sign(mail, actor, now)


@transaction.atomic
def try_mail_again(*, actor: Actor, mail: IncomingMail, now: datetime) -> None:
    """Somebody became known, a domain was shown: the worker reads it once more, within seconds."""
    actor.require(CAPABILITY)
    mail = _open(mail)
    mail.outcome, mail.attempts = Outcome.WAITING, 0
    mail.next_at = TransactionNow()
    mail.save(update_fields=["outcome", "attempts", "next_at"])


def _open(mail: IncomingMail) -> IncomingMail:
    locked = IncomingMail.objects.select_for_update().filter(pk=mail.pk).first()
    if locked is None:
        raise NotFound
    if not locked.can_be_released:
        words = f"{locked.decided_by} has" if locked.decided_by else "Somebody has"
        raise CannotRelease(f"{words} decided about this mail already.")
    return locked


def _speaker(mail: IncomingMail, customer: Organisation, address: str) -> Actor:
    known = Membership.objects.select_related("organisation").filter(
        organisation_id__in=[customer.pk, customer.served_by_id],
        organisation__kind__in=[Kind.CUSTOMER, Kind.RESELLER],
        person_email__iexact=address,
        is_active=True,
    )
    own = sorted(known, key=lambda one: one.organisation_id != customer.pk)
    if own:
        return Actor.of_mail(own[0])
    if address and address == mail.sender:
        return Actor.of_guest(customer, name=mail.sender_name, email=mail.sender)
    raise CannotRelease(
        f"Nobody with this address works for {customer.name}. Enter the address of one of its people.",
        param="written_by",
    )


def _read(mail: IncomingMail, folder: Path) -> Mapping[str, Any]:
    with as_local_file(mail, folder) as raw:
        try:
            return reader.read(raw, folder, envelope_from=mail.envelope_from)
        except Unreadable:
            size = min(mail.size, raw.stat().st_size)
            (folder / "0").write_bytes(raw.read_bytes())
    return {
        "subject": mail.subject or f"Mail {mail.pk}",
        "written": UNREAD,
        "history": "",
        "was_cut": False,
        "notes": [],
        "files": [{"name": AS_IT_CAME, "size": size, "at": 0}],
    }


def _sign(mail: IncomingMail, actor: Actor, now: datetime) -> None:
    mail.decided_at, mail.decided_by = now, actor.name
    mail.save(update_fields=["decided_at", "decided_by"])
