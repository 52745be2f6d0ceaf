"""List prices, warranties and agreements of the demo: free, covered, ending soon, suspended, in grace and not covered."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from contracts import services
from contracts.models import Component, PriceListEntry, Product, SupportAgreement, WarrantyCoverage
from contracts.terms import DAY, first_fee_day, year_from
from rozoom_support.sample import installed
from rozoom_support.sample.world import World

PRICES = {
    "DC-7": {"EUR": "8400.00", "GBP": "7250.00", "USD": "9200.00", "JPY": "1350000"},
    "DK-2": {"EUR": "2150.00", "GBP": "1850.00", "USD": "2350.00", "JPY": "345000"},
    "GW-4": {"EUR": "3900.00", "GBP": "3350.00", "USD": "4275.00", "JPY": "628000"},
    "CP-3": {"EUR": "1290.00", "GBP": "1110.00", "USD": "1410.00", "JPY": "207000"},
    "FM-SW": {"EUR": "6200.00", "GBP": "5350.00", "USD": "6800.00", "JPY": "998000"},
    "DCFW-4": {"EUR": "640.00", "GBP": "550.00", "USD": "700.00", "JPY": "103000"},
}
WARRANTY_YEARS = 2


@dataclass(frozen=True)
class Deal:
    """`ended` (below zero: still to come) or `begun` so many days ago; else from the first day after the free ones."""

    customer: str
    seller: str
    currency: str
    serials: tuple[str, ...]
    is_paid: bool = True
    ended: int | None = None
    begun: int | None = None
    is_ordered: bool = True


DEALS = [
    Deal("ACME", "DELTA", "EUR", ("7F-1984",)),
    Deal("HARBOR", "DELTA", "GBP", ("7F-2107", "DK2-0377")),
    Deal("POLAR", "DELTA", "EUR", ("7F-2055", "DK2-0402", "GW4-1077"), is_paid=False),
    Deal("BOLT", "NOVA", "USD", ("DK2-0391",), ended=20),
    Deal("BOLT", "NOVA", "USD", ("7F-2190", "7F-2191", "FM-BOLT-1")),
    Deal("HARBOR", "ROZOOM", "GBP", ("CP3-2988",), is_paid=False, begun=45),  # its invoice is 15 days overdue
    Deal("SAKURA", "ROZOOM", "JPY", ("7F-2215", "CP3-3050")),
    Deal("ACME", "DELTA", "EUR", ("7F-2230", "7F-2231", "DK2-0418"), is_ordered=False),
    Deal("ACME", "DELTA", "EUR", ("CP3-2870",), ended=-22),  # the renewals desk has a row in each group
    Deal("ACME", "DELTA", "EUR", ("DK2-0360",), ended=-75),
    Deal("HARBOR", "DELTA", "GBP", ("GW4-0988",), ended=45),  # lapsed
]


def make_deals(world: World, now: datetime) -> None:
    """In a unit of work of staff. What is there already stays."""
    _prices()
    _warranties(world)
    if not SupportAgreement.objects.exists():
        for deal in DEALS:
            _agree(world, deal, now)


def _prices() -> None:
    for sku, prices in PRICES.items():
        product = Product.objects.get(sku=sku)
        for currency, price in prices.items():
            PriceListEntry.objects.get_or_create(
                product=product,
                currency=currency,
                defaults={"list_price": Decimal(price), "valid_from": date(2020, 1, 1)},
            )


def _warranties(world: World) -> None:
    for part in installed.PARTS:
        component = world.components[part.serial]
        if installed.PRODUCTS[part.product][1] != installed.HARDWARE or component.implemented_on is None:
            continue
        end = component.implemented_on
        for _ in range(WARRANTY_YEARS):
            end = year_from(end)[1] + DAY
        WarrantyCoverage.objects.get_or_create(
            component=component,
            kind=WarrantyCoverage.Kind.STANDARD,
            defaults={"start_date": component.implemented_on, "end_date": end - DAY},
        )


def _agree(world: World, deal: Deal, now: datetime) -> None:
    """Quoted, ordered and paid by the people who do that, three weeks before it starts or on that day."""
    finance = world.actor("pieter")
    components: list[Component] = [world.components[serial] for serial in deal.serials]
    start = max(first_fee_day(one.implemented_on) for one in components if one.implemented_on)
    if deal.ended is not None:
        end = (now - timedelta(days=deal.ended)).date()
        start = end - timedelta(days=364)
    elif deal.begun is not None:
        start = (now - timedelta(days=deal.begun)).date()
        end = year_from(start)[1]
    else:
        end = year_from(start)[1]
    ahead = 0 if deal.begun is not None else 21
    at = min(now, now - timedelta(days=(now.date() - start).days + ahead))
    customer = world.organisations[deal.customer]
    agreement = services.open_agreement(
        actor=finance, customer=customer, currency=deal.currency, sold_by=world.organisations[deal.seller], now=at
    )
    term = services.draft_term(actor=finance, agreement=agreement, components=components, start=start, end=end, now=at)
    services.quote(actor=finance, term=term, on=at.date(), now=at)
    if not deal.is_ordered:
        return
    purchase_order = f"PO-{deal.customer}-{start:%y%m}"
    _, invoice = services.order(actor=finance, term=term, purchase_order=purchase_order, on=at.date(), now=at)
    if deal.is_paid:
        services.record_payment(
            actor=finance,
            invoice=invoice,
            amount=invoice.total,
            value_date=at.date(),
            now=at,
            reference=purchase_order,
        )
