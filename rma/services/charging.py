"""A part that does not come back: charged for, credited when it comes after all, settled, or waived with a certificate."""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import QuerySet

from contracts.models import Component, Invoice
from contracts.services import draft_claim, drop_claim, issue_claim, put_away
from rma.events import note, tell
from rma.models import PoolUnit, Rma, ShipmentItem
from rma.services._common import CannotReturn, cancel_supplier_records, end, go, held, said, save, void_labels
from rma.services._stock import lock_unit, move_unit
from rma.standing import today_of
from rma.states import Ending, RmaState, ShipmentKind, UnitState
from rozoom_support.lib.money import rounded
from tenancy.actor import Actor

BACK = ShipmentKind.DEFECTIVE_RETURN
CREDITED_WITHIN = timedelta(days=60)
TAKEN_BACK = ("VOID", "CREDITED")
CREDIT_REASON = "The failed part came back."


@transaction.atomic
def charge(*, actor: Actor, rma: Rma, now: datetime, version: int | None = None) -> Rma:
    """RA-15: released by roZoom when more than 30 calendar days went by since delivery, at the price frozen at approval."""
    actor.require("rma:charge")
    with held(rma, now, version) as rma:
        settle(actor, rma, now)
        fields = go(rma, "charge")
        assert rma.delivered_on is not None
        assert rma.list_price is not None
        if today_of(rma, now) <= rma.delivered_on + timedelta(days=30):
            day = rma.delivered_on + timedelta(days=31)
            raise CannotReturn(f"A part is charged for from {day:%d %b %Y} on, 31 days after its replacement arrived.")
        if rma.non_return_invoice is None or rma.non_return_invoice.state in TAKEN_BACK:
            rma.non_return_invoice = _invoice_part(actor, rma, now)
        save(rma, now, *fields, "non_return_invoice")
        note(actor, rma, "rma.charged", now, invoice=rma.non_return_invoice.number, amount=rma.non_return_invoice.total)
        tell("rma.charged", actor, rma, now, invoice=str(rma.non_return_invoice.pk))
        return rma


def _invoice_part(actor: Actor, rma: Rma, now: datetime) -> Invoice:
    """One that stands since before another part came back is not made again; one that finance took back is."""
    assert rma.list_price is not None
    currency = rma.list_price_currency
    lines = [(f"Part not returned: {rma.serial}, return {rma}", rounded(rma.list_price, currency))]
    draft = draft_claim(actor=actor, customer=rma.customer, kind="NON_RETURN", lines=lines, currency=currency, now=now)
    return issue_claim(actor=actor, invoice=draft, now=now)


def settle(actor: Actor, rma: Rma, now: datetime) -> bool:
    """RA-22: its invoice is paid or written off, so the part is the customer's. RA-26: finance took it back, so the part is
    owed as before. The caller holds the return. Returns whether it moved.
    """
    invoice = rma.non_return_invoice
    if rma.state == RmaState.NON_RETURN_INVOICED and invoice is not None and invoice.state in TAKEN_BACK:
        save(rma, now, *go(rma, "take_back_charge"))
        note(actor, rma, "rma.credited", now, invoice=invoice.number)
        tell("rma.credited", actor, rma, now, invoice=str(invoice.pk))
        return True
    if rma.state != RmaState.NON_RETURN_INVOICED or invoice is None or invoice.state not in ("PAID", "WRITTEN_OFF"):
        return False
    ending = Ending.PAID if invoice.state == "PAID" else Ending.WRITTEN_OFF
    fields = go(rma, "settle")
    save(rma, now, *fields, *end(rma, now, ending=ending, reason=f"Invoice {invoice.number}"))
    retire_parts(actor, rma, f"Kept: invoice {invoice.number}", now)
    cancel_supplier_records(actor, rma, now)
    void_labels(rma, now)
    tell_closed(actor, rma, now)
    return True


