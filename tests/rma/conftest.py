from datetime import datetime

import pytest

from contracts.models import Component
from tenancy.context import database_now, work_unit
from tests.portal.conftest import browser, visit
from tests.rma.deals import STAFF, Stock, entitled
from tests.world import World

__all__ = ["browser", "visit"]


@pytest.fixture
def now(world: World) -> datetime:
    with work_unit(STAFF):
        return database_now()


@pytest.fixture
def stock(world: World) -> Stock:
    return Stock.of(world)


@pytest.fixture
def component(world: World, stock: Stock, now: datetime) -> Component:
    """Acme's, entitled to a replacement in advance."""
    return entitled(world, now)
