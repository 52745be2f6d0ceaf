"""A return made ready for its page: everything is read here, templates read nothing."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Prefetch
from django.urls import reverse

from contracts.selling.queries import invoices_of
from contracts.selling.shown import InvoiceRow, invoice_rows
from contracts.selling.words import Tag, day_words
from contracts.terms import local_date
from rma.models import RepairQuote, Rma, Shipment, ShipmentItem, TrackingEvent
from rma.portal.words import needs_you, turn_words, weekday_words
from rma.standing import current_state, zone_of
from rma.states import CUSTOMER_LEGS, ENDED, Media, RmaKind, RmaState, ShipmentKind, ShipmentState
from rma.story import event_words
from rozoom_support.lib.money import shown as money_shown
from tenancy.actor import Actor
from tenancy.models import AuditEvent

S, H, K = RmaState, ShipmentState, ShipmentKind
MOST_REPORTS = 6
OUT, BACK = (K.REPLACEMENT_OUT, K.FACTORY_OUT), (K.DEFECTIVE_RETURN, K.FACTORY_IN)
TRACKING = {
    "UPS": "https://www.ups.com/track?tracknum={}",
    "DHL": "https://www.dhl.com/en/express/tracking.html?AWB={}",
    "FEDEX": "https://www.fedex.com/fedextrack/?trknbr={}",
}


@dataclass(frozen=True)
class Story:
    at: datetime
    words: str


@dataclass(frozen=True)
class Report:
    at: datetime
    words: str


@dataclass(frozen=True)
class Leg:
    """One box. `serials` are in it."""

    shipment: Shipment
    serials: tuple[str, ...]
    tag: Tag
    reports: tuple[Report, ...]

    @property
    def tracking_url(self) -> str:
        link = TRACKING.get(self.shipment.carrier)
        return link.format(self.shipment.tracking_number) if link and self.shipment.tracking_number else ""


@dataclass(frozen=True)
class Found:
    rma: Rma
    state: RmaState
    today: date  # where the part stands
    out: tuple[Leg, ...]
    back: tuple[Leg, ...]
    quotes: tuple[RepairQuote, ...]
    story: tuple[Story, ...]
    invoices: tuple[InvoiceRow, ...]

    @property
    def is_open(self) -> bool:
        return self.state not in ENDED

    @property
    def quote(self) -> RepairQuote | None:
        return next((one for one in self.quotes if one.answered_at is None), None)

    @property
    def way_back(self) -> Leg | None:
        """The box that the failed part is to be put into, or travels in."""
        standing = [one for one in self.back if one.shipment.state not in (H.CANCELLED, H.LOST, H.RETURNED_TO_SENDER)]
        return standing[-1] if standing else None

    @property
    def has_sheet(self) -> bool:
        leg = self.way_back
        return leg is not None and leg.shipment.state in (H.DRAFT, H.LABEL_CREATED) and self.is_open

    @property
    def print(self) -> str:
        """Changes with whatever the page shows: what the page's poll compares."""
        legs = "".join(
            f"{one.shipment.state}{one.shipment.tracking_number}{len(one.reports)}" for one in (*self.out, *self.back)
        )
        bills = "".join(f"{one.invoice.state}{one.open}" for one in self.invoices)
        return f"{self.rma.version}.{self.state}.{abs(_sum(legs + bills))}"


def _sum(text: str) -> int:
    return sum(place * ord(sign) for place, sign in enumerate(text, start=1))


def find(actor: Actor, rma: Rma, now: datetime) -> Found:
    legs = legs_of(rma)
    return Found(
        rma=rma,
        state=current_state(rma, now),
        today=local_date(now, zone_of(rma)),
        out=tuple(one for one in legs if one.shipment.kind in OUT),
        back=tuple(one for one in legs if one.shipment.kind in BACK),
        quotes=tuple(rma.quotes.order_by("quoted_at")) if rma.kind == RmaKind.FACTORY else (),
        story=tuple(story_of(rma)),
        invoices=tuple(invoices_of_return(actor, rma, now)),
    )


