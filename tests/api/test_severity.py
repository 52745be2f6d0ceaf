"""Severity proposals by token: the same deeds as in the pages, with versions, keys and codes."""

from datetime import timedelta
from typing import Any

import pytest

from tenancy.context import Context, work_unit
from tenancy.models import Organisation
from tests.api.calls import at, codes, if_match, stored
from tests.tickets.test_severity_agreement import answer, propose
from tests.tickets.test_severity_pages import answers, make_overdue, proposals
from tests.world import World, message, ticket

HOUR = timedelta(hours=1)
RAISE = {"severity": 1, "reason": "The whole plant stands still."}


def proposals_at(*rest: str) -> str:
    return at("ACME-1", "severity-proposals", *rest)


@pytest.fixture
def filed(world: World) -> Any:
    return ticket(world, severity=2)


def test_a_proposal_from_its_making_to_its_agreement(world: World, api: Any, filed: Any) -> None:
    customer, reseller, operator = api(world.acme), api(world.delta), api(world.rozoom)
    made = customer.post(proposals_at(), RAISE)
    assert (made.status_code, made["ETag"], made["Location"]) == (201, '"1"', proposals_at("1"))
    body = made.json()
    assert (body["number"], body["from_severity"], body["to_severity"], body["state"]) == (1, 2, 1, "OPEN")
    assert body["by"] == {"name": "ACME program", "party": "customer", "organisation": "Acme Lifts"}
    assert body["awaited"] == ["reseller", "operator"]
    assert [(one["party"], one["agrees"], one["standing"]) for one in body["answers"]] == [("customer", True, False)]
    assert body["effect"]["instead_of"].startswith(f"{filed.response_due_at:%Y-%m-%dT%H:%M:%S}")
    assert body["effect"]["due_at"] < body["effect"]["instead_of"]

    second = reseller.post(proposals_at("1", "answer"), {"agrees": True}, headers=if_match(1))
    assert (second.status_code, second["ETag"], second.json()["awaited"]) == (200, '"2"', ["operator"])
    assert stored("ACME-1").severity == 2
    last = operator.post(proposals_at("1", "answer"), {"agrees": True}, headers=if_match(2))
    assert last.json()["state"] == "AGREED"
    assert (last.json()["awaited"], last.json()["effect"]) == ([], None)
    now = stored("ACME-1")
    assert (now.severity, now.severity_state) == (1, "agreed")
    assert now.clock_due_at is not None
    assert now.clock_due_at < filed.response_due_at
    assert customer.get(proposals_at("1")).json() == last.json()
    kinds = [one["kind"] for one in customer.get(at("ACME-1", "promise")).json()["promises"]]
    assert sorted(kinds) == ["FIRST", "PROPOSAL"]


def test_the_list_is_paged_oldest_first(world: World, api: Any, filed: Any) -> None:
    customer = api(world.acme)
    assert customer.get(proposals_at()).json()["results"] == []
    for to in (1, 3, 1):
        propose(world, "ilse", filed, to)
    first = customer.get(f"{proposals_at()}?page_size=2").json()
    assert [(one["number"], one["state"]) for one in first["results"]] == [(1, "REPLACED"), (2, "REPLACED")]
    second = customer.get(first["next"].removeprefix("http://testserver")).json()
    assert [(one["number"], one["state"]) for one in second["results"]] == [(3, "OPEN")]
    assert second["next"] is None
    assert codes(customer.get(f"{proposals_at()}?colour=red")) == [("colour", "unknown_parameter")]


def test_an_objection_needs_a_reason(world: World, api: Any, filed: Any) -> None:
    propose(world, "ilse", filed, 1)
    reseller = api(world.delta)
    refused = reseller.post(proposals_at("1", "answer"), {"agrees": False}, headers=if_match(1))
    assert (refused.status_code, codes(refused)) == (409, [("reason", "cannot_propose")])
    assert len(answers()) == 1
    said = reseller.post(
        proposals_at("1", "answer"), {"agrees": False, "reason": "Two lines run."}, headers=if_match(1)
    )
    assert (said.status_code, said.json()["state"]) == (200, "OBJECTED")
    assert said.json()["answers"][-1]["reason"] == "Two lines run."
    assert stored("ACME-1").severity == 2


