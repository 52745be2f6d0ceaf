"""GET one ticket and GET the list: what stands in a reading, who may read it, what it costs."""

from datetime import timedelta

import pytest

from tenancy.context import Context, work_unit
from tests.api.calls import TICKETS, at, move, report, stored
from tests.world import message, ticket
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

FIELDS = [
    "reference",
    "customer",
    "reseller",
    "component",
    "site",
    "subject",
    "description",
    "service_kind",
    "impact",
    "severity",
    "severity_state",
    "state",
    "turn",
    "channel",
    "reporter",
    "assignee",
    "reported_at",
    "response_due_at",
    "response",
    "allowed_actions",
    "version",
]
ALSO = {"coverage", "severity_because", "external_reference", "updated_at", "url"}


def backdate(filed: Ticket, by: timedelta) -> None:
    """As if it had been reported earlier."""
    with work_unit(Context("staff")):
        Ticket.objects.filter(pk=filed.pk).update(
            reported_at=filed.reported_at - by, response_due_at=filed.response_due_at - by
        )


def test_a_ticket_reads_exactly_like_this(world, api):
    filed = ticket(world, component=world.components["acme"])
    read = api(world.acme).get(at(filed)).json()
    assert [name for name in read if name in FIELDS] == FIELDS
    assert read.keys() - set(FIELDS) == ALSO
    assert read == {
        "reference": "ACME-1",
        "customer": "ACME",
        "reseller": "DELTA",
        "component": str(world.components["acme"].pk),
        "site": str(world.components["acme"].site_id),
        "subject": "Lift 2 stands still",
        "description": "It stopped between floors.",
        "service_kind": "problem",
        "impact": {"service": "severe", "workaround": "no", "business": "degraded", "mission_critical": "no"},
        "severity": 2,
        "severity_state": "provisional",
        "severity_because": filed.severity_because,
        "state": "NEW",
        "turn": "rozoom",
        "channel": "portal",
        "reporter": {"name": "Ilse Test", "party": "customer", "organisation": "Acme Lifts"},
        "assignee": None,
        "reported_at": filed.reported_at.isoformat().replace("+00:00", "Z"),
        "response_due_at": filed.response_due_at.isoformat().replace("+00:00", "Z"),
        "response": {"outcome": "RUNNING", "stopped_at": None, "late_s": 0},
        "coverage": {
            "state": "COVERED",
            "rule": "S0",
            "rule_state": "COVERED",
            "reasons": ["It is not put into operation yet. The 90 free days begin on the day it is."],
            "would_change": [],
            "override": None,
        },
        "allowed_actions": ["withdraw", "reply"],
        "external_reference": "",
        "updated_at": filed.updated_at.isoformat().replace("+00:00", "Z"),
        "version": 1,
        "url": "http://localhost:8000/tickets/ACME-1/",
    }


def test_the_list_reads_as_the_ticket_does(world, api):
    filed = ticket(world)
    program = api(world.acme)
    assert program.get(TICKETS).json() == {"next": None, "previous": None, "results": [program.get(at(filed)).json()]}


@pytest.mark.parametrize("spelling", ["ACME-1", "acme-1", "Acme1"])
def test_a_reference_is_found_as_people_write_it(world, api, spelling):
    ticket(world)
    assert api(world.acme).get(f"{TICKETS}{spelling}").json()["reference"] == "ACME-1"


@pytest.mark.parametrize("path", ["tickets", "tickets/ACME-1", "components", "sites", "me", "tickets/ACME-1/messages"])
def test_the_last_slash_may_be_left_out(world, api, path):
    ticket(world)
    program = api(world.acme)
    with_slash, without = program.get(f"/api/v1/{path}/"), program.get(f"/api/v1/{path}")
    assert (without.status_code, without.content) == (200, with_slash.content)


def test_a_post_without_its_last_slash_is_not_lost(world, api):
    assert api(world.acme).post(TICKETS.rstrip("/"), report()).status_code == 201


def test_people_of_the_desk_get_the_address_of_the_desk(world, api):
    filed = ticket(world)
    assert api(world.delta).get(at(filed)).json()["url"] == "http://localhost:8000/desk/tickets/ACME-1/"


def test_a_direct_customer_has_no_reseller(world, api):
    assert api(world.solo).get(at(ticket(world, "sol"))).json()["reseller"] is None


def test_each_reader_is_told_what_it_may_do(world, api):
    filed = ticket(world)
    actions = {
        who: api(getattr(world, who)).get(at(filed)).json()["allowed_actions"] for who in ("acme", "delta", "rozoom")
    }
    assert actions == {
        "acme": ["withdraw", "reply"],
        "delta": ["begin", "withdraw", "reply", "partner_note", "assign"],
        "rozoom": ["begin", "withdraw", "merge", "reply", "partner_note", "internal_note", "assign"],
    }


def test_a_token_that_only_reads_is_told_that_it_can_do_nothing(world, api):
    assert api(world.rozoom, scopes=["tickets:read"]).get(at(ticket(world))).json()["allowed_actions"] == []


