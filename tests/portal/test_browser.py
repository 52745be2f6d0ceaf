"""The portal in a real browser: filing with JavaScript, writing, hearing news, and every page at two widths in two themes."""

import re
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from tenancy.context import Context, work_unit
from tests.looking import axe, examine_every_look, poll_soon
from tests.portal.test_report_files import PNG
from tests.portal.walking import drafts, the_ticket
from tests.world import ComponentFactory, SiteFactory, World, message, ticket
from tickets.models import TicketDraft

pytestmark = pytest.mark.browser


def furnished(world: World) -> None:
    """Acme with everything a page can show."""
    with work_unit(Context("staff")):
        plant = SiteFactory(
            customer=world.acme,
            name="Plant 2, Ghent",
            address="Havenlaan 12, Ghent",
            contact_name="Jo",
            access_hours="Gate 3",
        )
        ComponentFactory.create_batch(12, customer=world.acme, site=plant, location="Hall 2, rack 14")
    with work_unit(Context("worker")) as unit:
        early = unit.now - timedelta(hours=2)
    ticket(world, severity=1, subject="Line 3 stands still, controller shows E-41", component=world.components["acme"])
    late = ticket(
        world, severity=1, subject="Lift 2 does not answer at all, nobody knows why, and the shift begins", now=early
    )
    message(world, late, "ilse", "Any news?")
    asked = ticket(world, severity=2, subject="Table sinks")
    message(world, asked, "marek", "Which lamp lights first?\n\n1. Red\n2. Green", then="wait")
    solved = ticket(world, severity=3, subject="Wrong port in the release notes")
    message(world, solved, "marek", "It is 8443.", then="resolve")
    for index in range(32):
        message(world, late, "ilse", f"Words {index}")


def report_of(world: World, answers: dict[str, str]) -> str:
    with work_unit(world.actor("ilse").context) as unit:
        draft = TicketDraft.objects.create(
            customer=world.acme, person_id=world.ilse.person_id, answers=answers, updated_at=unit.now
        )
    return f"/tickets/new/{draft.pk}/"


ANSWERS = {
    "component": "unknown", "site": "unknown", "site_contact": "Jo, +32 9 555", "access_hours": "",
    "service": "complete", "workaround": "no", "business": "stopped", "mission_critical": "yes",
    "subject": "Lift 2 stands still", "description": "It stopped between floors.", "error_code": "E-41",
    "service_kind": "problem",
}  # fmt: skip
PAGES = [
    "/home/", "/tickets/", "/tickets/?tab=closed", "/tickets/?q=zebra&severity=1", "/tickets/new/",
    "{draft}component/", "{draft}site/", "{draft}impact/", "{draft}problem/", "{draft}check/", "{draft}discard/",
    "/tickets/ACME-1/?sent=1", "/tickets/ACME-2/", "/tickets/ACME-3/", "/tickets/ACME-4/", "/tickets/ACME-2/why/",
    "/tickets/ACME-3/move/withdraw/", "/tickets/ACME-4/move/reopen/",
]  # fmt: skip


def test_every_page_fits_and_axe_finds_nothing(visit: Any, lasting_world: World) -> None:
    furnished(lasting_world)
    draft = report_of(lasting_world, ANSWERS)
    page = visit("/home/")
    for path in PAGES:
        page.goto(page.url.partition("/home")[0].partition("/tickets")[0] + path.format(draft=draft))
        assert page.locator("#status").inner_text() == "", f"{path}: the live region is not empty at load"
        examine_every_look(page, path)


def test_the_primary_action_is_in_the_first_screen_of_a_phone(visit: Any, lasting_world: World) -> None:
    furnished(lasting_world)
    page = visit("/home/", width=375)
    page.set_viewport_size({"width": 375, "height": 667})
    box = page.get_by_role("link", name="Report a problem").last.bounding_box()
    assert box
    assert box["y"] + box["height"] <= 667
    assert box["height"] >= 44
    assert box["width"] >= 330


