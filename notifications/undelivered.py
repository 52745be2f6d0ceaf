"""Mails that could not be delivered: the staff is told, and sees it at the ticket until the mail goes out after all."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from notifications.models import Delivery, Event
from notifications.services import emit

TOPIC = "mail.undelivered"


@dataclass(frozen=True)
class Undelivered:
    recipient: str
    subject: str
    why: str
    at: datetime


def report(delivery: Delivery, now: datetime) -> None:
    """As the worker, in the transaction that gives it up. A mail about no ticket is seen in the administration alone."""
    if delivery.event_id is None or delivery.customer_id is None or delivery.reseller_id is None:
        return
    ticket_id = Event.objects.filter(pk=delivery.event_id).values_list("ticket_id", flat=True).first()
    if ticket_id is None:
        return
    emit(
        TOPIC,
        customer_id=delivery.customer_id,
        reseller_id=delivery.reseller_id,
        ticket_id=ticket_id,
        severity=delivery.severity,
        payload={"delivery": delivery.pk},
        now=now,
    )


@transaction.atomic
def note_bounce(delivery: Delivery, why: str, now: datetime) -> bool:
    """As the worker: a mail system told us later that it did not arrive. False when that is known."""
    mine = Delivery.objects.filter(pk=delivery.pk).exclude(state=Delivery.State.DEAD)
    known = mine.update(state=Delivery.State.DEAD, sent_at=None, last_error=why[:1000], lease_until=None, leased_by="")
    if known:
        report(delivery, now)
    return bool(known)


def undelivered_of(customer_id: int, ticket_id: int) -> list[Undelivered]:
    """For staff, who may read everything of a mail but its words: the newest for each address."""
    dead = Delivery.objects.filter(
        customer_id=customer_id, state=Delivery.State.DEAD, event__ticket_id=ticket_id, event__customer_id=customer_id
    )
    rows = dead.order_by("recipient", "-pk").distinct("recipient")
    return [Undelivered(one.recipient, one.subject, one.last_error, one.created_at) for one in rows]
