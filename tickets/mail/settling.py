"""Writing down what became of a mail, once."""

from tickets.models import IncomingMail, Message, Ticket

DECIDED = ["outcome", "code", "reason", "customer", "reseller", "ticket", "message"]


def settle(
    mail: IncomingMail,
    outcome: IncomingMail.Outcome,
    code: str = "",
    reason: str = "",
    *,
    ticket: Ticket | None = None,
    message: Message | None = None,
) -> None:
    """The caller holds the row's lock. `reason` is for staff, in words."""
    mail.outcome, mail.code, mail.reason = outcome, code, reason[:500]
    if ticket is not None:
        mail.ticket_id, mail.customer_id, mail.reseller_id = ticket.pk, ticket.customer_id, ticket.reseller_id
    if message is not None:
        mail.message_id = message.pk
    mail.save(update_fields=DECIDED)
