import pytest

from tests.sla.promises import ensure_ladder
from tests.world import World


@pytest.fixture
def lasting_world(lasting_world: World) -> World:
    ensure_ladder()
    return lasting_world


@pytest.fixture
def world(world: World) -> World:
    ensure_ladder()
    return world
