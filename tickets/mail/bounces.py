"""Mail systems say that a mail of ours did not arrive: noted with the address, the mail and its ticket."""

from collections.abc import Mapping
from typing import Any

from notifications.models import Delivery
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
    ticket = _ticket_of(bounce["ids"], [row["address"] for row in failed])
    if ticket is not None:
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


def _ticket_of(ids: list[str], addresses: list[str]) -> Ticket | None:
    """Of a mail that truly went to that address, so that a forged report reaches no ticket."""
    host = our_host()
    keys = [one[8:].partition("@")[0] for one in ids if one.startswith("<rozoom.") and one.endswith(f"@{host}>")]
    sent = Delivery.objects.select_related("event").filter(dedup_key__in=keys, event__ticket_id__isnull=False)
    for delivery in sent if keys else []:
        if delivery.recipient.lower() in addresses and delivery.event is not None and delivery.event.ticket_id:
            return Ticket.objects.defer("search").filter(pk=delivery.event.ticket_id).first()
    return None
