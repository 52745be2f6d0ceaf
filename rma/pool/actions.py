"""Deeds on one unit by their names: which are offered now, what each asks for, and why another one is not possible."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from rma import services
from rma.actions.fields import CHOICE, LINE, SUPPLIER, TEXT, Field, reason
from rma.machines import CannotMove
from rma.models import PoolUnit, ProductSupplier, Rma, SupplierRma
from rma.models.pool import MAY_BE_MISSING
from rma.services import CannotStock
from rma.services.pooling import ON_THE_SHELF, missing_words, same_order
from rma.states import RmaState, UnitState
from rma.stock_lifecycle import UNIT
from tenancy.actor import Actor, NotAllowed
from tenancy.models import Organisation

POOL, RETURNS, SCRAP = "pool:manage", "rma:manage", "pool:scrap"
U = UnitState
FIRMWARE = Field("firmware", "Firmware after the test", LINE, longest=40)
PLACE = Field("place", "Shelf", LINE, hint="Where it stands, such as A-03.", longest=60)


def no_effects(unit: PoolUnit) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True)
class UnitAction:
    """`move` is that of the unit's table. Without one `at` says where it is possible: nothing moves, or not every move of
    that name is a person's."""

    name: str
    label: str
    run: Callable[..., str]  # (actor=, unit=, now=, **values): what was done, in words
    asks: Callable[[PoolUnit], list[Field]]
    move: str = ""
    at: tuple[str, ...] = ()
    needs: str = POOL
    effects: Callable[[PoolUnit], tuple[str, ...]] = no_effects
    look: str = ""
    send: str = ""

    def fits(self, unit: PoolUnit) -> bool:
        """Of a unit that is said to be missing, only that is to be settled."""
        if unit.is_missing:
            return False
        return UNIT.find(self.move, unit.state) is not None if self.move else unit.state in self.at


def offered(unit: PoolUnit, actor: Actor) -> list[UnitAction]:
    return [one for one in ACTIONS if actor.can(one.needs) and one.fits(unit)]


def find(unit: PoolUnit, actor: Actor, name: str) -> UnitAction:
    """Raises NotAllowed, or CannotMove with where the unit stands and what comes next."""
    action = NAMES[name]
    if not actor.can(action.needs):
        raise NotAllowed("Your role may not do this. Ask an administrator of your organisation.")
    if not action.fits(unit):
        raise CannotMove(explain(unit, action), param="action")
    return action


def explain(unit: PoolUnit, action: UnitAction) -> str:
    if unit.is_missing:
        return missing_words(unit)
    if action.move:
        return UNIT.explain(unit, action.move)
    where = " or ".join(f"“{U(state).label}”" for state in action.at)
    stands = f"{unit} is in the state “{U(unit.state).label}”."
    return f"{stands} “{action.label}” is possible when it is {where}. {UNIT.next_step(unit.state)}"


# What each does -------------------------------------------------------------------------------------------------------


def _pass(*, actor: Actor, unit: PoolUnit, now: datetime, **given: Any) -> str:
    done = services.pass_test(actor=actor, unit=unit, now=now, **given)
    if done.state != U.RESERVED:
        return f"{done} is on the shelf."
    served = holder_of(done)
    return f"{done} passed, and is reserved at once for {served.reference if served else 'a return'}, which waited."


def _fail(
    *, actor: Actor, unit: PoolUnit, now: datetime, reason: str, supplier: Organisation | None = None, **_: Any
) -> str:
    supplier = supplier or usual_supplier(unit)
    if supplier is None:
        raise CannotStock("Choose the supplier who gets the unit.", param="supplier")
    record = services.fail_test(actor=actor, unit=unit, supplier=supplier, reason=reason, now=now)
    return f"{unit} goes to {supplier.name}, under the record {record.number}."


def _reserve(*, actor: Actor, unit: PoolUnit, now: datetime, rma: str) -> str:
    found = waiting_for(unit).filter(pk=UUID(rma)).first()
    if found is None:
        raise CannotStock("That return does not wait for a unit any more. Choose another one.", param="rma")
    done = services.allocate(actor=actor, rma=found, unit=unit, now=now)
    if done.state == RmaState.ALLOCATED:
        return f"{unit} is reserved for {done.reference}."
    return f"{done.reference} is on hold now, and {unit} stays free. {done.hold_reason}"


def _place(*, actor: Actor, unit: PoolUnit, now: datetime, place: str) -> str:
    done = services.place_unit(actor=actor, unit=unit, place=place, now=now)
    return f"{done} stands on shelf {done.place}."


def _missing(*, actor: Actor, unit: PoolUnit, now: datetime) -> str:
    services.say_missing(actor=actor, unit=unit, now=now)
    return f"{unit} is missing. Another person confirms the loss."


def _retire(*, actor: Actor, unit: PoolUnit, now: datetime, reason: str) -> str:
    services.retire_unit(actor=actor, unit=unit, reason=reason, now=now)
    return f"{unit} is out of the pool."


def _call_off(*, actor: Actor, unit: PoolUnit, now: datetime, count: str, reason: str) -> str:
    done = services.call_off(actor=actor, unit=unit, count=count, reason=reason, now=now)
    return f"{done} unit{'s' if done > 1 else ''} of {unit.product} will not come, and count no more."


def _scrap(*, actor: Actor, unit: PoolUnit, now: datetime, certificate: str, reason: str) -> str:
    services.scrap_unit(actor=actor, unit=unit, certificate=certificate, reason=reason, now=now)
    return f"{unit} is scrapped."


# What each asks -------------------------------------------------------------------------------------------------------