def legs_of(rma: Rma) -> list[Leg]:
    """Oldest first, without labels that were never used and void."""
    shipments = list(
        Shipment.objects.filter(rma=rma, kind__in=[str(one) for one in CUSTOMER_LEGS])
        .exclude(state=H.CANCELLED, shipped_at=None)
        .prefetch_related(
            Prefetch("items", ShipmentItem.objects.order_by("pk")),
            Prefetch("events", TrackingEvent.objects.filter(counted=True).order_by("-at", "-pk")),
        )
        .order_by("pk")
    )
    return [
        Leg(
            shipment=one,
            serials=tuple(item.serial for item in one.items.all()),
            tag=shipment_tag(one),
            reports=tuple(Report(event.at, report_words(event)) for event in list(one.events.all())[:MOST_REPORTS]),
        )
        for one in shipments
    ]


def shipment_tag(shipment: Shipment) -> Tag:
    on = day_words(shipment.delivered_on)
    tags: dict[str, Tag] = {
        H.DRAFT: Tag("Being prepared", "i-dot"),
        H.LABEL_CREATED: Tag("Label made, not scanned yet", "i-dot", "info"),
        H.IN_TRANSIT: Tag("On its way", "i-clock", "info"),
        H.EXCEPTION: Tag("Held up by the carrier", "s2", "warn"),
        H.DELIVERED: Tag(f"Delivered on {on}", "i-tick", "ok"),
        H.RETURNED_TO_SENDER: Tag("Went back to its sender", "s2", "warn"),
        H.LOST: Tag("Lost by the carrier", "s1", "bad"),
        H.CANCELLED: Tag("Cancelled"),
    }
    return tags[shipment.state]


CODES = {
    "SCAN": "Scanned",
    "EXCEPTION": "Held up",
    "DELIVERED": "Delivered",
    "RETURNED_TO_SENDER": "Goes back to its sender",
    "LOST": "Lost",
}


def report_words(event: TrackingEvent) -> str:
    words = CODES.get(event.code, event.code)
    place = f", {event.place}" if event.place else ""
    return f"{words}{place}" + (f": {event.text}" if event.text else "")


def story_of(rma: Rma) -> list[Story]:
    """Everything this reader may know, the latest first. Row security leaves out what is roZoom's own."""
    events = AuditEvent.objects.filter(customer_id=rma.customer_id, chain=rma.chain).order_by("-seq")[:200]
    return [Story(one.at, words) for one in events if (words := event_words(one))]


def invoices_of_return(actor: Actor, rma: Rma, now: datetime) -> list[InvoiceRow]:
    """Those that the reader's organisation pays; none for who may not see bills."""
    keys = [key for key in (rma.non_return_invoice_id, rma.repair_invoice_id) if key is not None]
    if not keys or not actor.can("invoice:read"):
        return []
    return invoice_rows(invoices_of(actor).filter(pk__in=keys), now)


# The steps --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """`when` is its day, or the day it is expected or due; `turn` stands at the current one only."""

    label: str
    when: str = ""
    is_done: bool = False
    is_current: bool = False
    turn: str = ""
    is_yours: bool = False


AT_ADVANCE: dict[str, int] = {
    S.REQUESTED: 1, S.ON_HOLD: 1, S.APPROVED: 2, S.BACKORDERED: 2, S.ALLOCATED: 2, S.SHIPPED: 3, S.DELIVERED: 4,
    S.RETURN_OVERDUE: 4, S.NON_RETURN_INVOICED: 4, S.RETURN_IN_TRANSIT: 5, S.RETURN_MISMATCH: 5, S.RETURN_RECEIVED: 6,
}  # fmt: skip
AT_FACTORY: dict[str, int] = {
    S.REQUESTED: 1, S.QUOTED: 1, S.AWAITING_INBOUND: 2, S.EXPIRED: 2, S.INBOUND_IN_TRANSIT: 3, S.MISMATCH: 3,
    S.RECEIVED: 4, S.DIAGNOSED: 5, S.COST_HOLD: 5, S.REPAIRING: 5, S.READY_TO_SHIP: 6, S.SHIPPED_BACK: 7,
}  # fmt: skip


