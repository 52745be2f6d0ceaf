"""Warehouses and calendars of the tests."""

from datetime import UTC, datetime, time
from typing import Any

from rma.models import Warehouse
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
