"""What became of a mail, for programs: one line of JSON, the same at every door."""

import json

from tenancy.context import Context, work_unit
from tickets.models import IncomingMail, Ticket


def line_of(mail: IncomingMail) -> str:
    """{"mail": 7, "outcome": "ticket_created", "ticket": "ACME-42", "message": null, "reason": ""}"""
    with work_unit(Context("worker")):
        reference = None
        if mail.ticket_id is not None:
            reference = Ticket.objects.filter(pk=mail.ticket_id).values_list("reference", flat=True).first()
    return line(
        mail=mail.pk,
        outcome=mail.outcome,
        ticket=reference,
        message=str(mail.message_id) if mail.message_id else None,
        reason=mail.reason,
    )


def line(
    *, outcome: str, reason: str = "", mail: int | None = None, ticket: str | None = None, message: str | None = None
) -> str:
    return json.dumps({"mail": mail, "outcome": outcome, "ticket": ticket, "message": message, "reason": reason})
