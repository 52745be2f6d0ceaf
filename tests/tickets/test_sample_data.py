"""The world of the demo: who can sign in, what stands on the desk, and that a second start changes nothing."""

import json
import stat
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client

from contracts.models import Component, Site
from notifications.models import Event
from rma.models import Rma
from rozoom_support.sample import cast
from sla import duty
from sla.models import ClockSegment, Rota
from tenancy.capabilities import SCOPES
from tenancy.context import Context, as_login_role, database_now, work_unit
from tenancy.models import ApiToken, AuditEvent, Membership, Organisation, Person
from tenancy.services.customers import found_operator
from tests.sla.promises import ensure_ladder
from tests.tickets.event_log import counts
from tests.world import STAFF
from tickets.models import Attachment, Message, Ticket
from tickets.replaying import replay_all
from tickets.severity import Impact, propose

WORKER = Context("worker")


@pytest.fixture
def demo(db: None, settings: Any, tmp_path: Path) -> Path:
    """Where the command writes; in demo mode."""
    ensure_ladder()
    settings.DEMO = True
    return tmp_path / "sample.json"


def make(path: Path) -> dict[str, Any]:
    call_command("sample_data", output=path, stdout=StringIO())
    return dict(json.loads(path.read_text()))


def test_it_runs_in_a_demo_only(db: None, settings: Any, tmp_path: Path) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="Set DEMO=1"):
        make(tmp_path / "sample.json")
    assert not (tmp_path / "sample.json").exists()
    with work_unit(STAFF):
        assert not Organisation.objects.exists()


def test_everybody_in_the_file_can_sign_in_with_the_role_it_says(demo: Path) -> None:
    people = make(demo)["people"]
    assert {person["role"] for person in people} >= {
        "member", "customer-administrator", "reseller-agent", "reseller-manager",
        "agent", "coordinator", "duty-manager", "administrator",
    }  # fmt: skip
    with work_unit(STAFF), as_login_role():
        for told in people:
            membership = Membership.objects.select_related("person", "organisation").get(
                person_email=told["email"], organisation__code=told["organisation"]
            )
            assert membership.role == told["role"]
            assert membership.person.check_password(told["password"])


def test_signing_in_through_the_page_works(demo: Path) -> None:
    someone = make(demo)["people"][0]
    client = Client()
    answer = client.post("/accounts/login/", {"login": someone["email"], "password": someone["password"]})
    assert answer.status_code == 302
    assert client.session["_auth_user_id"]


def test_every_kind_of_organisation_has_a_token_that_works(demo: Path) -> None:
    tokens = make(demo)["tokens"]
    scopes = {(token["organisation"], frozenset(token["scopes"])) for token in tokens}
    assert ("ROZOOM", frozenset(SCOPES)) in scopes
    assert ("ROZOOM", frozenset(cast.READ_ONLY)) in scopes
    assert {token["organisation"] for token in tokens} >= {"ACME", "BOLT", "DELTA", "NOVA", "ROZOOM", "FORGE"}
    for token in tokens:
        page = "supplier-returns" if token["organisation"] == "FORGE" else "tickets"
        answer = Client().get(f"/api/v1/{page}/", headers={"authorization": f"Bearer {token['token']}"})
        assert answer.status_code == 200, token["organisation"]
        assert answer.json()["results"] or answer.json()


def test_a_second_start_changes_nothing(demo: Path) -> None:
    first = make(demo)
    before = counts()
    assert make(demo) == first
    assert counts() == before


def test_somebody_is_on_duty_in_every_team_at_every_hour(demo: Path) -> None:
    make(demo)
    with work_unit(WORKER):
        now = database_now()
        found = list(duty.with_plans(Rota.objects.all(), now))
        assert len(found) == len(cast.TEAMS) + 1
        for rota in found:
            assert all(duty.rostered(rota, now + timedelta(hours=n)) for n in range(24 * 14)), rota
        assert sum(len(rota.coming_changes) for rota in found) == 1


def test_without_the_old_file_the_new_one_works_as_well(demo: Path) -> None:
    make(demo)
    demo.unlink()
    told = make(demo)
    with work_unit(STAFF), as_login_role():
        person = Person.objects.get(email=told["people"][0]["email"])
        assert person.check_password(told["people"][0]["password"])
        assert ApiToken.objects.filter(revoked_at__isnull=True).count() == 2 * len(cast.TOKENS)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"people": [{"email": "x"}], "tokens": [{}]}'])
def test_a_broken_file_is_written_anew(demo: Path, content: str) -> None:
    demo.write_text(content)
    assert len(make(demo)["people"]) == len(cast.PEOPLE)


def test_the_file_is_for_its_owner_only(demo: Path) -> None:
    make(demo)
    assert stat.S_IMODE(demo.stat().st_mode) == 0o600


def test_no_password_or_token_is_the_same_in_two_demos(demo: Path, tmp_path: Path) -> None:
    first = make(demo)
    second = make(tmp_path / "other.json")
    passwords = [{person["password"] for person in told["people"]} for told in (first, second)]
    assert not passwords[0] & passwords[1]
    assert min(map(len, passwords[0])) >= 12
    assert not {token["token"] for token in first["tokens"]} & {token["token"] for token in second["tokens"]}


def test_an_operator_that_exists_already_is_used(demo: Path) -> None:
    with work_unit(STAFF):
        found_operator(name="roZoom Ltd", code="RZ")
    told = make(demo)
    assert {"RZ"} == {person["organisation"] for person in told["people"]} - {one.code for one in cast.ORGANISATIONS}
    assert {"RZ"} == {token["organisation"] for token in told["tokens"]} - {one.code for one in cast.ORGANISATIONS}


