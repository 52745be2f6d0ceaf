"""Administrators and their programs set webhooks up: by page and by API."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from notifications.models import WebhookEndpoint, WebhookSecret
from notifications.webhooks.events import kinds_for
from tenancy.context import work_unit
from tenancy.models import DoneDeed
from tenancy.pgbackend.base import TenantAccessDenied
from tests.notifications.outbox import WORKER, mails
from tests.notifications.webhooks.conftest import endpoint_now, go, rows
from tests.notifications.webhooks.receiver import Receiver
from tests.tenancy.doorstep import audit_of
from tests.world import World, ticket

Subscribe = Callable[..., Any]
HOOKS = "/api/v1/webhook-endpoints/"
SECRET = re.compile(r'id="secret">(whsec_[\w+/=]+)<')
FORM = {"url": "https://hooks.example.com/x", "description": "ERP", "events": ["message.added", "ticket.filed"]}


def only() -> WebhookEndpoint:
    with work_unit(WORKER):
        return WebhookEndpoint.objects.get()


def test_a_webhook_is_made_its_secret_shown_once_and_sealed(world: World) -> None:
    client = world.client("ana")
    answer = client.post("/webhooks/new/", FORM)
    (secret,) = SECRET.findall(answer.content.decode())
    made = only()
    assert (made.organisation_id, made.url, made.state) == (world.acme.pk, FORM["url"], "ON")
    assert made.events == ["ticket.filed", "message.added"]
    for page in ("/webhooks/", f"/webhooks/{made.pk}/"):
        assert secret not in client.get(page).content.decode()
    with work_unit(WORKER):
        assert secret not in WebhookSecret.objects.defer(None).get().sealed
    assert [event.verb for event in audit_of(world, "acme")] == ["webhook.made"]


def test_a_whole_group_is_chosen_at_once(world: World) -> None:
    client = world.client("ana")
    client.post("/webhooks/new/", {**FORM, "events": ["all of Returns", "rma.shipped", "ticket.filed"]})
    returns = [kind.name for kind in kinds_for("customer") if kind.group == "rma"]
    assert len(returns) > 20
    made = only()
    assert made.events == ["ticket.filed", *returns]
    page = client.get(f"/webhooks/{made.pk}/change/").content.decode()
    assert page.count(" checked") == 1 + len(returns)
    refused = client.post("/webhooks/new/", {**FORM, "events": ["all of Promises"]})  # not for customers
    assert "Choose from the list" in refused.content.decode()


def test_the_same_form_sent_twice_makes_one(world: World) -> None:
    client = world.client("ana")
    form = {**FORM, "form_token": "a" * 32}
    assert SECRET.search(client.post("/webhooks/new/", form).content.decode())
    assert client.post("/webhooks/new/", form).headers["Location"] == "/webhooks/"
    only()


@pytest.mark.parametrize(
    "change, words",
    [
        ({"url": ""}, "Enter the address of your program"),
        ({"url": "http://example.com/"}, "Use an address that begins with https://"),
        ({"url": "https://10.0.0.1/"}, "Use a public address"),
        ({"events": []}, "Choose at least one thing to be told"),
        ({"events": ["clock.escalated"]}, "Choose from the list"),  # not for customers
        ({"events": ["no.such"]}, "Choose from the list"),
    ],
)
def test_a_form_that_can_not_be_taken_says_why_and_keeps_what_was_typed(world: World, change: Any, words: str) -> None:
    answer = world.client("ana").post("/webhooks/new/", {**FORM, **change})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert words in page
    assert 'value="ERP"' in page
    with work_unit(WORKER):
        assert not WebhookEndpoint.objects.exists()


@pytest.mark.parametrize("name", ["ilse", "dirk", "marek", "fin", "sam"])
def test_only_administrators_have_the_pages(world: World, name: str) -> None:
    client = world.client(name)
    assert client.get("/webhooks/").status_code == 404
    assert client.post("/webhooks/new/", FORM).status_code == 404
    assert "/webhooks/" not in client.get("/settings/").content.decode()


def test_a_webhook_is_changed_tested_switched_and_removed(world: World, receiver: Receiver) -> None:
    client = world.client("ana")
    client.post("/webhooks/new/", FORM)
    at = f"/webhooks/{only().pk}/"
    assert client.post(f"{at}change/", {**FORM, "url": receiver.url, "events": ["ticket.filed"]}).status_code == 302
    assert (only().url, only().events) == (receiver.url, ["ticket.filed"])
    client.post(f"{at}test/")
    assert go() == 1
    assert receiver.types == ["endpoint.test"]
    assert "Delivered" in client.get(at).content.decode()
    sent = f"{at}deliveries/{rows()[0].pk}/"
    assert "This is a test. Nothing happened." in client.get(sent).content.decode()
    assert client.post(f"{sent}send-again/").headers["Location"] == sent
    assert go() == 1
    client.post(f"{at}switch/", {"on": "0"})
    ticket(world)
    assert go() == 0
    assert only().state == "OFF"
    answer = client.post(f"{at}test/", follow=True)
    assert "This webhook is off. Switch it on first." in answer.content.decode()
    client.post(f"{at}switch/", {"on": "1"})
    ticket(world)
    assert go() == 1
    assert client.post(f"{at}remove/").headers["Location"] == "/webhooks/"
    assert client.get(at).status_code == 404
    ticket(world)
    assert go() == 0


def test_roZooms_administrators_see_only_their_own(world: World, subscribe: Subscribe) -> None:  # noqa: N802
    endpoint, _ = subscribe("acme", "https://acme.example/x", description="Of Acme")
    client = world.client("adam")
    assert "Of Acme" not in client.get("/webhooks/").content.decode()
    assert client.get(f"/webhooks/{endpoint.pk}/").status_code == 404
    assert client.post(f"/webhooks/{endpoint.pk}/remove/").status_code == 404
    assert endpoint_now(endpoint).removed_at is None


def test_nobody_but_the_worker_reads_a_secret(world: World, subscribe: Subscribe) -> None:
    subscribe("acme", "https://acme.example/x")
    for who in ("ana", "dora", "adam"):
        with pytest.raises(TenantAccessDenied), work_unit(world.actor(who).context):
            list(WebhookSecret.objects.defer(None))


def test_there_is_a_most(world: World, settings: Any, subscribe: Subscribe) -> None:
    settings.LIMITS = {**settings.LIMITS, "webhook_endpoints": 1}
    subscribe("acme", "https://acme.example/x")
    answer = world.client("ana").post("/webhooks/new/", FORM)
    assert answer.status_code == 422
    assert "You have 1 webhooks, and that is the most." in answer.content.decode()


# --- programs ---------------------------------------------------------------------------------------------------------

BODY = {"url": "https://hooks.example.com/x", "events": ["ticket.filed"], "description": "ERP"}


def test_a_program_sets_one_up_and_people_are_told(world: World, api: Any) -> None:
    program = api(world.acme, name="Night job")
    answer = program.post(HOOKS, BODY, headers={"Idempotency-Key": "k"})
    assert answer.status_code == 201
    assert answer.json()["secret"].startswith("whsec_")
    again = program.post(HOOKS, BODY, headers={"Idempotency-Key": "k"})
    assert again.json() == {**answer.json(), "secret": None}
    with work_unit(WORKER):
        assert "whsec_" not in str(DoneDeed.objects.values())
    (mail,) = mails()
    assert mail.recipient == "ana@test.example"
    assert "The program Night job set up a webhook." in mail.text
    assert program.get(answer["Location"]).json()["id"] == answer.json()["id"]


def test_a_program_changes_and_switches_it(world: World, api: Any) -> None:
    program = api(world.acme)
    at = program.post(HOOKS, BODY)["Location"]
    assert program.patch(at, {"state": "OFF"}).status_code == 428
    off = program.patch(at, {"state": "OFF", "description": "x"}, headers={"If-Match": '"1"'})
    assert (off.json()["state"], off.json()["description"]) == ("OFF", "x")
    stale = program.patch(at, {"state": "ON"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    refused = program.post(f"{at}test/", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "cannot_send_webhook")
    inside = program.patch(at, {"url": "https://192.168.0.1/"}, headers={"If-Match": off["ETag"]})
    assert (inside.status_code, inside.json()["code"], inside.json()["param"]) == (409, "cannot_set_up_webhook", "url")
    unknown = program.post(HOOKS, {**BODY, "events": ["clock.escalated"]})
    assert (unknown.status_code, unknown.json()["param"]) == (409, "events")


def test_a_program_reads_what_was_sent_and_lets_it_be_sent_again(world: World, api: Any, receiver: Receiver) -> None:
    program = api(world.acme)
    at = program.post(HOOKS, {**BODY, "url": receiver.url})["Location"]
    receiver.answer = lambda got: (410, {}, b"gone")
    ticket(world)
    go()
    (one,) = program.get(f"{at}deliveries/?state=DEAD").json()["results"]
    assert (one["type"], one["tries"][0]["status"]) == ("ticket.filed", 410)
    assert one["body"]["data"]["ticket"]["subject"] == "Lift 2 stands still"
    receiver.answer = lambda got: (200, {}, b"")
    tag = program.get(at)["ETag"]
    assert program.patch(at, {"state": "ON"}, headers={"If-Match": tag}).json()["state"] == "ON"
    assert program.post(f"{at}replay/", {}).json() == {"number": 1}
    assert go() == 1
    assert program.get(f"{at}deliveries/?state=SENT").json()["results"][0]["id"] == one["id"]


def test_removing_it_twice_is_removing_it_once(world: World, api: Any) -> None:
    program = api(world.acme)
    at = program.post(HOOKS, BODY)["Location"]
    first = program.post(f"{at}removal/", {}, headers={"Idempotency-Key": "k"})
    again = program.post(f"{at}removal/", {}, headers={"Idempotency-Key": "k"})
    assert (first.status_code, again.content) == (200, first.content)
    assert program.post(f"{at}removal/", {}).status_code == 404
