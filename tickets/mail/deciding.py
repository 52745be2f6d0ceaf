"""What becomes of one mail: the order of the questions, and the words for whoever looks at what was held (docs/mail.md)."""

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from rozoom_support.lib.refusals import Refused
from tenancy.actor import Actor, NotAllowed
from tenancy.models import Kind, Organisation
from tickets.lifecycle import State
from tickets.mail import bounces, filing, limits
from tickets.mail.addresses import is_ours
from tickets.mail.filing import Letter
from tickets.mail.proof import Proof
from tickets.mail.senders import Sender, sender_of
from tickets.mail.serials import component_in
from tickets.mail.settling import settle
from tickets.mail.threads import Stray, Thread, our_host, thread_of
from tickets.models import IncomingMail, MessageKind
from tickets.services import CannotReply

Outcome = IncomingMail.Outcome


def decide(mail: IncomingMail, found: Mapping[str, Any], proof: Proof, folder: Path, now: datetime) -> None:
    """As the worker, with the row locked. Leaves the mail settled: a ticket, a message, held, ignored or a bounce."""
    if _ends_early(mail, found):
        return
    sender = _sender(mail, found, proof)
    if sender is None:
        return
    try:
        thread = thread_of(mail, found, sender)
    except Stray as stray:
        settle(mail, Outcome.HELD, stray.code, stray.words)
        return
    if _is_held_for_staff(mail, sender, thread, proof) or _is_too_much(mail, sender):
        return
    if filing.is_empty(found) and (thread is not None or not found["subject"]):
        settle(mail, Outcome.HELD, "empty", "It has no text and no file.")
        return
    with ExitStack() as stack:
        letter = Letter.of(found, folder, stack, whole=thread is None)
        try:
            with transaction.atomic():
                _carry_out(mail, found, sender, thread, letter, now)
        except (Refused, NotAllowed) as refused:
            settle(mail, Outcome.HELD, "refused", filing.why_not(refused))


def _ends_early(mail: IncomingMail, found: Mapping[str, Any]) -> bool:
    """Mail of programs, and the same mail again: nothing of it goes anywhere, and nobody is answered."""
    if mail.sender and is_ours(mail.sender):
        settle(mail, Outcome.IGNORED, "our_own", "It comes from an address of our own.")
    elif found["message_id"].startswith("<rozoom.") and found["message_id"].endswith(f"@{our_host()}>"):
        settle(mail, Outcome.IGNORED, "our_own", "It is a mail we sent.")
    elif found["bounce"] is not None:
        bounces.record_bounce(mail, found["bounce"])
    elif found["report"] == "disposition-notification":
        settle(mail, Outcome.IGNORED, "automatic", "It only says that a mail was opened.")
    elif found["automatic"]:
        settle(mail, Outcome.IGNORED, "automatic", f"It is {_sentence(found['automatic'])}")
    elif (first := _first_of_the_same(mail)) is not None:
        mail.ticket_id, mail.message_id = first.ticket_id, first.message_id
        mail.customer_id, mail.reseller_id = first.customer_id, first.reseller_id
        settle(mail, Outcome.IGNORED, "duplicate", f"The same mail came before, as mail {first.pk}.")
    return not mail.is_waiting


def _sentence(reason: str) -> str:
    return reason.removeprefix("an ").removeprefix("a ").join(["an automatic mail: ", "."]) if reason else ""


def _first_of_the_same(mail: IncomingMail) -> IncomingMail | None:
    same = IncomingMail.objects.filter(content=mail.content).exclude(pk=mail.pk)
    decided = same.exclude(outcome__in=[Outcome.WAITING, Outcome.IGNORED, Outcome.REJECTED])
    return decided.order_by("pk").first()


def _sender(mail: IncomingMail, found: Mapping[str, Any], proof: Proof) -> Sender | None:
    """Who wrote it, when that is somebody we know and believe."""
    if found["from_fields"] != 1 or len(found["from"]) != 1:
        settle(mail, Outcome.HELD, "no_sender", "It names no sender, or more than one.")
        return None
    sender = sender_of(mail.sender, mail.sender_name)
    if proof.failed:
        settle(mail, Outcome.HELD, "failed_proof", f"{proof.failed}: it may be forged.")
    elif sender.left:
        settle(mail, Outcome.HELD, "left", "The sender's access has ended.")
    elif not sender.is_known:
        settle(
            mail, Outcome.HELD, "unknown_sender", "We do not know this address, and no customer has shown its domain."
        )
    elif settings.MAIL_PROOF == "needed" and not proof.proved:
        settle(mail, Outcome.HELD, "no_proof", "Nothing proves that it comes from this address.")
    return sender if mail.is_waiting else None


