"""One return at the desk, from approval to inspection by its pages; refusals at their field, what was typed kept, and moves
that are not possible explained."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from contracts.models import Component, PriceListEntry
from rma import services
from rma.models import Rma, SupplierRma
from tenancy.context import work_unit
from tests.rma.deals import (
    STAFF,
    Stock,
    allocated,
    approved,
    box,
    carrier_says,
    delivered,
    fresh,
    requested,
    returned,
    shipped,
    staff,
    unit_of,
)
from tests.rma.test_desk_board import another, page
from tests.world import World

BOARD = "/desk/returns/"


def at(rma: Rma, *rest: str) -> str:
    return "/".join([f"{BOARD}{rma.reference}", *rest, ""])


def do(client: Any, rma: Rma, deed: str, **data: Any) -> Any:
    return client.post(at(rma, "do", deed), data)


def said(client: Any, response: Any) -> str:
    """What the next page says was done."""
    assert response.status_code == 302, page(response)
    text = page(client.get(response["Location"]))
    return re.search(r'<div class="notice notice-\w+" data-dismissable>.*?<p>(.*?)</p>', text)[1]  # type: ignore[index]


def test_from_the_request_to_the_shelf_by_pages_alone(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    unit = stock.unit(now)
    rma, cora = requested(world, component, now).rma, world.client("cora")
    shown = page(cora.get(at(rma)))
    assert "A replacement in advance" in shown
    assert "Rule R10" in shown
    ask = page(cora.get(at(rma, "do", "approve")))
    assert "leaves" in ask  # the promise that approving now gives
    assert "The supplier&#x27;s record is made and sent." in ask
    assert "Next: roZoom reserves a unit." in said(cora, do(cora, rma, "approve", failure_is_confirmed="on"))
    assert "1 fit unit in stock now." in page(cora.get(at(rma, "do", "allocate")))
    assert "Unit reserved" in said(cora, do(cora, rma, "allocate"))
    labels = {"carrier": "UPS", "tracking_number": "1Z 1", "return_tracking_number": "1Z 2"}
    gone = cora.post(at(rma, "ship"), {"scanned_serial": unit.serial, **labels})
    assert "Replacement sent" in said(cora, gone)
    assert "Replacement delivered" in said(cora, do(cora, rma, "deliver"))
    carrier_says(world, box(rma, "DEFECTIVE_RETURN"), "SCAN", now)
    back = cora.post(f"{BOARD}receive/", {"serial": component.serial.lower()})
    assert f"received for {rma.reference}. Inspect it next." in said(cora, back)
    assert "Closed" in said(cora, do(cora, rma, "inspect", result="CONFIRMED"))
    text = page(cora.get(at(rma)))
    for words in ("Approved", "Reserved unit", "Shipped", "Received the failed part", "Inspected: CONFIRMED", "Closed"):
        assert words in text, words


def test_a_move_that_is_not_possible_says_why_and_what_is(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    rma, cora = requested(world, component, now).rma, world.client("cora")
    for answer in (
        cora.get(at(rma, "ship")),
        cora.post(at(rma, "ship")),
        do(cora, rma, "ship"),
        do(cora, rma, "inspect"),
    ):
        assert answer.status_code == 422
        assert f"{rma} is in the state “Requested”." in page(answer)
        assert "Possible now" in page(answer)
        assert at(rma, "do", "approve") in page(answer)
    assert do(cora, rma, "explode").status_code == 404
    shown = page(cora.get(at(rma)))
    assert "“Ship” is possible when it is “Unit reserved”. Next: roZoom checks it and approves it." in shown


@pytest.mark.parametrize(
    ("deed", "data", "words"),
    [
        ("hold", {}, "Choose what is missing"),
        ("hold", {"missing": "NOTHING"}, "Choose one of these"),
        ("cancel", {"reason": "  "}, "Say why it is not needed any more"),
        ("cancel", {"reason": "x" * 401}, "Use at most 400 characters"),
        ("decide_otherwise", {"outcome": "FACTORY"}, "Say in a few words why"),
    ],
)
def test_a_mistake_stands_at_its_field_and_nothing_is_lost(
    world: World, stock: Stock, component: Component, now: datetime, deed: str, data: dict[str, str], words: str
) -> None:
    rma, client = requested(world, component, now).rma, world.client("duty")
    answer = do(
        client, rma, deed, **{"reason": "Typed before", **data} if "reason" not in data and deed == "hold" else data
    )
    assert answer.status_code == 422
    assert words in page(answer)
    assert "Error: " in page(answer)
    if deed == "hold":
        assert "Typed before</textarea>" in page(answer)
    assert fresh(rma).state == "REQUESTED"


def test_an_approval_without_what_it_needs_says_what_is_missing(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    rma, cora = requested(world, component, now).rma, world.client("cora")
    answer = do(cora, rma, "approve")
    assert answer.status_code == 422
    assert "Still missing: The failure is confirmed on the ticket" in page(answer)
    with work_unit(STAFF):
        component.product.suppliers.all().delete()
    answer = do(cora, rma, "approve", failure_is_confirmed="on")
    assert "Choose the supplier who gets the failed part." in page(answer)
    assert page(answer).count("Choose the supplier") == 2  # in the summary and at the field
    with work_unit(STAFF):
        assert not SupplierRma.objects.exists()
    forge = str(world.forge.pk)
    assert do(cora, rma, "approve", failure_is_confirmed="on", supplier=forge).status_code == 302
    assert do(cora, rma, "approve", failure_is_confirmed="on", supplier=forge).status_code == 422


def test_a_page_that_is_old_changes_nothing(world: World, stock: Stock, component: Component, now: datetime) -> None:
    rma, cora = requested(world, component, now).rma, world.client("cora")
    old = str(rma.version)
    staff(world, services.confirm_failure, rma, now)
    answer = do(cora, rma, "approve", version=old, failure_is_confirmed="on")
    assert answer.status_code == 409
    assert "Somebody changed this return meanwhile" in page(answer)
    assert fresh(rma).state == "REQUESTED"


def test_the_same_form_twice_is_one_deed(world: World, stock: Stock, component: Component, now: datetime) -> None:
    rma, cora = requested(world, component, now).rma, world.client("cora")
    answers = [do(cora, rma, "confirm_failure", form_token="t" * 32) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [302, 422]  # the second one finds it done
    assert fresh(rma).version == rma.version + 1


# By scanning ----------------------------------------------------------------------------------------------------------


def test_a_scanner_ships_field_by_field(world: World, stock: Stock, component: Component, now: datetime) -> None:
    stock.unit(now)
    rma, cora = allocated(world, component, now), world.client("cora")
    serial = unit_of(rma).serial
    first = page(cora.get(at(rma, "ship")))
    assert re.search(r'name="scanned_serial"[^>]*autofocus', first)
    data: dict[str, str] = {"scan": "1", "scanned_serial": f" {serial.lower()} ", "carrier": "UPS"}
    second = cora.post(at(rma, "ship"), data)
    assert second.status_code == 200  # what is not scanned yet is no mistake
    assert re.search(r'name="tracking_number"[^>]*autofocus', page(second))
    assert "There is a problem" not in page(second)
    data["tracking_number"] = "1Z77"
    third = cora.post(at(rma, "ship"), data)
    assert re.search(r'name="return_tracking_number"[^>]*autofocus', page(third))
    data["return_tracking_number"] = "1Z78"
    assert "Replacement sent" in said(cora, cora.post(at(rma, "ship"), data))
    assert box(rma, "DEFECTIVE_RETURN").tracking_number == "1Z78"


def test_a_scan_of_the_wrong_unit_ships_nothing(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now)
    rma, cora, other = allocated(world, component, now), world.client("cora"), stock.unit(now)
    labels = {"carrier": "UPS", "tracking_number": "1Z1", "return_tracking_number": "1Z2"}
    for more in ({"scan": "1"}, {"scan": "1", **labels}, labels):
        answer = cora.post(at(rma, "ship"), {"scanned_serial": other.serial, **more})
        assert answer.status_code == 422
        assert f"You scanned {other.serial}. {unit_of(rma).serial} is" in page(answer)
        assert re.search(r'<input[^>]*name="scanned_serial"[^>]*autofocus', page(answer))  # ready for the right one
        assert f'value="{other.serial}"' not in page(answer)  # the next scan is written into an empty field
    assert fresh(rma).state == "ALLOCATED"


def test_without_a_number_the_button_says_what_is_missing(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now)
    rma, cora = allocated(world, component, now), world.client("cora")
    answer = cora.post(at(rma, "ship"), {"scanned_serial": unit_of(rma).serial, "carrier": ""})
    assert answer.status_code == 422
    for words in (
        "Enter the carrier",
        "Scan the tracking number of the label",
        "Scan the tracking number of the return label",
    ):
        assert words in page(answer)


def test_a_payment_that_was_reversed_stops_the_unit_at_the_door(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    """RA-25: the page says that it stopped, and why."""
    stock.unit(now)
    rma, duty = allocated(world, component, now), world.client("duty")
    with work_unit(STAFF):
        component.warranties.update(state="VOID", voided_at=now)
    labels = {"carrier": "UPS", "tracking_number": "1Z1", "return_tracking_number": "1Z2"}
    gone = duty.post(at(rma, "ship"), {"scanned_serial": unit_of(rma).serial, **labels})
    assert "It is in the state “On hold”. Checked again before shipping." in said(duty, gone)
    assert fresh(rma).unit_id is None


def test_another_part_is_asked_about_once(world: World, stock: Stock, component: Component, now: datetime) -> None:
    stock.unit(now)
    rma, cora = delivered(world, component, now), world.client("cora")
    answer = cora.post(at(rma, "receive"), {"serial": "WRONG-1"})
    assert answer.status_code == 422
    assert f"You scanned WRONG-1. {component.serial} is expected. Scan again." in page(answer)
    assert "Record that WRONG-1 came instead" in page(answer)
    assert fresh(rma).state == "DELIVERED"
    recorded = cora.post(at(rma, "receive"), {"serial": "", "other": "WRONG-1"})
    assert "Another part came back" in said(cora, recorded)
    assert fresh(rma).state == "RETURN_MISMATCH"
    duty = world.client("duty")
    assert do(cora, rma, "accept_mismatch", reason="x").status_code == 403  # a manager's
    assert "Failed part received" in said(duty, do(duty, rma, "accept_mismatch", reason="The label was changed"))


def test_the_dock_says_what_it_does_not_know(world: World, stock: Stock, component: Component, now: datetime) -> None:
    stock.unit(now)
    shipped(world, component, now)
    cora = world.client("cora")
    for serial, words in (("NONE-1", "No return expects serial NONE-1."), ("", "Scan the serial on the label")):
        answer = cora.post(f"{BOARD}receive/", {"serial": serial})
        assert answer.status_code == 422
        assert words in page(answer)
    assert world.client("marek").get(f"{BOARD}receive/").status_code == 404


# What goes wrong ----------------------------------------------------------------------------------------------------------


def test_lost_on_the_way_out_another_unit_is_sent(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now)
    rma, cora = shipped(world, component, now), world.client("cora")
    assert "Enter the number of the claim" in page(do(cora, rma, "ship_again", what="LOST"))
    assert "Approved" in said(cora, do(cora, rma, "ship_again", what="LOST", claim="C-1"))
    assert box(rma, "REPLACEMENT_OUT").claim == "C-1"


def test_back_at_the_sender_another_unit_is_sent(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now - timedelta(minutes=5))
    rma, cora = shipped(world, component, now - timedelta(minutes=5)), world.client("cora")
    assert "Approved" in said(cora, do(cora, rma, "ship_again", what="RETURNED_TO_SENDER"))
    assert box(rma, "REPLACEMENT_OUT").state == "RETURNED_TO_SENDER"


def test_dead_on_arrival_a_second_unit_is_sent_and_both_come_back(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now)
    rma, cora = delivered(world, component, now), world.client("cora")
    assert "Approved" in said(cora, do(cora, rma, "dead_on_arrival", reason="No light at all"))
    assert fresh(rma).dead_on_arrival == 1


def test_a_return_is_waived_with_a_certificate(world: World, stock: Stock, component: Component, now: datetime) -> None:
    stock.unit(now)
    rma, duty = delivered(world, component, now), world.client("duty")
    assert do(world.client("cora"), rma, "waive").status_code == 403
    answer = do(duty, rma, "waive", reason="The disk stays")
    assert "Enter the number of the certificate" in page(answer)
    assert "The disk stays</textarea>" in page(answer)
    assert "Closed" in said(duty, do(duty, rma, "waive", reason="The disk stays", certificate="CD-1"))
    assert fresh(rma).ending == "WAIVED"


def test_a_late_part_is_charged_for_once_it_is_time(world: World, stock: Stock, now: datetime) -> None:
    then = now - timedelta(days=40)
    stock.unit(then)
    rma, fin = delivered(world, another(world, then), then), world.client("fin")
    with work_unit(STAFF):
        assert PriceListEntry.objects.exists()
    ask = page(fin.get(at(rma, "do", "charge")))
    assert "The invoice is over 10,000.00 USD." in ask
    assert "Charged for" in said(fin, do(fin, rma, "charge"))
    assert "Part not returned" in page(fin.get(at(rma)))
    assert "possible when it is “Return overdue”" in page(do(fin, rma, "charge"))


def test_an_inspection_with_damage_needs_its_report(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now)
    rma, cora = returned(world, component, now), world.client("cora")
    answer = do(cora, rma, "inspect", result="DAMAGED", charge="120.00")
    assert "Describe the damage. The customer reads it." in page(answer)
    assert 'value="120.00"' in page(answer)
    done = do(cora, rma, "inspect", result="DAMAGED", charge="120.00", text="Water in the case")
    assert "Closed" in said(cora, done)
    with work_unit(STAFF):
        assert fresh(rma).repair_invoice.total == 120


def test_without_a_unit_it_waits_and_says_when_one_comes(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    rma, cora = approved(world, component, now), world.client("cora")
    assert "No fit unit is in stock now." in page(cora.get(at(rma, "do", "allocate")))
    assert "Waiting for a unit" in said(cora, do(cora, rma, "allocate"))
    day = (now + timedelta(days=3)).date()
    assert do(cora, rma, "expect", on=day.isoformat()).status_code == 302
    assert do(cora, rma, "expect", on="soon").status_code == 422
    assert f"unit expected {day.day}" in page(cora.get(f"{BOARD}?step=ship"))


def test_the_warehouse_takes_another_unit(world: World, stock: Stock, component: Component, now: datetime) -> None:
    stock.unit(now, "A-1")
    other = stock.unit(now, "A-2")
    rma, cora = allocated(world, component, now), world.client("cora")
    assert "A-2" in page(cora.get(at(rma, "do", "change_unit")))
    assert do(cora, rma, "change_unit", unit=str(other.pk)).status_code == 302
    assert unit_of(fresh(rma)).serial == "A-2"
    assert "Choose a unit" in page(do(cora, rma, "change_unit"))


# Boxes and serials ----------------------------------------------------------------------------------------------------------


def test_what_a_carrier_says_is_recorded_by_hand(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    then = now - timedelta(hours=5)
    stock.unit(then)
    rma, cora = shipped(world, component, then), world.client("cora")
    here = at(rma, "boxes", str(box(rma, "REPLACEMENT_OUT").pk), "report")
    assert "Choose what the carrier says" in page(cora.post(here))
    assert "Enter the number of the claim" in page(cora.post(here, {"code": "LOST", "at": "2026-11-20T10:00"}))
    later = (now - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    done = cora.post(here, {"code": "DELIVERED", "at": later, "text": "Signed: Peeters"})
    assert said(cora, done) == "Recorded."
    assert fresh(rma).state == "DELIVERED"
    assert "Signed: Peeters" in page(cora.get(at(rma)))


def test_a_serial_tells_its_whole_life(world: World, stock: Stock, component: Component, now: datetime) -> None:
    stock.unit(now)
    rma, cora = returned(world, component, now), world.client("cora")
    found = cora.get(f"{BOARD}serials/", {"q": component.serial.lower().replace("-", " ")})
    assert found["Location"] == f"{BOARD}serials/DC-7/{component.serial}/"
    text = page(cora.get(found["Location"]))
    for words in ("Replaced by", rma.reference, "Came back", "Failed, on our shelf", "Boxes it lay in", "Acme Lifts"):
        assert words in text, words
    sent = unit_of(fresh(rma)).serial
    text = page(cora.get(f"{BOARD}serials/DC-7/{sent}/"))
    assert f"{component.serial} at Acme Lifts, {rma.reference}" in text
    assert "Sent as the replacement" in text
    assert "We do not know this serial" in page(cora.get(f"{BOARD}serials/", {"q": "NEVER-1"}))
    assert cora.get(f"{BOARD}serials/DC-7/NEVER-1/").status_code == 404


def test_the_report_counts_each_promise(world: World, stock: Stock, now: datetime) -> None:
    for number, days in enumerate((20, 10)):
        then = now - timedelta(days=days)
        stock.unit(then)
        shipped(world, another(world, then, number), then)
    then = now - timedelta(days=8)
    approved(world, another(world, then, 9), then)  # should have left by now
    text = page(world.client("cora").get(f"{BOARD}report/"))
    assert "too few to compare" in text
    assert "2 of 3 promises" in text
    answer = world.client("cora").get(f"{BOARD}report/?format=csv").content.decode("utf-8-sig").splitlines()
    assert answer[0].startswith("month,approved")
    assert sum(int(line.split(",")[1]) for line in answer[1:]) == 3


def test_the_reports_show_the_same_months_to_whose_they_are(
    world: World, stock: Stock, now: datetime, api: Any
) -> None:
    then = now - timedelta(days=20)
    stock.unit(then)
    shipped(world, another(world, then, 1), then)
    for who in ("cora", "dora", "ana"):
        text = page(world.client(who).get("/reports/"))
        assert "1 of 1 replacements left in time, too few to compare" in text, who
        file = world.client(who).get("/returns/ship-by.csv")
        lines = file.content.decode("utf-8-sig").splitlines()
        assert (lines[0].split(",")[0], lines[1].split(",")[1:5]) == ("month", ["1", "0", "1", "0"])
    for who in ("nils", "walt"):
        if who in world.people:
            assert "left in time" not in page(world.client(who).get("/reports/"))
    assert world.client("ilse").get("/returns/ship-by.csv").status_code == 404, "who may not read reports"
    [month] = api(world.acme).get("/api/v1/reports/ship-by/").json()["months"]
    assert (month["approved"], month["in_time"], month["late"], month["in_time_percent"]) == (1, 1, 0, None)
    assert api(world.bolt).get("/api/v1/reports/ship-by/").json()["months"] == []
    assert api(world.acme, ["tickets:read"]).get("/api/v1/reports/ship-by/").status_code == 403
