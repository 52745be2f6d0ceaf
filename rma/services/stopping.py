"""The ways out before anything is shipped: rejected, cancelled, converted, stopped."""

from datetime import datetime

from django.db import transaction

from rma.events import note, tell
from rma.models import Rma
from rma.services._common import CannotReturn, end, go, held, said, save
from rma.services._stock import leave_reservation
from rma.services.allocating import serve_backorders
from rma.services.deciding import decide_now, has_advance
from rma.services.following import follow_up
from rma.services.holding import put_on_hold, take_back
from rma.services.returning import UNDER_WAY, last_box
from rma.states import Missing, RmaKind
from tenancy.actor import Actor


@transaction.atomic
def reject(*, actor: Actor, rma: Rma, reason: str, now: datetime, version: int | None = None) -> Rma:
    """RA-3, FR-1: no replacement, no repair. The reasons of the rules stay with it; a new request can be made."""
    actor.require("rma:manage")
    with held(rma, now, version) as rma:
        fields = go(rma, "reject")
        _, decided = decide_now(actor, rma, now)
        if rma.kind == RmaKind.ADVANCE and has_advance(rma):
            raise CannotReturn("The rules give a replacement in advance. A manager can decide otherwise first.")
        if rma.kind == RmaKind.FACTORY and rma.outcome not in ("REJECT", "SOFTWARE"):
            words = "It can be repaired in the factory. A manager can decide otherwise first, or the customer cancels."
            raise CannotReturn(words)
        reason = reason.strip() or " ".join(rma.decision["reasons"])
        save(rma, now, *fields, *decided, *end(rma, now, reason=reason))
        note(actor, rma, "rma.rejected", now, reason=reason, rule=rma.rule)
        tell("rma.rejected", actor, rma, now)
        return rma


@transaction.atomic
def cancel(*, actor: Actor, rma: Rma, reason: str, now: datetime, version: int | None = None) -> Rma:
    """RA-24, FR-10: not needed any more, and nothing was shipped. A reserved unit is free again."""
    actor.require("rma:request")
    reason = said(reason, "Say in a few words why it is not needed any more.")
    with held(rma, now, version) as rma:
        fields = go(rma, "cancel")
        _refuse_after_delivery(rma)
        freed = leave_reservation(rma)
        save(rma, now, *fields, *end(rma, now, reason=reason), "unit")
        take_back(actor, rma, freed, now)
        serve_backorders(actor=actor, now=now)
        note(actor, rma, "rma.cancelled", now, reason=reason)
        tell("rma.cancelled", actor, rma, now)
        return rma


@transaction.atomic
def convert(*, actor: Actor, rma: Rma, now: datetime, version: int | None = None) -> Rma:
    """RA-4: a factory repair instead. Returns the new return, on the same ticket."""
    actor.require("rma:request")
    with held(rma, now, version) as rma:
        fields = go(rma, "convert")
        _refuse_after_delivery(rma)
        if rma.component is None:
            raise CannotReturn("The serial is not registered yet. Supply it first.", param="component")
        save(rma, now, *fields, *end(rma, now, reason="A factory repair instead."))
        take_back(actor, rma, None, now)
        following = follow_up(actor, rma, RmaKind.FACTORY, now)
        note(actor, rma, "rma.converted", now, to=following.reference)
        tell("rma.converted", actor, rma, now, to=following.reference)
        return following


@transaction.atomic
def stop(*, actor: Actor, rma: Rma, reason: str, now: datetime, version: int | None = None) -> Rma:
    """RA-25: something is doubted before shipping. The unit is free again, and a new approval is needed."""
    actor.require("rma:manage")
    reason = said(reason, "Say in a few words what is doubted.")
    with held(rma, now, version) as rma:
        _refuse_after_delivery(rma)
        rma = put_on_hold(actor, rma, [Missing.SHIP_TO], reason, now)
        serve_backorders(actor=actor, now=now)
        return rma


def _refuse_after_delivery(rma: Rma) -> None:
    """A replacement that was dead on arrival stands there: it is owed a second one, and two parts are owed back."""
    if rma.delivered_at is not None:
        raise CannotReturn(f"{rma} had a replacement delivered already. Send another unit; both parts come back.")
    back = last_box(rma)
    if back is not None and back.state in UNDER_WAY:
        raise CannotReturn(f"The failed part of {rma} is on its way back already. Send its replacement.")