def test_a_report_is_filed_and_the_proposal_follows_the_answers(visit: Any, lasting_world: World) -> None:
    page = visit("/tickets/new/", width=375)
    go_on = page.locator(".actions").get_by_role("button", name="Continue")
    page.get_by_text("Drive controller DC-7").click()
    go_on.click()
    expect(page.get_by_role("radio", name="Acme Lifts main site")).to_be_checked()
    go_on.click()
    for name, value in (("service", "complete"), ("workaround", "no"), ("business", "stopped")):
        page.check(f"[name={name}][value={value}]")
    expect(page.locator("#proposal")).to_be_empty()
    page.check("[name=mission_critical][value=yes]")
    expect(page.locator("#proposal")).to_contain_text("Severity 1", timeout=3000)
    expect(page.locator("#status")).to_have_text("Severity 1. First answer within 1 hour.")
    page.check("[name=workaround][value=yes]")
    expect(page.locator("#proposal")).to_contain_text("Severity 2")
    expect(page.locator("#status")).to_have_text("Severity 2. First answer within 4 hours.")
    assert page.evaluate("document.activeElement.name") == "workaround", "the focus stays with the question"
    page.check("[name=workaround][value=no]")
    expect(page.locator("#proposal")).to_contain_text("Severity 1")
    go_on.click()
    page.fill("#id_subject", "Lift 2 stands still")
    page.fill("#id_description", "It stopped between floors.")
    page.set_input_files("#id_files", [{"name": "photo.png", "mimeType": "image/png", "buffer": PNG}])
    expect(page.locator("[data-chosen=id_files]")).to_contain_text("photo.png")
    go_on.click()
    expect(page.locator("dl")).to_contain_text("photo.png")
    page.get_by_role("button", name="Send ticket").click()
    expect(page.get_by_role("heading", name="We have your report: ACME-1")).to_be_visible()
    expect(page.get_by_role("timer")).to_contain_text(re.compile(r"(59 min|1 h)"))
    assert the_ticket().severity == 1
    page.go_back()
    expect(page.get_by_role("heading", name="We have your report: ACME-1")).to_be_visible()
    assert page.complaints == []


def test_an_error_puts_the_focus_in_the_summary_and_its_link_on_the_field(visit: Any, lasting_world: World) -> None:
    page = visit("/tickets/new/")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".summary-error")).to_be_focused()
    assert page.title().startswith("Error: ")
    page.locator(".summary-error a").click()
    expect(page.locator("#id_component_0")).to_be_focused()
    assert axe(page) == []


def test_narrowing_the_list_keeps_the_focus_and_the_tick(visit: Any, lasting_world: World) -> None:
    furnished(lasting_world)
    page = visit("/tickets/new/")
    page.locator("#pick input").nth(3).check()
    value = page.locator("#pick input:checked").get_attribute("value")
    page.locator("#pick-words").press_sequentially("nothing like it", delay=10)
    expect(page.locator("#pick input")).to_have_count(2)
    expect(page.locator("#pick input").first).to_be_checked()
    assert page.locator("#pick input:checked").get_attribute("value") == value
    expect(page.locator("#pick-words")).to_be_focused()
    assert page.complaints == []


def test_text_being_typed_is_kept_without_continue(visit: Any, lasting_world: World) -> None:
    report = report_of(lasting_world, {**ANSWERS, "subject": "", "description": ""})
    page = visit(f"{report}problem/")
    page.locator("#id_description").press_sequentially("It stopped")
    expect(page.locator("[data-saved]").first).to_contain_text("Saved", timeout=6000)
    assert drafts()[0].answers["description"] == "It stopped"
    page.reload()
    expect(page.locator("#id_description")).to_have_value("It stopped")


def test_typing_narrows_the_tickets_and_the_address_follows(visit: Any, lasting_world: World) -> None:
    furnished(lasting_world)
    page = visit("/tickets/")
    expect(page.locator("tbody tr")).to_have_count(3)
    page.locator("#id_q").press_sequentially("sinks")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("#id_q")).to_be_focused()
    expect(page.locator("#status")).to_have_text("1 ticket")
    assert "q=sinks" in page.url
    page.reload()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.go_back()
    expect(page.locator("tbody tr")).to_have_count(3)


def test_a_reply_is_sent_without_leaving_the_page(visit: Any, lasting_world: World) -> None:
    ticket(lasting_world)
    page = visit("/tickets/ACME-1/")
    page.fill("#id_text", "The red lamp.")
    page.get_by_role("button", name="Send reply").click()
    expect(page.locator("#status")).to_have_text("Reply sent")
    expect(page.locator("#talk article").last).to_contain_text("The red lamp.")
    expect(page.locator("#talk article").last.locator("h3")).to_be_focused()
    expect(page.locator("#id_text")).to_have_value("")
    page.fill("#id_text", "And the green one.")
    page.get_by_role("button", name="Send reply").click()
    expect(page.locator("#talk article")).to_have_count(3)
    page.wait_for_timeout(2500)
    page.reload()
    expect(page.locator("#id_text")).to_have_value("", timeout=1000)
    expect(page.locator("#talk article")).to_have_count(3)
    assert page.complaints == []


def test_a_collision_keeps_text_caret_and_files(visit: Any, lasting_world: World) -> None:
    filed = ticket(lasting_world)
    page = visit("/tickets/ACME-1/")
    page.fill("#id_text", "I swapped the cable.")
    page.set_input_files("#id_files", [{"name": "log.txt", "mimeType": "text/plain", "buffer": b"hello"}])
    message(lasting_world, filed, "marek", "Is the red lamp on?")
    page.get_by_role("button", name="Send reply").click()
    expect(page.locator(".summary-error")).to_be_focused()
    expect(page.locator("#reply-errors")).to_contain_text("Is the red lamp on?")
    expect(page.locator("#talk")).to_contain_text("Is the red lamp on?")
    expect(page.locator("#id_text")).to_have_value("I swapped the cable.")
    assert page.evaluate("document.getElementById('id_files').files.length") == 1
    assert axe(page) == []
    page.get_by_role("button", name="Send reply").click()
    expect(page.locator("#status")).to_have_text("Reply sent")
    expect(page.locator("#talk article").last).to_contain_text("log.txt")
    assert page.complaints == []


