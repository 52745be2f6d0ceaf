"""A deed's event: in its transaction, for its own tenant, readable by nobody but the worker."""

from typing import Any

import pytest
from django.db import IntegrityError, connection

from notifications import services
from notifications.models import Delivery, Event
from tenancy.context import Context, work_unit
from tenancy.pgbackend.base import TenantAccessDenied
from tests.notifications.outbox import emit, events, mails, queue, states
from tests.world import World


def test_an_event_is_written_with_the_deed(world: World) -> None:
    emit(world, "ticket.filed", ticket_id=7, severity=1, payload={"by": "Ilse"})
    (event,) = events()
    assert (event.topic, event.ticket_id, event.severity, event.payload) == ("ticket.filed", 7, 1, {"by": "Ilse"})
    assert (event.state, event.attempts, event.customer_id) == ("QUEUED", 0, world.acme.pk)


def test_it_costs_one_statement(world: World, django_assert_num_queries: Any) -> None:
    with work_unit(Context("customer", world.acme.pk)) as unit, django_assert_num_queries(1):
        services.emit("x", customer_id=world.acme.pk, reseller_id=world.delta.pk, now=unit.now)


def test_a_deed_that_fails_leaves_nothing(lasting_world: World) -> None:
    world = lasting_world
    with work_unit(Context("customer", world.acme.pk)) as unit:
        services.emit("x", customer_id=world.acme.pk, reseller_id=world.delta.pk, now=unit.now)
        services.queue_mail(to="a@test.example", subject="x", text="x")
        unit.failed = True
    assert (events(), mails()) == ([], [])


ROLES = ["customer", "reseller", "staff"]


def context(world: World, role: str) -> Context:
    return Context(role, {"customer": world.acme.pk, "reseller": world.delta.pk}.get(role))


@pytest.mark.parametrize("role", ROLES)
def test_each_role_emits_for_its_own(world: World, role: str) -> None:
    with work_unit(context(world, role)) as unit:
        services.emit("x", customer_id=world.acme.pk, reseller_id=world.delta.pk, now=unit.now)
    assert states(events()) == ["QUEUED"]


def test_nobody_emits_for_another_tenant(world: World) -> None:
    for ctx in (Context("customer", world.bolt.pk), Context("reseller", world.nova.pk)):
        with pytest.raises(TenantAccessDenied), work_unit(ctx) as unit:
            services.emit("x", customer_id=world.acme.pk, reseller_id=world.delta.pk, now=unit.now)
    with pytest.raises(IntegrityError):
        emit(world, reseller_id=world.nova.pk)
    assert events() == []


@pytest.mark.parametrize("role", ["customer", "reseller"])
@pytest.mark.parametrize("model", [Event, Delivery])
def test_a_tenant_reads_and_changes_neither(world: World, role: str, model: Any) -> None:
    emit(world)
    queue()
    table = model._meta.db_table
    for sql in (
        f"SELECT count(*) FROM {table}",
        f"UPDATE {table} SET state = 'DEAD'",
        f"DELETE FROM {table}",
        f"INSERT INTO {table} SELECT * FROM {table}",
    ):
        with pytest.raises(TenantAccessDenied), work_unit(context(world, role)), connection.cursor() as cursor:
            cursor.execute(sql)


@pytest.mark.parametrize("role", ["customer", "reseller", "staff"])
def test_only_the_login_and_jobs_add_mail(world: World, role: str) -> None:
    """Else a tenant's connection could send mail in our name."""
    sql = (
        "INSERT INTO notifications_delivery (dedup_key, message_id, recipient, subject, text, headers, severity,"
        " created_at, next_at) VALUES ('a', 'a', 'a', 'a', 'a', '{}', 3, now(), now())"
    )
    with pytest.raises(TenantAccessDenied), work_unit(context(world, role)), connection.cursor() as cursor:
        cursor.execute(sql)


def test_staff_see_a_failed_mail_but_not_the_way_in_it_holds(world: World) -> None:
    queue(text="https://support.example/reset/secret")
    with work_unit(Context("staff")):
        (mail,) = Delivery.objects.all()
        assert (mail.recipient, mail.subject, mail.state) == ("p1@test.example", "Mail 1", "QUEUED")
    for column in ("text", "html", "*"):
        with pytest.raises(TenantAccessDenied), work_unit(Context("staff")), connection.cursor() as cursor:
            cursor.execute(f"SELECT {column} FROM notifications_delivery")


@pytest.mark.parametrize("ctx", [None, "staff", "customer", "worker"])
def test_a_mail_is_queued_in_every_context_and_in_none(world: World, ctx: str | None) -> None:
    with work_unit(context(world, ctx) if ctx else None) as unit:
        queue()
        if ctx:
            assert unit.ctx is not None  # stepped out and back in
    queue()  # outside of any unit, and the same mail again
    (mail,) = mails()
    assert (mail.dedup_key, mail.state, mail.message_id) == ("mail.1", "QUEUED", "<rozoom.mail.1@rozoom.example>")


def test_the_context_stands_again_after_a_mail(world: World) -> None:
    with work_unit(Context("customer", world.acme.pk)), connection.cursor() as cursor:
        queue()
        cursor.execute("SELECT current_setting('role'), current_setting('app.org')")
        assert cursor.fetchone() == ("rozoom_customer", str(world.acme.pk))


@pytest.mark.parametrize(
    "dedup, expected",
    [
        ("event.12.ab34", "<rozoom.event.12.ab34@rozoom.example>"),
        ("invite ana@acme.example", None),
        ("x" * 190, None),
        ("a..b", None),
    ],
)
def test_the_message_id_is_the_same_for_the_same_mail(dedup: str, expected: str | None) -> None:
    made = services.message_id(dedup)
    assert made == services.message_id(dedup)
    assert made != services.message_id(dedup + "1")
    assert expected in (None, made)
    assert "ana@" not in made
    assert len(made) < 100
    assert made.count("@") == 1


def test_what_people_write_into_a_subject_adds_no_header(world: World) -> None:
    queue(subject="Lift 2\r\nBcc: everybody@test.example\n\nx" + "y" * 400)
    (mail,) = mails()
    assert mail.subject.startswith("Lift 2 Bcc: everybody@test.example x")
    assert len(mail.subject) == 255
