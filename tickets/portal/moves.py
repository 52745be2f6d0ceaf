"""What a customer may do with a ticket beside writing, in words that name the effect before it happens."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from tickets.models import Ticket


@dataclass(frozen=True)
class Move:
    """`label` stands on the ticket's page; title, effects and `send` on the page that asks. `missing`: a reason is needed."""

    label: str
    title: str
    effects: tuple[str, ...]
    send: str
    keep: str
    done: str
    reason: str = ""
    missing: str = ""
    hint: str = ""
    look: str = "primary"

    def said_of(self, ticket: Ticket) -> dict[str, Any]:
        """With the ticket's number and only the effects that apply. "{days}" and "{number}" are filled in."""
        facts = {"number": ticket.reference, "days": settings.LIMITS["reopen_days"]}
        runs = ticket.clock_due_at is not None
        void = {PROMISE_ENDS} if not runs else set()
        void |= {PROMISE_STARTS} if not ticket.covered else set()
        effects = [effect.format(**facts) for effect in self.effects if effect not in void]
        return {
            "title": self.title.format(**facts),
            "effects": effects,
            "send_label": self.send.format(**facts),
            "keep_label": self.keep.format(**facts),
            "done": self.done.format(**facts),
        }


PROMISE_ENDS = "roZoom no longer has to answer within the promised time."
PROMISE_STARTS = "A new time for our answer starts at once."
REOPEN = "If it comes back, you can open the ticket again within {days} days."

# In the order of their buttons. A name is a move of lifecycle.MOVES.
MOVES: dict[str, Move] = {
    "resolve": Move(
        label="It is solved",
        title="Is the problem of {number} solved?",
        effects=("The ticket is marked as solved and work on it stops.", PROMISE_ENDS, REOPEN),
        send="It is solved",
        keep="Not yet",
        done="{number} is marked as solved. You can open it again within {days} days.",
        reason="What solved it?",
        hint="It helps the next person with the same problem.",
    ),
    "close": Move(
        label="Close the ticket",
        title="Close {number}?",
        effects=("The ticket moves to your closed tickets. You can still read it.", REOPEN),
        send="Close {number}",
        keep="Keep it as it is",
        done="{number} is closed. You can open it again within {days} days.",
    ),
    "reopen": Move(
        label="It is not solved",
        title="What is still wrong with {number}?",
        effects=("Your message is sent and the ticket is open again.", PROMISE_STARTS),
        send="Send and open again",
        keep="It is solved after all",
        done="{number} is open again.",
        reason="What is still wrong?",
        missing="Say in a few words what is still wrong",
    ),
    "withdraw": Move(
        label="Withdraw the ticket",
        title="Withdraw {number}?",
        effects=(
            "Work on it stops and nobody answers any more.",
            PROMISE_ENDS,
            "A withdrawn ticket can not be opened again.",
        ),
        send="Withdraw {number}",
        keep="Keep the ticket",
        done="{number} is withdrawn.",
        reason="Why is it not needed any more?",
        missing="Say in a few words why it is not needed any more",
        look="danger",
    ),
}


def offered(allowed: Sequence[str]) -> list[tuple[str, Move]]:
    """The buttons of a ticket: what its lifecycle allows this reader now."""
    return [(name, move) for name, move in MOVES.items() if name in allowed]
