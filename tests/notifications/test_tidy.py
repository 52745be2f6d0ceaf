"""What is forgotten, and what is kept."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from notifications import tidying
from notifications.models import Delivery, Event
from notifications.queries import oldest_waiting, waiting
from notifications.tasks import tidy as tidy_task
from notifications.tidying import tidy
from tenancy.context import Context, database_now, work_unit
from tenancy.models import DoneDeed, Invitation, Role
from tests.notifications.outbox import WORKER, emit, mails, queue
from tests.world import World

OLD = timedelta(days=31)


def age(table: str, column: str, by: timedelta) -> None:
    with work_unit(WORKER), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = {column} - %s", [by])


def finish(mail_state: str, event_state: str, world: World) -> None:
    emit(world)
    queue(dedup=f"mail.{mail_state}")
    with work_unit(WORKER) as unit:
        event = Event.objects.latest("id")
        done_at = unit.now if event_state == "HANDLED" else None
        Event.objects.filter(pk=event.pk).update(state=event_state, handled_at=done_at)
        Delivery.objects.filter(dedup_key=f"mail.{mail_state}").update(
            state=mail_state,
            sent_at=unit.now if mail_state == "SENT" else None,
            event=event,
            customer_id=event.customer_id,
            reseller_id=event.reseller_id,
        )


def test_what_was_done_a_month_ago_is_forgotten_and_what_died_is_not(world: World) -> None:
    for mail_state, event_state in [
        ("SENT", "HANDLED"),
        ("DROPPED", "HANDLED"),
        ("DEAD", "HANDLED"),
        ("QUEUED", "DEAD"),
    ]:
        finish(mail_state, event_state, world)
    assert tidy()["deliveries"] == 0
    age("notifications_delivery", "created_at", OLD)
    age("notifications_event", "handled_at", OLD)
    assert {key: tidy_count for key, tidy_count in tidy().items() if tidy_count} == {"deliveries": 2, "events": 2}
    assert [mail.state for mail in mails()] == ["DEAD", "QUEUED"]
    with work_unit(WORKER):
        # The event of the dead mail stays with it.
        assert list(Event.objects.order_by("id").values_list("state", flat=True)) == ["HANDLED", "DEAD"]


@pytest.mark.parametrize("hours, left", [(23, 1), (25, 0)])
def test_a_request_is_remembered_for_a_day(world: World, hours: int, left: int) -> None:
    with work_unit(Context("customer", world.acme.pk)):
        DoneDeed.objects.create(organisation=world.acme, door="token:1", key="k", fingerprint="f")
    age("tenancy_donedeed", "created_at", timedelta(hours=hours))
    tidy_task()
    with work_unit(WORKER):
        assert DoneDeed.objects.count() == left


@pytest.mark.parametrize("accepted, days, left", [(False, 10, 1), (False, 31, 0), (True, 31, 1)])
def test_an_invitation_nobody_took_is_forgotten(world: World, accepted: bool, days: int, left: int) -> None:
    with work_unit(Context("staff")) as unit:
        Invitation.objects.create(
            organisation=world.acme,
            email="new@acme.example",
            role=Role.MEMBER,
            secret_hash="x" * 64,
            invited_by_name="Ana",
            expires_at=unit.now - timedelta(days=days),
            accepted_at=unit.now if accepted else None,
        )
    assert tidy()["invitations"] == 1 - left
    with work_unit(WORKER):
        assert Invitation.objects.count() == left


def test_it_goes_on_until_nothing_is_left(world: World, monkeypatch: Any) -> None:
    monkeypatch.setattr(tidying, "BATCH", 2)
    for n in range(5):
        queue(dedup=f"mail.{n}")
    with work_unit(WORKER) as unit:
        Delivery.objects.update(state="SENT", sent_at=unit.now)
    age("notifications_delivery", "created_at", OLD)
    assert tidy()["deliveries"] == 5


def test_how_long_the_oldest_has_waited(world: World) -> None:
    with work_unit(WORKER):
        assert oldest_waiting(database_now()) == 0
    emit(world)
    queue(2)
    age("notifications_event", "created_at", timedelta(seconds=90))
    age("notifications_delivery", "created_at", timedelta(seconds=30))
    with work_unit(WORKER):
        assert 90 <= oldest_waiting(database_now()) < 120
        assert 30 <= waiting(database_now()).delivery.total_seconds() < 60
        Event.objects.update(state="DEAD")
        Delivery.objects.filter(dedup_key="mail.1").update(state="DEAD")
        assert 30 <= oldest_waiting(database_now()) < 60
        late = waiting(database_now())
    assert (late.dead_events, late.dead_deliveries) == (1, 1)
