"""Which returns, in which order. The address holds everything, so a reload shows the same rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django import forms
from django.core.paginator import Page
from django.db.models import Case, F, IntegerField, Q, Value, When
from django.http import QueryDict
from django.urls import reverse

from contracts.models import Site, normal_serial
from contracts.selling.words import Tag
from rma.models import Rma, RmaQuerySet
from rma.portal.words import NEEDS_YOU, kind_words, needs_you, next_day, part_words, state_tag, turn_words
from rma.standing import current_state
from rma.states import RmaKind
from tenancy.actor import Actor
from tenancy.models import Kind, Organisation
from tickets.portal.listing import CountedPaginator
from tickets.queries import COUNT_CAP, capped_counts

TABS = {"open": "Open", "needs": "Needs you", "ended": "Ended"}
PAGE_SIZE = 50
Choices = list[tuple[str, str]]


class FilterForm(forms.Form):
    """What nobody could have chosen is no filter."""

    q = forms.CharField(required=False, max_length=100)
    kind = forms.ChoiceField(required=False, label="Kind")
    site = forms.ChoiceField(required=False, label="Site")
    customer = forms.ChoiceField(required=False, label="Customer")

    def __init__(self, *args: Any, sites: Choices, customers: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds: Choices = [(RmaKind.ADVANCE, "Replacement in advance"), (RmaKind.FACTORY, "Repair in the factory")]
        for name, choices in (("kind", kinds), ("site", sites), ("customer", customers)):
            field: Any = self.fields[name]
            field.choices = [("", "All"), *choices]

    def clean_q(self) -> str:
        return str(self.cleaned_data["q"]).replace("\0", "").strip()


@dataclass(frozen=True)
class Row:
    rma: Rma
    url: str
    tag: Tag
    part: str
    kind: str
    turn: str
    is_yours: bool
    day: tuple[str, date] | None
    where: str


@dataclass(frozen=True)
class Listing:
    tab: str
    form: FilterForm
    page: Page[Rma]
    rows: list[Row]
    counts: dict[str, int]
    chips: list[dict[str, str]]
    tabs: list[dict[str, Any]]
    clear_url: str

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
    target = reverse("returns:list")
    return f"{target}?{changed.urlencode()}" if changed else target


def listing_for(actor: Actor, query: QueryDict, now: datetime) -> Listing:
    actor.require("rma:read")
    tab = query.get("tab", "open")
    tab = tab if tab in TABS else "open"
    form = _form(actor, query)
    found = narrow(Rma.objects.all(), form.cleaned_data)
    sets = {"open": found.open(), "needs": found.open().filter(NEEDS_YOU), "ended": _ended(found)}
    counts = capped_counts(sets)
    ordered = sets[tab].order_by(F("ended_at").desc(), "-id") if tab == "ended" else in_turn(sets[tab])
    page = CountedPaginator(ordered.for_list(), PAGE_SIZE, count=counts[tab]).get_page(query.get("page"))
    return Listing(
        tab=tab,
        form=form,
        page=page,
        rows=rows_of(page.object_list, now, with_customer=actor.party != "customer"),
        counts=counts,
        chips=_chips(form, query),
        tabs=_tabs(tab, counts, query),
        clear_url=address(query, **dict.fromkeys(form.fields)),
    )


def _ended(found: RmaQuerySet) -> RmaQuerySet:
    return found.filter(ended_at__isnull=False)


def narrow(found: RmaQuerySet, wanted: dict[str, str]) -> RmaQuerySet:
    if wanted.get("kind"):
        found = found.filter(kind=wanted["kind"])
    if wanted.get("site"):
        found = found.filter(ship_to_id=UUID(wanted["site"]))
    if wanted.get("customer"):
        found = found.filter(customer__code=wanted["customer"])
    if words := wanted.get("q"):
        found = found.filter(_matching(words))
    return found


def _matching(words: str) -> Q:
    """A return, a ticket, a serial or a product."""
    serial = normal_serial(words)
    by_serial = Q(component__serial_normal__startswith=serial) | Q(claimed_serial_normal__startswith=serial)
    return (
        Q(reference__iexact=words)
        | Q(ticket__reference__iexact=words)
        | Q(component__product__name__icontains=words)
        | (by_serial if serial else Q(pk=None))
    )


def in_turn(found: RmaQuerySet) -> RmaQuerySet:
    """What waits for the customer first, then what has waited longest."""
    mine = Case(When(NEEDS_YOU, then=Value(0)), default=Value(1), output_field=IntegerField())
    return found.order_by(mine, "state_since", "id")


def rows_of(rmas: Iterable[Rma], now: datetime, *, with_customer: bool = False) -> list[Row]:
    return [_row(one, now, with_customer) for one in rmas]


def _row(rma: Rma, now: datetime, with_customer: bool) -> Row:
    state = current_state(rma, now)
    place = [rma.customer.name if with_customer else "", rma.ship_to.name if rma.ship_to else ""]
    return Row(
        rma=rma,
        url=reverse("returns:tracking", args=[rma.reference]),
        tag=state_tag(rma, state),
        part=part_words(rma),
        kind=kind_words(rma),
        turn=turn_words(rma, state),
        is_yours=needs_you(rma, state),
        day=next_day(rma, state),
        where=" · ".join(filter(None, place)),
    )


def _form(actor: Actor, query: QueryDict) -> FilterForm:
    """A customer chooses among its sites, a reseller among its customers."""
    sites: Choices = []
    customers: Choices = []
    if actor.party == "customer":
        sites = [(str(pk), name) for pk, name in Site.objects.order_by("name").values_list("pk", "name")]
    else:
        known = Organisation.objects.filter(kind=Kind.CUSTOMER).order_by("name")
        customers = list(known.values_list("code", "name"))
    form = FilterForm(query, sites=sites, customers=customers)
    form.is_valid()
    return form


def _chips(form: FilterForm, query: QueryDict) -> list[dict[str, str]]:
    chips = []
    for name, value in form.cleaned_data.items():
        if value:
            label = str(dict(getattr(form.fields[name], "choices", [])).get(value, f"“{value}”"))
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