def credit(actor: Actor, rma: Rma, now: datetime) -> None:
    """The charge is taken back in full where the part left for us within 60 days of the invoice."""
    invoice = rma.non_return_invoice
    if invoice is None or invoice.issued_on is None or invoice.state in ("VOID", "CREDITED", "WRITTEN_OFF"):
        return
    sent = today_of(rma, rma.return_sent_at or now)
    if sent > invoice.issued_on + CREDITED_WITHIN:
        note(actor, rma, "rma.not-credited", now, invoice=invoice.number, sent=sent)
        return
    drop_claim(actor=actor, invoice=invoice, reason=CREDIT_REASON, now=now)
    note(actor, rma, "rma.credited", now, invoice=invoice.number)
    tell("rma.credited", actor, rma, now, invoice=str(invoice.pk))


def charge_damage(actor: Actor, rma: Rma, amount: Decimal, now: datetime) -> Invoice:
    lines = [(f"Damage found on {rma.serial}, return {rma}", amount)]
    currency = rma.list_price_currency
    draft = draft_claim(actor=actor, customer=rma.customer, kind="REPAIR", lines=lines, currency=currency, now=now)
    return issue_claim(actor=actor, invoice=draft, now=now)


@transaction.atomic
def waive(*, actor: Actor, rma: Rma, certificate: str, reason: str, now: datetime, version: int | None = None) -> Rma:
    """RA-23: the failed part stays away for good: its data must not leave, or it was destroyed. A certificate is on file."""
    actor.require("rma:override")
    certificate = said(certificate, "Enter the number of the certificate.", param="certificate", longest=200)
    reason = said(reason, "Say why it does not come back.")
    with held(rma, now, version) as rma:
        settle(actor, rma, now)
        fields = go(rma, "waive")
        rma.certificate = certificate
        save(rma, now, *fields, "certificate", *end(rma, now, ending=Ending.WAIVED, reason=reason))
        retire_parts(actor, rma, f"Waived: {reason}", now)
        cancel_supplier_records(actor, rma, now)
        void_labels(rma, now)
        note(actor, rma, "rma.waived", now, certificate=certificate, reason=reason)
        tell_closed(actor, rma, now)
        return rma


def retire_parts(actor: Actor, rma: Rma, reason: str, now: datetime) -> None:
    """Kept or destroyed: no support and no later return for these serials (PU-11)."""
    for item in expected_items(rma).select_related("component__product"):
        if item.component is not None:
            retire_part(actor, item.component, reason, now)
    if rma.component is not None and rma.component.state != Component.State.RETURNED:
        retire_part(actor, rma.component, reason, now)


def retire_part(actor: Actor, component: Component, reason: str, now: datetime) -> None:
    put_away(actor=actor, component=component, state=Component.State.RETIRED, reason=reason, now=now)
    retire_unit_of(actor, component, now)


def retire_unit_of(actor: Actor, component: Component, now: datetime) -> None:
    """PU-11, for a serial that roZoom had in its pool before."""
    unit = PoolUnit.objects.filter(product_id=component.product_id, serial_normal=component.serial_normal).first()
    if unit is None:
        return
    unit = lock_unit(unit)
    if unit.state == UnitState.WITH_CUSTOMER:
        move_unit(actor, unit, "retire", now)
    elif unit.state == UnitState.DEFECTIVE_IN_TRANSIT:  # the carrier had another part in the box
        move_unit(actor, unit, "lose", now)


def expected_items(rma: Rma) -> QuerySet[ShipmentItem]:
    """What is still owed back. What came in another box is not: the label of the first one was void by then."""
    items = ShipmentItem.objects.filter(shipment__rma=rma, shipment__kind=BACK)
    came = items.exclude(scanned_at=None).values("serial_normal")
    return items.filter(scanned_at=None).exclude(serial_normal__in=came)


def tell_closed(actor: Actor, rma: Rma, now: datetime) -> None:
    note(actor, rma, "rma.closed", now, ending=rma.ending, reason=rma.ending_reason)
    tell("rma.closed", actor, rma, now, ending=rma.ending)
