"""The board, a return and a request beside 10,000 open returns against themselves beside 100; reserving under contention.

    make bench ARGS=rma

Prints ratios within this run: machines differ, the ratio of two things measured in turns does not. Aim: each page within
1.3 of itself.
"""

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from bench.database import copied_database, own_database, prepare, switch

prepare()

from django.core.handlers.wsgi import WSGIHandler
from django.db import connection

from bench import fill
from bench.tickets import BODY, Caller, interleaved, queries, signed_in
from contracts.models import Component, PriceListEntry, Product, Site, WarrantyCoverage
from contracts.terms import instants
from rma import services
from rma.models import BusinessCalendar, Pool, PoolUnit, ProductSupplier, Rma, SupplierRma, Warehouse
from tenancy.actor import Actor
from tenancy.context import Context, database_now, work_unit
from tenancy.models import Kind, Membership, Organisation, Role
from tickets.models import Channel, Ticket
from tickets.services import Report, file_ticket
from tickets.severity import Impact

FEW, MANY = 100, 10_000
CUSTOMERS = 50
TIMES, ROUNDS = 120, 12  # of each page; in so many turns
WITHIN = 1.3
STAFF = Context("staff")
COORDINATOR = Actor(kind="person", party="operator", name="Bench", role=Role.COORDINATOR)
# Open returns as they lie about: most wait for their failed part.
STATES = (
    ("REQUESTED", 2), ("ON_HOLD", 1), ("BACKORDERED", 1), ("DELIVERED", 10), ("RETURN_OVERDUE", 3), ("RETURN_IN_TRANSIT", 2),
    ("RETURN_RECEIVED", 1),
)  # fmt: skip
PATTERN = [state for state, share in STATES for _ in range(share)]
UNITS, LAST = 160, 80
THREADS = 8


