"""Said at each step of a report whether it is covered; sent all the same; read on the ticket's page."""

import re
from datetime import datetime, timedelta

import pytest

from contracts.models import Component
from tenancy.context import database_now, work_unit
from tests.contracts.deals import STAFF, ago, implemented, ordered, price
from tests.portal.walking import (
    IMPACT_1,
    PROBLEM,
    answered,
    begun,
    drafts,
    follow,
    form_on,
    send,
    text_of,
    the_ticket,
    title_of,
)
from tests.world import ComponentFactory, World, ticket
from tickets.models import Ticket
from tickets.services import grant_promise


@pytest.fixture
def now(world: World) -> datetime:
    with work_unit(STAFF):
        return database_now()


@pytest.fixture
def old(world: World, now: datetime) -> Component:
    """A component that nothing covers any more."""
    return implemented(world.components["acme"], ago(now, 500))


def test_each_component_says_what_covers_it(world: World, now: datetime, old: Component) -> None:
    with work_unit(STAFF):
        listed, *_ = (
            ComponentFactory(customer=world.acme, site=old.site, serial=serial, implemented_on=day)
            for serial, day in (("L-1", ago(now, 500)), ("F-1", ago(now, 10)), ("N-1", None))
        )
    price(old)
    ordered(world, [listed], ago(now, 30), ago(now, -334), now=now - timedelta(days=40))
    page = text_of(world.client("ilse").get("/tickets/new/"))
    last = ago(now, -334)
    assert f"Serial L-1 · Acme Lifts main site Covered by agreement AG-ACME-1 until {last.day} {last:%b %Y}" in page
    free_until = ago(now, -80)
    assert f"Serial F-1 · Acme Lifts main site Free support until {free_until.day} {free_until:%b %Y}" in page
    assert "Serial N-1 · Acme Lifts main site Covered: not put into operation yet" in page
    assert f"Serial {old.serial} · Rack 4 · Acme Lifts main site Not covered The 90 free days ended" in page


def test_the_check_says_it_is_not_covered_and_what_to_do_and_sends_all_the_same(world: World, old: Component) -> None:
    client = world.client("ilse")
    at = answered(client, old)
    impact = text_of(client.get(f"{at}impact/"))
    assert "No answer time is promised, because this is not covered." in impact
    assert "First answer within" not in impact
    page = client.get(f"{at}check/")
    said = text_of(page)
    assert page.status_code == 200
    assert b"summary-error" not in page.content, "not covered is no mistake of the reader"
    assert f"Drive controller DC-7, serial {old.serial}, is not covered" in said
    assert "What you can do Order a support agreement for it. Ask us" in said
    assert "When you send, the clock" not in said
    done = follow(client, send(client, page))
    filed = the_ticket()
    assert (filed.covered, filed.clock_due_at) == (False, None)
    said = text_of(done)
    assert "It is not covered, so no answer time is promised." in said
    assert "No response promise" in said
    assert "The clock for our answer started" not in said


def test_a_covered_report_says_what_covers_it_and_promises(world: World, now: datetime) -> None:
    implemented(world.components["acme"], ago(now, 10))
    client = world.client("ilse")
    page = client.get(f"{answered(client, world.components['acme'])}check/")
    assert "Support is free until" in text_of(page)
    assert "First answer within 1 hour" in text_of(page)
    assert "is not covered" not in text_of(page)


def test_the_proposal_follows_while_answering(world: World, old: Component) -> None:
    client = world.client("ilse")
    at = begun(client, old)
    client.post(f"{at}site/", {"site": str(old.site_id)})
    live = client.get(f"{at}impact/proposal/", IMPACT_1, headers={"HX-Request": "true"}).content.decode()
    assert "No answer time is promised." in live
    assert "First answer within" not in live


def test_the_page_of_the_ticket_says_why_and_what_would_change_it(world: World, old: Component) -> None:
    filed = ticket(world, component=old)
    page = text_of(world.client("ilse").get(f"/tickets/{filed.reference}/"))
    assert "Not covered The 90 free days ended" in page
    assert "What you can do Order a support agreement for it." in page
    assert "What you order or pay now counts for later problems." in page
    assert "Rule" not in page
    why = world.client("ilse").get(f"/tickets/{filed.reference}/why/")
    assert "Why is no answer time promised?" in text_of(why)


def test_a_granted_promise_is_told_with_its_time(world: World, old: Component) -> None:
    filed = ticket(world, component=old)
    actor = world.actor("marek")
    with work_unit(actor.context) as unit:
        grant_promise(actor=actor, ticket=filed, reason="You helped us last time.", now=unit.now)
    page = text_of(world.client("ilse").get(f"/tickets/{filed.reference}/"))
    assert "roZoom promised an answer all the same: “You helped us last time.”" in page
    assert "A person at roZoom answers you by" in page
    why = text_of(world.client("ilse").get(f"/tickets/{filed.reference}/why/"))
    assert "roZoom promised an answer: the clock starts" in why


