"""Units of the pool through the API: for roZoom's programs alone."""

from datetime import datetime
from typing import Any

import pytest

from contracts.models import Component
from rma import services
from tests.api.calls import codes
from tests.rma.deals import Stock, allocated, approved, fresh, staff
from tests.world import World

UNITS = "/api/v1/pool-units/"


def received(program: Any, serial: str = "NEW-1", **more: Any) -> Any:
    return program.post(UNITS, {"pool": "CHI", "product": "DC-7", "serial": serial, **more})


def do(program: Any, unit: str, action: str, **more: Any) -> Any:
    return program.post(f"{UNITS}{unit}/transitions/", {"action": action, **more})


def test_a_unit_is_received_tested_and_serves_who_waits(
    world: World, stock: Stock, component: Component, now: datetime, api: Any
) -> None:
    rma = staff(world, services.allocate, approved(world, component, now), now)
    assert rma.state == "BACKORDERED"
    program = api(world.rozoom)
    answer = received(program, firmware="4.1", place="B-1")
    assert answer.status_code == 201
    unit = answer.json()
    assert answer["Location"] == f"{UNITS}{unit['id']}/"
    assert (unit["state"], unit["allowed_actions"]) == ("QUARANTINE", ["pass_test", "retire", "place"])
    served = do(program, unit["id"], "pass_test", place="B-2").json()
    assert (served["state"], served["reserved_for"], served["place"]) == ("RESERVED", rma.reference, "B-2")
    assert fresh(rma).state == "ALLOCATED"
    again = do(program, unit["id"], "pass_test")
    assert (again.status_code, again.json()["code"]) == (422, "cannot_move")


def test_mistakes_are_told_at_their_fields(world: World, stock: Stock, now: datetime, api: Any) -> None:
    program = api(world.rozoom)
    stock.unit(now, "OLD-1")
    assert codes(program.post(UNITS, {"pool": "X", "product": "Y", "serial": "1"})) == [
        ("pool", "unknown_pool"), ("product", "unknown_product"),
    ]  # fmt: skip
    known = received(program, "old 1").json()
    assert (known["code"], known["param"]) == ("cannot_return", "serial")
    assert "it is available" in known["detail"]
    unit = received(program).json()["id"]
    assert codes(do(program, unit, "retire")) == [("reason", "required")]
    assert codes(do(program, unit, "retire", reason="Sold", firmware="1")) == [("firmware", "not_for_this_action")]
    assert do(program, unit, "retire", reason="Sold").json()["state"] == "RETIRED"


def test_the_list_narrows(world: World, stock: Stock, component: Component, now: datetime, api: Any) -> None:
    stock.unit(now, "A-1"), stock.unit(now, "A-2")
    rma = allocated(world, component, now)
    program = api(world.rozoom)
    for asked, serials in (
        ("", {"A-1", "A-2"}), ("state=available", {"A-2"}), ("serial=a1", {"A-1"}), ("product=dc-7&pool=chi", {"A-1", "A-2"}),
        ("pool=none", set()),
    ):  # fmt: skip
        assert {one["serial"] for one in program.get(f"{UNITS}?{asked}").json()["results"]} == serials, asked
    [held] = program.get(f"{UNITS}?state=reserved").json()["results"]
    assert (held["reserved_for"], held["allowed_actions"]) == (rma.reference, ["place"])
    assert program.get(f"{UNITS}{held['id']}/").json() == held


@pytest.mark.parametrize("organisation", ["acme", "delta", "forge"])
def test_nobody_else_sees_the_pool(world: World, stock: Stock, now: datetime, api: Any, organisation: str) -> None:
    unit = stock.unit(now)
    program = api(getattr(world, organisation))
    for path in (UNITS, f"{UNITS}{unit.pk}/"):
        assert program.get(path).status_code == 403


def test_reading_is_not_writing(world: World, stock: Stock, now: datetime, api: Any) -> None:
    unit = stock.unit(now)
    program = api(world.rozoom, ["pool:read"])
    assert program.get(f"{UNITS}{unit.pk}/").json()["allowed_actions"] == []
    assert do(program, str(unit.pk), "place", place="X").json()["code"] == "missing_scope"