class World:
    """Customers with a site and a ticket each; a warehouse, a pool, a product with its supplier and its price."""

    def __init__(self, now: datetime) -> None:
        self.now, self.made = now, 0
        self.product = Product.objects.create(sku="DC-7", name="Drive controller", kind="HARDWARE")
        PriceListEntry.objects.create(
            product=self.product, currency="EUR", list_price=Decimal(8400), valid_from=date(2020, 1, 1)
        )
        calendar = BusinessCalendar.objects.create(code="CHI", purpose="WAREHOUSE", country="US")
        warehouse = Warehouse.objects.create(
            code="CHI", name="Chicago", time_zone="America/Chicago", calendar=calendar, serviced_countries=["DE"]
        )
        self.pool = Pool.objects.create(code="CHI", name="Chicago", warehouse=warehouse)
        self.supplier = Organisation.objects.create(kind=Kind.SUPPLIER, code="FORGE", name="Forge")
        ProductSupplier.objects.create(product=self.product, supplier=self.supplier)
        self.places = [self._place(f"C{n}") for n in range(1, CUSTOMERS + 1)]

    def _place(self, code: str) -> tuple[Organisation, Site, Ticket]:
        customer = Organisation.objects.get(code=code)
        site = Site.objects.create(customer=customer, name="Site", time_zone="Europe/Berlin", country="DE")
        report = Report(
            "The drive is dead", "No light.", Impact(**{**BODY["impact"], "mission_critical": False}), site=site
        )
        actor = Actor.system("Bench")
        ticket = file_ticket(actor=actor, customer=customer, report=report, channel=Channel.API, now=self.now)
        return customer, site, ticket

    def components(self, count: int, mark: str = "S") -> list[Component]:
        """Spread over the customers, all in warranty."""
        rows = []
        for number in range(self.made, self.made + count):
            customer, site, _ = self.places[number % CUSTOMERS]
            serial = f"{mark}{number:06}"
            rows.append(
                Component(
                    customer=customer,
                    reseller_id=customer.served_by_id,
                    product=self.product,
                    site=site,
                    serial=serial,
                    serial_normal=serial,
                    implemented_on=(self.now - timedelta(days=400)).date(),
                )
            )
        made = Component.objects.bulk_create(rows, batch_size=1000)
        WarrantyCoverage.objects.bulk_create(
            [
                WarrantyCoverage(
                    customer_id=one.customer_id,
                    reseller_id=one.reseller_id,
                    component=one,
                    kind="STANDARD",
                    start_date=one.implemented_on,
                    end_date=one.implemented_on + timedelta(days=900),
                )
                for one in made
            ],
            batch_size=1000,
        )
        return made

    def returns(self, count: int, state: str = "") -> list[Rma]:
        """Open ones, in `state` or spread over the steps."""
        rows, parts = [], self.components(count)
        for place, part in enumerate(parts):
            number = self.made + place + 1
            customer, site, ticket = self.places[(number - 1) % CUSTOMERS]
            at = self.now - timedelta(minutes=number)
            due = (self.now + timedelta(days=number % 20 - 5)).date()
            rows.append(
                Rma(
                    customer=customer,
                    reseller_id=customer.served_by_id,
                    number=number,
                    reference=f"{customer.code}-R{number}",
                    kind="ADVANCE",
                    state=state or PATTERN[number % len(PATTERN)],
                    updated_at=at,
                    state_since=at,
                    ticket=ticket,
                    component=part,
                    severity=1 + number % 3,
                    symptom="No light",
                    requested_at=at,
                    requested_by_name="Caller",
                    requested_by_party="customer",
                    ship_to=site,
                    terms_accepted_at=at,
                    failure_confirmed_at=at,
                    outcome="ADVANCE",
                    rule="R10",
                    decision={
                        "reasons": ["Bench"],
                        "would_change": [],
                        "flags": [],
                        "charge": "NONE",
                        "override": "Bench",
                    },
                    decided_at=at,
                    approved_at=at,
                    approved_by_name="Bench",
                    list_price=Decimal(8400),
                    list_price_currency="EUR",
                    pool=self.pool,
                    delivered_at=at if state == "" else None,
                    delivered_on=at.date() if state == "" else None,
                    return_due=due if state == "" else None,
                    due_at=instants((due, due), site.time_zone)[1] if state == "" else None,
                )
            )
        self.made += count
        made = Rma.objects.bulk_create(rows, batch_size=500)
        self._records(made)
        return made

    def _records(self, returns: list[Rma]) -> None:
        SupplierRma.objects.bulk_create(
            [
                SupplierRma(
                    rma=one,
                    customer_id=one.customer_id,
                    reseller_id=one.reseller_id,
                    supplier=self.supplier,
                    number=f"{one.reference}-1",
                    state="SUBMITTED",
                    rma_kind=one.kind,
                    rma_state=one.state,
                    product_sku="DC-7",
                    product_name="Drive controller",
                    serial=f"{one.component_id}"[:20],
                    symptom="No light",
                    ticket_reference=one.ticket.reference,
                    updated_at=one.updated_at,
                )
                for one in returns
            ],
            batch_size=500,
        )

    def units(self, count: int) -> None:
        first = PoolUnit.objects.count()
        PoolUnit.objects.bulk_create(
            PoolUnit(
                pool=self.pool,
                product=self.product,
                serial=f"U{number}",
                serial_normal=f"U{number}",
                state="AVAILABLE",
                available_since=self.now,
                changed_at=self.now,
                changed_by_name="Bench",
            )
            for number in range(first, first + count)
        )


def pages(world: World) -> int:
    """Each page beside few and beside many: two databases that differ in nothing else, asked in turns."""
    product, session = Caller(WSGIHandler()), signed_in()
    with work_unit():
        Membership.objects.filter(person_email="agent@bench.example").update(role=Role.COORDINATOR)
    with work_unit(STAFF):
        made = world.returns(FEW)
        fresh = world.components(1, mark="FRESH")[0]
    with connection.as_owner():
        fill.settle()
    paths = {
        "board": "/desk/returns/",
        "list of all open": "/desk/returns/?step=all",
        "list of a step": "/desk/returns/?step=back",
        "overdue, oldest first": "/desk/returns/?step=overdue",
        "search by serial": f"/desk/returns/?q={made[-1].component.serial}",
        "one return": f"/desk/returns/{made[0].reference}/",
        "supplier records": "/supplier/",
    }
    works: dict[str, Callable[[], Any]] = {
        name: lambda path=path: product("GET", path, expect=200, **session) for name, path in paths.items()
    }
    works["what a request gets"] = lambda: _look(world, fresh)
    with copied_database() as (before, copy):
        switch(copy)
        with work_unit(STAFF):
            world.returns(MANY - FEW)
        with connection.as_owner():
            fill.settle()
        worst = max(_ratio(name, work, before, copy) for name, work in works.items())
    return int(worst > WITHIN)


