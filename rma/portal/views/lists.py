"""All returns of a customer, or of a reseller's customers."""

from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from rma.portal.doors import frame
from rma.portal.listing import listing_for
from tenancy.pages import page
from tickets.portal.answers import show


@require_safe
@page("rma:read")
def returns(request: Any) -> HttpResponse:
    listing = listing_for(request.actor, request.GET, request.unit.now)
    count = listing.page.paginator.count
    context = {
        **frame(request),
        "listing": listing,
        "form": listing.form,
        "page": listing.page,
        "rows": listing.rows,
        "filter_words": [chip["label"] for chip in listing.chips],
        "any_return": any(listing.counts.values()),
        "say_found": "No returns match" if not count else f"{count} return{'' if count == 1 else 's'}",
    }
    return show(request, "rma/portal/returns.html", context, part="rma/portal/_returns_found.html")
