"""Return to factory, roZoom's and the customer's side: accepted or quoted, sent in time or not, costs answered, upgraded.

What the factory itself does stands in rma/services/repairing.py.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from contracts.entitlement import Charge
from contracts.models import Invoice
from contracts.services import draft_claim, drop_claim, issue_claim
from rma.events import note, tell
from rma.lifecycle import machine_of
from rma.machines import CannotMove
from rma.models import ProductSupplier, RepairQuote, Rma, Shipment, SupplierRma
from rma.services._common import CannotReturn, cancel_supplier_records, end, go, held, said, save, void_labels
from rma.services.approving import usual_supplier
from rma.services.boxes import prepare_in
from rma.services.charging import retire_part
from rma.services.deciding import decide_now, has_advance
from rma.services.following import follow_up
from rma.services.supplying import open_record
from rma.standing import today_of
from rma.states import Diagnosis, Ending, Media, RmaKind, RmaState, ShipmentKind
from rozoom_support.lib.money import MINOR_DIGITS, rounded
from tenancy.actor import Actor
from tenancy.models import Organisation

VALID = timedelta(days=30)


class CannotQuoteRepair(CannotReturn):
    code = "cannot_quote_repair"


@transaction.atomic
def authorise(
    *, actor: Actor, rma: Rma, now: datetime, version: int | None = None, supplier: Organisation | None = None
) -> Rma:
    """FR-3: in warranty, no charge. The customer has 30 days to send it to the factory."""
    actor.require("rma:manage")
    with held(rma, now, version) as rma:
        fields = go(rma, "authorise")
        _, decided = decide_now(actor, rma, now)
        if rma.outcome in ("REJECT", "SOFTWARE", "HOLD", "MERGE"):
            raise CannotReturn(f"It is not repaired. {' '.join(rma.decision['reasons'])}")
        if is_charged(rma):
            raise CannotReturn(f"Quote the repair first. {' '.join(rma.decision['reasons'])}")
        return _await_inbound(actor, rma, supplier or usual_supplier(rma), now, *fields, *decided)


def is_charged(rma: Rma) -> bool:
    """Out of warranty: the customer is asked first."""
    return rma.decision.get("charge") == Charge.QUOTE and not rma.decision.get("override")


def _await_inbound(actor: Actor, rma: Rma, supplier: Organisation, now: datetime, *fields: str) -> Rma:
    assert rma.component is not None
    if rma.component.product.has_media and rma.media == "":
        raise CannotReturn("Say what becomes of the data on the part before it is sent.", param="media")
    if rma.media == Media.RETAINED:
        raise CannotReturn("A part that must not leave the site is not repaired in the factory.", param="media")
    rma.valid_until = today_of(rma, now) + VALID
    save(rma, now, *fields, "valid_until")
    record = open_record(actor, rma, supplier, now)
    prepare_for_factory(rma, record, now)
    note(actor, rma, "rma.authorised", now, valid_until=rma.valid_until, factory=supplier.name)
    tell("rma.authorised", actor, rma, now, valid_until=rma.valid_until)
    return rma


def prepare_for_factory(rma: Rma, record: SupplierRma, now: datetime) -> Shipment:
    assert rma.component is not None
    known = ProductSupplier.objects.filter(product_id=rma.component.product_id, supplier=record.supplier).first()
    to = (record.supplier.name, known.address if known else "")
    return prepare_in(rma, ShipmentKind.FACTORY_IN, record, now, to=to)


# What it costs -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def quote_repair(
    *,
    actor: Actor,
    rma: Rma,
    amount: Decimal,
    currency: str,
    now: datetime,
    version: int | None = None,
    evaluation_fee: Decimal = Decimal(0),
    reason: str = "",
) -> RepairQuote:
    """FR-2 before it is sent in, FR-18 when the factory finds what is not covered. It holds for 30 days."""
    actor.require("rma:manage")
    _refuse_amounts(amount, evaluation_fee, currency)
    with held(rma, now, version) as rma:
        is_first = rma.state == RmaState.REQUESTED
        fields = go(rma, "quote_repair" if is_first else "quote_costs")
        if rma.component is None:
            raise CannotQuoteRepair("The serial is not registered yet. Supply it first.", param="component")
        if not is_first:
            if rma.diagnosis != Diagnosis.ABUSE and not is_charged(rma):
                raise CannotQuoteRepair("It is in warranty: its repair is free. Only misuse is charged for.")
            reason = said(reason, "Say what the factory found that is not covered.")
        until = today_of(rma, now) + VALID
        quote = RepairQuote.objects.create(
            rma=rma,
            amount=amount,
            evaluation_fee=evaluation_fee,
            currency=currency,
            reason=reason[:400],
            quoted_at=now,
            by_name=actor.name,
            valid_until=until,
        )
        if is_first:
            rma.valid_until = until
            fields.append("valid_until")
        save(rma, now, *fields)
        note(
            actor, rma, "rma.quoted", now, amount=amount, evaluation_fee=evaluation_fee, currency=currency, until=until
        )
        tell("rma.quoted", actor, rma, now, quote=str(quote.pk))
        return quote


def _refuse_amounts(amount: Decimal, fee: Decimal, currency: str) -> None:
    if currency not in MINOR_DIGITS:
        raise CannotQuoteRepair("Enter a currency, such as EUR.", param="currency")
    for param, given in (("amount", amount), ("evaluation_fee", fee)):
        if given < 0 or given != rounded(given, currency):
            raise CannotQuoteRepair(f"Enter an amount in {currency}.", param=param)
    if amount == 0:
        raise CannotQuoteRepair("Enter what the repair costs.", param="amount")


@transaction.atomic
def accept_quote(
    *,
    actor: Actor,
    rma: Rma,
    purchase_order: str,
    now: datetime,
    version: int | None = None,
    media: str = "",
    supplier: Organisation | None = None,
) -> Rma:
    """FR-4, FR-19: with the customer's purchase order. An invoice is drafted; it is sent when the part is back."""
    actor.require("rma:request")
    order = said(purchase_order, "Enter your purchase order number.", param="purchase_order", longest=80)
    with held(rma, now, version) as rma:
        is_first = rma.state == RmaState.QUOTED
        fields = go(rma, "accept_quote" if is_first else "accept_costs")
        if media:
            rma.media = media
            fields.append("media")
        quote = _answer(actor, rma, True, now, order)
        if rma.repair_invoice is not None and rma.repair_invoice.state == "DRAFT":
            drop_claim(actor=actor, invoice=rma.repair_invoice, reason="Another quote was accepted.", now=now)
        lines = [(f"Repair of {rma.serial}, return {rma}, order {order}", quote.amount)]
        rma.repair_invoice = draft_claim(
            actor=actor, customer=rma.customer, kind="REPAIR", lines=lines, currency=quote.currency, now=now
        )
        save(rma, now, *fields, "repair_invoice")
        note(actor, rma, "rma.quote-accepted", now, purchase_order=order, amount=quote.amount, currency=quote.currency)
        if is_first:
            return _await_inbound(actor, rma, supplier or usual_supplier(rma), now)
        tell("rma.repairing", actor, rma, now)
        return rma


