"""Two warehouses of the demo with the units on their shelves, and who repairs what."""

from datetime import datetime, time, timedelta
from decimal import Decimal

from contracts.models import Product
from rma import services
from rma.models import Pool, ProductSupplier, Warehouse
from rma.services.stocking import set_base_stock
from rma.services.warehouses import WarehouseFacts, add_warehouse
from rozoom_support.sample.world import World

HARDWARE = ("DC-7", "DK-2", "GW-4", "CP-3")
WAREHOUSES = {
    "RTM": WarehouseFacts(
        "Rotterdam", "Sluisjesdijk 50, 3087 AJ Rotterdam", "Europe/Amsterdam", time(15), "NL", "", (5, 6),
        ("NL", "DE", "GB", "IE", "FI"),
    ),
    "CHI": WarehouseFacts(
        "Chicago", "4500 S Kolin Avenue, Chicago, IL", "America/Chicago", time(15), "US", "IL", (5, 6), ("US", "CA")
    ),
}  # fmt: skip
# Serials on the shelf, by pool and product: tested and available.
UNITS = {
    ("RTM", "DC-7"): ("7F-3101", "7F-3102", "7F-3103", "7F-3104"),
    ("RTM", "DK-2"): ("DK2-0601", "DK2-0602"),
    ("RTM", "GW-4"): ("GW4-1301",),
    ("CHI", "DC-7"): ("7F-3201", "7F-3202"),
    ("CHI", "GW-4"): ("GW4-1302",),
}
IN_TEST = ("RTM", "DC-7", "7F-3105")
LEVELS = {("RTM", "DC-7"): 5, ("RTM", "DK-2"): 3, ("RTM", "GW-4"): 1, ("RTM", "CP-3"): 2, ("CHI", "DC-7"): 2}


def make_pool(world: World, now: datetime) -> None:
    """In a unit of work of staff, once."""
    if Warehouse.objects.exists():
        return
    lucia, then = world.actor("lucia"), now - timedelta(days=90)
    for code, facts in WAREHOUSES.items():
        add_warehouse(actor=lucia, code=code, facts=facts, now=now)
    pools = {pool.code: pool for pool in Pool.objects.all()}
    products = {product.sku: product for product in Product.objects.filter(sku__in=HARDWARE)}
    for product in products.values():
        ProductSupplier.objects.create(
            product=product,
            supplier=world.organisations["FORGE"],
            address="Forge Drives, Dílenská 8, 190 00 Praha",
            repair_days=30,
        )
    for (code, sku), serials in UNITS.items():
        for place, serial in enumerate(serials):
            unit = services.receive_unit(
                actor=lucia,
                pool=pools[code],
                product=products[sku],
                serial=serial,
                now=then,
                place=f"{sku[:2]}-{place + 1:02}",
            )
            services.pass_test(actor=lucia, unit=unit, now=then + timedelta(hours=place + 1), firmware="4.1.7")
    code, sku, serial = IN_TEST
    services.receive_unit(
        actor=lucia, pool=pools[code], product=products[sku], serial=serial, now=now - timedelta(days=1)
    )
    for (code, sku), level in LEVELS.items():
        set_base_stock(
            actor=lucia, pool=pools[code], product=products[sku], level=level, target=Decimal("0.95"), now=then
        )
