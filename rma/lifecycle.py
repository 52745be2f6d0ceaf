"""Every move of returns: one table a kind that guards deeds, draws buttons and explains (docs/rma.md).

The tables of units, shipments and supplier records stand in rma/stock_lifecycle.py.
"""

from typing import TYPE_CHECKING

from rma.machines import Machine, Move
from rma.states import RmaKind, RmaState
from tenancy.actor import Actor

if TYPE_CHECKING:
    from rma.models import Rma

S = RmaState
ASK, DO, MANAGER, CHARGE = "rma:request", "rma:manage", "rma:override", "rma:charge"
FACTORY_WORK = "supplier-rma:work"
BEFORE_SHIPPING = (S.REQUESTED, S.ON_HOLD, S.APPROVED, S.BACKORDERED, S.ALLOCATED)
RETURN_OPEN = (S.DELIVERED, S.RETURN_OVERDUE)

ADVANCE = Machine(
    initial=S.REQUESTED,
    ends=frozenset({S.REJECTED, S.CONVERTED, S.CANCELLED, S.CLOSED}),
    moves=(
        Move("RA-1", "hold", (S.REQUESTED,), S.ON_HOLD, DO, "Put on hold"),
        Move("RA-2", "resume", (S.ON_HOLD,), S.REQUESTED, ASK, "Supply what is missing"),
        Move("RA-3", "reject", (S.REQUESTED,), S.REJECTED, DO, "Reject"),
        Move("RA-4", "convert", (S.REQUESTED, S.ON_HOLD, S.BACKORDERED), S.CONVERTED, ASK, "Have it repaired instead"),
        Move("RA-5", "approve", (S.REQUESTED,), S.APPROVED, DO, "Approve"),
        Move("RA-6", "allocate", (S.APPROVED,), S.ALLOCATED, DO, "Reserve a unit"),
        Move("RA-7", "backorder", (S.APPROVED,), S.BACKORDERED),
        Move("RA-8", "allocate", (S.BACKORDERED,), S.ALLOCATED, DO, "Reserve a unit"),
        Move("RA-9", "ship", (S.ALLOCATED,), S.SHIPPED, DO, "Ship"),
        Move("RA-10", "ship_again", (S.SHIPPED,), S.APPROVED, DO, "Send another unit"),
        Move("RA-11", "deliver", (S.SHIPPED,), S.DELIVERED, ASK, "Confirm that it arrived"),
        Move("RA-12", "dead_on_arrival", RETURN_OPEN, S.APPROVED, DO, "Replace a dead replacement"),
        Move("RA-13", "fall_overdue", (S.DELIVERED,), S.RETURN_OVERDUE),
        Move("RA-14", "scan_return", (*RETURN_OPEN, S.NON_RETURN_INVOICED), S.RETURN_IN_TRANSIT),
        Move("RA-15", "charge", (S.RETURN_OVERDUE,), S.NON_RETURN_INVOICED, CHARGE, "Charge for the part"),
        Move("RA-16", "receive", (S.RETURN_IN_TRANSIT,), S.RETURN_RECEIVED, DO, "Receive the failed part"),
        Move("RA-17", "mismatch", (S.RETURN_IN_TRANSIT,), S.RETURN_MISMATCH, DO, "Another part came back"),
        Move("RA-18", "accept_mismatch", (S.RETURN_MISMATCH,), S.RETURN_RECEIVED, MANAGER, "Accept the other part"),
        Move("RA-19", "refuse_mismatch", (S.RETURN_MISMATCH,), S.RETURN_OVERDUE, DO, "Send the other part back"),
        Move("RA-20", "lose_return", (S.RETURN_IN_TRANSIT,), S.CLOSED, DO, "Lost by the carrier"),
        Move("RA-21", "inspect", (S.RETURN_RECEIVED,), S.CLOSED, DO, "Record the inspection"),
        Move("RA-22", "settle", (S.NON_RETURN_INVOICED,), S.CLOSED),
        Move("RA-23", "waive", RETURN_OPEN, S.CLOSED, MANAGER, "Waive the return"),
        Move("RA-24", "cancel", BEFORE_SHIPPING, S.CANCELLED, ASK, "Cancel"),
        Move("RA-25", "stop", (S.APPROVED, S.BACKORDERED, S.ALLOCATED), S.ON_HOLD, DO, "Stop and put on hold"),
        Move("RA-26", "take_back_charge", (S.NON_RETURN_INVOICED,), S.RETURN_OVERDUE),
    ),
    steps={
        S.REQUESTED: "roZoom checks it and approves it.",
        S.ON_HOLD: "supply what is missing.",
        S.APPROVED: "roZoom reserves a unit.",
        S.BACKORDERED: "a unit arrives in the pool.",
        S.ALLOCATED: "the warehouse ships the unit.",
        S.SHIPPED: "the carrier delivers it.",
        S.DELIVERED: "the customer sends the failed part back.",
        S.RETURN_OVERDUE: "the customer sends the failed part back, which is late.",
        S.NON_RETURN_INVOICED: "the part comes back or its invoice is paid.",
        S.RETURN_IN_TRANSIT: "the failed part arrives and is scanned.",
        S.RETURN_RECEIVED: "the failed part is inspected.",
        S.RETURN_MISMATCH: "the customer explains which part came back.",
    },
    turns={
        **dict.fromkeys((S.REQUESTED, S.APPROVED, S.BACKORDERED, S.ALLOCATED, S.RETURN_RECEIVED), "rozoom"),
        **dict.fromkeys((S.SHIPPED, S.RETURN_IN_TRANSIT), "carrier"),
        **dict.fromkeys((S.ON_HOLD, *RETURN_OPEN, S.NON_RETURN_INVOICED, S.RETURN_MISMATCH), "customer"),
    },
)

