"""A supplier's worklist: what waits for it, what is open, what has ended. roZoom sees those of all suppliers."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from contracts.models import normal_serial
from contracts.selling.words import Tag
from rma.desk.words import LOOKS, RECORD_LOOKS
from rma.models import SupplierRma
from rma.models.suppliers import OPEN_RECORD
from rma.states import RmaKind, RmaState, SupplierState
from rma.stock_lifecycle import SUPPLIER
from rma.supplier.actions import follows_return, next_step, state_words
from tenancy.actor import Actor
from tickets.queries import capped_counts

ROWS = 50
R, S = SupplierState, RmaState
FACTORY_TURN = (S.INBOUND_IN_TRANSIT, S.RECEIVED, S.DIAGNOSED, S.REPAIRING, S.READY_TO_SHIP)
ENDED = Q(state__in=sorted(SUPPLIER.ends))
TO_DO = OPEN_RECORD & (
    Q(state=R.SUBMITTED)
    | Q(rma_kind=RmaKind.FACTORY, rma_state__in=FACTORY_TURN)
    | (Q(state=R.DEFECTIVE_SENT) & ~Q(rma_kind=RmaKind.FACTORY))
)
SHOWS: dict[str, tuple[str, Q]] = {"": ("To do", TO_DO), "open": ("All open", OPEN_RECORD), "ended": ("Ended", ENDED)}


@dataclass(frozen=True)
class Row:
    record: SupplierRma
    url: str
    tag: Tag
    next_step: str


@dataclass(frozen=True)
class Listing:
    show: str
    words: str
    page: int
    rows: list[Row]
    has_next: bool
    counts: dict[str, int]

    def url(self, **changes: str | int) -> str:
        parts: dict[str, str | int] = {"show": self.show, "q": self.words, "page": self.page, **changes}
        kept = {name: value for name, value in parts.items() if value not in ("", 1)}
        return f"{reverse('supplier:records')}{f'?{urlencode(kept)}' if kept else ''}"


def records_of(actor: Actor) -> QuerySet[SupplierRma]:
    """Row security shows a supplier its own."""
    actor.require("supplier-rma:read")
    return SupplierRma.objects.select_related("supplier").exclude(state=R.DRAFT)


def listing(actor: Actor, data: QueryDict) -> Listing:
    show = data.get("show", "") if data.get("show", "") in SHOWS else ""
    words = data.get("q", "").replace("\0", "").strip()[:80]
    number = data.get("page", "")
    page = int(number) if number.isdecimal() and 0 < len(number) < 5 and int(number) else 1
    every = records_of(actor)
    found = matching(every, words) if words else every.filter(SHOWS[show][1])
    start = (page - 1) * ROWS
    order = ("-updated_at", "-id") if show == "ended" or words else ("updated_at", "id")
    rows = list(found.order_by(*order)[start : start + ROWS + 1])
    counts = capped_counts({name or "todo": every.filter(narrow) for name, (_, narrow) in SHOWS.items()})
    return Listing(show, words, page, [row(one) for one in rows[:ROWS]], len(rows) > ROWS, counts)


def matching(found: QuerySet[SupplierRma], words: str) -> QuerySet[SupplierRma]:
    """By either side's number, or the serial; of all states."""
    hits = Q(number__iexact=words) | Q(supplier_number__iexact=words) | Q(serial__iexact=words)
    if normal := normal_serial(words):
        hits |= Q(serial__iexact=normal)
    return found.filter(hits)


def row(record: SupplierRma) -> Row:
    return Row(record, reverse("supplier:record", args=[record.pk]), tag(record), next_step(record))


def tag(record: SupplierRma) -> Tag:
    words, looks = state_words(record), RECORD_LOOKS.get(record.state, ("i-dash", ""))
    if follows_return(record):
        looks = LOOKS.get(record.rma_state, ("i-dash", ""))
    return Tag(words, *looks)
