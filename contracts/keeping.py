"""The job that writes down what dates have changed, and has people told (docs/coverage.md "What happens when it ends").

Nothing decides by what it writes: pages and rules compute from dates. So it may be late, run twice at once or never.
Each row is one short transaction that takes only rows nobody else works on.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django_fsm import TransitionNotAllowed

from contracts import reminders
from contracts.facts import LAPSED_AFTER, SUSPENDED_AFTER
from contracts.lifecycle import InvoiceState, TermState, WarrantyState
from contracts.models import AgreementTerm, Invoice, WarrantyCoverage, WarrantyVoid
from contracts.services._common import record
from contracts.standing import Standing, standing, standings, warranty_standing
from contracts.terms import DAY
from notifications.services import emit
from tenancy import audit
from tenancy.actor import Actor
from tenancy.context import Context, work_unit

log = logging.getLogger(__name__)

WORKER = Context("worker")
KEEPER = Actor.system("Daily keeping")
BATCH = 200
WRITES = {"staff", "worker", "deputy"}  # who may write a state; customers and resellers read the computed one
T, W = TermState, WarrantyState

# The next legal move from a stored state toward the one that holds. What stands in neither table stays as it is stored.
NEXT: dict[tuple[str, str], str] = {
    (T.QUOTED, T.QUOTE_EXPIRED): "expire",
    **{(T.ORDERED, to): "begin" for to in (T.IN_FORCE, T.SUSPENDED, T.GRACE, T.LAPSED, T.RENEWED, T.TERMINATED)},
    (T.IN_FORCE, T.SUSPENDED): "suspend",
    (T.IN_FORCE, T.GRACE): "enter_grace",
    (T.IN_FORCE, T.RENEWED): "renew",
    (T.IN_FORCE, T.TERMINATED): "terminate",
    **{(T.SUSPENDED, to): "resume" for to in (T.IN_FORCE, T.GRACE, T.RENEWED)},
    (T.SUSPENDED, T.LAPSED): "lapse",
    (T.SUSPENDED, T.TERMINATED): "terminate",
    (T.GRACE, T.RENEWED): "renew",
    (T.GRACE, T.LAPSED): "lapse",
    (T.GRACE, T.TERMINATED): "terminate",
}
NEXT_OF_WARRANTY: dict[tuple[str, str], str] = {
    (W.PENDING, W.ACTIVE): "begin",
    (W.PENDING, W.EXPIRED): "begin",
    (W.ACTIVE, W.EXPIRED): "expire",
    (W.VOID, W.VOID_FINAL): "close_appeal",
}
VERBS = {
    "expire": "quote.expired",
    "begin": "term.began",
    "suspend": "term.suspended",
    "resume": "term.resumed",
    "enter_grace": "term.entered_grace",
    "lapse": "term.lapsed",
    "renew": "term.renewed",
    "terminate": "term.terminated",
}
WARRANTY_VERBS = {"begin": "warranty.began", "expire": "warranty.ended", "close_appeal": "warranty.void_for_good"}


@dataclass
class Kept:
    """States that were written, and reminders that were given to the outbox."""

    moved: int = 0
    told: int = 0


def keep(*, seconds: float, now: datetime | None = None) -> Kept:
    """Go through what a date may have changed until all is done or the time is over; the next run goes on.

    `now`: for a walk through the days of a year; else the database's clock.
    """
    until = time.monotonic() + seconds
    kept = Kept()

    def may_go_on() -> bool:
        return time.monotonic() < until

    for batch in (_terms, _warranties, _reminders, _warranty_reminders):
        batch(kept, may_go_on, now)
    return kept


def bring_up_to_date(term: AgreementTerm, now: datetime) -> AgreementTerm:
    """Before a deed on a held term: its stored state is what holds now. Who may not write it goes on with the old one."""
    unit = cast(Any, connection).unit
    if unit is not None and unit.ctx is not None and unit.ctx.audience in WRITES:
        _walk(term, standing(term, now), now)
    return term


def bring_warranty_up_to_date(row: WarrantyCoverage, now: datetime) -> WarrantyCoverage:
    """As above, of a held warranty that brings its component with product and site."""
    _walk_warranty(row, now)
    return row


# Terms ---------------------------------------------------------------------------------------------------------------


def _terms(kept: Kept, may_go_on: Callable[[], bool], now: datetime | None) -> None:
    def due(at: datetime) -> QuerySet[AgreementTerm]:
        tomorrow = at.date() + DAY  # a customer's date is at most a day ahead of UTC's
        overdue = Invoice.objects.filter(term=OuterRef("pk"), due_on__lt=tomorrow - SUSPENDED_AFTER)
        paid_in_time = Q(state=InvoiceState.PAID, paid_on__lte=F("due_on") + LAPSED_AFTER)
        overdue = overdue.exclude(paid_in_time | Q(state__in=[InvoiceState.DRAFT, InvoiceState.VOID]))
        return AgreementTerm.objects.filter(
            Q(state=T.QUOTED, valid_until__lt=tomorrow)
            | Q(state=T.ORDERED, start_date__lte=tomorrow)
            | Q(state=T.IN_FORCE, end_date__lt=tomorrow)
            | Q(state__in=[T.IN_FORCE, T.SUSPENDED, T.GRACE], terminated_on__lte=tomorrow)
            | Q(Exists(overdue), state=T.IN_FORCE)
            | Q(state__in=[T.SUSPENDED, T.GRACE])
        ).select_related("agreement__customer")

    for batch, at in _batches(due, may_go_on, now):
        with work_unit(WORKER):
            stands = standings(batch, at)
        for term in batch:
            if _next_move(term.state, stands[term.pk]) and may_go_on():
                kept.moved += _alone(partial(_move_one, term.pk, at), f"term {term.pk}")


def _move_one(key: UUID, at: datetime) -> int:
    held = (
        AgreementTerm.objects.select_related("agreement__customer")
        .select_for_update(of=("self",), no_key=True, skip_locked=True)
        .filter(pk=key)
        .first()
    )
    return _walk(held, standing(held, at), at) if held is not None else 0


def _walk(term: AgreementTerm, stands: Standing, now: datetime) -> int:
    """One legal move after another; each is audited and left for whoever wants to know. Returns how many."""
    moves = 0
    while name := _next_move(term.state, stands):
        before = term.state
        getattr(term, name)()
        term.save(update_fields=["state"])
        record(KEEPER, term.agreement, VERBS[name], now, start=term.start_date, end=term.end_date)
        emit(
            "agreement.moved",
            customer_id=term.customer_id,
            reseller_id=term.reseller_id,
            payload={"term": str(term.pk), "from": before, "to": term.state},
            now=now,
        )
        moves += 1
    return moves


def _next_move(stored: str, stands: Standing) -> str | None:
    if (stored, stands.state) == (T.IN_FORCE, T.LAPSED):
        facts = stands.facts
        by_debt = facts is not None and (facts.ended_suspended or facts.is_lapsed(min(stands.day, facts.end)))
        return "suspend" if by_debt else "enter_grace"
    return NEXT.get((stored, stands.state))


# Warranties ----------------------------------------------------------------------------------------------------------


def _warranties(kept: Kept, may_go_on: Callable[[], bool], now: datetime | None) -> None:
    def due(at: datetime) -> QuerySet[WarrantyCoverage]:
        tomorrow = at.date() + DAY
        appealed = WarrantyVoid.objects.filter(warranty=OuterRef("pk"), state=WarrantyVoid.State.APPEALED)
        return WarrantyCoverage.objects.filter(
            Q(state=W.PENDING, start_date__lte=tomorrow, component__product__kind="HARDWARE")
            | Q(state=W.ACTIVE, end_date__lt=tomorrow)
            | Q(~Exists(appealed), state=W.VOID, voided_at__lt=at - timedelta(days=29))
        )

    for batch, at in _batches(due, may_go_on, now):
        kept.moved += _alone(partial(_move_warranties, [row.pk for row in batch], at), "warranties")


def _move_warranties(keys: list[int], at: datetime) -> int:
    """Many at once: an import brings them by the ten thousand."""
    rows = (
        WarrantyCoverage.objects.select_related("component__product", "component__site")
        .select_for_update(of=("self",), no_key=True, skip_locked=True)
        .filter(pk__in=keys)
        .order_by("pk")
    )
    return sum(_walk_warranty(row, at) for row in rows)


def _walk_warranty(row: WarrantyCoverage, now: datetime) -> int:
    moves = 0
    target = warranty_standing(row, now)
    while name := NEXT_OF_WARRANTY.get((row.state, target)):
        getattr(row, name)()
        row.save(update_fields=["state"])
        if name == "close_appeal":
            _close_void(row, now)
        audit.record(
            KEEPER,
            customer_id=row.customer_id,
            chain=f"component:{row.component_id}",
            verb=WARRANTY_VERBS[name],
            now=now,
            kind=audit.PUBLIC,
            warranty=row.kind,
            start=row.start_date,
            end=row.end_date,
        )
        moves += 1
    return moves


def _close_void(row: WarrantyCoverage, now: datetime) -> None:
    """WC-6: the 30 days are over and nobody appealed. One that was imported void has no row of its own."""
    for void in row.voids.select_for_update(of=("self",)).filter(state=WarrantyVoid.State.VOID):
        void.state = WarrantyVoid.State.FINAL
        void.save(update_fields=["state"])
        payload = {"void": str(void.pk)}
        emit(
            "warranty.void_final",
            customer_id=row.customer_id,
            reseller_id=row.reseller_id,
            payload=payload,
            now=now,
        )


# Telling people ------------------------------------------------------------------------------------------------------


def _reminders(kept: Kept, may_go_on: Callable[[], bool], now: datetime | None) -> None:
    for batch, at in _batches(reminders.terms_to_remind_of, may_go_on, now):
        with work_unit(WORKER):
            pending = reminders.pending(batch, at)
        for term in pending:
            if may_go_on():
                kept.told += _alone(partial(reminders.remind_of_term, term.pk, at), f"term {term.pk}")


def _warranty_reminders(kept: Kept, may_go_on: Callable[[], bool], now: datetime | None) -> None:
    with work_unit(WORKER) as unit:
        at = now or cast(datetime, unit.now)
        customers = reminders.warranties_to_remind_of(at)
    for customer in customers:
        if may_go_on():
            kept.told += _alone(partial(reminders.remind_of_warranties, customer, at), f"customer {customer.pk}")


def _batches(
    due: Callable[[datetime], QuerySet[Any]], may_go_on: Callable[[], bool], now: datetime | None
) -> Iterator[tuple[Sequence[Any], datetime]]:
    """By key, so that a row that can not be moved is looked at once a run."""
    last: Any = None
    while may_go_on():
        with work_unit(WORKER) as unit:
            at = now or cast(datetime, unit.now)
            rows = due(at).order_by("pk")
            batch = list((rows if last is None else rows.filter(pk__gt=last))[:BATCH])
        if not batch:
            return
        last = batch[-1].pk
        yield batch, at


def _alone(deed: Callable[[], int], what: str) -> int:
    """In a transaction of its own. One that fails is logged and tried again by the next run; the others go on."""
    try:
        with work_unit(WORKER):
            return deed()
    except (DatabaseError, ObjectDoesNotExist, TransitionNotAllowed):
        log.exception("keeping %s failed", what)
        return 0
