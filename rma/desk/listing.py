"""The board and its lists: what was asked for, which returns answer it, and what a row or card shows. Rows never query."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.db import connection
from django.db.models import Q
from django.db.models.expressions import Combinable
from django.http import QueryDict
from django.urls import reverse
from django.utils.http import urlencode

from contracts.models import normal_serial
from contracts.selling.words import Tag, day_words
from contracts.terms import local_date
from rma import actions
from rma.actions import Action
from rma.desk.steps import OF_STATE, STEPS, in_step
from rma.desk.words import state_tag, turn_words
from rma.lifecycle import turn_of
from rma.models import Rma, RmaQuerySet
from rma.services.boxes import normal_tracking
from rma.standing import today_of, zone_of
from rma.states import ENDED, RmaKind, RmaState
from tenancy.actor import Actor
from tickets.desk.filters import customers_named
from tickets.queries import capped_counts

CARDS = 6  # of a column of the board
ROWS = 50
ALL, OVER = "all", "ended"
PAGE_CAP = 2000
S = RmaState


@dataclass(frozen=True)
class Asked:
    """The query string, checked. What is unknown falls away: a bookmark never breaks."""

    step: str = ""
    q: str = ""
    severity: tuple[str, ...] = ()
    customer: str = ""
    kind: str = ""
    page: int = 1

    @classmethod
    def of(cls, data: QueryDict) -> "Asked":
        def text(name: str) -> str:
            return data.get(name, "").replace("\0", "").strip()[:80]

        step, kind, page = text("step"), text("kind"), text("page")
        return cls(
            step=step if step in (*STEPS, ALL, OVER) else "",
            q=text("q"),
            severity=tuple(one for one in ("1", "2", "3") if one in data.getlist("severity")),
            customer=text("customer"),
            kind=kind if kind in RmaKind.values else "",
            page=min(int(page), PAGE_CAP) if page.isdecimal() and len(page) < 9 and int(page) else 1,
        )

    def url(self, **changes: object) -> str:
        """Of this list with some parts changed. Another filter begins at page 1."""
        asked = replace(self, **({"page": 1} | changes)) if changes else self  # type: ignore[arg-type]
        fresh = Asked()
        parts = {name: value for name, value in vars(asked).items() if value != getattr(fresh, name)}
        query = urlencode(parts, doseq=True)
        return f"{reverse('returns_desk:board')}{f'?{query}' if query else ''}"

    @property
    def is_narrowed(self) -> bool:
        return any((self.q, self.severity, self.customer, self.kind))

    @property
    def shows_board(self) -> bool:
        return not self.step and not self.is_narrowed

    def chips(self) -> list[dict[str, str]]:
        shown = [{"label": f"“{self.q}”", "url": self.url(q="")}] if self.q else []
        for one in self.severity:
            rest = tuple(other for other in self.severity if other != one)
            shown.append({"label": f"Severity {one}", "url": self.url(severity=rest)})
        if self.kind:
            shown.append({"label": RmaKind(self.kind).label, "url": self.url(kind="")})
        if self.customer:
            shown.append({"label": f"Customer: {self.customer}", "url": self.url(customer="")})
        return shown


@dataclass(frozen=True)
class Row:
    rma: Rma
    url: str
    tag: Tag
    turn: str
    due: str
    is_late: bool
    step: str
    moves: list[Action] = field(default_factory=list)

    @property
    def serial(self) -> str:
        return self.rma.serial

    @property
    def product(self) -> str:
        return self.rma.component.product.name if self.rma.component else "Serial not registered"

    @property
    def place(self) -> str:
        site = self.rma.ship_to or (self.rma.component.site if self.rma.component else None)
        return site.name if site else ""


def row(rma: Rma, actor: Actor, now: datetime) -> Row:
    actions.as_of(rma, now)
    due, is_late = due_of(rma, now)
    return Row(
        rma=rma,
        url=reverse("returns_desk:return", args=[rma.reference]),
        tag=state_tag(rma),
        turn=turn_words(turn_of(rma)),
        due=due,
        is_late=is_late,
        step=OF_STATE.get(rma.state, ""),
        moves=actions.moves(rma, actor),
    )


def due_of(rma: Rma, now: datetime) -> tuple[str, bool]:
    """The day that matters in this state, and whether it has passed."""
    if rma.state in (S.APPROVED, S.ALLOCATED, S.BACKORDERED) and rma.contract_ship_by is not None:
        leaves = f"Leaves by {day_words(rma.contract_ship_by)}"
        if rma.state == S.BACKORDERED and rma.expected_on is not None:
            leaves = f"{leaves}, unit expected {day_words(rma.expected_on)}"
        return leaves, local_date(now, _warehouse_zone(rma)) > rma.contract_ship_by
    if rma.state == S.SHIPPED and rma.deliver_target is not None:
        return f"Arrives by {day_words(rma.deliver_target)}", today_of(rma, now) > rma.deliver_target
    if rma.state in (S.DELIVERED, S.RETURN_OVERDUE, S.NON_RETURN_INVOICED) and rma.return_due is not None:
        return f"Due back {day_words(rma.return_due)}", rma.state != S.DELIVERED
    if rma.state in (S.QUOTED, S.AWAITING_INBOUND, S.EXPIRED) and rma.valid_until is not None:
        return f"Valid until {day_words(rma.valid_until)}", rma.state == S.EXPIRED
    return "", False


def _warehouse_zone(rma: Rma) -> str:
    return rma.pool.warehouse.time_zone if rma.pool else zone_of(rma)


# The board --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    name: str
    title: str
    hint: str
    look: str
    count: int
    rows: list[Row]
    url: str

    @property
    def more(self) -> int:
        return self.count - len(self.rows)


def board(actor: Actor, now: datetime) -> list[Column]:
    """Every step with its first cards: three statements, however many returns there are."""
    sets = {name: in_step(name, now) for name in STEPS}
    counts = capped_counts(sets)
    keys = first_keys({name: found.order_by(*STEPS[name].order) for name, found in sets.items()})
    every = [key for found in keys.values() for key in found]
    cards = {one.pk: row(one, actor, now) for one in Rma.objects.for_board().filter(pk__in=every)}
    return [
        Column(
            name=name,
            title=step.title,
            hint=step.hint,
            look=step.look,
            count=counts[name],
            rows=[cards[key] for key in keys[name] if key in cards],
            url=Asked(step=name).url(),
        )
        for name, step in STEPS.items()
    ]


def first_keys(sets: dict[str, RmaQuerySet]) -> dict[str, list[object]]:
    """The first keys of each set, all in one statement."""
    parts, params = [], []
    for name, found in sets.items():
        sql, values = found.values("pk")[:CARDS].query.sql_with_params()
        parts.append(f"(SELECT %s, array({sql}))")
        params += [name, *values]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), params)
        return {name: list(keys) for name, keys in cursor.fetchall()}


# Lists ------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Listing:
    asked: Asked
    rows: list[Row]
    has_next: bool
    counts: dict[str, int]

    @property
    def title(self) -> str:
        if self.asked.step in STEPS:
            return STEPS[self.asked.step].title
        return {ALL: "All open returns", OVER: "Ended returns"}.get(self.asked.step, "Returns")

    @property
    def hint(self) -> str:
        return STEPS[self.asked.step].hint if self.asked.step in STEPS else ""


def listing(actor: Actor, asked: Asked, now: datetime) -> Listing:
    found = narrowed(asked, now)
    start = (asked.page - 1) * ROWS
    order: Sequence[str | Combinable] = STEPS[asked.step].order if asked.step in STEPS else ("-updated_at", "-id")
    # The keys first and by themselves: joined to all that a row shows, the database reads every return for fifty of them.
    keys = list(found.order_by(*order).values_list("pk", flat=True)[start : start + ROWS + 1])  # type: ignore[arg-type]
    picked = Rma.objects.for_board().in_bulk(keys[:ROWS])
    rows = [row(picked[key], actor, now) for key in keys[:ROWS]]
    return Listing(asked, rows, len(keys) > ROWS, capped_counts({name: in_step(name, now) for name in STEPS}))


def narrowed(asked: Asked, now: datetime) -> RmaQuerySet:
    found: RmaQuerySet = Rma.objects.all()
    if asked.step in STEPS:
        found = in_step(asked.step, now)
    elif asked.step == OVER:
        found = found.filter(state__in=[str(state) for state in ENDED])
    elif asked.step == ALL or not asked.q:
        found = found.open()
    if asked.severity:
        found = found.filter(severity__in=asked.severity)
    if asked.kind:
        found = found.filter(kind=asked.kind)
    if asked.customer:
        found = found.filter(customer_id__in=customers_named(asked.customer))
    return matching(found, asked.q) if asked.q else found


def matching(found: RmaQuerySet, words: str) -> RmaQuerySet:
    """By number, serial, ticket or tracking number, each exactly as far as its label says."""
    serial, number = normal_serial(words), words.upper()
    ways = [Q(reference=number), Q(ticket__reference=number), Q(shipments__tracking_number=normal_tracking(words))]
    if serial:
        ways += [
            Q(component__serial_normal=serial),
            Q(replacement__serial_normal=serial),
            Q(claimed_serial_normal=serial),
            Q(component__product__sku__iexact=words),
        ]
    # Each way by its own: one condition of all of them together has to look at every return.
    first, *others = [Rma.objects.filter(way).values("pk") for way in ways]
    return found.filter(pk__in=first.union(*others))
