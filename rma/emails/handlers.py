"""Who is told of an event about a return, and what. Run by the outbox as the worker; may run again (notifications.handlers).

An event names things by their keys only; all that is said is read again here, inside the customer of the event. What needs
the reader, or changes a day that was promised, is mailed; the rest is a notice in the app alone.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from contracts.models import Invoice
from notifications.handlers import Mail, Said, Told, guards, handles
from notifications.letters import Letter, as_html, as_text
from notifications.models import Event
from notifications.readers import Reader, without
from rma.emails import recipients, words
from rma.models import RepairQuote, Rma, RmaNotice
from rma.portal.words import part_words
from rma.standing import current_state
from rma.states import ENDED, RmaKind, RmaState, ShipmentKind
from tenancy.capabilities import role_may
from tenancy.context import database_now
from tenancy.models import Membership
from tickets.emails.letters import answerable, headers_of, unless_told

S = RmaState
Writer = Callable[[Rma, Reader], Letter]


def rma_of(event: Event) -> Rma | None:
    found = _one(event, Rma, event.payload.get("rma"), "component__product", "component__site", "ship_to", "ticket")
    return found if isinstance(found, Rma) else None


def _one(event: Event, model: Any, key: Any, *related: str) -> Any:
    """Only a row of the customer the event belongs to."""
    try:
        wanted = UUID(str(key))
    except ValueError:
        return None
    found = model.objects.filter(pk=wanted, customer_id=event.customer_id)
    return found.select_related("customer__reseller", *related).first()


# Channels ---------------------------------------------------------------------------------------------------------------


def path_for(rma: Rma, reader: Reader) -> str:
    """roZoom's people work on it on a page of theirs."""
    name = "returns_desk:return" if reader.party == "operator" else "returns:tracking"
    return reverse(name, args=[rma.reference])


def mail(rma: Rma, letter: Letter, reader: Reader, key: str, guard: dict[str, Any] | None = None) -> Mail:
    """In the thread of its ticket, with an address to answer to: an answer is filed there, as the kind that the mail says."""
    url, kind = settings.BASE_URL + path_for(rma, reader), unless_told(reader)
    letter = answerable(letter, reader, kind)
    return Mail(
        to=reader.email,
        subject=f"[{rma.ticket.reference}] {letter.headline}",
        text=as_text(letter, url),
        html=as_html(letter, url, rma.reference),
        key=key,
        headers=headers_of(rma.ticket, reader, kind),
        guard=guard,
    )


def told(
    rma: Rma, title: str, reader: Reader, letter: Letter | None = None, *, key: str = "return", **more: Any
) -> Told:
    return Told(
        person_id=reader.person_id,
        organisation_id=reader.organisation_id,
        party=reader.party,
        title=title,
        path=path_for(rma, reader),
        reference=rma.reference,
        detail=part_words(rma),
        mail=mail(rma, letter, reader, key, more.get("guard")) if letter is not None else None,
    )


def by_person(event: Event) -> int | None:
    return event.payload.get("by_person")


def both_sides(rma: Rma) -> list[Reader]:
    return [*recipients.customers(rma), *recipients.resellers(rma)]


def everybody(
    event: Event,
    title: str,
    writer: Writer | None,
    *,
    states: Iterable[str] = (),
    resellers_too: bool = True,
    key: str = "return",
) -> Iterator[Said]:
    """The customer's side by mail and in the app, its reseller in the app; never whoever did it. With `states`: only while it
    still stands in one of them, for a later event tells what came after."""
    rma = rma_of(event)
    if rma is None or (states and rma.state not in states):
        return
    customers = recipients.customers(rma)
    for reader in without(customers, by_person(event)):
        letter = writer(rma, reader) if writer is not None else None
        yield told(rma, title.format(rma=rma), reader, letter, key=key)
    for reader in without(recipients.resellers(rma), by_person(event)) if resellers_too else []:
        yield told(rma, title.format(rma=rma), reader)


# Before it leaves -------------------------------------------------------------------------------------------------------


@handles("rma.requested")
def requested(event: Event) -> Iterator[Said]:
    """The number, to who asked; where it was put on hold or rejected at once, that mail says it."""
    rma = rma_of(event)
    if rma is None:
        return
    if rma.state == S.REQUESTED and "follows" not in event.payload:
        for reader in without(recipients.customers(rma), None):
            yield mail(rma, words.requested(rma, reader), reader, "requested")
    for reader in without(recipients.resellers(rma), by_person(event)):
        yield told(rma, f"{rma.customer.name} asked for a {_wanted(rma)}", reader)
    yield from waits_for_approval(event, rma)


def waits_for_approval(event: Event, rma: Rma) -> Iterator[Said]:
    """To who approves it, as soon as nothing is missing."""
    for reader in without(recipients.coordinators(), by_person(event)) if rma.state == S.REQUESTED else []:
        title = f"{rma.customer.name} asks for a {_wanted(rma)}, severity {rma.severity}"
        letter = words.waits(rma, reader)
        yield told(rma, title, reader, letter, key="waits", guard={"request": str(rma.pk)})


