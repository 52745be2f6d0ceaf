"""What webhooks tell about agreements and warranties, read under the subscriber's own database role (tickets/webhooks.py)."""

from datetime import datetime
from typing import Any

from contracts.lifecycle import BEFORE_ORDER
from contracts.models import AgreementTerm, ContractNotice, Invoice, QuoteRequest, WarrantyCoverage, WarrantyVoid
from contracts.standing import appeal_ends
from notifications.models import Event
from notifications.webhooks.events import writes
from tenancy.actor import Actor
from tenancy.api.times import stamp

Data = dict[str, Any]


@writes("agreement.asked")
def asked(event: Event, actor: Actor, now: datetime) -> Data | None:
    found = QuoteRequest.objects.filter(customer_id=event.customer_id, pk=event.payload.get("request"))
    request = found.select_related("agreement", "customer").first()
    if request is None:
        return None
    return {
        "customer": request.customer.code,
        "agreement": request.agreement.number if request.agreement else None,
        "components": list(request.components),
        "text": request.text,
        "asked_by": request.asked_by_name,
        "asked_at": stamp(request.asked_at),
    }


@writes("agreement.ordered")
def ordered(event: Event, actor: Actor, now: datetime) -> Data | None:
    return _term(event, invoice=_invoice(event, actor))


@writes("agreement.moved")
def moved(event: Event, actor: Actor, now: datetime) -> Data | None:
    """A quote that ran out is the seller's business: nobody has sent it to the customer as an order yet."""
    if actor.party == "customer" and event.payload.get("from") in BEFORE_ORDER:
        return None
    return _term(event, was=event.payload.get("from"), to=event.payload.get("to"))


@writes("agreement.reminded")
def reminded(event: Event, actor: Actor, now: datetime) -> Data | None:
    notice = event.payload.get("notice")
    if actor.party == "customer" and notice == ContractNotice.Kind.QUOTE_EXPIRED:
        return None
    return _term(event, notice=notice)


@writes("agreement.renewal_offered")
def renewal_offered(event: Event, actor: Actor, now: datetime) -> Data | None:
    return _term(event)


@writes("warranty.ending")
def warranty_ending(event: Event, actor: Actor, now: datetime) -> Data | None:
    found = WarrantyCoverage.objects.filter(
        customer_id=event.customer_id, pk__in=event.payload.get("warranties", [])
    ).select_related("component__product", "customer")
    rows = list(found.order_by("end_date", "component__serial"))
    if not rows:
        return None
    return {"customer": rows[0].customer.code, "warranties": [_warranty(one) for one in rows]}


@writes("warranty.voided", "warranty.appealed", "warranty.given_back", "warranty.void_final")
def warranty_void(event: Event, actor: Actor, now: datetime) -> Data | None:
    found = WarrantyVoid.objects.filter(customer_id=event.customer_id, pk=event.payload.get("void"))
    void = found.select_related("warranty__component__product", "warranty__component__site", "customer").first()
    if void is None or void.confirmed_at is None:
        return None
    warranty, component = void.warranty, void.warranty.component
    return {
        "customer": void.customer.code,
        "warranty": _warranty(warranty),
        "void": {
            "id": str(void.pk),
            "state": void.state,
            "ground": void.ground,
            "reason": void.reason,
            "evidence": void.evidence,
            "voided_at": stamp(void.confirmed_at),
            "appeal_until": appeal_ends(void.confirmed_at, component.site.time_zone).isoformat(),
            "appeal": void.appeal,
            "appealed_by": void.appealed_by_name,
            "answer": void.answer,
        },
    }


def _warranty(one: WarrantyCoverage) -> Data:
    return {
        "component": str(one.component_id),
        "serial": one.component.serial,
        "product": one.component.product.sku,
        "kind": one.kind,
        "end_date": one.end_date.isoformat(),
    }


def _term(event: Event, **more: Any) -> Data | None:
    found = AgreementTerm.objects.filter(customer_id=event.customer_id, pk=event.payload.get("term"))
    term = found.select_related("agreement", "customer").first()
    if term is None:
        return None
    written = {
        "id": str(term.pk),
        "kind": term.kind,
        "state": term.state,
        "start_date": term.start_date.isoformat(),
        "end_date": term.end_date.isoformat(),
        "purchase_order": term.purchase_order,
        "ordered_at": stamp(term.ordered_at),
    }
    return {"customer": term.customer.code, "agreement": term.agreement.number, "term": written, **more}


def _invoice(event: Event, actor: Actor) -> Data | None:
    """Its amounts are for roZoom and whoever pays it: what a reseller pays is not its customer's business."""
    found = Invoice.objects.filter(customer_id=event.customer_id, pk=event.payload.get("invoice")).first()
    if found is None or not (actor.is_operator or found.bill_to_id == actor.organisation_id):
        return None
    return {
        "number": found.number,
        "total": str(found.total),
        "currency": found.currency,
        "due_on": found.due_on.isoformat() if found.due_on else None,
    }
