"""Following a return: what to do first, both dates, each leg, and what the customer's side can do at each step."""

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contracts.models import Component, Payment, Product
from contracts.services import reverse_payment
from rma import services
from rma.models import Rma, Shipment
from rma.portal.words import weekday_words
from tenancy.context import Context, work_unit
from tests.contracts.deals import ago, implemented, pay, warranty
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
)
from tests.rma.test_portal_request import main_of
from tests.world import ComponentFactory, World

WORKER = Context("worker")


@pytest.fixture
def unit(stock: Stock, component: Component, now: datetime) -> Any:
    return stock.unit(now, "NEW-1")


@pytest.fixture
def in_warranty(world: World, stock: Stock, now: datetime) -> Component:
    """Repaired free, not replaced in advance."""
    component = implemented(world.components["acme"], ago(now, 200))
    warranty(component, ago(now, 200), ago(now, -100))
    return component


@pytest.fixture
def old(world: World, stock: Stock, now: datetime) -> Component:
    """Out of warranty: its repair is quoted."""
    return implemented(world.components["acme"], ago(now, 900))


def page_of(world: World, rma: Rma, name: str = "ilse") -> Any:
    return world.client(name).get(f"/returns/{rma.reference}/")


def current(page: Any) -> list[str]:
    """The steps that are marked as the current one."""
    found = re.findall(r'<li aria-current="step">(.*?)</li>', page.content.decode(), re.DOTALL)
    return [" ".join(re.sub(r"<[^>]+>", " ", one).split()) for one in found]


def test_requested_says_who_acts(world: World, component: Component, now: datetime) -> None:
    page = page_of(world, requested(world, component, now).rma)
    words = main_of(page)
    assert "roZoom checks your request" in words
    assert "The standard warranty runs until" in words
    assert current(page) == ["Approval With roZoom"]
    assert "What happened" in words
    assert "asked for a replacement" in words


def test_both_dates_stand_with_their_reason(world: World, component: Component, now: datetime) -> None:
    rma = approved(world, component, now)
    words = main_of(page_of(world, rma))
    assert rma.promise_reason in words
    assert f"{rma.contract_ship_by.day} " in words
    assert "should arrive on" in words
    assert "What was promised" in words


def test_a_shipped_one_shows_its_carrier_and_is_confirmed_by_the_customer(
    world: World, component: Component, unit: Any, now: datetime
) -> None:
    rma, client = shipped(world, component, now), world.client("ilse")
    page = client.get(f"/returns/{rma.reference}/")
    words = main_of(page)
    assert "Your replacement is on its way" in words
    assert "Serial NEW-1" in words
    assert "UPS, 1Z" in words
    assert "https://www.ups.com/track?tracknum=1Z" in page.content.decode()
    (step,) = current(page)
    assert step.startswith("Replacement arrives expected ")
    assert step.endswith("With the carrier")
    url = f"/returns/{rma.reference}/arrived/"
    assert "due back within 10 business days" in main_of(client.get(url))
    assert client.post(url).status_code == 302
    assert fresh(rma).state == "DELIVERED"


def test_the_failed_part_is_sent_back_with_a_label_of_their_own(
    world: World, component: Component, unit: Any, now: datetime
) -> None:
    rma, client = delivered(world, component, now), world.client("ilse")
    page = client.get(f"/returns/{rma.reference}/")
    words = main_of(page)
    assert "Send the failed part back by" in words
    assert "Print return sheet and label (PDF)" in words
    assert "Your turn" in current(page)[0]
    assert page.content.decode().count('aria-current="step"') == 1
    url = f"/returns/{rma.reference}/sent/"
    half = client.post(url, {"carrier": "DHL", "tracking_number": ""})
    assert half.status_code == 422
    assert "Enter the tracking number too" in main_of(half)
    assert 'value="DHL"' in half.content.decode()
    assert client.post(url, {"carrier": "dhl", "tracking_number": "jd 014"}).status_code == 302
    assert "You sent the failed part back" in main_of(client.get(f"/returns/{rma.reference}/"))
    label = box(rma, "DEFECTIVE_RETURN")
    assert (label.carrier, label.tracking_number, label.state) == ("DHL", "JD014", "LABEL_CREATED")
    carrier_says(world, label, "SCAN", now)
    assert fresh(rma).state == "RETURN_IN_TRANSIT"
    assert f"/returns/{rma.reference}/sent/" not in client.get(f"/returns/{rma.reference}/").content.decode()


