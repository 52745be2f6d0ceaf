"""Searching the queue: what is found by which words, and never by words the reader may not read."""

import pytest

from tenancy.context import work_unit
from tests.desk.reading import listed, text
from tests.world import World, message, ticket
from tickets import queries
from tickets.models import Ticket


@pytest.fixture
def talked(world: World) -> Ticket:
    filed = ticket(
        world,
        subject="Gearbox hums",
        description="Since the nightshift it vibrates.",
        error_code="E-4711",
        component=world.components["acme"],
        external_reference="SAP-900",
    )
    ticket(world, subject="Another one")
    message(world, filed, body="Is the flange tightened?")
    message(world, filed, body="Borrow the stethoscope from depot seven.", kind="partner")
    message(world, filed, body="Batch zirconium was weak.", kind="internal")
    return filed


@pytest.mark.parametrize(
    "words",
    ["gearbox", "hums", "nightshift", "E-4711", "SAP-900", "flange", "tighten", "{reference}", "{loose}", "{serial}"],
)
def test_words_find_the_ticket(world: World, talked: Ticket, words: str) -> None:
    serial = world.components["acme"].serial
    words = words.format(
        reference=talked.reference, loose=talked.reference.lower().replace("-", " "), serial=f" {serial.lower()} "
    )
    for who in ("marek", "dirk"):
        assert listed(world.client(who).get("/desk/", {"q": words})) == [talked.reference], who


@pytest.mark.parametrize(
    "words, readers",
    [("flange", {"marek", "dirk", "ilse"}), ("stethoscope", {"marek", "dirk"}), ("zirconium", {"marek"})],
)
def test_a_note_is_found_by_its_readers_only(world: World, talked: Ticket, words: str, readers: set[str]) -> None:
    found = set()
    for who in ("marek", "dirk", "ilse", "nils", "bob"):
        actor = world.actor(who)
        with work_unit(actor.context):
            if queries.matching(queries.visible_tickets(actor), words).exists():
                found.add(who)
    assert found == readers
    assert listed(world.client("dirk").get("/desk/", {"q": words})) == ([talked.reference] if "dirk" in readers else [])


def test_the_last_line_of_a_row_is_the_last_message_its_reader_may_read(world: World, talked: Ticket) -> None:
    page = text(world.client("marek").get("/desk/"))
    assert "Internal note, Marek Test: Batch zirconium was weak." in page
    page = text(world.client("dirk").get("/desk/"))
    assert "Partner note, Marek Test: Borrow the stethoscope from depot seven." in page
    assert "zirconium" not in page
    assert "Internal note" not in page


def test_before_there_is_a_message_the_report_is_the_last_line(world: World) -> None:
    ticket(world, description="It stopped\n\nbetween floors.")
    assert "Ilse Test: It stopped between floors." in text(world.client("marek").get("/desk/"))


def test_nothing_found_says_for_what(world: World, talked: Ticket) -> None:
    page = text(world.client("marek").get("/desk/", {"q": 'xyzzy <b>"'}))
    assert "No tickets match" in page
    assert "<b>" not in page.partition("Filters on:")[2].partition("</p>")[0].replace('<b>"”.', "")


@pytest.mark.parametrize("words", ["'", '"', "a & | !", "((", "%", "\\", "-", "🙂", "x" * 200])
def test_odd_words_are_only_words(world: World, talked: Ticket, words: str) -> None:
    assert world.client("marek").get("/desk/", {"q": words}).status_code == 200
