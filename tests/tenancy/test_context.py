"""The context of a unit of work, and what the database says without one."""

import contextlib
import threading
from typing import Any

import psycopg2
import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connection, connections, transaction

from contracts.models import Site
from tenancy.actor import Actor
from tenancy.context import (
    Context,
    ContextError,
    TransactionAborted,
    as_login_role,
    database_now,
    work_unit,
)
from tenancy.models import Invitation, Membership, Organisation, Person
from tenancy.pgbackend.base import TenantAccessDenied
from tests.tenancy.doorstep import STAFF, WORKER
from tests.world import OrganisationFactory, SiteFactory, World, ensure_context, message, ticket
from tickets.models import Message, Ticket


def current() -> tuple[str, str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT session_user, current_user, coalesce(current_setting('app.org', true), '')")
        return cursor.fetchone()


OUTSIDE = ("rozoom_app", "rozoom_app", "")


def of(organisation: Organisation) -> Context:
    return Context("customer" if organisation.kind == "CUSTOMER" else "reseller", organisation.pk)


def test_the_tests_run_as_the_plain_login(db: Any) -> None:
    assert current() == OUTSIDE


def test_each_audience_sees_its_rows_and_its_kinds(world: World) -> None:
    filed = ticket(world)
    for kind in ("public", "partner", "internal"):
        message(world, filed, kind=kind)
    ticket(world, by="bob")
    seen = {}
    for name, ctx in {
        "acme": of(world.acme),
        "bolt": of(world.bolt),
        "delta": of(world.delta),
        "nova": of(world.nova),
        "staff": STAFF,
        "worker": WORKER,
    }.items():
        with work_unit(ctx):
            kinds = sorted(set(Message.objects.values_list("kind", flat=True)))
            seen[name] = (Ticket.objects.count(), kinds)
    everything = ["internal", "partner", "public"]
    assert seen == {
        "acme": (1, ["public"]),
        "bolt": (1, []),
        "delta": (1, ["partner", "public"]),
        "nova": (1, []),
        "staff": (2, everything),
        "worker": (2, everything),
    }
    assert current() == OUTSIDE


def test_without_a_context_tenants_rows_are_an_error(world: World) -> None:
    for model in (Ticket, Site, Message):
        with pytest.raises(TenantAccessDenied), transaction.atomic():
            model.objects.count()


def test_a_role_without_an_organisation_is_an_error_too(world: World) -> None:
    def half_set() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('role', 'rozoom_customer', true)")
            Site.objects.count()

    with pytest.raises(TenantAccessDenied, match="no tenant context"):
        half_set()


@pytest.mark.parametrize(
    "wrong", [("customer", None), ("reseller", None), ("supplier", None), ("staff", 1), ("worker", 1), ("god", None)]
)
def test_a_context_that_blurs_whose_rows_are_meant_can_not_be_made(wrong: tuple[str, int | None]) -> None:
    with pytest.raises(ContextError):
        Context(*wrong)


def test_units_do_not_nest(world: World) -> None:
    with work_unit(of(world.acme)):
        with pytest.raises(ContextError, match="do not nest"), work_unit(of(world.bolt)):
            pass
        assert [site.name for site in Site.objects.all()] == ["Acme Lifts main site"]


def test_a_context_is_entered_once(world: World) -> None:
    with work_unit(of(world.acme)) as unit, pytest.raises(ContextError, match="already set"):
        unit.enter(of(world.bolt))


@pytest.mark.django_db(transaction=True)
def test_a_unit_is_a_transaction_of_its_own() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="durable"), work_unit(STAFF):
        pass
    assert current() == OUTSIDE


@pytest.mark.parametrize("sql", ["SELECT 1 / 0", "SELECT nothing"])
def test_an_error_inside_leaves_nothing_behind(world: World, sql: str) -> None:
    with pytest.raises(DatabaseError), work_unit(of(world.acme)), connection.cursor() as cursor:
        cursor.execute(sql)
    assert current() == OUTSIDE
    assert connection.unit is None


def test_a_swallowed_database_error_does_not_pass_as_done(world: World) -> None:
    """PostgreSQL would answer COMMIT with ROLLBACK and nobody would know."""

    def swallow() -> None:
        with work_unit(STAFF):
            OrganisationFactory(code="LOST", reseller=world.delta)
            with contextlib.suppress(IntegrityError), connection.cursor() as cursor:
                cursor.execute("INSERT INTO tenancy_team (name) VALUES (NULL)")

    with pytest.raises(TransactionAborted):
        swallow()
    with work_unit(STAFF):
        assert not Organisation.objects.filter(code="LOST").exists()


