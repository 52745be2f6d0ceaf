"""Asking for a replacement: what can be had and why, in words, and one request however often it is sent."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from contracts.models import Component, Product
from rma.models import Rma
from tenancy.context import work_unit
from tests.contracts.deals import ago, implemented, warranty
from tests.rma.deals import STAFF, Stock, entitled, on_ticket, requested
from tests.world import ComponentFactory, ProductFactory, SiteFactory, World
from tickets.models import Ticket


def ask_url(ticket: Ticket) -> str:
    return f"/returns/new/{ticket.reference}/"


def main_of(response: Any) -> str:
    """The words of the page, without its marks."""
    body = response.content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", body[body.index("<main") : body.index("</main>")]).split())


def answers(component: Component, **changes: str) -> dict[str, str]:
    return {
        "component": str(component.pk),
        "kind": "ADVANCE",
        "symptom": "No light",
        "ship_to": str(component.site_id),
        "contact_name": "Ilse",
        "contact_phone": "+49 1",
        "accepts_terms": "on",
        **changes,
    }


def test_a_ticket_that_names_hardware_leads_to_the_request(world: World, component: Component, now: datetime) -> None:
    ticket = on_ticket(world, component, now)
    page = world.client("ilse").get(f"/tickets/{ticket.reference}/")
    assert ask_url(ticket) in page.content.decode()
    desk = world.client("dirk").get(f"/desk/tickets/{ticket.reference}/")
    assert ask_url(ticket) in desk.content.decode()


def test_asked_checked_and_sent_without_javascript(world: World, component: Component, now: datetime) -> None:
    ticket, client = on_ticket(world, component, now), world.client("ilse")
    page = client.get(ask_url(ticket))
    words = main_of(page)
    assert page.status_code == 200
    assert "You can have a replacement in advance" in words
    assert "The standard warranty runs until" in words
    assert component.serial in words
    checked = client.post(ask_url(ticket), {**answers(component), "step": "check"})
    words = main_of(checked)
    assert "Check your answers" in words
    assert "No light" in words
    assert "A replacement first" in words
    carried = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', checked.content.decode()))
    sent = client.post(ask_url(ticket), {**carried, "step": "send"})
    assert sent.status_code == 302
    assert sent["Location"] == "/returns/ACME-R1/"
    again = client.post(ask_url(ticket), {**carried, "step": "send"})
    assert again["Location"] == "/returns/ACME-R1/"
    with work_unit(STAFF):
        rma = Rma.objects.get()
        assert (rma.state, rma.kind, rma.contact_name, rma.symptom) == ("REQUESTED", "ADVANCE", "Ilse", "No light")
        assert rma.terms_accepted_at is not None


def test_what_was_typed_is_kept_with_an_error_and_on_the_way_back(
    world: World, component: Component, now: datetime
) -> None:
    ticket, client = on_ticket(world, component, now), world.client("ilse")
    wrong = client.post(ask_url(ticket), {**answers(component, contact_name=""), "accepts_terms": "", "step": "check"})
    words = main_of(wrong)
    assert wrong.status_code == 422
    assert "<title>Error: " in wrong.content.decode()
    assert "Enter who takes the box at that place" in words
    assert "Accept the return terms to go on" in words
    assert "No light" in words
    assert 'value="+49 1"' in wrong.content.decode()
    back = client.post(ask_url(ticket), {**answers(component, symptom="Burnt smell"), "step": "edit"})
    assert back.status_code == 200
    assert "Burnt smell" in main_of(back)
    assert "Error" not in main_of(back)


def test_a_second_request_leads_to_the_open_return(world: World, component: Component, now: datetime) -> None:
    ticket = on_ticket(world, component, now)
    requested(world, component, now, ticket=ticket)
    client = world.client("ana")
    answer = client.get(ask_url(ticket))
    assert answer.status_code == 302
    assert answer["Location"] == "/returns/ACME-R1/"
    assert "A return of this part is open already" in main_of(client.get("/returns/ACME-R1/"))
    page = main_of(client.get(f"/tickets/{ticket.reference}/"))
    assert "ACME-R1" in page
    assert "Another part failed too" in page


def test_a_request_sent_from_two_windows_is_one_return(world: World, component: Component, now: datetime) -> None:
    ticket = on_ticket(world, component, now)
    first, second = world.client("ilse"), world.client("ana")
    for client in (first, second):
        assert client.post(ask_url(ticket), {**answers(component), "step": "check"}).status_code == 200
    for client in (first, second):
        sent = client.post(ask_url(ticket), {**answers(component), "step": "send", "form_token": "t"})
        assert sent["Location"] == "/returns/ACME-R1/"
    with work_unit(STAFF):
        assert Rma.objects.count() == 1


def test_a_repair_is_offered_with_the_reason_and_what_would_change_it(
    world: World, stock: Stock, now: datetime
) -> None:
    component = implemented(world.components["acme"], ago(now, 200))
    warranty(component, ago(now, 200), ago(now, -100))
    ticket, client = on_ticket(world, component, now), world.client("ilse")
    page = client.get(ask_url(ticket))
    words = main_of(page)
    assert page.status_code == 200
    assert 'role="alert"' not in page.content.decode().split("<main")[1].split("send-failed")[0]
    assert "We can repair this part, but can not send a replacement first" in words
    assert "No support agreement covered this component" in words
    assert "ordered and paid before a failure" in words
    given = answers(component)
    for name in ("kind", "accepts_terms"):
        given.pop(name)
    sent = client.post(ask_url(ticket), {**given, "agreement_from": "Delta Reseller", "step": "send"})
    assert sent.status_code == 302
    with work_unit(STAFF):
        assert Rma.objects.get().unconfirmed_agreement == "Delta Reseller"


def test_a_repair_out_of_warranty_is_said_to_cost(world: World, stock: Stock, now: datetime) -> None:
    component = implemented(world.components["acme"], ago(now, 900))
    words = main_of(world.client("ilse").get(ask_url(on_ticket(world, component, now))))
    assert "Repair is possible at your cost" in words
    assert "We tell you the price first" in words


def test_a_repair_can_be_chosen_though_a_replacement_is_possible(
    world: World, component: Component, now: datetime
) -> None:
    ticket, client = on_ticket(world, component, now), world.client("ilse")
    given = answers(component, kind="FACTORY")
    given.pop("accepts_terms")
    assert client.post(ask_url(ticket), {**given, "step": "check"}).status_code == 200
    client.post(ask_url(ticket), {**given, "step": "send"})
    with work_unit(STAFF):
        assert Rma.objects.get().kind == "FACTORY"


def test_software_is_answered_with_the_next_step(world: World, now: datetime) -> None:
    with work_unit(STAFF):
        product = ProductFactory(sku="SW-1", name="Gate control", kind=Product.Kind.SOFTWARE)
        site = world.components["acme"].site
        component = ComponentFactory(customer=world.acme, site=site, product=product, serial="SW-77")
    ticket, client = on_ticket(world, component, now), world.client("ilse")
    page = client.get(ask_url(ticket))
    words = main_of(page)
    assert page.status_code == 200
    assert "Software is not replaced" in words
    assert "a fix, a patch or an upgrade" in words
    assert f"Go on in {ticket.reference}" in words
    assert ask_url(ticket) not in client.get(f"/tickets/{ticket.reference}/").content.decode()


def test_a_retired_serial_is_refused_with_the_reason(world: World, component: Component, now: datetime) -> None:
    with work_unit(STAFF):
        Component.objects.filter(pk=component.pk).update(state=Component.State.RETIRED)
    words = main_of(world.client("ilse").get(ask_url(on_ticket(world, component, now))))
    assert "We can not replace or repair this part" in words
    assert "was kept after a replacement" in words


def test_a_serial_is_found_however_it_is_typed_and_a_near_miss_asks_back(
    world: World, component: Component, now: datetime
) -> None:
    ticket, client = on_ticket(world, None, now), world.client("ilse")
    assert "Which part failed?" in main_of(client.get(ask_url(ticket)))
    typed = component.serial.lower().replace("-", " ")
    assert component.serial in main_of(client.get(ask_url(ticket), {"serial": typed}))
    slipped = client.get(ask_url(ticket), {"serial": component.serial[:-1] + "X"})
    words = main_of(slipped)
    assert "We do not know this serial" in words
    assert "Did you mean" in words
    assert f"?component={component.pk}" in slipped.content.decode()


def test_an_unknown_serial_can_be_asked_for_and_is_put_on_hold(world: World, stock: Stock, now: datetime) -> None:
    ticket, client = on_ticket(world, None, now), world.client("ilse")
    words = main_of(client.get(ask_url(ticket), {"serial": "ZZ-999999"}))
    assert "proof of purchase" in words
    site = world.components["acme"].site_id
    given = answers(world.components["acme"], ship_to=str(site))
    given.pop("component")
    sent = client.post(ask_url(ticket), {**given, "serial": "ZZ-999999", "step": "send"})
    assert sent.status_code == 302
    words = main_of(client.get(sent["Location"]))
    assert "Something is missing" in words
    assert "registered with proof of purchase" in words


def test_neither_part_nor_serial_is_asked_for_at_its_field(world: World, component: Component, now: datetime) -> None:
    ticket, client = on_ticket(world, None, now), world.client("ilse")
    page = client.get(ask_url(ticket), {"which": "1", "serial": ""})
    assert page.status_code == 422
    assert "Choose the part that failed, or type its serial" in main_of(page)


@pytest.mark.parametrize("name", ["component", "ship_to"])
def test_what_belongs_to_another_company_is_as_unknown_as_nothing(
    world: World, component: Component, now: datetime, name: str
) -> None:
    ticket, client, other = on_ticket(world, component, now), world.client("ilse"), world.components["bolt"]
    foreign = {"component": str(other.pk), "ship_to": str(other.site_id)}[name]
    missing = "018f0000-0000-7000-8000-00000000dead"
    told = [
        client.post(ask_url(ticket), {**answers(component), name: key, "step": "check"}) for key in (foreign, missing)
    ]
    assert [one.status_code for one in told] == [422, 422]
    assert main_of(told[0]).replace(foreign, "") == main_of(told[1]).replace(missing, "")


def test_a_place_we_do_not_know_is_held_until_somebody_else_confirms_it(
    world: World, component: Component, now: datetime
) -> None:
    with work_unit(STAFF):
        other = SiteFactory(customer=world.acme, name="Second plant", country="DE")
    ticket, client = on_ticket(world, component, now), world.client("ilse")
    checked = client.post(ask_url(ticket), {**answers(component, ship_to=str(other.pk)), "step": "check"})
    assert "The component stands at another place than the one we know" in main_of(checked)
    sent = client.post(ask_url(ticket), {**answers(component, ship_to=str(other.pk)), "step": "send"})
    assert "A second contact confirms the place" in main_of(client.get(sent["Location"]))
    supply = f"{sent['Location']}supply/"
    assert "Somebody else of your company opens this page" in main_of(client.get(supply))
    ana = world.client("ana")
    answer = ana.post(supply, {"ship_to": str(other.pk), "confirms_ship_to": "on"})
    assert answer.status_code == 302
    with work_unit(STAFF):
        assert Rma.objects.get().state == "REQUESTED"


def test_the_place_we_know_needs_no_witness(world: World, component: Component, now: datetime) -> None:
    with work_unit(STAFF):
        other = SiteFactory(customer=world.acme, name="Second plant", country="DE")
    rma = requested(world, component, now, ship_to=other).rma
    assert rma.state == "ON_HOLD"
    world.client("ilse").post(f"/returns/{rma.reference}/supply/", {"ship_to": str(component.site_id)})
    with work_unit(STAFF):
        assert Rma.objects.get().state == "REQUESTED"


def test_media_is_asked_where_the_part_keeps_data(world: World, component: Component, now: datetime) -> None:
    with work_unit(STAFF):
        Product.objects.filter(pk=component.product_id).update(has_media=True)
    ticket, client = on_ticket(world, component, now), world.client("ilse")
    missing = client.post(ask_url(ticket), {**answers(component), "step": "check"})
    assert missing.status_code == 422
    assert "Choose what becomes of the data on the part" in main_of(missing)
    repaired = {**answers(component, kind="FACTORY", media="RETAINED"), "step": "check"}
    assert "can not be repaired in the factory" in main_of(client.post(ask_url(ticket), repaired))
    sent = client.post(ask_url(ticket), {**answers(component, media="WIPED"), "step": "send"})
    assert sent.status_code == 302
    with work_unit(STAFF):
        assert Rma.objects.get().media == "WIPED"


def test_a_ticket_that_has_ended_asks_to_be_opened_again(world: World, component: Component, now: datetime) -> None:
    ticket, client = on_ticket(world, component, now), world.client("ilse")
    client.post(f"/tickets/{ticket.reference}/move/withdraw/", {"reason": "Not needed", "version": ticket.version})
    answer = client.get(ask_url(ticket))
    assert answer.status_code == 302
    assert answer["Location"] == f"/tickets/{ticket.reference}/"


def test_a_reseller_asks_for_its_customer(world: World, component: Component, now: datetime) -> None:
    ticket, client = on_ticket(world, component, now), world.client("dirk")
    sent = client.post(ask_url(ticket), {**answers(component), "step": "send"})
    assert sent["Location"] == "/returns/ACME-R1/"
    assert "Acme Lifts" in main_of(client.get("/returns/ACME-R1/"))
    assert world.client("nils").get("/returns/ACME-R1/").status_code == 404


def test_an_unpaid_fee_says_what_to_pay(world: World, stock: Stock, now: datetime) -> None:
    component = entitled(world, now - timedelta(days=1), paid=False)
    words = main_of(world.client("ilse").get(ask_url(on_ticket(world, component, now))))
    assert "is not paid in full" in words
    assert "We then replace in advance while the return is open" in words
