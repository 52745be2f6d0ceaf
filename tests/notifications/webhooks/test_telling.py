"""Who is told what: real events, a real receiver, and the wall between them."""

from collections.abc import Callable
from typing import Any

from django.conf import settings

from notifications.webhooks.events import BY_TOPIC, KINDS, writer_of
from tenancy.context import database_now, work_unit
from tests.notifications.webhooks.conftest import go, rows
from tests.notifications.webhooks.receiver import Receiver
from tests.rma.deals import STAFF, Stock, entitled, requested
from tests.world import World, message, ticket
from tickets.services import propose_severity

Subscribe = Callable[..., Any]


def test_a_filed_ticket_is_told_to_each_side_once(world: World, receiver: Receiver, subscribe: Subscribe) -> None:
    for who in ("acme", "delta", "rozoom"):
        subscribe(who, f"{receiver.url}/{who}")
    filed = ticket(world, severity=1)
    assert go() == 3
    assert sorted(one.path for one in receiver.got) == ["/hooks/acme", "/hooks/delta", "/hooks/rozoom"]
    assert set(receiver.types) == {"ticket.filed"}
    told = receiver.got[0].data
    assert told["ticket"]["reference"] == filed.reference
    assert told["by"] == {"name": "Ilse Test", "party": "customer"}
    assert "allowed_actions" not in told["ticket"]
    assert len({one.id for one in receiver.got}) == 3
    assert go() == 0


def test_another_customers_ticket_is_told_to_nobody_else(
    world: World, receiver: Receiver, subscribe: Subscribe
) -> None:
    subscribe("acme", receiver.url)
    subscribe("delta", receiver.url)
    ticket(world, "bob")
    ticket(world, "sol")
    assert go() == 0
    assert receiver.got == []
    assert rows() == []


def test_notes_go_only_to_whoever_may_read_them(world: World, receiver: Receiver, subscribe: Subscribe) -> None:
    for who in ("acme", "delta", "rozoom"):
        subscribe(who, f"{receiver.url}/{who}", events=["message.added"])
    filed = ticket(world)
    message(world, filed, body="Hello in public")
    message(world, filed, body="Only between us and Delta", kind="partner")
    message(world, filed, body="Only us", kind="internal")
    go()
    told: dict[str, list[str]] = {}
    for one in receiver.got:
        told.setdefault(one.path.rpartition("/")[2], []).append(one.data["message"]["body"])
    assert told == {
        "acme": ["Hello in public"],
        "delta": ["Hello in public", "Only between us and Delta"],
        "rozoom": ["Hello in public", "Only between us and Delta", "Only us"],
    }
    assert {row.topic for row in rows(organisation=world.acme)} == {"message.added"}
    assert len(rows(organisation=world.acme)) == 1  # nothing tells that there are notes


def test_severity_and_ladder_are_told(world: World, receiver: Receiver, subscribe: Subscribe) -> None:
    subscribe("delta", receiver.url)
    filed = ticket(world)
    ilse = world.actor("ilse")
    with work_unit(ilse.context) as unit:
        propose_severity(actor=ilse, ticket=filed, to=1, reason="Worse", now=unit.now)
    go()
    assert receiver.types == ["ticket.filed", "severity.proposed"]
    proposal = receiver.got[1].data["proposal"]
    assert (proposal["to_severity"], proposal["awaited"]) == (1, ["reseller", "operator"])


def test_returns_are_told_to_those_who_may_see_them(world: World, receiver: Receiver, subscribe: Subscribe) -> None:
    for who in ("acme", "delta", "rozoom"):
        subscribe(who, f"{receiver.url}/{who}", events=["rma.requested"])
    with work_unit(STAFF):
        now = database_now()
    Stock.of(world)
    asked = requested(world, entitled(world, now), now)
    assert go() == 3
    told = receiver.got[0].data
    assert (told["rma"]["reference"], told["rma"]["state"]) == (asked.rma.reference, "REQUESTED")
    assert told["ticket"].startswith("ACME-")


def test_every_event_on_the_list_has_somebody_who_writes_it() -> None:
    assert [name for name in KINDS if writer_of(name) is None] == []
    assert len(BY_TOPIC) == len(KINDS)
    guide = (settings.BASE_DIR / "docs" / "webhooks.md").read_text("utf-8")
    assert [name for name in KINDS if f"`{name}`" not in guide] == []