def _ask_pass(unit: PoolUnit) -> list[Field]:
    known = f"Leave it empty if it is still {unit.firmware}." if unit.firmware else "The unit leaves with this one."
    missing = "" if unit.firmware else "Enter the firmware after the test."
    stands = f"Leave it empty if it stays on {unit.place}." if unit.place else PLACE.hint
    return [FIRMWARE.called(FIRMWARE.label, hint=known, missing=missing), PLACE.called(PLACE.label, hint=stands)]


def _ask_fail(unit: PoolUnit) -> list[Field]:
    missing = "" if usual_supplier(unit) else "Choose the supplier who gets the unit."
    return [
        reason("What failed", "Say what failed in the test.", hint="The supplier reads this."),
        Field("supplier", "Supplier", SUPPLIER, missing),
    ]


def _ask_return(unit: PoolUnit) -> list[Field]:
    choices = tuple((str(one.pk), waiting_words(one)) for one in waiting_for(unit))
    return [Field("rma", "Return", CHOICE, "Choose the return that gets it.", choices=choices)]


def _ask_place(unit: PoolUnit) -> list[Field]:
    hint = f"It stands on {unit.place} now." if unit.place else PLACE.hint
    return [PLACE.called("New shelf", hint=hint, missing="Enter the shelf.")]


def _ask_reason(unit: PoolUnit) -> list[Field]:
    return [Field("reason", "Reason", LINE, "Enter a reason")]


def _ask_call_off(unit: PoolUnit) -> list[Field]:
    there = same_order(unit).count()
    hint = f"{unit.note + ': ' if unit.note else ''}{there} of them {'have' if there > 1 else 'has'} not come."
    return [
        Field("count", "How many will not come", LINE, "Enter how many will not come.", hint, longest=4),
        Field("reason", "Reason", LINE, "Say why they will not come.", "Such as: ordered twice.", longest=300),
    ]


def _ask_scrap(unit: PoolUnit) -> list[Field]:
    return [
        Field("certificate", "Number of the certificate", LINE, "Enter the number of the certificate.", longest=200),
        Field("reason", "Reason", TEXT, "Say why it is scrapped.", "Such as: not worth a repair.", longest=190),
    ]


ACTIONS = (
    UnitAction(
        "pass",
        "Test passed",
        _pass,
        _ask_pass,
        move="pass_test",
        effects=lambda unit: ("It goes on the shelf. A return that waits for one gets it at once.",),
        look="primary",
        send="Put on the shelf",
    ),
    UnitAction(
        "fail",
        "Test failed",
        _fail,
        _ask_fail,
        move="fail_test",
        effects=lambda unit: ("A record goes to its supplier. The unit counts as failed, and as with the supplier.",),
        send="Send it to the supplier",
    ),
    UnitAction(
        "reserve",
        "Reserve for a return",
        _reserve,
        _ask_return,
        move="reserve",
        needs=RETURNS,
        effects=lambda unit: ("The rules are asked once more. No other return gets this unit.",),
        send="Reserve it",
    ),
    UnitAction("place", "Change the shelf", _place, _ask_place, at=tuple(ON_THE_SHELF), send="Save the shelf"),
    UnitAction(
        "missing",
        "It is missing",
        _missing,
        lambda unit: [],
        at=tuple(MAY_BE_MISSING),
        effects=lambda unit: (
            "No return gets it from now on.",
            "Another person confirms the loss, or somebody finds it again.",
        ),
        send="Say that it is missing",
    ),
    UnitAction(
        "scrap",
        "Scrap",
        _scrap,
        _ask_scrap,
        move="scrap",
        needs=SCRAP,
        effects=lambda unit: ("It leaves the pool for good.", *_open_record_words(unit)),
        look="danger",
        send="Scrap it",
    ),
    UnitAction(
        "call-off",
        "Take back the order",
        _call_off,
        _ask_call_off,
        move="call_off",
        effects=lambda unit: ("They count as coming no more. Tell the supplier.",),
        look="danger",
        send="Take back the order",
    ),
    UnitAction(
        "retire",
        "Take out of the pool",
        _retire,
        _ask_reason,
        at=(U.AVAILABLE, U.QUARANTINE),
        effects=lambda unit: (
            "For a unit that is sold, or whose product is not supported any more.",
            "It does not come back.",
        ),
        look="danger",
        send="Take out of the pool",
    ),
)
NAMES = {action.name: action for action in ACTIONS}


# What it is about -----------------------------------------------------------------------------------------------------


def holder_of(unit: PoolUnit) -> Rma | None:
    """The return it is reserved for."""
    return Rma.objects.select_related("customer").filter(unit=unit, state=RmaState.ALLOCATED).first()


def waiting_for(unit: PoolUnit) -> Any:
    """Approved returns without a unit that this one fits, the severest first, then who was approved first."""
    return services.waiting_for_product(unit.product_id)


def waiting_words(rma: Rma) -> str:
    assert rma.component is not None
    return f"{rma.reference}, {rma.customer.name}: {rma.component.product.name} {rma.component.serial}, severity {rma.severity}"


def usual_supplier(unit: PoolUnit) -> Organisation | None:
    known = ProductSupplier.objects.select_related("supplier").filter(product_id=unit.product_id).first()
    return known.supplier if known and known.supplier.is_active else None


def records_of(unit: PoolUnit) -> list[SupplierRma]:
    """The latest first."""
    return list(unit.supplier_records.select_related("supplier").order_by("-updated_at"))


def _open_record_words(unit: PoolUnit) -> tuple[str, ...]:
    standing = [one for one in records_of(unit) if one.state in ("SUBMITTED", "ACKNOWLEDGED")]
    return tuple(f"{one.supplier.name} still expects it under {one.number}: tell them." for one in standing)
