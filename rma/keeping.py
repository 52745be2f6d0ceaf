"""The job that writes down what dates have changed, reminds people once, and gives units to who waits (docs/rma.md).

Nothing decides by what it writes: states that a date changes are computed when they are read (rma/standing.py). So it may be
late, run twice at once or never. Each row is one short transaction that takes only rows nobody else works on.
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, cast

from django.db import DatabaseError
from django.db.models import Exists, OuterRef, Q, QuerySet

from contracts.entitlement import Outcome, decide
from contracts.models import Invoice
from rma.business_days import Place
from rma.events import note, tell
from rma.models import Rma, RmaNotice, Shipment
from rma.places import place_of_warehouse
from rma.services._common import lock
from rma.services.allocating import serve_backorders
from rma.services.boxes import CARRIER, cancel_unused, lock_shipment
from rma.services.carrying import hold_up
from rma.services.charging import TAKEN_BACK, settle
from rma.services.deciding import Case, facts_of_case
from rma.services.factory import VALID, upgrade
from rma.standing import NOT_SENT_FOR, today_of
from rma.states import RmaKind, RmaState, ShipmentKind, ShipmentState
from rozoom_support.lib.refusals import Refused
from tenancy.actor import Actor
from tenancy.context import Context, work_unit

log = logging.getLogger(__name__)

WORKER = Context("worker")
KEEPER = Actor.system("Returns")
BATCH = 200
DAY = timedelta(days=1)
REMIND_ON = (5, 10)  # days after delivery, then weekly
WEEK = 7
INBOUND_ON = (10, 20, 27)  # days after it was accepted for repair
SILENT_DAYS = 2  # business days without a scan
LOST_DAYS = 60  # the longest that reminders go on
SETTLING = ("PAID", "WRITTEN_OFF", *TAKEN_BACK)  # invoices that end what they were for
S, K = RmaState, RmaNotice.Kind
MayGoOn = Callable[[], bool]


@dataclass
class Kept:
    """What a run did: rows that were touched, by what was done."""

    moved: int = 0
    reminded: int = 0
    settled: int = 0
    upgraded: int = 0
    held_up: int = 0
    voided: int = 0
    served: int = 0


def keep(*, seconds: float, now: datetime | None = None) -> Kept:
    """Go through what a date may have changed until all is done or the time is over; the next run goes on.

    `now`: for a walk through days to come; else the database's clock.
    """
    until = time.monotonic() + seconds
    kept = Kept()

    def may_go_on() -> bool:
        return time.monotonic() < until

    kept.moved = sum(_each(_by_date, None, may_go_on, now))
    kept.settled = sum(_each(_settled, settle_one, may_go_on, now))
    kept.reminded = sum(_each(_to_remind, remind, may_go_on, now))
    kept.upgraded = sum(_each(_may_be_paid, upgrade_paid, may_go_on, now))
    kept.held_up = _shipments(_silent, hold_up_silent, may_go_on, now)
    kept.voided = _shipments(_unused, cancel_unused, may_go_on, now)
    kept.served = serve(now)
    return kept


def serve(now: datetime | None = None) -> int:
    """Units that are free again go to who waits for them. Returns how many did."""
    with work_unit(WORKER) as unit:
        return len(serve_backorders(actor=KEEPER, now=now or cast(datetime, unit.now)))


# Returns ---------------------------------------------------------------------------------------------------------------


def _by_date(at: datetime) -> QuerySet[Rma]:
    """Locking a row brings it up to its date; nothing else is to be done."""
    tomorrow = at.date() + DAY  # a site's date is at most a day ahead of UTC's
    return Rma.objects.filter(
        Q(state__in=[S.DELIVERED, S.AWAITING_INBOUND, S.QUOTED], due_at__lte=at)
        | Q(state=S.EXPIRED, valid_until__lt=tomorrow - NOT_SENT_FOR)
    )


def _settled(at: datetime) -> QuerySet[Rma]:
    done = Invoice.objects.filter(pk=OuterRef("non_return_invoice_id"), state__in=SETTLING)
    return Rma.objects.filter(Exists(done), state=S.NON_RETURN_INVOICED)


def settle_one(rma: Rma, now: datetime) -> bool:
    """RA-22, RA-26."""
    return settle(KEEPER, rma, now)


def _to_remind(at: datetime) -> QuerySet[Rma]:
    today = at.date() + DAY
    owed = Q(state__in=[S.DELIVERED, S.RETURN_OVERDUE], delivered_on__lte=today - REMIND_ON[0] * DAY)
    recent = Q(delivered_on__gte=today - LOST_DAYS * DAY)
    inbound = Q(state=S.AWAITING_INBOUND, valid_until__lte=today + VALID - INBOUND_ON[0] * DAY)
    return Rma.objects.filter((owed & recent) | inbound)


def remind(rma: Rma, now: datetime) -> bool:
    """The latest reminder that is due, once; earlier ones that nobody sent are passed over."""
    due = reminder_of(rma, today_of(rma, now))
    if due is None:
        return False
    kind, number = due
    if RmaNotice.objects.filter(rma=rma, kind=kind, number__gte=number).exists():
        return False
    RmaNotice.objects.create(rma=rma, kind=kind, number=number, told_at=now)
    note(KEEPER, rma, "rma.reminded", now, reminder=kind, day=number)
    tell(
        "rma.reminder",
        KEEPER,
        rma,
        now,
        reminder=kind,
        day=number,
        return_due=rma.return_due,
        valid_until=rma.valid_until,
    )
    return True


def reminder_of(rma: Rma, today: date) -> tuple[str, int] | None:
    """Which reminder is the latest that is due on that day."""
    if rma.state in (S.DELIVERED, S.RETURN_OVERDUE) and rma.delivered_on is not None:
        passed = (today - rma.delivered_on).days
        days = [day for day in _days_to_remind() if day <= passed]
        kind = K.OVERDUE if rma.state == S.RETURN_OVERDUE else K.RETURN_REMINDER
        return (kind, days[-1]) if days else None
    if rma.state == S.AWAITING_INBOUND and rma.valid_until is not None:
        passed = (today - (rma.valid_until - VALID)).days
        days = [day for day in INBOUND_ON if day <= passed]
        return (K.INBOUND_REMINDER, days[-1]) if days else None
    return None


def _days_to_remind() -> Iterator[int]:
    yield from REMIND_ON
    yield from range(REMIND_ON[-1] + WEEK, LOST_DAYS + 1, WEEK)


def _may_be_paid(at: datetime) -> QuerySet[Rma]:
    """FR-9: factory returns whose fee may have been paid since, or whose renewal may have been ordered."""
    return Rma.objects.filter(
        kind=RmaKind.FACTORY, rule__in=["R6", "R8"], state__in=[S.REQUESTED, S.QUOTED, S.AWAITING_INBOUND]
    )


def upgrade_paid(rma: Rma, now: datetime) -> bool:
    """FR-9, without anybody asking: the rules give a replacement in advance now."""
    if decide(facts_of_case(Case.of(rma), now), now).outcome != Outcome.ADVANCE:
        return False
    upgrade(actor=KEEPER, rma=rma, now=now)
    return True


# Shipments -------------------------------------------------------------------------------------------------------------


def _silent(at: datetime) -> QuerySet[Shipment]:
    return Shipment.objects.filter(state=ShipmentState.IN_TRANSIT, last_scan_at__lt=at - SILENT_DAYS * DAY)


def hold_up_silent(rma: Rma | None, shipment: Shipment, now: datetime) -> bool:
    """SH-5: no scan for two business days."""
    if shipment.state != ShipmentState.IN_TRANSIT or shipment.last_scan_at is None:
        return False
    has_pool = rma is not None and rma.pool is not None
    place = place_of_warehouse(rma.pool.warehouse) if has_pool else Place(zone="UTC", country="")  # type: ignore[union-attr]
    last = shipment.last_scan_at.astimezone(place.tz()).date()
    if now.astimezone(place.tz()).date() <= place.add_business_days(last, SILENT_DAYS):
        return False
    hold_up(CARRIER, rma, shipment, "The carrier has not scanned it for two business days.", now)
    return True


def _unused(at: datetime) -> QuerySet[Shipment]:
    back = [ShipmentKind.DEFECTIVE_RETURN, ShipmentKind.FACTORY_IN]
    return Shipment.objects.filter(state=ShipmentState.LABEL_CREATED, kind__in=back, expires_on__lt=at.date() - DAY)


# One after another -----------------------------------------------------------------------------------------------------


def _each(
    due: Callable[[datetime], QuerySet[Rma]],
    deed: Callable[[Rma, datetime], bool] | None,
    may_go_on: MayGoOn,
    now: datetime | None,
) -> Iterator[int]:
    for key, at in _keys(due, may_go_on, now):
        yield _alone(lambda key=key, at=at: _one(key, at, deed), f"return {key}")  # type: ignore[misc]


def _one(key: Any, at: datetime, deed: Callable[[Rma, datetime], bool] | None) -> int:
    free = Rma.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=key).first()
    if free is None:
        return 0
    rma = lock(free, at)
    return int(deed(rma, at) if deed is not None else rma.state != free.state)


def _shipments(
    due: Callable[[datetime], QuerySet[Shipment]],
    deed: Callable[[Rma | None, Shipment, datetime], bool],
    may_go_on: MayGoOn,
    now: datetime | None,
) -> int:
    def one(key: Any, at: datetime) -> int:
        shipment = Shipment.objects.get(pk=key)
        rma = None
        if shipment.rma_id is not None:
            free = Rma.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=shipment.rma_id).first()
            if free is None:
                return 0
            rma = lock(free, at)
        return int(deed(rma, lock_shipment(shipment), at))

    keys = _keys(due, may_go_on, now)
    return sum(_alone(lambda key=key, at=at: one(key, at), f"shipment {key}") for key, at in keys)  # type: ignore[misc]


def _keys(
    due: Callable[[datetime], QuerySet[Any]], may_go_on: MayGoOn, now: datetime | None
) -> Iterator[tuple[Any, datetime]]:
    """By key, so that a row that can not be moved is looked at once a run."""
    last: Any = None
    while may_go_on():
        with work_unit(WORKER) as unit:
            at = now or cast(datetime, unit.now)
            rows = due(at).order_by("pk")
            batch = list((rows if last is None else rows.filter(pk__gt=last)).values_list("pk", flat=True)[:BATCH])
        if not batch:
            return
        last = batch[-1]
        for key in batch:
            if may_go_on():
                yield key, at


def _alone(deed: Callable[[], int], what: str) -> int:
    """In a transaction of its own. One that fails is logged and tried again by the next run; the others go on."""
    try:
        with work_unit(WORKER):
            return deed()
    except (DatabaseError, Refused):
        log.exception("keeping %s failed", what)
        return 0
