"""Who comes first, with real connections: the last unit, one open return, one approval, one unit for two returns."""

import functools
import operator
import time
from datetime import datetime
from threading import Thread
from typing import Any

import pytest
from django.db import connection, connections

from contracts.models import Component, WarrantyCoverage
from contracts.services import confirm_void
from rma import services
from rma.models import PoolUnit, Rma
from rma.services import Requested, Wish
from rozoom_support.lib.refusals import Refused
from tenancy.context import database_now, work_unit
from tests.contracts.voids import done, proposed
from tests.rma.deals import STAFF, Stock, allocated, approved, entitled, fresh, on_ticket, unit_of
from tests.together import together
from tests.world import ComponentFactory, World

MANY = 50
AT_ONCE = 10  # threads; the machine has two cores and the pool of connections an end


def at(lasting_world: World) -> datetime:
    with work_unit(STAFF):
        return database_now()


def approved_many(world: World, now: datetime, count: int) -> list[Rma]:
    """Made by copying rows: fifty agreements would take a minute."""
    first = approved(world, entitled(world, now), now)
    with work_unit(STAFF):
        rows, records = [first], list(first.supplier_records.all())
        site = world.components["acme"].site
        for number in range(2, count + 1):
            part = ComponentFactory(
                customer=world.acme, site=site, serial=f"RACE-{number}", serial_normal=f"RACE{number}"
            )
            row = Rma.objects.get(pk=first.pk)
            row.pk, row._state.adding, row.number, row.reference = None, True, number, f"ACME-R{number}"
            row.id = Rma._meta.pk.get_default()
            row.component = part
            row.decision = {
                **row.decision,
                "override": "A test of who comes first.",
            }  # not asked again before it is reserved
            row.save(force_insert=True)
            rows.append(row)
        assert records
    return rows


def test_fifty_who_want_the_last_unit_get_it_once(lasting_world: World) -> None:
    world, now = lasting_world, at(lasting_world)
    stock = Stock.of(world)
    rows = approved_many(world, now, MANY)
    unit = stock.unit(now)
    cora = world.actor("cora")

    def take(some: list[Rma]) -> Any:
        def run() -> list[str]:
            states = []
            for rma in some:
                with work_unit(cora.context):
                    states.append(str(services.allocate(actor=cora, rma=rma, now=now).state))
            return states

        return run

    states = functools.reduce(operator.iadd, together(*(take(rows[start::AT_ONCE]) for start in range(AT_ONCE))), [])
    assert sorted(states) == ["ALLOCATED"] + ["BACKORDERED"] * (MANY - 1)
    with work_unit(STAFF):
        assert Rma.objects.filter(unit=unit, state="ALLOCATED").count() == 1
        assert PoolUnit.objects.get(pk=unit.pk).state == "RESERVED"


def test_two_requests_for_one_component_are_one_return(lasting_world: World) -> None:
    world, now = lasting_world, at(lasting_world)
    Stock.of(world)
    part = entitled(world, now)
    tickets = [on_ticket(world, part, now) for _ in range(6)]

    def ask(ticket: Any, by: str) -> Any:
        actor = world.actor(by)

        def run() -> Requested:
            with work_unit(actor.context):
                wish = Wish(component=part, accepts_terms=True)
                return services.request_return(actor=actor, ticket=ticket, wish=wish, now=now)

        return run

    people = ("ilse", "ana", "dirk", "marek", "cora", "ilse")
    asked = together(*(ask(one, by) for one, by in zip(tickets, people, strict=True)))
    assert sorted(one.is_new for one in asked) == [False] * 5 + [True]
    assert len({one.rma.pk for one in asked}) == 1
    with work_unit(STAFF):
        assert Rma.objects.get().number == 1


@pytest.mark.parametrize("who", ["approve", "ship"])
def test_two_coordinators_do_it_once(lasting_world: World, who: str) -> None:
    world, now = lasting_world, at(lasting_world)
    stock = Stock.of(world)
    stock.unit(now)
    part = entitled(world, now)
    actor = world.actor("cora")
    rma = requested_or_allocated(world, part, now, who)

    def run(number: int) -> Any:
        def deed() -> str:
            try:
                with work_unit(actor.context):
                    if who == "approve":
                        services.approve(actor=actor, rma=rma, now=now, failure_is_confirmed=True)
                    else:
                        services.ship(
                            actor=actor, rma=rma, now=now, scanned_serial=unit_of(rma).serial, carrier="UPS",
                            tracking_number=f"1Z{number}", return_tracking_number=f"1ZB{number}",
                        )  # fmt: skip
            except Refused as refused:
                return refused.message
            return "done"

        return deed

    answers = sorted(together(run(1), run(2)), key=lambda answer: answer != "done")
    assert answers[0] == "done"
    assert "is in the state" in answers[1]
    with work_unit(STAFF):
        assert rma.supplier_records.count() == 1
        assert rma.shipments.filter(kind="REPLACEMENT_OUT").count() == (who == "ship")


def requested_or_allocated(world: World, part: Component, now: datetime, who: str) -> Rma:
    rma = approved(world, part, now) if who == "ship" else None
    cora = world.actor("cora")
    if rma is not None:
        with work_unit(cora.context):
            return services.allocate(actor=cora, rma=rma, now=now)
    ticket, ilse = on_ticket(world, part, now), world.actor("ilse")
    with work_unit(ilse.context):
        wish = Wish(component=part, accepts_terms=True)
        return services.request_return(actor=ilse, ticket=ticket, wish=wish, now=now).rma


def test_a_void_takes_the_return_before_the_warranty_as_deliveries_do(lasting_world: World) -> None:
    """Whoever holds the return still gets the warranty: in the other order both would wait for each other."""
    world, now = lasting_world, at(lasting_world)
    stock = Stock.of(world)
    part = entitled(world, now)
    stock.unit(now)
    rma = allocated(world, part, now)
    with work_unit(STAFF):
        warranty = WarrantyCoverage.objects.get(component=part)
    void, made = proposed(world, warranty, now), list[str]()

    def confirm() -> None:
        try:
            made.append(done(world, "cora", confirm_void, void, now).state)
        finally:
            connections.close_all()

    with work_unit(STAFF):
        Rma.objects.select_for_update(of=("self",)).get(pk=rma.pk)
        other = Thread(target=confirm)
        other.start()
        wait_until_one_waits()
        list(WarrantyCoverage.objects.select_for_update(nowait=True).filter(component=part))
        assert made == []
    other.join(20)
    assert made == ["VOID"]
    assert fresh(rma).state == "ON_HOLD"


def wait_until_one_waits() -> None:
    """Until another connection of this database waits for a lock."""
    for _ in range(400):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    pytest.fail("nobody waits for the return")
