"""The states of agreement terms, warranties and invoices, and every move between them (docs/coverage.md "Lifecycles").

Moves that a date makes ("on that day it ends") are computed when something is read: `contracts.facts` never looks at a
stored state. A job writes the state down later, for lists and notices; late or never, it changes nobody's cover.
"""

from collections.abc import Callable
from typing import Any

from django.db import models
from django_fsm import FSMField, transition


def _may(capability: str) -> Callable[[Any, Any], bool]:
    return lambda row, actor: actor.can(capability)


_quote, _bill = _may("agreement:quote"), _may("invoice:manage")
_order, _manage = _may("agreement:order"), _may("agreement:manage")
_void, _answer = _may("warranty:void"), _may("warranty:answer")


class TermState(models.TextChoices):
    DRAFT = "DRAFT", "Draft"
    QUOTED = "QUOTED", "Quoted"
    QUOTE_EXPIRED = "QUOTE_EXPIRED", "Quote expired"
    ORDERED = "ORDERED", "Ordered"
    CANCELLED = "CANCELLED", "Cancelled"
    IN_FORCE = "IN_FORCE", "In force"
    SUSPENDED = "SUSPENDED", "Suspended"
    GRACE = "GRACE", "In grace"
    LAPSED = "LAPSED", "Lapsed"
    RENEWED = "RENEWED", "Renewed"
    REINSTATED = "REINSTATED", "Reinstated"
    TERMINATED = "TERMINATED", "Terminated"


T = TermState
BEFORE_ORDER = (T.DRAFT, T.QUOTED, T.QUOTE_EXPIRED, T.CANCELLED)


class TermLifecycle(models.Model):
    state = FSMField(max_length=13, choices=TermState, default=TermState.DRAFT, protected=True)

    class Meta:
        abstract = True

    @transition(field=state, source=T.DRAFT, target=T.QUOTED, permission=_quote)
    def quote(self) -> None:
        """SA-1: prices and fees are frozen, for 30 days."""

    @transition(field=state, source=T.QUOTED, target=T.DRAFT, permission=_quote)
    def revise(self) -> None:
        """SA-2: a new revision; the old figures are kept."""

    @transition(field=state, source=T.QUOTED, target=T.QUOTE_EXPIRED)
    def expire(self) -> None:
        """SA-3: the quote was not accepted in time."""

    @transition(field=state, source=T.QUOTED, target=T.ORDERED, permission=_order)
    def order(self) -> None:
        """SA-4: accepted; the fee is invoiced."""

    @transition(field=state, source=T.ORDERED, target=T.CANCELLED, permission=_order)
    def cancel(self) -> None:
        """SA-5: before it started."""

    @transition(field=state, source=T.ORDERED, target=T.IN_FORCE)
    def begin(self) -> None:
        """SA-6: its first day came."""

    @transition(field=state, source=T.IN_FORCE, target=T.SUSPENDED)
    def suspend(self) -> None:
        """SA-7: the fee is more than 30 days overdue."""

    @transition(field=state, source=T.SUSPENDED, target=T.IN_FORCE)
    def resume(self) -> None:
        """SA-8: the fee was paid. The dates of the term do not move."""

    @transition(field=state, source=[T.SUSPENDED, T.GRACE], target=T.LAPSED)
    def lapse(self) -> None:
        """SA-9, SA-13: it ended while suspended, 90 days overdue, or its grace ended."""

    @transition(field=state, source=[T.IN_FORCE, T.GRACE], target=T.RENEWED)
    def renew(self) -> None:
        """SA-10, SA-12: a term follows without a gap."""

    @transition(field=state, source=T.IN_FORCE, target=T.GRACE)
    def enter_grace(self) -> None:
        """SA-11: it ended and nothing follows yet."""

    @transition(field=state, source=T.LAPSED, target=T.REINSTATED, permission=_quote)
    def reinstate(self) -> None:
        """SA-14: a new term was paid for, with the days between."""

    @transition(field=state, source=[T.IN_FORCE, T.SUSPENDED, T.GRACE], target=T.TERMINATED, permission=_manage)
    def terminate(self) -> None:
        """SA-15: ended by notice."""


class WarrantyState(models.TextChoices):
    PENDING = "PENDING", "Not begun"
    ACTIVE = "ACTIVE", "Active"
    EXPIRED = "EXPIRED", "Ended"
    VOID = "VOID", "Void"
    VOID_FINAL = "VOID_FINAL", "Void for good"
    TRANSFERRED = "TRANSFERRED", "Moved to a replacement"


W = WarrantyState


class WarrantyLifecycle(models.Model):
    state = FSMField(max_length=11, choices=WarrantyState, default=WarrantyState.PENDING, protected=True)

    class Meta:
        abstract = True

    @transition(field=state, source=W.PENDING, target=W.ACTIVE)
    def begin(self) -> None:
        """WC-1: its first day came."""

    @transition(field=state, source=[W.PENDING, W.ACTIVE], target=W.VOID, permission=_void)
    def make_void(self) -> None:
        """WC-2, WC-4: the sale was reversed, the serial was wrong, or there is evidence of abuse."""

    @transition(field=state, source=W.ACTIVE, target=W.EXPIRED)
    def expire(self) -> None:
        """WC-3: its last day is over."""

    @transition(field=state, source=W.VOID, target=W.ACTIVE, permission=_answer)
    def uphold_appeal(self) -> None:
        """WC-5: the void is reversed; both events stay."""

    @transition(field=state, source=W.VOID, target=W.VOID_FINAL)
    def close_appeal(self) -> None:
        """WC-6: 30 days without an appeal, or it was refused."""

    @transition(field=state, source=W.ACTIVE, target=W.TRANSFERRED)
    def transfer(self) -> None:
        """WC-7: it goes on with the serial that replaced this one."""


class InvoiceState(models.TextChoices):
    DRAFT = "DRAFT", "Draft"
    ISSUED = "ISSUED", "Open"
    PARTIALLY_PAID = "PARTIALLY_PAID", "Partly paid"
    PAID = "PAID", "Paid"
    VOID = "VOID", "Void"
    CREDITED = "CREDITED", "Credited"
    WRITTEN_OFF = "WRITTEN_OFF", "Written off"


N = InvoiceState


class InvoiceLifecycle(models.Model):
    state = FSMField(max_length=14, choices=InvoiceState, default=InvoiceState.DRAFT, protected=True)

    class Meta:
        abstract = True

    @transition(field=state, source=N.DRAFT, target=N.ISSUED)
    def issue(self) -> None:
        """IN-1: it has a number now, and its amounts never change again."""

    @transition(field=state, source=[N.DRAFT, N.ISSUED], target=N.VOID, permission=_bill)
    def make_void(self) -> None:
        """IN-2, IN-6: nothing was paid on it."""

    @transition(field=state, source=[N.ISSUED, N.PAID], target=N.PARTIALLY_PAID, permission=_bill)
    def pay_partly(self) -> None:
        """IN-3, IN-5: something is open, after a payment or after its reversal."""

    @transition(field=state, source=[N.ISSUED, N.PARTIALLY_PAID], target=N.PAID, permission=_bill)
    def pay(self) -> None:
        """IN-4: nothing is open."""

    @transition(field=state, source=[N.PARTIALLY_PAID, N.PAID], target=N.CREDITED, permission=_bill)
    def credit(self) -> None:
        """IN-7: a credit note for the full amount."""

    @transition(field=state, source=[N.ISSUED, N.PARTIALLY_PAID], target=N.WRITTEN_OFF, permission=_bill)
    def write_off(self) -> None:
        """IN-8: two people say that it will not be paid."""