@guards("request")
def still_waits(value: Any) -> str:
    """A mail that waited is dropped when somebody was faster."""
    rma = Rma.objects.filter(pk=value).first()
    if rma is None:
        return "the return is gone"
    return "" if rma.state == S.REQUESTED else f"it is {RmaState(rma.state).label.lower()} now"


def _wanted(rma: Rma) -> str:
    return "replacement" if rma.kind == RmaKind.ADVANCE else "repair"


@handles("rma.on_hold")
def on_hold(event: Event) -> Iterator[Said]:
    """Also to who asked: it was not put there by them, though by their request."""
    rma = rma_of(event)
    if rma is None or rma.state != S.ON_HOLD:
        return
    for reader in without(recipients.customers(rma), None):
        yield told(rma, "On hold: something is missing", reader, words.on_hold(rma, reader), key="hold")
    for reader in without(recipients.resellers(rma), None):
        letter = words.on_hold(rma, reader) if "AGREEMENT" in rma.missing else None
        yield told(rma, "On hold: something is missing", reader, letter, key="hold")


@handles("rma.rejected")
def rejected(event: Event) -> Iterator[Said]:
    rma = rma_of(event)
    if rma is None:
        return
    for reader in without(both_sides(rma), None):
        letter = words.rejected(rma, reader) if reader.party == "customer" else None
        yield told(rma, "No replacement and no repair", reader, letter, key="rejected")


@handles("rma.resumed")
def resumed(event: Event) -> Iterator[Said]:
    yield from everybody(event, "Nothing is missing any more", None, states=[S.REQUESTED])
    if (rma := rma_of(event)) is not None:
        yield from waits_for_approval(event, rma)


@handles("rma.approved")
def approved(event: Event) -> Iterator[Said]:
    states = [S.APPROVED, S.ALLOCATED, S.SHIPPED, S.BACKORDERED]
    yield from everybody(event, "Approved", words.approved, states=states, key="approved")


@handles("rma.backordered")
def backordered(event: Event) -> Iterator[Said]:
    yield from everybody(event, "Approved, none in stock now", words.backordered, states=[S.BACKORDERED], key="stock")


@handles("rma.allocated")
def allocated(event: Event) -> Iterator[Said]:
    yield from everybody(event, "A unit is reserved", None, states=[S.ALLOCATED])


@handles("rma.cancelled")
def cancelled(event: Event) -> Iterator[Said]:
    yield from everybody(event, "Cancelled", words.cancelled, states=[S.CANCELLED], key="cancelled")


@handles("rma.converted", "rma.upgraded")
def goes_on(event: Event) -> Iterator[Said]:
    rma = rma_of(event)
    following = Rma.objects.filter(previous=rma, customer_id=event.customer_id).first() if rma is not None else None
    if rma is None or following is None:
        return
    for reader in without(both_sides(rma), by_person(event)):
        letter = words.goes_on(rma, following, reader) if reader.party == "customer" else None
        yield told(following, f"{rma} goes on as {following}", reader, letter, key="goes-on")


# On its way -------------------------------------------------------------------------------------------------------------


@handles("rma.shipped")
def shipped(event: Event) -> Iterator[Said]:
    rma = rma_of(event)
    if rma is None or rma.state not in (S.SHIPPED, S.SHIPPED_BACK):
        return
    kind = ShipmentKind.FACTORY_OUT if rma.kind == RmaKind.FACTORY else ShipmentKind.REPLACEMENT_OUT
    box = rma.shipments.filter(kind=kind).order_by("label_at", "pk").last()
    yield from everybody(event, "On its way", lambda one, reader: words.shipped(one, box, reader), key="shipped")


@handles("rma.lost")
def lost(event: Event) -> Iterator[Said]:
    yield from everybody(event, "A box did not arrive", words.lost, key="lost")


@handles("shipment.held_up")
def held_up(event: Event) -> Iterator[Said]:
    yield from everybody(event, "A box is held up by the carrier", None)


@handles("rma.delivered")
def delivered(event: Event) -> Iterator[Said]:
    """Also to who confirmed it: the day the failed part is due stands in it."""
    rma = rma_of(event)
    if rma is None or rma.state not in (S.DELIVERED, S.RETURN_OVERDUE):
        return
    for reader in without(recipients.customers(rma), None):
        yield told(rma, "Arrived: send the failed part back", reader, words.delivered(rma, reader), key="delivered")
    for reader in without(recipients.resellers(rma), by_person(event)):
        yield told(rma, "The replacement arrived", reader)


@handles("rma.dead_on_arrival")
def dead_on_arrival(event: Event) -> Iterator[Said]:
    yield from everybody(event, "Another replacement is sent", words.dead_on_arrival, key="dead")


# The failed part --------------------------------------------------------------------------------------------------------


@guards("return")
def still_due(value: Any) -> str:
    """A reminder that waited is dropped when the part was sent meanwhile."""
    rma = Rma.objects.select_related("ship_to", "component__site", "customer").filter(pk=value).first()
    if rma is None:
        return "the return is gone"
    if rma.return_sent_at is not None:
        return "the part was sent"
    due = (S.DELIVERED, S.RETURN_OVERDUE, S.AWAITING_INBOUND)
    state = current_state(rma, database_now())
    return "" if state in due else f"it is {state.label.lower()} now"


