"""Warehouses and calendars of the tests."""

from datetime import UTC, datetime, time
from typing import Any

from contracts.models import Product, normal_serial
from rma.models import Pool, PoolUnit, Warehouse
from rma.services.warehouses import WarehouseFacts, add_warehouse
from tenancy.actor import Actor
from tests.world import STAFF, ensure_context

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)  # Monday 09:00 in Chicago
FACTS = WarehouseFacts(
    name="Chicago",
    address="1 Dock Road, Joliet",
    time_zone="America/Chicago",
    cut_off=time(15),
    country="US",
    subdivision="",
    weekend=(5, 6),
    serviced_countries=("CA", "US"),
)


def chicago(code: str = "CHI1", now: datetime = NOW, **facts: Any) -> Warehouse:
    """A warehouse with its calendar and its pool, as a coordinator adds it."""
    with ensure_context(STAFF):
        return add_warehouse(
            actor=Actor.system("Tests"), code=code, facts=WarehouseFacts(**{**vars(FACTS), **facts}), now=now
        )


def shelved(warehouse: Warehouse, product: Product, serial: str, state: str = "AVAILABLE", **fields: Any) -> PoolUnit:
    """A unit of its pool, where it should be."""
    with ensure_context(STAFF):
        return PoolUnit.objects.create(
            pool=Pool.objects.get(warehouse=warehouse),
            product=product,
            serial=serial,
            serial_normal=normal_serial(serial),
            state=state,
            available_since=NOW if state == "AVAILABLE" else None,
            changed_at=NOW,
            changed_by_name="Tests",
            **{"firmware": "4.2", "place": "A-01", **fields},
        )
