"""Reading the facts of many components in a handful of queries, and what they mean on a day."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from contracts.entitlement import Coverage, Support, support
from contracts.facts import PAID_TOLERANCE, Facts, Term, Warranty
from contracts.lifecycle import BEFORE_ORDER
from contracts.models import (
    AgreementLine,
    AgreementTerm,
    Component,
    ComponentMove,
    CreditNote,
    Invoice,
    Payment,
    PaymentAttestation,
    WarrantyCoverage,
    WarrantyVoid,
)
from contracts.terms import DAY, Span, contains

ENDS_SOON = timedelta(days=60)
FEES = (Invoice.Kind.FEE, Invoice.Kind.REINSTATEMENT)


def facts_of(
    components: Sequence[Component], at: datetime, *, reported_at: datetime | None = None
) -> dict[UUID, Facts]:
    """What was known of each component at that instant. The components bring product and site; constant in queries.

    Payments, orders and moves recorded after `at` are left out, so that a past instant answers as it did then.
    """
    keys = [component.pk for component in components]
    warranties, terms, zones = _warranties(keys, at), _terms(keys, at), _zones_before_moves(keys, at)
    return {
        component.pk: Facts(
            zone=zones.get(component.pk, component.site.time_zone),
            reported_at=reported_at,
            kind=component.product.kind,
            is_retired=component.state == Component.State.RETIRED,
            end_of_support=component.product.end_of_support,
            implemented_on=component.implemented_on,
            warranties=warranties[component.pk],
            terms=terms[component.pk],
        )
        for component in components
    }


def entitlement_facts(component: Component, at: datetime, *, reported_at: datetime | None) -> Facts:
    """Of one component, with the agreements of its customer that do not list it: they explain a refusal."""
    facts = facts_of([component], at, reported_at=reported_at)[component.pk]
    listed = {term.number for term in facts.terms}
    others = _ordered(AgreementTerm.objects.filter(customer_id=component.customer_id), at).select_related("agreement")
    rest = tuple(
        Term(one.agreement.number, one.start_date, one.end_date, None, None, one.ordered_at)
        for one in others
        if one.agreement.number not in listed
    )
    return replace(facts, terms=facts.terms + rest)


def _zones_before_moves(keys: Sequence[UUID], at: datetime) -> dict[UUID, str]:
    """Of the components that were moved later: the zone they stood in then."""
    later = ComponentMove.objects.filter(component_id__in=keys, recorded_at__gt=at).order_by("-recorded_at", "-id")
    # Of several moves the first one after it stands last here, and counts.
    return dict(later.values_list("component_id", "from_site__time_zone"))


def _warranties(keys: Sequence[UUID], at: datetime) -> dict[UUID, tuple[Warranty, ...]]:
    found: defaultdict[UUID, tuple[Warranty, ...]] = defaultdict(tuple)
    given_back = WarrantyVoid.objects.filter(
        warranty=OuterRef("pk"), state=WarrantyVoid.State.GIVEN_BACK, confirmed_at__lte=at, answered_at__gt=at
    )
    rows = WarrantyCoverage.objects.filter(component_id__in=keys).annotate(was_void=Exists(given_back))
    for row in rows.order_by("start_date"):
        is_void = row.is_void(at) or row.was_void
        found[row.component_id] += (Warranty(row.kind, row.start_date, row.end_date, is_void),)
    return found


def _ordered(terms: QuerySet, at: datetime) -> QuerySet:
    return terms.filter(was_ordered(at))


def was_ordered(at: datetime, term: str = "") -> Q:
    """Terms that were ordered at that instant, also those cancelled since. `term` is the path to the term: "term__"."""
    not_now = Q(**{f"{term}state__in": BEFORE_ORDER}) & ~Q(**{f"{term}cancelled_at__gt": at})
    return Q(**{f"{term}ordered_at__lte": at}) & ~not_now


def _terms(keys: Sequence[UUID], at: datetime) -> dict[UUID, tuple[Term, ...]]:
    lines = list(
        AgreementLine.objects.filter(was_ordered(at, "term__"), component_id__in=keys)
        .order_by("term__start_date")
        .values_list("component_id", "term_id", "cover_start", "cover_end", "removed_on", "unit_fee")
    )
    known = shared_of_terms({line[1] for line in lines}, at)
    found: defaultdict[UUID, tuple[Term, ...]] = defaultdict(tuple)
    for component_id, term_id, start, end, removed_on, fee in lines:
        last = min(end, removed_on - DAY) if removed_on else end
        if last >= start:
            found[component_id] += (replace(known[term_id], cover_start=start, cover_end=last, fee=fee),)
    return found


def shared_of_terms(keys: Iterable[UUID], at: datetime) -> dict[UUID, Term]:
    """All of a term but the component's own line."""
    terms = AgreementTerm.objects.filter(pk__in=keys).select_related("agreement", "predecessor")
    claims = _claims(keys, at)
    attested = set(
        PaymentAttestation.objects.filter(term_id__in=keys, recorded_at__lte=at).values_list("term_id", flat=True)
    )
    return {
        one.pk: Term(
            number=one.agreement.number,
            start=one.start_date,
            end=one.end_date,
            cover_start=None,
            cover_end=None,
            ordered_at=one.ordered_at,
            continues=_renewed_from(one),
            currency=one.agreement.currency,
            balance=claims[one.pk].balance if one.pk in claims else None,
            due_on=claims[one.pk].due_on if one.pk in claims else None,
            settled_on=claims[one.pk].settled_on if one.pk in claims else None,
            reversed_on=claims[one.pk].reversed_on if one.pk in claims else None,
            attested=one.pk in attested,
            terminated_on=one.terminated_on,
        )
        for one in terms
    }


