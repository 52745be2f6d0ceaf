"""Filing a ticket page by page, without JavaScript."""

from datetime import timedelta
from html import unescape
from threading import Thread
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.db import connections
from django.test import Client

from tenancy.context import Context, work_unit
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
    walk_to_check,
)
from tests.world import ComponentFactory, ProductFactory, SiteFactory, World
from tickets.services.drafting import MOST_DRAFTS


def test_a_customer_files_a_ticket_from_the_first_page_to_its_own(world: World) -> None:
    client = world.client("ilse")
    page = walk_to_check(client, world.components["acme"])
    said = text_of(page)
    assert "Severity 1 — complete loss" in said
    assert "First answer within 1 hour, by" in said
    assert (
        "complete loss of service, no workaround, the business has stopped, the operation is mission critical" in said
    )
    assert "Drive controller DC-7, serial" in said
    page = follow(client, send(client, page))
    said = text_of(page)
    assert "We have your report: ACME-1" in said
    assert "For severity 1 you can also call" in said
    assert "A person at roZoom answers you by" in said
    filed = the_ticket()
    assert (filed.subject, filed.error_code, filed.service_kind) == ("Lift 2 stands still", "E-41", "hardware")
    assert (filed.reporter_party, filed.channel, filed.severity) == ("customer", "portal", 1)
    assert filed.component_id == world.components["acme"].pk
    assert filed.response_due_at - filed.reported_at == timedelta(hours=1)
    assert drafts() == []


def test_looking_at_the_first_page_leaves_nothing_behind(world: World) -> None:
    assert world.client("ilse").get("/tickets/new/").status_code == 200
    assert drafts() == []


def test_nothing_is_chosen_before_the_customer_chooses(world: World) -> None:
    client = world.client("ilse")
    assert "component" not in form_on(client.get("/tickets/new/"))["fields"]
    at = begun(client)
    assert "site" not in form_on(client.get(f"{at}site/"))["fields"]
    client.post(f"{at}site/", {"site": "unknown"})
    assert not set(IMPACT_1) & set(form_on(client.get(f"{at}impact/"))["fields"])


def test_the_site_of_the_component_is_filled_in_with_its_contact(world: World) -> None:
    with work_unit(Context("staff")):
        site = SiteFactory(
            customer=world.acme, name="Plant 2", contact_name="Jo", contact_phone="+32 9", access_hours="Gate 3"
        )
        component = ComponentFactory(customer=world.acme, site=site)
    client = world.client("ilse")
    at = begun(client, component)
    fields = form_on(client.get(f"{at}site/"))["fields"]
    assert (fields["site"], fields["site_contact"], fields["access_hours"]) == (str(site.pk), "Jo, +32 9", "Gate 3")


def test_an_empty_contact_becomes_the_one_we_know(world: World) -> None:
    with work_unit(Context("staff")):
        site = SiteFactory(customer=world.acme, name="Plant 2", contact_name="Jo", contact_phone="+32 9")
    client = world.client("ilse")
    at = answered(client, ComponentFactory(customer=world.acme, site=site))
    client.post(f"{at}check/")
    assert the_ticket().site_contact == "Jo, +32 9"


@pytest.mark.parametrize(
    "step, words, first",
    [
        ("site", "Choose where it is", "id_site_0"),
        ("impact", "Choose how much does not work", "id_service_0"),
        ("problem", "Say in one line what happens", "id_subject"),
    ],
)
def test_an_empty_step_answers_422_and_says_what_to_do(world: World, step: str, words: str, first: str) -> None:
    client = world.client("ilse")
    answer = client.post(f"{begun(client)}{step}/", {})
    html = answer.content.decode()
    assert answer.status_code == 422
    assert title_of(answer).startswith("Error: ")
    assert f'<a href="#{first}">{words}</a>' in html
    assert f'id="{first}"' in html
    assert text_of(answer).count(words) == 2, "in the summary and by the field"


def test_an_empty_first_page_answers_422(world: World) -> None:
    answer = world.client("ilse").post("/tickets/new/", {})
    assert answer.status_code == 422
    assert title_of(answer).startswith("Error: ")
    assert (
        '<a href="#id_component_0">Choose which component is failing, or “I do not know”</a>' in answer.content.decode()
    )


def test_what_was_typed_survives_an_error_and_going_back(world: World) -> None:
    client = world.client("ilse")
    at = begun(client)
    client.post(f"{at}site/", {"site": "unknown", "site_contact": "Jo"})
    client.post(f"{at}impact/", IMPACT_1)
    answer = client.post(f"{at}problem/", {"description": "It fell down", "error_code": "E-1"})
    assert answer.status_code == 422
    assert form_on(answer)["fields"]["description"].strip() == "It fell down"
    again = form_on(client.get(f"{at}problem/"))["fields"]
    assert (again["description"].strip(), again["error_code"]) == ("It fell down", "E-1")
    assert form_on(client.get(f"{at}site/"))["fields"]["site_contact"] == "Jo"
    assert form_on(client.get(f"{at}impact/"))["fields"]["business"] == "stopped"


