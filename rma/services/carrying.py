"""Boxes and their labels, and what carriers report. A report moves the shipment, and with it the return it belongs to."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from contracts.terms import local_date
from rma.events import tell
from rma.models import Rma, Shipment, TrackingEvent
from rma.services._common import lock
from rma.services.boxes import CARRIER, CannotTrack, lock_shipment, normal_tracking, written
from rma.states import ShipmentKind, ShipmentState
from rma.stock_lifecycle import SHIPMENT
from rozoom_support.lib.refusals import NotFound
from tenancy.actor import Actor
from tenancy.context import as_deputy

CODES = ("SCAN", "EXCEPTION", "DELIVERED", "RETURNED_TO_SENDER", "LOST")
MOVES = {"EXCEPTION": "hold_up", "DELIVERED": "deliver", "RETURNED_TO_SENDER": "return_to_sender", "LOST": "lose"}
FIRST_SCAN = "FIRST_SCAN"
K, H = ShipmentKind, ShipmentState

# (actor, return, shipment, now): what an arrival, a first scan or a loss means for the return. Filled by the services above.
Effect = Callable[[Actor, Rma, Shipment, datetime], None]
effects: dict[tuple[str, str], Effect] = {}


@dataclass(frozen=True)
class Report:
    """One line of a carrier: by program, by CSV, or by hand. `id` is the carrier's own, where it has one."""

    carrier: str
    tracking_number: str
    code: str
    at: datetime
    place: str = ""
    text: str = ""
    id: str = ""

    @property
    def fingerprint(self) -> str:
        said = self.id or f"{self.code}|{self.at.isoformat()}|{self.place}"
        return hashlib.sha256(f"{self.carrier.upper()}|{self.tracking_number}|{said}".encode()).hexdigest()


# What carriers report --------------------------------------------------------------------------------------------------


@transaction.atomic
def track(*, actor: Actor, report: Report, now: datetime) -> TrackingEvent:
    """Take one report. The same one again changes nothing; one that comes too late is kept and changes nothing.

    Raises CannotTrack for a number nobody knows, a code nobody knows, and an instant that lies ahead.
    """
    actor.require("carrier:report")
    if report.code not in CODES:
        raise CannotTrack(f"There is no code {report.code}. Known are {', '.join(CODES)}.", param="code")
    if report.at > now + timedelta(minutes=5):
        raise CannotTrack("The instant of the report lies ahead. Check the clock and its zone.", param="at")
    found = Shipment.objects.filter(
        carrier=report.carrier.strip().upper(), tracking_number=normal_tracking(report.tracking_number)
    ).first()
    if found is None:
        words = f"No box of {report.carrier} has the tracking number {report.tracking_number}."
        raise CannotTrack(words, param="tracking_number")
    return _take(actor, found, report, now)


@transaction.atomic
def confirm_delivery(*, actor: Actor, shipment: Shipment, now: datetime, proof: str = "") -> Shipment:
    """SH-7 without the carrier: the customer says that its box arrived; of any other box roZoom says so."""
    actor.require("rma:request" if shipment.kind in (K.REPLACEMENT_OUT, K.FACTORY_OUT) else "rma:manage")
    if not Shipment.objects.filter(pk=shipment.pk).exists():
        raise NotFound
    with as_deputy(shipment.customer_id):
        rma = lock(shipment.rma, now) if shipment.rma else None
        shipment = lock_shipment(shipment)
        arrive_by_hand(actor, rma, shipment, now, proof)
        return shipment


def arrive_by_hand(actor: Actor, rma: Rma | None, shipment: Shipment, now: datetime, proof: str = "") -> None:
    """The caller holds the locks of the return and the shipment."""
    if shipment.state == H.DELIVERED:
        return
    if shipment.state == H.LABEL_CREATED:
        _scan(actor, rma, shipment, now, now)
    arrive(actor, rma, shipment, at=now, now=now, proof=proof or f"Confirmed by {actor.name}")


def _take(actor: Actor, shipment: Shipment, report: Report, now: datetime) -> TrackingEvent:
    rma = lock(shipment.rma, now) if shipment.rma else None
    shipment = lock_shipment(shipment)
    known = TrackingEvent.objects.filter(shipment=shipment, fingerprint=report.fingerprint).first()
    if known is not None:
        return known
    counts = _apply(actor, rma, shipment, report, now)
    return TrackingEvent.objects.create(
        customer_id=shipment.customer_id,
        reseller_id=shipment.reseller_id,
        shipment=shipment,
        kind=shipment.kind,
        supplier_id=shipment.supplier_id,
        at=report.at,
        code=report.code,
        place=report.place[:120],
        text=report.text[:300],
        fingerprint=report.fingerprint,
        counted=counts,
        recorded_at=now,
        by_name=actor.name,
    )


