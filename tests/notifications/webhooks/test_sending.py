"""Delivery to receivers that are well, slow, dead, or wicked."""

import base64
import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.postgres.functions import TransactionNow

from notifications.expansion import expand
from notifications.models import Event, Notice, WebhookDelivery, WebhookEndpoint
from notifications.webhooks import calling, sending, services
from notifications.webhooks.sending import send
from tenancy.context import work_unit
from tests.notifications.outbox import WORKER, mails
from tests.notifications.webhooks.conftest import endpoint_now, go, let_time_pass, rows
from tests.notifications.webhooks.receiver import Received, Receiver
from tests.world import World, message, ticket

Subscribe = Callable[..., Any]
REFUSED = "http://127.0.0.1:9/hooks"


def example() -> Callable[..., bool]:
    """The function the guide shows, as it stands there."""
    guide = (django_settings.BASE_DIR / "docs" / "webhooks.md").read_text("utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", guide, re.MULTILINE | re.DOTALL)
    found: dict[str, Any] = {}
    exec(code, found)  # noqa: S102 - our own guide
    return found["is_from_rozoom"]


def pretend(endpoint: WebhookEndpoint, **how: Any) -> None:
    with work_unit(WORKER):
        WebhookEndpoint.objects.filter(pk=endpoint.pk).update(**how)


def age(**of: timedelta) -> None:
    with work_unit(WORKER) as unit:
        WebhookDelivery.objects.update(**{name: unit.now - length for name, length in of.items()})


def test_the_check_in_the_guide_accepts_ours_and_nothing_else(world: World, receiver: Receiver, subscribe: Subscribe):
    _, secret = subscribe("acme", receiver.url)
    ticket(world)
    go()
    (got,) = receiver.got
    check = example()
    assert check(secret, got.headers, got.body)
    assert not check(secret, got.headers, got.body + b" ")
    assert not check(secret, {**got.headers, "webhook-id": "msg_other"}, got.body)
    old = str(int(got.headers["webhook-timestamp"]) - 301)
    assert not check(secret, {**got.headers, "webhook-timestamp": old}, got.body)
    assert not check("whsec_" + base64.b64encode(b"x" * 32).decode(), got.headers, got.body)
    assert got.said["id"] == got.id
    assert got.headers["content-type"] == "application/json"


def test_two_secrets_sign_while_one_replaces_the_other(world: World, receiver: Receiver, subscribe: Subscribe):
    endpoint, old = subscribe("acme", receiver.url)
    ana = world.actor("ana")
    with work_unit(ana.context) as unit:
        _, new = services.rotate_secret(actor=ana, endpoint=endpoint, now=unit.now)
    ticket(world)
    go()
    check, (got,) = example(), receiver.got
    assert check(old, got.headers, got.body)
    assert check(new, got.headers, got.body)
    with work_unit(ana.context) as unit:
        _, newest = services.rotate_secret(actor=ana, endpoint=endpoint, now=unit.now)
    ticket(world)
    go()
    got = receiver.got[-1]
    assert not check(old, got.headers, got.body)  # a third is never in force
    assert check(new, got.headers, got.body)
    assert check(newest, got.headers, got.body)


@pytest.mark.parametrize("status", [500, 503, 404, 429, 301, 302])
def test_what_is_not_taken_is_tried_again_later_and_word_for_word(
    world: World, receiver: Receiver, subscribe: Subscribe, status: int
):
    where = {"Location": f"{receiver.url}/elsewhere"}
    receiver.answer = lambda got: (status, where if status < 400 else {}, b"No")
    endpoint, _ = subscribe("acme", receiver.url)
    ticket(world)
    assert go() == 0
    assert len(receiver.got) == 1  # a redirect is not followed
    (row,) = rows()
    assert (row.state, row.attempts, row.last_status, row.last_answer) == ("QUEUED", 1, status, "No")
    assert str(status) in row.last_error
    assert endpoint_now(endpoint).failures == 1
    assert send(seconds=2) == 0
    assert len(receiver.got) == 1
    receiver.answer = lambda got: (200, {}, b"")
    let_time_pass()
    assert send(seconds=2) == 1
    (row,) = rows()
    assert (row.state, row.attempts, row.last_error) == ("SENT", 2, "")
    assert [one["status"] for one in row.tries] == [status, 200]
    first, second = receiver.got
    assert (first.id, first.body) == (second.id, second.body)
    assert endpoint_now(endpoint).failures == 0