def test_stepping_out_to_the_login_role_and_back(world: World) -> None:
    with work_unit(of(world.acme)):
        with as_login_role():
            assert current()[1] == "rozoom_app"
            assert Person.objects.filter(email="bob@test.example").exists()
            with pytest.raises(TenantAccessDenied), transaction.atomic():
                Site.objects.count()
        assert current()[1:] == ("rozoom_customer", str(world.acme.pk))
        with pytest.raises(TenantAccessDenied), transaction.atomic():
            Person.objects.count()


def test_stepping_out_comes_back_after_an_error(world: World) -> None:
    with work_unit(of(world.acme)):
        with pytest.raises(ValueError, match="inside"), as_login_role():
            raise ValueError("inside")
        assert current()[1] == "rozoom_customer"


def test_a_context_is_joined_where_one_stands(world: World) -> None:
    with work_unit(of(world.acme)) as unit, ensure_context(STAFF) as joined:
        assert joined is unit
        assert current()[1] == "rozoom_customer"
    with ensure_context(STAFF):
        assert current()[1] == "rozoom_staff"


def test_now_is_the_databases_clock_read_once(world: World) -> None:
    with work_unit(STAFF) as unit:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.02), clock_timestamp()")
            later = cursor.fetchone()[1]
        assert database_now() == unit.now
        assert unit.now is not None
        assert unit.now < later
    assert database_now() >= later


def test_other_threads_have_no_context(lasting_world: World) -> None:
    refused: list[str] = []

    def look() -> None:
        try:
            Site.objects.count()
        except TenantAccessDenied:
            refused.append("denied")
        finally:
            connections.close_all()

    with work_unit(of(lasting_world.acme)):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join(10)
    assert refused == ["denied"]


def test_foreign_and_missing_references_are_the_same_error(world: World) -> None:
    """Or the number in the error would tell which tickets exist elsewhere."""
    foreign = ticket(world, by="bob")
    codes = []
    for pk in (foreign.pk, foreign.pk + 1_000_000):
        ilse = world.actor("ilse").context
        with pytest.raises(IntegrityError) as error, work_unit(ilse), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO tickets_replydraft (customer_id, reseller_id, ticket_id, person_id, kind, body, updated_at)"
                " VALUES (%s, %s, %s, app.current_person(), 'public', '', now())",
                [world.acme.pk, world.delta.pk, pk],
            )
        codes.append(error.value.__cause__.pgcode)  # type: ignore[union-attr]
    assert codes == ["23503", "23503"]


def test_a_customer_knows_its_reseller_and_no_other_organisation(world: World) -> None:
    with work_unit(of(world.acme)):
        assert set(Organisation.objects.values_list("code", flat=True)) == {"ACME", "DELTA"}
        assert not Membership.objects.exclude(organisation=world.acme).exists()
    with work_unit(of(world.delta)):
        assert set(Organisation.objects.values_list("code", flat=True)) == {"ACME", "DELTA"}
        assert not Membership.objects.exclude(organisation=world.delta).exists()


def test_no_tenant_reads_the_invitations_of_another(world: World) -> None:
    with work_unit(STAFF) as unit:
        Invitation.objects.create(
            organisation=world.bolt,
            email="new@bolt.example",
            role="member",
            secret_hash="x" * 64,
            invited_by_name="T",
            expires_at=unit.now,
        )
    for organisation in (world.acme, world.delta, world.nova):
        with work_unit(of(organisation)):
            assert not Invitation.objects.exists()


def test_factories_join_the_context_of_the_test(world: World) -> None:
    with pytest.raises(TenantAccessDenied), work_unit(of(world.acme)):
        SiteFactory(customer=world.acme)  # customers do not make sites


@pytest.mark.parametrize(
    "who, audience, has_org",
    [("ilse", "customer", True), ("dirk", "reseller", True), ("marek", "staff", False)],
)
def test_the_actor_knows_its_context(world: World, who: str, audience: str, has_org: bool) -> None:
    ctx = world.actor(who).context
    assert (ctx.audience, ctx.org is not None, ctx.person) == (audience, has_org, world.people[who].person_id)
    assert Actor.system("sweep").context == WORKER


def test_a_server_that_dies_is_away_however_the_driver_says_so() -> None:
    with pytest.raises(OperationalError, match="closed the connection"), connection.wrap_database_errors:
        raise psycopg2.DatabaseError("server closed the connection unexpectedly")
    with pytest.raises(IntegrityError), connection.wrap_database_errors:
        raise psycopg2.IntegrityError("taken")
