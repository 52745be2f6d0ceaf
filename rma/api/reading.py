"""Writes returns, supplier records, units and reports out. Lists ask the same number of questions for one as for a hundred."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Prefetch, QuerySet

from contracts.entitlement import Decision
from contracts.models import EligibilityDecision, Product
from rma import actions
from rma.actions import Action
from rma.carrier.taking import Taken
from rma.lifecycle import machine_of, turn_of
from rma.models import PoolUnit, RepairQuote, Rma, RmaQuerySet, Shipment, SupplierRma
from rma.states import Missing, RmaState, UnitState
from rma.supplier import actions as supplier_actions
from tenancy.actor import Actor
from tenancy.api.times import stamp

PAGES = {"customer": "returns", "reseller": "returns", "operator": "desk/returns"}


def for_reading(returns: RmaQuerySet, actor: Actor) -> RmaQuerySet:
    """With everything that is written out. What only roZoom may read is asked for by roZoom alone."""
    boxes = Shipment.objects.prefetch_related("items").order_by("label_at", "id")
    more = [Prefetch("shipments", boxes), Prefetch("quotes", RepairQuote.objects.order_by("quoted_at"))]
    found = returns.for_list().select_related("previous")
    if actor.is_operator:
        found = found.select_related("unit__product")
        more.append(Prefetch("supplier_records", SupplierRma.objects.order_by("submitted_at")))
    return found.prefetch_related(*more)


class Reader:
    """Returns for one actor at one instant."""

    def __init__(self, actor: Actor, now: datetime) -> None:
        self.actor, self.now = actor, now
        self.page = f"{settings.BASE_URL}/{PAGES.get(actor.party, 'returns')}"

    def one(self, rma: Rma) -> dict[str, Any]:
        stored = actions.as_of(rma, self.now)
        return {
            **_head(stored),
            "entitled_to": write_entitled(stored.outcome, stored.rule, stored.decision, stored.decided_at),
            "missing": [{"code": name, "words": Missing(name).label} for name in stored.missing],
            "hold_reason": stored.hold_reason,
            "promise": _promise(stored),
            "unit": stored.unit.serial if self.actor.is_operator and stored.unit else None,
            **_way_back(stored),
            "quotes": [write_quote(one) for one in stored.quotes.all()],
            "shipments": [write_box(one) for one in stored.shipments.all()],
            "previous": stored.previous.reference if stored.previous else None,
            "ended_at": stamp(stored.ended_at),
            "ending": stored.ending or None,
            "ending_reason": stored.ending_reason,
            "allowed_actions": [one.name for one in actions.offered(stored, self.actor)],
            "updated_at": stamp(stored.updated_at),
            "version": stored.version,
            "url": f"{self.page}/{stored.reference}/",
        }

    def explanation(self, rma: Rma, decisions: list[EligibilityDecision]) -> dict[str, Any]:
        """Every answer of the rules with its facts, and each deed with what it needs or when it becomes possible."""
        rma = actions.as_of(rma, self.now)
        offered = actions.offered(rma, self.actor)
        known = [write_action(one, rma) for one in offered]
        known += [write_action(one, rma, why) for one, why in actions.not_offered(rma, self.actor)]
        return {
            "reference": rma.reference,
            "state": rma.state,
            "next_step": machine_of(rma).next_step(rma.state),
            "decisions": [write_decision(one) for one in decisions],
            "actions": known,
        }


def _head(rma: Rma) -> dict[str, Any]:
    component = rma.component
    return {
        "reference": rma.reference,
        "kind": rma.kind,
        "state": str(RmaState(rma.state)),
        "turn": turn_of(rma) or None,
        "next_step": machine_of(rma).next_step(rma.state),
        "customer": rma.customer.code,
        "ticket": rma.ticket.reference,
        "component": str(rma.component_id) if rma.component_id else None,
        "serial": rma.serial,
        "product": write_product(component.product) if component else None,
        "replacement": str(rma.replacement_id) if rma.replacement_id else None,
        "severity": rma.severity,
        "symptom": rma.symptom,
        "requested_at": stamp(rma.requested_at),
        "requested_by": rma.requested_by_name,
        "ship_to": str(rma.ship_to_id) if rma.ship_to_id else None,
        "contact_name": rma.contact_name,
        "contact_phone": rma.contact_phone,
        "media": rma.media or None,
        "terms_accepted": rma.terms_accepted_at is not None,
        "failure_confirmed": rma.failure_confirmed_at is not None,
    }


def _promise(rma: Rma) -> dict[str, Any] | None:
    if rma.approved_at is None:
        return None
    return {
        "approved_at": stamp(rma.approved_at),
        "ship_day": day(rma.ship_day),
        "ship_by": day(rma.contract_ship_by),
        "deliver_target": day(rma.deliver_target),
        "reason": rma.promise_reason,
        "shipped_on": day(rma.shipped_on),
        "met": rma.promise_met,
        "expected_on": day(rma.expected_on),
    }


def _way_back(rma: Rma) -> dict[str, Any]:
    return {
        "delivered_on": day(rma.delivered_on),
        "return_due": day(rma.return_due),
        "return_sent_at": stamp(rma.return_sent_at),
        "received_at": stamp(rma.received_at),
        "received_serial": rma.received_serial,
        "inspection": rma.inspection or None,
        "valid_until": day(rma.valid_until),
        "diagnosis": rma.diagnosis or None,
        "diagnosis_note": rma.diagnosis_note,
        "repair_report": rma.repair_report,
        "exchange_serial": rma.exchange_serial,
    }


def day(value: Any) -> str | None:
    return value.isoformat() if value else None


def write_product(product: Product) -> dict[str, Any]:
    return {"sku": product.sku, "name": product.name, "kind": product.kind}


def write_entitled(outcome: str, rule: str, kept: dict[str, Any], at: datetime) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "rule": rule,
        "charge": kept.get("charge", "NONE"),
        "reasons": kept.get("reasons", []),
        "would_change": kept.get("would_change", []),
        "flags": kept.get("flags", []),
        "override": kept.get("override") or None,
        "decided_at": stamp(at),
    }


def write_preview(decision: Decision, at: datetime) -> dict[str, Any]:
    kept = {
        "charge": str(decision.charge),
        "reasons": list(decision.reasons),
        "would_change": list(decision.would_change),
        "flags": list(decision.flags),
    }
    return write_entitled(str(decision.outcome), decision.rule, kept, at)


def write_box(box: Shipment) -> dict[str, Any]:
    return {
        "id": str(box.pk),
        "kind": box.kind,
        "state": str(box.state),
        "carrier": box.carrier,
        "tracking_number": box.tracking_number,
        "serials": [item.serial for item in box.items.all()],
        "to": box.to_name,
        "expires_on": day(box.expires_on),
        "shipped_at": stamp(box.shipped_at),
        "delivered_at": stamp(box.delivered_at),
    }


def money(amount: Decimal | None) -> str | None:
    """As it is kept, with four places: currencies differ in theirs."""
    return None if amount is None else f"{amount:.4f}"


def write_quote(quote: RepairQuote) -> dict[str, Any]:
    return {
        "amount": money(quote.amount),
        "evaluation_fee": money(quote.evaluation_fee),
        "currency": quote.currency,
        "reason": quote.reason,
        "valid_until": day(quote.valid_until),
        "accepted": quote.accepted,
    }


def write_decision(one: EligibilityDecision) -> dict[str, Any]:
    return {
        "at": stamp(one.at),
        "reported_at": stamp(one.reported_at),
        "rule_set": one.rule_set,
        "rule": one.rule,
        "rule_outcome": one.rule_outcome,
        "outcome": one.outcome,
        "reasons": list(one.reasons),
        "would_change": list(one.would_change),
        "override": one.override_reason or None,
        "decided_by": one.decided_by_name,
        "facts": one.facts,
    }


def write_action(action: Action, rma: Rma, why: str = "") -> dict[str, Any]:
    asked = action.asked(rma)
    return {
        "action": action.name,
        "label": action.label,
        "allowed": not why,
        "why": why,
        "needs": [field.name for field in asked if field.is_needed],
        "takes": [field.name for field in asked if not field.is_needed],
    }


# Suppliers, units, carriers -----------------------------------------------------------------------------------------------


def records_for_reading(found: QuerySet[SupplierRma]) -> QuerySet[SupplierRma]:
    boxes = Shipment.objects.prefetch_related("items").order_by("label_at", "id")
    return found.select_related("supplier").prefetch_related(Prefetch("shipments", boxes))


def write_record(record: SupplierRma, actor: Actor) -> dict[str, Any]:
    return {
        "id": str(record.pk),
        "number": record.number,
        "supplier": record.supplier.code,
        "supplier_number": record.supplier_number,
        "state": str(record.state),
        "return_kind": record.rma_kind or None,
        "return_state": record.rma_state or None,
        "next_step": supplier_actions.next_step(record),
        "sku": record.product_sku,
        "product": record.product_name,
        "serial": record.serial,
        "symptom": record.symptom,
        "ticket": record.ticket_reference,
        **{
            name: stamp(getattr(record, name))
            for name in ("submitted_at", "acknowledged_at", "sent_at", "received_at", "settled_at")
        },
        "settled_with": record.settled_with or None,
        "credit_amount": money(record.credit_amount),
        "credit_currency": record.credit_currency,
        "credit_note": record.credit_note,
        "report": record.report,
        "refused_at": stamp(record.refused_at),
        "refused_reason": record.refused_reason,
        "shipments": [write_box(one) for one in record.shipments.all()],
        "allowed_actions": [one.name for one in supplier_actions.offered(record, actor)],
        "updated_at": stamp(record.updated_at),
        "version": record.version,
    }


UNIT_MOVES: dict[str, list[str]] = {
    UnitState.QUARANTINE: ["pass_test", "retire", "place"],
    UnitState.AVAILABLE: ["retire", "place"],
    **dict.fromkeys((UnitState.RESERVED, UnitState.DEFECTIVE), ["place"]),  # noqa: RUF024 (only read)
}


def write_unit(unit: PoolUnit, actor: Actor, reserved_for: str | None) -> dict[str, Any]:
    return {
        "id": str(unit.pk),
        "pool": unit.pool.code,
        "product": write_product(unit.product),
        "serial": unit.serial,
        "state": str(unit.state),
        "condition": unit.condition,
        "revision": unit.revision,
        "firmware": unit.firmware,
        "place": unit.place,
        "reserved_for": reserved_for,
        "allowed_actions": UNIT_MOVES.get(unit.state, []) if actor.can("pool:manage") else [],
        "changed_at": stamp(unit.changed_at),
        "changed_by": unit.changed_by_name,
    }


def write_taken(taken: Taken) -> dict[str, Any]:
    event = taken.event
    rma = event.shipment.rma if event else None
    return {
        "tracking_number": taken.report.tracking_number,
        "code": taken.report.code,
        "at": stamp(taken.report.at),
        "status": taken.status,
        "detail": taken.words,
        "refused_code": taken.code or None,
        "param": taken.param or None,
        "return_reference": rma.reference if rma else None,
        "shipment_state": str(event.shipment.state) if event else None,
    }
