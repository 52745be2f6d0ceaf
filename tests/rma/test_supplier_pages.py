"""A supplier's pages and programs: only its own records, each deed with what it needs, and roZoom working for it."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contracts.models import Component
from rma import services
from rma.models import PoolUnit, Rma, SupplierRma
from tenancy.context import as_login_role, work_unit
from tenancy.models import Kind, Role
from tests.api.calls import codes
from tests.rma.deals import STAFF, Stock, approved, entitled, fresh, requested, returned, staff
from tests.rma.test_desk_board import page
from tests.world import ComponentFactory, OrganisationFactory, World, person

RECORDS = "/supplier/"
API = "/api/v1/supplier-returns/"


def at(record: SupplierRma, *rest: str) -> str:
    return "/".join([f"{RECORDS}{record.pk}", *rest, ""])


def record_of(rma: Rma) -> SupplierRma:
    with work_unit(STAFF):
        return SupplierRma.objects.get(rma=rma)


def said(client: Any, response: Any) -> str:
    assert response.status_code == 302, page(response)
    text = page(client.get(response["Location"]))
    return str(re.findall(r'<div class="notice notice-\w+" data-dismissable>.*?<p>(.*?)</p>', text)[-1])  # the latest


def work(program: Any, record: SupplierRma, action: str, **details: Any) -> Any:
    here = f"{API}{record.pk}/"
    return program.post(
        f"{here}transitions/", {"action": action, **details}, headers={"If-Match": program.get(here)["ETag"]}
    )


@pytest.fixture
def repair(world: World, stock: Stock, now: datetime) -> SupplierRma:
    """Of a customer's part that goes to the factory: in warranty, its fee not paid."""
    part = entitled(world, now, paid=False)
    rma = requested(world, part, now).rma
    assert rma.kind == "FACTORY"
    return record_of(staff(world, services.authorise, rma, now))


@pytest.fixture
def sent(world: World, stock: Stock, component: Component, now: datetime) -> SupplierRma:
    """Of a failed unit on roZoom's shelf, acknowledged."""
    stock.unit(now)
    record = record_of(returned(world, component, now))
    actor = world.actor("sam")
    with work_unit(actor.context):
        return services.acknowledge(actor=actor, record=record, supplier_number="F-1", now=now)


def test_a_clerk_begins_at_the_own_records(world: World) -> None:
    client = world.client("sam")
    assert client.get("/")["Location"] == RECORDS
    shown = page(client.get(RECORDS))
    assert "Nothing waits" in shown
    assert 'href="/supplier/" aria-current="page"' in shown
    for words in ("Queue", "Report a problem", "Components</a>"):
        assert words not in shown


