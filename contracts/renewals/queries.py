"""What ends when and what it is worth: the rows of the renewals desk, in a constant number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Q, QuerySet

from contracts.counting import open_tickets
from contracts.fees import fee
from contracts.lifecycle import BEFORE_ORDER, TermState
from contracts.models import AgreementTerm, Component, ContractNotice, PriceListEntry, QuoteRequest
from contracts.reminders import LAPSE_MATTERS, PASSED, lapsed_on
from contracts.services.renewing import RENEWABLE
from contracts.standing import Standing, left_bare, standings
from contracts.terms import DAY, contains, first_fee_day, year_from
from rozoom_support.lib.money import shown
from rozoom_support.lib.refusals import NotFound
from tenancy.actor import Actor
from tenancy.models import Kind, Organisation

T = TermState
GROUPS = (
    ("ended", "Ended"),
    ("30", "Ends within 30 days"),
    ("60", "Ends in 31 to 60 days"),
    ("90", "Ends in 61 to 90 days"),
)
SOON = 90  # days
GONE = (T.RENEWED, T.REINSTATED, T.TERMINATED)


@dataclass(frozen=True)
class Row:
    """One term that ends, or ended not long ago, and that nothing follows."""

    term: AgreementTerm
    stands: Standing
    components: Sequence[Component]
    cost: Decimal  # what the term cost, of its components that were not removed
    value: Decimal | None  # of twelve months more at today's list prices; None: a product has none
    unpriced: tuple[str, ...]  # the SKUs without one
    offer: AgreementTerm | None
    offer_total: Decimal | None
    last_contact: ContractNotice | None
    tickets: int
    is_asked: bool

    @property
    def currency(self) -> str:
        return self.term.agreement.currency

    @property
    def value_words(self) -> str:
        return shown(self.value, self.currency) if self.value is not None else ""

    @property
    def cost_words(self) -> str:
        return shown(self.cost, self.currency)

    @property
    def group(self) -> str:
        left = self.stands.days_left or 0
        if self.stands.state == T.LAPSED or left < 0:
            return "ended"
        return "30" if left <= 30 else "60" if left <= 60 else "90"

    @property
    def days_words(self) -> str:
        left = (self.term.end_date - self.stands.day).days
        if left < -1:
            return f"{-left} days ago"
        return {-1: "yesterday", 0: "today", 1: "tomorrow"}.get(left, f"in {left} days")

    @property
    def can_renew(self) -> bool:
        return self.stands.state in RENEWABLE and self.offer is None and not self.unpriced

    @property
    def next_step(self) -> str:
        """In words, also for the CSV."""
        if self.stands.state == T.LAPSED:
            return "Make a new quote" if self.stands.lapsed_by_debt else "Reinstate"
        if self.stands.state == T.SUSPENDED:
            return "Get the fee paid first"
        if self.offer is not None and self.offer.state == T.DRAFT:
            return "Finish the draft"
        if self.offer is not None and self.offer_total is not None:
            return f"Wait for the order: quoted {shown(self.offer_total, self.currency)}"
        return f"Add a list price for {', '.join(self.unpriced)}" if self.unpriced else "Prepare renewal"


@dataclass(frozen=True)
class Group:
    key: str
    name: str
    rows: Sequence[Row]

    @property
    def sums(self) -> list[str]:
        """What the renewals of the group are worth, one amount for each currency."""
        by_currency: defaultdict[str, Decimal] = defaultdict(Decimal)
        for row in self.rows:
            if row.value is not None:
                by_currency[row.currency] += row.value
        return [shown(amount, currency) for currency, amount in sorted(by_currency.items())]

    @property
    def without_value(self) -> int:
        return sum(row.value is None for row in self.rows)


def renewable_term(actor: Actor, key: UUID) -> AgreementTerm:
    """The one way to a term here. Raises NotFound when missing, foreign or sold by somebody else."""
    actor.require("renewal:read")
    found = _terms(actor).filter(pk=key).first()
    if found is None:
        raise NotFound
    return found


def groups(actor: Actor, at: datetime, *, seller: str = "", words: str = "") -> list[Group]:
    """By end date. All four, also where one is empty."""
    rows = sorted(_rows(actor, at, seller, words), key=lambda row: (row.term.end_date, row.term.agreement.number))
    return [Group(key, name, [row for row in rows if row.group == key]) for key, name in GROUPS]


def next_end(actor: Actor, at: datetime) -> date | None:
    """Of the terms that end later than the list shows, and that nothing follows."""
    terms = list(_terms(actor).filter(end_date__gt=at.date() + (SOON - 1) * DAY).order_by("end_date", "pk")[:200])
    stands = standings(terms, at)
    return next((one.end_date for one in terms if stands[one.pk].successor is None), None)


def requests_of(actor: Actor, seller: str = "") -> QuerySet[QuoteRequest]:
    """What customers asked for and nobody answered, oldest first."""
    actor.require("renewal:read")
    found = QuoteRequest.objects.filter(closed_at=None).select_related("customer", "agreement").order_by("asked_at")
    if actor.party == "reseller":
        found = found.filter(Q(agreement=None) | Q(agreement__sold_by_id=actor.organisation_id))
    if seller:
        found = found.filter(Q(agreement__sold_by__code=seller) | Q(agreement=None, customer__reseller__code=seller))
    return found


def sellers() -> QuerySet[Organisation]:
    """Who sells: for the filter of staff."""
    return Organisation.objects.filter(kind__in=[Kind.OPERATOR, Kind.RESELLER], is_active=True).order_by("name")


def _terms(actor: Actor) -> QuerySet[AgreementTerm]:
    found = AgreementTerm.objects.filter(ordered_at__isnull=False).exclude(state__in=[*BEFORE_ORDER, *GONE])
    if actor.party == "reseller":
        found = found.filter(agreement__sold_by_id=actor.organisation_id)
    return found.filter(terminated_on=None).select_related("agreement__customer", "agreement__sold_by")


def _rows(actor: Actor, at: datetime, seller: str, words: str) -> Iterator[Row]:
    terms = _candidates(actor, at, seller, words)
    stands = standings(terms, at)
    terms = [term for term in terms if _is_due(stands[term.pk])]
    bare = left_bare(terms, at)
    terms = [term for term in terms if bare[term.pk]]
    offers = _offers(terms, stands)
    prices = _Prices(terms, bare, at)
    contacts = _contacts(terms)
    tickets = open_tickets({term.customer_id for term in terms})
    asked = set(QuoteRequest.objects.filter(closed_at=None).values_list("agreement_id", flat=True))
    for term in terms:
        offer = offers.get(term.pk)
        value, unpriced = prices.of(term, bare[term.pk], stands[term.pk].day)
        yield Row(
            term=term,
            stands=stands[term.pk],
            components=bare[term.pk],
            cost=total_of(term),
            value=value,
            unpriced=unpriced,
            offer=offer,
            offer_total=total_of(offer) if offer is not None and offer.state == T.QUOTED else None,
            last_contact=contacts.get(str(term.pk)),
            tickets=tickets[term.customer_id],
            is_asked=term.agreement_id in asked,
        )


def _candidates(actor: Actor, at: datetime, seller: str, words: str) -> list[AgreementTerm]:
    """More than are shown: the customer's own date decides (_is_due)."""
    today = at.date()
    near = Q(end_date__range=(today - LAPSE_MATTERS - 31 * DAY, today + (SOON + 1) * DAY))
    found = _terms(actor).filter(near | Q(state__in=[T.SUSPENDED, T.LAPSED]), start_date__lte=today + DAY)
    if seller:
        found = found.filter(agreement__sold_by__code=seller)
    if words:
        found = found.filter(
            Q(agreement__number__icontains=words)
            | Q(agreement__customer__name__icontains=words)
            | Q(agreement__customer__code__iexact=words)
        )
    return list(found.prefetch_related("lines"))


