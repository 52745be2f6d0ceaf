"""A warranty made void, appealed and given back in a real browser: two widths, two themes, nothing that axe finds."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tenancy.context import database_now, work_unit
from tests.contracts.deals import STAFF, ago, warranty
from tests.contracts.voids import OPENED
from tests.looking import examine_every_look
from tests.world import World

pytestmark = pytest.mark.browser


def sent(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()
    page.wait_for_load_state("networkidle")


def test_from_the_proposal_to_the_answer(visit: Any, lasting_world: World) -> None:
    component = lasting_world.components["acme"]
    with work_unit(STAFF):
        now = database_now()
    warranty(component, ago(now, 100), ago(now, -200))
    url = f"/components/{component.pk}/"

    page = visit(url, "marek")
    page.get_by_role("link", name="Make void…").click()
    page.get_by_label("Tampering").check()
    page.get_by_label("What happened?").fill(OPENED["reason"])
    sent(page, "Propose it")
    expect(page.get_by_role("link", name="Say where the evidence lies")).to_be_visible()
    examine_every_look(page)
    page.get_by_label("Where is the evidence?").fill(OPENED["evidence"])
    sent(page, "Propose it")
    expect(page.get_by_text("Marek Test proposes to make it void")).to_be_visible()
    examine_every_look(page)

    page = visit("/components/", "cora")
    page.get_by_role("link", name="Open the list").click()
    examine_every_look(page)
    page.get_by_role("link", name="Confirm").click()
    examine_every_look(page)
    sent(page, "Make it void")

    page = visit(url, "ana")
    expect(page.get_by_text("You can appeal until")).to_be_visible()
    examine_every_look(page)
    page.get_by_role("link", name="Appeal", exact=True).click()
    page.get_by_label("Why should the warranty hold?").fill("A courier opened it.")
    examine_every_look(page)
    sent(page, "Send the appeal")
    expect(page.get_by_text("A manager at roZoom answers.")).to_be_visible()

    page = visit("/warranties/void/", "duty")
    page.get_by_role("link", name="Answer the appeal").click()
    page.get_by_label("Give the warranty back").check()
    examine_every_look(page)
    sent(page, "Answer")
    expect(page.get_by_text("gave it back after an appeal")).to_be_visible()
    examine_every_look(page)