@dataclass(frozen=True)
class Stage:
    """Its words before and after; the day it was, and the day it is expected or due."""

    ahead: str
    done: str
    on: str = ""
    expected: str = ""


def steps_of(rma: Rma, state: str) -> list[Step]:
    """Exactly one is the current one while it is open."""
    stages = _advance(rma) if rma.kind == RmaKind.ADVANCE else _factory(rma)
    if state == S.CLOSED:
        return [Step(one.done, one.on, is_done=True) for one in stages if one.on or not one.expected]
    if state in ENDED:
        reached = [Step(one.done, one.on, is_done=True) for one in stages if one.on]
        return [*reached, Step(RmaState(state).label, _day(rma, rma.ended_at), is_done=True)]
    at = min((AT_ADVANCE if rma.kind == RmaKind.ADVANCE else AT_FACTORY)[state], len(stages) - 1)
    turn, yours = turn_words(rma, state), needs_you(rma, state)
    done = [Step(one.done, one.on, is_done=True) for one in stages[:at]]
    now = Step(stages[at].ahead, stages[at].expected, is_current=True, turn=turn, is_yours=yours)
    return [*done, now, *(Step(one.ahead, one.expected) for one in stages[at + 1 :])]


def _advance(rma: Rma) -> list[Stage]:
    due = _expected("due", rma.return_due)
    back = [
        Stage("Failed part goes back", "Failed part sent back", _day(rma, rma.return_sent_at), due),
        Stage("Failed part arrives", "Failed part received", _day(rma, rma.received_at)),
        Stage("Inspection", "Inspected", _day(rma, rma.ended_at) if rma.inspection else ""),
    ]
    if rma.media == Media.RETAINED:
        on = _day(rma, rma.ended_at) if rma.certificate else ""
        back = [Stage("Certificate of destruction", "Certificate accepted, the part stays with you", on, due)]
    return [
        Stage("Request", "Requested", _day(rma, rma.requested_at)),
        Stage("Approval", "Approved", _day(rma, rma.approved_at)),
        Stage(
            "Replacement leaves", "Replacement sent", day_words(rma.shipped_on), _expected("by", rma.contract_ship_by)
        ),
        Stage(
            "Replacement arrives",
            "Replacement delivered",
            day_words(rma.delivered_on),
            _expected("expected", rma.deliver_target),
        ),
        *back,
    ]


def _factory(rma: Rma) -> list[Stage]:
    found = rma.get_diagnosis_display() if rma.diagnosis else ""
    return [
        Stage("Request", "Requested", _day(rma, rma.requested_at)),
        Stage("Accepted for repair", "Accepted for repair"),
        Stage("Part is sent", "Part sent", _day(rma, rma.return_sent_at), _expected("by", rma.valid_until)),
        Stage("Part arrives at the factory", "Arrived at the factory", _day(rma, rma.received_at)),
        Stage("Factory finds out what is wrong", "Looked at", found.lower()),
        Stage("Repair", "Repaired", _day(rma, rma.repaired_at)),
        Stage("Way back", "Sent back"),
        Stage("Back with you", "Back with you", day_words(rma.delivered_on)),
    ]


def _expected(word: str, day: date | None) -> str:
    return f"{word} {weekday_words(day)}" if day else ""


def _day(rma: Rma, at: datetime | None) -> str:
    """The day where the part stands."""
    return day_words(local_date(at, zone_of(rma))) if at else ""


# Lists ------------------------------------------------------------------------------------------------------------------


def url_of(rma: Rma) -> str:
    return reverse("returns:tracking", args=[rma.reference])


def money(amount: Any, currency: str) -> str:
    return money_shown(amount, currency)


def replaced_by(rmas: Sequence[Rma]) -> dict[UUID, str]:
    """Serials that came instead, by return."""
    items = ShipmentItem.objects.filter(
        shipment__rma__in=[one.pk for one in rmas], shipment__kind__in=[str(one) for one in OUT]
    )
    found: defaultdict[UUID, str] = defaultdict(str)
    for key, serial in items.order_by("pk").values_list("shipment__rma_id", "serial"):
        found[key] = serial
    return dict(found)