def test_a_tracking_number_that_is_taken_is_said_at_its_field(
    world: World, component: Component, unit: Any, now: datetime
) -> None:
    rma, client = delivered(world, component, now), world.client("ilse")
    taken = box(rma, "REPLACEMENT_OUT")
    answer = client.post(
        f"/returns/{rma.reference}/sent/", {"carrier": taken.carrier, "tracking_number": taken.tracking_number}
    )
    assert answer.status_code == 422
    assert "on another box already" in main_of(answer)
    assert fresh(rma).return_sent_at is None


def test_overdue_is_computed_and_says_the_day_and_the_price(
    world: World, component: Component, unit: Any, now: datetime
) -> None:
    rma = delivered(world, component, now)
    with work_unit(WORKER):
        Rma.objects.filter(pk=rma.pk).update(
            return_due=ago(now, 2), due_at=now - timedelta(days=1), delivered_on=ago(now, 16)
        )
    page = page_of(world, rma)
    words = main_of(page)
    assert "The failed part is overdue" in words
    assert "or we charge 10,000.00 USD" in words
    assert f"Send it by {weekday_words(ago(now, 16) + timedelta(days=30))}, or" in words
    assert "Tell us why it is late" in words
    assert fresh(rma).state == "DELIVERED"  # the job has not come by
    with work_unit(WORKER):
        Rma.objects.filter(pk=rma.pk).update(return_due=ago(now, 20), delivered_on=ago(now, 35))
    assert "Send it now, or we charge 10,000.00 USD" in main_of(page_of(world, rma)), "no day that has passed"


def test_a_charge_and_its_credit_are_shown_to_who_may_see_bills(
    world: World, component: Component, unit: Any, now: datetime
) -> None:
    rma = delivered(world, component, now)
    with work_unit(WORKER):
        Rma.objects.filter(pk=rma.pk).update(state="RETURN_OVERDUE", return_due=ago(now, 20), delivered_on=ago(now, 33))
    rma = staff(world, services.charge, fresh(rma), now)
    admin, member = main_of(page_of(world, rma, "ana")), main_of(page_of(world, rma, "ilse"))
    assert "The part was charged for" in admin
    assert "10,000.00 USD" in admin.split("Charged", 1)[1]
    assert "can open it" in member
    assert "Invoice 20" not in member.split("What happened")[0]
    carrier_says(world, box(rma, "DEFECTIVE_RETURN"), "SCAN", now)
    staff(world, services.receive, fresh(rma), now, scanned_serial=component.serial)
    assert "Credited with credit note" in main_of(page_of(world, rma, "ana"))


def test_another_part_than_the_one_expected_asks_which_it_is(
    world: World, component: Component, unit: Any, now: datetime
) -> None:
    rma = delivered(world, component, now)
    carrier_says(world, box(rma, "DEFECTIVE_RETURN"), "SCAN", now)
    staff(world, services.receive, fresh(rma), now, scanned_serial="XX-1")
    words = main_of(page_of(world, rma))
    assert f"We received serial XX-1, and expected {component.serial}" in words
    assert "Tell us which unit XX-1 came from" in words


def test_to_the_end(world: World, component: Component, unit: Any, now: datetime) -> None:
    rma = returned(world, component, now)
    assert "We test it, then the return is closed" in main_of(page_of(world, rma))
    staff(world, services.inspect, fresh(rma), now, result="CONFIRMED")
    page = page_of(world, rma)
    words = main_of(page)
    assert "The failed part came back and was inspected" in words
    assert current(page) == []
    component_page = main_of(world.client("ilse").get(f"/components/{component.pk}/"))
    assert rma.reference in component_page
    new = main_of(world.client("ilse").get(f"/components/{fresh(rma).replacement_id}/"))
    assert f"It came for {component.serial}" in new


def test_it_is_cancelled_before_it_ships_and_not_after(
    world: World, component: Component, unit: Any, now: datetime
) -> None:
    rma, client = allocated(world, component, now), world.client("ilse")
    url = f"/returns/{rma.reference}/cancel/"
    empty = client.post(url, {"reason": ""})
    assert empty.status_code == 422
    assert "Say in a few words why" in main_of(empty)
    assert client.post(url, {"reason": "It works again"}).status_code == 302
    assert fresh(rma).state == "CANCELLED"
    assert "It works again" in main_of(client.get(f"/returns/{rma.reference}/"))
    late = client.post(url, {"reason": "Twice as well"})
    assert late.status_code == 409
    assert "It has ended" in main_of(late)
    assert "Twice as well" in late.content.decode()


def test_it_becomes_a_repair(world: World, component: Component, now: datetime) -> None:
    rma, client = requested(world, component, now).rma, world.client("ilse")
    answer = client.post(f"/returns/{rma.reference}/repair/")
    assert answer["Location"] == "/returns/ACME-R2/"
    assert "It came from ACME-R1" in main_of(client.get("/returns/ACME-R2/"))
    assert "It goes on as ACME-R2" in main_of(client.get("/returns/ACME-R1/"))


