"""What pages and mails of customers and resellers say of a return: where it stands, and who has to act."""

from datetime import date, timedelta

from django.db.models import Q

from contracts.selling.words import Tag
from rma.lifecycle import machine_of
from rma.models import Rma
from rma.states import ENDED, Ending, Media, Missing, RmaKind, RmaState
from rozoom_support.lib.ui.times import MONTHS, WEEKDAYS

S = RmaState
OPERATOR_NAME = "roZoom"
KEPT_DAYS = 30  # after delivery; from the day after that a part that did not leave may be charged for
CREDIT_DAYS = 60  # after the invoice; what leaves by then is credited

# What the customer's side can supply. The rest of a list is with roZoom.
SUPPLIED = (Missing.SERIAL, Missing.SHIP_TO, Missing.AGREEMENT, Missing.TERMS, Missing.MEDIA, Missing.RECHECK)
TO_SEND = (S.DELIVERED, S.RETURN_OVERDUE, S.NON_RETURN_INVOICED, S.AWAITING_INBOUND)
TO_ANSWER = (S.QUOTED, S.COST_HOLD, S.RETURN_MISMATCH, S.MISMATCH)
MAY_SAY_SENT = (*TO_SEND, S.EXPIRED)

# In a list: what waits for the customer's side, by stored states.
NEEDS_YOU = (
    Q(state=S.ON_HOLD, missing__overlap=[str(one) for one in SUPPLIED])
    | Q(state__in=[str(one) for one in TO_SEND], return_sent_at=None)
    | Q(state__in=[str(one) for one in TO_ANSWER])
)


def needs_you(rma: Rma, state: str) -> bool:
    """The same for one row. `state` is where it stands today (rma.standing.current_state)."""
    if state == S.ON_HOLD:
        return any(one in SUPPLIED for one in rma.missing)
    return (state in TO_SEND and rma.return_sent_at is None) or state in TO_ANSWER


def weekday_words(day: date | None) -> str:
    """Tue 24 Nov 2026"""
    return f"{WEEKDAYS[day.weekday()]} {day.day} {MONTHS[day.month - 1]} {day.year}" if day else ""


STATE_WORDS: dict[str, str] = {
    S.REQUESTED: "Being checked",
    S.ON_HOLD: "On hold: something is missing",
    S.APPROVED: "Approved",
    S.BACKORDERED: "Approved, none in stock",
    S.ALLOCATED: "A unit is reserved",
    S.SHIPPED: "Replacement on its way",
    S.DELIVERED: "Send the failed part back",
    S.RETURN_OVERDUE: "The failed part is overdue",
    S.NON_RETURN_INVOICED: "Charged: the part did not come back",
    S.RETURN_IN_TRANSIT: "Failed part on its way back",
    S.RETURN_RECEIVED: "Failed part received, in test",
    S.RETURN_MISMATCH: "Another part came back",
    S.QUOTED: "Quoted: accept or decline",
    S.AWAITING_INBOUND: "Send the part to the factory",
    S.EXPIRED: "Not sent in time",
    S.INBOUND_IN_TRANSIT: "Part on its way to the factory",
    S.RECEIVED: "At the factory",
    S.MISMATCH: "Another part arrived",
    S.DIAGNOSED: "The factory knows what is wrong",
    S.COST_HOLD: "Costs: accept or decline",
    S.REPAIRING: "In repair",
    S.READY_TO_SHIP: "Ready to be sent back",
    S.SHIPPED_BACK: "On its way back to you",
    S.REJECTED: "Rejected",
    S.CONVERTED: "Became a factory repair",
    S.UPGRADED: "Became a replacement in advance",
    S.CANCELLED: "Cancelled",
    S.CLOSED: "Closed",
}
BAD = (S.RETURN_OVERDUE, S.NON_RETURN_INVOICED, S.RETURN_MISMATCH, S.MISMATCH, S.EXPIRED)
SENT_BACK = "You sent the failed part back"


