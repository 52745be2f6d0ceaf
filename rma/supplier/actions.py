"""Deeds on a supplier's record by their names: what pages make forms from and the API its bodies."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.models import normal_serial
from rma import services
from rma.actions import factory
from rma.actions.fields import CARRIER, CHOICE, LINE, MONEY, SCANNED, SERIAL, TEXT, TRACKING, Field, reason
from rma.desk.words import state_label
from rma.lifecycle import FACTORY
from rma.machines import CannotMove
from rma.models import PoolUnit, SupplierRma
from rma.services import CannotSupply
from rma.states import RmaKind, RmaState, SupplierState
from rma.stock_lifecycle import SUPPLIER
from tenancy.actor import Actor, NotAllowed
from tenancy.context import as_deputy

WORK, SEND = "supplier-rma:work", "rma:manage"
R, S = SupplierState, RmaState
BEFORE_ARRIVAL = (S.REQUESTED, S.QUOTED, S.AWAITING_INBOUND, S.EXPIRED)
AT_FACTORY = frozenset(FACTORY.steps) - set(BEFORE_ARRIVAL)
SETTLED_WITH = (
    ("REPAIR", "Repaired: the same serial comes back"),
    ("EXCHANGE", "Exchanged: another serial comes"),
    ("CREDIT", "Credited: nothing comes back"),
)


@dataclass(frozen=True)
class RecordAction:
    """`fits` says of which records it is possible now."""

    name: str
    label: str
    run: Callable[..., SupplierRma]
    fields: tuple[Field, ...]
    fits: Callable[[SupplierRma], bool]
    needs: str = WORK
    effects: tuple[str, ...] = ()
    look: str = ""
    has_version: bool = True

    def do(
        self, *, actor: Actor, record: SupplierRma, now: datetime, version: int | None, values: dict[str, Any]
    ) -> SupplierRma:
        more = {"version": version} if self.has_version else {}
        return self.run(actor=actor, record=record, now=now, **more, **values)


def is_factory(record: SupplierRma) -> bool:
    return record.rma_kind == RmaKind.FACTORY


def _in(*states: str) -> Callable[[SupplierRma], bool]:
    """Of a part that roZoom sends: by the record's own state."""
    return lambda record: record.state in states and not is_factory(record)


def _at_factory(name: str) -> Callable[[SupplierRma], bool]:
    """Of a customer's part in repair: by the state of its return."""
    return lambda record: (
        is_factory(record) and record.state not in SUPPLIER.ends and FACTORY.find(name, record.rma_state) is not None
    )


def _may_arrive(record: SupplierRma) -> bool:
    open_ones = (S.INBOUND_IN_TRANSIT, S.AWAITING_INBOUND, S.EXPIRED)
    return is_factory(record) and record.state not in SUPPLIER.ends and record.rma_state in open_ones


def _may_refuse(record: SupplierRma) -> bool:
    """A part that is at the factory is diagnosed instead: the customer reads what was found."""
    return record.state in (R.SUBMITTED, R.ACKNOWLEDGED) or (
        record.state == R.DEFECTIVE_SENT and not is_factory(record)
    )


def _send(
    *, actor: Actor, record: SupplierRma, now: datetime, scanned_serial: str, carrier: str, tracking_number: str
) -> SupplierRma:
    """roZoom scans the failed unit out of its shelf."""
    normal = normal_serial(scanned_serial)
    with as_deputy(record.customer_id):
        unit = (
            PoolUnit.objects.filter(serial_normal=normal, product__sku=record.product_sku).first() if normal else None
        )
    if unit is None:
        raise CannotSupply(f"We have no {record.product_sku} with serial {scanned_serial}.", param="scanned_serial")
    return services.send_part(
        actor=actor, record=record, unit=unit, carrier=carrier, tracking_number=tracking_number, now=now
    )


