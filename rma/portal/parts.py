"""Returns on the pages of lower apps: the ticket they belong to, the component they are about, the customer's home;
and how often they left in time, in the reports."""

from typing import Any

from django.db.models import Q
from django.urls import reverse

from contracts.models import Component, Product
from rma.attainment import by_month, finding, sum_of
from rma.models import Rma
from rma.portal.listing import in_turn, rows_of
from rma.portal.words import NEEDS_YOU
from rozoom_support.lib.ui.parts import Part, shows_on
from tenancy.preferences import preferences_of
from tickets.lifecycle import UNSOLVED
from tickets.models import Ticket

SHOWN = 5


@shows_on("ticket")
def of_ticket(request: Any, ticket: Ticket) -> Part | None:
    """Its returns, and the way to ask for one where it may name hardware."""
    actor = request.actor
    if not actor.can("rma:read"):
        return None
    found = (
        Rma.objects.for_list().filter(customer_id=ticket.customer_id, ticket=ticket).order_by("-requested_at", "-id")
    )
    rows = rows_of(found[:SHOWN], request.unit.now)
    is_software = ticket.component is not None and ticket.component.product.kind == Product.Kind.SOFTWARE
    may_ask = actor.can("rma:request") and ticket.state in UNSOLVED and not is_software
    if not rows and (not may_ask or ticket.component is None):
        return None
    knows = any(row.rma.component_id == ticket.component_id and row.rma.is_open for row in rows)
    label = "Another part failed too" if knows else "Ask for a replacement"
    url = reverse("returns:ask", args=[ticket.reference]) + ("?other=1" if knows else "")
    return Part(
        "rma/parts/ticket.html",
        {"rows": rows, "ask_url": url if may_ask else "", "ask_label": label, "is_first": not rows},
    )


@shows_on("component")
def of_component(request: Any, component: Component) -> Part | None:
    """The returns it failed in, or came with."""
    if not request.actor.can("rma:read"):
        return None
    about = Q(component=component) | Q(replacement=component)
    found = Rma.objects.for_list().filter(about, customer_id=component.customer_id).order_by("-requested_at", "-id")
    rows = rows_of(found[:SHOWN], request.unit.now)
    has_line = any(row.rma.replacement_id is not None for row in rows)
    values = {"rows": rows, "component": component, "has_line": has_line}
    return Part("rma/parts/component.html", values) if rows else None


@shows_on("home")
def of_home(request: Any, about: Any) -> Part | None:
    """What waits for the customer: a part to send back, something to supply, a quote."""
    if not request.actor.can("rma:read"):
        return None
    found = list(in_turn(Rma.objects.open().filter(NEEDS_YOU)).for_list()[: SHOWN + 1])
    if not found:
        return None
    rows = rows_of(found[:SHOWN], request.unit.now)
    return Part("rma/parts/home.html", {"rows": rows, "has_more": len(found) > SHOWN})


@shows_on("reports")
def of_reports(request: Any, about: Any) -> Part | None:
    """Whether replacements left when it was promised: the reader's own, as the rows of its role are."""
    if not request.actor.can("rma:read"):
        return None
    zone = preferences_of(request.user, request.membership)["time_zone"]
    months = by_month(request.unit.now, zone)
    if not months:
        return None
    values = {"months": months, "all": sum_of(months), "zone": zone, "finding": finding(sum_of(months))}
    return Part("rma/parts/reports.html", {**values, "csv_url": reverse("returns:ship_by")})
