"""From "the drive is dead" to the failed unit on a shelf, and what each step leaves."""

from datetime import datetime

from contracts.models import Component, EligibilityDecision, WarrantyCoverage
from rma import services
from rma.models import PoolUnit, Shipment
from tenancy.context import work_unit
from tests.rma.deals import STAFF, Stock, box, carrier_says, fresh, requested, staff
from tests.world import World


def test_the_whole_line(world: World, stock: Stock, component: Component, now: datetime) -> None:
    stock.unit(now, "NEW-1")
    asked = requested(world, component, now)
    assert (asked.decision.rule, asked.rma.state, asked.rma.reference) == ("R10", "REQUESTED", "ACME-R1")
    rma = staff(world, services.approve, asked.rma, now, failure_is_confirmed=True)
    assert rma.ship_day <= rma.contract_ship_by
    assert "Chicago" in rma.promise_reason
    assert (rma.list_price, rma.list_price_currency) == (10000, "USD")
    rma = staff(world, services.allocate, rma, now)
    rma = staff(world, services.ship, rma, now, scanned_serial="new 1", carrier="ups", tracking_number="1Z 1",
                return_tracking_number="1ZB1")  # fmt: skip
    assert rma.promise_met is True
    carrier_says(world, box(rma, "REPLACEMENT_OUT"), "DELIVERED", now)
    rma = fresh(rma)
    assert rma.state == "DELIVERED"
    assert rma.return_due > rma.delivered_on
    with work_unit(STAFF):
        new = Component.objects.get(pk=rma.replacement_id)
        assert (new.serial, new.state, new.customer_id) == ("NEW-1", "IN_USE", component.customer_id)
        assert Component.objects.get(pk=component.pk).state == "REPLACED"
        assert WarrantyCoverage.objects.get(component=component).state == "TRANSFERRED"
        assert PoolUnit.objects.get(serial="NEW-1").state == "WITH_CUSTOMER"
    carrier_says(world, box(rma, "DEFECTIVE_RETURN"), "SCAN", now)
    assert fresh(rma).state == "RETURN_IN_TRANSIT"
    rma = staff(world, services.receive, fresh(rma), now, scanned_serial=component.serial)
    rma = staff(world, services.inspect, rma, now, result="CONFIRMED")
    assert (rma.state, rma.ending) == ("CLOSED", "RETURNED")
    with work_unit(STAFF):
        assert PoolUnit.objects.get(serial=component.serial).state == "DEFECTIVE"
        assert Component.objects.get(pk=component.pk).state == "RETURNED"
        assert EligibilityDecision.objects.filter(subject="rma", subject_id=str(rma.pk)).count() == 4
        assert set(Shipment.objects.filter(rma=rma).values_list("state", flat=True)) == {"DELIVERED"}
