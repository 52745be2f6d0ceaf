"""Deeds on an advance replacement, in the order in which they may be needed."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from rma import services
from rma.actions.fields import (
    CARRIER,
    CHOICE,
    CHOICES,
    CLAIM,
    DAY,
    FLAG,
    LINE,
    MONEY,
    POOL,
    SCANNED,
    SERIAL,
    SITE,
    SUPPLIER,
    TEXT,
    TRACKING,
    UNIT,
    Field,
    labels,
    reason,
)
from rma.actions.fields import COMPONENT as OF_COMPONENT
from rma.actions.table import Action
from rma.models import Rma, Shipment
from rma.services import CannotReturn, Report
from rma.states import Inspection, Media, Missing, ShipmentKind
from tenancy.actor import Actor

# What somebody may ask for. The others follow from the rules and from the checks before shipping.
ASKED_FOR = (Missing.DIAGNOSIS, Missing.SHIP_TO, Missing.TERMS, Missing.MEDIA, Missing.RELEASE)
LOST, BACK = "LOST", "RETURNED_TO_SENDER"
WENT_WRONG = ((LOST, "The carrier lost it"), (BACK, "It came back to the sender"))
OUTCOMES = (
    ("ADVANCE", "A replacement in advance"),
    ("FACTORY", "A factory repair"),
    ("REJECT", "Nothing: it is refused"),
)


def _has_media(rma: Rma) -> bool:
    return rma.component is not None and rma.component.product.has_media


MEDIA = Field("media", "Data on the part", CHOICE, choices=labels(Media.choices), when=_has_media)
CERTIFICATE = Field(
    "certificate",
    "Certificate",
    LINE,
    "Enter the number of the certificate.",
    "Of destruction, or of retention.",
    longest=200,
)
SUPPLIES = (
    Field(
        "component",
        "Serial of the failed part",
        OF_COMPONENT,
        hint="Of this customer, as it is registered.",
        when=lambda rma: rma.component is None,
    ),
    Field("ship_to", "Where the part stands", SITE, hint="Sites of this customer."),
    Field("confirms_ship_to", "The place is confirmed", FLAG, when=lambda rma: rma.ship_to_verified_at is None),
    Field("contact_name", "Contact there", LINE, longest=120),
    Field("contact_phone", "Phone of the contact", LINE, longest=40),
    Field("accepts_terms", "The return terms are accepted", FLAG, when=lambda rma: rma.terms_accepted_at is None),
    MEDIA,
    Field("agreement_is_known", "The agreement is confirmed", FLAG, when=lambda rma: rma.unconfirmed_agreement != ""),
)


def on_its_way(rma: Rma, kind: str) -> Shipment:
    """The box of that kind the carrier has. Raises CannotReturn."""
    boxes = Shipment.objects.filter(rma=rma, kind=kind, state__in=["IN_TRANSIT", "EXCEPTION"])
    box = boxes.order_by("label_at", "id").last()
    if box is None:
        raise CannotReturn("No box of it is with a carrier. Look at its shipments.", param="what")
    return box


def lose_box(kind: str) -> Any:
    def run(
        *,
        actor: Actor,
        rma: Rma,
        now: datetime,
        version: int | None,
        claim: str = "",
        what: str = LOST,
        place: str = "",
    ) -> Rma:
        box = on_its_way(rma, kind)
        if what == BACK:
            report = Report(box.carrier, box.tracking_number, BACK, now, place=place, text=f"Recorded by {actor.name}")
            services.track(actor=actor, report=report, now=now)
        else:
            services.lose(actor=actor, shipment=box, claim=claim, now=now)
        rma.refresh_from_db()
        return rma

    return run


def _other_part(*, actor: Actor, rma: Rma, now: datetime, version: int | None, scanned_serial: str = "") -> Rma:
    """Recorded by hand: an empty box, or another serial than the ones that are expected."""
    return services.receive(actor=actor, rma=rma, scanned_serial=scanned_serial, now=now, version=version)


def _send_record(*, actor: Actor, rma: Rma, now: datetime, version: int | None, supplier: Any) -> Rma:
    services.send_record(actor=actor, rma=rma, supplier=supplier, now=now)
    rma.refresh_from_db()
    return rma


def _inspect(*, actor: Actor, rma: Rma, now: datetime, charge: Decimal | None = None, **details: Any) -> Rma:
    return services.inspect(actor=actor, rma=rma, now=now, charge=charge, **details)


SHIP = Action(
    "ship",
    "Ship",
    services.ship,
    (
        SCANNED.called("Serial of the unit"),
        CARRIER,
        TRACKING,
        Field(
            "return_tracking_number",
            "Tracking number of the return label",
            SERIAL,
            hint="It lies in the box. Leave it out where that label is made already, or the part stays with the customer.",
            longest=60,
        ),
    ),
    effects=("The customer is told, and the carrier's first scan judges the promise.", "It can not be taken back."),
    look="primary",
    has_version=False,
)
RECEIVE = Action(
    "receive",
    "Receive the failed part",
    services.receive,
    (SCANNED,),
    effects=("The charge for a part that was not returned is taken back.",),
    look="primary",
    has_version=False,
)
SUPPLY = Action("resume", "Supply what is missing", services.supply, SUPPLIES, "rma:request", look="primary")

MOVES = (
    Action(
        "approve",
        "Approve",
        services.approve,
        (
            Field(
                "failure_is_confirmed",
                "The failure is confirmed on the ticket",
                FLAG,
                when=lambda rma: rma.failure_confirmed_at is None,
            ),
            Field("supplier", "Supplier who gets the failed part", SUPPLIER, hint="The product's own when left out."),
            Field("pool", "Pool", POOL, hint="The one that can send it soonest when left out."),
        ),
        effects=("The supplier's record is made and sent.", "The return label is prepared."),
        look="primary",
    ),
    Action(
        "hold",
        "Put on hold",
        services.hold_return,
        (
            Field(
                "missing",
                "What is missing?",
                CHOICES,
                "Choose what is missing.",
                choices=labels((one, one.label) for one in ASKED_FOR),
            ),
            Field("reason", "In your words", TEXT, hint="The customer reads it."),
        ),
        effects=("The customer reads what is missing. The next-business-day clock waits.",),
    ),
    SUPPLY,
    Action(
        "allocate",
        "Reserve a unit",
        services.allocate,
        (Field("unit", "Which unit?", UNIT, hint="The oldest fit one when left out."),),
        effects=("The rules are asked once more before.", "Without a fit unit it waits for the next one, by severity."),
        look="primary",
    ),
    SHIP,
    Action(
        "ship_again",
        "Send another unit",
        lose_box(ShipmentKind.REPLACEMENT_OUT),
        (
            Field("what", "What happened?", CHOICE, "Say what happened to the box.", choices=WENT_WRONG),
            CLAIM.called("Claim against the carrier", missing="", hint="Its number, where the box is lost."),
        ),
        effects=("Another unit is reserved and shipped under the same number, with a new promise.",),
    ),
    Action(
        "deliver",
        "It arrived",
        services.deliver,
        (),
        "rma:request",
        effects=(
            "What covered the old serial covers the new one from that day on.",
            "The failed part is due in 10 business days.",
        ),
    ),
    Action(
        "dead_on_arrival",
        "Replace a dead replacement",
        services.dead_on_arrival,
        (reason("What is wrong with the replacement?", "Say what is wrong with the replacement."),),
        effects=("A second unit is sent under the same number.", "The customer returns both parts."),
    ),
    RECEIVE,
    Action(
        "mismatch",
        "Another part came back",
        _other_part,
        (Field("scanned_serial", "Serial that came", SERIAL, hint="Leave it empty for an empty box.", longest=80),),
        effects=("Customer and reseller are asked which part it is.",),
    ),
    Action(
        "accept_mismatch",
        "Accept the other part",
        services.accept_mismatch,
        (reason("How is it explained?", "Say how it is explained."),),
        "rma:override",
        effects=("It counts as the failed part. The correction of the serial stays in the history.",),
    ),
    Action(
        "refuse_mismatch",
        "Send the other part back",
        services.refuse_mismatch,
        (reason("Why is it not accepted?", "Say why it is not accepted."),),
        effects=("The failed part is still owed; a new return label is prepared.",),
    ),
    Action(
        "lose_return",
        "Lost by the carrier",
        lose_box(ShipmentKind.DEFECTIVE_RETURN),
        (CLAIM,),
        effects=("The return is closed. The customer owes nothing.",),
        look="danger",
    ),
    Action(
        "inspect",
        "Record the inspection",
        _inspect,
        (
            Field(
                "result",
                "What did the inspection find?",
                CHOICE,
                "Choose what the inspection found.",
                choices=labels(Inspection.choices),
            ),
            Field("text", "Report", TEXT, hint="Needed for damage. The customer reads it.", longest=1000),
            Field(
                "charge",
                "Charge for damage",
                MONEY,
                hint="Leave it out to charge nothing. In the currency of the list price.",
            ),
        ),
        effects=("The return is closed.",),
        look="primary",
    ),
    Action(
        "charge",
        "Charge for the part",
        services.charge,
        (),
        "rma:charge",
        effects=(
            "An invoice over the list price frozen at approval is sent to the customer.",
            "It is credited in full when the part comes back within 60 days.",
        ),
        look="danger",
    ),
    Action(
        "waive",
        "Waive the return",
        services.waive,
        (CERTIFICATE, reason("Why does it not come back?", "Say why it does not come back.")),
        "rma:override",
        effects=("The return is closed and its serial retired: no support, no later return.",),
        look="danger",
    ),
    Action(
        "convert",
        "Have it repaired instead",
        services.convert,
        (),
        "rma:request",
        effects=("This return ends. A factory return of the same part begins on the same ticket.",),
    ),
    Action(
        "stop",
        "Stop and put on hold",
        services.stop,
        (reason("What is doubted?", "Say in a few words what is doubted."),),
        effects=("A reserved unit is free again, and the promise ends.", "A new approval is needed."),
    ),
    Action(
        "reject",
        "Reject",
        services.reject,
        (Field("reason", "In your words", TEXT, hint="The reasons of the rules are kept with it."),),
        effects=("The return ends. The customer reads why and may ask again.",),
        look="danger",
    ),
    Action(
        "cancel",
        "Cancel",
        services.cancel,
        (reason("Why is it not needed any more?", "Say why it is not needed any more."),),
        "rma:request",
        effects=("A reserved unit is free again. The supplier's record is taken back.",),
        look="danger",
    ),
)

# Deeds without a move of their own.
BESIDES = (
    Action("decide_again", "Ask the rules again", services.decide_again, (), "rma:request"),
    Action(
        "confirm_failure",
        "Confirm the failure",
        services.confirm_failure,
        (),
        "rma:diagnose",
        effects=("The part failed, and no change of its software brings it back.",),
    ),
    Action("supply", "Correct place, contact or data", services.supply, SUPPLIES, "rma:request"),
    Action(
        "release",
        "Let it go on",
        services.release,
        (reason("Why does it go on?", "Say in a few words why it goes on."),),
        effects=("Another part of this customer is overdue. This return goes on all the same.",),
    ),
    Action(
        "exclude_damage",
        "Record excluded damage",
        services.exclude_damage,
        (
            Field(
                "damage",
                "Damage that no warranty covers",
                LINE,
                hint="Such as lightning. Empty takes it back.",
                longest=200,
            ),
        ),
        effects=("The rules are asked again.",),
    ),
    Action(
        "decide_otherwise",
        "Decide otherwise",
        services.decide_otherwise,
        (
            Field("outcome", "What do you decide?", CHOICE, "Choose what you decide.", choices=OUTCOMES),
            reason("Why?", "Say in a few words why."),
        ),
        "rma:override",
        effects=("What the rules said stays beside it, with your name.",),
    ),
    Action(
        "expect",
        "Say when a unit is expected",
        services.expect,
        (Field("on", "Expected on", DAY, "Enter the day, such as 2026-11-30."),),
        effects=("The customer is told.",),
    ),
    Action(
        "change_unit",
        "Take another unit",
        services.change_unit,
        (Field("unit", "Which unit?", UNIT, "Choose a unit."),),
    ),
    Action(
        "say_sent",
        "The customer has sent it",
        services.say_sent,
        (),
        "rma:request",
        effects=("The carrier's first scan decides.",),
    ),
    Action(
        "send_record",
        "Send a record to another supplier",
        _send_record,
        (Field("supplier", "Supplier", SUPPLIER, "Choose the supplier who gets the failed part."),),
    ),
)
