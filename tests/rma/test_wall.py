"""What the database holds by itself, whoever writes, and what each role may read."""

from datetime import datetime
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from contracts.models import Component
from rma import keeping, services
from rma.models import PoolUnit, Rma, RmaNotice, Shipment, SupplierRma
from rma.services import Wish
from tenancy.context import Context, ContextError, as_deputy, work_unit
from tenancy.models import Kind, Membership, Organisation
from tenancy.pgbackend.base import TenantAccessDenied
from tests.rma.deals import (
    STAFF,
    Stock,
    allocated,
    approved,
    as_person,
    delivered,
    entitled,
    fresh,
    requested,
    shipped,
    staff,
)
from tests.world import World
from tickets.models import Ticket

TENANTS = ("ilse", "dirk", "sam")


def test_no_tenant_writes_anything(world: World, stock: Stock, component: Component, now: datetime) -> None:
    stock.unit(now)
    delivered(world, component, now)
    for name in TENANTS:
        for model in (Rma, SupplierRma, Shipment, PoolUnit, RmaNotice):
            for statement in (f"UPDATE {model._meta.db_table} SET id = id", f"DELETE FROM {model._meta.db_table}"):
                with (
                    work_unit(world.actor(name).context),
                    pytest.raises(DatabaseError, match="permission denied"),
                    transaction.atomic(),
                ):
                    connection.cursor().execute(statement)


def test_each_role_sees_its_own_and_no_more(world: World, stock: Stock, component: Component, now: datetime) -> None:
    stock.unit(now), stock.unit(now)
    delivered(world, component, now)
    delivered(world, entitled(world, now, "solo"), now, "sol")
    seen = {}
    for name in ("ilse", "dirk", "sol", "bob", "nils", "marek"):
        with work_unit(world.actor(name).context):
            seen[name] = (Rma.objects.count(), Shipment.objects.count())
    assert seen == {"ilse": (1, 2), "dirk": (1, 2), "sol": (1, 2), "bob": (0, 0), "nils": (0, 0), "marek": (2, 4)}
    with work_unit(world.actor("sam").context):
        assert (SupplierRma.objects.count(), Shipment.objects.count()) == (2, 0)
    for name, model in (
        ("ilse", SupplierRma),
        ("dirk", SupplierRma),
        ("sam", Rma),
        ("ilse", PoolUnit),
        ("dirk", RmaNotice),
    ):
        with work_unit(world.actor(name).context), pytest.raises(TenantAccessDenied), transaction.atomic():
            model.objects.count()


def test_a_leg_to_a_supplier_is_not_the_customers(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now)
    rma = delivered(world, component, now)
    rma = staff(world, services.receive, rma, now, scanned_serial=component.serial)
    with work_unit(STAFF):
        record, unit = rma.supplier_records.get(), PoolUnit.objects.get(serial=component.serial)
    as_person(world, "sam", services.acknowledge, record=record, supplier_number="F-1", now=now)
    as_person(world, "cora", services.send_part, record=record, unit=unit, carrier="DHL", tracking_number="D1", now=now)
    for name, expected in (("ilse", 2), ("dirk", 2), ("sam", 1), ("marek", 3)):
        with work_unit(world.actor(name).context):
            assert Shipment.objects.count() == expected


HELD = {
    "two open returns of a component": "rma_one_open_per_component",
    "two returns of one reserved unit": "rma_one_per_reserved_unit",
    "a return names a unit that is free": "names a unit that is not reserved",
    "a reserved unit is let go": "is reserved for a return",
    "it ships without a supplier's record": "has no supplier record",
    "a promise is changed": "stays as it is",
    "a serial is twice in the pool": "pool_unit_serial_taken",
    "a component of somebody else": "rma_rma_component_key_fk",
}


def test_the_database_holds_it(world: World, stock: Stock, component: Component, now: datetime) -> None:
    unit = stock.unit(now)
    free = stock.unit(now)
    rma = allocated(world, component, now)
    with work_unit(STAFF):
        for name, says in HELD.items():
            with pytest.raises(IntegrityError, match=says), transaction.atomic():
                break_it(world, name, Rma.objects.get(pk=rma.pk), unit, free)


