"""Held mail, taking addresses back and one-click stop in a real browser, by keyboard where a desk works by keyboard."""

import re
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from notifications.expansion import expand
from notifications.wishes import WISHES, stop_url
from tests.looking import examine_every_look
from tests.mail.corpus.case import PDF
from tests.mail.post import WORKER, letter, receive
from tests.portal.conftest import browser, visit
from tests.world import World, ensure_context, message, ticket
from tickets.models import IncomingMail

__all__ = ["browser", "visit"]
pytestmark = pytest.mark.browser
Visit = Callable[..., Page]
STRANGER = "Jo Stranger <jo.stranger-with-a-rather-long-address@elsewhere-and-far-away.example>"
FREE = "all => all.at(-1).getBoundingClientRect().left - all.at(-2).getBoundingClientRect().right"
LONG = (
    "Emergency-stop-circuit-of-the-second-lift-resets-by-itself-after-a-minute although nobody touched the key switch"
)


def outcome_of(mail: IncomingMail) -> str:
    with ensure_context(WORKER):
        return str(IncomingMail.objects.get(pk=mail.pk).outcome)


def with_everything() -> EmailMessage:
    """Words, words below them, a form in HTML and files."""
    mail = letter(STRANGER, LONG, "It happened again.\n\nOn 23/11/2026 14:05, roZoom Support wrote:\n> Which lift?\n")
    html = "<h2>It happened again</h2><table><tr><td>Lift</td><td>2</td></tr></table><p>See <a href='https://a.example/x'>log</a></p>"
    mail.add_alternative(html, subtype="html")
    mail.add_attachment(PDF, maintype="application", subtype="pdf", filename=f"{'report-' * 12}.pdf")
    return mail


def test_held_mail_is_released_and_dropped_by_keys(lasting_world: World, visit: Visit) -> None:
    world = lasting_world
    filed = ticket(world)
    known = receive(
        letter("Ilse <ilse@test.example>", f"Re: [{filed.reference}]", to=f"support+{'a' * 26}@rozoom.example")
    )
    strange = receive(with_everything())
    spam = receive(letter(STRANGER, "Win a lift"))
    assert [mail.outcome for mail in (known, strange, spam)] == ["held"] * 3
    page: Any = visit("/desk/mail/", "marek")
    examine_every_look(page, "list")
    page.keyboard.press("j")
    page.keyboard.press("o")
    # what is known has its place already: one key
    page.wait_for_url(re.compile(f"/desk/mail/{known.pk}/$"))
    page.keyboard.press("r")
    page.wait_for_url(re.compile(f"/desk/mail/{strange.pk}/$"))
    expect(page.get_by_text(f"Released into {filed.reference}.")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 900})
    assert page.locator(".top-in > *").evaluate_all(FREE) >= 40, "the head stands in one row, also with a longer name"
    assert outcome_of(known) == "message_added"
    # a stranger's has none: the key goes to the field, Enter releases
    for summary in page.locator("details > summary").all():
        summary.click()
    examine_every_look(page, "strange, unfolded")
    page.keyboard.press("r")
    expect(page.get_by_label("Customer of a new ticket")).to_be_focused()
    page.keyboard.type("Nobody Inc")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No customer has this code or name").first).to_be_visible()
    expect(page.get_by_label("Customer of a new ticket")).to_have_value("Nobody Inc")
    examine_every_look(page, "errors")
    page.get_by_label("Customer of a new ticket").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("SOLO")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"/desk/mail/{spam.pk}/$"))
    assert outcome_of(strange) == "ticket_created"
    # spam is dropped with one key, and the list is empty
    page.keyboard.press("d")
    page.wait_for_url(re.compile("/desk/mail/$"))
    assert outcome_of(spam) == "dropped"
    expect(page.get_by_text("Nothing is held")).to_be_visible()
    examine_every_look(page, "empty")
    page.get_by_role("link", name="Dropped").click()
    page.get_by_role("link", name="Win a lift").click()
    expect(page.locator("#main").get_by_text("Marek Test", exact=True)).to_be_visible()
    page.goto(page.url.replace(f"/{spam.pk}/", f"/{strange.pk}/"))
    expect(page.get_by_role("button", name="Release into a ticket")).to_have_count(0)


def test_addresses_are_taken_back_and_mails_stopped(lasting_world: World, visit: Visit) -> None:
    world = lasting_world
    filed = ticket(world)
    desk: Any = visit(f"/desk/tickets/{filed.reference}/reply-addresses/", "marek")
    expect(desk.get_by_text("Nobody can answer this ticket by mail now")).to_be_visible()
    message(world, filed)
    message(world, filed, "ilse", "To all")
    expand(seconds=5)
    desk.get_by_role("link", name="Back to the ticket").click()
    desk.get_by_role("main").get_by_text("More", exact=True).click()
    desk.get_by_role("link", name="Take back reply addresses").click()
    desk.get_by_label("ilse@test.example").check()
    desk.get_by_role("button", name="Take back").click()
    expect(desk.get_by_text("Say in a few words why").first).to_be_visible()
    expect(desk.get_by_label("ilse@test.example")).to_be_checked()
    examine_every_look(desk, "why")
    desk.get_by_label("Why?").fill("It was sent on to a mailing list")
    desk.get_by_role("button", name="Take back").click()
    expect(desk.get_by_text("The reply addresses of ilse@test.example were taken back")).to_be_visible()
    page: Any = visit("/settings/notices/", "dirk")
    examine_every_look(page, "mails")
    page.get_by_role("link", name="Take back my reply addresses").click()
    examine_every_look(page, "own")
    page.get_by_label("Why?").fill("My phone was stolen")
    page.get_by_role("button", name="Take back all").click()
    expect(page.get_by_text(re.compile("reply address(es)? (was|were) taken back"))).to_be_visible()
    stop = stop_url(world.dirk.person_id, WISHES["messages"])
    page.goto(page.url.split("/settings/")[0] + stop[stop.index("/notices/") :])
    examine_every_look(page, "stop")
    page.get_by_role("button", name="Stop these mails").click()
    expect(page.get_by_role("heading", name="You get no more of these mails")).to_be_visible()
    page.get_by_role("button", name="Mail it to me again").click()
    expect(page.get_by_role("heading", name="Stop these mails?")).to_be_visible()
    page.goto(page.url[:-8] + "abc/")
    expect(page.get_by_role("heading", name="This link does not work")).to_be_visible()
