"""One agreement, one invoice, and their documents."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from contracts.lifecycle import InvoiceState, TermState
from contracts.selling import documents, queries, shown
from contracts.selling.moves import invoice_moves
from contracts.selling.views._doors import is_desk
from contracts.selling.words import money, readable
from contracts.services import warranty_warnings
from rozoom_support.lib.refusals import NotFound
from tenancy.pages import page


@require_GET
@page("component:read")
def agreement(request: Any, agreement_id: UUID) -> HttpResponse:
    actor, now = request.actor, request.unit.now
    found = queries.agreement_for(actor, agreement_id)
    rows = shown.agreement_rows([found], now)
    if not rows:
        raise NotFound
    (row,) = rows
    sees_bills = shown.sees_bills(actor, row.seller)
    invoices = queries.invoices_of(actor).filter(term__agreement=found) if sees_bills else []
    context = {
        "section": "agreements",
        "desk": is_desk(request),
        "row": row,
        "terms": shown.term_pages(actor, row),
        "sees_fees": shown.sees_fees(actor),
        "sees_bills": sees_bills,
        "invoices": shown.invoice_rows(invoices, now),
        "history": shown.happened(found, sees_bills=sees_bills),
    }
    return render(request, "contracts/selling/agreement.html", context)


@require_GET
@page("invoice:read")
def invoice(request: Any, invoice_id: UUID) -> HttpResponse:
    actor, now = request.actor, request.unit.now
    (row,) = shown.invoice_rows([queries.invoice_for(actor, invoice_id)], now, with_size=True)
    found = row.invoice
    reversed_ones = {one.reverses_id for one in found.payments.all() if one.reverses_id}
    context = {
        "section": "agreements",
        "desk": is_desk(request),
        "row": row,
        "lines": [
            (
                line.quantity,
                readable(line.text),
                money(line.unit_amount, found.currency),
                money(line.amount, found.currency),
            )
            for line in found.lines.order_by("pk")
        ],
        "payments": [
            (one, money(one.amount, found.currency), one.reverses_id is None and one.pk not in reversed_ones)
            for one in found.payments.all()
        ],
        "credits": [(one, money(one.amount, found.currency)) for one in found.credits.all()],
        "moves": invoice_moves(actor, found, row.today),
        "may_reverse": actor.can("invoice:manage") and found.state in (InvoiceState.PARTIALLY_PAID, InvoiceState.PAID),
        "agreement": found.term.agreement if found.term else None,
    }
    return render(request, "contracts/selling/invoice.html", context)


# Documents ------------------------------------------------------------------------------------------------------------


@require_GET
@page("invoice:read")
def invoice_pdf(request: Any, invoice_id: UUID) -> HttpResponse:
    found = queries.invoice_for(request.actor, invoice_id)
    return _paper(documents.invoice_pdf(found), documents.file_name("invoice", found.number))


@require_GET
@page("invoice:read")
def credit_pdf(request: Any, credit_id: UUID) -> HttpResponse:
    note = queries.credit_for(request.actor, credit_id)
    return _paper(documents.credit_pdf(note), documents.file_name("credit-note", note.number))


@require_GET
@page("invoice:read")
def quote_pdf(request: Any, term_id: UUID) -> HttpResponse:
    """What was quoted, also after it was ordered. A draft has no paper."""
    term = queries.term_for(request.actor, term_id)
    if term.quoted_on is None or term.state == TermState.DRAFT:
        raise NotFound
    seller = queries.sellers_of([term.agreement])[term.agreement.sold_by_id]
    return _paper(
        documents.quote_pdf(term, seller.name, warranty_warnings(term)),
        documents.file_name("quote", documents.quote_number(term)),
    )


def _paper(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{name}"'
    return response
