"""Everything the page of one return shows, read once."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Prefetch, prefetch_related_objects

from contracts.models import EligibilityDecision
from contracts.selling.words import Tag, day_words, readable
from rma import actions, services
from rma.actions import Action
from rma.desk.steps import OF_STATE, STEPS
from rma.desk.words import box_tag, event_words, record_tag, state_tag, turn_words
from rma.lifecycle import machine_of, turn_of
from rma.models import Rma, Shipment, SupplierRma
from rma.queries import rma_for
from rma.states import ENDED, Ending
from rozoom_support.lib.money import shown
from tenancy.actor import Actor
from tenancy.models import AuditEvent

HISTORY = 200
MAIN = 2  # buttons beside each other; the others stand in a menu
OUTCOMES = {
    "ADVANCE": Tag("A replacement in advance", "i-tick", "ok"),
    "FACTORY": Tag("A factory repair", "i-dot", "info"),
    "SOFTWARE": Tag("Software: no return", "i-dash"),
    "HOLD": Tag("Something is missing", "i-pause", "warn"),
    "MERGE": Tag("Goes on in another return", "i-dash"),
    "REJECT": Tag("Nothing", "s2", "warn"),
}


@dataclass(frozen=True)
class Line:
    term: str
    value: str
    url: str = ""


@dataclass(frozen=True)
class Box:
    shipment: Shipment
    tag: Tag
    serials: str
    events: list[Any]
    can_be_labelled: bool
    can_be_voided: bool
    is_on_its_way: bool


@dataclass(frozen=True)
class Sheet:
    rma: Rma
    tag: Tag
    turn: str
    next_step: str
    step: str
    step_title: str
    main: list[Action]
    others: list[Action]
    impossible: list[tuple[Action, str]]
    missing: list[str]
    decision: Tag
    reasons: list[str]
    would_change: list[str]
    earlier: list[EligibilityDecision]
    facts: list[Line]
    promise: list[Line]
    back: list[Line]
    boxes: list[Box]
    records: list[tuple[SupplierRma, Tag]]
    money: list[Line]
    history: list[tuple[str, str, datetime]]
    following: list[Rma]


def sheet_of(actor: Actor, reference: str, now: datetime) -> Sheet:
    rma = load(actor, reference, now)
    stored_decisions = services.decisions_of(rma)
    found = sorted(actions.offered(rma, actor), key=lambda one: one.look != "primary")  # in their order otherwise
    main = found[:MAIN]
    step = OF_STATE.get(rma.state, "ended")
    return Sheet(
        rma=rma,
        tag=state_tag(rma),
        turn=turn_words(turn_of(rma)),
        next_step=machine_of(rma).next_step(rma.state),
        step=step,
        step_title=STEPS[step].title if step in STEPS else "Ended returns",
        main=main,
        others=[one for one in found if one not in main],
        impossible=[] if rma.state in ENDED else actions.not_offered(rma, actor),
        missing=services.missing_words(rma.missing),
        decision=OUTCOMES[rma.outcome],
        reasons=[readable(one) for one in rma.decision.get("reasons", [])],
        would_change=[readable(one) for one in rma.decision.get("would_change", [])],
        earlier=list(reversed(stored_decisions)),
        facts=_facts(rma),
        promise=_promise(rma),
        back=_back(rma),
        boxes=[_box(one) for one in rma.shipments.all()],
        records=[(one, record_tag(one)) for one in rma.supplier_records.all()],
        money=_money(rma),
        history=_history(rma),
        following=list(rma.following.all()),
    )


def load(actor: Actor, reference: str, now: datetime) -> Rma:
    """The return with what its deeds and its page look at. Its state is that of its dates."""
    rma = rma_for(actor, reference)
    boxes = Shipment.objects.prefetch_related("items", "events").order_by("label_at", "id")
    records = SupplierRma.objects.select_related("supplier").order_by("submitted_at")
    prefetch_related_objects([rma], Prefetch("shipments", boxes), Prefetch("supplier_records", records))
    return actions.as_of(rma, now)


def _box(shipment: Shipment) -> Box:
    return Box(
        shipment=shipment,
        tag=box_tag(shipment),
        serials=", ".join(item.serial for item in shipment.items.all()),
        events=sorted(shipment.events.all(), key=lambda one: one.at),
        can_be_labelled=shipment.state == "DRAFT",
        can_be_voided=shipment.state in ("DRAFT", "LABEL_CREATED"),
        is_on_its_way=shipment.state in ("LABEL_CREATED", "IN_TRANSIT", "EXCEPTION"),
    )


def _facts(rma: Rma) -> list[Line]:
    component = rma.component
    place = rma.ship_to or (component.site if component else None)
    confirmed = f"By {rma.failure_confirmed_by_name}" if rma.failure_confirmed_at else "Not yet"
    verified = f", confirmed by {rma.ship_to_verified_by_name}" if rma.ship_to_verified_at else ""
    found = [
        Line("Requested by", f"{rma.requested_by_name} ({rma.requested_by_party})"),
        Line("Symptom", rma.symptom),
        Line("Failure confirmed", confirmed),
        Line("Stands at", f"{place.name}{verified}" if place else ""),
        Line("Address", " ".join(place.address.split()) if place else ""),
        Line("Contact there", ", ".join(filter(None, (rma.contact_name, rma.contact_phone)))),
        Line("Return terms", "Accepted" if rma.terms_accepted_at else "Not accepted yet"),
    ]
    if component is not None and component.product.has_media:
        found.append(Line("Data on the part", rma.get_media_display() if rma.media else "Not answered yet"))  # type: ignore[attr-defined]
    if rma.excluded_damage:
        found.append(Line("Excluded damage", rma.excluded_damage))
    if rma.released_at:
        found.append(Line("Let go on by", rma.released_by_name))
    if rma.unconfirmed_agreement:
        found.append(Line("Agreement said to be from", rma.unconfirmed_agreement))
    return [line for line in found if line.value]


def _promise(rma: Rma) -> list[Line]:
    met = {True: "Kept", False: "Missed", None: ""}[rma.promise_met]
    found = [
        Line("Approved by", rma.approved_by_name),
        Line("Why these days", rma.promise_reason),
        Line("Leaves on", day_words(rma.ship_day)),
        Line("Promised to leave by", f"{day_words(rma.contract_ship_by)}{f' ({met.lower()})' if met else ''}"),
        Line("Arrives by", day_words(rma.deliver_target)),
        Line("Unit", f"{rma.unit.product.sku} {rma.unit.serial}" if rma.unit else ""),
        Line("Unit expected", day_words(rma.expected_on)),
        Line("Left on", day_words(rma.shipped_on)),
        Line("Arrived on", day_words(rma.delivered_on)),
        Line("Dead on arrival", str(rma.dead_on_arrival) if rma.dead_on_arrival else ""),
    ]
    return [line for line in found if line.value]


def _back(rma: Rma) -> list[Line]:
    found = [
        Line("Due back", day_words(rma.return_due)),
        Line("Valid until", day_words(rma.valid_until)),
        Line("Sent", day_words(rma.return_sent_at.date()) if rma.return_sent_at else ""),
        Line("Received", day_words(rma.received_at.date()) if rma.received_at else ""),
        Line("Scanned serial", rma.received_serial),
        Line("Inspection", rma.get_inspection_display() if rma.inspection else ""),  # type: ignore[attr-defined]
        Line("Report", rma.inspection_note),
        Line("Diagnosis", rma.get_diagnosis_display() if rma.diagnosis else ""),  # type: ignore[attr-defined]
        Line("Findings", rma.diagnosis_note),
        Line("Repair", rma.repair_report),
        Line("Goes back instead", rma.exchange_serial),
        Line("Certificate", rma.certificate),
        Line("Ended", Ending(rma.ending).label if rma.ending else ""),
        Line("Because", rma.ending_reason),
    ]
    return [line for line in found if line.value]


def _money(rma: Rma) -> list[Line]:
    found = []
    if rma.list_price is not None:
        found.append(Line("List price at approval", shown(rma.list_price, rma.list_price_currency)))
    for quote in rma.quotes.order_by("quoted_at"):
        answer = {True: "accepted", False: "declined", None: f"open until {day_words(quote.valid_until)}"}[
            quote.accepted
        ]
        order = f", order {quote.purchase_order}" if quote.purchase_order else ""
        found.append(Line("Repair quote", f"{shown(quote.amount, quote.currency)}, {answer}{order}"))
    for words, invoice in (("Part not returned", rma.non_return_invoice), ("Repair", rma.repair_invoice)):
        if invoice is not None:
            number = invoice.number or "draft"
            state = invoice.get_state_display().lower()  # type: ignore[attr-defined]
            url = f"/agreements/invoices/{invoice.pk}/"
            found.append(Line(words, f"{number}, {shown(invoice.total, invoice.currency)}, {state}", url))
    return found


def _history(rma: Rma) -> list[tuple[str, str, datetime]]:
    events = AuditEvent.objects.filter(customer_id=rma.customer_id, chain=rma.chain).order_by("-seq")[:HISTORY]
    return [(event.actor_name, event_words(event), event.at) for event in events]
