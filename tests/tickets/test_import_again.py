"""Importing twice, breaking off, being killed, and names that are taken already."""

import os
import re
import signal
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management.base import CommandError
from django.db import DataError, connection

from sla.history import past_promise, record_past
from sla.models import ClockSegment
from tenancy.context import Context, as_login_role, work_unit
from tenancy.models import AuditEvent, Kind, Organisation, Person
from tenancy.pgbackend.base import TenantAccessDenied
from tests.notifications.outbox import environment_of_a_process
from tests.tickets.event_log import counts, imported, incident, many, row, run, write_log
from tests.world import STAFF, World, ticket
from tickets.history import importing
from tickets.history.importing import plan_import, run_import
from tickets.history.reading import read_event_log
from tickets.models import Ticket

WORKER = Context("worker")


def test_repeating_an_import_changes_nothing(db: None, tmp_path: Path) -> None:
    path = write_log(tmp_path / "log.csv", many(7))
    assert "Imported 7 incidents." in run(path)
    before = counts()
    again = run(path)
    assert "7 of them are here already" in again
    assert "Imported 0 incidents." in again
    assert counts() == before


def test_a_dry_run_reads_reports_and_changes_nothing(db: None, tmp_path: Path) -> None:
    before = counts()
    out = run(write_log(tmp_path / "log.csv", many(7)), "--dry-run")
    assert "Nothing was changed. 7 incidents would be imported, served by roZoom itself." in out
    assert re.search(r"Severity 3\s+7\s+7\s+0\s+0", out)
    assert counts() == before


def test_an_import_that_breaks_off_goes_on_where_it_was(db: None, tmp_path: Path) -> None:
    log = read_event_log(write_log(tmp_path / "log.csv", many(9)))
    with work_unit(STAFF) as unit:
        now = unit.now
    assert now is not None
    written = iter(range(9))

    def break_off() -> None:
        if next(written) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_import(plan_import(log, reseller_code="", now=now), now=now, step=break_off)
    with work_unit(STAFF):
        assert Ticket.objects.count() == 4
    out = run(tmp_path / "log.csv")
    assert "4 of them are here already" in out
    assert "Imported 5 incidents." in out
    with work_unit(STAFF):
        assert Ticket.objects.count() == 9


