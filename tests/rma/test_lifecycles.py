"""The five machines against the tables that were decided: every move, every state reached, no dead end, no way out of an end."""

import re

import pytest

from rma.lifecycle import ADVANCE, FACTORY
from rma.machines import Machine
from rma.states import RmaState, ShipmentState, SupplierState, UnitState
from rma.stock_lifecycle import SHIPMENT, SUPPLIER, UNIT
from tenancy.actor import Actor
from tenancy.capabilities import CAPABILITIES

TABLES: dict[str, tuple[Machine, str]] = {
    "advance": (ADVANCE, """
1 REQUESTED ON_HOLD; 2 ON_HOLD REQUESTED; 3 REQUESTED REJECTED; 4 REQUESTED,ON_HOLD,BACKORDERED CONVERTED;
5 REQUESTED APPROVED; 6 APPROVED ALLOCATED; 7 APPROVED BACKORDERED; 8 BACKORDERED ALLOCATED; 9 ALLOCATED SHIPPED;
10 SHIPPED APPROVED; 11 SHIPPED DELIVERED; 12 DELIVERED,RETURN_OVERDUE APPROVED; 13 DELIVERED RETURN_OVERDUE;
14 DELIVERED,RETURN_OVERDUE,NON_RETURN_INVOICED RETURN_IN_TRANSIT; 15 RETURN_OVERDUE NON_RETURN_INVOICED;
16 RETURN_IN_TRANSIT RETURN_RECEIVED; 17 RETURN_IN_TRANSIT RETURN_MISMATCH; 18 RETURN_MISMATCH RETURN_RECEIVED;
19 RETURN_MISMATCH RETURN_OVERDUE; 20 RETURN_IN_TRANSIT CLOSED; 21 RETURN_RECEIVED CLOSED; 22 NON_RETURN_INVOICED CLOSED;
23 DELIVERED,RETURN_OVERDUE CLOSED; 24 REQUESTED,ON_HOLD,APPROVED,BACKORDERED,ALLOCATED CANCELLED;
25 APPROVED,BACKORDERED,ALLOCATED ON_HOLD; 26 NON_RETURN_INVOICED RETURN_OVERDUE"""),
    "factory": (FACTORY, """
1 REQUESTED REJECTED; 2 REQUESTED QUOTED; 3 REQUESTED AWAITING_INBOUND; 4 QUOTED AWAITING_INBOUND; 5 QUOTED CANCELLED;
6 AWAITING_INBOUND EXPIRED; 7 EXPIRED AWAITING_INBOUND; 8 EXPIRED CANCELLED; 9 REQUESTED,QUOTED,AWAITING_INBOUND UPGRADED;
10 REQUESTED,AWAITING_INBOUND CANCELLED; 11 AWAITING_INBOUND INBOUND_IN_TRANSIT; 12 INBOUND_IN_TRANSIT RECEIVED;
13 INBOUND_IN_TRANSIT MISMATCH; 14 MISMATCH RECEIVED; 15 MISMATCH READY_TO_SHIP; 16 INBOUND_IN_TRANSIT CLOSED;
17 RECEIVED DIAGNOSED; 18 DIAGNOSED COST_HOLD; 19 COST_HOLD REPAIRING; 20 COST_HOLD READY_TO_SHIP; 21 COST_HOLD CLOSED;
22 DIAGNOSED REPAIRING; 23 DIAGNOSED READY_TO_SHIP; 24 REPAIRING READY_TO_SHIP; 25 REPAIRING DIAGNOSED;
26 READY_TO_SHIP SHIPPED_BACK; 27 SHIPPED_BACK READY_TO_SHIP; 28 SHIPPED_BACK CLOSED"""),
    "unit": (UNIT, """
1 ON_ORDER QUARANTINE; 2 QUARANTINE AVAILABLE; 3 QUARANTINE AT_SUPPLIER; 4 AVAILABLE RESERVED; 5 RESERVED AVAILABLE;
6 RESERVED OUT_IN_TRANSIT; 7 OUT_IN_TRANSIT WITH_CUSTOMER; 8 OUT_IN_TRANSIT LOST; 9 OUT_IN_TRANSIT QUARANTINE;
10 WITH_CUSTOMER DEFECTIVE_IN_TRANSIT; 11 WITH_CUSTOMER RETIRED; 12 DEFECTIVE_IN_TRANSIT DEFECTIVE;
13 DEFECTIVE_IN_TRANSIT LOST; 14 DEFECTIVE AT_SUPPLIER; 15 DEFECTIVE SCRAPPED; 16 AT_SUPPLIER QUARANTINE;
17 AT_SUPPLIER SCRAPPED; 18 AVAILABLE,QUARANTINE RETIRED; 19 AVAILABLE,RESERVED,QUARANTINE LOST; 20 ON_ORDER RETIRED"""),
    "shipment": (SHIPMENT, """
1 DRAFT LABEL_CREATED; 2 DRAFT CANCELLED; 3 LABEL_CREATED CANCELLED; 4 LABEL_CREATED IN_TRANSIT; 5 IN_TRANSIT EXCEPTION;
6 EXCEPTION IN_TRANSIT; 7 IN_TRANSIT,EXCEPTION DELIVERED; 8 IN_TRANSIT,EXCEPTION RETURNED_TO_SENDER; 9 EXCEPTION LOST"""),
    "supplier": (SUPPLIER, """
1 DRAFT SUBMITTED; 2 SUBMITTED ACKNOWLEDGED; 3 SUBMITTED,ACKNOWLEDGED REFUSED; 4 SUBMITTED,ACKNOWLEDGED CANCELLED;
5 ACKNOWLEDGED DEFECTIVE_SENT; 6 DEFECTIVE_SENT SETTLED; 7 DEFECTIVE_SENT REFUSED"""),
}  # fmt: skip
ENDS = {
    "advance": {"REJECTED", "CONVERTED", "CANCELLED", "CLOSED"},
    "factory": {"REJECTED", "CANCELLED", "UPGRADED", "CLOSED"},
    "unit": {"SCRAPPED", "LOST", "RETIRED"},
    "shipment": {"DELIVERED", "LOST", "CANCELLED", "RETURNED_TO_SENDER"},
    "supplier": {"SETTLED", "CANCELLED", "REFUSED"},
}
EVERY_MACHINE = pytest.mark.parametrize("name", list(TABLES))


