"""Coverage of a customer with 10,000 components beside one with 100, and decisions per second.

make bench ARGS=coverage
"""

import sys
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from bench.database import own_database, prepare

prepare()

from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench import fill
from bench.tickets import median
from contracts import services
from contracts.coverage import rows_of
from contracts.entitlement import decide, support
from contracts.facts import Facts, Term, Warranty
from contracts.models import Component, PriceListEntry, Product, Site, WarrantyCoverage, normal_serial
from contracts.queries import components_of
from tenancy.actor import Actor
from tenancy.context import Context, database_now, work_unit
from tenancy.models import Kind, Organisation, Role

SIZES = {"C1": 100, "C2": 10_000}
DECISIONS = 20_000


def install(code: str, count: int, now: datetime) -> None:
    """Half of the components are listed by an agreement, all have a warranty."""
    customer = Organisation.objects.get(code=code)
    product, _ = Product.objects.get_or_create(sku="DC-7", defaults={"name": "Drive controller", "kind": "HARDWARE"})
    site = Site.objects.create(customer=customer, name="Site", time_zone="Europe/Berlin")
    put_in = (now - timedelta(days=400)).date()
    components = Component.objects.bulk_create(
        Component(
            customer=customer,
            product=product,
            site=site,
            serial=f"{code}-{n}",
            serial_normal=normal_serial(f"{code}-{n}"),
            implemented_on=put_in,
        )
        for n in range(count)
    )
    WarrantyCoverage.objects.bulk_create(
        WarrantyCoverage(
            customer=customer,
            reseller_id=customer.served_by_id,
            component=one,
            kind="STANDARD",
            start_date=put_in,
            end_date=put_in + timedelta(days=730),
        )
        for one in components
    )
    PriceListEntry.objects.get_or_create(
        product=product, currency="EUR", defaults={"list_price": Decimal(8400), "valid_from": date(2020, 1, 1)}
    )
    actor = Actor(kind="person", party="operator", name="Bench", role=Role.FINANCE)
    operator = Organisation.objects.get(kind=Kind.OPERATOR)
    agreement = services.open_agreement(actor=actor, customer=customer, currency="EUR", sold_by=operator, now=now)
    start = (now - timedelta(days=30)).date()
    term = services.draft_term(
        actor=actor,
        agreement=agreement,
        components=components[::2],
        start=start,
        end=start + timedelta(days=364),
        now=now,
    )
    services.quote(actor=actor, term=term, on=now.date(), now=now)
    services.order(actor=actor, term=term, purchase_order="PO", on=now.date(), now=now)


def coverage() -> None:
    with own_database("coverage"):
        with connection.as_owner():
            fill.organisations()
        with work_unit(Context("staff")):
            now = database_now()
            for code, count in SIZES.items():
                install(code, count, now)
        with connection.as_owner():
            fill.settle()
        taken, statements = {}, {}
        for code, count in SIZES.items():
            with work_unit():
                customer = Organisation.objects.get(code=code)

            def read(customer: Organisation = customer) -> None:
                with work_unit(Context("customer", customer.pk)):
                    rows_of(list(components_of(customer)), now)

            taken[count] = median(read, 5 if count > 1000 else 30)
            with CaptureQueriesContext(connection) as seen:
                read()
            statements[count] = len(seen)
        small, large = SIZES.values()
        for count in (small, large):
            print(
                f"{count:>6,} components  {taken[count] * 1e3:7.1f} ms, "
                f"{taken[count] / count * 1e6:5.1f} µs each, {statements[count]} statements"
            )
        print(f"each of {large:,} against each of {small}: {taken[large] / large / (taken[small] / small):.2f}")


def decisions() -> None:
    at = datetime(2026, 9, 10, tzinfo=UTC)
    day = date(2026, 4, 16)
    term = Term(
        "AG-1",
        day,
        day + timedelta(days=364),
        day,
        day + timedelta(days=364),
        at - timedelta(days=99),
        balance=Decimal(0),
    )
    warranty = Warranty("STANDARD", date(2026, 1, 15), date(2028, 1, 14))
    facts = Facts("Europe/Berlin", at, implemented_on=date(2026, 1, 15), warranties=(warranty,), terms=(term,))
    for name, work in (("decide", decide), ("support", support)):
        start = time.perf_counter()
        for _ in range(DECISIONS):
            work(facts, at)
        print(f"{name:8} {DECISIONS / (time.perf_counter() - start):10,.0f} per second")


def main() -> int:
    coverage()
    decisions()
    return 0


if __name__ == "__main__":
    sys.exit(main())
