"""Addresses that nobody types and scanners send: an answer, never an error of ours."""

import pytest

from tests.world import World, ticket

TIMES = [
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59Z",
    "2026-02-30T00:00:00Z",
    "\x00",
]


@pytest.mark.parametrize("who", ["ilse", "dirk"])
def test_a_search_for_nul_finds_as_one_for_nothing(world: World, who: str) -> None:
    for words in ("\x00", "\x00l"):
        assert world.client(who).get("/tickets/new/", {"q": words}).status_code == 200


@pytest.mark.parametrize("seen", TIMES)
def test_a_time_that_no_page_wrote_counts_as_none(world: World, seen: str) -> None:
    reference = ticket(world).reference
    live = {"seen": seen, "version": "0", "show": "1"}
    assert world.client("marek").get(f"/desk/tickets/{reference}/live/", live).status_code == 200
    news = {"seen": seen, "version": "0", "told": "9"}
    assert world.client("ilse").get(f"/tickets/{reference}/news/", news).status_code == 200
