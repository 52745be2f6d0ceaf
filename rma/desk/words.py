"""What the desk says about returns: states as word and shape, whose turn it is, and what happened."""

from collections.abc import Mapping
from typing import Any

from contracts.selling.words import Tag, readable
from rma.models import Rma, Shipment, SupplierRma
from rma.states import RmaState, ShipmentKind, ShipmentState, SupplierState
from tenancy.models import AuditEvent

S, H, R = RmaState, ShipmentState, SupplierState
TURNS = {"rozoom": "roZoom", "customer": "Customer", "supplier": "Factory", "carrier": "Carrier", "": ""}
LOOKS: dict[str, tuple[str, str]] = {
    S.REQUESTED: ("i-dot", "info"),
    **dict.fromkeys((S.ON_HOLD, S.QUOTED, S.COST_HOLD, S.BACKORDERED), ("i-pause", "warn")),
    **dict.fromkeys((S.APPROVED, S.ALLOCATED), ("i-dot", "accent")),
    **dict.fromkeys((S.SHIPPED, S.RETURN_IN_TRANSIT, S.INBOUND_IN_TRANSIT, S.SHIPPED_BACK), ("i-reply", "info")),
    **dict.fromkeys((S.DELIVERED, S.AWAITING_INBOUND), ("i-clock", "")),
    **dict.fromkeys((S.RETURN_OVERDUE, S.NON_RETURN_INVOICED, S.EXPIRED), ("s1", "bad")),
    **dict.fromkeys((S.RETURN_MISMATCH, S.MISMATCH), ("s2", "warn")),
    **dict.fromkeys((S.RETURN_RECEIVED, S.RECEIVED, S.DIAGNOSED, S.REPAIRING, S.READY_TO_SHIP), ("i-dot", "accent")),
    S.CLOSED: ("i-tick", "ok"),
}
BOX_LOOKS: dict[str, tuple[str, str]] = {
    H.IN_TRANSIT: ("i-reply", "info"),
    H.EXCEPTION: ("s2", "warn"),
    H.DELIVERED: ("i-tick", "ok"),
    H.RETURNED_TO_SENDER: ("s2", "warn"),
    H.LOST: ("s1", "bad"),
}
RECORD_LOOKS: dict[str, tuple[str, str]] = {
    R.SUBMITTED: ("i-clock", "info"),
    R.ACKNOWLEDGED: ("i-dot", "accent"),
    R.DEFECTIVE_SENT: ("i-reply", "info"),
    R.SETTLED: ("i-tick", "ok"),
    R.REFUSED: ("s2", "warn"),
}


def state_label(state: str) -> str:
    """For those who are not the customer, whom one of the labels speaks to."""
    return "Waiting for the customer on costs" if state == S.COST_HOLD else RmaState(state).label


def state_tag(rma: Rma) -> Tag:
    return Tag(state_label(rma.state), *LOOKS.get(rma.state, ("i-dash", "")))


def box_tag(box: Shipment) -> Tag:
    return Tag(ShipmentState(box.state).label, *BOX_LOOKS.get(box.state, ("i-dash", "")))


def record_tag(record: SupplierRma) -> Tag:
    return Tag(SupplierState(record.state).label, *RECORD_LOOKS.get(record.state, ("i-dash", "")))


def turn_words(turn: str) -> str:
    return TURNS[turn]


