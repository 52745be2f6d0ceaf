"""Filing: number, severity, promise and event are one deed, or none."""

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection, connections

from notifications.models import Event
from sla.models import ClockSegment
from tenancy.actor import NotAllowed
from tenancy.context import Context, work_unit
from tenancy.models import AuditEvent, Organisation
from tenancy.pgbackend.base import TenantAccessDenied
from tests.world import IMPACTS, World, ticket
from tickets.models import Channel, Ticket
from tickets.services import CannotFile, Report, file_ticket

WORKER = Context("worker")


@pytest.mark.parametrize("severity, hours", [(1, 1), (2, 4), (3, 24)])
def test_the_promise_starts_at_reporting(world: World, severity: int, hours: int) -> None:
    filed = ticket(world, severity=severity)
    assert filed.response_due_at - filed.reported_at == timedelta(hours=hours)
    with work_unit(WORKER):
        segment = ClockSegment.objects.get(ticket_id=filed.pk)
        assert (segment.kind, segment.outcome, segment.severity) == ("FIRST", "RUNNING", severity)
        assert (segment.started_at, segment.due_at) == (filed.reported_at, filed.response_due_at)


def test_numbers_are_counted_per_customer_without_gaps(world: World) -> None:
    assert [ticket(world).reference for _ in range(3)] == ["ACME-1", "ACME-2", "ACME-3"]
    assert ticket(world, "bob").reference == "BOLT-1"


def test_a_failed_filing_leaves_no_gap_and_no_trace(world: World) -> None:
    ticket(world)
    foreign = world.components["bolt"]
    with pytest.raises(CannotFile, match="do not know this component"):
        ticket(world, component=foreign)
    assert ticket(world).reference == "ACME-2"
    with work_unit(WORKER):
        assert Ticket.objects.count() == ClockSegment.objects.count() == 2


def test_it_is_audited_and_told(world: World) -> None:
    filed = ticket(world)
    with work_unit(WORKER):
        event = AuditEvent.objects.get(chain=filed.chain)
        assert (event.verb, event.actor_name, event.data["severity"]) == ("ticket.filed", "Ilse Test", 2)
        assert Event.objects.filter(topic="ticket.filed", ticket_id=filed.pk).count() == 1


def test_the_components_site_is_taken_when_none_is_named(world: World) -> None:
    component = world.components["acme"]
    assert ticket(world, component=component).site_id == component.site_id


def test_the_customers_own_reference_is_taken_once(world: World) -> None:
    ticket(world, external_reference="INC-7")
    with pytest.raises(CannotFile, match="ACME-1 already carries"):
        ticket(world, external_reference="INC-7")
    assert ticket(world, "bob", external_reference="INC-7").reference == "BOLT-1"


def test_a_reseller_files_for_its_customer_and_for_no_other(world: World) -> None:
    actor = world.actor("dirk")
    report = Report(subject="S", description="D", impact=IMPACTS[3])
    with work_unit(actor.context) as unit:
        filed = file_ticket(actor=actor, customer=world.acme, report=report, channel=Channel.PORTAL, now=unit.now)
        assert (filed.reference, filed.reporter_party) == ("ACME-1", "reseller")
    with pytest.raises(TenantAccessDenied), work_unit(actor.context) as unit:
        file_ticket(actor=actor, customer=world.bolt, report=report, channel=Channel.PORTAL, now=unit.now)


def test_finance_files_nothing(world: World) -> None:
    actor = world.actor("fin")
    report = Report(subject="S", description="D", impact=IMPACTS[3])
    with pytest.raises(NotAllowed), work_unit(actor.context) as unit:
        file_ticket(actor=actor, customer=world.acme, report=report, channel=Channel.PHONE, now=unit.now)


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_their_own_numbers(lasting_world: World) -> None:
    together, numbers = Barrier(6), []

    def one() -> None:
        try:
            together.wait(timeout=10)
            numbers.append(ticket(lasting_world).number)
        finally:
            connections.close_all()

    threads = [Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == [1, 2, 3, 4, 5, 6]


def test_a_tenant_cannot_forge_anothers_ticket_by_plain_sql(world: World) -> None:
    filed = ticket(world, "bob")
    with work_unit(world.actor("ilse").context):
        assert Ticket.objects.filter(pk=filed.pk).update(subject="mine now") == 0
    filed.pk, filed.number, filed.reference = None, 99, "BOLT-99"
    with pytest.raises(TenantAccessDenied), work_unit(world.actor("ilse").context):
        filed.save(force_insert=True)
    with work_unit(WORKER):
        assert [t.subject for t in Ticket.objects.all()] == [filed.subject]


def test_changing_the_reseller_moves_every_row_at_once(world: World) -> None:
    filed = ticket(world)
    with work_unit(Context("staff")):
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        Organisation.objects.filter(pk=world.acme.pk).update(reseller=world.nova)
    with work_unit(world.actor("nils").context):
        assert Ticket.objects.filter(pk=filed.pk).exists()
    with work_unit(world.actor("dirk").context):
        assert not Ticket.objects.filter(pk=filed.pk).exists()


def test_a_forgotten_context_is_an_error_not_an_empty_list(world: World) -> None:
    def look() -> Any:
        with work_unit():
            return list(Ticket.objects.all())

    with pytest.raises(TenantAccessDenied):
        look()
