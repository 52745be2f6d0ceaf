"""Agreements and invoices made ready for a page: everything is read here, a template reads nothing."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Count, Sum

from contracts.lifecycle import TermState
from contracts.models import AgreementLine, AgreementTerm, Invoice, SupportAgreement
from contracts.selling import queries
from contracts.selling.documents import size_of_invoice
from contracts.selling.moves import Move, term_moves
from contracts.selling.words import (
    Tag,
    event_words,
    invoice_for_what,
    invoice_tag,
    is_about_money,
    money,
    renewal_words,
    term_tag,
)
from contracts.services import UncoveredDays, warranty_warnings
from contracts.standing import Standing, standings, today_of
from tenancy.actor import Actor

T = TermState
# Which term speaks for an agreement: the first of these that one of its terms is in.
SPEAKS = (
    T.IN_FORCE, T.SUSPENDED, T.GRACE, T.ORDERED, T.QUOTED, T.DRAFT, T.LAPSED, T.REINSTATED, T.RENEWED, T.TERMINATED,
    T.CANCELLED, T.QUOTE_EXPIRED,
)  # fmt: skip
ACTIVE = {T.IN_FORCE, T.SUSPENDED, T.GRACE, T.ORDERED}
OFFERED = {T.QUOTED, T.DRAFT}


@dataclass(frozen=True)
class TermRow:
    term: AgreementTerm
    stands: Standing
    components: int
    fee: Decimal

    @property
    def tag(self) -> Tag:
        return term_tag(self.term, self.stands)

    @property
    def renewal(self) -> str:
        return renewal_words(self.term, self.stands)

    @property
    def fee_words(self) -> str:
        return money(self.fee, self.term.agreement.currency)

    @property
    def is_quote(self) -> bool:
        return self.stands.state == T.QUOTED


@dataclass(frozen=True)
class AgreementRow:
    """`current` is the term that speaks for the agreement."""

    agreement: SupportAgreement
    seller: queries.Seller
    terms: tuple[TermRow, ...]

    @property
    def current(self) -> TermRow:
        return min(self.terms, key=lambda row: (SPEAKS.index(row.stands.state), -row.term.start_date.toordinal()))

    @property
    def quote(self) -> TermRow | None:
        return next((row for row in self.terms if row.is_quote), None)

    @property
    def is_active(self) -> bool:
        return self.current.stands.state in ACTIVE

    @property
    def is_offered(self) -> bool:
        return self.current.stands.state in OFFERED


def agreement_rows(agreements: Sequence[SupportAgreement], now: datetime) -> list[AgreementRow]:
    """Constant in queries. An agreement without a term, which only a broken import could leave, is left out."""
    terms = list(queries.terms_of(agreements))
    stands, sums = standings(terms, now), _sums(terms)
    of_agreement: defaultdict[UUID, list[TermRow]] = defaultdict(list)
    for term in terms:
        of_agreement[term.agreement_id].append(TermRow(term, stands[term.pk], *sums.get(term.pk, (0, Decimal(0)))))
    sellers = queries.sellers_of(agreements)
    return [
        AgreementRow(one, sellers[one.sold_by_id], tuple(of_agreement[one.pk]))
        for one in agreements
        if of_agreement[one.pk]
    ]


def _sums(terms: Iterable[AgreementTerm]) -> dict[UUID, tuple[int, Decimal]]:
    found = AgreementLine.objects.filter(term__in=[one.pk for one in terms], removed_on=None).values("term")
    return {one["term"]: (one["n"], one["fee"]) for one in found.annotate(n=Count("pk"), fee=Sum("unit_fee"))}


# One agreement --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LineRow:
    line: AgreementLine
    list_price: str
    fee: str
    warning: UncoveredDays | None


@dataclass(frozen=True)
class TermPage:
    row: TermRow
    lines: tuple[LineRow, ...]
    moves: tuple[Move, ...]
    attested: str = ""

    @property
    def warnings(self) -> int:
        return sum(line.warning is not None for line in self.lines)


def term_pages(actor: Actor, row: AgreementRow) -> list[TermPage]:
    """Newest first, each with its lines and what may be done with it."""
    return [_term_page(actor, one) for one in sorted(row.terms, key=_newest_first)]


def _newest_first(row: TermRow) -> tuple[int, int]:
    return SPEAKS.index(
        row.stands.state
    ) if row.stands.state in ACTIVE | OFFERED else 99, -row.term.start_date.toordinal()


def _term_page(actor: Actor, row: TermRow) -> TermPage:
    term, currency = row.term, row.term.agreement.currency
    lines = term.lines.select_related("component__product", "component__site").order_by(
        "component__site__name", "component__product__name", "component__serial", "pk"
    )
    warnings = {}
    if row.stands.state in ACTIVE | OFFERED:
        warnings = {one.component.pk: one for one in warranty_warnings(term)}
    said = term.attestations.first()
    return TermPage(
        row,
        tuple(
            LineRow(
                line,
                money(line.list_price, currency),
                money(line.unit_fee, currency),
                None if line.removed_on else warnings.get(line.component_id),
            )
            for line in lines
        ),
        tuple(term_moves(actor, term, row.stands)),
        f"{said.by_name}: “{said.statement}”" if said else "",
    )


@dataclass(frozen=True)
class Happened:
    who: str
    words: str
    at: datetime


def happened(agreement: SupportAgreement, *, sees_bills: bool) -> list[Happened]:
    events = queries.history(agreement)
    return [
        Happened(event.actor_name, event_words(event), event.at)
        for event in events
        if sees_bills or not is_about_money(event)
    ]


# Invoices -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class InvoiceRow:
    invoice: Invoice
    today: date
    size: int = field(default=0)

    @property
    def tag(self) -> Tag:
        return invoice_tag(self.invoice, self.today)

    @property
    def what(self) -> str:
        return invoice_for_what(self.invoice)

    @property
    def total(self) -> str:
        return money(self.invoice.total, self.invoice.currency)

    @property
    def open(self) -> str:
        return money(self.invoice.balance(), self.invoice.currency)


def invoice_rows(invoices: Iterable[Invoice], now: datetime, *, with_size: bool = False) -> list[InvoiceRow]:
    return [InvoiceRow(one, today_of(one.customer, now), size_of_invoice(one) if with_size else 0) for one in invoices]


def sums_of(rows: Iterable[InvoiceRow]) -> list[str]:
    """What is open, one amount for each currency: amounts of different currencies are never added."""
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        found[row.invoice.currency] += row.invoice.balance()
    return [money(amount, currency) for currency, amount in sorted(found.items())]


def sees_fees(actor: Actor) -> bool:
    return actor.can("invoice:read")


def sees_bills(actor: Actor, seller: queries.Seller) -> bool:
    """Invoices of what a reseller sold are between the reseller and roZoom; its customer pays the reseller."""
    return sees_fees(actor) and (actor.party != "customer" or seller.is_operator)
