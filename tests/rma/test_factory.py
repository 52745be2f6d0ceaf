"""Return to factory: free or quoted, sent in time or not, repaired, exchanged, declined, and what the manufacturer sees."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from contracts.models import Component, Invoice, WarrantyCoverage
from rma import keeping, services
from rma.machines import CannotMove
from rma.models import Rma, Shipment, SupplierRma
from rma.services import CannotQuoteRepair, CannotRepair, CannotReturn
from rozoom_support.lib.refusals import NotFound
from tenancy.context import work_unit
from tests.contracts.deals import ago, implemented, price, warranty
from tests.rma.deals import STAFF, Stock, as_person, box, carrier_says, fresh, requested, staff
from tests.world import OrganisationFactory, World


@pytest.fixture
def covered(world: World, stock: Stock, now: datetime) -> Component:
    """In warranty, without an agreement: its repair is free."""
    part = world.components["acme"]
    implemented(part, ago(now, 500))
    price(part)
    warranty(part, ago(now, 500), ago(now, -20))
    return part


@pytest.fixture
def bare(world: World, stock: Stock, now: datetime) -> Component:
    """Nothing covers it: its repair is quoted."""
    implemented(world.components["acme"], ago(now, 900))
    return world.components["acme"]


def sam(world: World, deed: Any, rma: Rma, now: datetime, **details: Any) -> SupplierRma:
    """The manufacturer's clerk, through the record it sees."""
    with work_unit(STAFF):
        record = SupplierRma.objects.filter(rma=rma).exclude(state="CANCELLED").latest("updated_at")
    return as_person(world, "sam", deed, record=record, now=now, **details)


def sent_in(world: World, rma: Rma, now: datetime) -> Rma:
    """On its way: with a label that the carrier scanned."""
    with work_unit(STAFF):
        shipment = Shipment.objects.get(rma=rma, kind="FACTORY_IN")
    as_person(
        world, "cora", services.make_label, shipment=shipment, carrier="DHL", tracking_number=f"D{rma.number}", now=now
    )
    carrier_says(world, fresh(shipment), "SCAN", now)
    return fresh(rma)


def at_factory(world: World, part: Component, now: datetime) -> Rma:
    rma = staff(world, services.authorise, requested(world, part, now).rma, now)
    sent_in(world, rma, now)
    sam(world, services.receive_at_factory, rma, now, scanned_serial=part.serial)
    return fresh(rma)


def back_home(world: World, rma: Rma, serial: str, now: datetime) -> Rma:
    sam(world, services.ship_back, rma, now, scanned_serial=serial, carrier="DHL", tracking_number=f"B{rma.number}")
    carrier_says(world, box(rma, "FACTORY_OUT"), "DELIVERED", now)
    return fresh(rma)


def test_repaired_in_warranty_is_free_and_its_warranty_holds_90_days_more(
    world: World, covered: Component, now: datetime
) -> None:
    rma = requested(world, covered, now).rma
    assert (rma.kind, rma.state, rma.decision["charge"]) == ("FACTORY", "REQUESTED", "NONE")
    rma = staff(world, services.authorise, rma, now)
    assert (rma.state, (rma.valid_until - now.date()).days in (29, 30, 31)) == ("AWAITING_INBOUND", True)
    assert box(rma, "FACTORY_IN").to_address == "2 Forge Lane"
    assert sent_in(world, rma, now).state == "INBOUND_IN_TRANSIT"
    sam(world, services.receive_at_factory, rma, now, scanned_serial=covered.serial)
    sam(world, services.diagnose, rma, now, diagnosis="REPAIRABLE", report="A capacitor.")
    sam(world, services.begin_repair, rma, now)
    sam(world, services.fail_repair_test, rma, now, reason="Still hot.")
    sam(world, services.begin_repair, rma, now)
    record = sam(world, services.finish_repair, rma, now, report="Two capacitors; tested 24 h.")
    assert (record.rma_state, record.state) == ("READY_TO_SHIP", "DEFECTIVE_SENT")
    with pytest.raises(CannotRepair, match="goes back"):
        back_home(world, rma, "OTHER", now)
    rma = back_home(world, rma, covered.serial, now)
    assert (rma.state, rma.ending, rma.repair_invoice_id, fresh(record).state) == (
        "CLOSED",
        "REPAIRED",
        None,
        "SETTLED",
    )
    with work_unit(STAFF):
        assert WarrantyCoverage.objects.get(component=covered).end_date == rma.delivered_on + timedelta(days=90)


