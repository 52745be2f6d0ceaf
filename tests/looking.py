"""How every page must look, in a real browser: it fits, axe finds nothing, one h1, a title, a quiet live region.

A page is loaded once and then shown in every look; what only depends on the look (contrast, size of targets) is what
axe measures again.
"""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EVERYTHING = {"type": "tag", "values": AXE_TAGS}
OF_THE_LOOK = {"type": "rule", "values": ["color-contrast", "target-size"]}
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
    """The page in all four looks, without asking the server again. Leaves it wide and light."""
    where = where or page.url
    examine(page, where)
    size = page.viewport_size
    for width, theme in ((1280, "dark"), (375, "dark"), (375, "light")):
        page.set_viewport_size({"width": width, "height": size["height"]})
        page.emulate_media(color_scheme=theme)
        page.evaluate(SETTLE)
        only = EVERYTHING if (width, theme) == (375, "dark") else OF_THE_LOOK
        assert (where, width, theme, fits(page), axe(page, only)) == (where, width, theme, True, [])
    page.set_viewport_size(size)
    page.emulate_media(color_scheme="light")


def poll_soon(page: Page, id_: str, usually: str) -> None:
    """The part of the page that asks by itself every `usually` seconds asks every second. It still asks by itself."""
    assert page.locator(f"#{id_}").get_attribute("data-poll") == usually
    page.evaluate(
        "id => { document.getElementById(id).dataset.poll = '1'; document.dispatchEvent(new Event('visibilitychange')) }",
        id_,
    )
