"""Where a term or a warranty stands on a day, computed from its dates and what is owed (docs/coverage.md "Lifecycles").

Pages show this, never the stored state: a job that is late changes nobody's cover, and nobody's words about it either.
`contracts.keeping` writes it down later. Both agree with `contracts.entitlement.support`: covered is what COVERING says.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import F, Q

from contracts.coverage import shared_of_terms
from contracts.facts import Term
from contracts.lifecycle import BEFORE_ORDER, TermState, WarrantyState
from contracts.models import AgreementLine, AgreementTerm, Component, WarrantyCoverage, WarrantyVoid
from contracts.terms import DAY, local_date
from tenancy.models import Organisation

T, W = TermState, WarrantyState
COVERING = (T.IN_FORCE, T.GRACE)
BY_DEED = (T.DRAFT, T.CANCELLED, T.REINSTATED)  # no date changes these
APPEAL = timedelta(days=30)


def current_state(
    stored: str, term: Term | None, day: date, *, valid_until: date | None = None, renewed_on: date | None = None
) -> TermState:
    """Where a term stands on `day`.

    `term`: what was ordered, its cover the whole term; None before an order. `renewed_on`: the day on which the term that
    begins on the day after was ordered. A stored state counts only where a person made it.
    """
    if stored in BY_DEED:
        return T(stored)
    if stored in (T.QUOTED, T.QUOTE_EXPIRED) or term is None:
        is_over = stored == T.QUOTE_EXPIRED or (valid_until is not None and day > valid_until)
        return T.QUOTE_EXPIRED if is_over else T.QUOTED
    if term.terminated_on is not None and day >= term.terminated_on:
        return T.TERMINATED
    if day < term.start:
        return T.ORDERED
    return _running(term, day) if day <= term.end else _over(term, day, renewed_on)


def _running(term: Term, day: date) -> TermState:
    if term.is_lapsed(day):
        return T.LAPSED
    return T.SUSPENDED if term.is_suspended(day) else T.IN_FORCE


def _over(term: Term, day: date, renewed_on: date | None) -> TermState:
    if term.ended_suspended or term.is_lapsed(term.end):
        return T.LAPSED
    if renewed_on is not None and renewed_on <= min(day, term.grace_ends):
        return T.RENEWED
    if not term.in_grace(day):
        return T.LAPSED
    return T.SUSPENDED if term.is_suspended(day) else T.GRACE


def current_warranty(
    stored: str,
    start: date,
    end: date,
    *,
    voided_at: datetime | None,
    at: datetime,
    zone: str,
    is_hardware: bool = True,
    has_appeal: bool = False,
) -> WarrantyState:
    """Where a warranty stands at an instant; its days count in the zone of the component's site.

    `has_appeal`: somebody appealed in time and waits for the answer, so that no date makes it void for good.
    """
    if stored == W.TRANSFERRED:
        return W.TRANSFERRED
    day = local_date(at, zone)
    if voided_at is not None and voided_at <= at:
        is_final = stored == W.VOID_FINAL or (not has_appeal and day > appeal_ends(voided_at, zone))
        return W.VOID_FINAL if is_final else W.VOID
    if day < start or not is_hardware:
        return W.PENDING
    return W.ACTIVE if day <= end else W.EXPIRED


def appeal_ends(voided_at: datetime, zone: str) -> date:
    """The last day on which an appeal is taken."""
    return local_date(voided_at, zone) + APPEAL


# Of rows that are stored ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """One term on the day that it is for its customer. `facts` is None before an order."""

    state: TermState
    day: date
    facts: Term | None = None
    successor: AgreementTerm | None = None  # ordered, begins on the day after

    @property
    def is_covering(self) -> bool:
        return self.state in COVERING

    @property
    def lapsed_by_debt(self) -> bool:
        """It lapsed inside its own dates: it can only be sold anew."""
        return self.state == T.LAPSED and self.facts is not None and self.day <= self.facts.end

    @property
    def days_left(self) -> int | None:
        """Until the last day, which counts; below zero afterwards."""
        return (self.facts.end - self.day).days if self.facts else None


def warranty_standing(row: WarrantyCoverage, at: datetime) -> WarrantyState:
    """Of one warranty that brings its component with product and site."""
    is_void = row.state == W.VOID
    return current_warranty(
        row.state,
        row.start_date,
        row.end_date,
        voided_at=row.voided_at,
        at=at,
        zone=row.component.site.time_zone,
        is_hardware=row.component.product.kind == "HARDWARE",
        has_appeal=is_void and row.voids.filter(state=WarrantyVoid.State.APPEALED).exists(),
    )


def today_of(customer: Organisation | None, at: datetime) -> date:
    """The date on which an agreement's dates are judged: that of its customer."""
    return local_date(at, (customer and customer.time_zone) or "UTC")


