"""Where a return stands today. What a date changes is computed when it is read; `rma.keeping` writes it down later."""

from datetime import date, datetime, timedelta

from contracts.terms import instants, local_date
from rma.models import Rma
from rma.states import RmaKind, RmaState

NOT_SENT_FOR = timedelta(days=90)  # after it expired, a factory return is cancelled
S = RmaState

# By state, the moves that dates make, in the order in which they may follow each other.
BY_DATE = {S.DELIVERED: "fall_overdue", S.AWAITING_INBOUND: "expire", S.EXPIRED: "lapse", S.QUOTED: "decline_quote"}
BECOMES = {
    S.DELIVERED: S.RETURN_OVERDUE,
    S.AWAITING_INBOUND: S.EXPIRED,
    S.EXPIRED: S.CANCELLED,
    S.QUOTED: S.CANCELLED,
}


def zone_of(rma: Rma) -> str:
    """Dates of a return count where the failed part stands."""
    site = rma.ship_to or (rma.component.site if rma.component else None)
    return site.time_zone if site is not None else rma.customer.time_zone


def today_of(rma: Rma, now: datetime) -> date:
    return local_date(now, zone_of(rma))


def end_of_due_day(rma: Rma) -> datetime | None:
    """Kept as `due_at` when the day is set: what was promised stays, even if the place is said to lie in another zone later."""
    day = rma.return_due if rma.kind == RmaKind.ADVANCE else rma.valid_until
    return _end_of(rma, day) if day is not None else None


def _end_of(rma: Rma, day: date) -> datetime:
    return instants((day, day), zone_of(rma))[1]


def leaves_at(rma: Rma, state: str) -> datetime | None:
    """From this instant on a date has moved it on from that state."""
    if state in (S.DELIVERED, S.AWAITING_INBOUND, S.QUOTED):
        return rma.due_at
    if state == S.EXPIRED and rma.valid_until is not None:
        return _end_of(rma, rma.valid_until + NOT_SENT_FOR)
    return None


def current_state(rma: Rma, now: datetime) -> RmaState:
    """What pages and programs show, whether or not the job has come by."""
    state = RmaState(rma.state)
    while state in BECOMES and (end := leaves_at(rma, state)) is not None and now >= end:
        state = BECOMES[state]
    return state
