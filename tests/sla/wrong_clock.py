"""A host whose clock is wrong: `python -m tests.sla.wrong_clock SECONDS CUSTOMER_PERSON AGENT TICKET` in a process of its own.

Every way of Python to ask for the time of day is SECONDS off before anything of the product is loaded. Then a customer
reports a problem, an agent answers the ticket, the sweeper's task runs, and mails go out.
"""

import datetime
import sys
import time
from typing import Any

REAL = datetime.datetime
SHIFT = float(sys.argv[1])
_real_time, _real_time_ns = time.time, time.time_ns


class _Kind(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, REAL)


class Wrong(REAL, metaclass=_Kind):
    def __new__(cls, *values: Any, **more: Any) -> Any:
        return REAL(*values, **more)

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        return REAL.now(tz) + datetime.timedelta(seconds=SHIFT)

    @classmethod
    def utcnow(cls) -> Any:
        return cls.now(datetime.UTC).replace(tzinfo=None)


time.time = lambda: _real_time() + SHIFT
time.time_ns = lambda: _real_time_ns() + int(SHIFT * 1e9)
datetime.datetime = Wrong  # type: ignore[misc]

import django  # noqa: E402

django.setup()

from django.utils import timezone  # noqa: E402

from notifications.tasks import deliver  # noqa: E402
from sla.tasks import sweep  # noqa: E402
from tenancy.actor import Actor  # noqa: E402
from tenancy.context import Context, work_unit  # noqa: E402
from tenancy.models import Membership, Organisation  # noqa: E402
from tickets.models import Channel, MessageKind, Ticket  # noqa: E402
from tickets.services import Report, add_message, file_ticket  # noqa: E402
from tickets.severity import Impact  # noqa: E402


def actor_of(key: str) -> Actor:
    with work_unit(Context("staff")):
        return Actor.of_membership(Membership.objects.select_related("organisation").get(pk=int(key)))


def main(customer_person: str, agent: str, ticket: str) -> None:
    asks, answers = actor_of(customer_person), actor_of(agent)
    with work_unit(asks.context) as unit:
        assert abs((timezone.now() - unit.now).total_seconds() - SHIFT) < 3600  # the host's clock is wrong indeed
        file_ticket(
            actor=asks,
            customer=Organisation.objects.get(pk=asks.organisation_id),
            report=Report(subject="Filed", description="x", impact=Impact("complete", "no", "stopped", True)),
            channel=Channel.PORTAL,
            now=unit.now,
        )
    with work_unit(answers.context) as unit:
        one = Ticket.objects.get(pk=int(ticket))
        add_message(actor=answers, ticket=one, kind=MessageKind.PUBLIC, body="We look.", now=unit.now)
    sweep()
    deliver()


main(*sys.argv[2:])