def test_an_incident_that_can_not_be_written_leaves_nothing_of_itself(
    db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second incident fails after its ticket and its clock were written."""
    path = write_log(tmp_path / "log.csv", many(3))
    genuine = importing.PastEvent

    def second_has_no_time(at: datetime, by: Any, verb: str, data: dict[str, Any], kind: str = "public") -> Any:
        return genuine(None if data.get("incident") == "INC0001" else at, by, verb, data, kind)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "PastEvent", second_has_no_time)
    with pytest.raises(TypeError):
        run(path)
    with work_unit(STAFF):
        assert [found.external_reference for found in Ticket.objects.all()] == ["INC0000"]
        assert ClockSegment.objects.count() == 1
        assert AuditEvent.objects.filter(verb="ticket.filed").count() == 1
    monkeypatch.undo()
    assert "Imported 2 incidents." in run(path)
    with work_unit(STAFF):
        assert sorted(Ticket.objects.values_list("reference", flat=True)) == ["LOC0-1", "LOC1-1", "LOC2-1"]


@pytest.mark.processes
def test_a_killed_import_goes_on_and_doubles_nothing(transactional_db: None, tmp_path: Path) -> None:
    path = write_log(tmp_path / "log.csv", many(150))
    command = [sys.executable, "manage.py", "import_history", "--skip-checks", str(path)]
    environment = environment_of_a_process()
    process = subprocess.Popen(
        command, env=environment, cwd=settings.BASE_DIR, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(" 10 %"):
            break
    os.kill(process.pid, signal.SIGKILL)
    process.wait(timeout=30)
    with work_unit(STAFF):
        there = Ticket.objects.count()
        assert 15 <= there < 150
        assert ClockSegment.objects.count() == there
        assert AuditEvent.objects.filter(verb="ticket.imported").count() == there
    done = subprocess.run(command, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert f"{there} of them are here already" in done.stdout
    with work_unit(STAFF):
        assert Ticket.objects.count() == 150
        assert len(set(Ticket.objects.values_list("external_reference", flat=True))) == 150
        assert sorted(Ticket.objects.filter(reference__startswith="LOC0-").values_list("number", flat=True)) == list(
            range(1, 51)
        )


def test_a_second_import_at_the_same_time_is_refused(
    transactional_db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "LOCK_SECONDS", 0.3)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [importing.LOCK])
        with pytest.raises(CommandError, match="Another import is running"):
            run(write_log(tmp_path / "log.csv", many(1)))
    finally:
        other.close()


def test_restart_says_where_a_ticket_differs_and_overwrites_nothing(world: World, tmp_path: Path) -> None:
    path = write_log(tmp_path / "log.csv", [row("INC1", "New", "08:00"), row("INC1", "Active", "09:00")])
    run(path)
    write_log(path, incident("INC1"))
    out = run(path, "--restart")
    assert "LOC143-1 (INC1): state is Open here, Closed in the file." in out
    assert "LOC143-1 (INC1): closed_at is empty here, 01-03-2016 12:00 in the file." in out
    assert imported().state == "OPEN"


def make(code: str, name: str, kind: Kind = Kind.CUSTOMER, **more: Any) -> Organisation:
    with work_unit(STAFF):
        return Organisation.objects.create(code=code, name=name, kind=kind, **more)


def test_a_customer_with_the_same_code_is_somebody_else(world: World, tmp_path: Path) -> None:
    theirs = make("LOC143", "Locomotive Works", reseller=world.delta)
    run(write_log(tmp_path / "log.csv", incident("INC1")))
    found = imported()
    assert (found.reference, found.customer.name) == ("LOC143X2-1", "Location 143")
    assert found.customer_id != theirs.pk
    run(tmp_path / "log.csv")
    with work_unit(STAFF):
        assert Organisation.objects.filter(name="Location 143").count() == 1


def test_a_customer_with_the_same_name_is_somebody_else(world: World, tmp_path: Path) -> None:
    theirs = make("ELSE", "Location 143", reseller=world.delta)
    run(write_log(tmp_path / "log.csv", incident("INC1")))
    assert imported().customer_id != theirs.pk


def test_a_reseller_with_the_same_code_and_name_is_not_a_customer(world: World, tmp_path: Path) -> None:
    make("LOC143", "Location 143", Kind.RESELLER)
    run(write_log(tmp_path / "log.csv", incident("INC1")))
    assert imported().customer.kind == Kind.CUSTOMER
    assert imported().customer.code == "LOC143X2"


def test_locations_that_shorten_to_the_same_code_stay_apart(db: None, tmp_path: Path) -> None:
    rows = [*incident("INC1"), *incident("INC2", location="Locker 143"), *incident("INC3", location="44 Main St")]
    run(write_log(tmp_path / "log.csv", rows))
    assert imported("INC1").customer.code == "LOC143"
    assert imported("INC2").customer.code == "LOC143X2"
    assert imported("INC3").customer.code == "C44MAINST"
    run(tmp_path / "log.csv")
    with work_unit(STAFF):
        assert Organisation.objects.filter(kind=Kind.CUSTOMER).count() == 3


def test_callers_whose_names_differ_in_signs_only_stay_apart(db: None, tmp_path: Path) -> None:
    rows = [*incident("INC1", caller_id="Ann Lee"), *incident("INC2", caller_id="Ann-Lee")]
    path = write_log(tmp_path / "log.csv", rows)
    run(path)
    run(path)
    with work_unit(STAFF), as_login_role():
        found = dict(Person.objects.filter(email__contains="ann-lee").values_list("name", "email"))
    assert found == {
        "Ann Lee": "ann-lee@callers.history.example",
        "Ann-Lee": "ann-lee-2@callers.history.example",
    }


def test_a_customers_own_number_that_looks_like_an_incident_does_not_hide_it(world: World, tmp_path: Path) -> None:
    ticket(world, "ilse", external_reference="INC1")
    assert "Imported 1 incidents." in run(write_log(tmp_path / "log.csv", incident("INC1")))


def test_a_team_of_that_name_is_used(world: World, tmp_path: Path) -> None:
    run(write_log(tmp_path / "log.csv", incident("INC1", assignment_group="drives")))
    assert imported().team.name == "Drives"


def test_an_unknown_reseller_is_named_with_the_known_ones(world: World, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"no reseller with the code ACME. Known are: DELTA, NOVA"):
        run(write_log(tmp_path / "log.csv", incident("INC1")), "--reseller", "ACME")


@pytest.mark.parametrize("audience", ["customer", "reseller", "staff"])
def test_only_jobs_may_write_a_past_promise(world: World, audience: str) -> None:
    filed = ticket(world, "ilse")
    organisation = {"customer": world.acme.pk, "reseller": world.delta.pk}.get(audience)
    with work_unit(WORKER) as unit:
        assert unit.now is not None
        now = unit.now
    promise = past_promise(
        counted_from=now - timedelta(days=1), severity=1, answered_at=now - timedelta(days=1), now=now
    )
    with pytest.raises(TenantAccessDenied), work_unit(Context(audience, organisation)):
        record_past(promise, customer_id=world.acme.pk, ticket_id=filed.pk)


def test_a_past_promise_can_not_lie_in_the_future(world: World) -> None:
    filed = ticket(world, "ilse")
    with work_unit(WORKER) as unit:
        assert unit.now is not None
        soon = unit.now + timedelta(minutes=5)
    promise = past_promise(counted_from=soon, severity=1, answered_at=soon, now=soon)
    with pytest.raises(DataError), work_unit(WORKER):
        record_past(promise, customer_id=world.acme.pk, ticket_id=filed.pk)