def test_beyond_repair_another_serial_comes_back_with_the_cover(
    world: World, covered: Component, now: datetime
) -> None:
    rma = at_factory(world, covered, now)
    sam(world, services.diagnose, rma, now, diagnosis="BEYOND_REPAIR", report="Burnt.")
    with pytest.raises(CannotRepair, match="nothing to repair"):
        sam(world, services.begin_repair, rma, now)
    with pytest.raises(CannotReturn, match="Enter the serial") as missing:
        sam(world, services.finish_without_repair, rma, now)
    assert missing.value.param == "exchange_serial"
    sam(world, services.finish_without_repair, rma, now, exchange_serial="EX-1")
    rma = back_home(world, rma, "ex1", now)
    assert (rma.state, rma.ending, fresh(covered).state) == ("CLOSED", "EXCHANGED", "RETURNED")
    with work_unit(STAFF):
        assert [one.component.serial for one in WarrantyCoverage.objects.exclude(state="TRANSFERRED")] == ["EX-1"]


def test_no_fault_the_same_serial_comes_back_and_nothing_changes(
    world: World, covered: Component, now: datetime
) -> None:
    rma = at_factory(world, covered, now)
    sam(world, services.diagnose, rma, now, diagnosis="NO_FAULT_FOUND", report="It works.")
    sam(world, services.finish_without_repair, rma, now)
    rma = back_home(world, rma, covered.serial, now)
    with work_unit(STAFF):
        assert (rma.ending, WarrantyCoverage.objects.get().end_date) == ("SENT_BACK", ago(now, -20))
        assert SupplierRma.objects.get().state == "REFUSED"


def test_out_of_warranty_it_is_quoted_accepted_with_an_order_and_invoiced_when_it_is_back(
    world: World, bare: Component, now: datetime
) -> None:
    rma = requested(world, bare, now).rma
    with pytest.raises(CannotReturn, match="Quote the repair first"):
        staff(world, services.authorise, rma, now)
    with pytest.raises(CannotQuoteRepair, match="Enter an amount"):
        staff(world, services.quote_repair, rma, now, amount=Decimal("1.001"), currency="EUR")
    staff(
        world,
        services.quote_repair,
        rma,
        now,
        amount=Decimal("400.00"),
        currency="EUR",
        evaluation_fee=Decimal("80.00"),
    )
    with pytest.raises(CannotReturn, match="purchase order"):
        as_person(world, "ana", services.accept_quote, rma=rma, now=now, purchase_order=" ")
    rma = as_person(world, "ana", services.accept_quote, rma=rma, now=now, purchase_order="PO-5")
    assert (rma.state, rma.repair_invoice.state, rma.repair_invoice.number) == ("AWAITING_INBOUND", "DRAFT", "")
    sent_in(world, rma, now)
    sam(world, services.receive_at_factory, rma, now, scanned_serial=bare.serial)
    sam(world, services.diagnose, rma, now, diagnosis="REPAIRABLE", report="A fan.")
    sam(world, services.begin_repair, rma, now)
    sam(world, services.finish_repair, rma, now, report="A new fan.")
    rma = back_home(world, rma, bare.serial, now)
    with work_unit(STAFF):
        invoice = Invoice.objects.get(kind="REPAIR")
        assert (rma.ending, invoice.state, invoice.total, invoice.currency) == ("REPAIRED", "ISSUED", 400, "EUR")


@pytest.mark.parametrize("answer", ["accept", "decline", "scrap"])
def test_misuse_is_never_covered_and_the_customer_answers_about_its_costs(
    world: World, covered: Component, now: datetime, answer: str
) -> None:
    rma = at_factory(world, covered, now)
    sam(world, services.diagnose, rma, now, diagnosis="ABUSE", report="Water inside.")
    with pytest.raises(CannotRepair, match="has not accepted the costs"):
        sam(world, services.begin_repair, rma, now)
    staff(
        world, services.quote_repair, rma, now, amount=Decimal("900.00"), currency="USD",
        evaluation_fee=Decimal("90.00"), reason="Water is not covered.",
    )  # fmt: skip
    assert fresh(rma).state == "COST_HOLD"
    if answer == "accept":
        rma = as_person(world, "ilse", services.accept_quote, rma=rma, now=now, purchase_order="PO-6")
        assert (rma.state, rma.repair_invoice.total) == ("REPAIRING", 900)
    elif answer == "decline":
        rma = as_person(world, "ilse", services.decline_quote, rma=rma, now=now)
        assert (rma.state, rma.repair_invoice.total, rma.repair_invoice.state) == ("READY_TO_SHIP", 90, "ISSUED")
        assert back_home(world, rma, covered.serial, now).ending == "SENT_BACK"
    else:
        rma = as_person(world, "ilse", services.scrap, rma=rma, now=now, certificate="")
        assert (rma.state, rma.ending, fresh(covered).state) == ("CLOSED", "SCRAPPED", "RETIRED")


