"""Serials typed nearly right: what is one slip away, and nobody else's serial ever."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.models import Component
from contracts.queries import component_by_serial, near_components
from contracts.serials import is_near, near_serials
from tenancy.context import work_unit
from tests.contracts.deals import STAFF
from tests.world import ComponentFactory, World

SIGNS = "AB01"
words = st.text(SIGNS, min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("7F2231", False),  # the same
        ("7F2232", True),  # another sign
        ("F2231", True),  # one left out, at the start
        ("7F223", True),  # at the end
        ("7FF2231", True),  # one twice
        ("7F22310", True),
        ("F72231", True),  # neighbours exchanged
        ("7F2213", True),
        ("7F3221", False),  # exchanged, and not neighbours
        ("7F2245", False),  # two others
        ("7F22", False),
        ("", False),
    ],
)
def test_one_slip_is_near_and_two_are_not(typed: str, near: bool) -> None:
    assert is_near(typed, "7F2231") is near
    assert is_near("7F2231", typed) is near


def slips(word: str) -> set[str]:
    """Every word one slip away, made the long way round."""
    found = {word[:at] + word[at + 1 :] for at in range(len(word))}
    found |= {word[:at] + sign + word[at:] for at in range(len(word) + 1) for sign in SIGNS}
    found |= {word[:at] + sign + word[at + 1 :] for at in range(len(word)) for sign in SIGNS}
    found |= {word[:at] + word[at + 1] + word[at] + word[at + 2 :] for at in range(len(word) - 1)}
    return found - {word}


@given(words, words)
def test_it_agrees_with_the_list_of_all_slips(one: str, other: str) -> None:
    assert is_near(one, other) is (other in slips(one))


@given(words)
def test_every_slip_is_found(word: str) -> None:
    assert all(is_near(word, other) for other in slips(word))


def test_very_short_words_are_near_to_nothing() -> None:
    assert near_serials("7F", ["7G", "7F1"]) == []
    assert near_serials("7F1", ["7F2"]) == ["7F2"]


def test_only_the_customers_own_are_suggested(world: World) -> None:
    with work_unit(STAFF):
        mine = ComponentFactory(customer=world.acme, site=world.components["acme"].site, serial="ZX-100-1")
        ComponentFactory(customer=world.bolt, site=world.components["bolt"].site, serial="ZX-100-2")
        gone = ComponentFactory(customer=world.acme, site=mine.site, serial="ZX-100-3", state=Component.State.RETIRED)
    for name in ("ilse", "dirk", "marek"):
        with work_unit(world.actor(name).context):
            assert near_components(world.acme, "zx 1004") == [mine], name
            assert near_components(world.acme, "zx1001") == [], "it is the same, not near"
            assert component_by_serial(world.acme, "zx1002") is None, "Bolt's is as unknown as none"
            assert gone not in near_components(world.acme, "ZX1002")


def test_few_are_suggested_among_thousands(world: World) -> None:
    site = world.components["acme"].site
    with work_unit(STAFF):
        product = world.components["acme"].product
        Component.objects.bulk_create(
            Component(
                customer=world.acme,
                reseller=world.delta,
                product=product,
                site=site,
                serial=f"Q-{n}",
                serial_normal=f"Q{n}",
            )
            for n in range(10_000, 12_000)
        )
        found = near_components(world.acme, "Q-1050X")
        assert [one.serial for one in found] == ["Q-10500", "Q-10501", "Q-10502", "Q-10503", "Q-10504"]
