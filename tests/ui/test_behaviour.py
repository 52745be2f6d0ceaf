"""What the scripts add: drafts, failed sends, focus, keys. In a real browser against a real server."""

import pytest

from tests.ui import urls

pytestmark = pytest.mark.browser
FOCUS = "document.activeElement.id"


def wait(page, expression: str) -> None:
    """Playwright's own wait_for_function evaluates text in the page, which our policy refuses."""
    for _ in range(50):
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never true: {expression}")


def test_a_draft_is_saved_after_two_seconds_of_rest(open_page):
    page = open_page("/page/")
    page.locator("#text").press_sequentially("Line 3 stands still")
    page.wait_for_timeout(1000)
    assert urls.received == []
    page.locator("[data-saved]", has_text="Saved ").wait_for(timeout=4000)
    assert urls.received == [{"text": "Line 3 stands still"}]


def test_a_draft_that_cannot_be_saved_survives_in_the_tab(open_page):
    page = open_page("/page/")
    urls.failing.add("draft")
    page.fill("#text", "typed while the server was down")
    page.locator("[data-saved]", has_text="This tab keeps your text").wait_for(timeout=4000)
    page.fill("#text", "")
    page.reload()
    assert page.input_value("#text") == "typed while the server was down"
    urls.failing.clear()
    page.reload()
    page.locator("[data-saved]", has_text="Saved ").wait_for(timeout=4000)
    assert {"text": "typed while the server was down"} in urls.received
    assert page.evaluate("Object.keys(sessionStorage).filter(key => key.startsWith('draft:'))") == []


@pytest.mark.parametrize("arrives, text", [(True, ""), (False, "typed without a server")])
def test_a_kept_text_goes_when_it_has_been_sent_and_not_before(open_page, arrives, text):
    page = open_page("/page/")
    urls.failing.update({"draft"} if arrives else {"draft", "send"})
    page.fill("#text", "typed without a server")
    page.locator("[data-saved]", has_text="This tab keeps your text").wait_for(timeout=4000)
    page.click("#live-send")
    page.locator("#talk article" if arrives else "#send-failed[role]:not([hidden])").wait_for()
    page.reload()
    assert page.input_value("#text") == text


def copies(page) -> list[str]:
    return page.evaluate("Object.keys(sessionStorage).filter(key => key.startsWith('draft:'))")


def send_whole(page, how: str) -> None:
    """Two texts, sent before either was saved."""
    page.fill("#subject", "Line 3")
    page.fill("#story", "It stands still")
    with page.expect_navigation():
        page.click(f"#post-{how}")


@pytest.mark.parametrize("how", ["sign-in", "400", "403", "404", "500"])
def test_a_text_that_did_not_arrive_comes_back(open_page, how):
    """Also when one goes on from the page that said so, and did not go back."""
    page = open_page("/page/")
    urls.failing.add("draft")
    send_whole(page, how)
    page.goto(page.url.split("/p")[0] + "/styleguide/")
    page.goto(page.url.split("/styleguide")[0] + "/page/")
    assert [page.input_value("#subject"), page.input_value("#story")] == ["Line 3", "It stands still"]


def test_of_texts_that_arrived_no_copy_is_left(open_page):
    page = open_page("/page/")
    urls.failing.add("draft")
    page.fill("#subject", "older words")
    page.locator("#whole [data-saved]", has_text="This tab keeps your text").wait_for(timeout=4000)
    send_whole(page, "done")
    assert copies(page) == []
    assert [page.input_value("#subject"), page.input_value("#story")] == ["", ""]


def test_a_refusal_that_htmx_shows_is_no_arrival(open_page):
    page = open_page("/page/")
    urls.failing.add("draft")
    page.evaluate(
        "document.querySelector('#live').insertAdjacentHTML('beforeend', '<input type=hidden name=refuse value=1>')"
    )
    page.fill("#text", "refused, not lost")
    page.click("#live-send")
    page.locator("[data-error-summary]").wait_for()
    page.reload()
    assert page.input_value("#text") == "refused, not lost"


