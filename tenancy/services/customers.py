"""Who serves a customer; and the operator organisation everything begins with."""

import time
from datetime import datetime

from django.db import OperationalError, connection, transaction
from psycopg2.errors import DeadlockDetected

from rozoom_support.lib.refusals import Refused
from tenancy import audit, departures
from tenancy.actor import Actor, NotAllowed
from tenancy.models import Kind, Organisation
from tenancy.services._common import record

# Every row of the customer is rewritten in one statement, and people may be working on some of them.
MOVE_TIMEOUT, MOVE_LOCK_TIMEOUT = "10min", "30s"
TRIES, PAUSE = 4, 0.3  # seconds, for those who waited: a lock let go and taken again at once is ours before they wake


class CannotChangeReseller(Refused):
    code = "cannot_change_reseller"


def change_reseller(*, actor: Actor, customer: Organisation, to: Organisation, now: datetime) -> Organisation:
    """From the commit on the new reseller sees the customer's whole history and the old one nothing.

    The tenant columns of all rows follow by ON UPDATE CASCADE (docs/adr/0002). `to` is a reseller, or roZoom
    itself for a customer sold to directly.

    Whoever replies holds a ticket and then needs the customer; this holds the customer and then needs its tickets. Where
    they meet and this is the one PostgreSQL ends, it lets go of everything, the reply goes on, and this begins again.
    """
    for _ in range(TRIES - 1):
        try:
            return _change_reseller(actor, customer, to, now)
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected):
                raise
            time.sleep(PAUSE)
    return _change_reseller(actor, customer, to, now)


@transaction.atomic
def _change_reseller(actor: Actor, customer: Organisation, to: Organisation, now: datetime) -> Organisation:
    actor.require("people:manage")
    if not actor.is_operator:
        raise NotAllowed("Only roZoom decides who serves a customer.")
    customer = Organisation.objects.select_for_update().get(pk=customer.pk)
    to = Organisation.objects.get(pk=to.pk)
    if customer.kind != Kind.CUSTOMER:
        raise CannotChangeReseller(f"{customer.name} is not a customer.")
    if to.kind not in {Kind.RESELLER, Kind.OPERATOR} or not to.is_active:
        raise CannotChangeReseller("Choose a reseller that is open, or roZoom itself.", param="reseller")
    if customer.reseller_id == to.pk:
        return customer
    was = Organisation.objects.get(served=customer)
    for take_back in departures.when_reseller_leaves:
        take_back(actor, customer, now)
    _allow_time()
    customer.reseller = to
    customer.save(update_fields=["reseller"])
    record(actor, customer, "customer.reseller_changed", now, kind=audit.INTERNAL, was=was.code, to=to.code)
    return customer


def found_operator(*, name: str = "roZoom", code: str = "ROZOOM") -> Organisation:
    """The organisation of roZoom's own people; there is one."""
    operator, _ = Organisation.objects.get_or_create(kind=Kind.OPERATOR, defaults={"name": name, "code": code})
    return operator


def _allow_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, true), set_config('lock_timeout', %s, true)",
            [MOVE_TIMEOUT, MOVE_LOCK_TIMEOUT],
        )
