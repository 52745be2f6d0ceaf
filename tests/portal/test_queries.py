"""What a page costs does not grow with what it shows."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.world import ComponentFactory, World, message, ticket

MOST = 12
# Savepoints, and leaving the role at the end: outside of tests the end of the transaction does that.
OF_THE_TEST = ("SAVEPOINT", "RELEASE", "SELECT set_config('role', 'none'")


def statements(client: Client, url: str) -> list[str]:
    """All of the request: session, person, membership, context, the page and what upper apps draw on it."""
    with CaptureQueriesContext(connection) as seen:
        answer = client.get(url)
    assert answer.status_code == 200, url
    return [one["sql"] for one in seen.captured_queries if not one["sql"].startswith(OF_THE_TEST)]


def many_tickets(world: World, number: int) -> str:
    for index in range(number):
        ticket(world, subject=f"Lift {index} stands still", component=world.components["acme"])
    return ""


def many_messages(world: World, number: int) -> str:
    on = ticket(world)
    for index in range(number):
        message(world, on, "marek" if index % 2 else "ilse", f"Message {index}")
    return on.reference


def many_components(world: World, number: int) -> str:
    site = world.components["acme"].site
    for _ in range(number):
        ComponentFactory(customer=world.acme, site=site)
    return ""


PAGES: dict[str, tuple[str, Callable[[World, int], str]]] = {
    "home": ("/home/", many_tickets),
    "open": ("/tickets/", many_tickets),
    "search": ("/tickets/?q=lift&severity=2", many_tickets),
    "ticket": ("/tickets/{}/", many_messages),
    "why": ("/tickets/{}/why/", many_messages),
    "new": ("/tickets/new/", many_components),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_asks_at_most_twelve_times_and_as_often_for_50_rows_as_for_10(world: World, name: str) -> None:
    url, fill = PAGES[name]
    client = world.client("ilse")
    client.get("/settings/")  # the first page of a session notes in it whom it works for
    few = statements(client, url.format(fill(world, 10)))
    many = statements(client, url.format(fill(world, 40)))
    assert len(many) == len(few), "\n".join(many)
    assert len(many) <= MOST, "\n".join(many)
