"""What pages say about agreements and invoices: the state as word and shape, and what happened."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from contracts.facts import Term
from contracts.lifecycle import InvoiceState, TermState
from contracts.models import AgreementTerm, Invoice
from contracts.standing import Standing
from rozoom_support.lib.money import shown
from tenancy.models import AuditEvent

T, N = TermState, InvoiceState
ISO_DAY = re.compile(r"\b[12]\d{3}-[01]\d-[0-3]\d\b")
MONEY_VERBS = ("invoice.", "payment.recorded", "payment.reversed", "credit.")


@dataclass(frozen=True)
class Tag:
    """Word + shape + colour, never one alone."""

    words: str
    shape: str = "i-dash"
    look: str = ""


def day_words(day: date | None) -> str:
    return f"{day.day} {day:%b %Y}" if day else ""


def readable(text: str) -> str:
    """Dates inside stored text as people write them: 2026-04-23 is 23 Apr 2026."""
    return ISO_DAY.sub(_day_in, text)


def _day_in(found: re.Match[str]) -> str:
    try:
        return day_words(date.fromisoformat(found[0]))
    except ValueError:
        return found[0]  # somebody's serial or order number


def days_words(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def term_tag(term: AgreementTerm, stands: Standing) -> Tag:
    """Computed from the dates; a job that is late changes no word of it."""
    state, end = stands.state, day_words(term.end_date)
    if term.terminated_on is not None and stands.day < term.terminated_on and state in (T.IN_FORCE, T.GRACE):
        return Tag(f"Ends by notice on {day_words(term.terminated_on)}", "s2", "warn")
    tags: dict[str, Tag] = {
        T.DRAFT: Tag("Taken back, being changed", "i-dot"),
        T.QUOTED: Tag(f"Quote, valid until {day_words(term.valid_until)}", "i-clock", "info"),
        T.QUOTE_EXPIRED: Tag(f"Quote expired on {day_words(term.valid_until)}"),
        T.ORDERED: Tag(f"Ordered, begins on {day_words(term.start_date)}", "i-tick", "accent"),
        T.CANCELLED: Tag("Cancelled before it began"),
        T.IN_FORCE: Tag(f"In force until {end}", "i-tick", "ok"),
        T.SUSPENDED: Tag("Suspended: the fee is not paid", "s1", "bad"),
        T.GRACE: Tag(f"Ended, in grace until {day_words(_grace_ends(stands.facts))}", "s2", "warn"),
        T.LAPSED: Tag("Lapsed", "s1", "bad"),
        T.RENEWED: Tag(f"Ended on {end}, renewed", "i-tick"),
        T.REINSTATED: Tag(f"Ended on {end}, reinstated later", "i-tick"),
        T.TERMINATED: Tag(f"Ended by notice on {day_words(term.terminated_on)}"),
    }
    return tags[state]


def _grace_ends(facts: Term | None) -> date | None:
    return facts.grace_ends if facts else None


def renewal_words(term: AgreementTerm, stands: Standing) -> str:
    """What happens at the end of it, in one sentence."""
    left = (term.end_date - stands.day).days
    if stands.successor is not None:
        return f"Renewed until {day_words(stands.successor.end_date)}."
    if stands.state in (T.IN_FORCE, T.SUSPENDED) and term.terminated_on is None:
        until = "It ends today." if left == 0 else f"It ends in {days_words(left)}, on {day_words(term.end_date)}."
        return f"{until} It is not renewed by itself."
    if stands.state == T.GRACE:
        return f"Support goes on until {day_words(_grace_ends(stands.facts))}, without advance replacement. Renew it by then."
    if stands.state == T.ORDERED:
        return f"It begins on {day_words(term.start_date)}."
    if stands.state == T.LAPSED and term.end_date >= stands.day:
        return "Its fee was not paid. It takes a new quote to be covered again."
    if stands.state == T.LAPSED:
        return "It can be reinstated: the days between are paid for, and a new year begins on the day of payment."
    return ""


def invoice_tag(invoice: Invoice, today: date) -> Tag:
    open_amount = invoice.balance()
    overdue = (today - invoice.due_on).days if invoice.due_on else 0
    if invoice.state == N.PAID:
        if open_amount < 0:
            return Tag(f"Paid, {shown(-open_amount, invoice.currency)} in your favour", "i-tick", "ok")
        return Tag("Paid", "i-tick", "ok")
    if invoice.state in (N.ISSUED, N.PARTIALLY_PAID):
        late = f"overdue by {days_words(overdue)}" if overdue > 0 else f"due {day_words(invoice.due_on)}"
        look = ("s1", "bad") if overdue > 0 else ("i-clock", "info")
        if invoice.state == N.PARTIALLY_PAID:
            return Tag(f"Partly paid, {shown(open_amount, invoice.currency)} {late}", *look)
        return Tag(late.capitalize() if overdue > 0 else f"Open, {late}", *look)
    return Tag(invoice.get_state_display())


def invoice_for_what(invoice: Invoice) -> str:
    return f"{invoice.get_kind_display()}, {invoice.term.agreement}" if invoice.term else invoice.get_kind_display()


def money(amount: Decimal, currency: str) -> str:
    return shown(amount, currency)


# What happened --------------------------------------------------------------------------------------------------------

Data = Mapping[str, Any]


def _reason(data: Data) -> str:
    return f": “{data['reason']}”" if data.get("reason") else ""


EVENTS: dict[str, Callable[[Data], str]] = {
    "agreement.opened": lambda d: f"opened the agreement, sold by {d['sold_by']}",
    "term.drafted": lambda d: f"drafted {d['start']} to {d['end']} with {d['components']} components",
    "term.quoted": lambda d: f"quoted it, valid until {d['valid_until']}",
    "quote.taken_back": lambda d: f"took the quote back to change it (it was revision {d['revision']})",
    "quote.asked": lambda d: "asked" + (f": “{d['text']}”" if d.get("text") else " for a quote"),
    "quote.expired": lambda d: "the quote expired",
    "term.ordered": lambda d: f"ordered it with purchase order {d['purchase_order']}",
    "term.cancelled": lambda d: f"cancelled it before it began{_reason(d)}",
    "term.ended": lambda d: f"ended it by notice on {d['day']}{_reason(d)}",
    "term.reinstated": lambda d: f"reinstated it, paid on {d['paid_on']}",
    "term.began": lambda d: "the term began",
    "term.suspended": lambda d: "suspended: the fee is more than 30 days overdue",
    "term.resumed": lambda d: "the fee was paid, it goes on",
    "term.entered_grace": lambda d: "the term ended, grace began",
    "term.lapsed": lambda d: "the agreement lapsed",
    "term.renewed": lambda d: "renewed without a gap",
    "term.terminated": lambda d: "ended by notice",
    "renewal.sent": lambda d: f"sent a letter with the renewal, {d['start']} to {d['end']}",
    "reminder.sent": lambda d: f"told by mail: {d['reminder'].lower()}",
    "line.removed": lambda d: f"removed {d['serial']} from {d['day']} on{_reason(d)}",
    "invoice.issued": lambda d: f"invoice {d['number']} was issued",
    "invoice.voided": lambda d: f"voided invoice {d['number']}{_reason(d)}",
    "invoice.credited": lambda d: f"credited invoice {d['number']} in full, refunded {d['refunded']}{_reason(d)}",
    "invoice.write-off-asked": lambda d: f"proposed to write invoice {d['number']} off{_reason(d)}",
    "invoice.write-off-dropped": lambda d: f"invoice {d['number']} is not written off",
    "invoice.written-off": lambda d: f"agreed to write invoice {d['number']} off, {d['amount']}",
    "payment.recorded": lambda d: f"recorded {d['amount']} on invoice {d['number']}, {d['open']} is open",
    "payment.reversed": lambda d: (
        f"reversed {str(d['amount']).lstrip('-')} on invoice {d['number']}, {d['open']} is open"
    ),
    "payment.attested": lambda d: f"says that the customer paid on {d['paid_on']}: “{d['statement']}”",
    "credit.issued": lambda d: f"credit note {d['number']} over {d['total']} for invoice {d['invoice']}{_reason(d)}",
}


def event_words(event: AuditEvent) -> str:
    words = EVENTS.get(event.verb)
    return readable(words(event.data)) if words else event.verb.replace(".", " ").replace("_", " ")


def is_about_money(event: AuditEvent) -> bool:
    """Shown to who pays only: a reseller's customer pays the reseller, at a price that is between the two."""
    return event.verb.startswith(MONEY_VERBS)