def _ratio(name: str, work: Callable[[], Any], before: str, copy: str) -> float:
    """How much more it takes beside many. A list that has more to show there is printed and not judged."""

    def in_database(database: str) -> Callable[[], Any]:
        def asked() -> Any:
            switch(database)
            return work()

        return asked

    beside_few, beside_many = in_database(before), in_database(copy)
    rows = [_rows(one()) for one in (beside_few, beside_many)]
    few, many = interleaved(beside_few, beside_many, TIMES, ROUNDS)
    shown = f"{few * 1e3:7.1f} ms beside {FEW}, {many * 1e3:7.1f} ms beside {MANY:,}: {many / few:.2f}"
    unlike = f" (not judged: {rows[0]} rows against {rows[1]})" if rows[0] != rows[1] else ""
    print(f"{name:24} {queries(work):3} statements, {shown}{unlike}", flush=True)
    return 0.0 if unlike else many / few


def _rows(answer: Any) -> int:
    return answer.count(b"<tr data-row") if isinstance(answer, bytes) else 0


def _look(world: World, part: Component) -> None:
    """What stands behind the page on which a return is asked for."""
    ticket = next(ticket for customer, _, ticket in world.places if customer.pk == part.customer_id)
    with work_unit(STAFF):
        services.look(actor=COORDINATOR, ticket=ticket, wish=services.Wish(component=part), now=world.now)


def contention(world: World) -> int:
    """Requests for a unit a second: one after the other, many at once, and many for the last one."""
    with work_unit(STAFF):
        rows = world.returns(UNITS + LAST, "APPROVED")
        world.units(UNITS)
    alone, at_once, last = rows[: UNITS // 2], rows[UNITS // 2 : UNITS], rows[UNITS:]
    single, _ = _reserve(world, [alone])
    parts = [at_once[start::THREADS] for start in range(THREADS)]
    many, states = _reserve(world, parts)
    print(f"\nreserving, one after the other   {single:6.1f} requests a second")
    print(
        f"reserving, {THREADS} at once            {many:6.1f} requests a second: {many / single:.2f} of one, {dict(states)}"
    )
    with work_unit(STAFF):
        world.units(1)
    final, states = _reserve(world, [last[start::THREADS] for start in range(THREADS)])
    print(
        f"{LAST} for the last unit            {final:6.1f} requests a second: {final / single:.2f} of one, {dict(states)}"
    )
    return int(states != Counter({"ALLOCATED": 1, "BACKORDERED": LAST - 1}))


def _reserve(world: World, parts: list[list[Rma]]) -> tuple[float, Counter[str]]:
    states: Counter[str] = Counter()
    guard = threading.Lock()

    def take(rows: list[Rma]) -> None:
        for rma in rows:
            with work_unit(STAFF):
                state = str(services.allocate(actor=COORDINATOR, rma=rma, now=world.now).state)
            with guard:
                states[state] += 1
        connection.close()

    threads = [threading.Thread(target=take, args=(rows,)) for rows in parts]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(map(len, parts)) / (time.perf_counter() - start), states


def main() -> int:
    with own_database("rma"):
        with connection.as_owner():
            fill.organisations()
        with work_unit(STAFF):
            now = database_now()
        with work_unit(STAFF):
            world = World(now)
        slow = pages(world)
        lost = contention(world)
    return max(slow, lost)


if __name__ == "__main__":
    sys.exit(main())
