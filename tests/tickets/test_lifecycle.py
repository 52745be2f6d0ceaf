"""The states of a ticket: their moves, who may make them, and what can be reached."""

from datetime import UTC, datetime, timedelta

import pytest

from tenancy.actor import Actor
from tenancy.models import Role
from tickets.lifecycle import MOVES, State, TicketLifecycle, allowed, moves
from tickets.models import Ticket

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DESIGN = {
    ("begin", "NEW", "OPEN"),
    ("wait", "OPEN", "WAITING"),
    ("resume", "WAITING", "OPEN"),
    ("resolve", "OPEN", "RESOLVED"),
    ("resolve", "WAITING", "RESOLVED"),
    ("close", "RESOLVED", "CLOSED"),
    ("reopen", "RESOLVED", "OPEN"),
    ("reopen", "CLOSED", "OPEN"),
    *(("withdraw", state, "WITHDRAWN") for state in ("NEW", "OPEN", "WAITING")),
    *(("merge", state, "MERGED") for state in ("NEW", "OPEN", "WAITING")),
}
CUSTOMER = Actor(kind="person", party="customer", name="Ilse", role=Role.MEMBER, person_id=1)
RESELLER = Actor(kind="person", party="reseller", name="Dirk", role=Role.RESELLER_AGENT, person_id=2)
AGENT = Actor(kind="person", party="operator", name="Marek", role=Role.AGENT, person_id=3)
FINANCE = Actor(kind="person", party="operator", name="Fin", role=Role.FINANCE, person_id=4)


def in_state(state: str, **facts: object) -> Ticket:
    return Ticket(state=state, severity=2, resolved_at=NOW if state in ("RESOLVED", "CLOSED") else None, **facts)


def test_the_moves_are_those_of_the_design() -> None:
    field = TicketLifecycle._meta.get_field("state")
    found = {(t.name, str(t.source), str(t.target)) for t in field.get_all_transitions(Ticket)}
    assert found == DESIGN


def test_every_state_is_reached_and_only_ended_ones_are_final() -> None:
    reached = {"NEW"} | {target for _, _, target in DESIGN}
    assert reached == set(State.values)
    left = {source for _, source, _ in DESIGN}
    assert set(State.values) - left == {"MERGED", "WITHDRAWN"}


RIGHTS = [
    ("NEW", CUSTOMER, {"withdraw"}),
    ("NEW", RESELLER, {"begin", "withdraw"}),
    ("NEW", AGENT, {"begin", "withdraw", "merge"}),
    ("NEW", FINANCE, set()),
    ("OPEN", CUSTOMER, {"resolve", "withdraw"}),
    ("OPEN", RESELLER, {"wait", "resolve", "withdraw"}),
    ("OPEN", AGENT, {"wait", "resolve", "withdraw", "merge"}),
    ("WAITING", CUSTOMER, {"resolve", "withdraw"}),
    ("WAITING", AGENT, {"resume", "resolve", "withdraw", "merge"}),
    ("RESOLVED", CUSTOMER, {"close", "reopen"}),
    ("RESOLVED", FINANCE, set()),
    ("CLOSED", CUSTOMER, {"reopen"}),
    ("MERGED", AGENT, set()),
    ("WITHDRAWN", AGENT, set()),
]


@pytest.mark.parametrize("state, actor, expected", RIGHTS)
def test_who_may_move_what(state: str, actor: Actor, expected: set[str]) -> None:
    assert set(moves(in_state(state), actor)) == expected


@pytest.mark.parametrize("state", State.values)
def test_a_move_that_is_not_offered_is_not_possible(state: str) -> None:
    offered = set(moves(in_state(state), AGENT))
    for name in MOVES:
        ticket = in_state(state)
        if name in offered:
            getattr(ticket, name)()
        elif (name, state) not in {(move, source) for move, source, _ in DESIGN}:
            with pytest.raises(Exception, match=r"Can't switch"):
                getattr(ticket, name)()


@pytest.mark.parametrize("days, comes_back", [(0, True), (13, True), (14, False), (40, False)])
def test_it_comes_back_within_fourteen_days(days: int, comes_back: bool) -> None:
    ticket = in_state("CLOSED")
    ticket.resolved_at = ticket.closed_at = NOW - timedelta(days=days)
    names = allowed(ticket, CUSTOMER, NOW, 14)
    assert ("reopen" in names) is comes_back
    assert ("reply" in names) is comes_back


def test_notes_are_offered_to_those_who_may_write_them() -> None:
    ticket = in_state("OPEN")
    assert "internal_note" in allowed(ticket, AGENT, NOW, 14)
    assert "internal_note" not in allowed(ticket, RESELLER, NOW, 14)
    assert "partner_note" in allowed(ticket, RESELLER, NOW, 14)
    assert not {"partner_note", "internal_note", "take", "assign"} & set(allowed(ticket, CUSTOMER, NOW, 14))
