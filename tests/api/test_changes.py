"""PATCH, transitions and assignment: every change names the version it was made from."""

import pytest

from sla import services as sla
from tenancy.context import Context, work_unit
from tenancy.models import AuditEvent
from tests.api.calls import at, codes, if_match, move, stored
from tests.world import message, ticket
from tickets.lifecycle import MOVES
from tickets.models import Ticket

pytestmark = pytest.mark.django_db

CHANGES = {
    "patch": ("", {"subject": "Lift 3 stands still"}),
    "transitions": ("transitions", {"action": "withdraw", "reason": "A fuse."}),
    "assignment": ("assignment", {"assignee": "marek@test.example"}),
}


def change(program, filed, door, body=None, **headers):
    path, usual = CHANGES[door]
    call = program.patch if door == "patch" else program.post
    return call(at(filed, *filter(None, [path])), usual if body is None else body, headers=headers)


def events(filed) -> int:
    with work_unit(Context("staff")):
        return AuditEvent.objects.filter(chain=filed.chain).count()


@pytest.mark.parametrize("door", CHANGES)
def test_with_the_version_it_is_done(world, api, door):
    filed = ticket(world)
    answer = change(api(world.rozoom), filed, door, **if_match(1))
    assert answer.status_code == 200
    assert answer.json()["version"] == stored("ACME-1").version == 2
    assert answer["ETag"] == '"2"'


@pytest.mark.parametrize("door", CHANGES)
def test_without_the_version_it_is_refused(world, api, door):
    filed = ticket(world)
    answer = change(api(world.rozoom), filed, door)
    assert (answer.status_code, answer.json()["code"], answer.json()["param"]) == (428, "version_required", "If-Match")
    assert stored("ACME-1").version == 1


@pytest.mark.parametrize("door", CHANGES)
@pytest.mark.parametrize("tag", ['"0"', '"2"', '"abc"', "*", '"1", "2"', ""])
def test_a_stale_version_records_nothing(world, api, door, tag):
    filed = ticket(world)
    before = events(filed)
    answer = change(api(world.rozoom), filed, door, **{"If-Match": tag})
    assert (answer.status_code, answer.json()["code"]) == (412, "stale")
    assert stored("ACME-1").version == 1
    assert events(filed) == before


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', "1"])
def test_a_tag_that_a_proxy_weakened_names_the_same_version(world, api, tag):
    assert change(api(world.acme), ticket(world), "patch", **{"If-Match": tag}).status_code == 200


@pytest.mark.parametrize("door", CHANGES)
def test_the_second_of_two_changes_made_from_one_version_is_told(world, api, door):
    filed = ticket(world)
    assert change(api(world.delta), filed, "patch", {"subject": "Meanwhile"}, **if_match(1)).status_code == 200
    assert change(api(world.rozoom), filed, door, **if_match(1)).status_code == 412


# --- corrections ------------------------------------------------------------------------------------------------------


def test_a_correction_changes_what_it_names(world, api):
    filed = ticket(world)
    component = world.components["acme"]
    body = {
        "subject": "Lift 3",
        "component": str(component.pk),
        "site": str(component.site_id),
        "external_reference": "A1",
    }
    read = change(api(world.acme), filed, "patch", body, **if_match(1)).json()
    assert {name: read[name] for name in body} == body
    assert read["description"] == filed.description


def test_null_takes_component_and_site_away(world, api):
    filed = ticket(world, component=world.components["acme"])
    read = change(api(world.acme), filed, "patch", {"component": None, "site": None}, **if_match(1)).json()
    assert (read["component"], read["site"]) == (None, None)


def test_a_correction_that_changes_nothing_leaves_the_version(world, api):
    filed = ticket(world)
    assert change(api(world.acme), filed, "patch", {"subject": filed.subject}, **if_match(1)).json()["version"] == 1