def test_a_record_is_acknowledged_with_the_suppliers_number(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    record, sam = record_of(approved(world, component, now)), world.client("sam")
    listed = page(sam.get(RECORDS))
    assert record.number in listed
    assert component.serial in listed
    assert "Acme" not in listed  # whose part it is concerns roZoom
    empty = sam.post(at(record, "acknowledge"))
    assert empty.status_code == 422
    assert "Enter your number for it" in page(empty)
    done = said(sam, sam.post(at(record, "acknowledge"), {"supplier_number": "F-90017"}))
    assert (
        done == f"{record.number}: acknowledge. It is in the state “Acknowledged”. Next: roZoom sends the failed part."
    )
    assert fresh(record).supplier_number == "F-90017"
    again = sam.post(at(record, "acknowledge"), {"supplier_number": "F-2"})
    assert again.status_code == 422
    assert "“Acknowledge” does not fit there" in page(again)
    assert "Your number</dt><dd>F-90017" in page(sam.get(at(record)))


def test_a_supplier_sees_no_other_suppliers_records(
    world: World, stock: Stock, component: Component, now: datetime, api: Any
) -> None:
    record = record_of(approved(world, component, now))
    with work_unit(STAFF):
        other = OrganisationFactory(kind=Kind.SUPPLIER, code="ANVIL", name="Anvil Works")
        with as_login_role():
            world.people["ann"] = person(other, Role.CLERK, "Ann Test", "ann@test.example")
    ann = world.client("ann")
    assert record.number not in page(ann.get(RECORDS))
    assert ann.get(at(record)).status_code == ann.get(f"{RECORDS}{UUID(int=1)}/").status_code == 404
    assert ann.post(at(record, "acknowledge"), {"supplier_number": "X"}).status_code == 404
    program = api(other)
    assert program.get(API).json()["results"] == []
    assert program.get(f"{API}{record.pk}/").status_code == 404
    for customer in ("acme", "delta"):
        assert api(getattr(world, customer)).get(API).status_code == 403
    assert world.client("ilse").get(at(record)).status_code == 404


def test_a_repair_from_arrival_to_the_way_back(world: World, repair: SupplierRma, now: datetime) -> None:
    sam = world.client("sam")
    serial = repair.serial
    assert "Goes back to" in page(sam.get(at(repair)))
    sam.post(at(repair, "acknowledge"), {"supplier_number": "F-1"})
    assert "Received at the factory" in said(sam, sam.post(at(repair, "receive"), {"scanned_serial": serial}))
    wrong = sam.post(at(repair, "diagnose"), {"diagnosis": "REPAIRABLE"})
    assert "Describe what was found. The customer reads it" in page(wrong)
    assert re.search(r'value="REPAIRABLE"[^>]*checked', page(wrong))
    done = sam.post(at(repair, "diagnose"), {"diagnosis": "REPAIRABLE", "report": "A capacitor is dry."})
    assert "Diagnosed" in said(sam, done)
    assert "In repair" in said(sam, sam.post(at(repair, "repair")))
    assert "Diagnosed" in said(sam, sam.post(at(repair, "fail_test"), {"reason": "No output"}))
    sam.post(at(repair, "repair"))
    assert "Ready to ship back" in said(
        sam, sam.post(at(repair, "finish_repair"), {"report": "C12 changed, tested 24 h"})
    )
    label = {"carrier": "UPS", "tracking_number": "1Z5"}
    refused = sam.post(at(repair, "ship_back"), {"scanned_serial": "OTHER", **label})
    assert f"You scanned OTHER. {serial} goes back." in page(refused)
    assert "On its way back" in said(sam, sam.post(at(repair, "ship_back"), {"scanned_serial": serial, **label}))
    with work_unit(STAFF):
        assert Rma.objects.get(pk=repair.rma_id).diagnosis_note == "No output"


def test_the_wrong_part_is_answered_by_rozoom(world: World, repair: SupplierRma, now: datetime) -> None:
    sam = world.client("sam")
    assert "Another part arrived" in said(sam, sam.post(at(repair, "receive"), {"scanned_serial": "OTHER"}))
    cora = world.client("cora")
    rma = fresh(repair).rma_id
    with work_unit(STAFF):
        reference = Rma.objects.get(pk=rma).reference
    done = cora.post(f"/desk/returns/{reference}/do/accept_mismatch/", {"reason": "The label was changed"})
    assert done.status_code == 302
    assert "Record the diagnosis" in page(sam.get(at(repair)))


def test_a_failed_unit_is_sent_arrives_and_is_exchanged(world: World, sent: SupplierRma, now: datetime) -> None:
    sam, cora = world.client("sam"), world.client("cora")
    assert "The part is sent" not in page(sam.get(at(sent)))  # roZoom's deed
    assert sam.post(at(sent, "send"), {"scanned_serial": sent.serial}).status_code == 403
    label = {"carrier": "DHL", "tracking_number": "JD1"}
    unknown = cora.post(at(sent, "send"), {"scanned_serial": "NEVER", **label})
    assert "We have no DC-7 with serial NEVER." in page(unknown)
    assert "Failed part sent" in said(cora, cora.post(at(sent, "send"), {"scanned_serial": sent.serial, **label}))
    assert sam.post(at(sent, "receive_part")).status_code == 302
    nothing = sam.post(at(sent, "settle"), {"settled_with": "CREDIT"})
    assert "Enter the amount of the credit" in page(nothing)
    done = sam.post(at(sent, "settle"), {"settled_with": "EXCHANGE", "exchange_serial": "NEW-1", "report": "Burnt"})
    assert "Settled" in said(sam, done)
    with work_unit(STAFF):
        new = PoolUnit.objects.get(serial="NEW-1")
        assert (new.state, new.came_from.serial) == ("QUARANTINE", sent.serial)
    assert sent.number in page(sam.get(f"{RECORDS}?show=ended"))


def test_a_refusal_changes_nothing_for_the_customer(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    rma = approved(world, component, now)
    record, sam = record_of(rma), world.client("sam")
    assert "Say why it is refused" in page(sam.post(at(record, "refuse")))
    assert "Refused" in said(sam, sam.post(at(record, "refuse"), {"reason": "Not one of ours"}))
    assert fresh(rma).state == "APPROVED"
    shown = page(world.client("cora").get(f"/desk/returns/{rma.reference}/"))
    assert "Send a record to another supplier" in shown


def test_the_worklist_finds_by_either_number(world: World, sent: SupplierRma, now: datetime) -> None:
    sam = world.client("sam")
    for words in (sent.number, "f-1", sent.serial.lower()):
        assert sent.number in page(sam.get(RECORDS, {"q": words}))
    assert "No records match" in page(sam.get(RECORDS, {"q": "nothing"}))


def test_the_worklist_asks_as_much_for_eight_as_for_one(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    approved(world, component, now)
    seen = []
    for _ in range(2):
        client = world.client("sam")
        client.get(RECORDS)
        with CaptureQueriesContext(connection) as asked:
            client.get(RECORDS)
        seen.append(len(asked))
        with work_unit(STAFF):
            parts = [ComponentFactory(customer=world.acme, site=component.site) for _ in range(4)]
        for part in parts:
            approved(world, entitled(world, now, component=part), now)
    assert seen[0] == seen[1]


# By programs ----------------------------------------------------------------------------------------------------------


def test_a_suppliers_program_does_the_same(world: World, sent: SupplierRma, now: datetime, api: Any) -> None:
    theirs, ours = api(world.forge), api(world.rozoom)
    listed = theirs.get(f"{API}?state=acknowledged&serial={sent.serial.lower()}").json()["results"]
    assert [one["id"] for one in listed] == [str(sent.pk)]
    assert (listed[0]["supplier_number"], listed[0]["allowed_actions"]) == ("F-1", ["refuse"])
    assert work(theirs, sent, "send", scanned_serial=sent.serial).status_code == 403
    gone = work(ours, sent, "send", scanned_serial=sent.serial, carrier="DHL", tracking_number="JD1")
    assert gone.json()["state"] == "DEFECTIVE_SENT"
    assert work(theirs, sent, "receive_part").json()["received_at"]
    assert codes(work(theirs, sent, "settle")) == [("settled_with", "required")]
    assert work(theirs, sent, "settle", settled_with="CREDIT").json()["param"] == "credit_amount"
    settled = work(
        theirs, sent, "settle", settled_with="CREDIT", credit_amount="120.00", credit_currency="EUR", credit_note="C-7"
    ).json()
    assert (settled["state"], settled["credit_amount"], settled["allowed_actions"]) == ("SETTLED", "120.0000", [])
    assert fresh(sent).credit_amount == Decimal(120)
    late = work(theirs, sent, "refuse", reason="x")
    assert (late.status_code, late.json()["code"]) == (422, "cannot_move")
    old = theirs.post(f"{API}{sent.pk}/transitions/", {"action": "refuse", "reason": "x"}, headers={"If-Match": '"1"'})
    assert old.status_code in (412, 422)


def test_a_program_that_may_only_read(world: World, sent: SupplierRma, api: Any) -> None:
    program = api(world.forge, ["supplier-returns:read"])
    assert program.get(f"{API}{sent.pk}/").status_code == 200
    assert work(program, sent, "refuse", reason="x").json()["code"] == "missing_scope"
    assert api(world.forge, []).get(API).status_code == 403
