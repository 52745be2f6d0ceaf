"""Who is to be told that something ends: each reminder once, and after a pause of the job only the one that still matters.

A reminder is a row of ContractNotice, written with the event of the outbox that makes its mails (contracts/letters.py). One
that was overtaken by a later one is written as passed: nobody is mailed.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import CharField, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Cast

from contracts.facts import Term
from contracts.lifecycle import TermState, WarrantyState
from contracts.models import AgreementTerm, Component, ContractNotice, WarrantyCoverage
from contracts.services._common import record
from contracts.standing import Standing, left_bare, standings, today_of
from contracts.terms import DAY
from notifications.services import emit
from tenancy.actor import Actor
from tenancy.models import Organisation

K, T, W = ContractNotice.Kind, TermState, WarrantyState
REMINDER = Actor.system("Reminders")
PASSED = "Not sent: a later one was due already."  # what a notice says that nobody was told
BEFORE_END = ((K.ENDS_90, 90), (K.ENDS_60, 60), (K.ENDS_30, 30))
IN_GRACE = ((K.GRACE_1, 1), (K.GRACE_15, 15), (K.GRACE_25, 25))
LAPSE_MATTERS = timedelta(days=180)  # the renewals desk shows it as long
QUOTE_MATTERS = timedelta(days=30)
ONE_MAIL_A_DAY = 0x77617272  # the place of these locks among PostgreSQL's advisory locks, with the customer's key


# Terms ---------------------------------------------------------------------------------------------------------------


def terms_to_remind_of(at: datetime) -> QuerySet[AgreementTerm]:
    """Those that end soon or ended not long ago, are suspended, or were a quote."""
    today = at.date()
    ended_lately = Q(end_date__range=(today - LAPSE_MATTERS - 31 * DAY, today + 91 * DAY))
    return (
        AgreementTerm.objects.filter(
            Q(ended_lately, ordered_at__isnull=False)
            | Q(state__in=[T.SUSPENDED, T.LAPSED], end_date__gte=today - LAPSE_MATTERS - 31 * DAY)
            | Q(state__in=[T.QUOTED, T.QUOTE_EXPIRED], valid_until__range=(today - QUOTE_MATTERS - DAY, today))
        )
        .exclude(state__in=[T.DRAFT, T.CANCELLED, T.RENEWED, T.REINSTATED, T.TERMINATED])
        .select_related("agreement__customer")
    )


def pending(terms: Sequence[AgreementTerm], at: datetime) -> list[AgreementTerm]:
    """Those of which somebody is to be told now. Constant in queries; judged again under the term's lock."""
    stands, bare, known = standings(terms, at), left_bare(terms, at), _known(terms)
    return [term for term in terms if _due(term, stands[term.pk], bare[term.pk], known[str(term.pk)])]


def remind_of_term(key: UUID, at: datetime) -> int:
    """1 when somebody is told. 0 also when another keeper has the term: it tells them."""
    term = (
        AgreementTerm.objects.select_related("agreement__customer")
        .select_for_update(of=("self",), no_key=True, skip_locked=True)
        .filter(pk=key)
        .first()
    )
    if term is None:
        return 0
    stands = standings([term], at)[term.pk]
    kinds = _due(term, stands, left_bare([term], at)[term.pk], _known([term])[str(term.pk)])
    if not kinds:
        return 0
    is_told = _still_matters(term, stands)
    _write(term.customer_id, term.reseller_id, str(term.pk), kinds, is_told=is_told, at=at)
    if is_told:
        record(REMINDER, term.agreement, "reminder.sent", at, reminder=kinds[-1].label, end=term.end_date)
        emit(
            "agreement.reminder",
            customer_id=term.customer_id,
            reseller_id=term.reseller_id,
            payload={"term": str(term.pk), "notice": kinds[-1].value},
            now=at,
        )
    return int(is_told)


def _due(
    term: AgreementTerm, stands: Standing, bare: Sequence[Component], known: set[str]
) -> list[ContractNotice.Kind]:
    """What is to be written: those that were overtaken, and last the one that is to be told."""
    if term.ordered_at is not None and (stands.successor is not None or not bare):
        return []
    reached = _reached(term, stands)
    if not reached or reached[-1] in known:
        return []
    return [kind for kind in reached if kind not in known]


def _reached(term: AgreementTerm, stands: Standing) -> list[ContractNotice.Kind]:
    """All that were due by this day, in their order."""
    after = (stands.day - term.end_date).days
    before_end = [kind for kind, days in BEFORE_END if -after <= days]
    in_grace = [kind for kind, days in IN_GRACE if after >= days]
    return {
        T.QUOTE_EXPIRED: [K.QUOTE_EXPIRED],
        T.SUSPENDED: [K.SUSPENDED],
        T.IN_FORCE: before_end,
        T.GRACE: before_end + in_grace,
        T.LAPSED: [*before_end, *in_grace, K.LAPSED],
    }.get(stands.state, [])


