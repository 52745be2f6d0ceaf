"""Deeds on a return to factory. What the factory does itself, roZoom may do for it, under the supplier's record."""

from datetime import datetime
from typing import Any

from rma import services
from rma.actions.advance import CERTIFICATE, MEDIA, WENT_WRONG, lose_box
from rma.actions.fields import (
    CARRIER,
    CHOICE,
    CLAIM,
    LINE,
    MONEY,
    SCANNED,
    SERIAL,
    SUPPLIER,
    TEXT,
    TRACKING,
    Field,
    labels,
    reason,
)
from rma.actions.table import Action, Run
from rma.models import Rma, SupplierRma
from rma.states import Diagnosis, ShipmentKind
from tenancy.actor import Actor

WORK = "supplier-rma:work"
EXCHANGE = Field(
    "exchange_serial",
    "Serial that goes back instead",
    SERIAL,
    hint="For one beyond repair; else leave it empty.",
    longest=80,
)
DIAGNOSIS = (
    Field("diagnosis", "What was found?", CHOICE, "Choose what was found.", choices=labels(Diagnosis.choices)),
    Field(
        "report",
        "Report",
        TEXT,
        "Describe what was found. The customer reads it.",
        "The customer reads it.",
        longest=1000,
    ),
)
MONEYS = (
    Field("amount", "Price of the repair", MONEY, "Enter what the repair costs."),
    Field("currency", "Currency", LINE, "Enter a currency, such as EUR.", longest=3),
    Field(
        "evaluation_fee", "Fee when it is declined", MONEY, hint="For finding out what is wrong. Leave it out for none."
    ),
)


def by_record(deed: Any) -> Run:
    """A supplier's deed, done by roZoom for the record under which the factory works."""

    def run(*, actor: Actor, rma: Rma, now: datetime, version: int | None, **values: Any) -> Rma:
        record: SupplierRma = services.record_of(rma)
        deed(actor=actor, record=record, now=now, **values)
        rma.refresh_from_db()
        return rma

    return run


def _quote(*, actor: Actor, rma: Rma, now: datetime, version: int | None, **values: Any) -> Rma:
    services.quote_repair(actor=actor, rma=rma, now=now, version=version, **values)
    rma.refresh_from_db()
    return rma


ORDER = Field("purchase_order", "Purchase order number", LINE, "Enter the purchase order number.", longest=80)
FACTORY = Field("supplier", "Factory", SUPPLIER, hint="The product's own when left out.")
SHIP_BACK = Action(
    "ship_back",
    "Ship it back",
    by_record(services.ship_back),
    (SCANNED, CARRIER, TRACKING),
    WORK,
    effects=("The customer is told.",),
    look="primary",
    has_version=False,
)
RECEIVE = Action(
    "receive",
    "Receive the part",
    by_record(services.receive_at_factory),
    (SCANNED,),
    WORK,
    effects=("The turnaround of the factory counts from now.",),
    look="primary",
    has_version=False,
)

