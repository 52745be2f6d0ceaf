"""P3: my tickets."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect

from tenancy.pages import page
from tickets.portal.answers import show
from tickets.portal.listing import address, listing_for
from tickets.portal.shown import rows_of


@page("ticket:read")
def tickets(request: Any) -> HttpResponse:
    if request.actor.party != "customer":
        return redirect("desk:queue")
    listing = listing_for(request.actor, request.GET)
    clear = address(request.GET, **dict.fromkeys(listing.form.fields))
    context = {
        "section": "tickets",
        "listing": listing,
        "form": listing.form,
        "page": listing.page,
        "rows": rows_of(listing.page.object_list),
        "clear_url": clear,
        "filter_words": [chip["label"] for chip in listing.chips],
        "any_ticket": any(listing.counts.values()) or listing.page.paginator.count > 0,
    }
    count = listing.page.paginator.count
    context["say_found"] = "No tickets match" if not count else f"{count} ticket{'' if count == 1 else 's'}"
    return show(request, "portal/tickets.html", context, part="portal/_tickets_found.html")