@transaction.atomic
def decline_quote(*, actor: Actor, rma: Rma, now: datetime, version: int | None = None) -> Rma:
    """FR-5 before it was sent; FR-20 when the factory has it: it comes back unrepaired, and its evaluation is charged."""
    actor.require("rma:request")
    with held(rma, now, version) as rma:
        if rma.state == RmaState.QUOTED:
            fields = go(rma, "decline_quote")
            _answer(actor, rma, False, now)
            save(rma, now, *fields, *end(rma, now, reason="The quote was declined."))
            note(actor, rma, "rma.quote-declined", now)
            tell("rma.cancelled", actor, rma, now)
            return rma
        fields = go(rma, "decline_costs")
        _charge_evaluation(actor, rma, _answer(actor, rma, False, now), now)
        save(rma, now, *fields, "repair_invoice")
        note(actor, rma, "rma.costs-declined", now, then="sent back")
        tell("rma.ready", actor, rma, now)
        return rma


@transaction.atomic
def scrap(*, actor: Actor, rma: Rma, certificate: str, now: datetime, version: int | None = None) -> Rma:
    """FR-21: declined, and the customer lets the factory destroy it. The serial is retired."""
    actor.require("rma:request")
    certificate = certificate.strip()[:200] or f"Scrapped by order of {actor.name}"
    with held(rma, now, version) as rma:
        fields = go(rma, "scrap")
        _charge_evaluation(actor, rma, _answer(actor, rma, False, now), now)
        rma.certificate = certificate
        ended = end(rma, now, ending=Ending.SCRAPPED, reason="The costs were declined, and it was scrapped.")
        save(rma, now, *fields, "repair_invoice", "certificate", *ended)
        assert rma.component is not None
        retire_part(actor, rma.component, str(rma), now)
        _end_record(rma, "Scrapped by order of the customer.", now)
        note(actor, rma, "rma.closed", now, ending=rma.ending, certificate=certificate)
        tell("rma.closed", actor, rma, now, ending=rma.ending)
        return rma


def _answer(actor: Actor, rma: Rma, accepted: bool, now: datetime, order: str = "") -> RepairQuote:
    quote = rma.quotes.select_for_update().filter(answered_at=None).first()
    if quote is None:
        raise CannotQuoteRepair("No quote waits for an answer.")
    quote.answered_at, quote.answered_by_name, quote.accepted, quote.purchase_order = now, actor.name, accepted, order
    quote.save(update_fields=["answered_at", "answered_by_name", "accepted", "purchase_order"])
    return quote