def test_opening_it_again_promises_no_time(world: World, old: Component) -> None:
    filed = ticket(world, component=old)
    with work_unit(STAFF) as unit:
        Ticket.objects.filter(pk=filed.pk).update(state="RESOLVED", resolved_at=unit.now)
    assert "A new time for our answer" not in text_of(
        world.client("ilse").get(f"/tickets/{filed.reference}/move/reopen/")
    )


# A serial that is typed ------------------------------------------------------------------------------------------------


@pytest.fixture
def serials(world: World) -> Component:
    with work_unit(STAFF):
        mine = ComponentFactory(customer=world.acme, site=world.components["acme"].site, serial="ZX-2231")
        ComponentFactory(customer=world.bolt, site=world.components["bolt"].site, serial="QQ-7777")
    return mine


@pytest.mark.parametrize("typed", ["ZX-2231", " zx 2231 ", "zx2231", "Zx.22/31"])
def test_a_serial_is_taken_however_it_is_typed(world: World, serials: Component, typed: str) -> None:
    client = world.client("ilse")
    page = follow(client, send(client, client.get("/tickets/new/"), serial=typed))
    assert "Where is it?" in text_of(page)
    [draft] = drafts()
    assert (draft.answers["component"], draft.answers["serial"]) == (str(serials.pk), "")


def test_one_slip_is_asked_back_and_can_be_chosen(world: World, serials: Component) -> None:
    client = world.client("ilse")
    page = send(client, client.get("/tickets/new/"), serial="ZX-2213")
    assert page.status_code == 422
    assert title_of(page).startswith("Error: ")
    assert "We do not know serial ZX-2213. Did you mean ZX-2231? Choose it above, or check the label" in text_of(page)
    assert form_on(page)["fields"]["serial"] == "ZX-2213"
    first = page.content.decode().index('type="radio"')
    assert str(serials.pk) in page.content.decode()[first : first + 300], "what was meant stands first"
    page = follow(client, send(client, page, component=str(serials.pk), serial=""))
    assert "Where is it?" in text_of(page)


def test_another_customers_serial_answers_as_an_unknown_one_does(world: World, serials: Component) -> None:
    client = world.client("ilse")

    def told(serial: str) -> str:
        page = send(client, client.get("/tickets/new/"), serial=serial)
        assert page.status_code == 422
        return re.sub(r"Printed .*? by", "", text_of(page)).replace(serial, "SERIAL")

    assert told("QQ-7777") == told("QX-9192")
    assert told("QQ-7778") == told("QX-9192"), "nor is it near to anything"


def test_an_unknown_serial_goes_with_i_do_not_know(world: World, serials: Component) -> None:
    client = world.client("ilse")
    page = follow(client, send(client, client.get("/tickets/new/"), component="unknown", serial="AA-1"))
    for answers in ({"site": "unknown"}, IMPACT_1, PROBLEM):
        page = follow(client, send(client, page, **answers))
    assert "Serial on the label, as it was typed: AA-1" in text_of(page)
    follow(client, send(client, page))
    filed = the_ticket()
    assert filed.component_id is None
    assert filed.description.endswith("Serial on the label, as it was typed: AA-1")


def test_a_serial_of_another_component_than_the_chosen_one_is_asked_back(world: World, serials: Component) -> None:
    client = world.client("ilse")
    chosen = str(world.components["acme"].pk)
    page = send(client, client.get("/tickets/new/"), component=chosen, serial="ZX-2231")
    assert page.status_code == 422
    assert "Keep one of the two" in text_of(page)


@pytest.mark.parametrize("typed", ["x" * 81, "\x00", "'; DROP TABLE", "%_", "7F-\U0001f600"])
def test_odd_serials_are_refused_in_words(world: World, typed: str) -> None:
    client = world.client("ilse")
    page = send(client, client.get("/tickets/new/"), serial=typed)
    assert page.status_code == 422
    assert title_of(page).startswith("Error: ")


def test_neither_a_choice_nor_a_serial_is_asked_back(world: World) -> None:
    client = world.client("ilse")
    page = send(client, client.get("/tickets/new/"))
    assert page.status_code == 422
    assert "Choose which component is failing, or “I do not know”" in text_of(page)


def test_a_serial_in_a_report_begun_before_replaces_the_choice(world: World, serials: Component) -> None:
    client = world.client("ilse")
    at = begun(client, world.components["acme"])
    answer = client.post(f"{at}component/", {"serial": "zx2231"})
    assert answer.status_code == 302
    assert drafts()[0].answers["component"] == str(serials.pk)