@handles("rma.reminder")
def reminder(event: Event) -> Iterator[Said]:
    rma = rma_of(event)
    if rma is None or rma.state in ENDED or rma.return_sent_at is not None:
        return
    kind = event.payload.get("notice", event.payload.get("reminder", ""))
    writer: Writer = words.reminder
    if rma.kind == RmaKind.FACTORY:
        writer = words.inbound_reminder
    elif kind == RmaNotice.Kind.OVERDUE or rma.state == S.RETURN_OVERDUE:
        writer = words.overdue
    late = writer is words.overdue
    title = "The failed part is overdue" if late else "The failed part is due back"
    if rma.kind == RmaKind.FACTORY:
        title = "The part was not sent yet"
    for reader in without(recipients.customers(rma), None):
        yield told(rma, title, reader, writer(rma, reader), key="reminder", guard={"return": str(rma.pk)})
    for reader in without(recipients.resellers(rma), None) if late else []:
        yield told(rma, title, reader)


@handles("rma.return_overdue")
def overdue(event: Event) -> Iterator[Said]:
    rma = rma_of(event)
    if rma is None or rma.state != S.RETURN_OVERDUE:
        return
    for reader in without(recipients.customers(rma), None):
        letter = words.overdue(rma, reader)
        yield told(rma, "The failed part is overdue", reader, letter, key="overdue", guard={"return": str(rma.pk)})
    for reader in without(recipients.resellers(rma), None):
        yield told(rma, "The failed part is overdue", reader)


@handles("rma.charged", "rma.credited")
def billed(event: Event) -> Iterator[Said]:
    """Amounts to who may read invoices; the others hear that there is one."""
    rma = rma_of(event)
    invoice = _one(event, Invoice, event.payload.get("invoice"))
    if rma is None or invoice is None or invoice.pk != rma.non_return_invoice_id:
        return
    is_credit = event.topic == "rma.credited"
    title = "The charge is taken back" if is_credit else "Charged: the part did not come back"
    readers = without(recipients.payers(rma), by_person(event))
    may = _who_reads_bills(readers)
    for reader in readers:
        sees = (reader.person_id, reader.organisation_id) in may
        letter = (
            words.credited(rma, invoice, reader) if is_credit else words.charged(rma, invoice, reader, may_see=sees)
        )
        yield told(rma, title, reader, letter, key="billed")
    for reader in without(recipients.resellers(rma), by_person(event)):
        yield told(rma, title, reader)


def _who_reads_bills(readers: Iterable[Reader]) -> set[tuple[int, int]]:
    wanted = list(readers)
    rows = Membership.objects.filter(
        person_id__in=[one.person_id for one in wanted],
        organisation_id__in=[one.organisation_id for one in wanted],
        is_active=True,
    ).values_list("person_id", "organisation_id", "role")
    return {(person, organisation) for person, organisation, role in rows if role_may(role, "invoice:read")}


@handles("rma.return_sent")
def return_sent(event: Event) -> Iterator[Said]:
    yield from everybody(event, "The carrier has the part", None)


@handles("rma.return_received")
def received(event: Event) -> Iterator[Said]:
    yield from everybody(event, "The failed part arrived", words.received, key="received")


@handles("rma.mismatch")
def mismatch(event: Event) -> Iterator[Said]:
    yield from everybody(
        event, "Another part came back", words.mismatch, states=[S.RETURN_MISMATCH, S.MISMATCH], key="mismatch"
    )


@handles("rma.closed")
def closed(event: Event) -> Iterator[Said]:
    yield from everybody(event, "Closed", words.closed, states=[S.CLOSED], key="closed")


# The factory ------------------------------------------------------------------------------------------------------------


@handles("rma.quoted")
def quoted(event: Event) -> Iterator[Said]:
    rma = rma_of(event)
    quote = RepairQuote.objects.filter(customer_id=event.customer_id, rma=rma, answered_at=None).first()
    if rma is None or quote is None:
        return
    for reader in without(recipients.payers(rma), by_person(event)):
        yield told(rma, "Repair quoted: accept or decline", reader, words.quoted(rma, quote, reader), key="quoted")
    for reader in without(recipients.resellers(rma), by_person(event)):
        yield told(rma, "A repair was quoted", reader)


@handles("rma.authorised")
def authorised(event: Event) -> Iterator[Said]:
    yield from everybody(
        event, "Send the part to the factory", words.authorised, states=[S.AWAITING_INBOUND], key="authorised"
    )


@handles("rma.expired")
def expired(event: Event) -> Iterator[Said]:
    yield from everybody(event, "The part was not sent in time", words.expired, states=[S.EXPIRED], key="expired")


@handles("rma.diagnosed", "rma.repairing", "rma.ready")
def at_the_factory(event: Event) -> Iterator[Said]:
    titles = {
        "rma.diagnosed": "The factory knows what is wrong",
        "rma.repairing": "The repair began",
        "rma.ready": "Ready to be sent back",
    }
    yield from everybody(event, titles[event.topic], None, resellers_too=False)
