"""Who is told that a warranty is made void, and what becomes of an appeal (as contracts.letters)."""

from collections.abc import Callable, Iterator
from datetime import date

from django.conf import settings

from contracts.letters import administrators, in_the_app, of_customer, page_of, who_serves, written
from contracts.models import WarrantyVoid
from contracts.standing import appeal_ends
from contracts.wording import day
from notifications.handlers import Said, Told, handles
from notifications.letters import Letter, Quote
from notifications.models import Event
from notifications.readers import Reader, members, without
from tenancy.capabilities import CAPABILITIES
from tenancy.models import Kind, Organisation

V = WarrantyVoid.State
Words = Callable[[WarrantyVoid, Reader], Letter]


@handles("warranty.void_proposed")
def proposed(event: Event) -> Iterator[Said]:
    """A notice, no mail: it is a step of work inside roZoom."""
    void = _void(event)
    if void is not None and void.state == V.PROPOSED:
        headline = f"{void.proposed_by_name} proposes to make the warranty of {_part(void)} void"
        for reader in without(_who_may("warranty:void"), void.proposed_by_id):
            path = _url(void).removeprefix(settings.BASE_URL)
            yield Told(reader.person_id, reader.organisation_id, reader.party, headline, path)


@handles("warranty.voided")
def voided(event: Event) -> Iterator[Said]:
    void = _void(event)
    if void is not None and void.state in (V.VOID, V.APPEALED):
        yield from _to_its_side(void, _voided, "voided")


@handles("warranty.appealed")
def appealed(event: Event) -> Iterator[Said]:
    void = _void(event)
    if void is not None and void.state == V.APPEALED:
        for reader in without(_who_may("warranty:answer"), None):
            yield _told(void, _appealed(void), reader, "appealed")


@handles("warranty.given_back")
def given_back(event: Event) -> Iterator[Said]:
    void = _void(event)
    if void is not None and void.state == V.GIVEN_BACK:
        yield from _to_its_side(void, _given_back, "given-back")


@handles("warranty.void_final")
def refused(event: Event) -> Iterator[Said]:
    """Where nobody appealed there is nothing new to say: the first letter named the last day."""
    void = _void(event)
    if void is not None and void.answered_at is not None:
        yield from _to_its_side(void, _refused, "refused")


# Words ---------------------------------------------------------------------------------------------------------------


def _voided(void: WarrantyVoid, reader: Reader) -> Letter:
    last = day(_last(void))
    return Letter(
        headline=f"The warranty of {_part(void)} is void",
        lead=f"roZoom made the warranty of {_part(void)} void. It would have run until {day(void.warranty.end_date)}.",
        paragraphs=[
            "Repairs are paid for now; you hear the price first. There is no replacement in advance.",
            "A return that is shipped already goes on as it was decided.",
            f"Is this wrong? You can appeal until {last}. A manager at roZoom answers.",
        ],
        quote=Quote("Why", void.reason),
        facts=[("Because of", void.get_ground_display()), *_evidence(void), ("Appeal until", last)],
        action="Read it and appeal",
        why=_why(void, reader),
    )


def _appealed(void: WarrantyVoid) -> Letter:
    return Letter(
        headline=f"{void.customer.name} appeals: the warranty of {_part(void)}",
        lead=f"{void.appealed_by_name} appeals for {void.customer.name}: the warranty of {_part(void)} should hold.",
        paragraphs=[f"{void.confirmed_by_name} made it void. Give it back, or refuse with words."],
        quote=Quote("What they say", void.appeal),
        facts=[("Void because", void.reason), *_evidence(void), ("Its last day", day(void.warranty.end_date))],
        action="Answer the appeal",
        why="You get this because you answer appeals at roZoom.",
    )


def _given_back(void: WarrantyVoid, reader: Reader) -> Letter:
    return Letter(
        headline=f"The warranty of {_part(void)} holds again",
        lead=f"Your appeal was right: the warranty of {_part(void)} holds until {day(void.warranty.end_date)}.",
        paragraphs=[
            "A return that is on hold because of this goes on when somebody opens it and has it checked again."
        ],
        quote=Quote(f"{void.answered_by_name} writes", void.answer) if void.answer else None,
        action="Open the component",
        why=_why(void, reader),
    )


def _refused(void: WarrantyVoid, reader: Reader) -> Letter:
    return Letter(
        headline=f"The warranty of {_part(void)} stays void",
        lead=f"roZoom read your appeal. The warranty of {_part(void)} stays void, and this is the last word.",
        quote=Quote(f"{void.answered_by_name} writes", void.answer),
        action="Open the component",
        why=_why(void, reader),
    )


def _why(void: WarrantyVoid, reader: Reader) -> str:
    does = "administer" if reader.party == "customer" else "serve"
    return f"You get this because you {does} {void.customer.name} at roZoom Support."


def _evidence(void: WarrantyVoid) -> list[tuple[str, str]]:
    return [("Evidence", void.evidence)] if void.evidence else []


def _part(void: WarrantyVoid) -> str:
    component = void.warranty.component
    return f"{component.product.name} {component.serial}"


# Whom ----------------------------------------------------------------------------------------------------------------


def _to_its_side(void: WarrantyVoid, words: Words, key: str) -> Iterator[Said]:
    for reader in without([*_of_customer(void.customer), *_reseller(void.customer)], None):
        yield _told(void, words(void, reader), reader, key)


def _of_customer(customer: Organisation) -> list[Reader]:
    """Everybody of a customer may appeal: where nobody administers it, all are told."""
    return administrators(customer) or members(organisation=customer)


def _reseller(customer: Organisation) -> list[Reader]:
    return who_serves(customer) if customer.served_by.kind == Kind.RESELLER else []


def _who_may(capability: str) -> list[Reader]:
    return members(organisation__kind=Kind.OPERATOR, role__in=CAPABILITIES[capability])


def _told(void: WarrantyVoid, letter: Letter, reader: Reader, key: str) -> Told:
    url = _url(void)
    mail = written(letter, reader, url, f"void.{void.pk}", key)
    return in_the_app(letter, reader, url, mail)


def _url(void: WarrantyVoid) -> str:
    return page_of("component", void.warranty.component_id)


def _last(void: WarrantyVoid) -> date:
    assert void.confirmed_at is not None, "told when it holds"
    return appeal_ends(void.confirmed_at, void.warranty.component.site.time_zone)


def _void(event: Event) -> WarrantyVoid | None:
    related = ("warranty__component__product", "warranty__component__site")
    found: WarrantyVoid | None = of_customer(event, WarrantyVoid, event.payload.get("void"), *related)
    return found
