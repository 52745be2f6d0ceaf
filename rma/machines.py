"""What a table of moves can do: say what may be done next, make a move, and explain one that is not possible."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rozoom_support.lib.refusals import Refused
from tenancy.actor import Actor


class CannotMove(Refused):
    """A move that is not possible from this state. The words say where it stands and what comes next."""

    code = "cannot_move"
    status = 422


@dataclass(frozen=True)
class Move:
    """`needs` is the capability of whoever makes it by a button; empty: it follows from a date, a carrier or another deed."""

    rule: str
    name: str
    sources: tuple[str, ...]
    target: str
    needs: str = ""
    label: str = ""


@dataclass(frozen=True)
class Machine:
    """One table. `steps` says for each state what comes next, and `turns` who has to act."""

    initial: str
    ends: frozenset[str]
    moves: tuple[Move, ...]
    steps: Mapping[str, str]
    turns: Mapping[str, str]

    @property
    def states(self) -> set[str]:
        return {self.initial, *self.ends, *(s for move in self.moves for s in (*move.sources, move.target))}

    def find(self, name: str, state: str) -> Move | None:
        return next((move for move in self.moves if move.name == name and state in move.sources), None)

    def offered(self, state: str, actor: Actor) -> list[Move]:
        """Buttons for this actor, in the order of the table. What else a move asks for is checked by its deed."""
        return [move for move in self.moves if state in move.sources and move.needs and actor.can(move.needs)]

    def names(self, state: str, actor: Actor) -> list[str]:
        """The same for programs: `allowed_actions`."""
        return [move.name for move in self.offered(state, actor)]

    def go(self, row: Any, name: str) -> Move:
        """Set the row's state by this move. Raises CannotMove; the caller holds the row's lock and saves it."""
        move = self.find(name, row.state)
        if move is None:
            raise CannotMove(self.explain(row, name), param="action")
        row.state = move.target
        return move

    def explain(self, row: Any, name: str) -> str:
        """Where it stands, what that move needs, and what comes next."""
        stands = f"{row} is in the state “{row.get_state_display()}”."
        known = [move for move in self.moves if move.name == name]
        if not known:
            return f"{stands} There is no action “{name}”. {self.next_step(row.state)}"
        label = (known[0].label or name.replace("_", " ")).lower()
        sources = sorted({source for move in known for source in move.sources})
        labels = dict(row._meta.get_field("state").flatchoices)
        needed = _either([f"“{labels.get(source, source)}”" for source in sources])
        return f"{stands} “{label.capitalize()}” is possible when it is {needed}. {self.next_step(row.state)}"

    def next_step(self, state: str) -> str:
        if state in self.ends:
            return "It has ended; nothing follows."
        return f"Next: {self.steps[state]}"


def _either(names: Iterable[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
