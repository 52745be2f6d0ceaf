"""Parts that may be replaced, units in the pool, returns at every step: made through the services, for tests that need one.

stock = Stock.of(world)                       # a warehouse, a pool, a supplier of the product
component = entitled(world, now)              # Acme's, in warranty, its agreement ordered and paid
unit = stock.unit(now)                        # on the shelf
rma = requested(world, component, now).rma
rma = approved(world, component, stock, now)  # allocated(...), shipped(...), delivered(...) go on from there
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contracts.models import Component, PriceListEntry, Product, Site
from rma import services
from rma.models import BusinessCalendar, Pool, PoolUnit, ProductSupplier, Rma, Shipment, Warehouse
from rma.services import Report, Requested, Wish
from tenancy.context import Context, work_unit
from tenancy.models import Organisation
from tests.contracts.deals import ago, implemented, ordered, price, warranty
from tests.world import SEVERITY_2, World, ensure_context
from tickets.models import Channel, Ticket
from tickets.services import Report as TicketReport
from tickets.services import file_ticket

STAFF, WORKER = Context("staff"), Context("worker")
COORDINATOR, MANAGER, CLERK = "cora", "duty", "sam"
_counts: dict[str, int] = {}


def _next(name: str) -> int:
    _counts[name] = _counts.get(name, 0) + 1
    return _counts[name]


@dataclass
class Stock:
    """A warehouse in Chicago that serves the US and Germany, with one pool; the world's supplier makes its product."""

    world: World
    warehouse: Warehouse
    pool: Pool
    product: Product

    @classmethod
    def of(cls, world: World) -> "Stock":
        with ensure_context(STAFF):
            product = world.components["acme"].product
            calendar = BusinessCalendar.objects.create(
                code="CHI", purpose=BusinessCalendar.Purpose.WAREHOUSE, country="US"
            )
            warehouse = Warehouse.objects.create(
                code="CHI", name="Chicago", address="1 Dock Road, Chicago", time_zone="America/Chicago",
                calendar=calendar, serviced_countries=["US", "DE"],
            )  # fmt: skip
            pool = Pool.objects.create(code="CHI", name="Chicago", warehouse=warehouse)
            ProductSupplier.objects.create(product=product, supplier=world.forge, address="2 Forge Lane")
        return cls(world, warehouse, pool, product)

    def unit(self, now: datetime, serial: str = "", product: Product | None = None) -> PoolUnit:
        """Received and tested: on the shelf."""
        actor = self.world.actor(COORDINATOR)
        with ensure_context(STAFF):
            unit = services.receive_unit(
                actor=actor, pool=self.pool, product=product or self.product,
                serial=serial or f"PU-{_next('unit'):05}", now=now,
            )  # fmt: skip
            return services.pass_test(actor=actor, unit=unit, now=now, firmware="2.1")


def entitled(
    world: World,
    now: datetime,
    name: str = "acme",
    *,
    component: Component | None = None,
    paid: bool = True,
    **term: Any,
) -> Component:
    """In warranty, its agreement ordered 40 days ago and, with `paid`, paid; in a country where a date is promised."""
    component = component or world.components[name]
    with ensure_context(STAFF):
        Site.objects.filter(pk=component.site_id).update(country="DE")
        has_price = PriceListEntry.objects.filter(product=component.product).exists()
    if not has_price:
        price(component)
    implemented(component, ago(now, 500))
    warranty(component, ago(now, 500), ago(now, -500))
    then = term.pop("then", now - timedelta(days=40))
    ordered(world, [component], ago(now, 30), ago(now, -334), now=then, paid=paid)
    return component


def on_ticket(world: World, component: Component | None, now: datetime, by: str = "ilse") -> Ticket:
    """Reported at `now`, by the worker's role so that the instant may be any."""
    with work_unit(WORKER):
        return file_ticket(
            actor=world.actor(by),
            customer=Organisation.objects.get(pk=world.people[by].organisation_id),
            report=TicketReport("The drive is dead", "No light.", SEVERITY_2, component=component),
            channel=Channel.PORTAL,
            now=now,
        )


def requested(
    world: World,
    component: Component | None,
    now: datetime,
    by: str = "ilse",
    *,
    ticket: Ticket | None = None,
    **wish: Any,
) -> Requested:
    """Asked for by this person on a ticket reported now, with the return terms accepted."""
    actor, ticket = world.actor(by), ticket or on_ticket(world, component, now, by)
    wish.setdefault("accepts_terms", True)
    with work_unit(actor.context):
        return services.request_return(actor=actor, ticket=ticket, wish=Wish(component=component, **wish), now=now)


def staff(world: World, deed: Any, rma: Any, now: datetime, by: str = COORDINATOR, **details: Any) -> Any:
    """staff(world, services.approve, rma, now, failure_is_confirmed=True)"""
    return as_person(world, by, deed, rma=rma, now=now, **details)


def as_person(world: World, by: str, deed: Any, **details: Any) -> Any:
    """A deed by this person under its own database role."""
    actor = world.actor(by)
    with work_unit(actor.context):
        return deed(actor=actor, **details)


def approved(world: World, component: Component, now: datetime, by: str = "ilse", **wish: Any) -> Rma:
    rma = requested(world, component, now, by, **wish).rma
    return staff(world, services.approve, rma, now, failure_is_confirmed=True)


def allocated(world: World, component: Component, now: datetime, by: str = "ilse", **wish: Any) -> Rma:
    return staff(world, services.allocate, approved(world, component, now, by, **wish), now)


def shipped(world: World, component: Component, now: datetime, by: str = "ilse", **wish: Any) -> Rma:
    rma = allocated(world, component, now, by, **wish)
    number = _next("tracking")
    return staff(
        world, services.ship, rma, now, scanned_serial=unit_of(rma).serial, carrier="UPS",
        tracking_number=f"1Z{number:06}", return_tracking_number=f"1ZB{number:06}",
    )  # fmt: skip


def delivered(world: World, component: Component, now: datetime, by: str = "ilse", **wish: Any) -> Rma:
    rma = shipped(world, component, now, by, **wish)
    carrier_says(world, box(rma, "REPLACEMENT_OUT"), "DELIVERED", now)
    return fresh(rma)


def returned(world: World, component: Component, now: datetime, by: str = "ilse", **wish: Any) -> Rma:
    """The failed part is on a shelf of ours, to be inspected."""
    rma = delivered(world, component, now, by, **wish)
    carrier_says(world, box(rma, "DEFECTIVE_RETURN"), "SCAN", now)
    return staff(world, services.receive, fresh(rma), now, scanned_serial=component.serial)


def carrier_says(
    world: World, shipment: Shipment, code: str, at: datetime, now: datetime | None = None, **more: Any
) -> Any:
    actor = world.actor(COORDINATOR)
    report = Report(shipment.carrier, shipment.tracking_number, code, at, **more)
    with work_unit(actor.context):
        return services.track(actor=actor, report=report, now=now or at)


def box(rma: Rma, kind: str) -> Shipment:
    """The latest of that kind."""
    with ensure_context(STAFF):
        return Shipment.objects.filter(rma=rma, kind=kind).order_by("label_at", "id").last()  # type: ignore[return-value]


def unit_of(rma: Rma) -> PoolUnit:
    with ensure_context(STAFF):
        return PoolUnit.objects.get(pk=rma.unit_id)


def fresh(row: Any) -> Any:
    with ensure_context(STAFF):
        return type(row).objects.get(pk=row.pk)
