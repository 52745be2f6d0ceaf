"""Agreements, invoices and credit notes as each party may see them: sellers what they sell, payers what they pay."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet

from contracts.lifecycle import InvoiceState, TermState
from contracts.models import AgreementTerm, CreditNote, Invoice, Payment, PriceListEntry, QuoteRequest, SupportAgreement
from rozoom_support.lib.refusals import NotFound
from rozoom_support.lib.zones import date_there
from tenancy.actor import Actor
from tenancy.models import AuditEvent, Kind, Membership, Organisation, Role

T = TermState
OPERATOR_NAME = "roZoom"
NOT_RUNNING = (T.DRAFT, T.QUOTED, T.QUOTE_EXPIRED, T.CANCELLED)
OPEN = (InvoiceState.ISSUED, InvoiceState.PARTIALLY_PAID)
SHOWS = {"quotes": "Quotes", "ahead": "Not begun", "running": "Running", "over": "Ended", "unpaid": "Fee overdue"}


# Agreements -----------------------------------------------------------------------------------------------------------


def agreements_of(actor: Actor) -> QuerySet[SupportAgreement]:
    """A customer's own; of a reseller those that it sells; all of them for roZoom."""
    actor.require("component:read")
    found = SupportAgreement.objects.select_related("customer")
    if actor.party == "customer":
        return found.filter(customer_id=actor.organisation_id)
    return found.filter(sold_by_id=actor.organisation_id) if actor.party == "reseller" else found


def agreement_for(actor: Actor, agreement_id: UUID) -> SupportAgreement:
    """The one way to an agreement. Raises NotFound."""
    return _one(agreements_of(actor).filter(pk=agreement_id))


def terms_of(agreements: Iterable[SupportAgreement]) -> QuerySet[AgreementTerm]:
    found = AgreementTerm.objects.filter(agreement__in=[one.pk for one in agreements])
    return found.select_related("agreement__customer").order_by("start_date", "pk")


def term_for(actor: Actor, term_id: UUID) -> AgreementTerm:
    terms = AgreementTerm.objects.select_related("agreement__customer")
    return _one(terms.filter(pk=term_id, agreement__in=agreements_of(actor).values("pk")))


def narrowed(found: QuerySet[SupportAgreement], *, show: str, words: str, customer: str, at: datetime) -> QuerySet:
    """What the list's filters leave."""
    if customer:
        found = found.filter(customer__code__iexact=customer)
    if words:
        by_order = AgreementTerm.objects.filter(agreement=OuterRef("pk"), purchase_order__icontains=words)
        named = Q(number__icontains=words) | Q(customer__name__icontains=words) | Q(customer__code__iexact=words)
        found = found.filter(named | Exists(by_order))
    if show in SHOWS:
        found = found.filter(Exists(_terms_shown(show, at)))
    return found


def _terms_shown(show: str, at: datetime) -> QuerySet[AgreementTerm]:
    today = date_there(F("agreement__customer__time_zone"), at)
    terms = AgreementTerm.objects.filter(agreement=OuterRef("pk"))
    ordered = terms.exclude(state__in=NOT_RUNNING)
    if show == "quotes":
        return terms.filter(state__in=[T.DRAFT, T.QUOTED])
    if show == "ahead":
        return ordered.filter(start_date__gt=today)
    if show == "running":
        return ordered.filter(start_date__lte=today, end_date__gte=today, terminated_on=None)
    if show == "over":
        return ordered.filter(Q(end_date__lt=today) | Q(terminated_on__lte=today))
    overdue = Invoice.objects.filter(
        term=OuterRef("pk"), state__in=OPEN, due_on__lt=date_there(F("customer__time_zone"), at)
    )
    return ordered.filter(Exists(overdue))


def customers_of(actor: Actor, words: str = "") -> QuerySet[Organisation]:
    """Whom the actor may sell to. Row security shows a reseller those that it serves."""
    actor.require("agreement:quote")
    found = Organisation.objects.filter(kind=Kind.CUSTOMER).select_related("reseller").order_by("name", "pk")
    if actor.party == "reseller":
        found = found.filter(reseller_id=actor.organisation_id)
    if words:
        found = found.filter(Q(name__icontains=words) | Q(code__istartswith=words))
    return found


def sellers_for(actor: Actor, customer: Organisation, agreement: SupportAgreement | None) -> list[Organisation]:
    """Who may sell to this customer. An agreement keeps its seller; a reseller sells in its own name."""
    if agreement is not None:
        return list(Organisation.objects.filter(pk=agreement.sold_by_id))
    if actor.party == "reseller":
        return list(Organisation.objects.filter(pk=actor.organisation_id))
    found = Organisation.objects.filter(Q(kind=Kind.OPERATOR) | Q(pk=customer.served_by_id))
    return sorted(found, key=lambda one: one.pk != customer.served_by_id)


def currencies() -> list[str]:
    return sorted(set(PriceListEntry.objects.values_list("currency", flat=True)))