# --- What stands on the desk ------------------------------------------------------------------------------------------


def test_there_are_about_forty_tickets_in_every_state(demo: Path) -> None:
    make(demo)
    with work_unit(STAFF):
        states = list(Ticket.objects.values_list("state", flat=True))
        assert 35 <= len(states) <= 50
        assert set(states) == {"NEW", "OPEN", "WAITING", "RESOLVED", "CLOSED", "MERGED", "WITHDRAWN"}
        assert set(Ticket.objects.values_list("severity", flat=True)) == {1, 2, 3}
        assert set(Ticket.objects.values_list("turn", flat=True)) == {"rozoom", "customer", "reseller", "supplier"}
        assert set(Ticket.objects.values_list("response_outcome", flat=True)) == {
            "RUNNING",
            "MET",
            "MISSED",
            "CANCELLED",
            "",
        }
        assert Ticket.objects.filter(covered=False).count() in (1, 2, 3), "the demo shows a problem nobody covers"
        for customer in Organisation.objects.filter(kind="CUSTOMER"):
            assert Ticket.objects.filter(customer=customer).count() >= 5


def test_clocks_run_one_is_late_some_are_due_soon_and_one_has_just_begun(demo: Path) -> None:
    make(demo)
    with work_unit(STAFF) as unit:
        assert unit.now is not None
        left = [
            due - unit.now
            for due in Ticket.objects.open().exclude(clock_due_at=None).values_list("clock_due_at", flat=True)
        ]
        newest = Ticket.objects.order_by("-reported_at")[0].reported_at
        assert sum(one < timedelta() for one in left) == 1
        assert sum(timedelta() < one < timedelta(minutes=45) for one in left) >= 2
        assert sum(one > timedelta(hours=1) for one in left) >= 5
        assert unit.now - newest < timedelta(minutes=4)
        assert set(ClockSegment.objects.filter(stopped_at=None).values_list("kind", flat=True)) == {"FIRST", "NEXT"}


def test_tickets_say_what_their_clocks_say(demo: Path) -> None:
    make(demo)
    with work_unit(STAFF):
        for ticket in Ticket.objects.all():
            segments = list(ClockSegment.objects.filter(ticket_id=ticket.pk).order_by("started_at", "id"))
            if not ticket.covered:
                assert (segments, ticket.response_due_at, ticket.clock_due_at) == ([], None, None), ticket
                continue
            first = [segment for segment in segments if segment.kind == "FIRST"][-1]
            running = [segment for segment in segments if segment.stopped_at is None]
            assert ticket.response_due_at == first.due_at, ticket
            assert ticket.response_stopped_at == first.stopped_at, ticket
            assert ticket.clock_due_at == (running[0].due_at if running else None), ticket
            assert ticket.severity == propose(Impact(**ticket.impact)).severity, ticket
        number = Ticket.objects.count()
    again = list(replay_all())
    assert [difference for one in again for difference in one.differences] == []
    assert [one.is_whole for one in again] == [True] * number


def test_conversations_have_every_kind_of_message_and_files_that_can_be_read(demo: Path) -> None:
    make(demo)
    with work_unit(STAFF):
        assert set(Message.objects.values_list("kind", flat=True)) == {"public", "partner", "internal"}
        files = list(Attachment.objects.all())
        assert {file.content_type for file in files} == {"image/png", "application/pdf", "text/plain"}
        assert all(file.size < 100_000 for file in files)
        for message in Message.objects.select_related("ticket"):
            assert message.created_at >= message.ticket.reported_at
            assert message.created_at <= message.ticket.last_message_at


def test_numbers_of_a_customer_rise_with_time_and_have_no_gaps(demo: Path) -> None:
    make(demo)
    with work_unit(STAFF):
        for customer in Organisation.objects.filter(kind="CUSTOMER"):
            tickets = Ticket.objects.filter(customer=customer).order_by("reported_at")
            assert sorted(one.number for one in tickets) == list(range(1, len(tickets) + 1))
            numbers = [one.number for one in tickets if not one.returns.exists()]  # those with returns are told last
            assert numbers == sorted(numbers) or customer.code == "ACME"  # and so is its twin


def test_audit_trails_are_in_their_order(demo: Path) -> None:
    make(demo)
    with work_unit(STAFF):
        for ticket in Ticket.objects.all():
            times = list(AuditEvent.objects.filter(chain=ticket.chain).order_by("seq").values_list("at", flat=True))
            assert times == sorted(times), ticket
            assert times[0] == ticket.reported_at


def test_only_what_is_going_on_is_mailed(demo: Path) -> None:
    make(demo)
    with work_unit(WORKER):
        told = set(Event.objects.filter(topic="ticket.filed").values_list("ticket_id", flat=True))
        never_answered = set(
            Ticket.objects.exclude(response_outcome__in=["MET", "MISSED"]).values_list("pk", flat=True)
        )
        with_returns = set(Rma.objects.values_list("ticket_id", flat=True))
        assert never_answered <= told <= never_answered | with_returns


def test_sites_stand_in_several_zones_and_components_have_serials(demo: Path) -> None:
    make(demo)
    with work_unit(STAFF):
        assert len(set(Site.objects.values_list("time_zone", flat=True))) >= 5
        assert all(Component.objects.values_list("serial", flat=True))
        assert Ticket.objects.filter(component__isnull=False).count() >= 25
