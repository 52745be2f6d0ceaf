"""From a term that ends to the quote of the one after it, sent with a letter."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from contracts.lifecycle import TermState
from contracts.models import AgreementTerm, ContractNotice, QuoteRequest
from contracts.services._common import record
from contracts.services.agreements import CannotQuote, draft_term, held, one_sale_at_a_time, quote
from contracts.services.quoting import Offer, Plan, close_request, plan
from contracts.standing import Standing, left_bare, standing, today_of
from contracts.terms import DAY, FEBRUARY, Span, year_from
from notifications.services import emit
from tenancy.actor import Actor

RENEWABLE = (TermState.IN_FORCE, TermState.GRACE)
MOST_TEXT = 4000  # characters of a letter


class CannotRenew(CannotQuote):
    code = "cannot_renew"


@dataclass(frozen=True)
class Renewal:
    """What would be sent: nothing is written yet."""

    ending: AgreementTerm
    stands: Standing
    plan: Plan

    @property
    def term(self) -> Span:
        return self.plan.offer.term


def planned_renewal(term: AgreementTerm, now: datetime) -> Renewal:
    """At the list prices of today. Raises CannotRenew, or CannotQuote for a product that has no price."""
    stands = standing(term, now)
    if stands.successor is not None:
        raise CannotRenew(f"It is renewed already, from {stands.successor.start_date:%d %b %Y} on.")
    if stands.state not in RENEWABLE or term.terminated_on is not None:
        raise CannotRenew("Only a term in force or in grace is renewed. Open the agreement to see what can be done.")
    if open_offer(term, stands.day):
        raise CannotRenew("A renewal is quoted already. Open the agreement to change it.")
    components = left_bare([term], now)[term.pk]
    if not components:
        raise CannotRenew("None of its components needs a renewal: they are out of use or covered otherwise.")
    offer = Offer(term.agreement.customer, components, renewal_span(term), term.agreement.currency)
    return Renewal(term, stands, plan(offer, on=stands.day, now=now))


def renewal_span(term: AgreementTerm) -> Span:
    """Twelve months from the day after. An agreement that began on a 29 February keeps that day."""
    start = term.end_date + DAY
    if start.month != FEBRUARY or start.day < 28:
        return year_from(start)
    firsts = AgreementTerm.objects.filter(agreement_id=term.agreement_id, ordered_at__isnull=False)
    is_leap = firsts.filter(start_date__month=FEBRUARY, start_date__day=29).exists()
    return year_from(start, 29 if is_leap else None)


def open_offer(term: AgreementTerm, today: date) -> AgreementTerm | None:
    """The quote or draft for the days after this term, while it can still be ordered or changed."""
    after = AgreementTerm.objects.filter(
        agreement_id=term.agreement_id, start_date=term.end_date + DAY, state__in=[TermState.DRAFT, TermState.QUOTED]
    )
    return after.exclude(state=TermState.QUOTED, valid_until__lt=today).order_by("-quoted_on").first()


@transaction.atomic
def send_renewal(*, actor: Actor, term: AgreementTerm, letter: str, now: datetime) -> AgreementTerm:
    """Quote the renewal, keep the letter with the term that ends, and leave it for the mail: all or nothing."""
    actor.require("agreement:quote")
    letter = letter.strip()
    if not letter:
        raise CannotRenew("Write what the customer reads above the quote.", param="letter")
    if len(letter) > MOST_TEXT:
        raise CannotRenew(f"A letter has at most {MOST_TEXT:,} characters.", param="letter")
    term = held(term)
    one_sale_at_a_time(term.customer_id)
    renewal = planned_renewal(term, now)
    agreement = term.agreement
    drafted = draft_term(
        actor=actor,
        agreement=agreement,
        components=renewal.plan.offer.components,
        start=renewal.term[0],
        end=renewal.term[1],
        kind=AgreementTerm.Kind.RENEWAL,
        predecessor=term,
        now=now,
    )
    quoted = quote(actor=actor, term=drafted, on=today_of(agreement.customer, now), now=now)
    notice = ContractNotice.objects.create(
        customer_id=term.customer_id,
        reseller_id=term.reseller_id,
        kind=ContractNotice.Kind.LETTER,
        about=str(term.pk),
        by_name=actor.name,
        text=letter,
        told_at=now,
    )
    for request in QuoteRequest.objects.filter(agreement=agreement, closed_at=None):
        close_request(actor=actor, request=request, now=now)
    record(actor, agreement, "renewal.sent", now, start=quoted.start_date, end=quoted.end_date)
    emit(
        "renewal.sent",
        customer_id=term.customer_id,
        reseller_id=term.reseller_id,
        payload={"term": str(quoted.pk), "notice": str(notice.pk)},
        now=now,
    )
    return quoted