def usual_currency(customer: Organisation) -> str:
    """That of its latest agreement."""
    found = SupportAgreement.objects.filter(customer=customer).order_by("-created_at")
    return str(found.values_list("currency", flat=True).first() or "")


def running_terms(customer: Organisation, today: date) -> QuerySet[AgreementTerm]:
    """Those whose end another agreement can share."""
    return (
        AgreementTerm.objects.filter(customer=customer, start_date__lte=today, end_date__gt=today, terminated_on=None)
        .exclude(state__in=NOT_RUNNING)
        .select_related("agreement")
        .order_by("end_date", "agreement__number")
    )


def history(agreement: SupportAgreement) -> list[AuditEvent]:
    chain = f"agreement:{agreement.pk}"
    return list(AuditEvent.objects.filter(customer_id=agreement.customer_id, chain=chain).order_by("-seq")[:200])


@dataclass(frozen=True)
class Seller:
    name: str
    phone: str = ""
    is_operator: bool = True


def sellers_of(agreements: Iterable[SupportAgreement]) -> dict[int, Seller]:
    """A reader who may not see the seller's row is the customer of a reseller that bought from roZoom itself."""
    keys = {one.sold_by_id for one in agreements}
    seen = {
        one.pk: Seller(one.name, one.phone, one.kind == Kind.OPERATOR)
        for one in Organisation.objects.filter(pk__in=keys)
    }
    return {key: seen.get(key, Seller(OPERATOR_NAME)) for key in keys}


# Requests -------------------------------------------------------------------------------------------------------------


def open_requests(actor: Actor) -> QuerySet[QuoteRequest]:
    """Of whoever sells: about its own agreements, or none yet and it serves the customer."""
    actor.require("agreement:quote")
    found = QuoteRequest.objects.filter(closed_at=None).select_related("customer", "agreement").order_by("asked_at")
    if actor.party == "reseller":
        mine = Q(agreement__sold_by_id=actor.organisation_id) | Q(
            agreement=None, customer__reseller_id=actor.organisation_id
        )
        return found.filter(mine)
    return found


def request_for(actor: Actor, request_id: UUID) -> QuoteRequest:
    return _one(open_requests(actor).filter(pk=request_id))


def requests_of_customer(customer: Organisation) -> list[QuoteRequest]:
    return list(
        QuoteRequest.objects.filter(customer=customer, closed_at=None).select_related("agreement").order_by("asked_at")
    )


# Invoices -------------------------------------------------------------------------------------------------------------


def invoices_of(actor: Actor) -> QuerySet[Invoice]:
    """Those that the actor's organisation pays; for roZoom all. Payments and credits come along."""
    actor.require("invoice:read")
    found = Invoice.objects.exclude(state=InvoiceState.DRAFT).select_related("customer", "bill_to", "term__agreement")
    if not actor.is_operator:
        found = found.filter(bill_to_id=actor.organisation_id)
    return found.prefetch_related(
        Prefetch("payments", Payment.objects.order_by("pk")),
        Prefetch("credits", CreditNote.objects.order_by("issued_on", "number")),
    ).order_by("-issued_on", "-number")


def invoice_for(actor: Actor, invoice_id: UUID) -> Invoice:
    """The one way to an invoice. An invoice that somebody else pays is as unknown as none. Raises NotFound."""
    return _one(invoices_of(actor).filter(pk=invoice_id))


def credit_for(actor: Actor, credit_id: UUID) -> CreditNote:
    notes = CreditNote.objects.select_related("invoice__bill_to", "invoice__customer", "invoice__term__agreement")
    return _one(notes.filter(pk=credit_id, invoice__in=invoices_of(actor).prefetch_related(None).values("pk")))


def payment_for(actor: Actor, payment_id: int) -> Payment:
    actor.require("invoice:manage")
    return _one(Payment.objects.select_related("invoice__term").filter(pk=payment_id))


def overdue(found: QuerySet[Invoice], at: datetime) -> QuerySet[Invoice]:
    return found.filter(state__in=OPEN, due_on__lt=date_there(F("customer__time_zone"), at)).order_by(
        "due_on", "number"
    )


def still_open(found: QuerySet[Invoice]) -> QuerySet[Invoice]:
    return found.filter(state__in=OPEN).order_by("due_on", "number")


def invoices_named(found: QuerySet[Invoice], words: str) -> QuerySet[Invoice]:
    """By number, payer, customer or purchase order."""
    return found.filter(
        Q(number__icontains=words)
        | Q(bill_to__name__icontains=words)
        | Q(customer__name__icontains=words)
        | Q(customer__code__iexact=words)
        | Q(term__purchase_order__icontains=words)
    )


def who_sees_invoices(organisation: Organisation) -> list[Membership]:
    """Of a customer: its administrators."""
    found = Membership.objects.filter(organisation=organisation, is_active=True, role=Role.CUSTOMER_ADMINISTRATOR)
    return list(found.order_by("person_name", "pk")[:5])


def _one(found: QuerySet) -> Any:
    one = found.first()
    if one is None:
        raise NotFound
    return one
