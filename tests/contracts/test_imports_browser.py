"""Imports in a real browser: every page fits and can be read by all, and the page follows the work by itself."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from contracts.imports import running
from contracts.models import BankLine, ImportRun
from tenancy.context import work_unit
from tests.contracts.imports import COMPONENTS, PAYMENTS, STAFF, checked, written
from tests.looking import examine_every_look
from tests.world import World

pytestmark = pytest.mark.browser
SITE = "Acme Lifts main site"
LONG = "A-text-without-any-place-where-it-could-be-broken-into-two-lines-" * 2


@pytest.fixture
def pages(lasting_world: World) -> dict[str, str]:
    """The addresses of everything there is to see."""
    good = "".join(f"ACME,{SITE},DC-7,N-{n},Hall {n},2026-01-15,2028-01-14,\n" for n in range(25))
    bad = f"ACME,{SITE},DC-7,{LONG},=1,,,\nNONE,X,DC-7,A1,,,,\n"
    mixed = checked(lasting_world, "COMPONENTS", COMPONENTS + good + bad)
    refused = checked(lasting_world, "COMPONENTS", "a,b\n")
    written(lasting_world, "PAYMENTS", f"{PAYMENTS}2026-01-01,1.00,EUR,Acme,{LONG},\n")
    with work_unit(STAFF):
        line = BankLine.objects.get()
        waiting = ImportRun.objects.create(
            kind="PRICES", file_name="p.csv", stored_as="imports/x", sha256="0", size=9, created_at=line.run.created_at,
            rows=100_000, done=12_000, lease_until="2099-01-01T00:00Z",
        )  # fmt: skip
    runs = {"mixed": mixed, "refused": refused, "waiting": waiting}
    return {
        "imports": "/imports/",
        "lines": "/imports/payments/",
        "line": f"/imports/payments/{line.pk}/",
        **{name: f"/imports/{run.pk}/" for name, run in runs.items()},
    }


def test_every_page_fits_and_axe_finds_nothing(visit: Any, pages: dict[str, str]) -> None:
    page = visit(pages["imports"], "fin")
    for path in pages.values():
        page.goto(re.sub(r"(https?://[^/]+).*", r"\1", page.url) + path)
        examine_every_look(page)
    expect(page.get_by_role("progressbar")).to_have_accessible_name("12,000 of 100,000 rows")


def test_the_page_shows_the_result_without_being_asked(visit: Any, lasting_world: World, tmp_path: Path) -> None:
    file = tmp_path / "components.csv"
    file.write_text(f"{COMPONENTS}ACME,{SITE},DC-7,N-1,,,,\n", encoding="utf-8")
    page = visit("/imports/", "fin")
    page.get_by_label("Components").check()
    page.get_by_label("CSV file").set_input_files(str(file))
    expect(page.locator("[data-chosen]")).to_contain_text("components.csv")
    page.get_by_role("button", name="Read the file").click()
    expect(page.locator("#run")).to_contain_text("Being read")
    running.work()
    expect(page.locator("#run")).to_contain_text("1 new", timeout=10_000)
    expect(page.locator("#status")).to_have_text("Read, waiting for you")
    page.get_by_role("button", name="Write all rows").click()
    expect(page.locator("#run")).to_contain_text("Waiting to be written")
    running.work()
    expect(page.locator("#run")).to_contain_text("Done", timeout=10_000)
    assert page.locator("#run[data-poll]").count() == 0
    assert page.complaints == []
