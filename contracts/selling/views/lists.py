"""Agreements and invoices: a customer's own on one page, the desk's in lists."""

from typing import Any

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from contracts.selling import queries, shown
from contracts.selling.views._doors import is_desk
from sla.clock import TARGETS
from tenancy.pages import page

ROWS, INVOICES = 25, 10
PROMISES = [
    (severity, f"{hours} hour{'' if hours == 1 else 's'}")
    for severity, target in TARGETS.items()
    for hours in [int(target.total_seconds()) // 3600]
]


@require_GET
@page("component:read")
def agreements(request: Any) -> HttpResponse:
    return _desk(request) if is_desk(request) else _own(request)


def _own(request: Any) -> HttpResponse:
    """P8: what is covered, until when, by whom; and what is to pay."""
    actor, now, customer = request.actor, request.unit.now, request.membership.organisation
    rows = shown.agreement_rows(list(queries.agreements_of(actor).order_by("number")), now)
    rows.sort(key=lambda row: shown.SPEAKS.index(row.current.stands.state))
    context: dict[str, Any] = {
        "section": "agreements",
        "active": [row for row in rows if row.is_active],
        "offered": [row for row in rows if row.is_offered],
        "over": [row for row in rows if not row.is_active and not row.is_offered],
        "asked": queries.requests_of_customer(customer),
        "sees_fees": shown.sees_fees(actor),
        "may_ask": actor.can("agreement:ask"),
        "may_order": actor.can("agreement:order"),
        "promises": PROMISES,
    }
    if shown.sees_fees(actor):
        found = Paginator(queries.invoices_of(actor), INVOICES).get_page(request.GET.get("page"))
        context |= {"page": found, "invoices": shown.invoice_rows(found.object_list, now, with_size=True)}
    else:
        context["who_sees"] = queries.who_sees_invoices(customer)
    return render(request, "contracts/selling/own.html", context)


def _desk(request: Any) -> HttpResponse:
    actor, now = request.actor, request.unit.now
    asked = {name: request.GET.get(name, "").strip()[:80].replace("\0", "") for name in ("show", "customer", "q")}
    every = queries.agreements_of(actor)
    filtered = queries.narrowed(every, show=asked["show"], words=asked["q"], customer=asked["customer"], at=now)
    found = Paginator(filtered.order_by("customer__name", "number"), ROWS).get_page(request.GET.get("page"))
    context = {
        "section": "agreements",
        "page": found,
        "rows": shown.agreement_rows(list(found.object_list), now),
        "requests": list(queries.open_requests(actor)[:ROWS]) if actor.can("agreement:quote") else [],
        "is_filtered": any(asked.values()),
        "filter_words": [
            word for word in (queries.SHOWS.get(asked["show"]), asked["customer"].upper(), asked["q"]) if word
        ],
        "show": asked["show"],
        "customer_code": asked["customer"],
        "words": asked["q"],
        "shows": queries.SHOWS.items(),
        "sees_fees": shown.sees_fees(actor),
        "may_quote": actor.can("agreement:quote"),
    }
    return render(request, "contracts/selling/desk.html", context)


@require_GET
@page("invoice:read")
def invoices(request: Any) -> HttpResponse:
    """For the desk: what is overdue first, then whatever is asked for."""
    actor, now = request.actor, request.unit.now
    show = request.GET.get("show", "overdue")
    words = request.GET.get("q", "").strip()[:80].replace("\0", "")
    found = queries.invoices_of(actor)
    if words:
        found = queries.invoices_named(found, words)
    elif show == "overdue":
        found = queries.overdue(found, now)
    elif show == "open":
        found = queries.still_open(found)
    shows = Paginator(found, ROWS).get_page(request.GET.get("page"))
    rows = shown.invoice_rows(shows.object_list, now)
    is_whole_sum = shows.paginator.num_pages == 1 and show in ("overdue", "open") and not words
    context = {
        "section": "agreements",
        "desk": is_desk(request),
        "page": shows,
        "rows": rows,
        "sums": shown.sums_of(rows) if is_whole_sum else [],
        "show": show if not words else "",
        "words": words,
    }
    return render(request, "contracts/selling/invoices.html", context)