def test_events_of_one_ticket_arrive_in_order_whatever_fails(world: World, receiver: Receiver, subscribe: Subscribe):
    subscribe("acme", receiver.url, events=["ticket.filed", "message.added"])
    filed = ticket(world)
    for number in range(5):
        message(world, filed, body=f"{number}")
    refused = {"2": 2}

    def answer(got: Received) -> tuple[int, dict[str, str], bytes]:
        body = got.data.get("message", {}).get("body", "")
        if refused.get(body, 0) > 0:
            refused[body] -= 1
            return 500, {}, b""
        return 200, {}, b""

    receiver.answer = answer
    for _ in range(4):
        go()
        let_time_pass()
    taken = [one.data.get("message", {}).get("body", "filed") for one in receiver.got]
    assert taken == ["filed", "0", "1", "2", "2", "2", "3", "4"]
    assert {row.state for row in rows()} == {"SENT"}


def test_an_event_nobody_has_looked_at_holds_back_later_ones_of_its_ticket(
    world: World, receiver: Receiver, subscribe: Subscribe
):
    """Two workers expand at once: the later event may be done before the earlier one."""
    subscribe("acme", receiver.url, events=["message.added"])
    filed = ticket(world)
    message(world, filed, body="later")
    go()
    receiver.got.clear()
    with work_unit(WORKER) as unit:
        late = WebhookDelivery.objects.get()
        WebhookDelivery.objects.update(state="QUEUED", next_at=TransactionNow())
        Event.objects.filter(pk__lt=late.event_id).update(state="QUEUED", next_at=unit.now + timedelta(hours=1))
    assert send(seconds=1) == 0
    assert receiver.got == []


def test_after_a_day_it_is_given_up_and_the_next_one_goes(world: World, receiver: Receiver, subscribe: Subscribe):
    subscribe("acme", receiver.url, events=["message.added"])
    receiver.answer = lambda got: (500, {}, b"")
    filed = ticket(world)
    message(world, filed, body="a")
    message(world, filed, body="b")
    go()
    age(queued_at=timedelta(hours=25))
    let_time_pass()
    go()
    assert [row.state for row in rows()] == ["DEAD", "DEAD"]
    assert [row.attempts for row in rows()] == [2, 1]


def test_after_a_day_of_failures_it_is_switched_off_and_its_administrators_are_told(
    world: World, receiver: Receiver, subscribe: Subscribe
):
    endpoint, _ = subscribe("delta", receiver.url, description="Their ERP")
    receiver.answer = lambda got: (500, {}, b"")
    filed = ticket(world)
    go()
    with work_unit(WORKER) as unit:
        WebhookEndpoint.objects.update(failing_since=unit.now - timedelta(hours=24), paused_until=None)
    before = len(mails())
    let_time_pass()
    go()
    dead = endpoint_now(endpoint)
    assert (dead.state, dead.switched_off_because) == ("DEAD", "Answered 500 Internal Server Error")
    (mail,) = mails()[before:]
    assert (mail.recipient, mail.subject) == ("dora@test.example", "Webhook switched off: Their ERP")
    assert str(endpoint.pk) in mail.text
    dora = world.actor("dora")
    with work_unit(dora.context):
        (notice,) = Notice.objects.filter(topic="webhook.switched_off")
    assert notice.path == f"/webhooks/{endpoint.pk}/"
    with work_unit(world.actor("dirk").context):
        assert not Notice.objects.filter(topic="webhook.switched_off").exists()
    assert {row.state for row in rows()} == {"DEAD"}
    message(world, filed)
    go()
    assert len(rows()) == 1  # nothing new is collected
    with work_unit(dora.context) as unit:
        on = services.switch_endpoint(actor=dora, endpoint=endpoint, on=True, now=unit.now)
        assert services.replay_failed(actor=dora, endpoint=on, now=unit.now) == 1
    receiver.answer = lambda got: (200, {}, b"")
    assert go() == 1
    assert endpoint_now(endpoint).state == "ON"


