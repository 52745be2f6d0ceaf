"""The bell and its page in a real browser: two tabs, the look, a count that moves nothing."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from notifications.expansion import expand
from notifications.models import Notice
from tenancy.context import work_unit
from tests.desk.test_browser import SHIFTS
from tests.looking import examine_every_look
from tests.notifications.outbox import WORKER
from tests.world import World, message, ticket

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]
LONG = (
    "Emergency-stop-circuit-of-the-second-lift-resets-by-itself-after-a-minute although nobody touched the key switch"
)


def ask(page: Page) -> None:
    with page.expect_response(re.compile("/notices/bell/")):
        page.evaluate("htmx.trigger(document.getElementById('bell-poll'), 'rozoom:poll')")
    page.wait_for_timeout(100)


@pytest.fixture
def written(lasting_world: World) -> Callable[[int], None]:
    """written(2): our people answer twice, and the reporter is told."""
    on = ticket(lasting_world, subject=LONG)
    expand(seconds=5)

    def write(times: int) -> None:
        for number in range(times):
            message(lasting_world, on, body=f"Answer {number}")
        expand(seconds=5)

    return write


def test_what_is_read_in_one_tab_lowers_the_bell_of_the_other(
    lasting_world: World, written: Callable[[int], None], visit: Visit
) -> None:
    written(2)
    message(lasting_world, ticket(lasting_world, subject="Another lift"))
    expand(seconds=5)
    first: Any = visit("/home/", "ilse")
    expect(first.locator("#bell-n")).to_have_text("3")
    second = first.context.new_page()
    second.goto(first.url.replace("/home/", "/notices/"))
    expect(second.locator("#bell-words")).to_have_text("3 unread notices")
    expect(second.locator(".told-new")).to_have_count(3)
    second.locator(".told-link").last.click()
    second.wait_for_url(re.compile("/tickets/ACME-"))
    expect(second.locator("#bell-n")).to_have_text("1")  # the ticket's page reads both that are about it
    expect(first.locator("#bell-words")).to_have_text("1 unread notice")  # at once: the other tab said so
    expect(first.locator("#status")).to_have_text("")  # fewer is no news
    second.goto(first.url.replace("/home/", "/notices/"))
    second.get_by_role("button", name="Mark all as read").click()
    expect(second.locator(".told-new")).to_have_count(0)
    expect(first.locator("#bell-words")).to_have_text("No unread notices")
    expect(first.locator("#bell-n")).not_to_be_visible()
    assert first.complaints == []


@pytest.mark.parametrize("width", [375, 1280])
def test_a_new_notice_moves_nothing_and_speaks_once(written: Callable[[int], None], visit: Visit, width: int) -> None:
    page = visit("/home/", "ilse", width=width)
    page.evaluate(SHIFTS)
    bell = page.locator(".bell")
    bell.focus()
    written(1)
    ask(page)
    expect(page.locator("#bell-n")).to_have_text("1")
    expect(page.locator("#status")).to_have_text("1 unread notice")
    page.keyboard.press("Escape")
    written(1)
    ask(page)
    expect(page.locator("#bell-n")).to_have_text("2")
    expect(page.locator("#status")).to_have_text("")
    expect(bell).to_be_focused()
    expect(bell).to_have_accessible_name("2 unread notices")
    assert page.evaluate("window.shifts") == []


@pytest.mark.parametrize("who", ["ilse", "marek"])
def test_the_page_fits_and_axe_finds_nothing(
    lasting_world: World, written: Callable[[int], None], visit: Visit, who: str
) -> None:
    written(3)
    ticket(lasting_world, severity=1, subject=LONG)
    expand(seconds=5)
    with work_unit(WORKER) as unit:
        newest = Notice.objects.order_by("-id").values_list("pk", flat=True)[:1]
        Notice.objects.filter(pk__in=list(newest)).update(read_at=unit.now)
    page = visit("/notices/", who)
    expect(page.locator(".told").first).to_be_visible()
    examine_every_look(page, "/notices/")
    bell = page.locator(".bell").bounding_box()
    assert min(bell["width"], bell["height"]) >= 44
    assert page.complaints == []


def test_settings_have_a_bell_that_counts_after_the_page_is_there(written: Callable[[int], None], visit: Visit) -> None:
    written(1)
    page = visit("/settings/", "ilse")
    expect(page.locator("#bell-words")).to_have_text("1 unread notice")
    expect(page.locator("#status")).to_have_text("")


def test_without_javascript_the_bell_counts_with_the_page(written: Callable[[int], None], visit: Visit) -> None:
    written(1)
    page = visit("/home/", "ilse", java_script_enabled=False)
    expect(page.locator("#bell-n")).to_have_text("1")
    page.locator(".bell").click()
    page.get_by_role("button", name="Mark all as read").click()
    expect(page.locator("#bell-words")).to_have_text("No unread notices")


def test_a_poll_of_a_customers_page_takes_nobody_away_who_was_signed_out(
    written: Callable[[int], None], visit: Visit
) -> None:
    page = visit("/tickets/", "ilse")
    before = page.url
    page.context.clear_cookies()
    with page.expect_response(lambda answer: answer.status == 401):
        page.evaluate("htmx.trigger(document.getElementById('bell-poll'), 'rozoom:poll')")
    page.wait_for_timeout(300)
    assert page.url == before
