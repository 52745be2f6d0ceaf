"""The world of the demo as one start leaves it: who can sign in, and what stands on the desk. Looked at, never changed."""

import json
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.test import Client, override_settings

from contracts.models import Component, Site
from notifications.models import Event
from rma.models import Rma
from rozoom_support.sample import cast
from sla import duty
from sla.models import ClockSegment, Rota
from tenancy.capabilities import SCOPES
from tenancy.context import Context, as_login_role, database_now, work_unit
from tenancy.models import AuditEvent, Membership, Organisation
from tests.sla.promises import ensure_ladder
from tests.world import STAFF
from tickets.models import Attachment, Message, Ticket
from tickets.replaying import replay_all
from tickets.severity import Impact, propose

WORKER = Context("worker")


@dataclass(frozen=True)
class Told:
    path: Path
    people: list[dict[str, Any]]
    tokens: list[dict[str, Any]]


@pytest.fixture(scope="module")
def world_of_the_demo(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: Any) -> Iterator[Told]:
    """Made once, in a transaction around those of the tests; making it takes two seconds."""
    folder = tmp_path_factory.mktemp("demo")
    around = transaction.atomic()
    around._from_testcase = True  # type: ignore[attr-defined]  # units of work may begin inside
    with django_db_blocker.unblock(), override_settings(DEMO=True, STORAGES=kept_in(folder)), around:
        ensure_ladder()
        call_command("sample_data", output=folder / "sample.json", stdout=StringIO())
        yield Told(folder / "sample.json", **json.loads((folder / "sample.json").read_text()))
        transaction.set_rollback(True)


def kept_in(folder: Path) -> dict[str, Any]:
    files = settings.STORAGES["default"]
    return {**settings.STORAGES, "default": {**files, "OPTIONS": {**files["OPTIONS"], "location": str(folder)}}}


@pytest.fixture
def told(world_of_the_demo: Told, db: None) -> Told:
    return world_of_the_demo


def test_everybody_in_the_file_can_sign_in_with_the_role_it_says(told: Told) -> None:
    people = told.people
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


def test_signing_in_through_the_page_works(told: Told) -> None:
    someone = told.people[0]
    client = Client()
    answer = client.post("/accounts/login/", {"login": someone["email"], "password": someone["password"]})
    assert answer.status_code == 302
    assert client.session["_auth_user_id"]


def test_every_kind_of_organisation_has_a_token_that_works(told: Told) -> None:
    tokens = told.tokens
    scopes = {(token["organisation"], frozenset(token["scopes"])) for token in tokens}
    assert ("ROZOOM", frozenset(SCOPES)) in scopes
    assert ("ROZOOM", frozenset(cast.READ_ONLY)) in scopes
    assert {token["organisation"] for token in tokens} >= {"ACME", "BOLT", "DELTA", "NOVA", "ROZOOM", "FORGE"}
    for token in tokens:
        page = "supplier-returns" if token["organisation"] == "FORGE" else "tickets"
        answer = Client().get(f"/api/v1/{page}/", headers={"authorization": f"Bearer {token['token']}"})
        assert answer.status_code == 200, token["organisation"]
        assert answer.json()["results"] or answer.json()


def test_somebody_is_on_duty_in_every_team_at_every_hour(told: Told) -> None:
    with work_unit(WORKER):
        now = database_now()
        found = list(duty.with_plans(Rota.objects.all(), now))
        assert len(found) == len(cast.TEAMS) + 1
        for rota in found:
            assert all(duty.rostered(rota, now + timedelta(hours=n)) for n in range(24 * 14)), rota
        assert sum(len(rota.coming_changes) for rota in found) == 1


def test_the_file_is_for_its_owner_only(told: Told) -> None:
    assert stat.S_IMODE(told.path.stat().st_mode) == 0o600


def test_there_are_about_forty_tickets_in_every_state(told: Told) -> None:
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


def test_clocks_run_one_is_late_some_are_due_soon_and_one_has_just_begun(told: Told) -> None:
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


def test_tickets_say_what_their_clocks_say(told: Told) -> None:
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


def test_conversations_have_every_kind_of_message_and_files_that_can_be_read(told: Told) -> None:
    with work_unit(STAFF):
        assert set(Message.objects.values_list("kind", flat=True)) == {"public", "partner", "internal"}
        files = list(Attachment.objects.all())
        assert {file.content_type for file in files} == {"image/png", "application/pdf", "text/plain"}
        assert all(file.size < 100_000 for file in files)
        for message in Message.objects.select_related("ticket"):
            assert message.created_at >= message.ticket.reported_at
            assert message.created_at <= message.ticket.last_message_at


def test_numbers_of_a_customer_rise_with_time_and_have_no_gaps(told: Told) -> None:
    with work_unit(STAFF):
        for customer in Organisation.objects.filter(kind="CUSTOMER"):
            tickets = Ticket.objects.filter(customer=customer).order_by("reported_at")
            assert sorted(one.number for one in tickets) == list(range(1, len(tickets) + 1))
            numbers = [one.number for one in tickets if not one.returns.exists()]  # those with returns are told last
            assert numbers == sorted(numbers) or customer.code == "ACME"  # and so is its twin


def test_audit_trails_are_in_their_order(told: Told) -> None:
    with work_unit(STAFF):
        for ticket in Ticket.objects.all():
            times = list(AuditEvent.objects.filter(chain=ticket.chain).order_by("seq").values_list("at", flat=True))
            assert times == sorted(times), ticket
            assert times[0] == ticket.reported_at


def test_only_what_is_going_on_is_mailed(told: Told) -> None:
    with work_unit(WORKER):
        told = set(Event.objects.filter(topic="ticket.filed").values_list("ticket_id", flat=True))
        never_answered = set(
            Ticket.objects.exclude(response_outcome__in=["MET", "MISSED"]).values_list("pk", flat=True)
        )
        with_returns = set(Rma.objects.values_list("ticket_id", flat=True))
        assert never_answered <= told <= never_answered | with_returns


def test_sites_stand_in_several_zones_and_components_have_serials(told: Told) -> None:
    with work_unit(STAFF):
        assert len(set(Site.objects.values_list("time_zone", flat=True))) >= 5
        assert all(Component.objects.values_list("serial", flat=True))
        assert Ticket.objects.filter(component__isnull=False).count() >= 25
