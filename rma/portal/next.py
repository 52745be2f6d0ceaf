"""What happens next with a return, and what the reader has to do first."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from django.urls import reverse

from contracts.selling.words import day_words
from contracts.terms import local_date
from rma.lifecycle import allowed
from rma.models import Rma
from rma.portal.shown import Found, money
from rma.portal.words import (
    CREDIT_DAYS,
    MAY_SAY_SENT,
    OPERATOR_NAME,
    SUPPLIED,
    charged_from,
    ended_words,
    needs_you,
    weekday_words,
)
from rma.standing import zone_of
from rma.states import Media, Missing, RmaKind, RmaState
from tenancy.actor import Actor

S = RmaState


@dataclass(frozen=True)
class Action:
    label: str
    url: str
    look: str = ""
    is_file: bool = False


@dataclass(frozen=True)
class Next:
    """`lines` in order; the first action is the one that matters."""

    title: str
    lines: list[str] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)
    missing: list["MissingLine"] = field(default_factory=list)
    is_yours: bool = False
    is_bad: bool = False


@dataclass(frozen=True)
class MissingLine:
    words: str
    who: str


Teller = Callable[[Found, Actor], Next]
DEEDS = {
    "supply": "Supply what is missing",
    "arrived": "Confirm that it arrived",
    "sent": "I sent it back",
    "quote": "Answer the quote",
    "repair": "Have it repaired instead",
    "cancel": "Cancel this return",
}
OF_MOVE = {
    "resume": "supply",
    "deliver": "arrived",
    "deliver_back": "arrived",
    "accept_quote": "quote",
    "accept_costs": "quote",
    "convert": "repair",
    "cancel": "cancel",
}


def deeds_of(rma: Rma, state: str, actor: Actor) -> list[str]:
    """What this reader may do now, by the table of moves. A date may have moved it on already."""
    if not actor.can("rma:request"):
        return []
    held = rma.state
    rma.state = state
    try:
        found = {OF_MOVE[move.name] for move in allowed(rma, actor) if move.name in OF_MOVE}
    finally:
        rma.state = held
    if state in MAY_SAY_SENT and rma.return_sent_at is None and rma.media != Media.RETAINED:
        found.add("sent")
    if rma.delivered_at is not None:  # a second unit is owed by then: neither way out is open any more
        found -= {"cancel", "repair"}
    if rma.component_id is None:
        found.discard("repair")
    return [name for name in DEEDS if name in found]


def action(rma: Rma, deed: str, look: str = "") -> Action:
    label = DEEDS[deed]
    if deed == "sent" and rma.kind == RmaKind.FACTORY:
        label = "I sent the part"
    return Action(label, reverse("returns:deed", args=[rma.reference, deed]), look)


def answer_in_ticket(rma: Rma, actor: Actor, label: str = "Answer in the ticket", look: str = "") -> Action:
    page = "portal:ticket" if actor.party == "customer" else "desk:ticket"
    return Action(label, reverse(page, args=[rma.ticket.reference]), look)


def next_of(found: Found, actor: Actor) -> Next:
    rma, state = found.rma, found.state
    if not found.is_open:
        return Next(ended_words(rma, state) or rma.ending_reason, _after_the_end(found))
    told = BY_STATE[state](found, actor)
    deeds = deeds_of(rma, state, actor)
    first = [action(rma, name, "primary" if not told.actions else "") for name in MAIN.get(state, ()) if name in deeds]
    is_yours = needs_you(rma, state)
    return Next(told.title, told.lines, [*told.actions, *first], told.missing, is_yours, is_yours and state in LATE)


MAIN: dict[str, tuple[str, ...]] = {
    S.ON_HOLD: ("supply",),
    S.SHIPPED: ("arrived",),
    S.SHIPPED_BACK: ("arrived",),
    S.DELIVERED: ("sent",),
    S.RETURN_OVERDUE: ("sent",),
    S.NON_RETURN_INVOICED: ("sent",),
    S.AWAITING_INBOUND: ("sent",),
    S.EXPIRED: ("sent",),
    S.QUOTED: ("quote",),
    S.COST_HOLD: ("quote",),
}
LATE = (S.RETURN_OVERDUE, S.NON_RETURN_INVOICED, S.RETURN_MISMATCH, S.MISMATCH)


def others_of(found: Found, actor: Actor) -> list[Action]:
    """What may be done besides."""
    deeds = deeds_of(found.rma, found.state, actor)
    return [action(found.rma, name) for name in deeds if name not in MAIN.get(found.state, ())]


# Before it leaves -------------------------------------------------------------------------------------------------------


def _requested(found: Found, actor: Actor) -> Next:
    rma = found.rma
    if rma.kind == RmaKind.FACTORY:
        pays = "You get a price first, and decide then." if rma.decision.get("charge") == "QUOTE" else ""
        return Next(
            f"{OPERATOR_NAME} checks your request", [f"Then you get the address to send the part to. {pays}".strip()]
        )
    return Next(
        f"{OPERATOR_NAME} checks your request",
        [
            "An engineer confirms the failure. With the approval you get the day it leaves and the day it should arrive.",
            "It leaves on the next business day after the approval." if rma.decision.get("promises_date") else "",
        ],
    )


def _on_hold(found: Found, actor: Actor) -> Next:
    rma = found.rma
    lines = [rma.hold_reason] if rma.hold_reason else []
    lines.append("The next-business-day clock starts when nothing is missing and roZoom has approved it.")
    missing = [MissingLine(Missing(one).label, who_supplies(rma, one)) for one in rma.missing]
    return Next("Something is missing", lines, missing=missing)


def who_supplies(rma: Rma, name: str) -> str:
    if name == Missing.AGREEMENT:
        return f"{rma.unconfirmed_agreement} confirms it"
    if name == Missing.SHIP_TO:
        return "somebody else of your company confirms it"
    return "you supply it" if name in SUPPLIED else f"with {OPERATOR_NAME}"


def _approved(found: Found, actor: Actor) -> Next:
    return Next("Approved. We reserve a unit for you", _promised(found.rma))


def _backordered(found: Found, actor: Actor) -> Next:
    rma = found.rma
    when = (
        f"Expected to leave on {weekday_words(rma.expected_on)}."
        if rma.expected_on
        else "We tell you the day when we know it."
    )
    return Next("Approved. None is in stock now", [f"{when} We tell you if that changes.", *_promised(rma)])


def _allocated(found: Found, actor: Actor) -> Next:
    return Next("A unit is reserved for you", _promised(found.rma))


def _promised(rma: Rma) -> list[str]:
    if rma.contract_ship_by is None:
        return [rma.promise_reason] if rma.promise_reason else []
    return [
        f"It leaves by {weekday_words(rma.contract_ship_by)} and should arrive on {weekday_words(rma.deliver_target)}.",
    ]


def _shipped(found: Found, actor: Actor) -> Next:
    rma = found.rma
    when = f"It should arrive on {weekday_words(rma.deliver_target)}." if rma.deliver_target else "No day was promised."
    return Next("Your replacement is on its way", [when, "Keep the box: the failed part comes back in it."])


# The failed part --------------------------------------------------------------------------------------------------------


def _sheet(found: Found, look: str = "") -> list[Action]:
    if not found.has_sheet:
        return []
    return [
        Action("Print return sheet and label", reverse("returns:sheet", args=[found.rma.reference]), look, is_file=True)
    ]


def _delivered(found: Found, actor: Actor) -> Next:
    rma = found.rma
    due = weekday_words(rma.return_due)
    if rma.media == Media.RETAINED:
        words = [f"The part stays with you. Send us the certificate of destruction in the ticket by {due}."]
        return Next(
            "Send us the certificate", words, [answer_in_ticket(rma, actor, "Send it in the ticket", "primary")]
        )
    if rma.return_sent_at is not None:
        return Next("You sent the failed part back", _on_its_way(rma), _sheet(found))
    return Next(
        f"Send the failed part back by {due}",
        ["Put it into the box of the replacement, with the return sheet. The label is on us."],
        _sheet(found, "primary"),
    )


def _on_its_way(rma: Rma) -> list[str]:
    day = day_words(local_date(rma.return_sent_at, zone_of(rma))) if rma.return_sent_at else ""
    return [f"You told us on {day}. The carrier's first scan confirms it."]


def _overdue(found: Found, actor: Actor) -> Next:
    rma = found.rma
    charged = charged_from(rma)
    lines = [f"It was due back on {weekday_words(rma.return_due)}."]
    if charged and rma.list_price is not None:
        last = charged - timedelta(days=1)
        price = money(rma.list_price, rma.list_price_currency)
        by = f"by {weekday_words(last)}" if found.today <= last else "now"
        lines.append(f"Send it {by}, or we charge {price}.")
    if rma.return_sent_at is not None:
        return Next("You sent the failed part back", [*_on_its_way(rma), lines[0]], _sheet(found))
    if rma.media == Media.RETAINED:
        lines.append("Or send us the certificate of destruction in the ticket.")
    why = answer_in_ticket(rma, actor, "Tell us why it is late")
    return Next("The failed part is overdue", lines, [*_sheet(found, "primary"), why])


def _charged(found: Found, actor: Actor) -> Next:
    lines = [
        "We charged you for the failed part, because it did not come back.",
        f"Send it within {CREDIT_DAYS} days of the invoice, and the charge is taken back in full.",
        "Or pay the invoice and keep the part. Its serial is not supported any more then.",
    ]
    return Next("The part was charged for", lines, _sheet(found, "primary"))


def _return_in_transit(found: Found, actor: Actor) -> Next:
    return Next("The failed part is on its way back", ["You get no more reminders. We tell you when it arrived."])


def _received(found: Found, actor: Actor) -> Next:
    return Next("The failed part arrived", ["We test it, then the return is closed. You have nothing more to do."])


def _mismatch(found: Found, actor: Actor) -> Next:
    rma = found.rma
    got = f"We received serial {rma.received_serial}" if rma.received_serial else "The box was empty"
    lines = [
        f"{got}, and expected {rma.serial}.",
        f"Tell us which unit {rma.received_serial} came from."
        if rma.received_serial
        else "Tell us what you put into it.",
    ]
    if rma.kind == RmaKind.ADVANCE:
        lines.append("Without an answer within 5 business days it is sent back, and the failed part is still due.")
    return Next("Another part came than the one we expected", lines, [answer_in_ticket(rma, actor, look="primary")])


# The factory ------------------------------------------------------------------------------------------------------------


def _quoted(found: Found, actor: Actor) -> Next:
    quote, rma = found.quote, found.rma
    if quote is None:
        return Next("A price is being made", [])
    lines = [f"The repair costs {money(quote.amount, quote.currency)}, without tax."]
    if quote.reason:
        lines.append(f"Why it is not covered: {quote.reason}")
    if quote.evaluation_fee:
        lines.append(
            f"When you decline after it was looked at, {money(quote.evaluation_fee, quote.currency)} is charged."
        )
    if rma.state == S.QUOTED:
        lines.append(f"The quote is valid until {weekday_words(quote.valid_until)}.")
    return Next("Accept or decline the repair", lines)


def _awaiting(found: Found, actor: Actor) -> Next:
    rma = found.rma
    if rma.return_sent_at is not None:
        return Next("You sent the part", _on_its_way(rma), _sheet(found))
    lines = ["Pack it well, with the return sheet. You pay the way to the factory, we pay the way back."]
    return Next(f"Send the part to the factory by {weekday_words(rma.valid_until)}", lines, _sheet(found, "primary"))


def _expired(found: Found, actor: Actor) -> Next:
    rma = found.rma
    lines = [f"It should have left by {weekday_words(rma.valid_until)}. Ask us for 30 more days in the ticket."]
    return Next("The part was not sent in time", lines, [answer_in_ticket(rma, actor, "Ask for more time", "primary")])


def _plain(title: str, *lines: str) -> Teller:
    return lambda found, actor: Next(title, list(lines))


def _diagnosed(found: Found, actor: Actor) -> Next:
    rma = found.rma
    said = f"{rma.get_diagnosis_display()}. {rma.diagnosis_note}".strip()
    return Next("The factory knows what is wrong", [said])


def _ready(found: Found, actor: Actor) -> Next:
    return Next("Ready to be sent back", [found.rma.repair_report] if found.rma.repair_report else [])


def _shipped_back(found: Found, actor: Actor) -> Next:
    return Next("It is on its way back to you", ["Confirm it when it arrived, or the carrier does."])


def _after_the_end(found: Found) -> list[str]:
    return [found.rma.ending_reason] if found.rma.ending_reason and found.state != S.CLOSED else []


BY_STATE: dict[str, Teller] = {
    S.REQUESTED: _requested,
    S.ON_HOLD: _on_hold,
    S.APPROVED: _approved,
    S.BACKORDERED: _backordered,
    S.ALLOCATED: _allocated,
    S.SHIPPED: _shipped,
    S.DELIVERED: _delivered,
    S.RETURN_OVERDUE: _overdue,
    S.NON_RETURN_INVOICED: _charged,
    S.RETURN_IN_TRANSIT: _return_in_transit,
    S.RETURN_RECEIVED: _received,
    S.RETURN_MISMATCH: _mismatch,
    S.MISMATCH: _mismatch,
    S.QUOTED: _quoted,
    S.COST_HOLD: _quoted,
    S.AWAITING_INBOUND: _awaiting,
    S.EXPIRED: _expired,
    S.INBOUND_IN_TRANSIT: _plain("The part is on its way to the factory", "We tell you when it arrived."),
    S.RECEIVED: _plain("The factory has the part", "It finds out what is wrong. We tell you the result."),
    S.DIAGNOSED: _diagnosed,
    S.REPAIRING: _plain("The factory repairs it", "It is tested before it leaves."),
    S.READY_TO_SHIP: _ready,
    S.SHIPPED_BACK: _shipped_back,
}
