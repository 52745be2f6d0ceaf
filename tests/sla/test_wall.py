"""What each role may do to a promise with plain SQL: read its own, and nothing beyond the functions."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection

from sla import services
from sla.models import ClockSegment, Escalation
from sla.sweeper import sweep
from tenancy.context import Context, work_unit
from tenancy.pgbackend.base import TenantAccessDenied
from tests.sla.promises import WORKER, last_segment, reported, segments, start
from tests.world import World, ticket

HOUR = timedelta(hours=1)
START = "SELECT * FROM app.start_clock(%s, %s, %s, 'NEXT', 1::smallint, {at}, {due})"


def contexts(world: World) -> dict[str, Context]:
    return {
        "customer": Context("customer", world.acme.pk),
        "reseller": Context("reseller", world.delta.pk),
        "other customer": Context("customer", world.bolt.pk),
        "other reseller": Context("reseller", world.nova.pk),
        "staff": Context("staff"),
        "worker": Context("worker"),
    }


def run(ctx: Context, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with work_unit(ctx), connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


READERS = {"customer": 1, "reseller": 1, "staff": 1, "worker": 1, "other customer": 0, "other reseller": 0}


@pytest.mark.parametrize("who", READERS)
def test_a_clock_is_read_by_its_own(world: World, who: str) -> None:
    ticket(world)
    with work_unit(contexts(world)[who]):
        assert ClockSegment.objects.count() == READERS[who]


@pytest.mark.parametrize("who, count", [("reseller", 2), ("other reseller", 0), ("staff", 2), ("worker", 2)])
def test_escalations_are_read_by_the_reseller_and_rozoom(world: World, who: str, count: int) -> None:
    reported(world, timedelta(minutes=46))
    sweep()
    with work_unit(contexts(world)[who]):
        assert Escalation.objects.count() == count


@pytest.mark.parametrize("who", READERS)
def test_whether_the_duty_manager_was_told_is_said_to_its_own(world: World, who: str) -> None:
    filed = reported(world, timedelta(minutes=65))
    ctx = contexts(world)[who]
    ask = ("SELECT app.duty_manager_told(%s, %s)", [filed.customer_id, filed.pk])
    assert run(ctx, *ask) == [(False,)]
    sweep()
    assert run(ctx, *ask) == [(READERS[who] == 1,)]


def test_a_customer_can_not_read_escalations(world: World) -> None:
    with pytest.raises(TenantAccessDenied), work_unit(contexts(world)["customer"]):
        Escalation.objects.count()


WRITES = [
    "UPDATE sla_clocksegment SET due_at = due_at + interval '1 hour'",
    "UPDATE sla_clocksegment SET stopped_at = now(), outcome = 'MET'",
    "INSERT INTO sla_clocksegment SELECT * FROM sla_clocksegment",
    "DELETE FROM sla_clocksegment",
    "DELETE FROM sla_escalation",
    "UPDATE sla_escalation SET fired_at = now()",
    "UPDATE sla_ladderstep SET percent = 1",
    "SELECT app.fire_levels('{1}', now(), true)",
    "SELECT app.claim_clocks(1)",
    "SELECT app.end_clock(s, now(), 'MET', '') FROM sla_clocksegment s",
]


@pytest.mark.parametrize("who", ["customer", "reseller"])
@pytest.mark.parametrize("sql", [*WRITES, "SELECT app.stop_clock(customer_id, ticket_id) FROM sla_clocksegment"])
def test_a_tenant_writes_nothing_by_itself(world: World, who: str, sql: str) -> None:
    ticket(world)
    with pytest.raises(TenantAccessDenied):
        run(contexts(world)[who], sql)


@pytest.mark.parametrize("sql", [sql for sql in WRITES if "ladderstep" not in sql])
def test_staff_write_nothing_by_themselves(world: World, sql: str) -> None:
    ticket(world)
    with pytest.raises(TenantAccessDenied):
        run(contexts(world)["staff"], sql)


@pytest.mark.parametrize("sql", [sql for sql in WRITES if sql.startswith(("DELETE", "INSERT")) or "escalation" in sql])
def test_not_even_a_job_deletes_or_invents(world: World, sql: str) -> None:
    ticket(world)
    with pytest.raises(TenantAccessDenied):
        run(WORKER, sql)


@pytest.mark.parametrize("who", ["customer", "reseller"])
def test_a_tenant_starts_and_cancels_its_own(world: World, who: str) -> None:
    filed = ticket(world)
    ctx = contexts(world)[who]
    with work_unit(ctx) as unit:
        assert unit.now is not None
        ended = services.cancel(customer_id=filed.customer_id, ticket_id=filed.pk, reason="withdrawn", now=unit.now)
        assert ended is not None
        assert ended.outcome == "CANCELLED"
        begun = start(filed, started_at=unit.now, kind="NEXT", severity=3)
        replaced = services.supersede(
            customer_id=filed.customer_id, ticket_id=filed.pk, severity=2, reason="agreed", now=unit.now
        )
        assert replaced is not None
    assert [s.outcome for s in segments(filed)] == ["CANCELLED", "SUPERSEDED", "RUNNING"]
    assert last_segment(filed).counted_from == begun.counted_from


FORGED = [
    ("now() - interval '1 hour'", "NULL"),
    ("clock_timestamp() + interval '1 hour'", "NULL"),
    ("clock_timestamp()", "now() + interval '1 minute'"),
]


@pytest.mark.parametrize("who", ["customer", "reseller"])
@pytest.mark.parametrize("at, due", FORGED)
def test_a_tenant_can_not_choose_the_times_of_its_promise(world: World, who: str, at: str, due: str) -> None:
    filed = ticket(world)
    ctx = contexts(world)[who]
    values = [filed.customer_id, filed.reseller_id, filed.pk]
    run(ctx, "SELECT app.cancel_clock(%s, %s, 'x', now())", [filed.customer_id, filed.pk])
    with pytest.raises(TenantAccessDenied, match="a clock starts now"):
        run(ctx, START.format(at=at, due=due), values)
    assert len(run(ctx, START.format(at="clock_timestamp()", due="NULL"), values)) == 1


def test_a_tenant_can_not_choose_the_due_time_of_a_change(world: World) -> None:
    filed = ticket(world)
    with pytest.raises(TenantAccessDenied, match="follows from the severity"):
        run(
            contexts(world)["customer"],
            "SELECT app.supersede_clock(%s, %s, 2::smallint, now(), 'x', now())",
            [filed.customer_id, filed.pk],
        )


def test_staff_may_say_it_was_asked_earlier_but_not_later(world: World) -> None:
    filed = ticket(world)
    staff = contexts(world)["staff"]
    values = [filed.customer_id, filed.reseller_id, filed.pk]
    run(staff, "SELECT app.stop_clock(%s, %s)", values[::2])
    with pytest.raises(TenantAccessDenied, match="a clock starts now"):
        run(staff, START.format(at="clock_timestamp() + interval '1 minute'", due="NULL"), values)
    assert len(run(staff, START.format(at="now() - interval '1 hour'", due="NULL"), values)) == 1


@pytest.mark.parametrize("who", ["other customer", "other reseller"])
def test_a_foreign_clock_is_the_same_as_none(world: World, who: str) -> None:
    filed = ticket(world)
    ctx = contexts(world)[who]
    own = [filed.customer_id, filed.pk]
    assert run(ctx, "SELECT app.cancel_clock(%s, %s, 'x', now())", own) == []
    assert run(ctx, "SELECT app.supersede_clock(%s, %s, 1::smallint, NULL, 'x', now())", own) == []
    assert run(ctx, "SELECT app.cancel_clock(%s, %s, 'x', now())", [filed.customer_id, 987654]) == []
    assert (last_segment(filed).outcome, len(segments(filed))) == ("RUNNING", 1)
    with pytest.raises(TenantAccessDenied, match="another tenant"):
        run(ctx, START.format(at="now()", due="NULL"), [filed.customer_id, filed.reseller_id, filed.pk])


def test_a_clock_needs_its_own_customers_ticket_and_reseller(world: World) -> None:
    """A customer that names a foreign ticket, or another reseller, meets the foreign key."""
    own, foreign = ticket(world), ticket(world, "bob")
    ctx, begin = contexts(world)["customer"], START.format(at="clock_timestamp()", due="NULL")
    run(ctx, "SELECT app.cancel_clock(%s, %s, 'x', now())", [own.customer_id, own.pk])
    for reseller, number in [(world.delta.pk, foreign.pk), (world.nova.pk, own.pk)]:
        with pytest.raises(IntegrityError, match="foreign key"):
            run(ctx, begin, [world.acme.pk, reseller, number])
    assert len(run(ctx, begin, [world.acme.pk, world.delta.pk, own.pk])) == 1


@pytest.mark.parametrize("ctx", [Context("supplier", 1), None], ids=["supplier", "login"])
def test_suppliers_and_the_login_reach_no_clock(world: World, ctx: Context | None) -> None:
    filed = ticket(world)
    for sql in ("SELECT count(*) FROM sla_clocksegment", "SELECT app.cancel_clock(%s, %s, 'x', now())"):
        with pytest.raises(DatabaseError, match="permission denied"), work_unit(ctx), connection.cursor() as cursor:
            cursor.execute(sql, [filed.customer_id, filed.pk] if "%s" in sql else None)


@pytest.mark.django_db(transaction=True)
def test_a_moved_customer_takes_its_promises_along(lasting_world: World) -> None:
    world = lasting_world
    late = reported(world, timedelta(minutes=46))
    sweep()
    with work_unit(Context("staff")):
        services.stop_for_answer(customer_id=late.customer_id, ticket_id=late.pk)
        world.acme.reseller = world.nova
        world.acme.save(update_fields=["reseller"])
    seen = {}
    for who in ("reseller", "other reseller"):
        with work_unit(contexts(world)[who]):
            seen[who] = (ClockSegment.objects.count(), Escalation.objects.count())
    assert seen == {"reseller": (0, 0), "other reseller": (1, 2)}
