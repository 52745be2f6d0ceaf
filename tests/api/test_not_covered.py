"""A problem that nobody covers, filed and granted by programs."""

import pytest

from tenancy.context import database_now, work_unit
from tests.api.calls import TICKETS, at, codes, if_match, report, stored
from tests.api.test_documentation import fits
from tests.contracts.deals import STAFF, ago, implemented
from tests.world import ticket
from tickets.models import Ticket

pytestmark = pytest.mark.django_db


@pytest.fixture
def part(world):
    with work_unit(STAFF):
        now = database_now()
    return implemented(world.components["acme"], ago(now, 500))


def grant(program, reference="ACME-1", version=1, reason="You helped us last time.", **headers):
    body = {} if reason is None else {"reason": reason}
    return program.post(at(reference, "promise"), body, headers={**if_match(version), **headers})


def test_it_is_taken_and_says_why_nothing_is_promised(world, api, part):
    answer = api(world.acme).post(TICKETS, report(component=str(part.pk)))
    assert answer.status_code == 201
    assert fits("file_ticket", answer)
    told = answer.json()
    assert told["response"] == {"outcome": None, "stopped_at": None, "late_s": None}
    assert told["response_due_at"] is None
    coverage = told["coverage"]
    assert (coverage["state"], coverage["rule_state"], coverage["rule"]) == ("UNCOVERED", "UNCOVERED", "S4")
    assert "no agreement lists it" in coverage["reasons"][0]
    assert "Order a support agreement for it." in coverage["would_change"]
    assert coverage["override"] is None
    assert api(world.acme).get(at("ACME-1", "promise")).json()["promises"] == []


def test_every_reader_gets_it_in_lists_too(world, api, part):
    ticket(world, component=part)
    for organisation in (world.acme, world.delta, world.rozoom):
        [row] = api(organisation).get(TICKETS).json()["results"]
        assert row["coverage"]["state"] == "UNCOVERED"


def test_a_ticket_from_before_reads_as_covered(world, api):
    ticket(world)
    with work_unit(STAFF):
        Ticket.objects.update(coverage=None)
    assert api(world.acme).get(at("ACME-1")).json()["coverage"] == {
        "state": "COVERED",
        "rule": None,
        "rule_state": "COVERED",
        "reasons": [],
        "would_change": [],
        "override": None,
    }


def test_rozoom_promises_an_answer_all_the_same(world, api, part):
    ticket(world, component=part)
    desk = api(world.rozoom)
    assert "grant_promise" in desk.get(at("ACME-1")).json()["allowed_actions"]
    answer = grant(desk)
    assert (answer.status_code, answer["ETag"]) == (200, '"2"')
    assert fits("grant_promise", answer)
    told = answer.json()
    assert (told["coverage"]["state"], told["coverage"]["rule_state"]) == ("COVERED", "UNCOVERED")
    assert told["coverage"]["override"] == "You helped us last time."
    assert told["response"]["outcome"] == "RUNNING"
    assert "grant_promise" not in told["allowed_actions"]
    [promise] = api(world.acme).get(at("ACME-1", "promise")).json()["promises"]
    assert promise["granted"] is True
    assert promise["counted_from"] > told["reported_at"]
    assert "of the moment roZoom promised it" in promise["rule"]


def test_the_same_request_twice_is_one_clock(world, api, part):
    ticket(world, component=part)
    desk = api(world.rozoom)
    first = grant(desk, **{"Idempotency-Key": "k"})
    again = grant(desk, **{"Idempotency-Key": "k"})
    assert (first.status_code, first.content, again["Idempotent-Replayed"]) == (200, again.content, "true")
    assert stored("ACME-1").version == 2


@pytest.mark.parametrize("who", ["acme", "delta"])
def test_a_customer_and_its_reseller_can_not_promise_for_rozoom(world, api, part, who):
    ticket(world, component=part)
    program = api(getattr(world, who))
    assert "grant_promise" not in program.get(at("ACME-1")).json()["allowed_actions"]
    assert (grant(program).status_code, stored("ACME-1").covered) == (403, False)


def test_a_program_that_nobody_answers_through_can_not(world, api, part):
    ticket(world, component=part)
    answer = grant(api(world.rozoom, scopes=["tickets:read", "tickets:write"]))
    assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope")


@pytest.mark.parametrize(
    ("reason", "code"), [(None, "required"), ("", "blank"), ("  ", "blank"), ("x" * 401, "too_long")]
)
def test_a_reason_that_does_not_fit_is_named(world, api, part, reason, code):
    ticket(world, component=part)
    answer = grant(api(world.rozoom), reason=reason)
    assert (answer.status_code, codes(answer)) == (422, [("reason", code)])
    assert not stored("ACME-1").covered


def test_covered_stale_and_foreign_are_refused(world, api, part):
    desk = api(world.rozoom)
    ticket(world, "sol")
    assert (grant(desk, "SOLO-1").status_code, grant(desk, "SOLO-1").json()["code"]) == (409, "cannot_decide")
    ticket(world, component=part)
    assert grant(desk, version=7).json()["code"] == "stale"
    assert desk.post(at("ACME-1", "promise"), {"reason": "x"}).json()["code"] == "version_required"
    assert grant(api(world.nova)).status_code in (403, 404)


def test_another_component_is_decided_again(world, api, part):
    ticket(world, component=part)
    program = api(world.acme)
    answer = program.patch(at("ACME-1"), {"component": None}, headers=if_match(1)).json()
    assert answer["coverage"]["reasons"][0] == "No component was named, and the only one known is not covered."
    assert answer["response"]["outcome"] is None