def test_a_later_step_sends_back_to_the_first_open_one(world: World) -> None:
    client = world.client("ilse")
    at = begun(client)
    for step in ("impact", "problem"):
        assert client.get(f"{at}{step}/")["Location"] == f"{at}site/"
    assert client.get(f"{at}check/")["Location"] == f"{at}site/?from=check"
    assert client.post(f"{at}check/")["Location"] == f"{at}site/?from=check"
    assert client.get(at)["Location"] == f"{at}site/"


def test_change_leads_back_to_the_check(world: World) -> None:
    client = world.client("ilse")
    at = answered(client, world.components["acme"])
    page = client.get(f"{at}check/")
    assert f"{at}impact/?from=check" in page.content.decode()
    changed = send(client, client.get(f"{at}impact/?from=check"), mission_critical="no")
    assert changed["Location"] == f"{at}check/"
    assert "Severity 2" in text_of(client.get(f"{at}check/"))


def test_another_component_asks_again_where_it_stands(world: World) -> None:
    client = world.client("ilse")
    with work_unit(Context("staff")):
        elsewhere = SiteFactory(customer=world.acme, name="Harbour")
        software = ProductFactory(sku="LM", name="Lift manager", kind="SOFTWARE")
        other = ComponentFactory(customer=world.acme, site=elsewhere, product=software)
    at = answered(client, world.components["acme"])
    changed = client.post(f"{at}component/?from=check", {"component": str(other.pk)})
    page = follow(client, client.get(changed["Location"]))
    assert page.request["PATH_INFO"] == f"{at}site/"
    assert form_on(page)["fields"]["site"] == str(elsewhere.pk)
    sent = send(client, page)
    assert sent["Location"] == f"{at}check/"
    assert client.get(sent["Location"])["Location"] == f"{at}problem/?from=check", (
        "hardware was our guess, not an answer"
    )
    assert form_on(client.get(f"{at}problem/"))["fields"]["service_kind"] == "software"


def test_sending_twice_makes_one_ticket(world: World) -> None:
    client = world.client("ilse")
    at = answered(client)
    first, second = client.post(f"{at}check/"), client.post(f"{at}check/")
    assert first["Location"] == second["Location"] == "/tickets/ACME-1/?sent=1"
    assert the_ticket().reference == "ACME-1"


def test_going_back_into_a_report_that_was_sent_leads_to_its_ticket(world: World) -> None:
    client = world.client("ilse")
    at = answered(client)
    client.post(f"{at}check/")
    for step in ("", "component/", "problem/", "check/"):
        assert client.get(f"{at}{step}")["Location"] == "/tickets/ACME-1/?sent=1"


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_make_one_ticket(lasting_world: World) -> None:
    client = lasting_world.client("ilse")
    at = answered(client)
    answers: list[Any] = []

    def click() -> None:
        twin = Client()
        twin.cookies = client.cookies
        answers.append(twin.post(f"{at}check/"))
        connections.close_all()

    clicks = [Thread(target=click) for _ in range(2)]
    for one in clicks:
        one.start()
    for one in clicks:
        one.join()
    assert {answer["Location"] for answer in answers} == {"/tickets/ACME-1/?sent=1"}
    assert the_ticket().reference == "ACME-1"


def test_an_unfinished_report_is_offered_and_goes_on_where_it_was_left(world: World) -> None:
    client = world.client("ilse")
    at = begun(client)
    client.post(f"{at}problem/keep/", {"subject": "Lift 2 stands still"})
    for url in ("/home/", "/tickets/new/"):
        said = text_of(client.get(url))
        assert "A report you have not sent yet" in said
        assert "Lift 2 stands still" in said
    assert client.get(at)["Location"] == f"{at}site/"


def test_discarding_asks_first(world: World) -> None:
    client = world.client("ilse")
    at = begun(client)
    page = client.get(f"{at}discard/")
    assert "Nothing was sent to anybody" in text_of(page)
    assert len(drafts()) == 1
    assert send(client, page).status_code == 302
    assert drafts() == []
    assert client.get(f"{at}site/").status_code == 404


def test_a_draft_is_its_writers_alone(world: World) -> None:
    at = begun(world.client("ilse"))
    nobodys = f"/tickets/new/{UUID(int=7)}/"
    for name in ("ana", "bob", "dirk", "marek"):
        client = world.client(name)
        for step in ("", "component/", "site/", "impact/", "problem/", "check/", "discard/", "impact/proposal/"):
            assert client.get(f"{at}{step}").status_code == client.get(f"{nobodys}{step}").status_code == 404, (
                name,
                step,
            )
        for step in ("site/", "problem/keep/", "check/", "discard/"):
            assert client.post(f"{at}{step}", {"subject": "Mine"}).status_code == 404, (name, step)
    assert drafts()[0].answers == {"component": "unknown"}