def _charge_evaluation(actor: Actor, rma: Rma, quote: RepairQuote, now: datetime) -> None:
    """What finding out cost, where that was said beforehand. An earlier draft for the repair is void."""
    if rma.repair_invoice is not None and rma.repair_invoice.state == "DRAFT":
        drop_claim(actor=actor, invoice=rma.repair_invoice, reason="The costs were declined.", now=now)
        rma.repair_invoice = None
    if quote.evaluation_fee > 0:
        lines = [(f"Evaluation of {rma.serial}, return {rma}", quote.evaluation_fee)]
        draft = draft_claim(
            actor=actor, customer=rma.customer, kind="REPAIR", lines=lines, currency=quote.currency, now=now
        )
        rma.repair_invoice = issue_claim(actor=actor, invoice=draft, now=now)


def _end_record(rma: Rma, reason: str, now: datetime) -> None:
    """SR-7: the supplier's part in it is over without a repair."""
    SupplierRma.objects.filter(rma=rma, state="DEFECTIVE_SENT").update(
        state="REFUSED", refused_at=now, refused_reason=reason, updated_at=now
    )


# In time, or not -------------------------------------------------------------------------------------------------------


@transaction.atomic
def extend(*, actor: Actor, rma: Rma, now: datetime, version: int | None = None) -> Rma:
    """FR-7: 30 more days to send it. The rules are asked again."""
    actor.require("rma:manage")
    with held(rma, now, version) as rma:
        fields = go(rma, "extend")
        _, decided = decide_now(actor, rma, now)
        rma.valid_until = today_of(rma, now) + VALID
        save(rma, now, *fields, *decided, "valid_until")
        note(actor, rma, "rma.extended", now, valid_until=rma.valid_until)
        tell("rma.authorised", actor, rma, now, valid_until=rma.valid_until)
        return rma


@transaction.atomic
def upgrade(*, actor: Actor, rma: Rma, now: datetime, version: int | None = None) -> Rma:
    """FR-9: the rules give a replacement in advance now (the fee was paid). Returns the new return, on the same ticket."""
    actor.require("rma:manage")
    with held(rma, now, version) as rma:
        fields = go(rma, "upgrade")
        _, decided = decide_now(actor, rma, now)
        if not has_advance(rma):
            raise CannotReturn(f"It gets no replacement in advance. {' '.join(rma.decision['reasons'])}")
        if rma.repair_invoice is not None and rma.repair_invoice.state == "DRAFT":
            drop_claim(actor=actor, invoice=rma.repair_invoice, reason="Replaced in advance instead.", now=now)
        rma.quotes.filter(answered_at=None).update(answered_at=now, accepted=False, answered_by_name=actor.name)
        save(rma, now, *fields, *decided, *end(rma, now, reason="Replaced in advance instead."))
        cancel_supplier_records(actor, rma, now)
        void_labels(rma, now)
        following = follow_up(actor, rma, RmaKind.ADVANCE, now)
        note(actor, rma, "rma.upgraded", now, to=following.reference)
        tell("rma.upgraded", actor, rma, now, to=following.reference)
        return following


@transaction.atomic
def lose_inbound(*, actor: Actor, rma: Rma, claim: str, agreed: str, now: datetime, version: int | None = None) -> Rma:
    """FR-16: the carrier lost it on its way to the factory. The claim, and what was agreed with the customer, are kept."""
    actor.require("rma:manage")
    claim = said(claim, "Enter the number of the claim against the carrier.", param="claim", longest=200)
    agreed = said(agreed, "Say what was agreed with the customer: a replacement or a credit.", param="agreed")
    with held(rma, now, version) as rma:
        if rma.kind != RmaKind.FACTORY:
            raise CannotMove(machine_of(rma).explain(rma, "lose_inbound"), param="action")
        fields = go(rma, "lose_inbound")
        save(rma, now, *fields, *end(rma, now, ending=Ending.LOST, reason=agreed))
        rma.shipments.filter(kind=ShipmentKind.FACTORY_IN, state__in=["IN_TRANSIT", "EXCEPTION"]).update(
            state="LOST", claim=claim, ended_at=now
        )
        assert rma.component is not None
        retire_part(actor, rma.component, str(rma), now)
        cancel_supplier_records(actor, rma, now)
        note(actor, rma, "rma.closed", now, ending=rma.ending, claim=claim, agreed=agreed)
        tell("rma.closed", actor, rma, now, ending=rma.ending)
        return rma


def issue_repair_invoice(actor: Actor, rma: Rma, now: datetime) -> Invoice | None:
    """When the repaired part is back."""
    if rma.repair_invoice is None or rma.repair_invoice.state != "DRAFT":
        return None
    return issue_claim(actor=actor, invoice=rma.repair_invoice, now=now)


def costs_are_settled(rma: Rma) -> bool:
    """FR-22: covered, or the customer accepted what it costs. Misuse is never covered."""
    has_order = rma.quotes.filter(accepted=True).exists()
    if rma.diagnosis == Diagnosis.ABUSE:
        last = rma.quotes.order_by("quoted_at").last()
        return last is not None and bool(last.accepted) and last.reason != ""
    return has_order or not is_charged(rma)