def test_a_second_click_sends_nothing(open_page):
    page = open_page("/page/")
    page.fill("#plain-text", "once")
    with page.expect_navigation():
        page.evaluate(
            """() => { const button = document.querySelector("#plain-send")
            button.click(); button.click()
            setTimeout(() => { sessionStorage.label = button.textContent; button.click() }, 600) }"""
        )
    assert page.evaluate("sessionStorage.label") == "Sending…"
    assert len(urls.received) == 1


def test_a_failed_send_keeps_the_text_and_offers_to_try_again(open_page):
    page = open_page("/page/")
    urls.failing.add("send")
    page.fill("#text", "do not lose me")
    page.click("#live-send")
    bar = page.locator("#send-failed")
    bar.wait_for()
    assert "Not sent. Your text is saved." in bar.text_content()
    assert page.input_value("#text") == "do not lose me"
    with page.expect_response("**/empty/"):
        page.evaluate("htmx.trigger('#poll', 'poll')")
    page.wait_for_timeout(200)
    assert bar.is_visible(), "a poll that gets through dismisses nothing"
    urls.failing.clear()
    bar.locator("[data-retry]").click()
    page.locator("#talk article").wait_for()
    assert [sent["text"] for sent in urls.received] == ["do not lose me"]
    assert not bar.is_visible()


def test_a_poll_that_fails_disturbs_nobody(open_page):
    page = open_page("/page/")
    page.context.set_offline(True)
    page.evaluate("htmx.trigger('#poll', 'poll')")
    page.wait_for_timeout(500)
    assert not page.locator("#send-failed").is_visible()


def test_a_lost_connection_says_so(open_page):
    page = open_page("/page/")
    page.context.set_offline(True)
    page.click("#live-send")
    page.locator("#send-failed", has_text="Check your connection").wait_for()


def test_htmx_sends_the_token_and_focus_goes_to_the_new_message(open_page):
    page = open_page("/page/")
    page.fill("#text", "hello")
    page.click("#live-send")
    page.locator("#talk article").wait_for()
    assert urls.received[0]["token"]
    wait(page, "document.activeElement.textContent.startsWith('Message')")


def test_errors_from_the_server_take_the_focus_and_the_title(open_page):
    page = open_page("/page/")
    page.click("#refuse-send")
    page.locator("[data-error-summary]").wait_for()
    wait(page, "document.activeElement.matches('[data-error-summary]')")
    assert page.title() == "Error: Behaviour – roZoom Support"
    page.locator("[data-error-summary] a").click()
    assert page.evaluate(FOCUS) == "text"


def test_a_row_that_goes_gives_its_focus_to_the_next(open_page):
    page = open_page("/page/")
    page.focus("#gone-1")
    page.keyboard.press("Enter")
    page.locator("#r1").wait_for(state="detached")
    wait(page, "document.activeElement.getAttribute('href') === '#r2'")


def test_the_servers_time_on_an_answer_moves_the_clock(open_page):
    page = open_page("/page/")
    assert "s" in page.locator(".clock-text").text_content()
    page.click("#gone-1")
    page.locator(".clock-text", has_text="Overdue by 1 h").wait_for(timeout=3000)


def test_files_are_listed_and_large_ones_named_at_once(open_page):
    page = open_page("/page/")
    files = [{"name": f"{n}.txt", "mimeType": "text/plain", "buffer": b"x" * n} for n in (10, 20, 2000)]
    page.set_input_files("#files", files)
    said = page.locator("[data-chosen=files] li").all_text_contents()
    assert said == ["Choose at most 2 files", "10.txt, 1 kB", "20.txt, 1 kB", "2000.txt must be smaller than 1 kB"]


def test_a_message_goes_when_it_is_dismissed_and_not_before(open_page):
    page = open_page("/page/")
    page.wait_for_timeout(300)
    assert page.locator("#told").is_visible()
    page.click("#dismiss")
    assert page.locator("#told").count() == 0