MOVES = (
    Action(
        "authorise",
        "Accept it for repair",
        services.authorise,
        (MEDIA, FACTORY),
        effects=("The customer has 30 days to send it.", "The factory's record is made and sent."),
        look="primary",
    ),
    Action(
        "quote_repair",
        "Quote the repair",
        _quote,
        (*MONEYS, Field("reason", "What it is for", TEXT)),
        effects=("The customer has 30 days to answer.",),
        look="primary",
    ),
    Action(
        "accept_quote",
        "Accept the quote",
        services.accept_quote,
        (ORDER, MEDIA, FACTORY),
        "rma:request",
        effects=("The repair is invoiced when the part is back.",),
    ),
    Action(
        "decline_quote",
        "Decline the quote",
        services.decline_quote,
        (),
        "rma:request",
        effects=("The return ends.",),
        look="danger",
    ),
    Action(
        "upgrade",
        "Replace in advance instead",
        services.upgrade,
        (),
        effects=("This return ends. An advance replacement of the same part begins on the same ticket.",),
    ),
    Action("extend", "Extend by 30 days", services.extend, (), effects=("The rules are asked again.",), look="primary"),
    RECEIVE,
    Action(
        "mismatch",
        "Another part arrived",
        by_record(services.receive_at_factory),
        (Field("scanned_serial", "Serial that came", SERIAL, "Enter the serial that came.", longest=80),),
        WORK,
        effects=("The customer is asked which part it is.",),
    ),
    Action(
        "accept_mismatch",
        "Accept the other part",
        services.accept_at_factory,
        (reason("How is it explained?", "Say how it is explained."),),
    ),
    Action(
        "refuse_mismatch",
        "Send the other part back",
        services.refuse_at_factory,
        (reason("Why is it not accepted?", "Say why it is not accepted."),),
    ),
    Action(
        "lose_inbound",
        "Lost by the carrier",
        services.lose_inbound,
        (
            CLAIM,
            Field(
                "agreed",
                "Agreed with the customer",
                TEXT,
                "Say what was agreed with the customer: a replacement or a credit.",
            ),
        ),
        effects=("The return is closed and its serial retired.",),
        look="danger",
    ),
    Action(
        "diagnose",
        "Record the diagnosis",
        by_record(services.diagnose),
        DIAGNOSIS,
        WORK,
        effects=("The customer reads the report.",),
        look="primary",
    ),
    Action(
        "quote_costs",
        "Quote the costs",
        _quote,
        (*MONEYS, reason("What is not covered?", "Say what the factory found that is not covered.")),
        effects=("The repair waits until the customer answers.",),
    ),
    Action(
        "accept_costs",
        "Accept the costs",
        services.accept_quote,
        (ORDER,),
        "rma:request",
        effects=("The repair goes on, and is invoiced when the part is back.",),
    ),
    Action(
        "decline_costs",
        "Decline, send it back",
        services.decline_quote,
        (),
        "rma:request",
        effects=("It comes back as it is. The fee for finding out is charged.",),
    ),
    Action(
        "scrap",
        "Decline, scrap it",
        services.scrap,
        (CERTIFICATE.called("Certificate", missing="", hint="Its number, where there is one."),),
        "rma:request",
        effects=("The part is destroyed and its serial retired.",),
        look="danger",
    ),
    Action("repair", "Begin the repair", by_record(services.begin_repair), (), WORK, look="primary"),
    Action(
        "finish_without_repair",
        "Nothing to repair",
        by_record(services.finish_without_repair),
        (EXCHANGE,),
        WORK,
        effects=("No fault found: the same serial goes back. Beyond repair: another one goes instead.",),
    ),
    Action(
        "finish_repair",
        "Final test passed",
        by_record(services.finish_repair),
        (Field("report", "Repair report", TEXT, "Name the parts that were changed and the test.", longest=2000),),
        WORK,
        look="primary",
    ),
    Action(
        "fail_test",
        "Final test failed",
        by_record(services.fail_repair_test),
        (reason("What failed?", "Say what failed in the test."),),
        WORK,
    ),
    SHIP_BACK,
    Action(
        "ship_back_again",
        "Ship it again",
        lose_box(ShipmentKind.FACTORY_OUT),
        (
            Field("what", "What happened?", CHOICE, "Say what happened to the box.", choices=WENT_WRONG),
            CLAIM.called("Claim against the carrier", missing="", hint="Its number, where the box is lost."),
        ),
    ),
    Action(
        "deliver_back",
        "It arrived",
        services.deliver,
        (),
        "rma:request",
        effects=("The return is closed. Its warranty holds at least 90 days more.",),
    ),
    Action(
        "reject",
        "Reject",
        services.reject,
        (Field("reason", "In your words", TEXT, hint="The reasons of the rules are kept with it."),),
        effects=("The return ends. The customer reads why.",),
        look="danger",
    ),
    Action(
        "cancel",
        "Cancel",
        services.cancel,
        (reason("Why is it not needed any more?", "Say why it is not needed any more."),),
        "rma:request",
        effects=("The return ends. The factory's record is taken back.",),
        look="danger",
    ),
)

BESIDES = (
    Action("diagnose_again", "Correct the diagnosis", by_record(services.diagnose_again), DIAGNOSIS, WORK),
    Action(
        "exchange_lost",
        "Another serial goes instead",
        services.exchange_lost,
        (EXCHANGE.called("Serial that goes instead", missing="Enter the serial that goes instead.", hint=""),),
    ),
)
