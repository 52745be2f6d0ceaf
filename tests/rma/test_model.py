"""Random lives of returns, units and boxes: no part is lost or counted twice, cover is on one serial, and every path ends.

RMA_MODEL_EXAMPLES and RMA_MODEL_STEPS make it longer, MODEL_SHRINK=1 a failing life shorter; what was done is printed with it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import note, strategies
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from rma import keeping
from tenancy.context import as_login_role, work_unit
from tenancy.models import Kind, Role
from tests.contracts.deals import ago, implemented, warranty
from tests.lives import live
from tests.rma.deals import STAFF, Stock, entitled
from tests.rma.life import watched
from tests.rma.parts_model import Parts
from tests.rma.ways import BOTH_WAYS, Ways, one_of
from tests.world import ComponentFactory, OrganisationFactory, World, person

MOST_DEEDS = 40  # of each return, until it has ended
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WAITS = [HOUR, 5 * HOUR, DAY, 3 * DAY, 11 * DAY, 16 * DAY, 32 * DAY, 40 * DAY]

picked = strategies.integers(min_value=0, max_value=10**6)


class Lives(RuleBasedStateMachine):
    """Who does what next; how stands in tests/rma/ways.py."""

    ways: Ways

    def __init__(self) -> None:
        super().__init__()
        self.fails = True  # until it begins
        self.point = transaction.savepoint()

    def attempt(self, step: Any, *given: Any) -> None:
        try:
            step(*given)
        except BaseException:
            self.fails = True
            note("\n".join(self.ways.said[-60:]))
            raise

    @initialize(first=picked)
    def begin(self, first: int) -> None:
        """Every life begins with three returns on their way, so that it soon has something to tell."""
        self.ways.begin()
        self.fails = False
        for number in range(3):
            self.attempt(self.ways.ask, one_of(self.parts(), number * 2), first + number)
        for rma in self.ways.seen.open_returns():
            for _ in range(first % 7):
                self.attempt(self.ways.go_on, self.ways.seen.rmas[rma.pk])

    def parts(self) -> list[Any]:
        asking = (self.ways.world.acme.pk, self.ways.world.solo.pk)
        return sorted(
            (one for one in self.ways.seen.components if one.customer_id in asking), key=lambda one: one.serial
        )

    def returns(self, number: int) -> Any:
        """Mostly an open one."""
        rows = self.ways.seen.open_returns() if number % 10 else []
        return one_of(rows or self.ways.seen.all_returns(), number // 10)

    has_returns = precondition(lambda self: self.ways.seen.rmas)

    @rule(wait=strategies.sampled_from(WAITS))
    def wait(self, wait: timedelta) -> None:
        self.ways.now += wait

    @rule(again=strategies.booleans())
    def keep(self, again: bool) -> None:
        self.attempt(self.ways.keep)
        if again:
            self.attempt(self.ways.keep)

    @rule(number=picked, k=picked, media=strategies.sampled_from(["", "NONE", "WIPED", "RETAINED"]))
    def ask(self, number: int, k: int, media: str) -> None:
        kind = "FACTORY" if k % 5 == 0 else ""
        self.attempt(lambda: self.ways.ask(one_of(self.parts(), number), k, media=media, kind=kind))

    @rule(number=picked, k=picked)
    def ask_unknown(self, number: int, k: int) -> None:
        self.attempt(self.ways.ask_unknown, one_of(self.parts(), number), k)

    @has_returns
    @rule(number=picked, times=strategies.integers(1, 4))
    def go_on(self, number: int, times: int) -> None:
        rma = self.returns(number)
        for _ in range(times):
            self.attempt(self.ways.go_on, self.ways.seen.rmas[rma.pk])

    @has_returns
    @rule(number=picked, k=picked)
    def customer(self, number: int, k: int) -> None:
        self.attempt(self.ways.customer, self.returns(number), k)

    @has_returns
    @rule(number=picked, k=picked)
    def prepare(self, number: int, k: int) -> None:
        self.attempt(self.ways.prepare, self.returns(number), k)

    @has_returns
    @rule(number=picked, k=picked)
    def after(self, number: int, k: int) -> None:
        self.attempt(self.ways.after, self.returns(number), k)

    @has_returns
    @rule(number=picked, k=picked)
    def factory(self, number: int, k: int) -> None:
        self.attempt(self.ways.factory, self.returns(number), k)

    @precondition(lambda self: self.ways.seen.records)
    @rule(number=picked, k=picked)
    def supplier(self, number: int, k: int) -> None:
        records = sorted(self.ways.seen.records.values(), key=lambda one: one.number)
        going_on = [one for one in records if one.state not in ("SETTLED", "REFUSED", "CANCELLED")]
        self.attempt(self.ways.supplier, one_of(going_on or records, number), k)

    @rule(k=picked)
    def labels(self, k: int) -> None:
        self.attempt(self.ways.labels, k)

    @precondition(lambda self: any(box.tracking_number for box in self.ways.seen.boxes.values()))
    @rule(
        number=picked,
        code=strategies.sampled_from(["SCAN", "SCAN", "EXCEPTION", "DELIVERED", "DELIVERED", "RETURNED_TO_SENDER", "LOST"]),
        before=strategies.sampled_from([timedelta(), timedelta(), HOUR, 3 * DAY]),
        twice=strategies.booleans(),
    )  # fmt: skip
    def carrier(self, number: int, code: str, before: timedelta, twice: bool) -> None:
        boxes = [box for box in self.ways.seen.all_boxes() if box.tracking_number]
        waiting = [box for box in boxes if box.state in ("LABEL_CREATED", "IN_TRANSIT", "EXCEPTION")] or boxes
        back = [box for box in waiting if box.kind in BOTH_WAYS] or waiting
        box = one_of(one_of([waiting, back, boxes], number), number // 3)
        for _ in range(1 + twice):
            self.attempt(self.ways.carrier, box, code, before)

    @rule(k=picked)
    def pool(self, k: int) -> None:
        if self.ways.seen.units:
            self.attempt(self.ways.pool, k)

    @rule(k=picked)
    def finance(self, k: int) -> None:
        self.attempt(self.ways.finance, k)

    @rule(k=picked)
    def warranty(self, k: int) -> None:
        self.attempt(self.ways.warranty, k)

    def teardown(self) -> None:
        try:
            if not self.fails:
                self.attempt(self.ways.finish, MOST_DEEDS)
        finally:
            transaction.savepoint_rollback(self.point)


@pytest.fixture(scope="module")
def _moves_are_watched(django_db_setup: Any, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock(), watched():
        yield


@pytest.fixture
def ways(_moves_are_watched: None, world: World, stock: Stock, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Ways:
    """Two customers with five parts, one of a reseller; two suppliers; two units on the shelf."""
    with work_unit(STAFF):
        anvil = OrganisationFactory(kind=Kind.SUPPLIER, code="ANVIL", name="Anvil Parts")
        with as_login_role():
            world.people["ann"] = person(anvil, Role.CLERK, "Ann Test", "ann@test.example")
        places = {name: world.components[name] for name in ("acme", "solo")}
        more = {name: ComponentFactory(customer=one.customer, site=one.site) for name, one in places.items()}
        bare = ComponentFactory(customer=world.acme, site=places["acme"].site)
    parts = Parts()
    for part in (*places.values(), more["acme"]):
        entitled(world, now, component=part)
        parts.bought(part.serial_normal, ago(now, -500), ago(now, -334))
    implemented(more["solo"], ago(now, 500))
    warranty(more["solo"], ago(now, 500), ago(now, -500))
    parts.bought(more["solo"].serial_normal, ago(now, -500), None)
    implemented(bare, ago(now, 900))
    parts.bought(bare.serial_normal, None, None)
    parts.bought(world.components["bolt"].serial_normal, None, None)  # of a third customer, who asks for nothing
    for _ in range(2):
        parts.arrived_at_the_pool(stock.unit(now).serial_normal)

    def fail(what: str, *given: Any) -> None:
        raise AssertionError(what % given)

    monkeypatch.setattr(keeping.log, "exception", fail)
    Ways.world, Ways.stock, Ways.begins, Ways.known, Ways.anvil = world, stock, now, parts, anvil
    return Ways()


def test_no_part_is_lost_or_counted_twice_and_every_path_ends(ways: Ways) -> None:
    Lives.ways = ways
    live(Lives, "RMA_MODEL", examples=8, steps=30)
