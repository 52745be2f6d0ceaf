"""Mail systems say that a mail of ours did not arrive: noted with the address, the mail and its ticket."""

from collections.abc import Mapping
from typing import Any

from notifications.models import Delivery
from notifications.undelivered import note_bounce
from tenancy import audit
from tenancy.actor import Actor
from tickets.mail.settling import settle
from tickets.mail.threads import our_host
from tickets.models import IncomingMail, Ticket
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
    sent = _sent(bounce["ids"], [row["address"] for row in failed])
    ticket = _ticket_of(sent)
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


def _ticket_of(sent: Delivery | None) -> Ticket | None:
    if sent is None or sent.event is None or sent.event.ticket_id is None:
        return None
    return Ticket.objects.defer("search").filter(pk=sent.event.ticket_id).first()