ACTIONS = (
    RecordAction(
        "acknowledge",
        "Acknowledge",
        services.acknowledge,
        (Field("supplier_number", "Your number for it", LINE, "Enter your number for it.", longest=60),),
        lambda record: record.state == R.SUBMITTED,
        effects=("Your number is printed on the label.",),
        look="primary",
    ),
    RecordAction(
        "send",
        "The part is sent",
        _send,
        (SCANNED.called("Serial of the failed unit"), CARRIER, TRACKING),
        _in(R.ACKNOWLEDGED),
        needs=SEND,
        look="primary",
        has_version=False,
    ),
    RecordAction(
        "receive_part",
        "The part is here",
        services.receive_part,
        (),
        lambda record: _in(R.DEFECTIVE_SENT)(record) and record.received_at is None,
        look="primary",
    ),
    RecordAction(
        "settle",
        "Settle",
        services.settle,
        (
            Field("settled_with", "How is it settled?", CHOICE, "Choose how it is settled.", choices=SETTLED_WITH),
            Field("exchange_serial", "Serial that comes instead", SERIAL, hint="For an exchange.", longest=80),
            Field("credit_amount", "Amount of the credit", MONEY, hint="For a credit."),
            Field("credit_currency", "Currency of the credit", LINE, hint="Such as EUR.", longest=3),
            Field("credit_note", "Number of the credit note", LINE, hint="For a credit.", longest=60),
            Field("report", "Report", TEXT, hint="What was found and done.", longest=2000),
        ),
        _in(R.DEFECTIVE_SENT),
        effects=("The record ends.",),
    ),
    RecordAction(
        "receive",
        "Receive the part",
        services.receive_at_factory,
        (SCANNED,),
        _may_arrive,
        effects=("Scan the serial on the part itself. Another serial is answered by roZoom.",),
        look="primary",
        has_version=False,
    ),
    RecordAction(
        "diagnose",
        "Record the diagnosis",
        services.diagnose,
        factory.DIAGNOSIS,
        _at_factory("diagnose"),
        effects=("The customer reads the report.",),
        look="primary",
    ),
    RecordAction("repair", "Begin the repair", services.begin_repair, (), _at_factory("repair"), look="primary"),
    RecordAction(
        "finish_without_repair",
        "Nothing to repair",
        services.finish_without_repair,
        (factory.EXCHANGE,),
        _at_factory("finish_without_repair"),
        effects=("No fault found: the same serial goes back. Beyond repair: another one goes instead.",),
    ),
    RecordAction(
        "diagnose_again", "Correct the diagnosis", services.diagnose_again, factory.DIAGNOSIS, _at_factory("repair")
    ),
    RecordAction(
        "finish_repair",
        "Final test passed",
        services.finish_repair,
        (Field("report", "Repair report", TEXT, "Name the parts that were changed and the test.", longest=2000),),
        _at_factory("finish_repair"),
        look="primary",
    ),
    RecordAction(
        "fail_test",
        "Final test failed",
        services.fail_repair_test,
        (reason("What failed?", "Say what failed in the test."),),
        _at_factory("fail_test"),
    ),
    RecordAction(
        "ship_back",
        "Ship it back",
        services.ship_back,
        (SCANNED, CARRIER, TRACKING),
        _at_factory("ship_back"),
        effects=("The serial is scanned as it leaves. The customer is told.",),
        look="primary",
        has_version=False,
    ),
    RecordAction(
        "refuse",
        "Refuse",
        services.refuse,
        (reason("Why is it refused?", "Say why it is refused."),),
        _may_refuse,
        effects=("The record ends. What the customer gets does not change.",),
        look="danger",
    ),
)
TABLE = {action.name: action for action in ACTIONS}
NAMES = tuple(TABLE)
FIELDS = {field.name: field for action in ACTIONS for field in action.fields}


def offered(record: SupplierRma, actor: Actor) -> list[RecordAction]:
    return [action for action in ACTIONS if actor.can(action.needs) and action.fits(record)]


def find(record: SupplierRma, actor: Actor, name: str) -> RecordAction:
    """Raises CannotMove with where it stands and what comes next, NotAllowed for another's deed."""
    action = TABLE.get(name)
    if action is not None and not actor.can(action.needs):
        raise NotAllowed("Your role may not do this. Ask an administrator of your organisation.")
    if action is None or not action.fits(record):
        raise CannotMove(explain(record, name), param="action")
    return action


def explain(record: SupplierRma, name: str) -> str:
    label = TABLE[name].label.lower() if name in TABLE else name
    return f"{record} is in the state “{state_words(record)}”. “{label.capitalize()}” does not fit there. {next_step(record)}"


def follows_return(record: SupplierRma) -> bool:
    """A part that came to the factory goes by its return; before, and when it is over, by the record."""
    return is_factory(record) and record.state not in SUPPLIER.ends and record.rma_state in AT_FACTORY


def state_words(record: SupplierRma) -> str:
    return state_label(record.rma_state) if follows_return(record) else SupplierState(record.state).label


def next_step(record: SupplierRma) -> str:
    return FACTORY.next_step(record.rma_state) if follows_return(record) else SUPPLIER.next_step(record.state)
