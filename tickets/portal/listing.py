"""P3: which tickets, in which order. The address holds everything, so a reload shows the same rows."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Case, F, IntegerField, QuerySet, Value, When
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.urls import reverse

from contracts.models import Component, Site
from tenancy.actor import Actor
from tickets.lifecycle import UNSOLVED
from tickets.models import Ticket, TicketQuerySet
from tickets.portal.forms import Choice, FilterForm
from tickets.queries import COUNT_CAP, WAITS_FOR_CUSTOMER, capped_counts, matching, visible_tickets

TABS = {"open": "Open", "needs": "Needs your answer", "closed": "Closed"}
MOST_COMPONENTS = 100  # in the filter; more than that is found by searching
PAGE_SIZE = 50


class CountedPaginator(Paginator):
    """Its size is known already, counted up to a cap; what lies beyond is found by searching."""

    def __init__(self, rows: QuerySet[Any], per_page: int, *, count: int) -> None:
        super().__init__(rows, per_page)
        self.counted = count

    @property
    def count(self) -> int:  # type: ignore[override]
        return self.counted


@dataclass(frozen=True)
class Listing:
    tab: str
    form: FilterForm
    page: Page[Ticket]
    counts: dict[str, int]
    chips: list[dict[str, str]]
    tabs: list[dict[str, Any]]

    @property
    def capped(self) -> bool:
        return self.counts[self.tab] > COUNT_CAP


def address(query: QueryDict, **changes: str | None) -> str:
    """This list with some parameters changed; a page number never survives a change."""
    changed = query.copy()
    for name, value in {"page": None, **changes}.items():
        if value:
            changed[name] = value
        else:
            changed.pop(name, None)
    for name in [name for name, value in changed.items() if not value]:
        changed.pop(name)
    target = reverse("portal:tickets")
    return f"{target}?{changed.urlencode()}" if changed else target


def listing_for(actor: Actor, query: QueryDict) -> Listing:
    tab = query.get("tab", "open")
    tab = tab if tab in TABS else "open"
    form = _form(actor, query)
    tickets = narrow(visible_tickets(actor), form.cleaned_data)
    sets = {
        "open": tickets.open(),
        "needs": tickets.filter(WAITS_FOR_CUSTOMER),
        "closed": tickets.exclude(state__in=UNSOLVED),
    }
    counts = capped_counts(sets)
    shown = last_ended(sets[tab]) if tab == "closed" else in_turn(sets[tab])
    page = CountedPaginator(shown, PAGE_SIZE, count=counts[tab]).get_page(query.get("page"))
    return Listing(tab, form, page, counts, _chips(form, query), _tabs(tab, counts, query))


def narrow(tickets: TicketQuerySet, wanted: dict[str, str]) -> TicketQuerySet:
    if wanted.get("severity"):
        tickets = tickets.filter(severity=int(wanted["severity"]))
    if wanted.get("site"):
        tickets = tickets.filter(site_id=UUID(wanted["site"]))
    if wanted.get("component"):
        tickets = tickets.filter(component_id=UUID(wanted["component"]))
    return matching(tickets, wanted.get("q", ""))


def in_turn(tickets: TicketQuerySet) -> TicketQuerySet:
    """What waits for the customer first, then least time left."""
    mine = Case(When(WAITS_FOR_CUSTOMER, then=Value(0)), default=Value(1), output_field=IntegerField())
    return tickets.order_by(mine, F("clock_due_at").asc(nulls_last=True), "last_customer_message_at", "id")


def last_ended(tickets: TicketQuerySet) -> TicketQuerySet:
    return tickets.order_by(Coalesce("closed_at", "resolved_at", "updated_at").desc(), "-id")


def _form(actor: Actor, query: QueryDict) -> FilterForm:
    sites: list[Choice] = [(str(pk), name) for pk, name in Site.objects.order_by("name").values_list("pk", "name")]
    components = Component.objects.select_related("product").order_by("product__name", "serial")[:MOST_COMPONENTS]
    known: list[Choice] = [(str(one.pk), f"{one.product.name}, {one.serial}") for one in components]
    form = FilterForm(query, sites=sites, components=known)
    form.is_valid()  # a value that nobody could have chosen is no filter
    return form


def _chips(form: FilterForm, query: QueryDict) -> list[dict[str, str]]:
    chips = []
    for name, value in form.cleaned_data.items():
        if value:
            choices = dict(getattr(form.fields[name], "choices", []))
            label = str(choices.get(value, f"“{value}”"))
            chips.append({"label": label, "url": address(query, **{name: None})})
    return chips


def _tabs(tab: str, counts: dict[str, int], query: QueryDict) -> list[dict[str, Any]]:
    return [
        {
            "label": label,
            "url": address(query, tab=None if name == "open" else name),
            "count": f"{COUNT_CAP:,}+" if counts[name] > COUNT_CAP else counts[name],
            "current": name == tab,
        }
        for name, label in TABS.items()
    ]
