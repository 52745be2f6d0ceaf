"""How every page must look, in a real browser: it fits, axe finds nothing, one h1, a title, a quiet live region.

A page is loaded once and looked at wide and light, then narrow and dark: each width and each theme is examined in full.
Colours come from tokens whose every pair is computed in both themes (tests/ui/test_contrast.py), whatever the width.
"""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING = {"type": "tag", "values": AXE_TAGS}
# A tag without its shape or its word says its severity by colour alone.
UNNAMED = "all => all.filter(one => !one.querySelector('svg') || !one.textContent.trim().startsWith('Severity')).length"

# Colours that are on their way from one theme to the other are measured when they have arrived.
SETTLE = """() => new Promise(done => requestAnimationFrame(() => {
  for (const one of document.getAnimations()) if (one instanceof CSSTransition) one.finish()
  done() }))"""


def axe(page: Page, only: dict[str, Any] = EVERYTHING) -> list[Any]:
    """What axe finds: the rule and the first elements that break it."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    found = page.evaluate("only => axe.run({ runOnly: only, resultTypes: ['violations'] })", only)["violations"]
    return [(one["id"], [node["html"][:160] for node in one["nodes"]][:4]) for one in found]


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


def examine(page: Any, where: str = "") -> None:
    """The page in the look it has."""
    where = where or page.url
    assert fits(page), where
    assert axe(page) + page.complaints == [], where
    assert page.locator("h1").count() == 1, where
    assert page.title().endswith(" – roZoom Support"), where
    assert page.locator(".sev").evaluate_all(UNNAMED) == 0, where


def examine_every_look(page: Any, where: str = "") -> None:
    """The page in both widths and both themes, without asking the server again. Leaves it wide and light."""
    where = where or page.url
    examine(page, where)
    size = page.viewport_size
    page.set_viewport_size({"width": 375, "height": size["height"]})
    page.emulate_media(color_scheme="dark")
    page.evaluate(SETTLE)
    examine(page, f"{where}, narrow and dark")
    page.set_viewport_size(size)
    page.emulate_media(color_scheme="light")


def poll_soon(page: Page, id_: str, usually: str) -> None:
    """The part of the page that asks by itself every `usually` seconds asks every second. It still asks by itself."""
    assert page.locator(f"#{id_}").get_attribute("data-poll") == usually
    page.evaluate(
        "id => { document.getElementById(id).dataset.poll = '1'; document.dispatchEvent(new Event('visibilitychange')) }",
        id_,
    )
