"""A ticket's number as people type it; and what is none, which is not found and breaks nothing."""

import pytest

from rozoom_support.lib.refusals import NotFound
from tenancy.context import work_unit
from tests.world import World, ticket
from tickets.queries import reference_in, ticket_for


@pytest.mark.parametrize(
    "typed, meant",
    [
        ("ACME-42", "ACME-42"),
        (" acme 42 ", "ACME-42"),
        ("acme42", "ACME-42"),
        ("A1-2", "A1-2"),
        ("LIFT2-7", "LIFT2-7"),
        ("ABCDEFGHIJKL-1", "ABCDEFGHIJKL-1"),
        ("ABCDEFGHIJKLM-1", ""),
        ("ACME-", ""),
        ("42", ""),
        ("ACME-٤٢", ""),
        ("ACME-1234567890", ""),
        ("ACME-42\x00", ""),
        ("\x00", ""),
        ("", ""),
    ],
)
def test_a_number_is_read_as_it_was_meant(typed: str, meant: str) -> None:
    assert reference_in(typed) == meant


@pytest.mark.parametrize("typed", ["\x00", "ACME-1\x00", "\ud800", "ACME", "A" * 10_000])
def test_what_is_no_number_is_not_found(world: World, typed: str) -> None:
    ticket(world)
    ilse = world.actor("ilse")
    with work_unit(ilse.context), pytest.raises(NotFound):
        ticket_for(ilse, typed)


@pytest.mark.parametrize(
    "who, path",
    [
        ("ilse", "/tickets/%00/"),
        ("ilse", "/tickets/%00/news/"),
        ("marek", "/desk/tickets/%00/"),
        ("marek", "/desk/tickets/ACME-1%00/live/"),
    ],
)
def test_no_address_of_a_ticket_breaks(world: World, who: str, path: str) -> None:
    ticket(world)
    assert world.client(who).get(path).status_code == 404