def break_it(world: World, name: str, rma: Rma, unit: PoolUnit, free: PoolUnit) -> None:
    rows = Rma.objects.filter(pk=rma.pk)
    if name == "two open returns of a component":
        copy(rma)
    elif name == "two returns of one reserved unit":
        copy(rma, component=world_other(rma))
    elif name == "a return names a unit that is free":
        rows.update(unit=free)
    elif name == "a reserved unit is let go":
        PoolUnit.objects.filter(pk=unit.pk).update(state="AVAILABLE")
    elif name == "it ships without a supplier's record":
        rma.supplier_records.all().update(state="CANCELLED")
        rows.update(state="SHIPPED")
    elif name == "a promise is changed":
        rows.update(deliver_target="2031-01-01")
    elif name == "a serial is twice in the pool":
        PoolUnit.objects.filter(pk=free.pk).update(serial_normal=unit.serial_normal)
    else:
        rows.update(component=world.components["bolt"])


def world_other(rma: Rma) -> Component:
    assert rma.component is not None
    return Component.objects.create(
        customer_id=rma.customer_id, reseller_id=rma.reseller_id, product=rma.component.product, site=rma.component.site,
        serial="OTHER", serial_normal="OTHER",
    )  # fmt: skip


def copy(rma: Rma, **changes: Any) -> None:
    row = Rma.objects.get(pk=rma.pk)
    row.pk, row._state.adding, row.number = Rma._meta.pk.get_default(), True, 99
    for field, value in changes.items():
        setattr(row, field, value)
    row.save(force_insert=True)


def test_a_tenants_deed_steps_out_for_its_writes_alone(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    ilse = world.actor("ilse")
    rma = requested(world, component, now).rma
    with work_unit(ilse.context):
        with pytest.raises(services.CannotReturn):
            services.cancel(actor=ilse, rma=rma, reason=" ", now=now)
        wish = Wish(component=world.components["bolt"])
        with pytest.raises(services.CannotRequest):
            services.request_return(actor=ilse, ticket=rma.ticket, wish=wish, now=now)
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, app.current_org()")
            assert cursor.fetchone() == ("rozoom_customer", world.acme.pk)
        assert Rma.objects.count() == 1
    with pytest.raises(ContextError, match="no tenant context"), as_deputy(world.acme.pk):
        pass
    with work_unit(Context("worker")), as_deputy(world.acme.pk), connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("rozoom_worker",)


def test_a_database_error_in_a_tenants_deed_leaves_its_own_role(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now)
    rma = shipped(world, component, now)
    ilse = world.actor("ilse")
    with work_unit(ilse.context):
        with pytest.raises(IntegrityError), transaction.atomic(), as_deputy(rma.customer_id):
            Rma.objects.filter(pk=rma.pk).update(severity=9)
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == ("rozoom_customer",)


def test_a_deputy_reaches_one_customers_rows_and_nobodys_secrets(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    own = requested(world, component, now).rma
    bolt = requested(world, entitled(world, now, "bolt"), now, "bob").rma
    ilse = world.actor("ilse")
    with work_unit(ilse.context), as_deputy(world.acme.pk):
        assert list(Rma.objects.values_list("pk", flat=True)) == [own.pk]
        assert not Ticket.objects.exclude(customer=world.acme).exists()
        assert Rma.objects.filter(pk=bolt.pk).update(severity=1) == 0
        assert not Organisation.objects.filter(kind=Kind.CUSTOMER).exclude(pk=world.acme.pk).exists()
        assert not Membership.objects.exists()
        for sql in (
            f"INSERT INTO rma_rmacounter (customer_id, reseller_id, last) VALUES ({world.bolt.pk}, {world.nova.pk}, 7)",
            f"SELECT app.audit({world.bolt.pk}, 'x', 'public', 'x', 'x', '', 'x', NULL, '{{}}', now())",
        ):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql)
        with pytest.raises(ContextError, match="another's"), as_deputy(world.bolt.pk):
            pass


def test_who_gives_a_unit_back_does_not_serve_others_by_itself(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now)
    holder = staff(world, services.allocate, approved(world, component, now), now)
    waiting = staff(world, services.allocate, approved(world, entitled(world, now, "bolt"), now, "bob"), now)
    ilse = world.actor("ilse")
    with work_unit(ilse.context):
        services.cancel(actor=ilse, rma=holder, reason="Found another one.", now=now)
    assert fresh(waiting).state == "BACKORDERED"
    assert keeping.serve(now) == 1
    assert fresh(waiting).state == "ALLOCATED"