FACTORY = Machine(
    initial=S.REQUESTED,
    ends=frozenset({S.REJECTED, S.CANCELLED, S.UPGRADED, S.CLOSED}),
    moves=(
        Move("FR-1", "reject", (S.REQUESTED,), S.REJECTED, DO, "Reject"),
        Move("FR-2", "quote_repair", (S.REQUESTED,), S.QUOTED, DO, "Quote the repair"),
        Move("FR-3", "authorise", (S.REQUESTED,), S.AWAITING_INBOUND, DO, "Accept it for repair"),
        Move("FR-4", "accept_quote", (S.QUOTED,), S.AWAITING_INBOUND, ASK, "Accept the quote"),
        Move("FR-5", "decline_quote", (S.QUOTED,), S.CANCELLED, ASK, "Decline the quote"),
        Move("FR-6", "expire", (S.AWAITING_INBOUND,), S.EXPIRED),
        Move("FR-7", "extend", (S.EXPIRED,), S.AWAITING_INBOUND, DO, "Extend by 30 days"),
        Move("FR-8", "lapse", (S.EXPIRED,), S.CANCELLED),
        Move(
            "FR-9", "upgrade", (S.REQUESTED, S.QUOTED, S.AWAITING_INBOUND), S.UPGRADED, DO, "Replace in advance instead"
        ),
        Move("FR-10", "cancel", (S.REQUESTED, S.AWAITING_INBOUND), S.CANCELLED, ASK, "Cancel"),
        Move("FR-11", "scan_inbound", (S.AWAITING_INBOUND,), S.INBOUND_IN_TRANSIT),
        Move("FR-12", "receive", (S.INBOUND_IN_TRANSIT,), S.RECEIVED, FACTORY_WORK, "Receive the part"),
        Move("FR-13", "mismatch", (S.INBOUND_IN_TRANSIT,), S.MISMATCH, FACTORY_WORK, "Another part arrived"),
        Move("FR-14", "accept_mismatch", (S.MISMATCH,), S.RECEIVED, DO, "Accept the other part"),
        Move("FR-15", "refuse_mismatch", (S.MISMATCH,), S.READY_TO_SHIP, DO, "Send the other part back"),
        Move("FR-16", "lose_inbound", (S.INBOUND_IN_TRANSIT,), S.CLOSED, DO, "Lost by the carrier"),
        Move("FR-17", "diagnose", (S.RECEIVED,), S.DIAGNOSED, FACTORY_WORK, "Record the diagnosis"),
        Move("FR-18", "quote_costs", (S.DIAGNOSED,), S.COST_HOLD, DO, "Quote the costs"),
        Move("FR-19", "accept_costs", (S.COST_HOLD,), S.REPAIRING, ASK, "Accept the costs"),
        Move("FR-20", "decline_costs", (S.COST_HOLD,), S.READY_TO_SHIP, ASK, "Decline, send it back"),
        Move("FR-21", "scrap", (S.COST_HOLD,), S.CLOSED, ASK, "Decline, scrap it"),
        Move("FR-22", "repair", (S.DIAGNOSED,), S.REPAIRING, FACTORY_WORK, "Begin the repair"),
        Move("FR-23", "finish_without_repair", (S.DIAGNOSED,), S.READY_TO_SHIP, FACTORY_WORK, "Nothing to repair"),
        Move("FR-24", "finish_repair", (S.REPAIRING,), S.READY_TO_SHIP, FACTORY_WORK, "Final test passed"),
        Move("FR-25", "fail_test", (S.REPAIRING,), S.DIAGNOSED, FACTORY_WORK, "Final test failed"),
        Move("FR-26", "ship_back", (S.READY_TO_SHIP,), S.SHIPPED_BACK, FACTORY_WORK, "Ship it back"),
        Move("FR-27", "ship_back_again", (S.SHIPPED_BACK,), S.READY_TO_SHIP, DO, "Ship it again"),
        Move("FR-28", "deliver_back", (S.SHIPPED_BACK,), S.CLOSED, ASK, "Confirm that it arrived"),
    ),
    steps={
        S.REQUESTED: "roZoom checks it and accepts or quotes the repair.",
        S.QUOTED: "the customer accepts or declines the quote.",
        S.AWAITING_INBOUND: "the customer sends the part.",
        S.EXPIRED: "ask roZoom for 30 more days, or leave it.",
        S.INBOUND_IN_TRANSIT: "the part arrives at the factory and is scanned.",
        S.MISMATCH: "the customer explains which part arrived.",
        S.RECEIVED: "the factory finds out what is wrong.",
        S.DIAGNOSED: "the factory repairs it, or roZoom asks about costs.",
        S.COST_HOLD: "the customer answers about the costs.",
        S.REPAIRING: "the factory repairs and tests it.",
        S.READY_TO_SHIP: "the factory ships it back.",
        S.SHIPPED_BACK: "the carrier delivers it.",
    },
    turns={
        **dict.fromkeys((S.REQUESTED, S.EXPIRED), "rozoom"),
        **dict.fromkeys((S.QUOTED, S.AWAITING_INBOUND, S.MISMATCH, S.COST_HOLD), "customer"),
        **dict.fromkeys((S.RECEIVED, S.DIAGNOSED, S.REPAIRING, S.READY_TO_SHIP), "supplier"),
        **dict.fromkeys((S.INBOUND_IN_TRANSIT, S.SHIPPED_BACK), "carrier"),
    },
)
MACHINES: dict[str, Machine] = {RmaKind.ADVANCE: ADVANCE, RmaKind.FACTORY: FACTORY}


def machine_of(rma: "Rma") -> Machine:
    return MACHINES[rma.kind]


def allowed(rma: "Rma", actor: Actor) -> list[Move]:
    """What this actor may do with it now, for buttons and `allowed_actions`. Suppliers act through their own record."""
    return machine_of(rma).offered(rma.state, actor)


def turn_of(rma: "Rma") -> str:
    """Who has to act: rozoom, customer, supplier or carrier; empty when it has ended."""
    return machine_of(rma).turns.get(rma.state, "")
