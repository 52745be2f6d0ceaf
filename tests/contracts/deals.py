"""Agreements made as people make them, for tests that need one."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from contracts import services
from contracts.models import AgreementTerm, Component, Invoice, PriceListEntry, SupportAgreement, WarrantyCoverage
from contracts.terms import local_date
from tenancy.actor import Actor
from tenancy.context import Context, work_unit
from tenancy.models import Organisation
from tests.world import World

STAFF = Context("staff")
ZONE = (
    "Europe/Berlin"  # of the world's customers: their day is what counts, also in the hours when UTC still has another
)


def day_of(at: datetime) -> date:
    return local_date(at, ZONE)


def price(component: Component, amount: str = "10000.00", currency: str = "USD", **more: date) -> PriceListEntry:
    with work_unit(STAFF):
        return PriceListEntry.objects.create(
            product=component.product,
            currency=currency,
            list_price=Decimal(amount),
            valid_from=more.pop("valid_from", date(2020, 1, 1)),
            **more,
        )


def warranty(component: Component, start: date, end: date, kind: str = "STANDARD") -> WarrantyCoverage:
    with work_unit(STAFF):
        return WarrantyCoverage.objects.create(component=component, kind=kind, start_date=start, end_date=end)


def implemented(component: Component, on: date) -> Component:
    with work_unit(STAFF):
        Component.objects.filter(pk=component.pk).update(implemented_on=on)
        component.implemented_on = on
    return component


@dataclass
class Deal:
    agreement: SupportAgreement
    term: AgreementTerm
    invoice: Invoice


def quoted(
    world: World, components: list[Component], start: date, end: date, *, on: date, now: datetime
) -> AgreementTerm:
    actor = world.actor("fin")
    with work_unit(actor.context):
        customer = Organisation.objects.get(pk=components[0].customer_id)
        operator = Organisation.objects.get(pk=world.rozoom.pk)
        agreement = services.open_agreement(actor=actor, customer=customer, currency="USD", sold_by=operator, now=now)
        term = services.draft_term(
            actor=actor, agreement=agreement, components=components, start=start, end=end, now=now
        )
        return services.quote(actor=actor, term=term, on=on, now=now)


def ordered(
    world: World, components: list[Component], start: date, end: date, *, now: datetime, paid: bool = True
) -> Deal:
    actor = world.actor("fin")
    term = quoted(world, components, start, end, on=day_of(now), now=now)
    with work_unit(actor.context):
        term, invoice = services.order(actor=actor, term=term, purchase_order="PO-1", on=day_of(now), now=now)
        if paid:
            pay(actor, invoice, invoice.total, now)
        return Deal(term.agreement, term, invoice)


def pay(actor: Actor, invoice: Invoice, amount: Decimal, now: datetime) -> object:
    return services.record_payment(actor=actor, invoice=invoice, amount=amount, value_date=day_of(now), now=now)


def ago(now: datetime, days: int) -> date:
    return day_of(now - timedelta(days=days))
