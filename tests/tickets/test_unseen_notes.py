"""That a note was written shows to nobody who may not read it: no number moves, no poll wakes, no change is refused."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tenancy.context import work_unit
from tests.api.calls import at, if_match
from tests.desk.reading import attribute, poll, text
from tests.world import World, message, ticket
from tickets.files import check_files
from tickets.models import MessageKind, Ticket
from tickets.services.sending import add_files

HTMX = {"HX-Request": "true"}


def write_note(world: World, filed: Ticket, kind: str) -> None:
    message(world, filed, "marek", "Ask the supplier.", kind)


def add_file(world: World, filed: Ticket, kind: str) -> None:
    marek = world.actor("marek")
    files = check_files([SimpleUploadedFile("log.txt", b"door contact open")])
    with work_unit(marek.context) as unit:
        add_files(actor=marek, ticket=filed, kind=MessageKind(kind), files=files, now=unit.now)


@pytest.mark.parametrize("deed", [write_note, add_file])
@pytest.mark.parametrize("who, kind", [("acme", "internal"), ("acme", "partner"), ("delta", "internal")])
def test_a_program_reads_the_same_ticket(
    world: World, api: Any, who: str, kind: str, deed: Callable[..., None]
) -> None:
    filed = ticket(world)
    program = api(getattr(world, who))
    before = program.get(at(filed))
    deed(world, filed, kind)
    after = program.get(at(filed))
    assert (after.json(), after["ETag"]) == (before.json(), before["ETag"])
    changed = program.patch(at(filed), {"subject": "Lift 3"}, headers=if_match(before.json()["version"]))
    assert changed.status_code == 200


@pytest.mark.parametrize("kind", ["internal", "partner"])
def test_the_page_of_a_customer_hears_nothing(world: World, kind: str) -> None:
    filed, client = ticket(world), world.client("ilse")
    path = f"/tickets/{filed.reference}/"
    known = vals_of(client.get(path).content.decode(), "news")
    write_note(world, filed, kind)
    assert client.get(f"{path}news/", known, headers=HTMX).status_code == 204
    anew = client.get(f"{path}news/", headers=HTMX).content.decode()
    assert vals_of(anew, "news")["seen"] == filed.reported_at.isoformat()


@pytest.mark.parametrize(
    "who, kind, hears", [("dirk", "internal", False), ("dirk", "partner", True), ("rita", "internal", True)]
)
def test_the_desk_hears_of_the_notes_it_may_read(world: World, who: str, kind: str, hears: bool) -> None:
    filed, client = ticket(world), world.client(who)
    queue, path = client.get("/desk/"), f"/desk/tickets/{filed.reference}/"
    known = vals_of(text(client.get(path)), "live")
    write_note(world, filed, kind)
    expected = 200 if hears else 204
    assert live(client, path, known).status_code == expected
    assert poll(client, queue).status_code == expected


def live(client: Client, path: str, known: dict[str, str]) -> Any:
    return client.get(f"{path}live/", known, headers=HTMX)


def vals_of(page: str, id_: str) -> dict[str, str]:
    return dict(re.findall(r'"(\w+)": "([^"]*)"', attribute(page, id_, "hx-vals")))