def _apply(actor: Actor, rma: Rma | None, shipment: Shipment, report: Report, now: datetime) -> bool:
    """Whether the report changed anything. Reports come out of order: what was overtaken is only kept."""
    if shipment.state in SHIPMENT.ends or shipment.state == H.DRAFT:
        return False
    if shipment.state == H.LABEL_CREATED:
        _scan(actor, rma, shipment, report.at, now)
        if report.code == "SCAN":
            return True
    elif not shipment.events.exists():
        _first_scan(rma, shipment, report.at, now)  # it was handed over by us: the carrier's own first scan counts
    elif shipment.shipped_at is not None and report.at < shipment.shipped_at:
        _first_scan(rma, shipment, report.at, now)
        return False
    if report.code in ("SCAN", "EXCEPTION") and shipment.last_scan_at and report.at < shipment.last_scan_at:
        return False
    if report.code == "SCAN":
        return _scanned_again(actor, shipment, report.at, now)
    if report.code == "EXCEPTION":
        return _held_up(actor, rma, shipment, report, now)
    if report.code == "DELIVERED":
        arrive(actor, rma, shipment, at=report.at, now=now, proof=report.text or f"Reported by {shipment.carrier}")
        return True
    _fail(actor, rma, shipment, report.code, report.at, now)
    return True


def _scan(actor: Actor, rma: Rma | None, shipment: Shipment, at: datetime, now: datetime) -> None:
    """SH-4: the first scan, whatever it says."""
    SHIPMENT.go(shipment, "scan")
    shipment.shipped_at = shipment.last_scan_at = at
    shipment.save(update_fields=["state", "shipped_at", "last_scan_at"])
    written(actor, shipment, "scanned", now, at=at)
    _effect(actor, rma, shipment, now)


def _first_scan(rma: Rma | None, shipment: Shipment, at: datetime, now: datetime) -> None:
    """The promise is judged by the carrier's first scan, whenever its report arrives."""
    if not shipment.events.exists():
        shipment.last_scan_at = at
    shipment.shipped_at = at
    shipment.save(update_fields=["shipped_at", "last_scan_at"])
    if rma is not None and (effect := effects.get((shipment.kind, FIRST_SCAN))):
        effect(CARRIER, rma, shipment, now)


def _scanned_again(actor: Actor, shipment: Shipment, at: datetime, now: datetime) -> bool:
    shipment.last_scan_at = at
    if shipment.state == H.EXCEPTION:
        SHIPMENT.go(shipment, "go_on")
        written(actor, shipment, "goes-on", now, at=at)
    shipment.save(update_fields=["state", "last_scan_at"])
    return True


def _held_up(actor: Actor, rma: Rma | None, shipment: Shipment, report: Report, now: datetime) -> bool:
    shipment.last_scan_at = report.at
    if shipment.state != H.EXCEPTION:
        hold_up(actor, rma, shipment, report.text or "The carrier reports a problem.", now)
    shipment.save(update_fields=["last_scan_at"])
    return True


def hold_up(actor: Actor, rma: Rma | None, shipment: Shipment, why: str, now: datetime) -> None:
    """SH-5: the carrier says so, or it is silent for two business days. The caller holds the locks."""
    SHIPMENT.go(shipment, "hold_up")
    shipment.save(update_fields=["state"])
    written(actor, shipment, "held-up", now, why=why)
    if rma is not None:
        tell("shipment.held_up", actor, rma, now, shipment=str(shipment.pk), why=why)


def arrive(actor: Actor, rma: Rma | None, shipment: Shipment, *, at: datetime, now: datetime, proof: str = "") -> None:
    """SH-7: proof of delivery. The caller holds the locks of the return and the shipment."""
    SHIPMENT.go(shipment, "deliver")
    shipment.delivered_at, shipment.delivered_on = at, local_date(at, shipment.to_zone)
    shipment.proof, shipment.ended_at = proof[:200], now
    shipment.save(update_fields=["state", "delivered_at", "delivered_on", "proof", "ended_at"])
    written(actor, shipment, "delivered", now, at=at, proof=shipment.proof)
    _effect(actor, rma, shipment, now)


def _fail(actor: Actor, rma: Rma | None, shipment: Shipment, code: str, at: datetime, now: datetime) -> None:
    """SH-8, SH-9: it comes back, or the carrier says that it is lost."""
    if code == "LOST" and shipment.state == H.IN_TRANSIT:
        hold_up(actor, rma, shipment, "The carrier reports it lost.", now)
    SHIPMENT.go(shipment, MOVES[code])
    shipment.ended_at = now
    shipment.save(update_fields=["state", "ended_at"])
    written(actor, shipment, code.lower().replace("_", "-"), now, at=at)
    _effect(actor, rma, shipment, now)


@transaction.atomic
def lose(*, actor: Actor, shipment: Shipment, claim: str, now: datetime) -> Shipment:
    """SH-9: the carrier confirms the loss, or ten business days went by without a scan. `claim`: the claim against it."""
    actor.require("rma:manage")
    if not claim.strip():
        raise CannotTrack("Enter the number of the claim against the carrier.", param="claim")
    rma = lock(shipment.rma, now) if shipment.rma else None
    shipment = lock_shipment(shipment)
    shipment.claim = claim.strip()[:200]
    shipment.save(update_fields=["claim"])
    _fail(actor, rma, shipment, "LOST", now, now)
    return shipment


def _effect(actor: Actor, rma: Rma | None, shipment: Shipment, now: datetime) -> None:
    effect = effects.get((shipment.kind, shipment.state))
    if effect is not None and rma is not None:
        effect(actor, rma, shipment, now)
