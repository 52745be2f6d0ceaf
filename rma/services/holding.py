"""An approved return goes back on hold: nothing that was prepared for it stays prepared."""

from datetime import datetime

from rma.events import note, tell
from rma.models import PoolUnit, Rma
from rma.services._common import PROMISED, cancel_supplier_records, go, save, save_quietly, void_labels
from rma.services._stock import free_unit, leave_reservation
from rma.services.deciding import decide_now, has_advance, missing_words
from rma.states import Missing
from tenancy.actor import Actor


def put_on_hold(actor: Actor, rma: Rma, missing: list[str], reason: str, now: datetime, *fields: str) -> Rma:
    """Of a held return that was approved. What was promised is over; supplier record and label are taken back."""
    moved = go(rma, "stop")
    freed = leave_reservation(rma)
    rma.missing, rma.hold_reason = [str(one) for one in missing], reason[:400]
    if Missing.SHIP_TO in missing:
        rma.ship_to_verified_at, rma.ship_to_verified_by_name = None, ""
    rma.approved_at, rma.approved_by_name, rma.ship_day, rma.contract_ship_by, rma.deliver_target = (
        None,
        "",
        None,
        None,
        None,
    )
    rma.promise_reason, rma.list_price, rma.list_price_currency = "", None, ""
    rma.backordered_at = rma.expected_on = None
    save(
        rma, now, *moved, *fields, *PROMISED, "missing", "hold_reason", "unit", "list_price", "list_price_currency",
        "backordered_at", "expected_on", "ship_to_verified_at", "ship_to_verified_by_name",
    )  # fmt: skip
    take_back(actor, rma, freed, now)
    note(actor, rma, "rma.stopped", now, reason=reason, missing=missing_words(rma.missing))
    tell("rma.on_hold", actor, rma, now, missing=rma.missing, reason=reason)
    return rma


def take_back(actor: Actor, rma: Rma, unit: PoolUnit | None, now: datetime) -> None:
    """The supplier's record, the labels, and the unit that was reserved. The return is saved before: it names it no more."""
    cancel_supplier_records(actor, rma, now)
    void_labels(rma, now)
    if unit is not None:
        free_unit(actor, unit, now)


def fails_recheck(actor: Actor, rma: Rma, now: datetime) -> bool:
    """P6: before a unit is reserved and before it leaves, the rules are asked once more. Where they say otherwise now (a
    payment was reversed, the warranty voided), the return is put on hold and the unit is free."""
    if rma.delivered_at is not None:  # goods were exchanged already: never after that
        return False
    decision, decided = decide_now(actor, rma, now)
    if has_advance(rma):
        save_quietly(rma, now, *decided)
        return False
    reason = f"Checked again before shipping. {' '.join(decision.reasons)}"
    put_on_hold(actor, rma, [Missing.RECHECK], reason, now, *decided)
    return True