def test_an_assignee_is_named(world, api):
    filed = ticket(world)
    api(world.rozoom).post(at(filed, "assignment"), {"assignee": "marek@test.example"}, headers={"If-Match": '"1"'})
    assert api(world.acme).get(at(filed)).json()["assignee"] == {
        "name": "Marek Test",
        "party": "operator",
        "organisation": "roZoom",
    }


# --- the promise, judged at the moment of reading ---------------------------------------------------------------------


def test_past_its_due_time_it_is_missed_at_once_and_later_by_more(world, api):
    filed = ticket(world)
    backdate(filed, timedelta(hours=4, seconds=10))
    program = api(world.acme)
    first = program.get(at(filed)).json()["response"]
    assert first["outcome"] == "MISSED"
    assert first["stopped_at"] is None
    assert 10 <= first["late_s"] < 60
    assert program.get(TICKETS).json()["results"][0]["response"]["outcome"] == "MISSED"
    assert program.get(at(filed)).json()["response"]["late_s"] >= first["late_s"]


def test_an_answer_in_time_meets_it(world, api):
    filed = ticket(world)
    message(world, filed, "marek")
    response = api(world.acme).get(at(filed)).json()["response"]
    assert response["outcome"] == "MET"
    assert response["late_s"] == 0
    assert response["stopped_at"].endswith("Z")


def test_a_withdrawn_ticket_needs_no_answer(world, api):
    filed = ticket(world)
    program = api(world.acme)
    response = move(program, filed, "withdraw", 1, reason="It was a fuse.").json()["response"]
    assert response["outcome"] == "CANCELLED"
    assert response["late_s"] is None


def test_why_it_is_due_then(world, api):
    filed = ticket(world)
    told = api(world.acme).get(at(filed, "promise")).json()
    assert (told["reference"], told["time_zone"]) == ("ACME-1", "Europe/Berlin")
    [promise] = told["promises"]
    assert (promise["kind"], promise["severity"], promise["target_s"]) == ("FIRST", 2, 14400.0)
    assert promise["due_at"] == api(world.acme).get(at(filed)).json()["response_due_at"]
    assert "within 4 hours" in promise["rule"]
    assert promise["outcome"] == "RUNNING"


def test_every_promise_of_a_conversation_is_explained(world, api):
    filed = ticket(world)
    message(world, filed, "marek")
    message(world, filed, "ilse", body="Still broken.")
    told = api(world.acme).get(at(filed, "promise")).json()["promises"]
    assert [(promise["kind"], promise["outcome"]) for promise in told] == [("FIRST", "MET"), ("NEXT", "RUNNING")]


# --- versions ---------------------------------------------------------------------------------------------------------


def test_what_is_known_is_not_sent_again(world, api):
    filed = ticket(world)
    program = api(world.acme)
    tag = program.get(at(filed))["ETag"]
    assert tag == '"1"'
    for known in (tag, f"W/{tag}", f'"9", {tag}', "*"):
        answer = program.get(at(filed), headers={"If-None-Match": known})
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
    assert program.get(at(filed), headers={"If-None-Match": '"2"'}).status_code == 200


def test_what_grows_with_time_is_always_sent(world, api):
    """The version of a late ticket stands still while its lateness grows."""
    filed = ticket(world)
    backdate(filed, timedelta(hours=5))
    assert api(world.acme).get(at(filed), headers={"If-None-Match": '"1"'}).status_code == 200


def test_what_can_no_longer_be_reopened_is_sent(world, api):
    filed = ticket(world)
    with work_unit(Context("staff")):
        Ticket.objects.filter(pk=filed.pk).update(
            state="CLOSED", closed_at=filed.reported_at - timedelta(days=20), response_outcome="MET"
        )
    program = api(world.acme)
    answer = program.get(at(filed), headers={"If-None-Match": '"1"'})
    assert answer.status_code == 200
    assert "reopen" not in answer.json()["allowed_actions"]


# --- cost -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["acme", "delta", "rozoom"])
def test_a_list_is_one_query_however_long(world, api, who, django_assert_num_queries):
    for number in range(7):
        filed = ticket(world, severity=1 + number % 3, component=world.components["acme"])
        if number % 2:
            message(world, filed, "marek")
    program = api(getattr(world, who))
    program.get(TICKETS)
    with django_assert_num_queries(3 + 3):  # token, context, list; the rest are this test's savepoint and the reset
        assert len(program.get(TICKETS).json()["results"]) == 7


def test_a_ticket_is_one_query(world, api, django_assert_num_queries):
    filed = ticket(world)
    program = api(world.acme)
    program.get(at(filed))
    with django_assert_num_queries(3 + 3):
        program.get(at(filed))


def test_a_conversation_is_three_queries_however_long(world, api, django_assert_num_queries):
    filed = ticket(world)
    for _ in range(5):
        message(world, filed, "marek")
    program = api(world.acme)
    program.get(at(filed, "messages"))
    with django_assert_num_queries(2 + 3 + 3):
        assert len(program.get(at(filed, "messages")).json()["results"]) == 5


def test_reading_changes_nothing(world, api):
    filed = ticket(world)
    before = stored("ACME-1").updated_at
    api(world.acme).get(at(filed))
    assert stored("ACME-1").updated_at == before
