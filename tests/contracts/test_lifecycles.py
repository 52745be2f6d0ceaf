"""The three machines against the tables that were decided: every move, no dead end, no way out of an end."""

from typing import Any

import pytest

from contracts.lifecycle import InvoiceState, TermState, WarrantyState
from contracts.models import AgreementTerm, Invoice, WarrantyCoverage

TERM = """
DRAFT QUOTED; QUOTED DRAFT; QUOTED QUOTE_EXPIRED; QUOTED ORDERED; ORDERED CANCELLED; ORDERED IN_FORCE; IN_FORCE SUSPENDED;
SUSPENDED IN_FORCE; SUSPENDED LAPSED; IN_FORCE RENEWED; IN_FORCE GRACE; GRACE RENEWED; GRACE LAPSED; LAPSED REINSTATED;
IN_FORCE TERMINATED; SUSPENDED TERMINATED; GRACE TERMINATED"""
WARRANTY = """
PENDING ACTIVE; PENDING VOID; ACTIVE EXPIRED; ACTIVE VOID; VOID ACTIVE; VOID VOID_FINAL; ACTIVE TRANSFERRED"""
INVOICE = """
DRAFT ISSUED; DRAFT VOID; ISSUED PARTIALLY_PAID; ISSUED PAID; PARTIALLY_PAID PAID; PAID PARTIALLY_PAID; ISSUED VOID;
PARTIALLY_PAID CREDITED; PAID CREDITED; ISSUED WRITTEN_OFF; PARTIALLY_PAID WRITTEN_OFF"""
MACHINES: list[tuple[Any, str, Any, set[str]]] = [
    (AgreementTerm, TERM, TermState, {"QUOTE_EXPIRED", "CANCELLED", "RENEWED", "REINSTATED", "TERMINATED"}),
    (WarrantyCoverage, WARRANTY, WarrantyState, {"EXPIRED", "TRANSFERRED", "VOID_FINAL"}),
    (Invoice, INVOICE, InvoiceState, {"VOID", "CREDITED", "WRITTEN_OFF"}),
]


@pytest.mark.parametrize("model, table, states, ends", MACHINES, ids=["term", "warranty", "invoice"])
def test_the_moves_are_those_of_the_table(model: Any, table: str, states: Any, ends: set[str]) -> None:
    decided = {tuple(move.split()) for move in table.split(";")}
    field = model._meta.get_field("state")
    moves = {(str(move.source), str(move.target)) for move in field.get_all_transitions(model)}
    assert moves == decided
    assert {state.value for state in states} == {state for move in moves for state in move}
    assert {state.value for state in states} - {source for source, _ in moves} == ends
    reached, before = {str(field.default)}, set()
    while reached != before:
        before = set(reached)
        reached |= {target for source, target in moves if source in reached}
    assert reached == {state.value for state in states}
