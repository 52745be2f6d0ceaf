"""Another reseller serves a customer: it sees the whole history at once, and the old one nothing."""

import threading
import time
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, connections

from contracts.models import Component, Site
from tenancy import services
from tenancy.actor import NotAllowed
from tenancy.context import Context, work_unit
from tenancy.models import Organisation, TenantModel
from tests.tenancy.doorstep import STAFF, WORKER, audit_of
from tests.world import World, message, ticket
from tickets.models import Message, Ticket
from tickets.services import assign


def change(world: World, to: Organisation, by: str = "adam", customer: Organisation | None = None) -> Organisation:
    actor = world.actor(by)
    with work_unit(actor.context) as unit:
        return services.change_reseller(actor=actor, customer=customer or world.acme, to=to, now=unit.now)


def seen_by(reseller: Organisation) -> dict[str, int]:
    with work_unit(Context("reseller", reseller.pk)):
        models = (Ticket, Message, Site, Component)
        return {model.__name__: model.objects.count() for model in models}


@pytest.fixture
def history(world: World) -> Ticket:
    filed = ticket(world)
    message(world, filed, by="dirk", body="Between us", kind="partner")
    message(world, filed, by="marek", body="Among us", kind="internal")
    message(world, filed)
    return filed


def test_the_new_one_sees_everything_and_the_old_one_nothing(world: World, history: Ticket) -> None:
    assert seen_by(world.delta) == {"Ticket": 1, "Message": 2, "Site": 1, "Component": 1}
    change(world, world.nova)
    assert seen_by(world.delta) == {"Ticket": 0, "Message": 0, "Site": 0, "Component": 0}
    assert seen_by(world.nova) == {"Ticket": 1, "Message": 2, "Site": 2, "Component": 2}
    with work_unit(Context("customer", world.acme.pk)):
        assert set(Organisation.objects.values_list("code", flat=True)) == {"ACME", "NOVA"}


def test_every_table_with_a_tenant_follows(world: World, history: Ticket) -> None:
    """Also the ones somebody adds later: a forgotten key would leave rows with the old reseller."""
    change(world, world.nova)
    tables = {model._meta.db_table for model in apps.get_models() if issubclass(model, TenantModel)}
    tables |= {"tenancy_auditevent", "tenancy_audithead"}
    with work_unit(WORKER), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT DISTINCT reseller_id FROM {table} WHERE customer_id = %s", [world.acme.pk])
            assert {row[0] for row in cursor.fetchall()} <= {world.nova.pk}, table


def test_work_of_the_old_resellers_people_goes_back_to_the_team(world: World, history: Ticket) -> None:
    dora = world.actor("dora")
    with work_unit(dora.context) as unit:
        assert unit.now
        assign(actor=dora, ticket=history, to=world.dirk, now=unit.now)
    change(world, world.nova)
    with work_unit(STAFF):
        assert Ticket.objects.get(pk=history.pk).assignee_name == ""


def test_work_of_rozooms_people_stays_with_them(world: World, history: Ticket) -> None:
    marek = world.actor("marek")
    with work_unit(marek.context) as unit:
        assert unit.now
        assign(actor=marek, ticket=history, to=world.marek, now=unit.now)
    change(world, world.nova)
    with work_unit(STAFF):
        assert Ticket.objects.get(pk=history.pk).assignee_id == world.marek.person_id


def test_it_is_audited_and_nobody_but_rozoom_reads_who_was_before(world: World) -> None:
    change(world, world.nova)
    (event,) = audit_of(world, "acme")
    assert (event.verb, event.data, event.kind) == (
        "customer.reseller_changed",
        {"was": "DELTA", "to": "NOVA"},
        "internal",
    )


def test_a_customer_can_be_served_by_rozoom_itself_and_go_back(world: World, history: Ticket) -> None:
    change(world, world.rozoom)
    assert seen_by(world.delta)["Ticket"] == 0
    change(world, world.delta)
    assert seen_by(world.delta)["Message"] == 2


def test_the_same_reseller_again_is_no_deed(world: World) -> None:
    change(world, world.delta)
    assert audit_of(world, "acme") == []


