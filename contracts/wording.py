"""What the mails about agreements and warranties say. Plain words, short sentences, the day on which something happens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from contracts.lifecycle import BEFORE_ORDER
from contracts.models import (
    AgreementLine,
    AgreementTerm,
    Component,
    ContractNotice,
    Invoice,
    QuoteRequest,
    WarrantyCoverage,
)
from contracts.standing import Standing, today_of
from contracts.terms import DAY, GRACE_DAYS
from notifications.letters import Letter, Quote
from notifications.readers import Reader
from rozoom_support.lib.money import shown
from rozoom_support.lib.ui.times import MONTHS
from tenancy.models import Kind, Organisation

K = ContractNotice.Kind
LISTED = 30  # components in a mail; the page has all


@dataclass(frozen=True)
class Subject:
    """The term a reminder is about: where it stands, what it leaves without cover, and the renewal that is quoted."""

    term: AgreementTerm
    stands: Standing
    bare: Sequence[Component]
    quote: AgreementTerm | None

    @property
    def number(self) -> str:
        return self.term.agreement.number

    @property
    def customer(self) -> str:
        return self.term.agreement.customer.name

    @property
    def seller(self) -> str:
        return self.term.agreement.sold_by.name

    @property
    def is_sold_by_reseller(self) -> bool:
        return self.term.agreement.sold_by.kind == Kind.RESELLER

    @property
    def grace_ends(self) -> date:
        return self.term.end_date + GRACE_DAYS * DAY


def day(value: date) -> str:
    """14 Dec 2026"""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def in_days(count: int) -> str:
    return {0: "today", 1: "tomorrow"}.get(count, f"in {count} days")


def to_customer(kind: str, about: Subject) -> Letter:
    what = f"support agreement {about.number}"
    ended = day(about.term.end_date)
    renew = _renew(about)
    if kind in (K.ENDS_90, K.ENDS_60, K.ENDS_30):
        headline = f"Support agreement {about.number} ends on {ended}"
        lead = f"Your {what} ends {in_days(about.stands.days_left or 0)}, on {ended}."
        lines = [
            renew,
            f"Without a renewal, support goes on for {GRACE_DAYS} days, until {day(about.grace_ends)}. "
            f"Advance replacement ends on {ended}.",
        ]
    elif kind in (K.GRACE_1, K.GRACE_15, K.GRACE_25):
        left = (about.grace_ends - about.stands.day).days
        headline = f"Support agreement {about.number} ended: grace until {day(about.grace_ends)}"
        lead = f"Your {what} ended on {ended}. Support ends {in_days(left)}, on {day(about.grace_ends)}."
        lines = [
            "In these days support goes on. Advance replacement does not.",
            renew,
            "A renewal counts from the day after the old one ended, so there is no gap.",
        ]
    elif kind == K.SUSPENDED:
        headline = f"Support agreement {about.number} is suspended"
        lead = f"Your {what} is suspended: its fee is more than 30 days overdue."
        lines = [
            _pay(about),
            "Tickets that are open go on. New problems are not covered until the fee is paid.",
            *_lapses(about),
        ]
    else:
        headline = f"Support agreement {about.number} has lapsed"
        lead = f"Your {what} has lapsed. Its components are not covered any more."
        lines = [_comes_back(about)]
    return Letter(
        headline=headline,
        lead=lead,
        paragraphs=lines,
        facts=_facts(about),
        action="Read and order the quote" if about.quote else "Open the agreement",
        why=f"You get this because you administer {about.customer} at roZoom Support.",
    )


def to_seller(kind: str, about: Subject, told: Sequence[str]) -> Letter:
    what, ended = f"agreement {about.number}", day(about.term.end_date)
    at_customer = (
        f"{', '.join(told)} at {about.customer} got a mail about it."
        if told
        else f"Nobody at {about.customer} was told: it has no administrator with access."
    )
    if kind == K.QUOTE_EXPIRED:
        expired = day(about.term.valid_until or about.stands.day)
        lead = f"The quote of {what} for {about.customer} expired on {expired}. Nobody ordered it."
        lines = ["It keeps no price any more. Make a new quote at the list prices of today."]
    elif kind == K.SUSPENDED:
        lead = f"{about.customer}: {what} is suspended. Its fee is more than 30 days overdue."
        lines = [_owed(about), at_customer, *_lapses(about)]
    elif kind == K.LAPSED:
        lead = f"{about.customer}: {what} has lapsed."
        how = "Its fee was never paid: it can be sold anew." if about.stands.lapsed_by_debt else "It can be reinstated."
        lines = [f"Its components are not covered any more. {how}", at_customer]
    elif kind in (K.GRACE_1, K.GRACE_15, K.GRACE_25):
        lead = f"{about.customer}: {what} ended on {ended}. Grace ends on {day(about.grace_ends)}."
        lines = [_prepare(about), at_customer]
    else:
        lead = f"{about.customer}: {what} ends {in_days(about.stands.days_left or 0)}, on {ended}."
        lines = [_prepare(about), at_customer]
    return Letter(
        headline=lead.partition(".")[0],
        lead=lead,
        paragraphs=lines,
        facts=[("Customer", about.customer), *_facts(about)],
        action="Open the renewals",
        why="You get this because you sell support to this customer.",
    )


def _renew(about: Subject) -> str:
    if about.quote is not None and about.quote.valid_until is not None:
        return (
            f"A quote for the renewal is ready: {total_of(about.quote)}, until {day(about.quote.end_date)}. "
            f"Order it by {day(about.quote.valid_until)}."
        )
    return f"No renewal is ordered yet. Ask {about.seller} for a quote, on the page of the agreement."


def _comes_back(about: Subject) -> str:
    if about.stands.lapsed_by_debt:
        return f"Its fee was more than 90 days overdue. Ask {about.seller} for a new quote."
    return f"It can come back: the days between are paid for. Ask {about.seller} to reinstate it."


def _prepare(about: Subject) -> str:
    if about.quote is not None and about.quote.valid_until is not None:
        return f"The renewal is quoted, {total_of(about.quote)}, and valid until {day(about.quote.valid_until)}."
    return "No renewal is quoted yet. Prepare it at the renewals desk."


def _pay(about: Subject) -> str:
    if about.is_sold_by_reseller:
        return f"{about.seller} sold it and settles its fee with roZoom. Ask them; support goes on when it is paid."
    return f"{_owed(about)} Support goes on when it is paid in full."


def _owed(about: Subject) -> str:
    facts = about.stands.facts
    open_amount = facts.balance if facts and facts.balance is not None else Decimal(0)
    return f"{shown(open_amount, about.term.agreement.currency)} is open."


def _lapses(about: Subject) -> list[str]:
    facts = about.stands.facts
    if facts is None or facts.lapses_after is None:
        return []
    return [f"The last day on which a payment helps is {day(min(facts.lapses_after, facts.end))}. Then it lapses."]


def _facts(about: Subject) -> list[tuple[str, str]]:
    term = about.term
    return [
        ("Agreement", f"{about.number}, sold by {about.seller}"),
        ("Term", f"{day(term.start_date)} to {day(term.end_date)}"),
        *([("Components", listed([f"{one.product.name} {one.serial}" for one in about.bare]))] if about.bare else []),
    ]


def listed(names: Sequence[str], most: int = 5) -> str:
    rest = len(names) - most
    return "; ".join(names[:most]) + (f"; and {rest:,} more" if rest > 0 else "")


def total_of(term: AgreementTerm) -> str:
    fees = (line.unit_fee for line in term.lines.all() if line.removed_on is None)
    return shown(sum(fees, Decimal(0)), term.agreement.currency)


# Orders, requests, letters -------------------------------------------------------------------------------------------


def ordered(term: AgreementTerm, invoice: Invoice, reader: Reader) -> Letter:
    agreement = term.agreement
    is_billed = reader.organisation_id == invoice.bill_to_id or reader.party == "operator"
    bill = [
        ("Invoice", invoice.number),
        ("Amount", shown(invoice.total, invoice.currency)),
        ("Due", day(invoice.due_on) if invoice.due_on else ""),
    ]
    lines = [
        "Support is on from its first day. Advance replacement needs the fee to be paid in full."
        if is_billed
        else f"{agreement.sold_by.name} bills it to you."
    ]
    why = (
        f"you administer {agreement.customer.name}"
        if reader.party == "customer"
        else "you sell support to this customer"
    )
    return Letter(
        headline=f"Ordered: support agreement {agreement.number}",
        lead=f"Support agreement {agreement.number} for {agreement.customer.name} is ordered.",
        paragraphs=lines,
        facts=[
            ("Term", f"{day(term.start_date)} to {day(term.end_date)}"),
            ("Ordered by", f"{term.ordered_by_name}, purchase order {term.purchase_order}"),
            *(bill if is_billed else []),
        ],
        action="Open the agreement",
        why=f"You get this because {why}.",
    )


def asked(request: QuoteRequest) -> Letter:
    customer = request.customer.name
    what = f"a renewal of {request.agreement.number}" if request.agreement else "a quote"
    components = Component.objects.filter(customer_id=request.customer_id, pk__in=request.components)
    names = [f"{one.product.name} {one.serial}" for one in components.select_related("product").order_by("serial")]
    return Letter(
        headline=f"{customer} asks for {what}",
        lead=f"{request.asked_by_name} at {customer} asks for {what}.",
        quote=Quote(f"{request.asked_by_name}:", request.text) if request.text else None,
        facts=[
            *([("Components", listed(names, 20))] if names else []),
            *([("Write back to", request.asked_by_email)] if request.asked_by_email else []),
        ],
        action="Open the renewals",
        why="You get this because you sell support to this customer.",
    )


def renewal(term: AgreementTerm, notice: ContractNotice, reader: Reader) -> Letter:
    """What the seller wrote, with the figures of the quote below."""
    agreement = term.agreement
    return Letter(
        headline=f"Renewal of support agreement {agreement.number}",
        lead=f"Renewal of your support agreement {agreement.number}",
        paragraphs=[line for line in notice.text.splitlines() if line.strip()],
        facts=[
            ("New term", f"{day(term.start_date)} to {day(term.end_date)}"),
            ("Fee", total_of(term)),
            ("Order by", day(term.valid_until) if term.valid_until else ""),
        ],
        action="Read and order the quote",
        why=f"You get this because you administer {agreement.customer.name} at roZoom Support.",
    )


def nobody_to_tell(term: AgreementTerm) -> Letter:
    customer = term.agreement.customer.name
    return Letter(
        headline=f"Your letter did not reach {customer}",
        lead=f"Nobody at {customer} could be told of the renewal of {term.agreement.number}.",
        paragraphs=["It has no administrator with access. Invite one, or order it for the customer."],
        action="Open the agreement",
        why="You get this because you sell support to this customer.",
    )


# Warranties ----------------------------------------------------------------------------------------------------------


def agreements_beyond(rows: Sequence[WarrantyCoverage], at: datetime) -> dict[UUID, tuple[str, date]]:
    """By component: the agreement that is paid for after the warranty's end, and its last day."""
    ends = {row.component_id: row.end_date for row in rows}
    lines = AgreementLine.objects.filter(
        component_id__in=ends, removed_on=None, term__ordered_at__lte=at, term__terminated_on=None
    ).exclude(term__state__in=[*BEFORE_ORDER, "LAPSED"])
    found: dict[UUID, tuple[str, date]] = {}
    for line in lines.select_related("term__agreement").order_by("cover_end"):
        if line.cover_end > ends[line.component_id]:
            found[line.component_id] = (line.term.agreement.number, line.cover_end)
    return found


