"""The steps of the board: which returns stand in which, by their dates and not by the job that writes them down."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce

from rma.models import Rma, RmaQuerySet
from rma.states import RmaState
from rozoom_support.lib.zones import date_there

S = RmaState
ZONES = timedelta(hours=14)  # no place on earth is further ahead


def _today(now: datetime) -> Cast:
    """The day at the place of each return."""
    zone = Coalesce("ship_to__time_zone", "component__site__time_zone", "customer__time_zone")
    return date_there(zone, now)


def _by_state(*states: str) -> Callable[[RmaQuerySet, datetime], RmaQuerySet]:
    return lambda returns, now: returns.filter(state__in=states)


def _late(now: datetime) -> Q:
    """Past its day but not written down yet. The date of the place is asked about the days that end now only: the others are
    past, or to come, everywhere."""
    past, ahead = (now - ZONES).date(), (now + ZONES).date()
    of_now = Rma.objects.filter(state=S.DELIVERED, return_due__gte=past, return_due__lt=ahead)
    there = of_now.filter(return_due__lt=_today(now)).order_by().values("pk")
    return Q(state=S.DELIVERED) & (Q(return_due__lt=past) | Q(pk__in=there))


def _waiting(returns: RmaQuerySet, now: datetime) -> RmaQuerySet:
    return returns.filter(Q(state=S.AWAITING_INBOUND) | (Q(state=S.DELIVERED) & ~_late(now)))


def _overdue(returns: RmaQuerySet, now: datetime) -> RmaQuerySet:
    return returns.filter(Q(state__in=[S.RETURN_OVERDUE, S.NON_RETURN_INVOICED, S.EXPIRED]) | _late(now))


@dataclass(frozen=True)
class Step:
    """`order`: what stands first in it. `hint`: what is done here."""

    title: str
    hint: str
    narrow: Callable[[RmaQuerySet, datetime], RmaQuerySet]
    order: tuple[str | Combinable, ...] = ("state_since", "id")
    look: str = ""


STEPS: dict[str, Step] = {
    "approve": Step(
        "To approve", "Check, then approve or answer.", _by_state(S.REQUESTED), ("severity", "requested_at", "id")
    ),
    "hold": Step(
        "Waiting for an answer",
        "Something is missing, or a quote is open.",
        _by_state(S.ON_HOLD, S.QUOTED, S.COST_HOLD),
    ),
    "ship": Step(
        "To ship",
        "Reserve a unit, scan it, ship it.",
        _by_state(S.APPROVED, S.BACKORDERED, S.ALLOCATED),
        (F("contract_ship_by").asc(nulls_last=True), "severity", "approved_at", "id"),
    ),
    "transit": Step(
        "In transit",
        "With a carrier, either way.",
        _by_state(S.SHIPPED, S.RETURN_IN_TRANSIT, S.INBOUND_IN_TRANSIT, S.SHIPPED_BACK),
    ),
    "back": Step(
        "Awaiting return", "The customer sends the failed part.", _waiting, (F("return_due").asc(nulls_last=True), "id")
    ),
    "overdue": Step(
        "Overdue return", "The failed part is late.", _overdue, (F("return_due").asc(nulls_last=True), "id"), "late"
    ),
    "test": Step(
        "In test", "Inspect it, or find out which part came.", _by_state(S.RETURN_RECEIVED, S.RETURN_MISMATCH)
    ),
    "factory": Step(
        "At the factory", "In repair.", _by_state(S.RECEIVED, S.MISMATCH, S.DIAGNOSED, S.REPAIRING, S.READY_TO_SHIP)
    ),
}


def in_step(name: str, now: datetime, returns: RmaQuerySet | None = None) -> RmaQuerySet:
    """Open returns that stand in this step, in no order."""
    step = STEPS[name]
    return step.narrow((Rma.objects.all() if returns is None else returns).open(), now)


def step_of(rma: Rma) -> str:
    """The step whose list it stands in. `as_of` an instant."""
    return OF_STATE.get(rma.state, "")


OF_STATE: dict[str, str] = {
    S.REQUESTED: "approve",
    **dict.fromkeys((S.ON_HOLD, S.QUOTED, S.COST_HOLD), "hold"),
    **dict.fromkeys((S.APPROVED, S.BACKORDERED, S.ALLOCATED), "ship"),
    **dict.fromkeys((S.SHIPPED, S.RETURN_IN_TRANSIT, S.INBOUND_IN_TRANSIT, S.SHIPPED_BACK), "transit"),
    **dict.fromkeys((S.DELIVERED, S.AWAITING_INBOUND), "back"),
    **dict.fromkeys((S.RETURN_OVERDUE, S.NON_RETURN_INVOICED, S.EXPIRED), "overdue"),
    **dict.fromkeys((S.RETURN_RECEIVED, S.RETURN_MISMATCH), "test"),
    **dict.fromkeys((S.RECEIVED, S.MISMATCH, S.DIAGNOSED, S.REPAIRING, S.READY_TO_SHIP), "factory"),
}
