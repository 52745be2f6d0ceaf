"""Who is told that a mail about a ticket could not be delivered. By notice alone: a mail about a mail may fail as well."""

from collections.abc import Iterator

from notifications.handlers import Said, handles
from notifications.models import Delivery, Event
from notifications.readers import without
from notifications.undelivered import TOPIC
from tickets.emails import recipients
from tickets.emails.handlers import ticket_of
from tickets.emails.letters import told


@handles(TOPIC)
def undelivered(event: Event) -> Iterator[Said]:
    """Whoever at roZoom has the ticket, but not the person whom it was for: they would not hear of it there either."""
    ticket = ticket_of(event)
    mail = Delivery.objects.filter(pk=event.payload.get("delivery"), customer_id=event.customer_id).first()
    if ticket is None or mail is None or mail.state != Delivery.State.DEAD:
        return
    for reader in without(recipients.rozoom_owner_or_desk(ticket), None):
        yield told(f"Not delivered: the mail to {mail.recipient}", reader=reader, ticket=ticket)