def test_only_the_proposer_takes_it_back(world: World, api: Any, filed: Any) -> None:
    propose(world, "ilse", filed, 1)
    refused = api(world.delta).post(proposals_at("1", "withdraw"), {}, headers=if_match(1))
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    done = api(world.acme).post(proposals_at("1", "withdraw"), {}, headers=if_match(1))
    assert (done.status_code, done.json()["state"], done["ETag"]) == (200, "WITHDRAWN", '"2"')


@pytest.mark.parametrize(("what", "body"), [("answer", {"agrees": True}), ("withdraw", {})])
def test_the_version_is_asked_and_must_be_the_one_that_stands(
    world: World, api: Any, filed: Any, what: str, body: dict[str, Any]
) -> None:
    propose(world, "ilse", filed, 1)
    program = api(world.acme if what == "withdraw" else world.delta)
    missing = program.post(proposals_at("1", what), body)
    assert (missing.status_code, codes(missing)) == (428, [("If-Match", "version_required")])
    stale = program.post(proposals_at("1", what), body, headers=if_match(7))
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert [(one.state, one.version) for one in proposals()] == [("OPEN", 1)]


def test_answered_twice_and_after_the_end_is_refused(world: World, api: Any, filed: Any) -> None:
    propose(world, "ilse", filed, 1)
    again = api(world.acme).post(proposals_at("1", "answer"), {"agrees": True}, headers=if_match(1))
    assert (again.status_code, again.json()["code"]) == (409, "cannot_answer")
    answer(world, "dirk", filed, agrees=False, reason="No.")
    version = proposals()[0].version
    late = api(world.rozoom).post(proposals_at("1", "answer"), {"agrees": True}, headers=if_match(version))
    assert (late.status_code, late.json()["code"]) == (409, "cannot_answer")
    assert len(answers()) == 2


def test_an_overdue_proposal_reads_as_expired_before_the_job_ran(world: World, api: Any, filed: Any) -> None:
    propose(world, "ilse", filed, 1)
    make_overdue()
    body = api(world.acme).get(proposals_at("1")).json()
    assert (body["state"], body["awaited"], body["effect"]) == ("EXPIRED", [], None)
    assert body["ended_at"] == body["expires_at"]
    refused = api(world.delta).post(proposals_at("1", "answer"), {"agrees": True}, headers=if_match(1))
    assert (refused.status_code, refused.json()["code"]) == (409, "cannot_answer")


def test_without_a_promise_there_is_no_effect(world: World, api: Any, filed: Any) -> None:
    message(world, filed, "marek")
    assert api(world.acme).post(proposals_at(), RAISE).json()["effect"] is None