@pytest.mark.parametrize(
    "body, wrong",
    [
        ({}, (None, "required")),
        ({"subject": None}, ("subject", "wrong_type")),
        ({"state": "CLOSED"}, ("state", "read_only")),
        ({"customer": "BOLT"}, ("customer", "read_only")),
        ({"colour": "red"}, ("colour", "unknown_field")),
        ({"component": "019a7c3e-52d1-7f63-9c0e-6f1c8f0b6a11"}, ("component", "unknown_component")),
        ({"site": "019a7c3e-52d1-7f63-9c0e-6f1c8f0b6a11"}, ("site", "unknown_site")),
        ({"subject": "x" * 201}, ("subject", "too_long")),
    ],
)
def test_a_correction_that_can_not_be_is_named(world, api, body, wrong):
    answer = change(api(world.acme), ticket(world), "patch", body, **if_match(1))
    assert answer.status_code == 422
    assert codes(answer) == [wrong]


def test_a_foreign_component_is_an_unknown_one(world, api):
    filed = ticket(world)
    answer = change(api(world.acme), filed, "patch", {"component": str(world.components["bolt"].pk)}, **if_match(1))
    assert codes(answer) == [("component", "unknown_component")]


def test_a_number_that_another_ticket_has_is_refused(world, api):
    ticket(world, external_reference="INC-1")
    second = ticket(world)
    answer = change(api(world.acme), second, "patch", {"external_reference": "INC-1"}, **if_match(1))
    assert codes(answer) == [("external_reference", "cannot_file")]


def test_an_ended_ticket_is_not_corrected(world, api):
    filed = ticket(world)
    program = api(world.acme)
    move(program, filed, "withdraw", 1, reason="A fuse.")
    answer = change(program, filed, "patch", **if_match(2))
    assert (answer.status_code, answer.json()["code"]) == (409, "cannot_move")


# --- moves ------------------------------------------------------------------------------------------------------------


def test_a_ticket_goes_its_whole_way(world, api):
    filed = ticket(world)
    desk, customer = api(world.rozoom), api(world.acme)
    assert move(desk, filed, "begin", 1).json()["state"] == "OPEN"
    waiting = move(desk, filed, "wait", 2, turn="customer").json()
    assert (waiting["state"], waiting["turn"]) == ("WAITING", "customer")
    assert move(desk, filed, "resume", 3).json()["turn"] == "rozoom"
    desk.post(at(filed, "messages"), {"body": "The contact was loose."})
    assert move(desk, filed, "resolve", 5, resolution="Contact fixed.").json()["state"] == "RESOLVED"
    assert move(customer, filed, "close", 6).json()["state"] == "CLOSED"
    assert move(customer, filed, "reopen", 7).json()["state"] == "OPEN"


@pytest.mark.parametrize("runs", [False, True])
def test_what_is_allowed_is_what_can_be_done(world, api, runs):
    """Every move of allowed_actions works, every other one is refused: asked of each organisation in each state, while
    a promise runs and while none does."""
    needs = {"wait": {"turn": "customer"}, "withdraw": {"reason": "x"}, "merge": {"into": "ACME-1"}}
    ticket(world)
    for state in ("NEW", "OPEN", "WAITING") if runs else ("NEW", "OPEN", "WAITING", "RESOLVED", "CLOSED", "WITHDRAWN"):
        for who in ("acme", "delta", "rozoom"):
            for action in MOVES:
                filed = ticket(world)
                with work_unit(Context("staff")) as unit:
                    solved = filed.reported_at if state in ("RESOLVED", "CLOSED") else None
                    Ticket.objects.filter(pk=filed.pk).update(state=state, resolved_at=solved)
                    if not runs:
                        sla.cancel(customer_id=filed.customer_id, ticket_id=filed.pk, reason="a pattern", now=unit.now)
                        Ticket.objects.filter(pk=filed.pk).update(clock_due_at=None)
                program = api(getattr(world, who))
                allowed = action in program.get(at(filed)).json()["allowed_actions"]
                answer = move(program, filed, action, 1, **needs.get(action, {}))
                assert (answer.status_code == 200) == allowed, (state, who, action, answer.content)
                assert answer.status_code in (200, 403, 409)


