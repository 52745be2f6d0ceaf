"""What tests of the outbox need: events and mails to begin with, and what became of them."""

import os
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.contrib.postgres.functions import TransactionNow
from django.db import connection

from notifications import services
from notifications.models import Delivery, Event
from tenancy.context import Context, work_unit
from tests.world import World, ensure_context

WORKER = Context("worker")


def emit(world: World, topic: str = "test.topic", *, customer: str = "acme", **more: Any) -> None:
    organisation = getattr(world, customer)
    with work_unit(Context("customer", organisation.pk)) as unit:
        assert unit.now is not None
        services.emit(
            topic,
            customer_id=organisation.pk,
            reseller_id=more.pop("reseller_id", organisation.reseller_id),
            now=unit.now,
            **more,
        )


def queue(number: int = 1, **more: Any) -> None:
    for n in range(1, number + 1):
        values = {"to": f"p{n}@test.example", "subject": f"Mail {n}", "text": "Words.", "dedup": f"mail.{n}", **more}
        services.queue_mail(**values)


def events() -> list[Event]:
    with ensure_context(WORKER):
        return list(Event.objects.order_by("id"))


def mails() -> list[Delivery]:
    with ensure_context(WORKER):
        return list(Delivery.objects.defer(None).order_by("id"))


def states(rows: Iterable[Event | Delivery]) -> list[str]:
    return [row.state for row in rows]


def let_time_pass() -> None:
    """Whatever waits for a later time, or for the end of a lease, is due now."""
    with work_unit(WORKER):
        for model in (Event, Delivery):
            model.objects.filter(state="QUEUED").update(next_at=TransactionNow())


def environment_of_a_process(**more: str) -> dict[str, str]:
    """For a process of ours beside the test, on the test's database."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    url = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    mail = f"smtp://{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    return {**os.environ, "DATABASE_URL": url, "EMAIL_URL": mail, "REDIS_URL": "redis://127.0.0.1:1/0", **more}
