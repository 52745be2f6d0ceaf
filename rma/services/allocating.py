"""Reserving units: the oldest fit one, then substitutes, and the queue of those who wait."""

from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Case, Q, Value, When

from rma.events import note, tell
from rma.lifecycle import ADVANCE, machine_of
from rma.machines import CannotMove
from rma.models import PoolUnit, Rma, RmaQuerySet, Substitute
from rma.services._common import CannotReturn, go, held, lock, save
from rma.services._stock import lock_unit, move_unit
from rma.services.holding import fails_recheck
from rma.states import RmaKind, RmaState, UnitState
from tenancy.actor import Actor
from tenancy.context import acts_as_deputy

RESERVER = Actor.system("Pool")


@transaction.atomic
def allocate(*, actor: Actor, rma: Rma, now: datetime, version: int | None = None, unit: PoolUnit | None = None) -> Rma:
    """RA-6, RA-8: reserve the oldest fit unit, of the product or of its substitutes in their order; or the one that was
    picked. Where there is none it is BACKORDERED (RA-7); where the rules say otherwise now, ON_HOLD (RA-25).
    """
    actor.require("rma:manage")
    with held(rma, now, version) as rma:
        if ADVANCE.find("allocate", rma.state) is None or rma.kind != RmaKind.ADVANCE:
            raise CannotMove(machine_of(rma).explain(rma, "allocate"), param="action")
        if fails_recheck(actor, rma, now):
            return rma
        found = picked(rma, unit) if unit is not None else next_unit(rma)
        if found is None:
            return _wait(actor, rma, now)
        return _reserve(actor, rma, found, now)


def next_unit(rma: Rma) -> PoolUnit | None:
    """Locked. One that somebody else is taking is skipped: fifty who want the last one get it once."""
    assert rma.component is not None
    own = rma.component.product_id
    ranks = dict(Substitute.objects.filter(product_id=own).values_list("substitute_id", "rank"))
    order = [
        When(product_id=own, then=Value(0)),
        *(When(product_id=key, then=Value(rank)) for key, rank in ranks.items()),
    ]
    found = (
        PoolUnit.objects.available()
        .filter(product_id__in=[own, *ranks], pool__is_active=True)
        .order_by(
            Case(*order, default=Value(len(ranks) + 1)),
            Case(When(pool_id=rma.pool_id, then=Value(0)), default=Value(1)),
            "available_since",
            "id",
        )
    )
    return found.select_related("product", "pool").select_for_update(of=("self",), skip_locked=True).first()


def picked(rma: Rma, unit: PoolUnit) -> PoolUnit:
    assert rma.component is not None
    unit = lock_unit(unit)
    fits = {rma.component.product_id} | set(
        Substitute.objects.filter(product_id=rma.component.product_id).values_list("substitute_id", flat=True)
    )
    if unit.product_id not in fits:
        raise CannotReturn(
            f"{unit.product} does not stand for {rma.component.product}. Pick another unit.", param="unit"
        )
    if unit.state != UnitState.AVAILABLE:
        who = Rma.objects.filter(unit=unit, state=RmaState.ALLOCATED).values_list("reference", flat=True).first()
        words = (
            f"It is reserved for {who}, by {unit.changed_by_name}."
            if who
            else f"It is {unit.get_state_display().lower()}."
        )
        raise CannotReturn(f"{words} Pick another unit.", param="unit")
    return unit


def _reserve(actor: Actor, rma: Rma, unit: PoolUnit, now: datetime) -> Rma:
    move_unit(actor, unit, "reserve", now)
    rma.unit, rma.expected_on = unit, None
    was = rma.state
    go(rma, "allocate")
    save(rma, now, "unit", "expected_on")
    note(actor, rma, "rma.allocated", now, was=was, product=unit.product.sku, serial=unit.serial)
    tell("rma.allocated", actor, rma, now)
    return rma


def _wait(actor: Actor, rma: Rma, now: datetime) -> Rma:
    if rma.state == RmaState.BACKORDERED:
        return rma
    fields = go(rma, "backorder")
    rma.backordered_at = now
    save(rma, now, *fields, "backordered_at")
    note(actor, rma, "rma.backordered", now)
    tell("rma.backordered", actor, rma, now, ship_by=rma.contract_ship_by)
    return rma


@transaction.atomic
def expect(*, actor: Actor, rma: Rma, on: date | None, now: datetime, version: int | None = None) -> Rma:
    """When the missing unit is expected: what the customer is told."""
    actor.require("rma:manage")
    with held(rma, now, version) as rma:
        if rma.state != RmaState.BACKORDERED:
            raise CannotReturn(f"{rma} is {rma.get_state_display().lower()}: it waits for no unit.")
        rma.expected_on = on
        save(rma, now, "expected_on")
        note(actor, rma, "rma.expected", now, on=on)
        tell("rma.backordered", actor, rma, now, expected_on=on)
        return rma


def waiting_for_product(product_id: UUID) -> RmaQuerySet:
    """Approved returns without a unit that one of this product would serve, in the order in which they get one."""
    waiting = Rma.objects.filter(_served_by(product_id), state__in=[RmaState.APPROVED, RmaState.BACKORDERED])
    return waiting.for_list().order_by("severity", "approved_at", "id")


def _served_by(product_id: UUID) -> Q:
    """Its own product's, and those that it is a substitute for."""
    stands_for = Substitute.objects.filter(substitute_id=product_id).values("product_id")
    return Q(component__product_id=product_id) | Q(component__product_id__in=stands_for)


def serve_backorders(*, actor: Actor, now: datetime, product_id: UUID | None = None) -> list[Rma]:
    """RA-8 for everybody who waits and can be served: the severest first, then who was approved first.

    Called in the transaction that put units on the shelf. Returns what was reserved. A return that somebody works on is left
    for the next call. A tenant that gives a unit back may not see who waits: rma.serve does it, within half a minute.
    """
    if acts_as_deputy():
        return []
    served = []
    with transaction.atomic():
        if not PoolUnit.objects.available().exists():
            return []
        fits = Q() if product_id is None else _served_by(product_id)
        waiting = Rma.objects.backordered().filter(fits).select_for_update(of=("self",), skip_locked=True)
        for key in list(waiting.values_list("pk", flat=True)):
            rma = lock(Rma(pk=key), now)
            if rma.state != RmaState.BACKORDERED or fails_recheck(RESERVER, rma, now):
                continue
            unit = next_unit(rma)
            if unit is not None:
                served.append(_reserve(RESERVER, rma, unit, now))
    return served