def standings(terms: Sequence[AgreementTerm], at: datetime) -> dict[UUID, Standing]:
    """Of many terms, in a constant number of queries. They bring `agreement__customer`."""
    ordered = [term.pk for term in terms if term.ordered_at is not None]
    known, following = shared_of_terms(ordered, at), successors(terms)
    return {term.pk: _standing(term, known.get(term.pk), following.get(term.pk), at) for term in terms}


def standing(term: AgreementTerm, at: datetime) -> Standing:
    return standings([term], at)[term.pk]


def successors(terms: Iterable[AgreementTerm]) -> dict[UUID, AgreementTerm]:
    """By the key of each term, the one that was ordered for the days right after it, in the same agreement."""
    ended = {(term.agreement_id, term.end_date + DAY): term.pk for term in terms}
    found = AgreementTerm.objects.filter(
        Q(terminated_on=None) | Q(terminated_on__gt=F("start_date")),
        agreement_id__in={key for key, _ in ended},
        start_date__in={start for _, start in ended},
    ).exclude(state__in=BEFORE_ORDER)
    return {
        ended[one.agreement_id, one.start_date]: one for one in found if (one.agreement_id, one.start_date) in ended
    }


def _standing(term: AgreementTerm, known: Term | None, successor: AgreementTerm | None, at: datetime) -> Standing:
    customer = term.agreement.customer
    day = today_of(customer, at)
    if known is None or term.ordered_at is None or term.ordered_at > at:
        return Standing(current_state(term.state, None, day, valid_until=term.valid_until), day)
    if successor is not None and (successor.ordered_at is None or successor.ordered_at > at):
        successor = None
    facts = replace(known, cover_start=term.start_date, cover_end=term.end_date)
    renewed_on = today_of(customer, successor.ordered_at) if successor and successor.ordered_at else None
    state = current_state(term.state, facts, day, renewed_on=renewed_on)
    return Standing(state, day, facts, successor)


def left_bare(terms: Iterable[AgreementTerm], at: datetime) -> dict[UUID, list[Component]]:
    """The components of each term that are in use and that no other agreement covers beyond its end."""
    ends = {term.pk: term.end_date for term in terms}
    lines = list(
        AgreementLine.objects.filter(term_id__in=ends, removed_on=None, component__state=Component.State.IN_USE)
        .select_related("component__product", "component__site")
        .order_by("component__site__name", "component__product__name", "component__serial")
    )
    covered = _covered_until({line.component_id for line in lines}, at)
    bare: dict[UUID, list[Component]] = {key: [] for key in ends}
    for line in lines:
        if covered.get(line.component_id, date.min) <= ends[line.term_id]:
            bare[line.term_id].append(line.component)
    return bare


def _covered_until(components: Iterable[UUID], at: datetime) -> dict[UUID, date]:
    """The last day of cover of each component in any agreement that did not lapse."""
    lines = list(
        AgreementLine.objects.filter(component_id__in=components, removed_on=None, term__ordered_at__lte=at)
        .exclude(term__state__in=BEFORE_ORDER)
        .select_related("term__agreement__customer")
    )
    stands = standings(list({line.term_id: line.term for line in lines}.values()), at)
    found: dict[UUID, date] = {}
    for line in lines:
        last = line.cover_end
        if line.term.terminated_on is not None:
            last = min(last, line.term.terminated_on - DAY)
        if stands[line.term_id].state != T.LAPSED:
            found[line.component_id] = max(last, found.get(line.component_id, last))
    return found
