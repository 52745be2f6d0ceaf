"""Each serial is in one place and every return can go on: what random lives of returns (test_model.py) found, one by one."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from contracts.models import Component, Invoice
from contracts.services import void_invoice
from rma import keeping, services
from rma.machines import CannotMove
from rma.models import PoolUnit, Rma, SupplierRma
from rma.services import CannotQuoteRepair, CannotRepair, CannotReturn, CannotStock, CannotSupply, CannotTrack, Wish
from tenancy.context import work_unit
from tenancy.models import Kind
from tests.contracts.deals import ago, implemented, price, warranty
from tests.rma.deals import (
    STAFF,
    Stock,
    allocated,
    approved,
    as_person,
    box,
    carrier_says,
    delivered,
    fresh,
    on_ticket,
    requested,
    shipped,
    staff,
    unit_of,
)
from tests.world import OrganisationFactory, World


@pytest.fixture
def in_repair(world: World, stock: Stock, now: datetime) -> Rma:
    """Of a part in warranty without an agreement: accepted for repair, not sent yet."""
    part = world.components["acme"]
    implemented(part, ago(now, 500))
    price(part)
    warranty(part, ago(now, 500), ago(now, -200))
    return staff(world, services.authorise, requested(world, part, now).rma, now)


def record_of(rma: Rma) -> SupplierRma:
    with work_unit(STAFF):
        return SupplierRma.objects.filter(rma=rma).latest("updated_at")


def state_of(serial: str) -> str:
    with work_unit(STAFF):
        return PoolUnit.objects.get(serial=serial).state


def test_a_part_that_leaves_before_its_replacement_arrives_is_on_its_way_then(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now)
    rma = shipped(world, component, now)
    carrier_says(world, box(rma, "DEFECTIVE_RETURN"), "SCAN", now)
    assert (fresh(rma).state, state_of(component.serial)) == ("SHIPPED", "DEFECTIVE_IN_TRANSIT")
    carrier_says(world, box(rma, "REPLACEMENT_OUT"), "DELIVERED", now)
    assert fresh(rma).state == "RETURN_IN_TRANSIT"
    rma = staff(world, services.receive, fresh(rma), now, scanned_serial=component.serial)
    assert (rma.state, state_of(component.serial)) == ("RETURN_RECEIVED", "DEFECTIVE")


def test_nothing_is_cancelled_while_the_failed_part_is_on_its_way(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    rma = approved(world, component, now)
    back = box(rma, "DEFECTIVE_RETURN")
    as_person(world, "cora", services.make_label, shipment=back, carrier="UPS", tracking_number="1ZB", now=now)
    carrier_says(world, fresh(back), "SCAN", now)
    with pytest.raises(CannotReturn, match="is on its way back already"):
        staff(world, services.cancel, rma, now, reason="It works again.")


def test_a_void_label_for_the_way_back_is_made_again_when_the_unit_leaves(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now)
    rma = allocated(world, component, now)
    as_person(world, "cora", services.cancel_shipment, shipment=box(rma, "DEFECTIVE_RETURN"), now=now)
    rma = staff(
        world, services.ship, rma, now, scanned_serial=unit_of(rma).serial, carrier="UPS", tracking_number="1Z8",
        return_tracking_number="1Z9",
    )  # fmt: skip
    with work_unit(STAFF):
        assert rma.shipments.get(kind="DEFECTIVE_RETURN", state="LABEL_CREATED").tracking_number == "1Z9"


def test_a_part_whose_label_is_void_is_received_at_the_factory(world: World, in_repair: Rma, now: datetime) -> None:
    as_person(world, "cora", services.cancel_shipment, shipment=box(in_repair, "FACTORY_IN"), now=now)
    as_person(
        world, "sam", services.receive_at_factory, record=record_of(in_repair), scanned_serial=in_repair.serial, now=now
    )
    assert fresh(in_repair).state == "RECEIVED"


def test_a_part_that_came_in_another_box_is_not_owed_again(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    """Two parts are owed; the first label is void. One comes, the other is waived: the one on the shelf stays there."""
    stock.unit(now)
    stock.unit(now)
    rma = delivered(world, component, now)
    rma = staff(world, services.allocate, staff(world, services.dead_on_arrival, rma, now, reason="No light."), now)
    rma = staff(
        world, services.ship, rma, now, scanned_serial=unit_of(rma).serial, carrier="UPS", tracking_number="1Z8"
    )
    carrier_says(world, box(rma, "REPLACEMENT_OUT"), "DELIVERED", now)
    as_person(world, "cora", services.cancel_shipment, shipment=box(rma, "DEFECTIVE_RETURN"), now=now)
    rma = staff(world, services.receive, fresh(rma), now, scanned_serial=component.serial)
    rma = staff(world, services.receive, rma, now, scanned_serial="")
    rma = staff(world, services.refuse_mismatch, rma, now, reason="An empty box.")
    staff(world, services.waive, rma, now, by="duty", certificate="C-1", reason="It was destroyed.")
    assert (fresh(component).state, state_of(component.serial)) == ("RETURNED", "DEFECTIVE")


def test_a_charge_that_finance_takes_back_leaves_the_part_owed(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now)
    late = now + timedelta(days=40)
    rma = staff(world, services.charge, delivered(world, component, now), late, by="fin")
    first = rma.non_return_invoice_id
    with work_unit(STAFF):
        void_invoice(actor=world.actor("fin"), invoice=Invoice.objects.get(pk=first), reason="A favour.", now=late)
    for moved in (1, 0):
        assert keeping.keep(seconds=30, now=late).settled == moved
        assert fresh(rma).state == "RETURN_OVERDUE"
    rma = staff(world, services.charge, rma, late, by="fin")
    assert (rma.state, rma.non_return_invoice_id != first) == ("NON_RETURN_INVOICED", True)
    with work_unit(STAFF):
        again = Invoice.objects.get(pk=rma.non_return_invoice_id)
        void_invoice(actor=world.actor("fin"), invoice=again, reason="A favour.", now=late)
    rma = staff(
        world, services.waive, rma, late, by="duty", certificate="C-1", reason="It was destroyed."
    )  # no job came
    assert (rma.state, rma.ending) == ("CLOSED", "WAIVED")


def test_a_serial_that_is_somewhere_does_not_come_from_elsewhere(
    world: World, stock: Stock, in_repair: Rma, now: datetime
) -> None:
    installed = world.components["bolt"].serial
    for serial, words in ((installed, "installed at a customer"), (stock.unit(now).serial, "it is available")):
        with pytest.raises((CannotStock, CannotReturn), match=words):
            as_person(
                world, "cora", services.receive_unit, pool=stock.pool, product=stock.product, serial=serial, now=now
            )
    record = record_of(in_repair)
    as_person(world, "sam", services.receive_at_factory, record=record, scanned_serial=in_repair.serial, now=now)
    as_person(world, "sam", services.diagnose, record=record, diagnosis="BEYOND_REPAIR", report="Burnt.", now=now)
    with pytest.raises(CannotRepair, match="installed at a customer") as refused:
        as_person(world, "sam", services.finish_without_repair, record=record, exchange_serial=installed, now=now)
    assert refused.value.param == "exchange_serial"


def test_a_unit_exchanged_at_the_factory_is_not_with_the_customer_any_more(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    unit = stock.unit(now)
    rma = delivered(world, component, now)
    with work_unit(STAFF):
        part = Component.objects.select_related("product", "site").get(pk=rma.replacement_id)
    second = staff(world, services.authorise, requested(world, part, now, kind="FACTORY").rma, now)
    record = record_of(second)
    as_person(world, "sam", services.receive_at_factory, record=record, scanned_serial=unit.serial, now=now)
    as_person(world, "sam", services.diagnose, record=record, diagnosis="BEYOND_REPAIR", report="Burnt.", now=now)
    as_person(world, "sam", services.finish_without_repair, record=record, exchange_serial="EX-9", now=now)
    as_person(
        world, "sam", services.ship_back, record=record, scanned_serial="EX-9", carrier="DHL", tracking_number="D9", now=now
    )  # fmt: skip
    as_person(world, "ilse", services.deliver, rma=second, now=now)
    assert (fresh(second).ending, fresh(part).state, state_of(unit.serial)) == ("EXCHANGED", "RETURNED", "RETIRED")


def test_suppliers_records_are_one_at_a_time_and_refused_ones_give_the_unit_back(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    with work_unit(STAFF):
        anvil = OrganisationFactory(kind=Kind.SUPPLIER, code="ANVIL", name="Anvil Parts")
    rma = approved(world, component, now)
    with pytest.raises(CannotSupply, match="Forge Components has a record of this part"):
        staff(world, services.send_record, rma, now, supplier=anvil)
    unit = as_person(
        world, "cora", services.receive_unit, pool=stock.pool, product=stock.product, serial="BAD", now=now
    )
    record = as_person(world, "cora", services.fail_test, unit=unit, supplier=world.forge, reason="Dark.", now=now)
    as_person(world, "sam", services.refuse, record=record, reason="Not ours.", now=now)
    assert state_of("BAD") == "QUARANTINE"
    as_person(world, "cora", services.fail_test, unit=unit, supplier=anvil, reason="Dark.", now=now)


def test_a_tracking_number_is_on_one_box(world: World, stock: Stock, component: Component, now: datetime) -> None:
    stock.unit(now)
    taken = box(shipped(world, component, now), "REPLACEMENT_OUT").tracking_number
    unit = as_person(
        world, "cora", services.receive_unit, pool=stock.pool, product=stock.product, serial="BAD", now=now
    )
    record = as_person(world, "cora", services.fail_test, unit=unit, supplier=world.forge, reason="Dark.", now=now)
    as_person(world, "sam", services.acknowledge, record=record, supplier_number="F-1", now=now)
    send: dict[str, Any] = {"record": record, "unit": unit, "carrier": "UPS", "now": now}
    for number, words in ((taken, "on another box already"), (" ", "Enter the tracking number")):
        with pytest.raises(CannotTrack, match=words) as refused:
            as_person(world, "cora", services.send_part, tracking_number=number, **send)
        assert refused.value.param == "tracking_number"


def test_deeds_of_the_factory_explain_themselves_elsewhere(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    rma = approved(world, component, now)
    for deed in (services.accept_at_factory, services.refuse_at_factory):
        with pytest.raises(CannotMove, match="comes back to roZoom, not to the factory"):
            staff(world, deed, rma, now, reason="A wrong label.")
    wish = Wish(serial="NOBODY-1", accepts_terms=True, kind="FACTORY")
    unknown = as_person(
        world, "ilse", services.request_return, ticket=on_ticket(world, None, now), wish=wish, now=now
    ).rma
    with pytest.raises(CannotQuoteRepair, match="The serial is not registered yet"):
        staff(world, services.quote_repair, unknown, now, amount=100, currency="USD")
