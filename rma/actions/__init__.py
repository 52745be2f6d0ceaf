"""Every deed on a return by its name: which are offered now, and why another one is not (docs/rma.md)."""

from collections.abc import Callable
from datetime import datetime

from rma.actions import advance, factory
from rma.actions.fields import Field
from rma.actions.table import Action
from rma.lifecycle import allowed, machine_of
from rma.machines import CannotMove
from rma.models import Rma
from rma.standing import current_state
from rma.states import ENDED, RmaKind, RmaState, ShipmentState
from tenancy.actor import Actor, NotAllowed

S = RmaState
BEFORE_APPROVAL = (S.REQUESTED, S.ON_HOLD)
OWED = (S.DELIVERED, S.RETURN_OVERDUE, S.NON_RETURN_INVOICED)
TO_SEND = (S.AWAITING_INBOUND, S.EXPIRED)
BOTH = {action.name: action for action in advance.BESIDES}
TABLES: dict[str, dict[str, Action]] = {
    RmaKind.ADVANCE: {**{action.name: action for action in advance.MOVES}, **BOTH},
    RmaKind.FACTORY: {**{action.name: action for action in factory.MOVES}, **BOTH}
    | {action.name: action for action in factory.BESIDES},
}
NAMES = tuple(dict.fromkeys(name for table in TABLES.values() for name in table))
FIELDS: dict[str, Field] = {
    field.name: field for table in TABLES.values() for action in table.values() for field in action.fields
}


def as_of(rma: Rma, now: datetime) -> Rma:
    """For readers: its state by the dates. The row is brought there by the next deed, or the job."""
    rma.state = current_state(rma, now)
    return rma


def offered(rma: Rma, actor: Actor) -> list[Action]:
    """What this actor may do with it now, in the order of the tables. Give it `as_of` an instant."""
    found = moves(rma, actor)
    names = {action.name for action in found}
    others = (action for name, action in TABLES[rma.kind].items() if name not in names)
    return found + [action for action in others if actor.can(action.needs) and _fits(action.name, rma)]


def moves(rma: Rma, actor: Actor) -> list[Action]:
    """Those of the tables of moves alone: what a list needs, without a query."""
    names = {move.name for move in allowed(rma, actor)}
    return [action for name, action in TABLES[rma.kind].items() if name in names and actor.can(action.needs)]


def _fits(name: str, rma: Rma) -> bool:
    """Of deeds that the tables of moves do not tell."""
    return name in FITS and FITS[name](rma)


def _was_lost_on_its_way_back(rma: Rma) -> bool:
    return any(box.kind == "FACTORY_OUT" and box.state == ShipmentState.LOST for box in rma.shipments.all())


def _may_tell_another_supplier(rma: Rma) -> bool:
    """The first one refused."""
    if rma.state in (*ENDED, *BEFORE_APPROVAL, S.QUOTED):
        return False
    states = {record.state for record in rma.supplier_records.all()}
    return bool(states) and states <= {"REFUSED", "CANCELLED"}


def _is_asked(rma: Rma) -> bool:
    return rma.state in BEFORE_APPROVAL


def _may_arrive_unscanned(rma: Rma) -> bool:
    return rma.state in (OWED if rma.kind == RmaKind.ADVANCE else TO_SEND)


FITS: dict[str, Callable[[Rma], bool]] = {
    "receive": _may_arrive_unscanned,
    "decide_again": lambda rma: rma.approved_at is None and rma.state in (*BEFORE_APPROVAL, S.QUOTED),
    "confirm_failure": lambda rma: _is_asked(rma) and rma.kind == RmaKind.ADVANCE and rma.failure_confirmed_at is None,
    "supply": lambda rma: rma.state == S.REQUESTED,
    "release": lambda rma: _is_asked(rma) and rma.released_at is None and bool(rma.decision.get("flags")),
    "exclude_damage": _is_asked,
    "decide_otherwise": lambda rma: _is_asked(rma) and rma.component_id is not None,
    "expect": lambda rma: rma.state == S.BACKORDERED,
    "change_unit": lambda rma: rma.state == S.ALLOCATED,
    "say_sent": lambda rma: rma.return_sent_at is None and rma.state in (*OWED, *TO_SEND),
    "diagnose_again": lambda rma: rma.state == S.DIAGNOSED,
    "exchange_lost": lambda rma: rma.state == S.READY_TO_SHIP and _was_lost_on_its_way_back(rma),
    "send_record": _may_tell_another_supplier,
}


def find(rma: Rma, actor: Actor, name: str) -> Action:
    """The deed of that name, when it is possible now. Raises CannotMove with the words, NotAllowed for another's deed."""
    action = TABLES[rma.kind].get(name)
    if action is not None and not actor.can(action.needs):
        raise NotAllowed("Your role may not do this. Ask an administrator of your organisation.")
    if action is None or action not in offered(rma, actor):
        raise CannotMove(explain(rma, name), param="action")
    return action


def explain(rma: Rma, name: str) -> str:
    """Why it is not possible now, and what comes next."""
    machine = machine_of(rma)
    if name in TABLES[rma.kind] and not any(move.name == name for move in machine.moves):
        label = TABLES[rma.kind][name].label.lower()
        stands = f"{rma} is in the state “{rma.get_state_display()}”."
        return f"{stands} “{label.capitalize()}” does not fit there. {machine.next_step(rma.state)}"
    return machine.explain(rma, name)


def not_offered(rma: Rma, actor: Actor) -> list[tuple[Action, str]]:
    """Every other move of the table, with where it becomes possible."""
    now = {action.name for action in offered(rma, actor)}
    known = {move.name for move in machine_of(rma).moves}
    others = [action for name, action in TABLES[rma.kind].items() if name in known and name not in now]
    return [(action, machine_of(rma).explain(rma, action.name)) for action in others]


__all__ = ["FIELDS", "NAMES", "Action", "Field", "as_of", "explain", "find", "moves", "not_offered", "offered"]