def _is_due(stands: Standing) -> bool:
    if stands.successor is not None or stands.facts is None:
        return False
    if stands.state == T.LAPSED:
        return stands.day - lapsed_on(stands.facts) <= LAPSE_MATTERS
    is_near = stands.days_left is not None and stands.days_left <= SOON
    return is_near and stands.state in (T.IN_FORCE, T.SUSPENDED, T.GRACE)


def _offers(terms: Sequence[AgreementTerm], stands: dict[UUID, Standing]) -> dict[UUID, AgreementTerm]:
    """The quote or draft of the days after each term, as long as it can be ordered or changed."""
    ended = {(term.agreement_id, term.end_date + DAY): term.pk for term in terms}
    quotes = AgreementTerm.objects.filter(
        agreement__in={key for key, _ in ended},
        start_date__in={start for _, start in ended},
        state__in=[T.DRAFT, T.QUOTED],
    )
    found: dict[UUID, AgreementTerm] = {}
    for one in quotes.prefetch_related("lines").order_by("quoted_on"):
        key = ended.get((one.agreement_id, one.start_date))
        if key is not None and (one.valid_until is None or one.valid_until >= stands[key].day):
            found[key] = one
    return found


def _contacts(terms: Iterable[AgreementTerm]) -> dict[str, ContractNotice]:
    """The latest letter or reminder that somebody got, by the key of the term."""
    of_terms = ContractNotice.objects.filter(
        customer_id__in={term.customer_id for term in terms}, about__in=[str(term.pk) for term in terms]
    )
    return {one.about: one for one in of_terms.exclude(text=PASSED).order_by("told_at")}


def total_of(term: AgreementTerm) -> Decimal:
    return sum((line.unit_fee for line in term.lines.all() if line.removed_on is None), Decimal(0))


class _Prices:
    """The list prices of all products of the rows, read once; the customer's own date picks one."""

    def __init__(self, terms: Sequence[AgreementTerm], bare: dict[UUID, list[Component]], at: datetime) -> None:
        products = {one.product_id for term in terms for one in bare[term.pk]}
        entries = PriceListEntry.objects.filter(
            Q(valid_to=None) | Q(valid_to__gte=at.date() - DAY),
            product__in=products,
            currency__in={term.agreement.currency for term in terms},
            valid_from__lte=at.date() + DAY,
        )
        self.entries: defaultdict[tuple[UUID, str], list[PriceListEntry]] = defaultdict(list)
        for entry in entries:
            self.entries[entry.product_id, entry.currency].append(entry)

    def on(self, product: UUID, currency: str, day: date) -> Decimal | None:
        spans = self.entries[product, currency]
        return next((one.list_price for one in spans if contains((one.valid_from, one.valid_to or day), day)), None)

    def of(
        self, term: AgreementTerm, components: Sequence[Component], day: date
    ) -> tuple[Decimal | None, tuple[str, ...]]:
        """What twelve months more cost for these components, and the SKUs without a price."""
        currency, year = term.agreement.currency, year_from(term.end_date + DAY)
        total, unpriced = Decimal(0), set()
        for one in components:
            price = self.on(one.product_id, currency, day)
            if price is None:
                unpriced.add(one.product.sku)
            elif (first := _first_day(one, year[0])) <= year[1]:
                total += fee(price, currency, (first, year[1]), year)
        return (None if unpriced else total), tuple(sorted(unpriced))


def _first_day(component: Component, start: date) -> date:
    """Of the year, without the component's own free days."""
    return max(start, first_fee_day(component.implemented_on)) if component.implemented_on else start
