"""Resellers file for their customers, staff on the phone for any."""

import pytest

from tests.portal.walking import (
    IMPACT_1,
    PROBLEM,
    drafts,
    follow,
    send,
    text_of,
    the_ticket,
)
from tests.world import World


@pytest.mark.parametrize(
    "name, customer, channel, party",
    [
        ("dirk", "ACME", "portal", "reseller"),
        ("marek", "BOLT", "phone", "operator"),
        ("marek", "SOLO", "phone", "operator"),
    ],
)
def test_the_desk_files_for_a_customer(world: World, name: str, customer: str, channel: str, party: str) -> None:
    client = world.client(name)
    page = client.get("/tickets/new/")
    assert "Which customer is this for?" in text_of(page)
    page = follow(client, send(client, page, customer=customer))
    said = text_of(page)
    assert "Step 2 of 6" in said
    assert f"For {getattr(world, customer.lower()).name}" in said
    component = world.components[customer.lower()]
    page = follow(client, send(client, page, component=str(component.pk)))
    for answers in ({}, IMPACT_1, PROBLEM):
        page = follow(client, send(client, page, **answers))
    sent = send(client, page)
    assert sent["Location"] == f"/desk/tickets/{customer}-1/"
    filed = the_ticket()
    assert (filed.channel, filed.reporter_party, filed.customer_id) == (
        channel,
        party,
        getattr(world, customer.lower()).pk,
    )


def test_a_reseller_may_not_file_for_a_customer_it_does_not_serve(world: World) -> None:
    client = world.client("dirk")
    page = client.get("/tickets/new/")
    assert "Bolt Works" not in text_of(page)
    for code in ("BOLT", "NOVA", "NOBODY"):
        answer = client.post("/tickets/new/", {"customer": code})
        assert answer.status_code == 422
        assert "Choose a customer from the list" in text_of(answer)
    assert drafts() == []


def test_finance_can_not_file(world: World) -> None:
    assert world.client("fin").get("/tickets/new/").status_code == 404
    assert world.client("fin").post("/tickets/new/", {"customer": "ACME"}).status_code == 404