@EVERY_MACHINE
def test_the_moves_are_those_of_the_table(name: str) -> None:
    machine, table = TABLES[name]
    decided = {}
    for line in table.split(";"):
        number, sources, target = line.split()
        decided[int(number)] = (set(sources.split(",")), target)
    moves = {
        int(move.rule.partition("-")[2]): ({str(s) for s in move.sources}, str(move.target)) for move in machine.moves
    }
    assert moves == decided


@EVERY_MACHINE
def test_every_state_is_reached_none_is_a_dead_end_and_an_end_has_no_exit(name: str) -> None:
    machine, _ = TABLES[name]
    sources = {source for move in machine.moves for source in move.sources}
    assert machine.states - sources == machine.ends == ENDS[name]
    reached, before = {machine.initial}, set()
    while reached != before:
        before = set(reached)
        reached |= {move.target for move in machine.moves if reached & set(move.sources)}
    assert reached == machine.states
    for start in machine.states:  # from everywhere an end can be reached
        walk, seen = {start}, set()
        while walk != seen:
            seen = set(walk)
            walk |= {move.target for move in machine.moves if walk & set(move.sources)}
        assert walk & machine.ends


@EVERY_MACHINE
def test_a_name_is_one_move_from_one_state_and_its_words_are_complete(name: str) -> None:
    machine, _ = TABLES[name]
    pairs = [(move.name, source) for move in machine.moves for source in move.sources]
    assert len(pairs) == len(set(pairs))
    assert set(machine.steps) == machine.states - machine.ends
    assert all(move.needs in CAPABILITIES and move.label for move in machine.moves if move.needs or move.label)
    if machine.turns:
        assert set(machine.turns) == machine.states - machine.ends


def test_no_state_is_left_out() -> None:
    assert ADVANCE.states | FACTORY.states == set(RmaState.values)
    assert UNIT.states == set(UnitState.values)
    assert SHIPMENT.states == set(ShipmentState.values)
    assert SUPPLIER.states == set(SupplierState.values)


def test_buttons_follow_the_role() -> None:
    names = [
        (role, ADVANCE.names("REQUESTED", Actor("person", "operator", "Test", role)))
        for role in ("agent", "coordinator")
    ]
    assert names == [
        ("agent", ["convert", "cancel"]),
        ("coordinator", ["hold", "reject", "convert", "approve", "cancel"]),
    ]
    assert not re.search(
        "waive", " ".join(ADVANCE.names("DELIVERED", Actor("person", "operator", "Test", "coordinator")))
    )
