"""What happened to a return, in one line for each event of its audit chain. Empty for what another line says already."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from contracts.selling.words import day_words, readable
from rma.states import Diagnosis, Ending, Inspection, ShipmentKind
from tenancy.models import AuditEvent

Data = Mapping[str, Any]
OPERATOR_NAME = "roZoom"


def event_words(event: AuditEvent) -> str:
    words = EVENTS.get(event.verb)
    return readable(words(event.actor_name or OPERATOR_NAME, event.data)) if words else ""


def _reason(data: Data) -> str:
    return f": “{data['reason']}”" if data.get("reason") else ""


def _day(data: Data, name: str) -> str:
    try:
        return day_words(date.fromisoformat(str(data.get(name) or "")[:10]))
    except ValueError:
        return ""


def _list(words: Any) -> str:
    return "; ".join(f"{one[:1].lower()}{one[1:]}" if not one.startswith("roZoom") else one for one in words or ())


def _requested(who: str, data: Data) -> str:
    what = "a replacement" if data.get("rma_kind") == "ADVANCE" else "a repair"
    after = f", after {data['follows']}" if data.get("follows") else ""
    return f"{who} asked for {what}{after}"


def _supplied(who: str, data: Data) -> str:
    names = {
        "component": "the component",
        "ship_to": "another place",
        "ship_to_verified_at": "a confirmation of the place",
        "contact_name": "the contact",
        "media": "what becomes of the data",
        "terms_accepted_at": "the accepted return terms",
        "unconfirmed_agreement": "a confirmation of the agreement",
    }
    given = [names[name] for name in data.get("given", ()) if name in names]
    return f"{who} supplied {', '.join(given)}" if given else f"{who} had it checked again"


def _approved(who: str, data: Data) -> str:
    by, arrives = _day(data, "ship_by"), _day(data, "arrives")
    return f"{who} approved it" + (f": it leaves by {by} and is expected on {arrives}" if by else "")


def _expected(who: str, data: Data) -> str:
    day = _day(data, "on")
    return f"The missing unit is expected on {day}" if day else "When the missing unit comes is not known any more"


def _shipped(who: str, data: Data) -> str:
    return f"{who} sent {data.get('serial', 'it')} with {data.get('carrier')}, tracking number {data.get('tracking')}"


def _delivered(who: str, data: Data) -> str:
    due = _day(data, "return_due")
    return f"{data.get('serial', 'The replacement')} arrived" + (f"; the failed part is due by {due}" if due else "")


def _closed(who: str, data: Data) -> str:
    ending = data.get("ending")
    return (
        f"Closed: {Ending(ending).label[:1].lower()}{Ending(ending).label[1:]}" if ending in Ending.values else "Closed"
    )


def _diagnosed(who: str, data: Data) -> str:
    found = data.get("diagnosis")
    said = Diagnosis(found).label.lower() if found in Diagnosis.values else "known"
    return f"{who} found: {said}. {data.get('report', '')}".strip()


def _inspected(who: str, data: Data) -> str:
    result = data.get("result")
    said = Inspection(result).label.lower() if result in Inspection.values else "done"
    return f"{who} inspected it: {said}. {data.get('text', '')}".strip()


LEGS = {
    ShipmentKind.REPLACEMENT_OUT: "The replacement",
    ShipmentKind.DEFECTIVE_RETURN: "The failed part",
    ShipmentKind.FACTORY_IN: "The part",
    ShipmentKind.FACTORY_OUT: "The part on its way back",
}


def _leg(words: str) -> Callable[[str, Data], str]:
    return lambda who, data: f"{LEGS.get(ShipmentKind(data['leg']), 'A box')} {words}" if data.get("leg") else ""


def _silent(who: str, data: Data) -> str:
    return ""


EVENTS: dict[str, Callable[[str, Data], str]] = {
    "rma.requested": _requested,
    "rma.asked-again": lambda who, d: f"{who} asked for the same part again; it goes on here",
    "rma.on-hold": lambda who, d: f"On hold. Missing: {_list(d.get('missing'))}",
    "rma.stopped": lambda who, d: f"{who} put it back on hold{_reason(d)}",
    "rma.supplied": _supplied,
    "rma.resumed": lambda who, d: "Nothing is missing any more",
    "rma.failure-confirmed": lambda who, d: f"{who} confirmed that the part failed",
    "rma.released": lambda who, d: f"{who} released it{_reason(d)}",
    "rma.damage-excluded": lambda who, d: (
        f"{who} noted damage that the warranty excludes: {d['damage']}"
        if d.get("damage")
        else f"{who} took back the damage"
    ),
    "rma.decided": lambda who, d: "It was decided again what it gets, from facts that changed",
    "rma.decided-otherwise": lambda who, d: f"{who} decided otherwise than the rules{_reason(d)}",
    "rma.rejected": lambda who, d: f"Rejected{_reason(d)}",
    "rma.cancelled": lambda who, d: f"{who} cancelled it{_reason(d)}",
    "rma.converted": lambda who, d: f"{who} chose a repair in the factory; it goes on as {d.get('to')}",
    "rma.upgraded": lambda who, d: f"It is replaced in advance instead and goes on as {d.get('to')}",
    "rma.approved": _approved,
    "rma.allocated": lambda who, d: "A unit is reserved",
    "rma.backordered": lambda who, d: "No unit is in stock",
    "rma.expected": _expected,
    "rma.shipped": _shipped,
    "rma.lost": lambda who, d: f"{d.get('serial', 'The part')} did not arrive; it is sent again",
    "rma.delivered": _delivered,
    "rma.dead-on-arrival": lambda who, d: (
        f"The replacement {d.get('serial')} did not work{_reason(d)}. Another one is sent"
    ),
    "rma.said-sent": lambda who, d: f"{who} says that the part was handed to the carrier",
    "rma.return-sent": lambda who, d: "The carrier has the part",
    "rma.part-received": lambda who, d: f"{d.get('serial')} arrived; waiting for {', '.join(d.get('waits_for', ()))}",
    "rma.return-received": lambda who, d: f"{d.get('serial') or d.get('scanned')} arrived and was scanned",
    "rma.mismatch": lambda who, d: f"Another part arrived than the one expected: {d.get('scanned')}",
    "rma.mismatch-refused": lambda who, d: f"The other part is sent back{_reason(d)}",
    "rma.serial-corrected": lambda who, d: f"{who} accepted {d.get('serial')} instead{_reason(d)}",
    "rma.inspected": _inspected,
    "rma.waived": lambda who, d: f"{who} let the part stay with the customer, certificate {d.get('certificate')}",
    "rma.return-lost": lambda who, d: "The carrier lost the part",
    "rma.fall_overdue": lambda who, d: "The part is overdue",
    "rma.charged": lambda who, d: f"{who} charged for the part, invoice {d.get('invoice')}",
    "rma.ticket-moved": lambda who, d: f"It goes on with {d.get('ticket')}, into which {d.get('was')} was merged",
    "rma.credited": lambda who, d: f"The charge is taken back, invoice {d.get('invoice')}",
    "rma.not-credited": lambda who, d: f"Invoice {d.get('invoice')} stays: the part left more than 60 days after it",
    "rma.quoted": lambda who, d: f"{who} quoted the repair, valid until {_day(d, 'until')}",
    "rma.quote-accepted": lambda who, d: f"{who} accepted the quote with purchase order {d.get('purchase_order')}",
    "rma.quote-declined": lambda who, d: f"{who} declined the quote",
    "rma.decline_quote": lambda who, d: "The quote was not answered in time",
    "rma.costs-declined": lambda who, d: f"{who} declined the costs; the part comes back as it is",
    "rma.authorised": lambda who, d: f"It may be sent in for repair, until {_day(d, 'valid_until')}",
    "rma.extended": lambda who, d: f"{who} gave more time, until {_day(d, 'valid_until')}",
    "rma.expire": lambda who, d: "The part was not sent in time",
    "rma.lapse": lambda who, d: "Cancelled: the part was never sent",
    "rma.diagnosed": _diagnosed,
    "rma.repairing": lambda who, d: "The repair began",
    "rma.test-failed": lambda who, d: "The final test failed; it is looked at again",
    "rma.repaired": lambda who, d: f"Repaired and tested. {d.get('report', '')}".strip(),
    "rma.ready": lambda who, d: "Ready to be sent back" + (f", {d['exchange']} instead" if d.get("exchange") else ""),
    "rma.exchanged": lambda who, d: f"{d.get('serial')} goes instead",
    "rma.reminded": lambda who, d: "A reminder was sent",
    "rma.closed": _closed,
    "shipment.label-made": _leg("has a label"),
    "shipment.scanned": _leg("was scanned by the carrier"),
    "shipment.goes-on": _leg("goes on"),
    "shipment.held-up": _leg("is held up by the carrier"),
    "shipment.cancelled": _leg("needs no label any more"),
    "shipment.returned-to-sender": _leg("goes back to its sender"),
    "shipment.lost": _leg("is lost"),
    "shipment.delivered": _silent,  # what it means for the return is its own line
}
