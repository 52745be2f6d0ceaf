"""P1: what needs me, what is promised to me."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect

from contracts.queries import install_base_size
from rozoom_support.lib.ui.parts import parts_of
from tenancy.pages import page
from tickets.portal.answers import show
from tickets.portal.shown import rows_of
from tickets.queries import WAITS_FOR_CUSTOMER, capped_counts, reports_begun, visible_tickets

SHOWN = 10


@page("ticket:read")
def home(request: Any) -> HttpResponse:
    if request.actor.party != "customer":
        return redirect("desk:queue")
    tickets = visible_tickets(request.actor)
    open_ones, needs = tickets.open().exclude(WAITS_FOR_CUSTOMER), tickets.filter(WAITS_FOR_CUSTOMER)
    components, sites = install_base_size(request.membership.organisation)
    context = {
        "section": "home",
        "needs": rows_of(needs.by_time_left()[:SHOWN]),
        "rows": rows_of(open_ones.by_time_left()[:SHOWN]),
        "counts": capped_counts({"needs": needs, "open": open_ones}),
        "shown": SHOWN,
        "drafts": reports_begun(request.actor),
        "components": components,
        "sites": sites,
        "upper_parts": parts_of("home", request, None),
    }
    return show(request, "portal/home.html", context)