def _is_held_for_staff(mail: IncomingMail, sender: Sender, thread: Thread | None, proof: Proof) -> bool:
    """Who speaks for roZoom by mail has to answer to an address of ours, and to sign."""
    if not sender.is_staff:
        return False
    if thread is None or not thread.by_address:
        settle(mail, Outcome.HELD, "staff", "People of roZoom write at the desk, or answer to a mail of ours.")
    elif not proof.signed:
        settle(mail, Outcome.HELD, "staff_not_signed", "It is not signed (DKIM) by the domain of its sender.")
    return not mail.is_waiting


def _is_too_much(mail: IncomingMail, sender: Sender) -> bool:
    customer = next((one.organisation_id for one in sender.actors() if one.party == "customer"), None)
    if limits.is_over_sender(mail, sender.address):
        most = settings.LIMITS["mails_per_sender"]
        settle(mail, Outcome.HELD, "too_many", f"This address sent more than {most} mails in ten minutes.")
    elif customer is not None and limits.is_over_customer(mail, customer):
        most = settings.LIMITS["mails_per_customer"]
        settle(mail, Outcome.HELD, "too_many", f"This customer sent more than {most} mails in ten minutes.")
    return not mail.is_waiting


def _carry_out(
    mail: IncomingMail, found: Mapping[str, Any], sender: Sender, thread: Thread | None, letter: Letter, now: datetime
) -> None:
    if thread is not None and not _has_ended(thread, now):
        message = filing.add_answer(
            actor=thread.actor, ticket=thread.ticket, kind=thread.kind, mail=mail, letter=letter, now=now
        )
        settle(mail, Outcome.MESSAGE_ADDED, ticket=thread.ticket, message=message)
        return
    if thread is not None:
        actor, customer = thread.actor, thread.ticket.customer
        component = thread.ticket.component
    else:
        placed = _place(sender, letter)
        if placed is None:
            settle(
                mail,
                Outcome.HELD,
                "which_customer",
                "The sender works for several customers, and no serial tells which.",
            )
            return
        actor, customer = placed
        component = component_in([letter.subject, letter.body], [customer])
    ticket = filing.file_report(
        actor=actor,
        customer=customer,
        component=component,
        mail=mail,
        letter=letter,
        follows=thread.ticket if thread is not None else None,
    )
    settle(mail, Outcome.TICKET_CREATED, ticket=ticket)


def _has_ended(thread: Thread, now: datetime) -> bool:
    """An answer of the customer that comes too late is a new report; anybody else's is held with the refusal's words."""
    if thread.kind != MessageKind.PUBLIC or thread.actor.party == "operator":
        return False
    try:
        filing.refuse_unanswerable(thread.ticket, thread.kind, now)
    except CannotReply:
        return thread.ticket.state != State.MERGED
    return False


def _place(sender: Sender, letter: Letter) -> tuple[Actor, Organisation] | None:
    """For whom a new report is. A reseller's people and those of several customers are told by a serial."""
    own = {
        one.organisation_id: one.organisation for one in sender.memberships if one.organisation.kind == Kind.CUSTOMER
    }
    if sender.guest_of is not None:
        return sender.guest(), sender.guest_of
    if len(own) == 1 and len(sender.actors()) == 1:
        (customer,) = own.values()
        actor = sender.actor_in(customer.pk)
        return (actor, customer) if actor is not None else None
    resellers = [one.organisation_id for one in sender.memberships if one.organisation.kind == Kind.RESELLER]
    served = Organisation.objects.select_related("reseller").filter(kind=Kind.CUSTOMER, reseller_id__in=resellers)
    customers = {**{one.pk: one for one in served.filter(is_active=True)}, **own}
    component = component_in([letter.subject, letter.body], customers.values())
    if component is None:
        return _only_own(sender, own)
    customer = customers[component.customer_id]
    actor = sender.actor_in(customer.pk) or sender.actor_in(customer.served_by_id)
    return (actor, customer) if actor is not None else None


def _only_own(sender: Sender, own: Mapping[int, Organisation]) -> tuple[Actor, Organisation] | None:
    """Without a serial, somebody with one customer of their own writes for that one."""
    if len(own) != 1:
        return None
    (customer,) = own.values()
    actor = sender.actor_in(customer.pk)
    return (actor, customer) if actor is not None else None