# What happened: the verb of the audit trail in words, with what its data adds.
VERBS: dict[str, str] = {
    "rma.requested": "Requested for {serial}, by rule {rule}",
    "rma.asked-again": "Asked for again on {ticket}",
    "rma.on-hold": "Put on hold: {missing}",
    "rma.supplied": "Supplied: {given}",
    "rma.resumed": "Goes on",
    "rma.failure-confirmed": "Confirmed the failure",
    "rma.released": "Let it go on although another part is overdue: {reason}",
    "rma.damage-excluded": "Recorded excluded damage: {damage}",
    "rma.decided": "The rules answer otherwise now: {outcome}, rule {rule}",
    "rma.decided-otherwise": "Decided otherwise than the rules: {outcome}. {reason}",
    "rma.rejected": "Rejected: {reason}",
    "rma.converted": "Became the factory return {to}",
    "rma.upgraded": "Became the advance replacement {to}",
    "rma.cancelled": "Cancelled: {reason}",
    "rma.stopped": "Stopped and put on hold: {reason}",
    "rma.approved": "{why}",
    "rma.allocated": "Reserved unit {serial}",
    "rma.unit-changed": "Took unit {serial} instead of {was}",
    "rma.backordered": "No unit is in stock",
    "rma.expected": "A unit is expected on {on}",
    "rma.shipped": "Shipped {serial} with {carrier} {tracking}",
    "rma.lost": "The box did not arrive: {shipment}",
    "rma.delivered": "{serial} arrived; the failed part is due on {return_due}",
    "rma.dead-on-arrival": "{serial} was dead on arrival: {reason}",
    "rma.fall_overdue": "The failed part is overdue",
    "rma.expire": "Not sent in time",
    "rma.lapse": "Ended: never sent",
    "rma.decline_quote": "The quote was not answered in time",
    "rma.said-sent": "Said that the part was sent",
    "rma.return-sent": "The failed part is on its way",
    "rma.part-received": "Received {serial}; waits for {waits_for}",
    "rma.return-received": "Received the failed part {serial}",
    "rma.mismatch": "Scanned {scanned} instead of {expected}",
    "rma.serial-corrected": "Accepted {serial} instead: {reason}",
    "rma.mismatch-refused": "Sent {serial} back: {reason}",
    "rma.charged": "Charged for the part with invoice {invoice}",
    "rma.ticket-moved": "Goes on with {ticket}; {was} was merged into it",
    "rma.credited": "Took back invoice {invoice}",
    "rma.not-credited": "Invoice {invoice} stands: the part was sent too late",
    "rma.inspected": "Inspected: {result}. {text}",
    "rma.waived": "Waived the return with certificate {certificate}: {reason}",
    "rma.return-lost": "The carrier lost the failed part",
    "rma.quoted": "Quoted the repair: {amount} {currency}, until {until}",
    "rma.quote-accepted": "Accepted the quote with order {purchase_order}",
    "rma.quote-declined": "Declined the quote",
    "rma.costs-declined": "Declined the costs",
    "rma.authorised": "May be sent to {factory} until {valid_until}",
    "rma.extended": "Extended until {valid_until}",
    "rma.diagnosed": "Diagnosed: {diagnosis}. {report}",
    "rma.repairing": "Began the repair",
    "rma.test-failed": "The final test failed: {reason}",
    "rma.repaired": "Repaired: {report}",
    "rma.ready": "Ready to be sent back",
    "rma.exchanged": "{serial} goes back instead",
    "rma.closed": "Closed: {ending}",
    "rma.reminded": "Reminded of the failed part",
    "supplier-rma.submitted": "Sent record {record} to {supplier}",
    "supplier-rma.acknowledged": "Acknowledged record {record} as {number}",
    "supplier-rma.refused": "Refused record {record}: {reason}",
    "supplier-rma.sent": "Sent {serial} under record {record}",
    "supplier-rma.received": "Has the part of record {record}",
    "supplier-rma.settled": "Settled record {record}: {settled_with}",
    "supplier-rma.ended": "Record {record} ended",
    "shipment.label-made": "Made the label {carrier} {tracking} ({leg})",
    "shipment.cancelled": "Voided a label ({leg})",
    "shipment.scanned": "First scan ({leg})",
    "shipment.goes-on": "Scanned again ({leg})",
    "shipment.held-up": "Held up ({leg}): {cause}",
    "shipment.delivered": "Delivered ({leg}): {proof}",
    "shipment.returned-to-sender": "Came back to its sender ({leg})",
    "shipment.lost": "Lost ({leg})",
    # units of the pool
    "unit.receive": "Received, in test",
    "unit.pass-test": "Test passed, on the shelf",
    "unit.fail-test": "Test failed, to the supplier",
    "unit.reserve": "Reserved",
    "unit.release": "Free again",
    "unit.ship": "Left for a customer",
    "unit.deliver": "With a customer",
    "unit.lose": "Lost",
    "unit.return-to-sender": "Came back to us, in test",
    "unit.scan-return": "Failed, on its way back",
    "unit.retire": "Retired",
    "unit.call-off": "Order taken back: {note}",
    "unit.take-back": "Failed, on our shelf",
    "unit.send-to-supplier": "Sent to the supplier",
    "unit.scrap": "Scrapped",
    "unit.come-back": "Back from the supplier, in test",
    "unit.scrap-at-supplier": "Scrapped at the supplier",
    "unit.write-off": "Written off",
    "unit.placed": "Moved to {to}",
    "unit.said-missing": "Said to be missing",
    "unit.found": "Found again",
    # installed components
    "component.replaced": "Replaced by {other}",
    "component.replaces": "Replaces {other}",
    "component.returned": "Came back: {reason}",
    "component.retired": "Retired: {reason}",
    "component.in-use": "In use again: {reason}",
}


class _Known(dict):  # type: ignore[type-arg]
    """What an old event did not keep is left out of the sentence."""

    def __missing__(self, name: str) -> str:
        return ""


def event_words(event: AuditEvent) -> str:
    template = VERBS.get(event.verb)
    if template is None:
        return event.verb.rpartition(".")[2].replace("-", " ").replace("_", " ").capitalize()
    return readable(template.format_map(_Known(_in_words(event.data)))).strip(" :,.(")


def _in_words(data: Mapping[str, Any]) -> dict[str, str]:
    found = {name: _word(value) for name, value in data.items()}
    if leg := data.get("leg"):
        label = ShipmentKind(leg).label
        found["leg"] = label[0].lower() + label[1:]
    if why := found.get("why"):
        found["cause"] = why
        found["why"] = why if why.startswith("Approved") else f"Approved. {why}"
    return found


def _word(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_word(one) for one in value)
    text = "" if value is None else str(value)
    return text.replace("_", " ").capitalize() if text.isupper() and text.isascii() and "_" in text else text