def test_a_program_that_says_it_is_gone_is_believed(world: World, receiver: Receiver, subscribe: Subscribe):
    endpoint, _ = subscribe("acme", receiver.url)
    receiver.answer = lambda got: (410, {}, b"")
    ticket(world)
    go()
    assert endpoint_now(endpoint).state == "DEAD"
    assert [row.state for row in rows()] == ["DEAD"]
    assert [mail.recipient for mail in mails() if mail.subject.startswith("Webhook")] == ["ana@test.example"]


def test_a_receiver_may_ask_for_time(world: World, receiver: Receiver, subscribe: Subscribe):
    endpoint, _ = subscribe("acme", receiver.url)
    receiver.answer = lambda got: (503, {"Retry-After": "120"}, b"")
    ticket(world)
    go()
    with work_unit(WORKER) as unit:
        wait = WebhookEndpoint.objects.get(pk=endpoint.pk).paused_until - unit.now
    assert timedelta(seconds=110) < wait <= timedelta(seconds=120)


def test_slow_dead_and_dripping_ones_delay_nobody(
    world: World, receiver: Receiver, another: Receiver, subscribe: Subscribe, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(calling, "ANSWER_WITHIN", 3)
    monkeypatch.setattr(sending, "ANSWER_WITHIN", 3)
    slow = Receiver()
    slow.wait, another.drip = 8, True
    try:
        subscribe("rozoom", slow.url)
        subscribe("rozoom", another.url)
        subscribe("rozoom", REFUSED)
        subscribe("rozoom", receiver.url)
        for _ in range(6):
            ticket(world)
        expand(seconds=5)
        began = time.monotonic()
        assert send(seconds=4) == 6
        assert time.monotonic() - began < 12  # nobody is waited for longer than an answer may take
        assert max(got.at for got in receiver.got) - began < 3  # while the slow ones had theirs still open
    finally:
        slow.stop()
    errors = {row.last_error for row in rows() if row.state != "SENT" and row.attempts}
    refused = "The host does not take connections on this port"
    assert refused in errors
    assert errors - {refused} <= {"No whole answer within 3 seconds", "No answer in time"} != set()


def test_a_dead_endpoint_is_left_alone_for_longer_and_longer(world: World, receiver: Receiver, subscribe: Subscribe):
    endpoint, _ = subscribe("acme", receiver.url, events=["ticket.filed"])
    receiver.answer = lambda got: (500, {}, b"")
    for _ in range(40):
        ticket(world)
    go(seconds=2)
    # What failed is not tried again at once, and after three failures in a row the others wait, too.
    assert endpoint_now(endpoint).paused_until is not None
    assert len(receiver.got) <= 4
    pretend(endpoint, failures=12)
    let_time_pass()
    go(seconds=1)
    with work_unit(WORKER) as unit:
        assert WebhookEndpoint.objects.get(pk=endpoint.pk).paused_until - unit.now > timedelta(minutes=9)


def test_what_is_sent_again_by_hand_is_the_same(world: World, receiver: Receiver, subscribe: Subscribe):
    endpoint, _ = subscribe("acme", receiver.url)
    ticket(world)
    go()
    ana = world.actor("ana")
    with work_unit(ana.context) as unit:
        services.replay(actor=ana, endpoint=endpoint, delivery=rows()[0], now=unit.now)
    assert send(seconds=2) == 1
    first, second = receiver.got
    assert (first.id, first.body) == (second.id, second.body)


def test_a_customer_that_changed_its_reseller_is_not_told_to_the_old_one(
    world: World, receiver: Receiver, subscribe: Subscribe
):
    """Not even what was written before, and it vanishes from the old one's list."""
    subscribe("delta", receiver.url)
    receiver.answer = lambda got: (500, {}, b"")
    ticket(world)
    go()
    assert len(receiver.got) == 1
    with work_unit(world.actor("adam").context):
        type(world.acme).objects.filter(pk=world.acme.pk).update(reseller=world.nova)
    let_time_pass()
    assert send(seconds=2) == 0
    assert len(receiver.got) == 1
    with work_unit(world.actor("dora").context):
        assert not WebhookDelivery.objects.exists()
