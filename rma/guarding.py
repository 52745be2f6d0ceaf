"""A ticket with an open return is not closed: somebody still waits for a part, or owes one."""

from rma.models import Rma
from tickets.closing import closing_guards
from tickets.models import Ticket


def no_open_return(ticket: Ticket) -> str:
    found = Rma.objects.open().filter(customer_id=ticket.customer_id, ticket=ticket).order_by("requested_at").first()
    if found is None:
        return ""
    return f"Return {found} is open: it is {found.get_state_display().lower()}. Close the ticket when the return has ended."


closing_guards.append(no_open_return)
