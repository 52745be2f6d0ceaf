"""Units: ordered, received, tested, substituted, missing; and who waits for one, in order."""

from datetime import datetime, timedelta

import pytest

from contracts.models import Component
from rma import services
from rma.machines import CannotMove
from rma.models import PoolUnit, Rma, Substitute
from rma.services import CannotReturn, CannotStock
from tenancy.context import work_unit
from tenancy.models import AuditEvent
from tests.rma.deals import STAFF, Stock, allocated, as_person, entitled, fresh, staff
from tests.world import ComponentFactory, ProductFactory, World


def test_received_units_fill_the_order_and_a_serial_is_one_row(world: World, stock: Stock, now: datetime) -> None:
    as_person(world, "cora", services.order_units, pool=stock.pool, product=stock.product, count=2, now=now)
    for serial in ("A-1", "A-2", "A-3"):
        as_person(world, "cora", services.receive_unit, pool=stock.pool, product=stock.product, serial=serial, now=now)
    with work_unit(STAFF):
        assert sorted(PoolUnit.objects.values_list("serial", "state")) == [(f"A-{n}", "QUARANTINE") for n in (1, 2, 3)]
        other = ProductFactory(sku="PS-2", name="Power supply")
    with pytest.raises(CannotReturn, match="Serial A-1 is known: it is in test"):
        as_person(world, "cora", services.receive_unit, pool=stock.pool, product=stock.product, serial="a1", now=now)
    with pytest.raises(CannotStock, match="is a Drive controller DC-7"):
        as_person(world, "cora", services.receive_unit, pool=stock.pool, product=other, serial="A-1", now=now)
    with pytest.raises(CannotReturn, match="Enter the serial"):
        as_person(world, "cora", services.receive_unit, pool=stock.pool, product=stock.product, serial=" ", now=now)