@pytest.mark.parametrize("by", ["ana", "dora", "nils", "marek", "duty", "fin"])
def test_only_rozooms_administrators_decide(world: World, by: str) -> None:
    with pytest.raises(NotAllowed):
        change(world, world.nova, by=by)
    with work_unit(STAFF):
        assert Organisation.objects.get(code="ACME").reseller_id == world.delta.pk


def test_only_resellers_and_rozoom_serve_and_only_customers_are_served(world: World) -> None:
    with pytest.raises(services.CannotChangeReseller, match="Choose a reseller"):
        change(world, world.bolt)
    with pytest.raises(services.CannotChangeReseller, match="is not a customer"):
        change(world, world.nova, customer=world.delta)
    with work_unit(STAFF):
        Organisation.objects.filter(code="NOVA").update(is_active=False)
    with pytest.raises(services.CannotChangeReseller, match="Choose a reseller"):
        change(world, world.nova)


def test_a_ticket_filed_meanwhile_is_not_left_behind(lasting_world: World) -> None:
    """Filed between the change and its commit: it waits, then carries the new reseller or is refused as a whole."""
    started, errors = threading.Event(), []

    def file() -> None:
        try:
            started.wait(10)
            ticket(lasting_world)
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    filing = threading.Thread(target=file)
    filing.start()
    adam = lasting_world.actor("adam")
    with work_unit(adam.context) as unit:
        services.change_reseller(actor=adam, customer=lasting_world.acme, to=lasting_world.nova, now=unit.now)
        started.set()
        filing.join(0.5)
    filing.join(10)
    assert seen_by(lasting_world.delta)["Ticket"] == 0
    assert seen_by(lasting_world.nova)["Ticket"] == 1 - len(errors)


def is_in_the_way() -> bool:
    """Whether somebody waits for what this connection holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid))")
        return cursor.fetchone()[0] > 0


def test_a_deed_that_stands_in_its_way_is_let_past(lasting_world: World) -> None:
    """A reply holds the ticket and then needs the customer, the change the reverse. PostgreSQL ends who waited first."""
    filed = ticket(lasting_world)
    is_held, errors = threading.Event(), []
    adam = lasting_world.actor("adam")

    def deed() -> None:
        try:
            with work_unit(STAFF):
                Ticket.objects.select_for_update(of=("self",)).defer("search").get(pk=filed.pk)
                is_held.set()
                until = time.monotonic() + 10
                while not is_in_the_way() and time.monotonic() < until:
                    time.sleep(0.02)
                Site.objects.create(customer=lasting_world.acme, name="Second site")  # refers to the customer
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    doing = threading.Thread(target=deed)
    doing.start()
    assert is_held.wait(10)
    with work_unit(adam.context) as unit:
        services.change_reseller(actor=adam, customer=lasting_world.acme, to=lasting_world.nova, now=unit.now)
    doing.join(10)
    assert errors == []
    assert seen_by(lasting_world.nova) == {"Ticket": 1, "Message": 0, "Site": 3, "Component": 2}


def test_people_who_leave_hand_their_tickets_back(world: World, history: Ticket) -> None:
    dora = world.actor("dora")
    with work_unit(dora.context) as unit:
        assert unit.now
        assign(actor=dora, ticket=history, to=world.dirk, now=unit.now)
    assert world.client("dora").post(f"/people/{world.dirk.pk}/end/").status_code == 302
    with work_unit(STAFF):
        held = Ticket.objects.get(pk=history.pk)
        assert (held.assignee_id, held.assignee_name) == (None, "")


def test_who_becomes_finance_hands_the_tickets_back(world: World, history: Ticket) -> None:
    marek: Any = world.actor("marek")
    with work_unit(marek.context) as unit:
        assert unit.now
        assign(actor=marek, ticket=history, to=world.marek, now=unit.now)
    world.client("adam").post(f"/people/{world.marek.pk}/", {"role": "finance"})
    with work_unit(STAFF):
        assert Ticket.objects.get(pk=history.pk).assignee_id is None