def test_on_hold_lists_what_is_missing_and_takes_it(world: World, component: Component, now: datetime) -> None:
    with work_unit(STAFF):
        Product.objects.filter(pk=component.product_id).update(has_media=True)
    rma = requested(world, component, now, accepts_terms=False).rma
    client, url = world.client("ilse"), f"/returns/{rma.reference}/supply/"
    words = main_of(client.get(f"/returns/{rma.reference}/"))
    assert "Something is missing" in words
    assert "The return terms are accepted" in words
    assert "Supply what is missing" in words
    half = client.post(url, {"media": "RETAINED"})
    assert half.status_code == 422
    assert "Accept the return terms to go on" in main_of(half)
    assert re.search(r'value="RETAINED"[^>]*checked', half.content.decode())
    assert client.post(url, {"media": "RETAINED", "accepts_terms": "on"}).status_code == 302
    assert fresh(rma).state == "REQUESTED"


def test_a_payment_taken_back_holds_it_and_checking_again_goes_on(
    world: World, component: Component, unit: Any, now: datetime
) -> None:
    rma = approved(world, component, now)
    with work_unit(STAFF):
        payment = Payment.objects.get()
        reverse_payment(actor=world.actor("fin"), payment=payment, value_date=now.date(), now=now)
    rma = staff(world, services.allocate, rma, now)
    assert rma.state == "ON_HOLD"
    words = main_of(page_of(world, rma))
    assert "is not paid in full" in words
    assert "What was checked before shipping holds again" in words
    answer = world.client("ilse").post(f"/returns/{rma.reference}/supply/")
    assert answer.status_code == 302
    assert fresh(rma).state == "ON_HOLD"
    with work_unit(STAFF):
        pay(world.actor("fin"), payment.invoice, payment.amount, now)
    world.client("ilse").post(f"/returns/{rma.reference}/supply/")
    assert fresh(rma).state == "REQUESTED"


def test_a_quote_is_accepted_with_an_order(world: World, old: Component, now: datetime) -> None:
    rma = requested(world, old, now).rma
    staff(world, services.quote_repair, rma, now, amount=Decimal(900), currency="USD", evaluation_fee=Decimal(80))
    client, url = world.client("ilse"), f"/returns/{rma.reference}/quote/"
    assert "The repair costs 900.00 USD" in main_of(client.get(f"/returns/{rma.reference}/"))
    bare = client.post(url, {"answer": "accept", "purchase_order": ""})
    assert bare.status_code == 422
    assert "Enter your purchase order number" in main_of(bare)
    assert client.post(url, {"answer": "accept", "purchase_order": "PO-9"}).status_code == 302
    words = main_of(client.get(f"/returns/{rma.reference}/"))
    assert "Send the part to the factory by" in words
    assert "accepted the quote with purchase order PO-9" in words
    sheet = client.get(f"/returns/{rma.reference}/return-sheet.pdf")
    assert sheet.status_code == 200
    assert sheet.content.startswith(b"%PDF")


def test_a_quote_is_declined(world: World, old: Component, now: datetime) -> None:
    rma = requested(world, old, now).rma
    staff(world, services.quote_repair, rma, now, amount=Decimal(900), currency="USD")
    answer = world.client("ilse").post(f"/returns/{rma.reference}/quote/", {"answer": "decline"})
    assert answer.status_code == 302
    assert fresh(rma).state == "CANCELLED"
    again = world.client("ilse").post(f"/returns/{rma.reference}/quote/", {"answer": "decline"})
    assert again.status_code == 302


def test_costs_found_at_the_factory_are_answered(world: World, in_warranty: Component, now: datetime) -> None:
    rma = requested(world, in_warranty, now).rma
    rma = staff(world, services.authorise, rma, now)
    with work_unit(STAFF):
        record = services.record_of(rma)
    sam = world.actor("sam")
    with work_unit(sam.context):
        services.receive_at_factory(actor=sam, record=record, scanned_serial=in_warranty.serial, now=now)
        services.diagnose(actor=sam, record=record, diagnosis="ABUSE", report="Water inside", now=now)
    staff(world, services.quote_repair, rma, now, amount=Decimal(400), currency="USD", reason="Water is not covered")
    page = page_of(world, rma)
    words = main_of(page)
    assert "Water is not covered" in words
    assert "Accept or decline the repair" in words
    assert "Water inside" in words
    answer = world.client("ilse").post(f"/returns/{rma.reference}/quote/", {"answer": "scrap"})
    assert answer.status_code == 302
    assert fresh(rma).state == "CLOSED"


