"""Buttons of the moves a person may make now, from the one table in tickets/lifecycle.py."""

from collections.abc import Sequence
from dataclasses import dataclass

from tickets.lifecycle import Turn
from tickets.models import Ticket


@dataclass(frozen=True)
class Move:
    """`at_once`: the button does it; otherwise it leads to a page that asks for more. `rare` ones stand in a menu."""

    label: str
    key: str = ""
    at_once: bool = False
    rare: bool = False


MOVES: dict[str, Move] = {
    "begin": Move("Start work", "t", at_once=True),
    "wait": Move("Wait for…", "t"),
    "resume": Move("Take up again", "t", at_once=True),
    "resolve": Move("Resolve…", "e"),
    "close": Move("Close", "e", at_once=True),
    "reopen": Move("Open again", "t", at_once=True),
    "withdraw": Move("Withdraw…", rare=True),
    "merge": Move("Merge…", rare=True),
}


def offered(may: Sequence[str], *, rare: bool) -> list[tuple[str, Move]]:
    return [(name, move) for name, move in MOVES.items() if name in may and move.rare == rare]


def waiting_parties(ticket: Ticket, reseller: str) -> list[tuple[str, str]]:
    """Who can be waited for; the reseller only where there is one."""
    found = [(Turn.CUSTOMER, f"The customer, {ticket.customer.name}")]
    if reseller:
        found.append((Turn.RESELLER, f"The reseller, {reseller}"))
    return [(str(turn), words) for turn, words in [*found, (Turn.SUPPLIER, "A supplier")]]
