"""Where a return stands today. What a date changes is computed when it is read; `rma.keeping` writes it down later."""

from datetime import date, datetime, timedelta

from contracts.terms import local_date
from rma.models import Rma
from rma.states import RmaState

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


def last_day(rma: Rma, state: str) -> date | None:
    """After this day a date moves it on from that state."""
    if state == S.DELIVERED:
        return rma.return_due
    if state in (S.AWAITING_INBOUND, S.QUOTED):
        return rma.valid_until
    if state == S.EXPIRED and rma.valid_until is not None:
        return rma.valid_until + NOT_SENT_FOR
    return None


def current_state(rma: Rma, now: datetime) -> RmaState:
    """What pages and programs show, whether or not the job has come by."""
    state, today = RmaState(rma.state), today_of(rma, now)
    while state in BECOMES and (last := last_day(rma, state)) is not None and today > last:
        state = BECOMES[state]
    return state