def _still_matters(term: AgreementTerm, stands: Standing) -> bool:
    if stands.state == T.LAPSED and stands.facts is not None:
        return stands.day - lapsed_on(stands.facts) <= LAPSE_MATTERS
    if stands.state == T.QUOTE_EXPIRED and term.valid_until is not None:
        return stands.day - term.valid_until <= QUOTE_MATTERS and not _replaced(term)
    return True


def lapsed_on(facts: Term) -> date:
    """The first day without cover of a term that lapsed."""
    if facts.ended_suspended:
        return facts.end + DAY
    if facts.lapses_after is not None and facts.is_lapsed(facts.end):
        return facts.lapses_after + DAY
    return facts.grace_ends + DAY


def _replaced(quote: AgreementTerm) -> bool:
    """Another quote or order of the agreement stands for the same days."""
    others = AgreementTerm.objects.filter(
        agreement_id=quote.agreement_id, start_date__lte=quote.end_date, end_date__gte=quote.start_date
    )
    return others.exclude(pk=quote.pk).exclude(state__in=[T.DRAFT, T.CANCELLED, T.QUOTE_EXPIRED]).exists()


def _known(terms: Iterable[AgreementTerm]) -> dict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    of_terms = ContractNotice.objects.filter(
        customer_id__in={term.customer_id for term in terms}, about__in=[str(term.pk) for term in terms]
    )
    for about, kind in of_terms.values_list("about", "kind"):
        found[about].add(kind)
    return found


def _write(
    customer_id: int,
    reseller_id: int,
    about: str,
    kinds: Sequence[ContractNotice.Kind],
    *,
    is_told: bool,
    at: datetime,
) -> None:
    ContractNotice.objects.bulk_create(
        ContractNotice(
            customer_id=customer_id,
            reseller_id=reseller_id,
            kind=kind,
            about=about,
            by_name=REMINDER.name,
            text="" if is_told and kind == kinds[-1] else PASSED,
            told_at=at,
        )
        for kind in kinds
    )


# Warranties ----------------------------------------------------------------------------------------------------------


def _told(kind: ContractNotice.Kind) -> Exists:
    about = Cast(OuterRef("pk"), CharField())
    return Exists(ContractNotice.objects.filter(customer=OuterRef("customer"), kind=kind, about=about))


def _ending(at: datetime) -> QuerySet[WarrantyCoverage]:
    """Of hardware in use, with nothing that follows, for which a reminder may be due."""
    tomorrow = at.date() + DAY
    later = WarrantyCoverage.objects.filter(
        customer=OuterRef("customer"),
        component=OuterRef("component"),
        end_date__gt=OuterRef("end_date"),
        voided_at=None,
    )
    untold = Q()
    for kind, days in BEFORE_END:
        untold |= Q(~_told(kind), end_date__lte=tomorrow + days * DAY)
    return WarrantyCoverage.objects.filter(
        untold,
        ~Exists(later),
        end_date__gte=tomorrow - 2 * DAY,
        start_date__lte=tomorrow,
        voided_at=None,
        component__state=Component.State.IN_USE,
        component__product__kind="HARDWARE",
    ).exclude(state__in=[W.VOID, W.VOID_FINAL, W.TRANSFERRED])


def warranties_to_remind_of(at: datetime) -> list[Organisation]:
    """Customers with warranties that end soon."""
    return list(Organisation.objects.filter(pk__in=_ending(at).values("customer")).order_by("pk"))


def remind_of_warranties(customer: Organisation, at: datetime) -> int:
    """One mail of a customer and day, whatever the number of components. 1 when somebody is told."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [ONE_MAIL_A_DAY, customer.pk])
        if not cursor.fetchone()[0]:
            return 0
    today = today_of(customer, at)
    if _told_today(customer, today, at):
        return 0
    rows = list(_ending(at).filter(customer=customer).order_by("end_date", "pk"))
    known: defaultdict[str, set[str]] = defaultdict(set)
    notices = ContractNotice.objects.filter(customer=customer, about__in=[str(row.pk) for row in rows])
    for about, kind in notices.values_list("about", "kind"):
        known[about].add(kind)
    told = []
    for row in rows:
        left = (row.end_date - today).days
        reached = [kind for kind, days in BEFORE_END if 0 <= left <= days]
        if reached and reached[-1] not in known[str(row.pk)]:
            kinds = [kind for kind in reached if kind not in known[str(row.pk)]]
            _write(customer.pk, row.reseller_id, str(row.pk), kinds, is_told=True, at=at)
            told.append(row.pk)
    if told:
        emit(
            "warranty.ending",
            customer_id=customer.pk,
            reseller_id=rows[0].reseller_id,
            payload={"warranties": told},
            now=at,
        )
    return int(bool(told))


def _told_today(customer: Organisation, today: date, at: datetime) -> bool:
    lately = ContractNotice.objects.filter(customer=customer, told_at__gt=at - 2 * DAY, kind__startswith="ENDS_")
    of_warranties = lately.exclude(about__contains="-").exclude(text=PASSED)
    return any(today_of(customer, told_at) == today for told_at in of_warranties.values_list("told_at", flat=True))