def test_the_oldest_leaves_first_and_substitutes_in_their_order(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    with work_unit(STAFF):
        second = ProductFactory(sku="DC-7B", name="Drive controller DC-7B")
        first = ProductFactory(sku="DC-8", name="Drive controller DC-8")
        Substitute.objects.create(product=stock.product, substitute=second, rank=2)
        Substitute.objects.create(product=stock.product, substitute=first, rank=1)
    stock.unit(now - timedelta(days=9), "B-1", second)
    stock.unit(now - timedelta(days=1), "A-1", first)
    stock.unit(now - timedelta(days=2), "OWN-2")
    stock.unit(now - timedelta(days=3), "OWN-1")
    rma = allocated(world, component, now)
    order = []
    for _ in range(4):
        order.append(rma.unit.serial)
        actor = world.actor("cora")
        with work_unit(actor.context):
            unit = services.say_missing(actor=world.actor("adam"), unit=rma.unit, now=now)
            services.confirm_missing(actor=actor, unit=unit, now=now)
        rma = fresh(rma)
        if rma.unit_id is None:
            break
        with work_unit(STAFF):
            rma = Rma.objects.select_related("unit__product").get(pk=rma.pk)
    assert order == ["OWN-1", "OWN-2", "A-1", "B-1"]
    assert (rma.state, rma.missing) == (
        "ON_HOLD",
        ["RECHECK"],
    )  # none is left: a new approval makes it wait in the queue


def test_who_waits_is_served_by_severity_then_by_approval(world: World, stock: Stock, now: datetime) -> None:
    entitled(world, now)
    waiting = []
    for severity, hours in ((2, 3), (2, 5), (1, 1)):
        with work_unit(STAFF):
            part = ComponentFactory(customer=world.acme, site=world.components["acme"].site)
        entitled(world, now, component=part)
        rma = allocated(world, part, now)
        assert rma.state == "BACKORDERED"
        with work_unit(STAFF):
            Rma.objects.filter(pk=rma.pk).update(severity=severity, approved_at=now - timedelta(hours=hours))
        waiting.append(rma)
    served = []
    for _ in range(3):
        stock.unit(now)
        served += [rma for rma in waiting if rma not in served and fresh(rma).state == "ALLOCATED"]
    assert served == [waiting[2], waiting[1], waiting[0]]


def test_the_unit_that_was_picked_or_is_somebody_elses(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now - timedelta(days=2), "OLD")
    new = stock.unit(now, "NEW")
    rma = allocated(world, component, now)
    assert rma.unit.serial == "OLD"
    rma = staff(world, services.change_unit, rma, now, unit=new)
    with work_unit(STAFF):
        assert (rma.unit.serial, PoolUnit.objects.get(serial="OLD").state) == ("NEW", "AVAILABLE")
        part = ComponentFactory(customer=world.acme, site=component.site)
    entitled(world, now, component=part)
    other = allocated(world, part, now)
    with pytest.raises(CannotReturn, match=f"It is reserved for {rma}, by"):
        staff(world, services.change_unit, other, now, unit=new)


def test_two_people_write_a_missing_unit_off(world: World, stock: Stock, now: datetime) -> None:
    unit = stock.unit(now)
    with pytest.raises(CannotStock, match="Nobody said"):
        as_person(world, "cora", services.confirm_missing, unit=unit, now=now)
    unit = as_person(world, "cora", services.say_missing, unit=unit, now=now)
    with pytest.raises(CannotStock, match="Another person"):
        as_person(world, "cora", services.confirm_missing, unit=unit, now=now)
    assert as_person(world, "duty", services.confirm_missing, unit=unit, now=now).state == "LOST"
    with pytest.raises(CannotMove, match="has ended"):
        as_person(world, "cora", services.retire_unit, unit=unit, reason="Gone.", now=now)


@pytest.mark.parametrize("settled_with", ["EXCHANGE", "CREDIT", "REFUSED"])
def test_a_unit_that_fails_its_test_goes_to_the_supplier_under_a_record_of_its_own(
    world: World, stock: Stock, now: datetime, settled_with: str
) -> None:
    unit = as_person(
        world, "cora", services.receive_unit, pool=stock.pool, product=stock.product, serial="BAD", now=now
    )
    record = as_person(world, "cora", services.fail_test, unit=unit, supplier=world.forge, reason="No light.", now=now)
    assert (record.customer_id, record.state, fresh(unit).state) == (None, "SUBMITTED", "AT_SUPPLIER")
    as_person(world, "sam", services.acknowledge, record=record, supplier_number="F-1", now=now)
    as_person(world, "cora", services.send_part, record=record, unit=unit, carrier="DHL", tracking_number="D1", now=now)
    if settled_with == "REFUSED":
        as_person(world, "sam", services.refuse, record=record, reason="No fault found.", now=now)
        assert (fresh(unit).state, fresh(record).state) == ("QUARANTINE", "REFUSED")
        return
    more = (
        {"exchange_serial": "GOOD"} if settled_with == "EXCHANGE" else {"credit_amount": 100, "credit_currency": "USD"}
    )
    if settled_with == "CREDIT":
        with pytest.raises(CannotReturn, match="number of the credit note"):
            as_person(world, "sam", services.settle, record=record, settled_with=settled_with, now=now, **more)
        more["credit_note"] = "CN-1"
    as_person(world, "sam", services.settle, record=record, settled_with=settled_with, now=now, **more)
    assert fresh(unit).state == "SCRAPPED"
    with work_unit(STAFF):
        new = PoolUnit.objects.filter(serial="GOOD").first()
        assert (new is not None) is (settled_with == "EXCHANGE")
        assert new is None or (new.state, new.came_from_id) == ("QUARANTINE", unit.pk)


def test_every_move_of_a_unit_has_who_and_when_and_no_tenant_reads_it(
    world: World, stock: Stock, now: datetime
) -> None:
    unit = stock.unit(now)
    with work_unit(STAFF):
        events = list(
            AuditEvent.objects.filter(chain=unit.chain).order_by("seq").values_list("verb", "actor_name", "kind")
        )
    assert events == [("unit.receive", "Cora Test", "internal"), ("unit.pass-test", "Cora Test", "internal")]
    for name in ("ilse", "dora"):
        with work_unit(world.actor(name).context):
            assert not AuditEvent.objects.filter(chain=unit.chain).exists()