def test_not_sent_in_time_it_expires_is_extended_and_in_the_end_cancelled(
    world: World, covered: Component, now: datetime
) -> None:
    rma = staff(world, services.authorise, requested(world, covered, now).rma, now)
    late = now + timedelta(days=32)
    assert keeping.keep(seconds=30, now=now + timedelta(days=11)).reminded == 1
    assert keeping.keep(seconds=30, now=late).moved == 1
    assert fresh(rma).state == "EXPIRED"
    rma = staff(world, services.extend, fresh(rma), late)
    assert rma.state == "AWAITING_INBOUND"
    assert keeping.keep(seconds=30, now=late + timedelta(days=130)).moved == 1  # both moves, one after the other
    assert fresh(rma).state == "CANCELLED"
    with work_unit(STAFF):
        assert SupplierRma.objects.get().state == "CANCELLED"


def test_a_quote_nobody_answers_is_over_after_30_days(world: World, bare: Component, now: datetime) -> None:
    rma = requested(world, bare, now).rma
    staff(world, services.quote_repair, rma, now, amount=Decimal("400.00"), currency="EUR")
    with pytest.raises(CannotMove, match="has ended"):
        as_person(world, "ana", services.accept_quote, rma=rma, now=now + timedelta(days=32), purchase_order="PO")
    keeping.keep(seconds=30, now=now + timedelta(days=32))
    assert fresh(rma).state == "CANCELLED"


@pytest.mark.parametrize("accepted", [True, False])
def test_another_part_arrives_at_the_factory(world: World, covered: Component, now: datetime, accepted: bool) -> None:
    rma = staff(world, services.authorise, requested(world, covered, now).rma, now)
    sam(world, services.receive_at_factory, rma, now, scanned_serial="XX-1")
    rma = fresh(rma)
    assert rma.state == "MISMATCH"
    if accepted:
        assert staff(world, services.accept_at_factory, rma, now, reason="A new label.").state == "RECEIVED"
    else:
        rma = staff(world, services.refuse_at_factory, rma, now, reason="Not ours.")
        assert back_home(world, rma, "XX-1", now).ending == "SENT_BACK"


def test_lost_on_either_way(world: World, covered: Component, now: datetime) -> None:
    rma = at_factory(world, covered, now)
    sam(world, services.diagnose, rma, now, diagnosis="REPAIRABLE", report="A fan.")
    sam(world, services.begin_repair, rma, now)
    sam(world, services.finish_repair, rma, now, report="A new fan.")
    sam(world, services.ship_back, rma, now, scanned_serial=covered.serial, carrier="DHL", tracking_number="B1")
    carrier_says(world, box(rma, "FACTORY_OUT"), "LOST", now)
    assert fresh(rma).state == "READY_TO_SHIP"
    staff(world, services.exchange_lost, fresh(rma), now, exchange_serial="EX-2")
    sam(world, services.ship_back, rma, now, scanned_serial="EX-2", carrier="DHL", tracking_number="B2")
    carrier_says(world, box(rma, "FACTORY_OUT"), "DELIVERED", now)
    assert fresh(rma).ending == "EXCHANGED"
    with work_unit(STAFF):
        part = Component.objects.select_related("product", "site").get(serial="EX-2")
    other = staff(world, services.authorise, requested(world, part, now).rma, now)
    sent_in(world, other, now)
    other = staff(world, services.lose_inbound, other, now, claim="C-2", agreed="A credit of 300 USD.")
    assert (other.state, other.ending) == ("CLOSED", "LOST")


def test_a_supplier_sees_its_own_records_and_nothing_else(world: World, covered: Component, now: datetime) -> None:
    at_factory(world, covered, now)
    sam_actor = world.actor("sam")
    with work_unit(sam_actor.context):
        record = SupplierRma.objects.get()
        assert (record.serial, record.ticket_reference, record.rma_state) == (
            covered.serial,
            "ACME-1",
            "RECEIVED",
        )
        assert Shipment.objects.get().kind == "FACTORY_IN"
    with work_unit(world.actor("adam").context):
        other = OrganisationFactory(kind="SUPPLIER", code="ANVIL")
        SupplierRma.objects.filter(pk=record.pk).update(supplier=other)
    with pytest.raises(NotFound):
        as_person(world, "sam", services.diagnose, record=record, diagnosis="ABUSE", report="x", now=now)