def test_a_new_message_waits_behind_a_bar_while_text_is_typed(visit: Any, lasting_world: World) -> None:
    filed = ticket(lasting_world)
    page = visit("/tickets/ACME-1/")
    page.fill("#id_text", "I am writ")
    page.locator("#id_text").focus()
    message(lasting_world, filed, "marek", "Is the red lamp on?")
    page.evaluate("htmx.trigger('#news', 'rozoom:poll')")
    expect(page.locator("#news")).to_contain_text("1 new message — show")
    expect(page.locator("#status")).to_have_text("New message from Marek Test")
    expect(page.locator("#talk")).not_to_contain_text("Is the red lamp on?")
    expect(page.locator("#promise")).to_contain_text("Answered in")
    expect(page.locator("#id_text")).to_be_focused()
    expect(page.locator("#id_text")).to_have_value("I am writ")
    page.get_by_role("link", name="1 new message — show").click()
    expect(page.locator("#talk article").last.locator("h3")).to_be_focused()
    expect(page.locator("#talk article").last).to_contain_text("Is the red lamp on?")
    expect(page.locator("#news")).to_be_empty()
    expect(page.locator("#id_text")).to_have_value("I am writ")
    page.get_by_role("button", name="Send reply").click()
    expect(page.locator("#status")).to_have_text("Reply sent")
    assert page.complaints == []


def test_the_page_asks_for_news_by_itself(visit: Any, lasting_world: World) -> None:
    ticket(lasting_world)
    page = visit("/tickets/ACME-1/")
    with page.expect_response(lambda answer: "/news/" in answer.url) as asked:
        poll_soon(page, "news", usually="10")
    assert asked.value.status == 204


def test_older_messages_unfold_in_place(visit: Any, lasting_world: World) -> None:
    filed = ticket(lasting_world)
    for index in range(33):
        message(lasting_world, filed, "ilse", f"Words {index}")
    page = visit("/tickets/ACME-1/")
    page.get_by_role("link", name="Show 17 older messages").click()
    expect(page.locator("#talk article")).to_have_count(34)
    expect(page.locator("#talk article").nth(2).locator("h3")).to_be_focused()
    assert page.complaints == []


def test_without_javascript_everything_still_works(visit: Any, lasting_world: World) -> None:
    page = visit("/tickets/new/", java_script_enabled=False)
    go_on = page.locator(".actions").get_by_role("button", name="Continue")
    page.get_by_text("Drive controller DC-7").click()
    go_on.click()
    go_on.click()
    for name, value in (
        ("service", "complete"),
        ("workaround", "no"),
        ("business", "stopped"),
        ("mission_critical", "yes"),
    ):
        page.check(f"[name={name}][value={value}]")
    go_on.click()
    page.fill("#id_subject", "Lift 2 stands still")
    page.fill("#id_description", "It stopped between floors.")
    page.locator("#id_subject").press("Enter")
    expect(page.get_by_role("heading", name="Check your answers")).to_be_visible()
    expect(page.locator(".promise")).to_contain_text("First answer within 1 hour, by")
    page.get_by_text("I think this is wrong").click()
    page.fill("#id_severity_doubt", "The whole street waits")
    page.get_by_role("button", name="Send ticket").click()
    expect(page.get_by_role("heading", name="We have your report: ACME-1")).to_be_visible()
    page.fill("#id_text", "It fell again")
    page.get_by_role("button", name="Send reply").click()
    expect(page.locator("#talk article").last).to_contain_text("It fell again")
    assert the_ticket().severity_doubt == "The whole street waits"


def test_the_clock_does_not_believe_the_browsers_watch(visit: Any, lasting_world: World) -> None:
    ticket(lasting_world, severity=1)
    page = visit("/home/")
    page.add_init_script("{ const real = Date.now; Date.now = () => real() + 3600000 }")
    page.goto(page.url.replace("/home/", "/tickets/ACME-1/"))
    page.wait_for_timeout(1200)
    expect(page.get_by_role("timer")).to_contain_text("59 min")


def test_printing_shows_the_conversation_and_no_form(visit: Any, lasting_world: World) -> None:
    filed = ticket(lasting_world)
    message(lasting_world, filed, "marek", "Is the red lamp on?")
    page = visit("/tickets/ACME-1/")
    page.emulate_media(media="print")
    assert page.locator("#talk").is_visible()
    assert not page.locator("#reply textarea").is_visible()
    assert not page.get_by_role("button", name="Send reply").is_visible()
