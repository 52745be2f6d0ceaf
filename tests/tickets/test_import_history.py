"""Tickets from the event log of another system: what arrives, and what it says."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management.base import CommandError
from django.test import Client

from contracts.models import Site
from notifications.models import Delivery, Event
from sla.models import Escalation
from sla.sweeper import sweep_all
from tenancy.context import Context, as_login_role, work_unit
from tenancy.models import AuditEvent, Kind, Membership, Organisation, Person, Role, Team
from tests.sla.promises import ensure_ladder
from tests.tickets.event_log import imported, incident, many, row, run, segments, trail, utc, write_log
from tests.world import STAFF, World, message, person
from tickets.models import Ticket
from tickets.replaying import replay_all
from tickets.services import add_message

WORKER = Context("worker")


def test_an_incident_arrives_with_its_customer_people_and_words(db: None, tmp_path: Path) -> None:
    run(write_log(tmp_path / "log.csv", incident("INC1", cmdb_ci="cmdb_ci 31")))
    found = imported()
    assert (found.reference, found.customer.name, found.site.name) == ("LOC143-1", "Location 143", "Location 143")
    assert found.subject == "Symptom 72: Category 55, Subcategory 170"
    assert found.description.startswith("Reported by phone, recorded by 3.\n\n- Symptom: Symptom 72\n")
    assert "- Configuration item: cmdb_ci 31" in found.description
    assert "- Impact: 2 - Medium" in found.description
    assert found.tags == ["imported", "category-55", "subcategory-170", "symptom-72", "cmdb-ci-31"]
    assert (found.severity, found.severity_state, found.channel) == (3, "provisional", "phone")
    assert found.severity_because == "imported with priority 3 - Moderate (impact 2 - Medium, urgency 2 - Medium)"
    assert (found.reporter_name, found.team.name, found.resolution) == (
        "Caller 7",
        "Group 56",
        "Solved by 149, closing code 5.",
    )
    with work_unit(STAFF):
        assert Organisation.objects.get(pk=found.customer_id).reseller.kind == Kind.OPERATOR


def test_the_history_keeps_its_instants_and_its_people(db: None, tmp_path: Path) -> None:
    run(write_log(tmp_path / "log.csv", incident("INC1")))
    found = imported()
    assert trail(found)[:-1] == [
        ("ticket.filed", "29 08:00", "Opened by 3"),
        ("ticket.assigned", "29 08:00", "Updated by 9"),
        ("ticket.assigned", "29 09:30", "Updated by 9"),
        ("ticket.begin", "29 09:30", "Updated by 9"),
        ("ticket.assigned", "29 11:00", "Updated by 9"),
        ("ticket.resolve", "29 11:00", "Updated by 9"),
        ("ticket.close", "01 12:00", "Updated by 9"),
    ]
    assert (found.state, found.reported_at, found.resolved_at, found.closed_at) == (
        "CLOSED",
        utc("29-02-2016 08:00"),
        utc("29-02-2016 11:00"),
        utc("01-03-2016 12:00"),
    )


def test_the_trail_says_when_and_by_what_it_was_imported(db: None, tmp_path: Path) -> None:
    run(write_log(tmp_path / "log.csv", incident("INC1")))
    found = imported()
    with work_unit(STAFF) as unit:
        last = AuditEvent.objects.filter(chain=found.chain).order_by("seq").last()
        assert last is not None
        assert unit.now is not None
        assert (last.verb, last.kind, last.actor_name) == ("ticket.imported", "internal", "history import")
        assert unit.now - last.at < timedelta(minutes=5)


@pytest.mark.parametrize(
    ("priority", "answered", "outcome"),
    [
        ("1 - Critical", "09:00", "MET"),
        ("1 - Critical", "09:01", "MISSED"),
        ("2 - High", "12:00", "MET"),
        ("2 - High", "12:01", "MISSED"),
        ("3 - Moderate", "01-03-2016 08:00", "MET"),
        ("4 - Low", "01-03-2016 08:01", "MISSED"),
    ],
)
def test_leaving_new_stops_the_first_clock_at_that_instant(
    db: None, tmp_path: Path, priority: str, answered: str, outcome: str
) -> None:
    rows = [
        row("INC1", "New", "08:00", priority=priority),
        row("INC1", "Awaiting User Info", answered, priority=priority),
    ]
    run(write_log(tmp_path / "log.csv", rows))
    found = imported()
    [first] = segments(found)
    assert (first.kind, first.outcome, first.reason, first.next_action_at) == ("FIRST", outcome, "imported", None)
    assert first.stopped_at == found.response_stopped_at == utc(rows[1]["sys_updated_at"])
    assert (found.response_outcome, found.clock_due_at, found.state, found.turn) == (
        outcome,
        None,
        "WAITING",
        "customer",
    )


def test_a_priority_raised_before_the_answer_moves_the_promise(db: None, tmp_path: Path) -> None:
    rows = [
        row("INC1", "New", "08:00"),
        row("INC1", "New", "08:20", priority="1 - Critical"),
        row("INC1", "Active", "09:10", priority="1 - Critical"),
    ]
    run(write_log(tmp_path / "log.csv", rows))
    old, new = segments(imported())
    assert (old.severity, old.outcome, old.stopped_at) == (3, "SUPERSEDED", utc("29-02-2016 08:20"))
    assert (new.severity, new.due_at, new.outcome) == (1, utc("29-02-2016 09:20"), "MET")
    assert imported().severity == 1


def test_a_promise_missed_once_stays_missed_after_the_severity_is_lowered(db: None, tmp_path: Path) -> None:
    rows = [
        row("INC1", "New", "08:00", priority="1 - Critical"),
        row("INC1", "New", "09:30"),
        row("INC1", "Active", "09:45"),
    ]
    run(write_log(tmp_path / "log.csv", rows))
    assert [segment.outcome for segment in segments(imported())] == ["MISSED", "MET"]
    assert imported().response_outcome == "MISSED"


def test_callers_and_resolvers_are_people_who_can_not_sign_in_and_get_no_mail(db: None, tmp_path: Path) -> None:
    run(write_log(tmp_path / "log.csv", incident("INC1", assigned_to="Resolver 13")))
    with work_unit(STAFF):
        caller = Membership.objects.select_related("organisation").get(person_name="Caller 7")
        resolver = Membership.objects.select_related("organisation").get(person_name="Resolver 13")
        assert (caller.organisation.name, caller.role, caller.is_active) == ("Location 143", "member", False)
        assert (resolver.organisation.kind, resolver.role, resolver.is_active) == ("OPERATOR", "agent", False)
        assert Team.objects.get(name="Group 56").members.get() == resolver
        with as_login_role():
            for person in Person.objects.filter(email__endswith=".history.example"):
                assert not person.has_usable_password()
                assert not person.is_active
    assert (imported().assignee_name, imported().assignee_party) == ("Resolver 13", "operator")


def test_a_caller_of_two_locations_is_one_person_of_two_customers(db: None, tmp_path: Path) -> None:
    rows = [*incident("INC1"), *incident("INC2", location="Location 9")]
    run(write_log(tmp_path / "log.csv", rows))
    with work_unit(STAFF):
        memberships = Membership.objects.filter(person_name="Caller 7")
        assert {membership.organisation.code for membership in memberships.select_related("organisation")} == {
            "LOC143",
            "LOC9",
        }
        assert len({membership.person_id for membership in memberships}) == 1


def test_new_customers_are_served_by_the_reseller_that_was_named(world: World, tmp_path: Path) -> None:
    run(write_log(tmp_path / "log.csv", incident("INC1")), "--reseller", "nova")
    assert imported().reseller_id == world.nova.pk
    with work_unit(Context("reseller", world.nova.pk)):
        assert Ticket.objects.filter(external_reference="INC1").exists()
    with work_unit(Context("reseller", world.delta.pk)):
        assert not Ticket.objects.filter(external_reference="INC1").exists()


def test_one_location_sees_nothing_of_another(db: None, tmp_path: Path) -> None:
    run(write_log(tmp_path / "log.csv", [*incident("INC1"), *incident("INC2", location="Location 9")]))
    with work_unit(Context("customer", imported("INC2").customer_id)):
        assert [found.external_reference for found in Ticket.objects.all()] == ["INC2"]
        assert [site.name for site in Site.objects.all()] == ["Location 9"]


def test_nobody_is_told_about_the_past(db: None, tmp_path: Path) -> None:
    ensure_ladder()
    run(write_log(tmp_path / "log.csv", [*incident("INC1"), row("INC2", "New", "08:00", priority="1 - Critical")]))
    sweep_all()
    with work_unit(WORKER):
        assert not Event.objects.exists()
        assert not Delivery.objects.exists()
        assert not Escalation.objects.exists()


def test_an_open_incident_stays_overdue_in_silence_until_it_is_answered(world: World, tmp_path: Path) -> None:
    ensure_ladder()
    run(write_log(tmp_path / "log.csv", [row("INC1", "New", "08:00", priority="1 - Critical")]))
    found = imported()
    [clock] = segments(found)
    assert (clock.outcome, clock.stopped_at, clock.next_action_at, clock.reason) == ("MISSED", None, None, "imported")
    assert (found.state, found.clock_due_at) == ("NEW", utc("29-02-2016 09:00"))
    message(world, found, "marek", "We look at it now.")
    [clock] = segments(found)
    assert clock.outcome == "MISSED"
    assert clock.stopped_at is not None
    with work_unit(WORKER):
        assert not Escalation.objects.exists()


def test_an_open_incident_inside_its_promise_goes_on_like_any_other(db: None, tmp_path: Path) -> None:
    ensure_ladder()
    with work_unit(STAFF) as unit:
        assert unit.now is not None
        opened = f"{unit.now - timedelta(minutes=35):%d-%m-%Y %H:%M}"
    run(write_log(tmp_path / "log.csv", [row("INC1", "New", opened, opened_at=opened, priority="1 - Critical")]))
    [clock] = segments(imported())
    assert (clock.outcome, clock.level) == ("RUNNING", 1)
    assert clock.next_action_at == utc(opened) + timedelta(minutes=45)
    sweep_all()
    with work_unit(WORKER):
        assert not Event.objects.exists()


def test_what_was_imported_can_be_worked_out_again_with_what_came_after(world: World, tmp_path: Path) -> None:
    ensure_ladder()
    rows = [
        row("INC1", "New", "08:00"),
        row("INC1", "New", "08:20", priority="1 - Critical"),
        row("INC1", "New", "09:30", priority="2 - High"),
        row("INC1", "Active", "09:45", priority="2 - High"),
        row("INC2", "New", "08:00", priority="1 - Critical"),
        row("INC2", "New", "10:00"),
    ]
    run(write_log(tmp_path / "log.csv", rows))
    with work_unit(WORKER):
        found = list(Ticket.objects.order_by("number"))
    for one in found:
        message(world, one, "marek", "We look at it now.")
    again = list(replay_all())
    assert [(one.is_whole, one.segments, one.differences) for one in again] == [(True, 3, []), (True, 2, [])]


@pytest.mark.parametrize(
    ("states", "verbs"),
    [
        (["New", "Resolved"], ["begin", "resolve"]),
        (["Active", "Awaiting Vendor", "Awaiting User Info"], ["begin", "wait", "resume", "wait"]),
        (["Active", "Resolved", "Active", "Closed"], ["begin", "resolve", "reopen", "resolve", "close"]),
        (["Closed"], ["begin", "resolve", "close"]),
        (["Awaiting Problem", "Awaiting Evidence"], ["begin", "wait"]),
    ],
)
def test_each_state_is_reached_by_moves_a_ticket_can_make(
    db: None, tmp_path: Path, states: list[str], verbs: list[str]
) -> None:
    run(write_log(tmp_path / "log.csv", [row("INC1", state, f"{9 + n:02}:00") for n, state in enumerate(states)]))
    moves = [verb.removeprefix("ticket.") for verb, _, _ in trail(imported())]
    assert [move for move in moves if move not in {"filed", "assigned", "imported"}] == verbs


def test_the_columns_for_solving_and_closing_count_where_they_fit(db: None, tmp_path: Path) -> None:
    inside = {"resolved_at": "29-02-2016 11:20", "closed_at": "05-03-2020 09:00"}
    run(write_log(tmp_path / "log.csv", incident("INC1", **inside)))
    found = imported()
    assert (found.resolved_at, found.closed_at) == (utc("29-02-2016 11:20"), utc("01-03-2016 12:00"))


def test_confirmed_priorities_and_unknown_values(db: None, tmp_path: Path) -> None:
    unknown = dict.fromkeys(("caller_id", "location", "category", "subcategory", "u_symptom", "assignment_group"), "?")
    run(write_log(tmp_path / "log.csv", incident("INC1", u_priority_confirmation="TRUE", **unknown)))
    found = imported()
    assert (found.severity_state, found.subject, found.reporter_name) == ("agreed", "Problem", "Not recorded")
    assert (found.customer.name, found.reporter_id, found.team) == ("Location not recorded", None, None)


@pytest.mark.parametrize(
    ("contact_type", "channel", "said"),
    [
        ("Email", "email", "Reported by e-mail, recorded"),
        ("Self service", "portal", "Reported in the portal, recorded"),
        ("?", "phone", "Reported by phone, recorded"),
    ],
)
def test_the_way_it_came_is_kept(db: None, tmp_path: Path, contact_type: str, channel: str, said: str) -> None:
    run(write_log(tmp_path / "log.csv", incident("INC1", contact_type=contact_type)))
    assert imported().channel == channel
    assert imported().description.startswith(said)


def test_until_a_day_the_log_reads_as_it_stood_then(db: None, tmp_path: Path) -> None:
    path = write_log(tmp_path / "log.csv", incident("INC1"))
    run(path, "--until", "29-02-2016 10:00")
    assert (imported().state, imported().resolved_at) == ("OPEN", None)
    with pytest.raises(CommandError, match="not a day"):
        run(path, "--until", "yesterday")


def test_it_prints_how_the_clocks_judged_beside_made_sla(db: None, tmp_path: Path) -> None:
    rows = [
        *incident("INC1", priority="1 - Critical", made_sla="FALSE"),
        *incident("INC2", priority="2 - High", made_sla="FALSE"),
        *incident("INC3", made_sla="TRUE"),
        row("INC4", "New", "08:00", made_sla="TRUE"),
    ]
    out = run(write_log(tmp_path / "log.csv", rows))
    lines = {line.split("  ")[0]: line.split() for line in out.splitlines() if line.startswith(("Severity", "All"))}
    assert lines["Severity 1"][2:] == ["1", "0", "1", "0", "0", "1", "1", "(100", "%)"]
    assert lines["Severity 2"][2:] == ["1", "1", "0", "0", "0", "1", "0", "(0", "%)"]
    assert lines["Severity 3"][2:] == ["2", "1", "1", "0", "2", "0", "1", "(50", "%)"]
    assert lines["All"][1:] == ["4", "2", "2", "0", "2", "2", "2", "(50", "%)"]
    assert "They differ because made_sla judges the whole time until an incident was solved" in out


def test_the_verdict_of_a_dry_run_is_the_verdict_of_the_import(db: None, tmp_path: Path) -> None:
    rows = [*incident("INC1", priority="1 - Critical"), *incident("INC2"), row("INC3", "New", "08:00")]
    path = write_log(tmp_path / "log.csv", rows)
    tables = [out[out.index("The first answer") :] for out in (run(path, "--dry-run"), run(path))]
    assert tables[0] == tables[1]


def test_progress_is_a_line_every_few_percent(db: None, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run(write_log(tmp_path / "log.csv", many(40)))
    lines = capfd.readouterr().err.splitlines()
    shown = [line for line in lines if "incidents" in line]
    assert shown[-1] == "100 %  40 of 40 incidents"
    assert len(shown) == 20


def test_what_is_written_by_people_after_the_import_is_kept(world: World, tmp_path: Path) -> None:
    path = write_log(tmp_path / "log.csv", [row("INC1", "Active", "09:00")])
    run(path)
    found = imported()
    actor = world.actor("marek")
    with work_unit(actor.context) as unit:
        add_message(actor=actor, ticket=found, kind="public", body="Is it still so?", now=unit.now, then="wait")  # type: ignore[arg-type]
    write_log(path, incident("INC1"))
    run(path)
    assert imported().state == "WAITING"


def test_what_was_imported_is_read_like_any_other_ticket(world: World, tmp_path: Path) -> None:
    run(write_log(tmp_path / "log.csv", [row("INC1", "New", "08:00"), row("INC1", "Active", "01-03-2016 08:01")]))
    found = imported()
    with work_unit(STAFF), as_login_role():
        customer = person(found.customer, Role.CUSTOMER_ADMINISTRATOR, "Carla Test", "carla@test.example").person
    reader, desk = Client(), world.client("marek")
    reader.force_login(customer)
    pages = {
        desk: ("/desk/", "/desk/?q=symptom", f"/desk/?q={found.reference}", f"/desk/tickets/{found.reference}/"),
        reader: ("/home/", "/tickets/", f"/tickets/{found.reference}/", f"/tickets/{found.reference}/why/"),
    }
    for client, paths in pages.items():
        for path in paths:
            answer = client.get(path)
            assert answer.status_code == 200, path
            assert found.reference in answer.content.decode(), path
    said = reader.get(f"/tickets/{found.reference}/why/").content.decode()
    assert "Where it comes from: imported with priority" in said
    assert "told us" not in said
