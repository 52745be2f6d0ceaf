"""The desk in a real browser: widths, themes, accessibility, keys, and a list that does not move under the hand."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from playwright.sync_api import Page, expect

from tests.desk.reading import clock, filed_ago, fresh, stored
from tests.looking import axe, examine_every_look, poll_soon
from tests.world import World, message, ticket
from tickets.files import check_files
from tickets.models import Ticket

pytestmark = pytest.mark.browser
Visit = Callable[..., Page]
LONG = (
    "Emergency-stop-circuit-of-the-second-lift-resets-by-itself-after-a-minute although nobody touched the key switch"
)


def url(filed: Ticket, more: str = "") -> str:
    return f"/desk/tickets/{filed.reference}/{more}"


def order(page: Page) -> list[str]:
    return page.locator("[data-row]").evaluate_all("rows => rows.map(row => row.id.slice(2))")


def ask(page: Page, id_: str = "poll") -> None:
    """Let the poll ask now, and wait for its answer."""
    with page.expect_response(re.compile("/changes/|/live/|/desk/alerts/")):
        page.evaluate(f"htmx.trigger(document.getElementById('{id_}'), 'rozoom:poll')")
    page.wait_for_timeout(100)


@pytest.fixture
def furnished(lasting_world: World) -> dict[str, Ticket]:
    """A desk with something in every corner."""
    world = lasting_world
    late, soon, calm = filed_ago(world, [4.5, 3.6, 0.5], component=world.components["acme"])
    one = ticket(world, severity=1, subject=LONG, severity_doubt="We think that the other line is next.")
    file = SimpleUploadedFile("display-of-the-controller.txt", b"E-41", "text/plain")
    message(world, calm, body="Please measure at **X4**.\n\n- pin 1\n- pin 3", files=check_files([file]))
    message(world, calm, "ilse", "It moves again.\n\n> Please measure")
    message(world, calm, body="Batch of 2024.", kind="internal")
    message(world, calm, body="Can you drive there?", kind="partner")
    ended = ticket(world, subject="Solved")
    stored(ended, state="RESOLVED", resolution="New cable.", resolved_at=clock(), clock_due_at=None)
    return {"late": late, "soon": soon, "calm": calm, "one": one, "ended": ended}


# Look


def test_every_page_fits_and_axe_finds_nothing(furnished: dict[str, Ticket], visit: Visit) -> None:
    calm, one = furnished["calm"], furnished["one"]
    paths = [
        *(
            "/desk/",
            "/desk/?view=mine",
            "/desk/?view=ended",
            "/desk/?severity=2&customer=acme&q=fault",
            "/desk/?customer=zzz",
        ),
        *(url(calm), url(one), url(furnished["ended"]), url(calm, "why/"), url(calm, "assign/")),
        *(url(calm, f"?compose={kind}") for kind in ("public", "partner", "internal")),
        *(url(calm, f"move/{move}/") for move in ("wait", "resolve", "withdraw")),
        *(url(calm, "merge/"), url(calm, f"merge/?into={one.reference}")),
    ]
    page = visit("/desk/", "marek")
    root = page.url.removesuffix("/desk/")
    for path in paths:
        page.goto(root + path)
        assert page.locator("#status").inner_text() == "", path
        examine_every_look(page, path)


def test_an_error_is_as_good_a_page(furnished: dict[str, Ticket], visit: Visit) -> None:
    page = visit(url(furnished["calm"], "?compose=public"), "marek")
    page.locator(".composer button.btn-primary").click()
    expect(page.locator("[data-error-summary]")).to_be_focused()
    assert page.title().startswith("Error: ")
    examine_every_look(page, "error")


def test_nothing_moves_by_itself(furnished: dict[str, Ticket], visit: Visit) -> None:
    """All four are open at once: the four seconds in which nothing may move are the same for them."""
    begin = """() => { window.sum = 0
        new PerformanceObserver(list => { for (const one of list.getEntries()) window.sum += one.value })
          .observe({ type: 'layout-shift', buffered: true }) }"""
    pages = [visit(path, "marek", width=width) for path in ("/desk/", url(furnished["one"])) for width in (375, 1280)]
    for page in pages:
        page.evaluate(begin)
    pages[-1].wait_for_timeout(4000)
    assert max(page.evaluate("window.sum") for page in pages) <= 0.02


def test_no_stop_of_the_tab_key_is_covered(furnished: dict[str, Ticket], visit: Visit) -> None:
    page = visit(url(furnished["calm"]), "marek")
    covered = """() => { const at = document.activeElement, box = at.getBoundingClientRect()
        if (at === document.body) return null
        const points = [[.5, .5], [.1, .5], [.9, .5], [.5, .1], [.5, .9]]
        const seen = points.some(([x, y]) => {
          const hit = document.elementFromPoint(box.left + box.width * x, box.top + box.height * y)
          return hit && (at.contains(hit) || hit.contains(at) || hit.closest('label')?.control === at) })
        return seen ? '' : at.outerHTML.slice(0, 90) }"""
    stops = []
    for _ in range(70):
        page.keyboard.press("Tab")
        stop = page.evaluate(covered)
        if stop is None:
            break
        stops.append(stop)
    assert len(stops) > 20
    assert [stop for stop in stops if stop] == []


# Keys


def test_keys_walk_the_list_and_open_a_ticket(furnished: dict[str, Ticket], visit: Visit) -> None:
    page = visit("/desk/?customer=ACME", "marek")
    rows = order(page)
    assert rows[:2] == [furnished["late"].reference, furnished["soon"].reference]
    page.keyboard.press("j")
    expect(page.locator(f"#a-{rows[0]}")).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator(f"#a-{rows[1]}")).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator(f"#a-{rows[0]}")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"/tickets/{rows[1]}/\\?customer=ACME"))
    page.keyboard.press("j")
    page.wait_for_url(re.compile(f"/tickets/{rows[2]}/\\?customer=ACME"))
    page.keyboard.press("k")
    page.wait_for_url(re.compile(f"/tickets/{rows[1]}/\\?customer=ACME"))
    page.keyboard.press("u")
    page.wait_for_url(re.compile(r"/desk/\?customer=ACME$"))


def test_keys_open_a_composer_and_letters_typed_there_are_letters(furnished: dict[str, Ticket], visit: Visit) -> None:
    page = visit(url(furnished["calm"]), "marek")
    assert page.locator("textarea").count() == 0
    for key, title in (("r", "Reply"), ("n", "Internal note"), ("p", "Partner note")):
        page.keyboard.press(key)
        area = page.locator("textarea")
        expect(area).to_be_focused()
        expect(page.locator("#composer-title")).to_have_text(title)
        page.keyboard.type("j r n p g q ?")
        expect(area).to_have_value("j r n p g q ?")
        assert page.locator("dialog[open]").count() == 0
        page.keyboard.press("Escape")
        expect(area).not_to_be_focused()
        page.locator(".composer a.btn-quiet").click()
        expect(page.locator("textarea")).to_have_count(0)


def test_keys_reach_search_views_and_deeds(furnished: dict[str, Ticket], visit: Visit) -> None:
    page = visit("/desk/", "marek")
    page.keyboard.press("/")
    expect(page.locator("#f_q")).to_be_focused()
    page.keyboard.press("Tab")
    page.locator("h1").click()
    for keys, query in (("g m", "mine"), ("g u", "unassigned"), ("g o", "overdue")):
        for key in keys.split():
            page.keyboard.press(key)
        page.wait_for_url(re.compile(rf"\?view={query}$"))
    page.keyboard.press("g")
    page.keyboard.press("n")
    page.wait_for_url(re.compile(f"/tickets/{furnished['late'].reference}/"))
    assert fresh(furnished["late"]).assignee_name == "Marek Test"
    page.keyboard.press("a")
    page.wait_for_url(re.compile("/assign/"))


def test_who_turned_keys_off_types_nothing_by_accident(
    furnished: dict[str, Ticket], lasting_world: World, visit: Visit
) -> None:
    person = lasting_world.people["marek"].person
    person.preferences = {"keys": False}
    person.save(update_fields=["preferences"])
    page = visit("/desk/", "marek")
    before = page.url
    for key in "jrngm":
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    assert page.url == before
    assert page.evaluate("document.activeElement === document.body")


# The list


def test_a_filter_keeps_the_focus_and_swaps_only_the_results(furnished: dict[str, Ticket], visit: Visit) -> None:
    page = visit("/desk/", "marek")
    page.evaluate("window.sameDocument = true")
    search = page.locator("#f_q")
    search.click()
    with page.expect_response(re.compile(r"q=gearbox|q=Emergency")):
        page.keyboard.type("Emergency")
    expect(page.locator("[data-row]")).to_have_count(1)
    expect(search).to_be_focused()
    assert search.evaluate("box => box.selectionStart") == len("Emergency")
    assert page.evaluate("window.sameDocument")
    assert page.url.endswith("/desk/?q=Emergency")
    expect(page.locator("#status")).to_have_text("1 ticket")
    search.fill("")
    page.locator("label[for=f_severity_1]").click()
    expect(page.locator("[data-row]")).to_have_count(3)
    expect(page.locator("#f_severity_1")).to_be_focused()
    assert page.url.endswith("/desk/?severity=2")
    page.locator(".chip-on").click()
    expect(page.locator("[data-row]")).to_have_count(4)
    assert page.evaluate("window.sameDocument") is None


def test_the_poll_moves_nothing_until_the_list_is_refreshed(lasting_world: World, visit: Visit) -> None:
    world = lasting_world
    filed = filed_ago(world, [index / 10 for index in range(30, 0, -1)])
    page = visit("/desk/", "marek")
    before = order(page)
    held = page.locator(f"#a-{before[20]}")
    held.focus()
    scrolled = page.evaluate("scrollY")
    assert scrolled > 0
    message(world, filed[0])
    filed_ago(world, [3.5])
    stored(filed[20], assignee_id=world.people["rita"].person_id, assignee_name="Rita Test", version=9)
    for _ in range(2):
        ask(page)
        assert order(page) == before
        assert page.evaluate("scrollY") == scrolled
        expect(held).to_be_focused()
    expect(page.locator(f"#t-{before[20]}")).to_contain_text("Rita Test")
    expect(page.locator(f"#t-{before[0]}")).to_contain_text("No answer due")
    expect(page.locator("#refresh")).to_have_text("2 changes — refresh list")
    page.keyboard.press(".")
    expect(page.locator("[data-row]")).to_have_count(31)
    assert order(page)[-1] == before[0]
    expect(page.locator(f"#a-{before[20]}")).to_be_focused()
    expect(page.locator("#refresh")).to_have_count(0)
    assert page.complaints == []


# What moved by a pixel from now on. A clock that ticks in its own place is reported, too, with the same place twice.
SHIFTS = """() => { window.shifts = []
    const far = ({ previousRect: was, currentRect: is }) => Math.hypot(was.x - is.x, was.y - is.y) >= 1
    new PerformanceObserver(list => { for (const one of list.getEntries())
      window.shifts.push(...one.sources.filter(far).map(source => source.node?.outerHTML?.slice(0, 120) ?? 'gone')) })
      .observe({ type: 'layout-shift' }) }"""


@pytest.mark.parametrize("width", [375, 1280])
def test_a_new_severity_1_appears_and_nothing_moves(lasting_world: World, visit: Visit, width: int) -> None:
    filed_ago(lasting_world, [index / 10 for index in range(30, 0, -1)])
    page = visit("/desk/", "marek", width=width)
    page.evaluate(SHIFTS)
    row = page.locator("[data-row]").nth(5)
    row.locator("a").focus()
    before = row.bounding_box()["y"]
    new = ticket(lasting_world, severity=1, subject=LONG)
    strip = page.locator("#alerts .alert")
    poll_soon(page, "alerts-poll", usually="8")
    expect(strip).to_contain_text(new.reference)
    expect(strip).to_be_in_viewport()
    assert abs(row.bounding_box()["y"] - before) <= 1
    assert page.evaluate("window.shifts") == []
    assert new.reference not in order(page)
    assert axe(page) == []
    strip.locator("button").click()
    expect(strip).to_have_count(0)
    expect(page.locator("#status")).to_have_text(f"{new.reference} is dismissed here. It stays in the list.")
    expect(row.locator("a")).to_be_focused()  # where one was
    assert abs(row.bounding_box()["y"] - before) <= 1
    assert page.evaluate("window.shifts") == []
    page.reload()
    expect(page.locator("[data-row]").first).to_be_visible()
    expect(strip).to_have_count(0)
    assert page.complaints == []


def test_the_poll_asks_by_itself_while_the_page_is_looked_at(lasting_world: World, visit: Visit) -> None:
    filed_ago(lasting_world, [3, 2])
    page = visit("/desk/", "marek")
    poll_soon(page, "poll", usually="20")
    ticket(lasting_world)
    expect(page.locator("#refresh")).to_have_text("1 change — refresh list")


def test_a_list_that_can_not_be_refreshed_says_how_old_it_is(furnished: dict[str, Ticket], visit: Visit) -> None:
    page = visit("/desk/", "marek")
    before = order(page)
    page.route(re.compile("/changes/"), lambda route: route.abort())
    page.evaluate("htmx.trigger(document.getElementById('poll'), 'rozoom:poll')")
    expect(page.locator("#list-old")).to_be_visible()
    expect(page.locator("#list-old")).to_contain_text("List is from")
    assert order(page) == before
    expect(page.locator("#send-failed")).to_be_hidden()
    page.unroute(re.compile("/changes/"))
    ask(page)
    expect(page.locator("#list-old")).to_be_hidden()


# Writing


def test_what_others_do_leaves_my_text_and_caret_alone(
    furnished: dict[str, Ticket], lasting_world: World, visit: Visit
) -> None:
    world, calm = lasting_world, furnished["calm"]
    page = visit(url(calm, "?compose=public#compose_text"), "marek")
    area = page.locator("textarea")
    page.keyboard.type("Please wait a moment")
    area.evaluate("area => area.setSelectionRange(7, 11)")
    message(world, calm, "ilse", "Stop, it moves again.")
    stored(calm, assignee_id=world.people["rita"].person_id, assignee_name="Rita Test")
    ask(page, "live")
    expect(page.locator("#w-owner")).to_contain_text("Rita Test")
    expect(page.locator("#news")).to_contain_text("1 new message — show")
    expect(page.locator("#talk")).not_to_contain_text("Stop, it moves again.")
    expect(area).to_be_focused()
    expect(area).to_have_value("Please wait a moment")
    assert area.evaluate("area => [area.selectionStart, area.selectionEnd]") == [7, 11]
    page.locator("#news a").click()
    expect(page.locator("#talk article").last.locator("h3")).to_be_focused()
    expect(page.locator("#talk")).to_contain_text("Stop, it moves again.")
    area.focus()
    page.keyboard.press("Control+Enter")  # it has been seen, so nothing stops it
    page.wait_for_url(re.compile(r"#m[0-9a-f]{32}$"))
    expect(page.locator("#talk article").last).to_contain_text("Please wait a moment")


def test_sending_puts_the_focus_on_the_new_message_and_says_so(furnished: dict[str, Ticket], visit: Visit) -> None:
    page = visit(url(furnished["one"], "?compose=public#compose_text"), "marek")
    page.keyboard.type("We are on our way.")
    page.keyboard.press("Control+Shift+Enter")
    page.wait_for_url(re.compile(r"#m[0-9a-f]{32}$"))
    expect(page.locator("#talk article").last.locator("h3")).to_be_focused()
    expect(page.locator("#status")).to_have_text("Reply sent")
    assert "sent=" not in page.url
    assert fresh(furnished["one"]).state == "WAITING"
    page.reload()
    page.wait_for_timeout(300)
    expect(page.locator("#status")).to_have_text("")


def test_a_stopped_reply_keeps_its_text_and_the_poll_leaves_it_alone(
    furnished: dict[str, Ticket], lasting_world: World, visit: Visit
) -> None:
    one = furnished["one"]
    page = visit(url(one, "?compose=public#compose_text"), "marek")
    page.keyboard.type("Restart it.")
    message(lasting_world, one, "ilse", "We did restart it.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-error-summary]")).to_be_focused()
    expect(page.locator("[data-error-summary]")).to_contain_text("Not sent. Ilse Test wrote before your reply.")
    expect(page.locator("#talk")).to_contain_text("We did restart it.")
    area = page.locator("textarea")
    expect(area).to_have_value("Restart it.")
    area.focus()
    page.keyboard.press("End")
    page.keyboard.type(" Then call us.")
    message(lasting_world, one, "rita", "Looks like the relay.", kind="internal")
    ask(page, "live")
    expect(page.locator("#news")).to_contain_text("1 new message")
    expect(area).to_be_focused()
    page.locator(".composer button", has_text="Send anyway to customer and Delta Reseller").click()
    page.wait_for_url(re.compile(r"#m[0-9a-f]{32}$"))
    expect(page.locator("#talk article").last).to_contain_text("Restart it. Then call us.")


def test_a_draft_of_each_kind_survives_changing_the_kind_at_once(furnished: dict[str, Ticket], visit: Visit) -> None:
    page = visit(url(furnished["one"], "?compose=public#compose_text"), "marek")
    page.keyboard.type("For everybody")
    page.locator(".composer a.btn-quiet").click()  # before the two seconds of the autosave are over
    page.locator("a[data-key=n]").click()
    expect(page.locator("textarea")).to_have_value("")
    page.keyboard.type("For us only")
    page.locator(".composer a.btn-quiet").click()
    page.locator("a[data-key=r]").click()
    expect(page.locator("textarea")).to_have_value("For everybody")


def test_a_poll_takes_nobody_away_who_was_signed_out_meanwhile(furnished: dict[str, Ticket], visit: Visit) -> None:
    page = visit(url(furnished["one"], "?compose=internal#compose_text"), "marek")
    page.keyboard.type("Half a thought")
    before = page.url
    page.context.clear_cookies()
    with page.expect_response(lambda answer: answer.status == 401):
        page.evaluate("htmx.trigger(document.getElementById('live'), 'rozoom:poll')")
    page.wait_for_timeout(300)
    assert page.url == before
    expect(page.locator("textarea")).to_have_value("Half a thought")


def test_paper_has_the_conversation_and_nothing_to_press(furnished: dict[str, Ticket], visit: Visit) -> None:
    page = visit(url(furnished["calm"], "?compose=public"), "marek")
    page.emulate_media(media="print")
    paper = page.locator("body").inner_text()
    assert "It moves again." in paper
    assert not [words for words in ("Send reply", "Take", "Assign", "Open next", "Resolve…", "Copy") if words in paper]
    shown = "all => all.filter(one => one.checkVisibility()).map(one => one.outerHTML.slice(0, 80))"
    assert page.locator("button, textarea, input, select").evaluate_all(shown) == []


def test_taking_while_writing_keeps_the_text(furnished: dict[str, Ticket], visit: Visit) -> None:
    page = visit(url(furnished["one"], "?compose=internal#compose_text"), "marek")
    page.keyboard.type("Half a thought")
    page.locator("#w-owner button", has_text="Take").click()
    expect(page.locator("#w-owner")).to_contain_text("Me")
    expect(page.locator("#status")).to_have_text("You have it now.")
    expect(page.locator("textarea")).to_have_value("Half a thought")
    assert fresh(furnished["one"]).assignee_name == "Marek Test"


def test_older_messages_unfold_and_the_first_has_the_focus(lasting_world: World, visit: Visit) -> None:
    filed = ticket(lasting_world)
    for index in range(32):
        message(lasting_world, filed, body=f"Line number {index:02}", kind="internal")
    page = visit(url(filed), "marek")
    page.get_by_role("link", name="Show 16 older messages").click()
    expect(page.locator("#talk article")).to_have_count(33)
    expect(page.locator("#talk article").nth(2).locator("h3")).to_be_focused()


# Without JavaScript


def test_the_desk_works_without_javascript(furnished: dict[str, Ticket], visit: Visit) -> None:
    page: Any = visit("/desk/", "marek", java_script_enabled=False)
    page.locator("#f_q").fill("Emergency")
    page.locator("#filters button").click()
    assert [one.get_attribute("id") for one in page.locator("[data-row]").all()] == [f"t-{furnished['one'].reference}"]
    page.locator(".row-link").click()
    page.locator("#w-owner button").click()
    expect(page.locator("#w-owner")).to_contain_text("Me")
    page.locator(".composer a", has_text="Reply").click()
    page.locator("textarea").fill("On our way.")
    page.locator(".composer button", has_text="Send and wait for customer").click()
    expect(page.locator("#talk")).to_contain_text("On our way.")
    expect(page.locator("#w-state")).to_contain_text("Waiting for customer")
    page.locator("#w-moves button", has_text="Take up again").click()
    expect(page.locator("#w-state")).to_contain_text("With roZoom")
    page.locator("#w-moves a", has_text="Resolve…").click()
    page.locator("textarea").fill("New relay.")
    page.locator("main form button.btn-primary").click()
    expect(page.locator("#w-state")).to_contain_text("Resolved")