def _renewed_from(term: AgreementTerm) -> date | None:
    before = term.predecessor
    return before.end_date if before and before.end_date + DAY == term.start_date else None


@dataclass
class Claim:
    """What is asked for a term: the sum of its invoices less what was paid on them and credited."""

    balance: Decimal
    due_on: date | None
    paid_until: date | None = None  # value date of the latest payment
    reversed_on: date | None = None

    @property
    def settled_on(self) -> date | None:
        return self.paid_until if self.balance <= PAID_TOLERANCE else None


def _claims(terms: Iterable[UUID], at: datetime) -> dict[UUID, Claim]:
    found: dict[UUID, Claim] = {}
    term_of: dict[UUID, UUID] = {}
    for invoice in Invoice.objects.filter(term_id__in=terms, kind__in=FEES):
        if invoice.is_claim and invoice.term_id is not None:
            claim = found.setdefault(invoice.term_id, Claim(Decimal(0), invoice.due_on))
            claim.balance += invoice.total
            claim.due_on = min((day for day in (claim.due_on, invoice.due_on) if day), default=None)
            term_of[invoice.pk] = invoice.term_id
    paid = Payment.objects.filter(invoice_id__in=term_of, recorded_at__lte=at)
    for invoice_id, amount, value_date in paid.values_list("invoice_id", "amount", "value_date"):
        claim = found[term_of[invoice_id]]
        claim.balance -= amount
        if amount > 0:
            claim.paid_until = max(claim.paid_until or value_date, value_date)
        else:
            claim.reversed_on = max(claim.reversed_on or value_date, value_date)
    credited = CreditNote.objects.filter(invoice_id__in=term_of, recorded_at__lte=at)
    for invoice_id, amount in credited.values_list("invoice_id", "amount"):
        found[term_of[invoice_id]].balance -= amount
    return found


# What the coverage page, its CSV and the API show ---------------------------------------------------------------------


@dataclass(frozen=True)
class Bar:
    """A stretch of one kind of protection, for the table and the timeline alike."""

    kind: str  # free, warranty, agreement, grace
    label: str
    start: date
    end: date

    @property
    def span(self) -> Span:
        return self.start, self.end


@dataclass(frozen=True)
class Row:
    component: Component
    facts: Facts
    coverage: Coverage
    today: date
    bars: tuple[Bar, ...]

    @property
    def is_covered(self) -> bool:
        return self.coverage.is_covered

    @property
    def ends_soon(self) -> bool:
        """Within 60 days, and nothing follows."""
        until = self.until
        return until is not None and until - self.today <= ENDS_SOON

    @property
    def until(self) -> date | None:
        """The last day without a gap in what covers it today."""
        if not self.coverage.is_covered or self.coverage.until is None:
            return None
        last = self.coverage.until
        spans = sorted(bar.span for bar in self.bars if bar.kind != "warranty")
        for start, end in spans:
            if start <= last + DAY and end > last:
                last = end
        return last

    @property
    def warranty_until(self) -> date | None:
        return max(
            (one.end for one in self.facts.warranties if contains(one.span, self.today) and not one.is_void),
            default=None,
        )


def rows_of(components: Sequence[Component], at: datetime) -> list[Row]:
    facts = facts_of(components, at)
    return [_row(component, facts[component.pk], at) for component in components]


def _row(component: Component, facts: Facts, at: datetime) -> Row:
    today = facts.day(at)
    return Row(component, facts, support(facts, at), today, tuple(_bars(facts, today)))


def _bars(facts: Facts, today: date) -> Iterable[Bar]:
    if facts.free:
        yield Bar("free", "Free support", *facts.free)
    for warranty in facts.warranties:
        label = f"{warranty.kind.capitalize()} warranty" + (", void" if warranty.is_void else "")
        yield Bar("warranty", label, warranty.start, warranty.end)
    for term in facts.terms:
        if term.cover:
            yield Bar(
                "agreement",
                f"Agreement {term.number}" + (", suspended" if term.is_suspended(today) else ""),
                *term.cover,
            )
        if term.in_grace(today):
            yield Bar("grace", f"Grace after agreement {term.number}", term.end + DAY, term.grace_ends)


COVERED_BY = {
    Support.NOT_STARTED: "Not put into operation yet",
    Support.FREE: "Free support",
    Support.AGREEMENT: "Agreement",
    Support.GRACE: "Grace after agreement",
    Support.SUSPENDED: "Suspended agreement",
    Support.NONE: "Not covered",
}


def covered_by(coverage: Coverage) -> str:
    """In three words: what covers it today."""
    words = COVERED_BY[coverage.support]
    return f"{words} {coverage.agreement}".strip()


def row_values(row: Row) -> dict[str, Any]:
    """One definition for the CSV and the API."""
    component, warranty = row.component, row.warranty_until
    return {
        "component": str(component.pk),
        "product": component.product.name,
        "serial": component.serial,
        "site": component.site.name,
        "covered": row.is_covered,
        "covered_by": covered_by(row.coverage),
        "rule": row.coverage.rule,
        "until": row.until.isoformat() if row.until else None,
        "warranty_until": warranty.isoformat() if warranty else None,
        "reason": " ".join(row.coverage.reasons),
        "would_change": " ".join(row.coverage.would_change),
    }
