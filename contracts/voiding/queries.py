"""What the pages show of warranties: where each stands, why one is void, and what may be done about it now."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Count, Q

from contracts.lifecycle import WarrantyState
from contracts.models import Component, WarrantyCoverage, WarrantyVoid
from contracts.services.voiding import BEFORE_IT_BEGINS
from contracts.standing import appeal_ends, current_warranty
from contracts.terms import local_date
from tenancy.actor import Actor

W, V = WarrantyState, WarrantyVoid.State
LOOKS = {W.ACTIVE: ("ok", "i-tick"), W.VOID: ("warn", "s2"), W.VOID_FINAL: ("warn", "s2")}
HOLDS = (V.VOID, V.APPEALED, V.FINAL)


@dataclass(frozen=True)
class Deed:
    """`name` is that of the address: contracts:void_<name>."""

    name: str
    label: str
    look: str = ""

    @property
    def url_name(self) -> str:
        return f"contracts:void_{self.name}"


@dataclass(frozen=True)
class Shown:
    """One void: what everybody reads about it, and the deeds of whoever looks."""

    void: WarrantyVoid
    appeal_until: date | None
    may_still_appeal: bool
    deeds: list[Deed]

    @property
    def holds(self) -> bool:
        return self.void.state in HOLDS


@dataclass(frozen=True)
class WarrantyRow:
    warranty: WarrantyCoverage
    state: WarrantyState
    voids: list[Shown]  # the latest first

    @property
    def look(self) -> tuple[str, str]:
        return LOOKS.get(self.state, ("", ""))

    @property
    def can_be_void(self) -> bool:
        return self.state in (W.PENDING, W.ACTIVE) and not any(one.void.state == V.PROPOSED for one in self.voids)


@dataclass(frozen=True)
class ToDo:
    proposals: int
    appeals: int

    def __bool__(self) -> bool:
        return bool(self.proposals or self.appeals)


def may_propose(actor: Actor) -> bool:
    return actor.can("warranty:propose-void")


def warranties_of(actor: Actor, component: Component, now: datetime) -> list[WarrantyRow]:
    """The latest first. The component brings product and site."""
    rows = list(component.warranties.order_by("-start_date"))
    found = WarrantyVoid.objects.filter(warranty__in=rows).exclude(state=V.WITHDRAWN).order_by("-proposed_at")
    voids: dict[int, list[WarrantyVoid]] = {row.pk: [] for row in rows}
    for void in found:
        voids[void.warranty_id].append(void)
    return [_row(actor, component, row, voids[row.pk], now) for row in rows]


def _row(
    actor: Actor, component: Component, row: WarrantyCoverage, voids: list[WarrantyVoid], now: datetime
) -> WarrantyRow:
    zone = component.site.time_zone
    state = current_warranty(
        row.state,
        row.start_date,
        row.end_date,
        voided_at=row.voided_at,
        at=now,
        zone=zone,
        is_hardware=component.product.kind == "HARDWARE",
        has_appeal=any(void.state == V.APPEALED for void in voids),
    )
    return WarrantyRow(row, state, [shown(actor, void, zone, now) for void in voids])


def shown(actor: Actor, void: WarrantyVoid, zone: str, now: datetime) -> Shown:
    until = appeal_ends(void.confirmed_at, zone) if void.confirmed_at else None
    still = void.state == V.VOID and until is not None and local_date(now, zone) <= until
    is_own = void.proposed_by_id == actor.person_id
    may_confirm = actor.can("warranty:void")
    table = (
        (void.state == V.PROPOSED and may_confirm and not is_own, Deed("confirm", "Confirm", "danger")),
        (void.state == V.PROPOSED and may_propose(actor) and (is_own or may_confirm), Deed("withdraw", "Withdraw")),
        (still and actor.can("warranty:appeal"), Deed("appeal", "Appeal", "primary")),
        (void.state == V.APPEALED and actor.can("warranty:answer"), Deed("answer", "Answer the appeal", "primary")),
    )
    return Shown(void, until, still, [deed for holds, deed in table if holds])


def to_do(actor: Actor, now: datetime) -> tuple[list[Shown], list[Shown]]:
    """Proposals that wait for a second person, and appeals that wait for a manager; the oldest first."""
    related = ("customer", "warranty__component__product", "warranty__component__site")
    found = WarrantyVoid.objects.filter(state__in=[V.PROPOSED, V.APPEALED]).select_related(*related)
    rows = [
        shown(actor, void, void.warranty.component.site.time_zone, now) for void in found.order_by("proposed_at", "pk")
    ]
    return [one for one in rows if one.void.state == V.PROPOSED], [one for one in rows if one.void.state == V.APPEALED]


def counts_to_do(actor: Actor) -> ToDo | None:
    """Of what this actor sees on that list; None for those who have none."""
    if not may_propose(actor):
        return None
    counted = WarrantyVoid.objects.aggregate(
        proposals=Count("pk", filter=Q(state=V.PROPOSED)), appeals=Count("pk", filter=Q(state=V.APPEALED))
    )
    return ToDo(**counted)


def grounds_for(actor: Actor, rows: Iterable[WarrantyRow]) -> list[tuple[str, str]]:
    """Those that fit one of these warranties, and that this actor may name."""
    states = {row.state for row in rows if row.can_be_void}
    return [
        (ground.value, ground.label)
        for ground in WarrantyVoid.Ground
        if (W.PENDING in states and actor.can("warranty:void") if ground in BEFORE_IT_BEGINS else W.ACTIVE in states)
    ]


def holding(components: Iterable[UUID], at: datetime) -> dict[UUID, WarrantyVoid]:
    """By component, the void that held at that instant, for programs. One whose warranty had ended by then says nothing more."""
    found = WarrantyVoid.objects.filter(
        Q(answered_at=None) | Q(answered_at__gt=at) | ~Q(state=V.GIVEN_BACK),
        warranty__component__in=list(components),
        confirmed_at__lte=at,
    ).select_related("warranty__component__site")
    return {
        void.warranty.component_id: void
        for void in found.order_by("confirmed_at")
        if local_date(at, void.warranty.component.site.time_zone) <= void.warranty.end_date
    }