def test_deeds_that_are_not_possible_lead_back(world: World, component: Component, now: datetime) -> None:
    rma, client = requested(world, component, now).rma, world.client("ilse")
    for deed in ("arrived", "sent", "quote", "supply"):
        answer = client.get(f"/returns/{rma.reference}/{deed}/")
        assert (answer.status_code, answer["Location"]) == (302, f"/returns/{rma.reference}/"), deed
    assert client.get(f"/returns/{rma.reference}/explode/").status_code == 404
    assert client.get(f"/returns/{rma.reference}/return-sheet.pdf").status_code == 404


def test_the_poll_answers_only_when_something_changed(
    world: World, component: Component, unit: Any, now: datetime
) -> None:
    rma, client = shipped(world, component, now), world.client("ilse")
    page = client.get(f"/returns/{rma.reference}/").content.decode()
    print_ = re.search(r'"print": "([^"]+)"', page)
    assert print_ is not None
    url, headers = f"/returns/{rma.reference}/news/", {"hx-request": "true"}
    assert client.get(url, {"print": print_[1]}, headers=headers).status_code == 204
    carrier_says(world, box(rma, "REPLACEMENT_OUT"), "SCAN", now + timedelta(seconds=1), place="Cologne")
    fresh_parts = client.get(url, {"print": print_[1]}, headers=headers)
    assert fresh_parts.status_code == 200
    assert "Scanned, Cologne" in fresh_parts.content.decode()
    assert fresh_parts.content.decode().count('hx-swap-oob="true"') == 3


def test_what_is_our_own_stays_out_of_the_page(world: World, component: Component, unit: Any, now: datetime) -> None:
    rma = shipped(world, component, now)
    with work_unit(WORKER):
        Shipment.objects.filter(rma=rma).update(claim="CLAIM-OURS")
    for name in ("ilse", "dirk"):
        words = main_of(page_of(world, rma, name))
        assert "CLAIM-OURS" not in words
        assert "Forge" not in words


def statements(world: World, url: str) -> list[str]:
    client = world.client("ilse")
    client.get("/settings/")
    with CaptureQueriesContext(connection) as seen:
        assert client.get(url).status_code == 200
    return [one["sql"] for one in seen.captured_queries if not one["sql"].startswith(("SAVEPOINT", "RELEASE"))]


def test_the_list_narrows_and_costs_the_same_for_more_rows(world: World, component: Component, now: datetime) -> None:
    first = requested(world, component, now).rma
    few = statements(world, "/returns/")
    for _ in range(6):
        with work_unit(STAFF):
            more = ComponentFactory(customer=world.acme, site=component.site)
        requested(world, more, now, accepts_terms=False)
    many = statements(world, "/returns/")
    assert len(many) == len(few) <= 12, "\n".join(many)
    client = world.client("ilse")
    assert "ACME-R1" in main_of(client.get("/returns/", {"q": component.serial.lower()}))
    assert "ACME-R3" not in main_of(client.get("/returns/", {"q": component.serial}))
    assert "No returns match" in main_of(client.get("/returns/", {"q": "nothing like it"}))
    world.client("ilse").post(f"/returns/{first.reference}/cancel/", {"reason": "Works"})
    ended = main_of(client.get("/returns/?tab=ended"))
    assert "ACME-R1" in ended
    assert "ACME-R2" not in ended
    assert "ACME-R1" in main_of(world.client("dirk").get("/returns/?tab=ended&customer=ACME"))
    assert "ACME-R" not in main_of(world.client("nils").get("/returns/?tab=ended"))
    assert component.serial not in main_of(world.client("bob").get("/returns/?q=ACME-R1&tab=ended"))


def test_the_page_of_a_return_costs_the_same_for_more_boxes(
    world: World, component: Component, unit: Any, stock: Stock, now: datetime
) -> None:
    rma = shipped(world, component, now)
    few = statements(world, f"/returns/{rma.reference}/")
    leg = box(rma, "REPLACEMENT_OUT")
    for hour in range(1, 5):
        carrier_says(world, leg, "SCAN", now - timedelta(minutes=hour), now, place=f"Place {hour}")
    carrier_says(world, leg, "RETURNED_TO_SENDER", now)
    stock.unit(now, "NEW-2")
    staff(world, services.allocate, fresh(rma), now)
    many = statements(world, f"/returns/{rma.reference}/")
    assert len(many) == len(few) <= 14, "\n".join(many)


def test_home_shows_what_waits(world: World, component: Component, unit: Any, now: datetime) -> None:
    rma = delivered(world, component, now)
    words = main_of(world.client("ilse").get("/home/"))
    assert "Returns that need you" in words
    assert rma.reference in words
    assert "Part due back" in words
    assert "Returns that need you" not in main_of(world.client("bob").get("/home/"))
