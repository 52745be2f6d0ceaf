"""The reports in a real browser: two widths, two themes, in grey, without colour, on paper."""

import re
from datetime import timedelta
from typing import Any

import pytest

from tenancy.context import database_now, work_unit
from tests.looking import examine_every_look, fits
from tests.portal.conftest import browser as browser
from tests.portal.conftest import visit as visit
from tests.tickets.promises import happened, promises
from tests.world import STAFF, World

pytestmark = pytest.mark.browser
MESSAGE_OF_A_PLOT = re.compile(r"Severity \d: \d+ % within (1|4|24) h \(n = \d+\)")


@pytest.fixture
def busy(lasting_world: World) -> World:
    """Thirteen months, all severities, enough for a percent in most and too few in some."""
    world = lasting_world
    with work_unit(STAFF):
        now = database_now()
    for months in range(13):
        at = now - timedelta(days=30 * months + 2)
        for place, customer in enumerate((world.acme, world.bolt, world.solo)):
            found = promises(customer, 21 if months in (0, 4, 12) else 3, at, now, late=months % 4, severity=1 + place)
            for one in found[:10]:
                happened(one, "ticket.resolve", at + timedelta(hours=30))
    return world


@pytest.mark.parametrize("who", ["marek", "dirk", "ana"])
def test_it_fits_and_axe_finds_nothing(visit: Any, busy: World, who: str) -> None:
    page = visit("/reports/?months=12", who)
    assert page.title().startswith("Reports: ")
    assert page.locator("#status").inner_text() == ""
    examine_every_look(page, who)
    for width in (320, 375, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert (width, fits(page), outside(page)) == (width, True, [])


def outside(page: Any) -> list[Any]:
    """Texts and marks that leave the card of their plot, texts under 13 px, and neighbours that touch each other."""
    return page.evaluate("""() => [...document.querySelectorAll('.plot')].flatMap(plot => {
      const card = plot.getBoundingClientRect(), wrong = []
      const texts = [...plot.querySelectorAll('text')], boxes = texts.map(one => one.getBoundingClientRect())
      for (const one of plot.querySelectorAll('text, use, polyline')) {
        const box = one.getBoundingClientRect()
        if (box.left < card.left - .5 || box.right > card.right + .5 || box.bottom > card.bottom + .5)
          wrong.push(['leaves', one.outerHTML])
      }
      texts.forEach((one, i) => {
        if (parseFloat(getComputedStyle(one).fontSize) < 13) wrong.push(['small', one.textContent])
        texts.forEach((other, j) => {
          if (j <= i) return
          const a = boxes[i], b = boxes[j]
          const across = Math.min(a.right, b.right) - Math.max(a.left, b.left)
          const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top)
          if (across > 1 && down > 6) wrong.push(['touch', one.textContent, other.textContent])
        })
      })
      return wrong
    })""")


@pytest.mark.parametrize("query", ["?months=1", "?months=6", "?months=12", "?from=2016-01-01"])
def test_every_period_leaves_room_for_its_numbers_on_a_phone(visit: Any, busy: World, query: str) -> None:
    page = visit(f"/reports/{query}", "marek", width=375)
    assert fits(page)
    assert outside(page) == []


def test_three_series_differ_without_colour(visit: Any, busy: World) -> None:
    """In grey the shape and the dash are left."""
    page = visit("/reports/?months=12", "marek", width=1280)
    groups = page.locator(".plot-big g")
    assert groups.count() == 3
    looks = groups.evaluate_all(
        "all => all.map(one => [one.querySelector('use').getAttribute('href'),"
        " getComputedStyle(one.querySelector('polyline')).strokeDasharray])"
    )
    assert len({shape for shape, _ in looks}) == len({dash for _, dash in looks}) == 3
    for text in page.locator(".plot-label").all_text_contents():
        assert MESSAGE_OF_A_PLOT.fullmatch(text)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_marks_stand_out_from_the_ground(visit: Any, busy: World, theme: str) -> None:
    page = visit("/reports/", "marek", theme=theme)
    ratios = page.evaluate("""() => {
      const lum = rgb => { const [r, g, b] = rgb.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255)
        .map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b }
      const ratio = (a, b) => { const [x, y] = [lum(a), lum(b)].sort((p, q) => q - p); return (x + .05) / (y + .05) }
      return [...document.querySelectorAll('.plot-mark, .plot-line, .plot-target')].map(one => {
        const look = getComputedStyle(one), ground = getComputedStyle(one.closest('.plot')).backgroundColor
        return ratio(look.stroke === 'none' ? look.fill : look.stroke, ground)
      })
    }""")
    assert len(ratios) > 20
    assert min(ratios) >= 3


def test_a_filter_without_javascript_keeps_the_others(visit: Any, busy: World) -> None:
    page = visit("/reports/?months=12", "marek", java_script_enabled=False)
    page.get_by_label("2 severity").check()
    page.get_by_role("textbox", name="Customer").fill("BOLT")
    page.get_by_role("button", name="Show").click()
    assert "months=12" in page.url
    assert page.locator(".plots .plot").count() == 2
    page.get_by_role("link", name="Last 3 months").click()
    assert {"severity=2", "customer=BOLT", "months=3"} <= set(page.url.partition("?")[2].split("&"))
    page.get_by_role("link", name=re.compile(r"Severity 2\s*, remove")).click()
    assert page.locator(".plots .plot").count() == 6


def test_it_prints_without_controls(visit: Any, busy: World) -> None:
    page = visit("/reports/", "marek")
    page.emulate_media(media="print")
    assert page.locator(".filters").is_hidden()
    assert page.get_by_role("link", name="Download CSV").is_hidden()
    assert page.locator(".plot svg").first.is_visible()
