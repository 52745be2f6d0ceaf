"""The job that ends proposals nobody answered (docs/severity.md). What is read shows them as over even before it ran."""

import logging

from django.db import DatabaseError

from tenancy.actor import Actor
from tenancy.context import Context, database_now, work_unit
from tickets.models import SeverityProposal, Ticket
from tickets.services import expire_proposal

log = logging.getLogger(__name__)
WORKER = Context("worker")
EXPIRER = Actor.system("severity")
BATCH = 500


def expire_due() -> int:
    """How many ended. Each in its own transaction; a ticket that somebody holds is left for the next round."""
    with work_unit(WORKER):
        due = SeverityProposal.objects.filter(state=SeverityProposal.State.OPEN, expires_at__lte=database_now())
        waiting = list(due.order_by("expires_at").values_list("customer_id", "ticket_id")[:BATCH])
    return sum(_expire(customer_id, ticket_id) for customer_id, ticket_id in waiting)


def _expire(customer_id: int, ticket_id: int) -> bool:
    try:
        with work_unit(WORKER):
            wanted = Ticket.objects.filter(customer_id=customer_id, pk=ticket_id).defer("search")
            free = wanted.select_for_update(of=("self",), skip_locked=True).first()
            return free is not None and expire_proposal(actor=EXPIRER, ticket=free, now=database_now()) is not None
    except DatabaseError:  # the others must not wait for it
        log.exception("a proposal could not be ended: ticket %s", ticket_id)
        return False
