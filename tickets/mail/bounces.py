"""Mail systems say that a mail of ours did not arrive: noted with the address, the mail and its ticket."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from notifications.models import Delivery
from notifications.undelivered import note_bounce
from tenancy import audit
from tenancy.actor import Actor
from tickets.emails.letters import thread_root
from tickets.mail.addresses import secrets_in
from tickets.mail.settling import settle
from tickets.mail.threads import our_host
from tickets.models import IncomingMail, ReplyAddress, Ticket
from tickets.services._common import record

MAILER = Actor.system("mail")
Outcome = IncomingMail.Outcome


def record_bounce(mail: IncomingMail, bounce: Mapping[str, Any]) -> None:
    """A delay or a receipt changes nothing. A failure is noted; on the ticket only where it names a mail we sent there."""
    failed = [row for row in bounce["rows"] if row["action"] == "failed"]
    if not failed:
        said = ", ".join(sorted({row["action"] for row in bounce["rows"]}))[:80]
        settle(mail, Outcome.IGNORED, "report", f"A mail system reports: {said}. Nothing has failed.")
        return
    address = failed[0]["address"]
    words = " ".join(part for part in (failed[0]["status"], failed[0]["said"]) if part)[:300]
    addresses = [row["address"] for row in failed]
    sent = _sent(bounce["ids"], addresses)
    ticket = _ticket_of(sent)
    if sent is None and (given := _given(bounce["reply_to"], addresses)) is not None:
        ticket, sent = given.ticket, _last_with(given, mail.received_at)
    if sent is not None and note_bounce(sent, words or "it came back", mail.received_at) and ticket is not None:
        record(
            MAILER,
            ticket,
            "mail.bounced",
            mail.received_at,
            kind=audit.INTERNAL,
            address=address,
            said=words,
            mail=mail.pk,
        )
    settle(mail, Outcome.BOUNCE_RECORDED, "bounce", f"Mail to {address} did not arrive. {words}".strip(), ticket=ticket)


def _sent(ids: list[str], addresses: list[str]) -> Delivery | None:
    """A mail of ours that truly went to that address, so that a forged report reaches nothing."""
    host = our_host()
    keys = [one[8:].partition("@")[0] for one in ids if one.startswith("<rozoom.") and one.endswith(f"@{host}>")]
    sent = Delivery.objects.select_related("event").filter(dedup_key__in=keys) if keys else []
    return next((one for one in sent if one.recipient.lower() in addresses), None)


def _given(reply_to: list[str], addresses: list[str]) -> ReplyAddress | None:
    """Where every name of ours was lost: the secret in Reply-To is of one reader and one ticket, and nobody guesses it."""
    found = ReplyAddress.objects.select_related("ticket").defer("ticket__search")
    return found.filter(secret__in=secrets_in(reply_to), email__in=addresses).order_by("pk").first()


def _last_with(given: ReplyAddress, received_at: datetime) -> Delivery | None:
    """The newest mail that carried it."""
    told = Delivery.objects.select_related("event").filter(
        thread=thread_root(given.ticket), event__ticket_id=given.ticket_id, created_at__lte=received_at
    )
    return next((one for one in told.order_by("-pk") if _carries(one, given)), None)


def _carries(sent: Delivery, given: ReplyAddress) -> bool:
    answers_to = parseaddr(str(sent.headers.get("Reply-To", "")))[1]
    return sent.recipient.lower() == given.email and secrets_in([answers_to]) == [given.secret]


def _ticket_of(sent: Delivery | None) -> Ticket | None:
    if sent is None or sent.event is None or sent.event.ticket_id is None:
        return None
    return Ticket.objects.defer("search").filter(pk=sent.event.ticket_id).first()
