"""Which moves lead from one state to another. A log shows states only; our audit trail shows each move (lifecycle.py)."""

from collections import deque
from functools import lru_cache

from tickets.lifecycle import State
from tickets.models import Ticket

PAST_STATES = (State.NEW, State.OPEN, State.WAITING, State.RESOLVED, State.CLOSED)


@lru_cache
def steps() -> dict[str, list[tuple[str, str]]]:
    """State -> (move, state it leads to), read from the one table of moves."""
    found: dict[str, list[tuple[str, str]]] = {state: [] for state in PAST_STATES}
    for transition in Ticket._meta.get_field("state").get_all_transitions(Ticket):
        if transition.source in found and transition.target in found:
            found[transition.source].append((transition.name, transition.target))
    return found


@lru_cache
def moves_between(state: str, target: str, *, another_turn: bool) -> tuple[tuple[str, str], ...]:
    """The shortest way. Waiting for somebody else than before goes through OPEN, as it does at the desk."""
    if state == target == State.WAITING and another_turn:
        return (
            *moves_between(state, State.OPEN, another_turn=False),
            *moves_between(State.OPEN, target, another_turn=False),
        )
    ways: deque[tuple[str, tuple[tuple[str, str], ...]]] = deque([(state, ())])
    seen = {state}
    while ways:
        here, way = ways.popleft()
        if here == target:
            return way
        for move, there in steps()[here]:
            if there not in seen:
                seen.add(there)
                ways.append((there, (*way, (move, there))))
    raise ValueError(f"no way from {state} to {target}")
