"""The line a serial stands in: what it replaced, what replaced it, where each is, its returns, and what covered it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q

from contracts.lifecycle import TermState, WarrantyState
from contracts.models import AgreementLine, Component, WarrantyCoverage
from rma.models import Rma

NOT_ORDERED = (TermState.DRAFT, TermState.QUOTED, TermState.QUOTE_EXPIRED, TermState.CANCELLED)
MOST = 20  # serials before and after; a place where more failed is looked at otherwise


@dataclass(frozen=True)
class Cover:
    """What covered a serial, as it stood there: what moved to the next one ends with that day."""

    words: str
    start: date
    end: date
    has_moved: bool


@dataclass(frozen=True)
class Link:
    """One serial of the line. `until` is the day another one stood in its place."""

    component: Component
    is_this: bool
    since: date | None
    until: date | None
    came_with: Rma | None
    failed_in: tuple[Rma, ...]
    covers: tuple[Cover, ...]


def line_of(component: Component) -> list[Link]:
    """The first serial first. `component` brings its product and site, and stands under the reader's own role."""
    before = _walk(component, lambda one: _hops(replacement=one), lambda rma: rma.component)
    after = _walk(component, lambda one: _hops(component=one, replacement__isnull=False), lambda rma: rma.replacement)
    line = [*reversed(before), component, *after]
    returns = _returns(line)
    came = {rma.replacement_id: rma for rma in returns}
    left = {rma.component_id: rma for rma in returns if rma.replacement_id}
    days = {key: rma.delivered_on for key, rma in left.items()}
    covers = covers_of(line, days)
    return [
        Link(
            component=one,
            is_this=one.pk == component.pk,
            since=came[one.pk].delivered_on if one.pk in came else one.implemented_on,
            until=days.get(one.pk),
            came_with=came.get(one.pk),
            failed_in=tuple(rma for rma in returns if rma.component_id == one.pk),
            covers=tuple(covers[one.pk]),
        )
        for one in line
    ]


def _hops(**which: Any) -> Any:
    related = ("component__product", "component__site", "replacement__product", "replacement__site")
    return Rma.objects.filter(**which).select_related(*related).order_by("-requested_at")


def _walk(start: Component, hops: Any, other: Any) -> list[Component]:
    found: list[Component] = []
    seen = {start.pk}
    one = start
    while len(found) < MOST:
        rma = hops(one).filter(customer_id=start.customer_id).first()
        following = other(rma) if rma is not None else None
        if following is None or following.pk in seen:
            break
        seen.add(following.pk)
        found.append(following)
        one = following
    return found


def _returns(line: Sequence[Component]) -> list[Rma]:
    about = Q(component__in=line) | Q(replacement__in=line)
    return list(Rma.objects.for_list().filter(about, customer_id=line[0].customer_id).order_by("requested_at", "id"))


def covers_of(components: Iterable[Component], moved: dict[UUID | None, date | None]) -> dict[UUID, list[Cover]]:
    """Warranties and lines of agreements that were ordered, the earliest first. `moved`: the day each serial was followed."""
    found: defaultdict[UUID, list[Cover]] = defaultdict(list)
    known = {one.pk: one for one in components}
    customers = {one.customer_id for one in known.values()}
    warranties = WarrantyCoverage.objects.filter(component__in=known, customer_id__in=customers)
    for one in warranties.order_by("start_date", "pk"):
        has_moved = one.state == WarrantyState.TRANSFERRED
        end = min(one.end_date, moved.get(one.component_id) or one.end_date) if has_moved else one.end_date
        void = ", void" if one.voided_at else ""
        words = f"{one.get_kind_display()} warranty{void}"  # type: ignore[attr-defined]
        found[one.component_id].append(Cover(words, one.start_date, max(one.start_date, end), has_moved))
    lines = AgreementLine.objects.filter(component__in=known, customer_id__in=customers)
    ordered = lines.exclude(term__state__in=NOT_ORDERED).select_related("term__agreement")
    for line in ordered.order_by("cover_start", "pk"):
        end = line.removed_on or line.cover_end
        has_moved = line.removed_on is not None and moved.get(line.component_id) is not None
        words = f"Agreement {line.term.agreement.number}"
        found[line.component_id].append(Cover(words, line.cover_start, max(line.cover_start, end), has_moved))
    return found
