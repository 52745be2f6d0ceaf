"""The pages of webhooks and of mail settings in a real browser, in all four looks, with everything that can stand on them."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from notifications.expansion import expand
from notifications.webhooks.sending import send
from tests.looking import examine_every_look
from tests.notifications.webhooks.conftest import let_time_pass
from tests.notifications.webhooks.receiver import Receiver
from tests.portal.conftest import browser, visit
from tests.world import World, message, ticket

__all__ = ["browser", "visit"]
pytestmark = pytest.mark.browser
Visit = Callable[..., Page]


def test_an_administrator_sets_a_webhook_up_and_sees_what_becomes_of_it(
    lasting_world: World, visit: Visit, receiver: Receiver
) -> None:
    page: Any = visit("/webhooks/", "ana")
    examine_every_look(page, "empty")
    page.get_by_role("link", name="Make a webhook").first.click()
    page.get_by_role("button", name="Make webhook").click()
    expect(page).to_have_title("Error: Make a webhook – roZoom Support")
    examine_every_look(page, "errors")
    page.get_by_label("Address of your program").fill(
        f"{receiver.url}/a-rather-long-path-to-see-whether-it-breaks-lines"
    )
    page.get_by_label("What is it?").fill("Maintenance system, plant 2")
    page.get_by_label("A ticket is filed").check()
    page.get_by_label("Somebody writes a message").check()
    page.get_by_role("button", name="Make webhook").click()
    expect(page.locator("#secret")).to_contain_text("whsec_")
    examine_every_look(page, "secret")
    with page.expect_navigation():
        page.get_by_role("link", name="I have copied it").click()
    receiver.answer = lambda got: (500, {}, b"NullPointerException in a program of yours")
    filed = ticket(lasting_world)
    message(lasting_world, filed)
    expand(seconds=5)
    send(seconds=2)
    page.reload()
    expect(page.get_by_text("Tried 1 time")).to_be_visible()
    examine_every_look(page, "failing")
    receiver.answer = lambda got: (200, {}, b"")
    let_time_pass()
    send(seconds=2)
    with page.expect_navigation():
        page.get_by_role("button", name="Send a test").click()
    send(seconds=2)
    page.reload()
    expect(page.get_by_text("Delivered")).to_have_count(3)
    examine_every_look(page, "works")
    page.get_by_role("link", name="ticket.filed").click()
    expect(page.get_by_text("Answered 500")).to_be_visible()
    examine_every_look(page, "delivery")
    page.go_back()
    with page.expect_navigation():
        page.get_by_role("link", name="Make a new secret").click()
    examine_every_look(page, "confirm")
    page.go_back()
    with page.expect_navigation():
        page.get_by_role("button", name="Switch off").click()
    receiver.answer = lambda got: (410, {}, b"")
    with page.expect_navigation():
        page.get_by_role("button", name="Switch on").click()
    ticket(lasting_world)
    expand(seconds=5)
    send(seconds=2)
    page.reload()
    expect(page.get_by_text("We switched it off")).to_be_visible()
    examine_every_look(page, "dead")
    page.goto(page.url.split("/webhooks/")[0] + "/webhooks/")
    examine_every_look(page, "list")
    page.goto(page.url.replace("/webhooks/", "/api/docs/webhooks/"))
    examine_every_look(page, "guide")


def test_people_choose_which_mails_they_get(lasting_world: World, visit: Visit) -> None:
    page: Any = visit("/settings/notices/", "marek")
    group = page.get_by_role("group", name="A ticket is given to you")
    group.get_by_label("Once a day").check()
    examine_every_look(page, "mails")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    expect(group.get_by_label("Once a day")).to_be_checked()
