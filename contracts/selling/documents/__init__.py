"""Quotes, invoices and credit notes as PDF. An issued document says the same for ever, to the byte."""

from datetime import date
from decimal import Decimal

from django.core.cache import cache

from contracts.models import AgreementTerm, CreditNote, Invoice
from contracts.selling.documents.paper import Paper
from contracts.selling.words import day_words, invoice_for_what, readable
from contracts.services import UncoveredDays
from rozoom_support.lib.money import shown

EDITION = 1  # raise it when a document's look or words change: sizes are remembered under it
OPERATOR = "roZoom"
QUOTE_TERMS = (
    "The annual fee is 20 % of list price, by the day. The list prices are those of the day of this quote and stay the same "
    "for the whole term. Amounts are without tax.",
    "Support is given day and night, every day. A person at roZoom answers within 1 hour for severity 1, 4 hours for severity 2 "
    "and 24 hours for severity 3.",
    "A failed hardware component under warranty is replaced in advance when its agreement was ordered before the failure was "
    "reported and its fee is paid in full.",
    "The term ends on its last day and is not renewed by itself. Support goes on for 30 days after it, advance replacement "
    "does not.",
)


def quote_pdf(term: AgreementTerm, seller: str, warnings: list[UncoveredDays]) -> bytes:
    """Of what was frozen with the quote. The term brings its agreement and customer."""
    currency = term.agreement.currency
    paper = Paper("Quote", quote_number(term), term.quoted_on or term.start_date)
    paper.facts(
        [
            ("From", seller),
            ("For", f"{term.agreement.customer.name} ({term.agreement.customer.code})"),
            ("Date", day_words(term.quoted_on)),
            ("Valid until", day_words(term.valid_until)),
        ]
    )
    paper.heading(f"Support from {day_words(term.start_date)} to {day_words(term.end_date)}")
    lines = list(
        term.lines.filter(removed_on=None)
        .select_related("component__product", "component__site")
        .order_by("component__site__name", "component__product__name", "component__serial", "pk")
    )
    short = {one.component.pk: one for one in warnings}
    paper.rows(
        ("Component", "Serial", "Site", "Covered", f"List price {currency}", f"Fee {currency}"),
        [
            (
                line.component.product.name,
                line.component.serial + (" *" if line.component_id in short else ""),
                line.component.site.name,
                f"{day_words(line.cover_start)}\nto {day_words(line.cover_end)}",
                _bare(line.list_price, currency),
                _bare(line.unit_fee, currency),
            )
            for line in lines
        ],
        widths=(44, 26, 34, 30, 24, 22),
        numbers=2,
    )
    total = sum((line.unit_fee for line in lines), start=Decimal(0))
    paper.totals([(f"{len(lines)} component{'' if len(lines) == 1 else 's'}, in all", shown(total, currency))])
    if warnings:
        paper.heading("* Warranties that end inside the term")
        paper.paragraph(
            "Advance replacement needs a warranty. For these components its days after the warranty are paid for without it; "
            "support goes on."
        )
        for one in warnings:
            paper.paragraph(f"{one.component.serial}: {warning_words(one)}")
    paper.heading("What it means")
    for text in QUOTE_TERMS:
        paper.paragraph(text)
    return paper.finished()


def quote_number(term: AgreementTerm) -> str:
    return f"{term.agreement.number}, revision {term.revision}" if term.revision > 1 else term.agreement.number


def warning_words(one: UncoveredDays) -> str:
    """warranty ends 3 Mar 2027: 212 days paid without advance replacement"""
    ends = f"warranty ends {day_words(one.warranty_end)}" if one.warranty_end else "no warranty"
    return f"{ends}: {one.days} day{'' if one.days == 1 else 's'} paid without advance replacement"


def invoice_pdf(invoice: Invoice) -> bytes:
    """As it was issued: what was paid or credited later stands on the page, not here."""
    currency = invoice.currency
    paper = Paper("Invoice", invoice.number, invoice.issued_on or date.min)
    term = invoice.term
    paper.facts(
        [
            ("From", OPERATOR),
            ("To", invoice.bill_to.name),
            ("Date", day_words(invoice.issued_on)),
            ("Due", day_words(invoice.due_on)),
        ]
    )
    if term is not None:
        known = [("For", invoice_for_what(invoice)), ("Customer", invoice.customer.name)]
        known.append(("Term", f"{day_words(term.start_date)} to {day_words(term.end_date)}"))
        paper.facts([*known, ("Your order", term.purchase_order)])
    paper.rows(
        ("For", "Quantity", f"Each {currency}", f"Amount {currency}"),
        [
            (readable(line.text), str(line.quantity), _bare(line.unit_amount, currency), _bare(line.amount, currency))
            for line in invoice.lines.order_by("pk")
        ],
        widths=(104, 20, 28, 28),
        numbers=3,
    )
    paper.totals([("To pay", shown(invoice.total, currency))])
    paper.paragraph(f"Pay it by {day_words(invoice.due_on)} and name {invoice.number} with the payment. Without tax.")
    if invoice.kind in (Invoice.Kind.FEE, Invoice.Kind.REINSTATEMENT):
        paper.paragraph(
            "Advance replacement begins when it is paid in full. Support pauses when it is more than 30 days overdue and "
            "ends when it is more than 90 days overdue.",
            muted=True,
        )
    return paper.finished()


def credit_pdf(note: CreditNote) -> bytes:
    """The note brings its invoice."""
    invoice = note.invoice
    paper = Paper("Credit note", note.number, note.issued_on)
    paper.facts(
        [
            ("From", OPERATOR),
            ("To", invoice.bill_to.name),
            ("Date", day_words(note.issued_on)),
            ("For invoice", f"{invoice.number} of {day_words(invoice.issued_on)}"),
        ]
    )
    paper.rows(
        ("Why", f"Amount {invoice.currency}"),
        [(note.reason, _bare(note.amount, invoice.currency))],
        widths=(140, 40),
        numbers=1,
    )
    paper.totals([("Credited", shown(note.amount, invoice.currency))])
    paper.paragraph(
        "It lowers what is open on the invoice. What was paid above that is paid back or set off against the next invoice. "
        "Without tax."
    )
    return paper.finished()


def size_of_invoice(invoice: Invoice) -> int:
    """In bytes, for the link. Remembered, as the document never changes; the key is nobody's to guess."""
    key = f"invoice-pdf:{EDITION}:{invoice.pk}"
    size = cache.get(key)
    if size is None:
        size = len(invoice_pdf(invoice))
        cache.set(key, size, timeout=30 * 24 * 3600)
    return int(size)


def file_name(kind: str, number: str) -> str:
    """invoice-2026-00012.pdf"""
    return f"{kind}-{number.lower().replace(', ', '-').replace(' ', '-')}.pdf"


def _bare(amount: Decimal, currency: str) -> str:
    """The currency stands in the head of the column."""
    return shown(amount, currency).removesuffix(f" {currency}")