def state_tag(rma: Rma, state: str) -> Tag:
    words = STATE_WORDS[state]
    if state == S.CLOSED:
        return Tag(words, "i-tick", "ok")
    if state in ENDED:
        return Tag(words)
    if state in TO_SEND and rma.return_sent_at is not None and state not in (S.NON_RETURN_INVOICED, S.RETURN_OVERDUE):
        return Tag(SENT_BACK, "i-clock", "info")
    if state == S.DELIVERED and rma.media == Media.RETAINED:
        return Tag("Send the certificate", "s2", "warn")
    if state in BAD:
        return Tag(words, "s1", "bad")
    if needs_you(rma, state):
        return Tag(words, "s2", "warn")
    return Tag(words, "i-clock", "info")


def kind_words(rma: Rma) -> str:
    return "Replacement in advance" if rma.kind == RmaKind.ADVANCE else "Repair in the factory"


def turn_words(rma: Rma, state: str) -> str:
    """Whose turn it is, for lists and steps."""
    if state in ENDED:
        return ""
    if needs_you(rma, state):
        return "Your turn"
    if state == S.ON_HOLD:
        return f"With {OPERATOR_NAME}"
    if state in TO_SEND:
        return "With the carrier"
    by = machine_of(rma).turns.get(state, "")
    return {"supplier": "With the factory", "carrier": "With the carrier"}.get(by, f"With {OPERATOR_NAME}")


def part_words(rma: Rma) -> str:
    """Drive controller DC-7, 7F-2230"""
    if rma.component is None:
        return f"Serial {rma.claimed_serial}, not registered yet"
    return f"{rma.component.product.name}, {rma.component.serial}"


def charged_from(rma: Rma) -> date | None:
    """The first day on which a part that did not leave may be charged for."""
    return rma.delivered_on + timedelta(days=KEPT_DAYS + 1) if rma.delivered_on else None


def next_day(rma: Rma, state: str) -> tuple[str, date] | None:
    """The day that matters next, with what happens on it."""
    days: dict[str, tuple[str, date | None]] = {
        S.APPROVED: ("Leaves by", rma.contract_ship_by),
        S.BACKORDERED: ("Expected to leave", rma.expected_on),
        S.ALLOCATED: ("Leaves by", rma.contract_ship_by),
        S.SHIPPED: ("Expected on", rma.deliver_target),
        S.DELIVERED: ("Part due back", rma.return_due),
        S.RETURN_OVERDUE: ("Part was due back", rma.return_due),
        S.QUOTED: ("Quote valid until", rma.valid_until),
        S.AWAITING_INBOUND: ("Send it by", rma.valid_until),
        S.EXPIRED: ("Should have left by", rma.valid_until),
    }
    label, day = days.get(state, ("", None))
    return (label, day) if day else None


ENDING_WORDS: dict[str, str] = {
    Ending.RETURNED: "The failed part came back and was inspected. Nothing more is due.",
    Ending.PAID: "The part was kept and paid for. Its serial is not supported any more.",
    Ending.WRITTEN_OFF: "The part was kept. Its serial is not supported any more.",
    Ending.WAIVED: "The part stays with you. Nothing has to be sent back.",
    Ending.LOST: "The carrier lost the part. You owe nothing for it.",
    Ending.REPAIRED: "The part was repaired and is back with you.",
    Ending.EXCHANGED: "The part was exchanged, and the other one is with you.",
    Ending.SENT_BACK: "The part came back to you as it was.",
    Ending.SCRAPPED: "The part was scrapped, as you agreed.",
}


def ended_words(rma: Rma, state: str) -> str:
    if state == S.CLOSED:
        return ENDING_WORDS.get(rma.ending, "Nothing more is due.")
    words: dict[str, str] = {
        S.REJECTED: "There is no replacement and no repair for it. The reasons stand below.",
        S.CANCELLED: "It was cancelled. Nothing is sent, and nothing is due.",
        S.CONVERTED: "It goes on as a repair in the factory.",
        S.UPGRADED: "It goes on as a replacement in advance.",
    }
    return words.get(state, "")