def test_a_component_or_site_of_another_customer_is_unknown(world: World) -> None:
    client = world.client("ilse")
    foreign = world.components["bolt"]
    answer = client.post("/tickets/new/", {"component": str(foreign.pk)})
    assert answer.status_code == 422
    assert "We do not know this component" in text_of(answer)
    assert foreign.serial not in answer.content.decode()
    at = begun(client)
    answer = client.post(f"{at}site/", {"site": str(foreign.site_id)})
    assert answer.status_code == 422
    assert "We do not know this site" in text_of(answer)
    assert client.post(f"{at}site/", {"site": "not-an-id"}).status_code == 422


def test_too_long_answers_say_their_limit(world: World) -> None:
    client = world.client("ilse")
    at = begun(client)
    client.post(f"{at}site/", {"site": "unknown"})
    client.post(f"{at}impact/", IMPACT_1)
    answer = client.post(
        f"{at}problem/", {**PROBLEM, "subject": "x" * 201, "description": "ü" * 32769, "error_code": "e" * 81}
    )
    assert answer.status_code == 422
    said = text_of(answer)
    assert "Shorten the line to 200 characters" in said
    assert "Shorten the text to 64 KB" in said
    assert "Shorten the error code to 80 characters" in said
    just = client.post(
        f"{at}problem/", {**PROBLEM, "subject": "x" * 200, "description": "ü" * 32768, "error_code": "e" * 80}
    )
    assert just.status_code == 302


def test_the_search_finds_a_component_by_serial_product_or_place(world: World) -> None:
    with work_unit(Context("staff")):
        site = world.components["acme"].site
        for number in range(9):
            ComponentFactory(customer=world.acme, site=site, serial=f"QX-{number}", location=f"Bay {number}")
    client = world.client("ilse")
    assert "Find it in the list" in text_of(client.get("/tickets/new/"))
    for words, expected in (("qx 7", "QX-7"), ("Bay 3", "QX-3")):
        said = text_of(client.get("/tickets/new/", {"q": words}))
        assert expected in said
        assert "QX-5" not in said
        assert "I do not know" in said
    said = text_of(client.get("/tickets/new/", {"q": "nothing like it"}))
    assert "Nothing in the list matches “nothing like it”" in said


def test_narrowing_the_list_keeps_what_was_ticked(world: World) -> None:
    component = world.components["acme"]
    answer = world.client("ilse").get(
        "/tickets/new/", {"q": "nothing like it", "component": str(component.pk)}, headers={"HX-Request": "true"}
    )
    html = answer.content.decode()
    assert "<main" not in html
    assert f'value="{component.pk}"' in html
    assert "checked" in html


def test_more_components_than_fit_are_found_by_searching(world: World) -> None:
    with work_unit(Context("staff")):
        site = world.components["acme"].site
        ComponentFactory.create_batch(60, customer=world.acme, site=site)
    said = text_of(world.client("ilse").get("/tickets/new/"))
    assert "More than 50 fit" in said


def test_a_session_that_ended_leads_back_to_the_step(world: World) -> None:
    client = world.client("ilse")
    at = answered(client)
    client.logout()
    answer = client.post(f"{at}problem/", PROBLEM, headers={"Referer": f"http://testserver{at}problem/"})
    assert answer.status_code == 403
    said = unescape(answer.content.decode())
    assert "Not sent: you are signed out" in said
    assert PROBLEM["description"] in said, "what was typed is shown, to copy"
    assert "?" + urlencode({"next": f"http://testserver{at}problem/"}) in said
    client.force_login(world.ilse.person)
    assert form_on(client.get(f"{at}problem/"))["fields"]["subject"] == PROBLEM["subject"]


def test_autosave_keeps_texts_and_nothing_else(world: World) -> None:
    client = world.client("ilse")
    at = begun(client)
    answer = client.post(
        f"{at}problem/keep/", {"subject": "Half a ti", "component": str(UUID(int=3)), "description": "a\x00b"}
    )
    assert answer.status_code == 204
    assert drafts()[0].answers == {"component": "unknown", "subject": "Half a ti", "description": "ab"}


def test_there_is_a_limit_of_unfinished_reports(world: World) -> None:
    client = world.client("ilse")
    for _ in range(MOST_DRAFTS):
        begun(client)
    answer = client.post("/tickets/new/", {"component": "unknown"})
    assert answer.status_code == 422
    assert f"You have {MOST_DRAFTS} unfinished reports" in text_of(answer)