@pytest.mark.parametrize(
    "keys, focus",
    [("j", "#r1"), ("jj", "#r2"), ("jjjjj", "#r3"), ("jjk", "#r1")],
)
def test_keys_walk_through_the_rows(open_page, keys, focus):
    page = open_page("/page/")
    for key in keys:
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.getAttribute('href')") == focus


def test_a_key_opens_the_row(open_page):
    page = open_page("/page/")
    for key in ("j", "j", "o"):
        page.keyboard.press(key)
    assert page.url.endswith("#r2")


def test_a_key_presses_the_control_that_shows_it(open_page):
    page = open_page("/page/")
    page.evaluate("document.querySelector('#reply-button').addEventListener('click', () => { window.pressed = true })")
    page.keyboard.press("r")
    assert page.evaluate("window.pressed")
    assert page.get_attribute("#reply-button", "aria-keyshortcuts") == "r"
    page.keyboard.press("g")
    assert page.locator("#status").text_content() == "g …"
    page.keyboard.press("q")
    assert page.url.endswith("#there")


def test_a_sequence_ends_by_itself(open_page):
    page = open_page("/page/")
    page.keyboard.press("g")
    page.wait_for_timeout(1700)
    assert page.locator("#status").text_content() == ""
    page.keyboard.press("q")
    assert not page.url.endswith("#there")


def test_letters_typed_in_a_field_are_letters(open_page):
    page = open_page("/page/")
    page.focus("#text")
    page.keyboard.type("j r n g q ?")
    assert page.input_value("#text") == "j r n g q ?"
    assert page.locator("dialog[open]").count() == 0
    assert not page.url.endswith("#there")


def test_control_enter_sends_and_escape_leaves_the_composer(open_page):
    page = open_page("/page/")
    page.focus("#text")
    page.keyboard.type("quick")
    page.keyboard.press("Control+Enter")
    page.locator("#talk article").wait_for()
    page.focus("#text")
    page.keyboard.press("Escape")
    assert page.evaluate(FOCUS) != "text"
    assert page.input_value("#text") == "quick"


@pytest.mark.parametrize("keys, focused", [("?", "BUTTON"), ("Control+k", "INPUT")])
def test_the_sheet_names_every_key_and_runs_it(open_page, keys, focused):
    page = open_page("/page/")
    page.focus("#reply-button")
    page.keyboard.press(keys)
    sheet = page.locator("dialog[open]")
    assert page.evaluate("document.activeElement.tagName") == focused
    listed = sheet.locator("li").all_text_contents()
    assert {"Queuegq", "Replyr"} <= set(listed)
    assert listed[-3:] == ["Next rowj", "Previous rowk", "Open the rowo"]
    page.keyboard.press("Escape")
    assert sheet.count() == 0
    assert page.evaluate(FOCUS) == "reply-button"
    page.keyboard.press("Control+k")
    page.keyboard.type("queue")
    page.keyboard.press("Enter")
    page.wait_for_url("**/page/#there", timeout=3000)


def test_keys_that_are_off_do_nothing(open_page):
    page = open_page("/page/?keys=off")
    for key in ("j", "r", "?"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement === document.body")
    assert page.locator("dialog[open]").count() == 0


def test_a_menu_closes_with_escape_and_gives_the_focus_back(open_page):
    page = open_page("/styleguide/")
    page.evaluate("document.querySelector('main details.menu').setAttribute('data-menu', '')")
    summary = page.locator("main details.menu summary")
    here = page.url
    summary.click()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    assert not page.locator("main details.menu[open]").count()
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    assert page.url == here


def test_the_error_page_asks_for_nothing_else(open_page):
    page = open_page("/boom/")
    assert page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)") == []
    assert [said for said in page.complaints if "500" not in said] == []
    assert page.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") == "576px"
    assert "a1b2c3" in page.locator("main").text_content()
