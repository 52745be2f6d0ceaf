"""The failed part: late, charged for, back, another one than expected, lost; and the job that may be late or never come."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from contracts.models import Component, CreditNote, Invoice
from contracts.services import record_payment
from notifications.models import Event
from rma import keeping, services
from rma.machines import CannotMove
from rma.models import PoolUnit, Rma, RmaNotice
from rma.services import CannotReceive, CannotReturn
from rma.standing import current_state
from tenancy.context import work_unit
from tests.rma.deals import (
    STAFF,
    Stock,
    as_person,
    box,
    carrier_says,
    delivered,
    entitled,
    fresh,
    requested,
    returned,
    shipped,
    staff,
)
from tests.world import World
from tickets import services as tickets
from tickets.models import Ticket


@pytest.fixture
def owed(world: World, stock: Stock, component: Component, now: datetime) -> Rma:
    """Its replacement was delivered; the failed part is due in ten business days."""
    stock.unit(now)
    return delivered(world, component, now)


def days(now: datetime, number: int) -> datetime:
    return now + timedelta(days=number)


def test_late_is_computed_and_the_job_only_writes_it_down(world: World, owed: Rma, now: datetime) -> None:
    later = days(now, 20)
    with work_unit(STAFF):
        assert (owed.state, current_state(owed, now), current_state(owed, later)) == (
            "DELIVERED", "DELIVERED", "RETURN_OVERDUE",
        )  # fmt: skip
    assert keeping.keep(seconds=30, now=later).moved == 1
    assert fresh(owed).state == "RETURN_OVERDUE"
    assert keeping.keep(seconds=30, now=later).moved == 0


def test_reminders_go_once_and_after_a_pause_only_the_latest(world: World, owed: Rma, now: datetime) -> None:
    for day, expected in ((4, []), (5, [5]), (6, [5]), (10, [5, 10]), (40, [5, 10, 38])):
        for _ in range(2):
            keeping.keep(seconds=30, now=days(now, day))
        with work_unit(STAFF):
            assert list(RmaNotice.objects.order_by("number").values_list("number", flat=True)) == expected
    with work_unit(STAFF):
        assert Event.objects.filter(topic="rma.reminder").count() == 3
    carrier_says(world, box(owed, "DEFECTIVE_RETURN"), "SCAN", days(now, 41))
    assert keeping.keep(seconds=30, now=days(now, 50)).reminded == 0


def test_a_part_kept_is_charged_for_once_after_30_days_and_its_serial_retired_when_paid(
    world: World, stock: Stock, component: Component, owed: Rma, now: datetime
) -> None:
    with pytest.raises(CannotReturn, match="31 days after"):
        staff(world, services.charge, owed, days(now, 25))
    late = days(now, 32)
    rma = staff(world, services.charge, owed, late, by="fin")
    invoice = rma.non_return_invoice
    assert (rma.state, invoice.kind, invoice.total, invoice.bill_to_id) == (
        "NON_RETURN_INVOICED", "NON_RETURN", 10000, world.acme.pk,
    )  # fmt: skip
    with pytest.raises(CannotMove, match="Charged for"):
        staff(world, services.charge, rma, late, by="fin")
    assert keeping.keep(seconds=30, now=late).settled == 0
    fin = world.actor("fin")
    with work_unit(fin.context):
        found = Invoice.objects.select_related("term").get(pk=invoice.pk)
        record_payment(actor=fin, invoice=found, amount=found.total, value_date=late.date(), now=late)
    assert keeping.keep(seconds=30, now=late).settled == 1
    assert (fresh(rma).state, fresh(rma).ending, fresh(component).state) == ("CLOSED", "PAID", "RETIRED")
    again = requested(world, fresh_component(component), late)
    assert (again.rma.state, again.rma.rule) == ("REJECTED", "R4")


def fresh_component(component: Component) -> Component:
    with work_unit(STAFF):
        return Component.objects.select_related("product", "site").get(pk=component.pk)


@pytest.mark.parametrize("sent_after, credited", [(60, True), (61, False)])
def test_the_charge_is_credited_in_full_when_the_part_leaves_within_60_days(
    world: World, stock: Stock, component: Component, owed: Rma, now: datetime, sent_after: int, credited: bool
) -> None:
    late = days(now, 32)
    rma = staff(world, services.charge, owed, late, by="fin")
    then = days(late, sent_after)
    carrier_says(world, box(rma, "DEFECTIVE_RETURN"), "SCAN", then)
    rma = staff(world, services.receive, fresh(rma), days(then, 3), scanned_serial=component.serial)
    assert rma.state == "RETURN_RECEIVED"
    with work_unit(STAFF):
        assert Invoice.objects.get(pk=rma.non_return_invoice_id).state == ("VOID" if credited else "ISSUED")
        assert CreditNote.objects.filter(invoice=rma.non_return_invoice_id, amount=10000).exists() is credited


def test_another_part_than_expected_is_asked_about_and_a_manager_may_take_it(
    world: World, component: Component, owed: Rma, now: datetime
) -> None:
    rma = staff(world, services.receive, owed, now, scanned_serial="XX-1")
    assert (rma.state, rma.received_serial) == ("RETURN_MISMATCH", "XX-1")
    rma = staff(world, services.refuse_mismatch, rma, now, reason="No answer in five days.")
    assert rma.state == "RETURN_OVERDUE"
    rma = staff(world, services.receive, rma, now, scanned_serial="")
    assert rma.state == "RETURN_MISMATCH"
    with pytest.raises(Exception, match="Your role may not"):
        staff(world, services.accept_mismatch, rma, now, reason="A typing error")
    rma = staff(world, services.accept_mismatch, rma, now, by="duty", reason="The label was wrong.")
    rma = staff(world, services.inspect, rma, now, result="CONFIRMED")
    assert (rma.state, fresh(component).state) == ("CLOSED", "RETURNED")
    with work_unit(STAFF):
        assert PoolUnit.objects.get(serial=component.serial).state == "DEFECTIVE"


def test_a_part_lost_on_our_label_costs_the_customer_nothing(
    world: World, component: Component, owed: Rma, now: datetime
) -> None:
    back = box(owed, "DEFECTIVE_RETURN")
    carrier_says(world, back, "SCAN", now)
    as_person(
        world,
        "cora",
        services.track,
        report=services.Report("UPS", back.tracking_number, "EXCEPTION", now, id="2"),
        now=now,
    )
    as_person(world, "cora", services.lose, shipment=back, claim="C-1", now=days(now, 15))
    rma = fresh(owed)
    assert (rma.state, rma.ending, rma.non_return_invoice_id) == ("CLOSED", "LOST", None)
    with work_unit(STAFF):
        assert PoolUnit.objects.get(serial=component.serial).state == "LOST"


@pytest.mark.parametrize("code, unit_state", [("LOST", "LOST"), ("RETURNED_TO_SENDER", "QUARANTINE")])
def test_a_replacement_that_does_not_arrive_is_sent_again_under_the_same_number(
    world: World, stock: Stock, component: Component, now: datetime, code: str, unit_state: str
) -> None:
    unit = stock.unit(now)
    rma = shipped(world, component, now)
    carrier_says(world, box(rma, "REPLACEMENT_OUT"), code, days(now, 1))
    rma = fresh(rma)
    assert (rma.state, rma.unit_id, fresh(unit).state) == ("APPROVED", None, unit_state)
    assert rma.earlier_promises[0]["met"] is True
    assert fresh(component).state == "IN_USE"
    stock.unit(now, "SECOND")
    assert staff(world, services.allocate, rma, days(now, 1)).unit.serial == "SECOND"


def test_what_carriers_report_twice_late_or_about_nothing(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now)
    rma = shipped(world, component, now)
    out = box(rma, "REPLACEMENT_OUT")
    hour = timedelta(hours=1)
    first = carrier_says(world, out, "DELIVERED", now + 5 * hour, id="D")
    again = carrier_says(world, out, "DELIVERED", now + 5 * hour, id="D")
    assert (first.pk, fresh(rma).state) == (again.pk, "DELIVERED")
    late = carrier_says(world, out, "SCAN", now + hour, now=now + 6 * hour)
    assert (late.counted, fresh(out).state) == (False, "DELIVERED")
    with pytest.raises(services.CannotTrack, match="No box of"):
        as_person(world, "cora", services.track, report=services.Report("UPS", "1ZNONE", "SCAN", now), now=now)
    with pytest.raises(services.CannotTrack, match="lies ahead"):
        carrier_says(world, out, "SCAN", now + 9 * hour, now=now)
    with pytest.raises(services.CannotTrack, match="There is no code"):
        carrier_says(world, out, "TELEPORTED", now)


def test_silence_for_two_business_days_is_an_exception_and_a_scan_clears_it(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now)
    rma = shipped(world, component, now)
    assert keeping.keep(seconds=30, now=days(now, 8)).held_up == 1
    out = box(rma, "REPLACEMENT_OUT")
    assert out.state == "EXCEPTION"
    carrier_says(world, out, "SCAN", days(now, 8))
    assert fresh(out).state == "IN_TRANSIT"


def test_a_label_nobody_used_is_void_and_the_part_is_still_received(
    world: World, component: Component, owed: Rma, now: datetime
) -> None:
    late = days(now, 63)
    assert keeping.keep(seconds=30, now=late).voided == 1
    rma = staff(world, services.receive, fresh(owed), late, scanned_serial=component.serial)
    assert rma.state == "RETURN_RECEIVED"


def test_a_customer_confirms_what_arrives_at_its_place_and_nothing_else(world: World, owed: Rma, now: datetime) -> None:
    back = box(owed, "DEFECTIVE_RETURN")
    with pytest.raises(Exception, match="Your role may not"):
        as_person(world, "ana", services.confirm_delivery, shipment=back, now=now)
    assert (fresh(owed).state, fresh(back).state) == ("DELIVERED", "LABEL_CREATED")
    as_person(world, "cora", services.confirm_delivery, shipment=back, now=now)
    assert fresh(owed).state == "RETURN_IN_TRANSIT"


def test_a_ticket_with_an_open_return_is_not_closed(
    world: World, owed: Rma, component: Component, now: datetime
) -> None:
    marek = world.actor("marek")
    with work_unit(STAFF):
        Ticket.objects.filter(pk=owed.ticket_id).update(state="RESOLVED", clock_due_at=None)
        ticket = Ticket.objects.get(pk=owed.ticket_id)
        with pytest.raises(tickets.CannotMove, match=f"Return {owed} is open"):
            tickets.close(actor=marek, ticket=ticket, now=now)
    rma = staff(world, services.receive, owed, now, scanned_serial=component.serial)
    staff(world, services.inspect, rma, now, result="CONFIRMED")
    with work_unit(STAFF):
        assert tickets.close(actor=marek, ticket=ticket, now=now).state == "CLOSED"


def test_a_wrong_scan_an_unknown_move_and_a_foreign_return_are_answered_in_words(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now, "GOOD")
    rma = requested(world, component, now).rma
    with pytest.raises(CannotMove) as refused:
        staff(world, services.allocate, rma, now)
    assert refused.value.message == (
        "ACME-R1 is in the state “Requested”. “Reserve a unit” is possible when it is “Approved” or “Waiting for a unit”. "
        "Next: roZoom checks it and approves it."
    )
    rma = staff(world, services.approve, rma, now, failure_is_confirmed=True)
    rma = staff(world, services.allocate, rma, now)
    details: Any = {"carrier": "UPS", "tracking_number": "1Z1"}
    with pytest.raises(services.CannotShip, match=r"You scanned WRONG\. GOOD is reserved") as wrong:
        staff(world, services.ship, rma, now, scanned_serial="WRONG", return_tracking_number="1Z2", **details)
    assert wrong.value.param == "scanned_serial"
    with pytest.raises(services.CannotShip, match="way back is missing"):
        staff(world, services.ship, rma, now, scanned_serial="GOOD", **details)
    with pytest.raises(Exception, match="Your role may not"):
        as_person(world, "ilse", services.approve, rma=rma, now=now)
    for stranger in ("bob", "nils"):
        with pytest.raises(Exception) as unknown:  # noqa: PT011
            as_person(world, stranger, services.cancel, rma=rma, now=now, reason="Mine?")
        assert type(unknown.value).__name__ == "NotFound"
    with work_unit(STAFF):
        rma.shipments.update(state="CANCELLED")
        rma.supplier_records.all().update(state="CANCELLED")
        Rma.objects.filter(pk=rma.pk).update(media="RETAINED")
    with pytest.raises(CannotReceive, match="No part is expected"):
        staff(world, services.receive, fresh(rma), now, scanned_serial="GOOD")


def test_cancelled_by_the_customer_nothing_stays_prepared(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    unit = stock.unit(now)
    rma = staff(world, services.approve, requested(world, component, now).rma, now, failure_is_confirmed=True)
    rma = staff(world, services.allocate, rma, now)
    rma = as_person(world, "ilse", services.cancel, rma=rma, now=now, reason="It works again.")
    assert (rma.state, fresh(unit).state) == ("CANCELLED", "AVAILABLE")
    with work_unit(STAFF):
        assert rma.supplier_records.get().state == "CANCELLED"
        assert rma.shipments.get().state == "CANCELLED"
    assert requested(world, component, now).is_new


def test_genealogy_goes_on_the_returned_serial_may_be_sent_to_somebody_else(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now)
    rma = returned(world, component, now)
    with work_unit(STAFF):
        record = rma.supplier_records.get()
        unit = PoolUnit.objects.get(serial=component.serial)
    as_person(world, "sam", services.acknowledge, record=record, supplier_number="F-9", now=now)
    as_person(world, "cora", services.send_part, record=record, unit=unit, carrier="DHL", tracking_number="D1", now=now)
    assert fresh(unit).state == "AT_SUPPLIER"
    as_person(world, "sam", services.receive_part, record=record, now=now)
    as_person(world, "sam", services.settle, record=record, settled_with="REPAIR", report="New board.", now=now)
    assert (fresh(unit).state, fresh(unit).condition, fresh(record).state) == ("QUARANTINE", "REFURBISHED", "SETTLED")
    unit = as_person(world, "cora", services.pass_test, unit=unit, now=now)
    solo = world.components["solo"]
    entitled(world, now, component=solo)
    other = delivered(world, solo, now, "sol")
    with work_unit(STAFF):
        rows = Component.objects.filter(serial_normal=component.serial_normal)
        assert sorted(rows.values_list("customer_id", "state")) == sorted(
            [(world.acme.pk, "RETURNED"), (world.solo.pk, "IN_USE")]
        )
    assert fresh(other).replacement_id is not None
