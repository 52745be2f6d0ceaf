"""What may be done now, from one table: pages draw their buttons from it, and their doors ask it again."""

from dataclasses import dataclass
from datetime import date

from contracts.facts import SUSPENDED_AFTER
from contracts.lifecycle import InvoiceState, TermState
from contracts.models import AgreementTerm, Invoice
from contracts.services import small_difference
from contracts.standing import Standing
from tenancy.actor import Actor

T, N = TermState, InvoiceState


@dataclass(frozen=True)
class Move:
    """`name` is that of the address: contracts:term_<name>."""

    name: str
    label: str
    states: frozenset[str]
    capability: str
    look: str = ""

    @property
    def url_name(self) -> str:
        return f"contracts:term_{self.name}"


def _move(name: str, label: str, states: tuple[str, ...], capability: str, look: str = "") -> Move:
    return Move(name, label, frozenset(states), capability, look)


TERM_MOVES = (
    _move("order", "Order", (T.QUOTED,), "agreement:order", "primary"),
    _move("take_back", "Take back to change", (T.QUOTED,), "agreement:quote"),
    _move("change", "Change and quote", (T.DRAFT,), "agreement:quote", "primary"),
    _move("again", "Make a new quote", (T.QUOTE_EXPIRED, T.CANCELLED, T.TERMINATED, T.LAPSED), "agreement:quote"),
    _move("ask", "Ask to renew", (T.IN_FORCE, T.SUSPENDED, T.GRACE), "agreement:ask", "primary"),
    _move("ask", "Ask for a change", (T.QUOTED, T.QUOTE_EXPIRED, T.ORDERED, T.LAPSED), "agreement:ask"),
    _move("reinstate", "Reinstate", (T.LAPSED,), "agreement:quote"),
    _move("attest", "The customer has paid", (T.ORDERED, T.IN_FORCE, T.SUSPENDED), "agreement:attest"),
    _move("remove", "Remove a component", (T.ORDERED, T.IN_FORCE, T.SUSPENDED), "invoice:manage"),
    _move("cancel", "Cancel before it begins", (T.ORDERED,), "invoice:manage", "danger"),
    _move("terminate", "End by notice", (T.IN_FORCE, T.SUSPENDED, T.GRACE), "agreement:manage", "danger"),
)


def term_moves(actor: Actor, term: AgreementTerm, stands: Standing) -> list[Move]:
    return [
        move
        for move in TERM_MOVES
        if stands.state in move.states and actor.can(move.capability) and _fits(move, term, stands)
    ]


def may(actor: Actor, term: AgreementTerm, stands: Standing, name: str) -> bool:
    return any(move.name == name for move in term_moves(actor, term, stands))


def _fits(move: Move, term: AgreementTerm, stands: Standing) -> bool:
    """What the state alone does not tell."""
    if move.name == "terminate":
        return term.terminated_on is None
    if move.name == "ask":
        return stands.successor is None
    if move.name == "again":  # a renewal is prepared where renewals are
        return term.kind != AgreementTerm.Kind.RENEWAL or stands.state == T.LAPSED
    if move.name == "reinstate":
        return term.end_date < stands.day
    return True


@dataclass(frozen=True)
class InvoiceMove:
    name: str
    label: str
    look: str = ""

    @property
    def url_name(self) -> str:
        return f"contracts:invoice_{self.name}"


def invoice_moves(actor: Actor, invoice: Invoice, today: date) -> list[InvoiceMove]:
    """For finance; others read."""
    if not actor.can("invoice:manage"):
        return []
    is_open = invoice.state in (N.ISSUED, N.PARTIALLY_PAID)
    is_asked = invoice.closing_asked_by_id is not None
    is_late = invoice.due_on is not None and today > invoice.due_on + SUSPENDED_AFTER
    table = (
        (is_open, InvoiceMove("pay", "Record a payment", "primary")),
        (is_open and bool(small_difference(invoice)), InvoiceMove("clear", "Clear the small difference")),
        (invoice.state == N.ISSUED, InvoiceMove("void", "Void it", "danger")),
        (invoice.state in (N.PARTIALLY_PAID, N.PAID), InvoiceMove("credit", "Credit in full and refund", "danger")),
        (is_open and is_late and not is_asked, InvoiceMove("write_off", "Propose to write off")),
        (
            is_open and is_asked and invoice.closing_asked_by_id != actor.person_id,
            InvoiceMove("agree", "Agree to write off", "danger"),
        ),
        (is_open and is_asked, InvoiceMove("keep", "Do not write off")),
    )
    return [move for holds, move in table if holds]
