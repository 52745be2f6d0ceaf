"""How much one sender and one customer may send before a person looks at it. More is held, never bounced."""

from datetime import timedelta

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from tickets.models import IncomingMail

SPAN = timedelta(minutes=10)
NOT_COUNTED = [IncomingMail.Outcome.IGNORED, IncomingMail.Outcome.BOUNCE_RECORDED, IncomingMail.Outcome.REJECTED]
CLAIM_ANSWER = """
INSERT INTO tickets_automaticanswer AS one (address, sent_at) VALUES (%s, now())
ON CONFLICT (address) DO UPDATE SET sent_at = now() WHERE one.sent_at <= now() - interval '1 day' RETURNING address"""


def is_over_sender(mail: IncomingMail, address: str) -> bool:
    before = _before(mail).filter(sender=address)
    return _reaches(before, settings.LIMITS["mails_per_sender"])


def is_over_customer(mail: IncomingMail, customer_id: int) -> bool:
    return _reaches(_before(mail).filter(customer_id=customer_id), settings.LIMITS["mails_per_customer"])


def _before(mail: IncomingMail) -> QuerySet[IncomingMail]:
    since = mail.received_at - SPAN
    return (
        IncomingMail.objects.filter(received_at__gt=since, received_at__lte=mail.received_at)
        .exclude(pk=mail.pk)
        .exclude(outcome__in=NOT_COUNTED)
    )


def _reaches(rows: QuerySet[IncomingMail], most: int) -> bool:
    return len(rows.values_list("pk", flat=True)[:most]) >= most


def may_answer_automatically(address: str) -> bool:
    """Once a day for each address, and whoever asks has it. As the worker, in the transaction that makes the mail."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIM_ANSWER, [address.lower()[:320]])
        return cursor.fetchone() is not None