def test_the_desk_answers_before_it_resolves(world, api):
    filed = ticket(world)
    desk = api(world.rozoom)
    move(desk, filed, "begin", 1)
    answer = move(desk, filed, "resolve", 2)
    assert (answer.status_code, answer.json()["code"]) == (409, "cannot_move")
    assert "Answer the customer first" in answer.json()["detail"]


def test_merging_ends_one_and_goes_on_with_the_other(world, api):
    first, second = ticket(world), ticket(world)
    answer = move(api(world.rozoom), second, "merge", 1, into="acme-1")
    assert answer.status_code == 200
    assert (answer.json()["reference"], answer.json()["state"]) == ("ACME-2", "MERGED")
    assert stored(first.reference).state == "NEW"


@pytest.mark.parametrize("into", ["BOLT-1", "ACME-99", "nonsense"])
def test_a_ticket_is_merged_into_a_known_one(world, api, into):
    ticket(world, "bob")
    filed = ticket(world)
    answer = move(api(world.rozoom), filed, "merge", 1, into=into)
    expected = (409, "cannot_merge") if into == "BOLT-1" else (422, "unknown_ticket")
    assert (answer.status_code, answer.json()["code"]) == expected


@pytest.mark.parametrize(
    "body, wrong",
    [
        ({}, [("action", "required")]),
        ({"action": "explode"}, [("action", "not_a_choice")]),
        ({"action": "reply"}, [("action", "not_a_choice")]),
        ({"action": "wait"}, [("turn", "required")]),
        ({"action": "wait", "turn": "rozoom"}, [("turn", "not_a_choice")]),
        ({"action": "withdraw"}, [("reason", "required")]),
        ({"action": "withdraw", "reason": " "}, [("reason", "blank")]),
        ({"action": "merge"}, [("into", "required")]),
        (
            {"action": "begin", "turn": "customer", "reason": "x"},
            [("turn", "not_for_this_action"), ("reason", "not_for_this_action")],
        ),
        ({"action": "begin", "when": "now"}, [("when", "unknown_field")]),
    ],
)
def test_a_move_that_can_not_be_read_is_named(world, api, body, wrong):
    answer = change(api(world.rozoom), ticket(world), "transitions", body, **if_match(1))
    assert answer.status_code == 422
    assert codes(answer) == wrong


# --- assignment -------------------------------------------------------------------------------------------------------


def test_a_ticket_is_given_and_taken_away(world, api):
    filed = ticket(world)
    desk = api(world.rozoom)
    assert (
        change(desk, filed, "assignment", {"assignee": "MAREK@test.example"}, **if_match(1)).json()["assignee"]["name"]
        == "Marek Test"
    )
    assert change(desk, filed, "assignment", {"assignee": None}, **if_match(2)).json()["assignee"] is None


def test_a_reseller_gives_it_to_its_own_people(world, api):
    filed = ticket(world)
    answer = change(api(world.delta), filed, "assignment", {"assignee": "dirk@test.example"}, **if_match(1))
    assert answer.json()["assignee"] == {"name": "Dirk Test", "party": "reseller", "organisation": "Delta Reseller"}


@pytest.mark.parametrize(
    "who, email", [("delta", "marek@test.example"), ("delta", "nils@test.example"), ("rozoom", "ilse@test.example")]
)
def test_a_person_who_can_not_have_it_is_an_unknown_one(world, api, who, email):
    filed = ticket(world)
    program = api(getattr(world, who))
    answer = change(program, filed, "assignment", {"assignee": email}, **if_match(1))
    unknown = change(program, filed, "assignment", {"assignee": "nobody@test.example"}, **if_match(1))
    assert codes(answer) == [("assignee", "unknown_assignee")]
    assert answer.content == unknown.content


def test_customers_give_tickets_to_nobody(world, api):
    answer = change(api(world.acme), ticket(world), "assignment", **if_match(1))
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


def test_an_answered_ticket_still_moves(world, api):
    filed = ticket(world)
    message(world, filed, "marek")
    assert move(api(world.rozoom), filed, "resolve", 2).status_code == 200
