"""Which mails an event about agreements and warranties makes, and for whom. Run by the outbox as the worker; may run again.

An event names things by their keys only. Everything said is read again here, inside the customer of the event, so that
nothing a tenant writes into the outbox can carry another tenant's words (as tickets.emails.handlers).
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from email.utils import parseaddr
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from contracts import wording
from contracts.lifecycle import TermState
from contracts.models import AgreementTerm, ContractNotice, Invoice, QuoteRequest, SupportAgreement, WarrantyCoverage
from contracts.standing import Standing, left_bare, standing
from contracts.wording import Subject
from notifications.handlers import Mail, Said, Told, guards, handles
from notifications.letters import Letter, as_html, as_text, outside_threads
from notifications.models import Event
from notifications.readers import Reader, members, without
from tenancy.context import database_now
from tenancy.models import Kind, Organisation, Role

K, T = ContractNotice.Kind, TermState
# A reminder that waited in the outbox is dropped when the term does not stand there any more.
STANDS = {
    K.ENDS_90: {T.IN_FORCE},
    K.ENDS_60: {T.IN_FORCE},
    K.ENDS_30: {T.IN_FORCE},
    K.GRACE_1: {T.GRACE},
    K.GRACE_15: {T.GRACE},
    K.GRACE_25: {T.GRACE},
    K.SUSPENDED: {T.SUSPENDED},
    K.LAPSED: {T.LAPSED},
    K.QUOTE_EXPIRED: {T.QUOTE_EXPIRED},
}


def administrators(customer: Organisation) -> list[Reader]:
    return members(organisation=customer, role=Role.CUSTOMER_ADMINISTRATOR)


def sellers(agreement: SupportAgreement) -> list[Reader]:
    """Who sold it, while that reseller still serves the customer; else roZoom."""
    if agreement.sold_by.kind == Kind.RESELLER and agreement.sold_by_id == agreement.reseller_id:
        return _of_reseller(agreement.sold_by)
    return _of_rozoom()


def who_serves(customer: Organisation) -> list[Reader]:
    return _of_reseller(customer.served_by) if customer.served_by.kind == Kind.RESELLER else _of_rozoom()


def _of_reseller(reseller: Organisation) -> list[Reader]:
    return members(organisation=reseller, role=Role.RESELLER_MANAGER) or members(organisation=reseller)


def _of_rozoom() -> list[Reader]:
    told = members(organisation__kind=Kind.OPERATOR, role=Role.FINANCE)
    return told or members(organisation__kind=Kind.OPERATOR, role=Role.ADMINISTRATOR)


# Agreements ----------------------------------------------------------------------------------------------------------


@handles("agreement.reminder")
def reminder(event: Event) -> Iterator[Said]:
    term, kind = _term(event), event.payload.get("notice")
    if term is None or kind not in STANDS:
        return
    about = _subject(term, event.created_at)
    buyers = administrators(term.agreement.customer) if kind != K.QUOTE_EXPIRED else []
    guard = {"reminder": [str(term.pk), kind]}
    for reader in without(buyers, None):
        letter = wording.to_customer(kind, about)
        yield _told(letter, reader, page_of("agreement", term.agreement_id), term.agreement, guard)
    told = [reader.name for reader in buyers]
    for reader in without(sellers(term.agreement), None):
        letter = wording.to_seller(kind, about, told)
        yield _told(letter, reader, page_of("renewals"), term.agreement, guard)


@guards("reminder")
def still_needed(value: Any) -> str:
    key, kind = value
    term = AgreementTerm.objects.select_related("agreement__customer").filter(pk=key).first()
    if term is None:
        return "the term is gone"
    stands = standing(term, database_now())
    if stands.successor is not None:
        return "it was renewed meanwhile"
    return "" if stands.state in STANDS[kind] else f"it is {stands.state.label.lower()} now"


@handles("agreement.ordered")
def ordered(event: Event) -> Iterator[Mail]:
    term = _term(event)
    invoice = of_customer(event, Invoice, event.payload.get("invoice"))
    if term is None or invoice is None or invoice.term_id != term.pk:
        return
    customer = term.agreement.customer
    for reader in without([*administrators(customer), *sellers(term.agreement)], None):
        yield _mail(wording.ordered(term, invoice, reader), reader, term.agreement, "ordered")


@handles("agreement.asked")
def asked(event: Event) -> Iterator[Mail]:
    request = of_customer(event, QuoteRequest, event.payload.get("request"))
    if request is None:
        return
    agreement, customer = request.agreement, request.customer
    for reader in without(sellers(agreement) if agreement else who_serves(customer), None):
        yield written(wording.asked(request), reader, page_of("renewals"), f"quote.{customer.code}", "asked")


@handles("renewal.sent")
def renewal_sent(event: Event) -> Iterator[Mail]:
    """The letter that a seller wrote, to those who can order; without one, the seller hears that nobody could be told."""
    notice = of_customer(event, ContractNotice, event.payload.get("notice"))
    term = _term(event)
    if notice is None or term is None or notice.kind != K.LETTER:
        return
    buyers = without(administrators(term.agreement.customer), None)
    for reader in buyers:
        yield _mail(wording.renewal(term, notice, reader), reader, term.agreement, "renewal")
    for reader in [] if buyers else without(sellers(term.agreement), None):
        yield _mail(wording.nobody_to_tell(term), reader, term.agreement, "renewal")


# Warranties ----------------------------------------------------------------------------------------------------------


@handles("warranty.ending")
def warranty_ending(event: Event) -> Iterator[Said]:
    rows = list(
        WarrantyCoverage.objects.filter(customer_id=event.customer_id, pk__in=event.payload.get("warranties", []))
        .select_related("component__product", "component__site")
        .order_by("end_date", "component__site__name", "component__product__name", "component__serial")
    )
    if not rows:
        return
    customer = Organisation.objects.select_related("reseller").get(pk=event.customer_id)
    lasting = wording.agreements_beyond(rows, event.created_at)
    components = page_of("coverage")
    for reader in without([*administrators(customer), *who_serves(customer)], None):
        url = components if reader.party == "customer" else f"{components}?customer={customer.code}"
        letter = wording.warranties(customer, rows, lasting, reader, event.created_at)
        mail = written(letter, reader, url, f"warranty.{customer.code}", "warranty")
        yield in_the_app(letter, reader, url, mail)


# Shared --------------------------------------------------------------------------------------------------------------


def _subject(term: AgreementTerm, at: datetime) -> Subject:
    stands: Standing = standing(term, at)
    quote = (
        AgreementTerm.objects.filter(predecessor=term, state=T.QUOTED, valid_until__gte=stands.day)
        .prefetch_related("lines")
        .order_by("-valid_until")
        .first()
    )
    return Subject(term, stands, tuple(left_bare([term], at)[term.pk]), quote)


def _mail(
    letter: Letter,
    reader: Reader,
    agreement: SupportAgreement,
    key: str,
    guard: dict[str, Any] | None = None,
) -> Mail:
    url = page_of("agreement", agreement.pk)
    return written(letter, reader, url, f"agreement.{agreement.number}", key, guard)


def written(
    letter: Letter, reader: Reader, url: str, thread: str, key: str, guard: dict[str, Any] | None = None
) -> Mail:
    """All mails of an agreement name the same root, so that mail programs show them as one thread."""
    host = parseaddr(settings.MAIL_FROM)[1].rpartition("@")[2] or "localhost"
    root = f"<{thread.lower()}@{host}>"
    letter = outside_threads(letter, reader.party)
    return Mail(
        to=reader.email,
        subject=letter.headline,
        text=as_text(letter, url),
        html=as_html(letter, url, letter.headline),
        key=key,
        headers={"In-Reply-To": root, "References": root, "X-Auto-Response-Suppress": "All"},
        guard=guard,
    )


def _told(letter: Letter, reader: Reader, url: str, agreement: SupportAgreement, guard: dict[str, Any] | None) -> Told:
    mail = written(letter, reader, url, f"agreement.{agreement.number}", "reminder", guard)
    return in_the_app(letter, reader, url, mail, agreement.number)


def in_the_app(letter: Letter, reader: Reader, url: str, mail: Mail, reference: str = "") -> Told:
    """It leads to the same page, and says what the mail is called."""
    return Told(
        person_id=reader.person_id,
        organisation_id=reader.organisation_id,
        party=reader.party,
        title=letter.headline,
        path=url.removeprefix(settings.BASE_URL),
        reference=reference,
        mail=mail,
    )


def page_of(name: str, *keys: UUID) -> str:
    return settings.BASE_URL + reverse(f"contracts:{name}", args=keys)


def _term(event: Event) -> AgreementTerm | None:
    found: AgreementTerm | None = of_customer(
        event, AgreementTerm, event.payload.get("term"), "agreement__customer__reseller", "agreement__sold_by"
    )
    return found


def of_customer(event: Event, model: Any, key: Any, *related: str) -> Any:
    """Only a row of the customer the event belongs to."""
    try:
        wanted = UUID(str(key))
    except ValueError:
        return None
    found: Iterable[Any] = model.objects.filter(pk=wanted, customer_id=event.customer_id)
    return found.select_related("customer__reseller", *related).first()  # type: ignore[attr-defined]
