"""The pictures of the README and of every page, taken from a running `make demo`.

make screenshots                     the README's pictures into docs/img
make screenshots ARGS="--all DIR"    every page at 375 and 1280 px, light and dark, into DIR
"""

import argparse
import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"375": (375, 812), "1280": (1280, 900)}


def demo() -> dict[str, Any]:
    path = ROOT / "var" / "demo.json"
    if not path.exists():
        raise SystemExit("Nothing to photograph: start the product with `make demo` first.")
    return json.loads(path.read_text())


def person(world: dict[str, Any], *roles: str) -> dict[str, str]:
    for role in roles:
        for one in world["people"]:
            if one["role"] == role:
                return one
    raise SystemExit(f"The sample data has nobody with the role {' or '.join(roles)}.")


@contextmanager
def signed_in(browser: Browser, world: dict[str, Any], who: dict[str, str], size: str, scheme: Any) -> Iterator[Page]:
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{world['base_url']}/accounts/login/")
    page.fill("input[type=email], input[name=login]", who["email"])
    page.fill("input[type=password]", who["password"])
    page.click("main button[type=submit]")
    page.wait_for_url(lambda url: "/accounts/login" not in url)
    yield page
    context.close()


def pictures(world: dict[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Who looks at what: (name of the picture, address)."""
    return {
        "customer": [
            ("portal-home", "/home/"),
            ("portal-tickets", "/tickets/"),
            ("portal-new", "/tickets/new/"),
            ("portal-returns", "/returns/"),
            ("settings", "/settings/"),
            ("settings-mails", "/settings/notices/"),
        ],
        "operator": [
            ("desk-queue", "/desk/"),
            ("held-mail", "/desk/mail/"),
            ("reports", "/reports/"),
            ("people", "/people/"),
            ("tokens", "/tokens/"),
            ("webhooks", "/webhooks/"),
            ("webhook-new", "/webhooks/new/"),
            ("admin", "/admin/"),
        ],
        "coordinator": [
            ("returns-board", "/desk/returns/"),
            ("returns-receive", "/desk/returns/receive/"),
            ("returns-report", "/desk/returns/report/"),
            ("pool", "/desk/pool/"),
            ("pool-receive", "/desk/pool/receive/"),
            ("pool-count", "/desk/pool/count/"),
            ("pool-levels", "/desk/pool/levels/"),
            ("pool-spend", "/desk/pool/spend/"),
            ("pool-calendars", "/desk/pool/calendars/"),
        ],
        "reseller": [("reseller-queue", "/desk/"), ("reseller-returns", "/returns/")],
        "supplier": [("supplier-records", "/supplier/")],
    }


# Where the first of a list stands, whose page is then looked at, too: (list, link, name of the picture).
FIRST_OF = {
    "customer": [("/returns/", "main a[href*='/returns/'][href*='-R']", "portal-return")],
    "coordinator": [
        ("/desk/returns/", "main a[href*='/desk/returns/'][href*='-R']", "returns-one"),
        ("/desk/pool/", "main a[href*='/desk/pool/units/']", "pool-unit"),
        ("/desk/pool/levels/", "main a[href*='/desk/pool/levels/']", "pool-level"),
    ],
    "supplier": [("/supplier/", "main a[href*='/supplier/']", "supplier-record")],
}


def first_of(page: Page, world: dict[str, Any], start: str, link: str) -> str:
    page.goto(world["base_url"] + start)
    return page.locator(link).first.get_attribute("href") or start


def take_all(browser: Browser, world: dict[str, Any], folder: Path) -> None:
    people = {
        "customer": person(world, "member", "customer-administrator"),
        "operator": person(world, "administrator", "agent"),
        "coordinator": person(world, "coordinator"),
        "reseller": person(world, "reseller-agent", "reseller-manager"),
        "supplier": person(world, "clerk"),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for size in SIZES:
        for scheme in ("light", "dark"):
            for role, addresses in pictures(world).items():
                with signed_in(browser, world, people[role], size, scheme) as page:
                    looked_at = list(addresses)
                    if role in ("customer", "operator", "reseller"):
                        start = "/home/" if role == "customer" else "/desk/"
                        ticket = first_of(page, world, start, "main a[href*='/tickets/'][href*='-']")
                        looked_at += [(f"{role}-ticket", ticket), (f"{role}-why", f"{ticket}why/")]
                    for start, link, name in FIRST_OF.get(role, []):
                        looked_at.append((name, first_of(page, world, start, link)))
                    for name, address in looked_at:
                        page.goto(world["base_url"] + address)
                        page.screenshot(path=folder / f"{name}-{size}-{scheme}.png", full_page=True)


def take_readme(browser: Browser, world: dict[str, Any]) -> None:
    with signed_in(browser, world, person(world, "agent", "administrator"), "1280", "light") as page:
        page.goto(world["base_url"] + "/desk/")
        page.screenshot(path=ROOT / "docs" / "img" / "desk.png")
        ticket = first_of(page, world, "/desk/", "main a[href*='/desk/tickets/']")
        page.goto(world["base_url"] + ticket)
        page.screenshot(path=ROOT / "docs" / "img" / "ticket.png")
    with signed_in(browser, world, person(world, "coordinator"), "1280", "light") as page:
        page.goto(world["base_url"] + "/desk/returns/")
        page.screenshot(path=ROOT / "docs" / "img" / "returns.png")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", type=Path, metavar="DIR", help="every page, four times, into this folder")
    options = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("Chromium is needed for pictures: apt-get install chromium.")
    world = demo()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        if options.all:
            take_all(browser, world, options.all)
        else:
            take_readme(browser, world)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