def test_standing_consent_is_told(world: World, api: Any, filed: Any) -> None:
    with work_unit(Context("staff")):
        Organisation.objects.filter(pk=world.delta.pk).update(consents_to_raises=True)
    body = api(world.acme).post(proposals_at(), RAISE).json()
    assert body["awaited"] == ["operator"]
    assert [(one["party"], one["standing"]) for one in body["answers"]] == [("customer", False), ("reseller", True)]


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, [("reason", "required"), ("severity", "required")]),
        ({**RAISE, "severity": 4}, [("severity", "not_a_choice")]),
        ({**RAISE, "severity": "1"}, [("severity", "wrong_type")]),
        ({**RAISE, "severity": True}, [("severity", "wrong_type")]),
        ({**RAISE, "severity": None}, [("severity", "wrong_type")]),
        ({**RAISE, "reason": " "}, [("reason", "blank")]),
        ({**RAISE, "reason": "x" * 1001}, [("reason", "too_long")]),
        ({**RAISE, "state": "AGREED"}, [("state", "read_only")]),
        ({**RAISE, "colour": "red"}, [("colour", "unknown_field")]),
    ],
)
def test_a_wrong_proposal_says_what_is_wrong(
    world: World, api: Any, filed: Any, body: Any, wrong: list[tuple[str, str]]
) -> None:
    refused = api(world.acme).post(proposals_at(), body)
    assert (refused.status_code, sorted(codes(refused))) == (422, wrong)
    assert proposals() == []


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, [("agrees", "required")]),
        ({"agrees": "yes"}, [("agrees", "wrong_type")]),
        ({"agrees": 1}, [("agrees", "wrong_type")]),
        ({"agrees": None}, [("agrees", "wrong_type")]),
        ({"agrees": True, "party": "operator"}, [("party", "unknown_field")]),
    ],
)
def test_a_wrong_answer_says_what_is_wrong(world: World, api: Any, filed: Any, body: Any, wrong: Any) -> None:
    propose(world, "ilse", filed, 1)
    refused = api(world.delta).post(proposals_at("1", "answer"), body, headers=if_match(1))
    assert (refused.status_code, codes(refused)) == (422, wrong)
    assert len(answers()) == 1


def test_what_can_not_be_proposed_names_the_field_as_it_is_called_here(world: World, api: Any, filed: Any) -> None:
    customer = api(world.acme)
    customer.post(proposals_at(), RAISE)
    again = customer.post(proposals_at(), RAISE)
    assert (again.status_code, codes(again)) == (409, [("severity", "cannot_propose")])
    message(world, filed, "marek", "Done", then="resolve")
    ended = customer.post(proposals_at(), {**RAISE, "severity": 3})
    assert (ended.status_code, ended.json()["code"]) == (409, "cannot_propose")


def test_the_same_request_twice_is_one_proposal_and_one_answer(world: World, api: Any, filed: Any) -> None:
    customer, reseller = api(world.acme), api(world.delta)
    first, second = (customer.post(proposals_at(), RAISE, headers={"Idempotency-Key": "a"}) for _ in range(2))
    assert (first.content, first["Location"], second["Idempotent-Replayed"]) == (
        second.content,
        second["Location"],
        "true",
    )
    headers = {"Idempotency-Key": "b", **if_match(1)}
    said = [reseller.post(proposals_at("1", "answer"), {"agrees": True}, headers=headers) for _ in range(2)]
    assert said[0].content == said[1].content
    assert answers() == [("customer", True), ("reseller", True)]


def test_scopes(world: World, api: Any, filed: Any) -> None:
    reader = api(world.acme, ["tickets:read"])
    assert reader.get(proposals_at()).status_code == 200
    refused = reader.post(proposals_at(), RAISE)
    assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")
    propose(world, "ilse", filed, 1)
    robot = api(world.rozoom, ["tickets:read", "tickets:write"])
    refused = robot.post(proposals_at("1", "answer"), {"agrees": True}, headers=if_match(1))
    assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")
    assert len(answers()) == 1
    people = api(world.rozoom, ["tickets:read", "tickets:write", "tickets:answer"])
    assert people.post(proposals_at("1", "answer"), {"agrees": True}, headers=if_match(1)).status_code == 200


def test_what_is_foreign_or_no_number_is_not_there(world: World, api: Any, filed: Any) -> None:
    propose(world, "ilse", filed, 1)
    for organisation in (world.bolt, world.nova, world.forge):
        program = api(organisation)
        assert program.get(proposals_at("1")).status_code in ({403} if organisation == world.forge else {404})
    customer = api(world.acme)
    for number in ("2", "0", "x", "²", "99999999999"):
        assert customer.get(proposals_at(number)).status_code == 404, number
        assert customer.post(proposals_at(number, "answer"), {"agrees": True}, headers=if_match(1)).status_code == 404