def warranties(
    customer: Organisation,
    rows: Sequence[WarrantyCoverage],
    lasting: dict[UUID, tuple[str, date]],
    reader: Reader,
    at: datetime,
) -> Letter:
    """One mail for all of a customer that came near their end on the same day."""
    first, count = rows[0].end_date, len(rows)
    left = (first - today_of(customer, at)).days
    whose = "your components" if reader.party == "customer" else f"{customer.name}'s components"
    what = f"The warranty of one of {whose}" if count == 1 else f"The warranties of {count:,} of {whose}"
    verb = "ends" if count == 1 else "end"
    since = f"on {day(first)}" if rows[-1].end_date == first else f"from {day(first)} on"
    lines = ["After that, repairs are paid for. You hear the price first. Advance replacement needs a warranty, too."]
    if lasting:
        number = f"{len(lasting):,} of them" if count > 1 else "It"
        lines.append(
            f"{number} {'are' if len(lasting) > 1 else 'is'} in an agreement that goes on for longer. "
            "Support goes on with it, advance replacement does not."
        )
    shown_rows = [_warranty_row(row, lasting) for row in rows[:LISTED]]
    rest = [("And", f"{count - LISTED:,} more, on the page of components")] if count > LISTED else []
    why = f"administer {customer.name}" if reader.party == "customer" else f"serve {customer.name}"
    return Letter(
        headline=f"{customer.name}: {'a warranty ends' if count == 1 else f'{count:,} warranties end'} {since}",
        lead=f"{what} {verb} {in_days(left)}, {since}." if count == 1 else f"{what} {verb} {since}.",
        paragraphs=lines,
        facts=[*shown_rows, *rest],
        action="Open the components",
        why=f"You get this because you {why} at roZoom Support.",
    )


def _warranty_row(row: WarrantyCoverage, lasting: dict[UUID, tuple[str, date]]) -> tuple[str, str]:
    one = row.component
    beyond = lasting.get(row.component_id)
    also = f" (in {beyond[0]} until {day(beyond[1])})" if beyond else ""
    return day(row.end_date), f"{one.product.name} {one.serial}, {one.site.name}{also}"
