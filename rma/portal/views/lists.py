"""All returns of a customer, or of a reseller's customers; how often they left in time, as a file."""

from typing import Any

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from rma.attainment import as_csv, by_month
from rma.portal.doors import frame
from rma.portal.listing import listing_for
from tenancy.pages import page
from tenancy.preferences import preferences_of
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


@require_safe
@page("report:read")
def ship_by(request: Any) -> HttpResponse:
    """The months of the page Reports."""
    return as_csv(by_month(request.unit.now, preferences_of(request.user, request.membership)["time_zone"]))
