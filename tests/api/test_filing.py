"""POST /api/v1/tickets/."""

import json

import pytest

from tenancy.context import Context, work_unit
from tenancy.models import AuditEvent
from tests.api.calls import TICKETS, codes, count_tickets, report, stored
from tests.world import SiteFactory

pytestmark = pytest.mark.django_db


def test_a_customer_files_a_ticket(world, api):
    answer = api(world.acme).post(TICKETS, report())
    assert answer.status_code == 201
    assert answer["Location"] == "/api/v1/tickets/ACME-1/"
    assert answer["ETag"] == '"1"'
    filed = answer.json()
    assert filed["customer"] == "ACME"
    assert filed["severity"] == 2
    assert filed["channel"] == "api"
    assert filed["state"] == "NEW"
    assert filed["response"] == {"outcome": "RUNNING", "stopped_at": None, "late_s": 0}
    assert stored("ACME-1").reporter_name == "ACME program"


def test_the_location_reads_as_the_answer_did(world, api):
    program = api(world.acme)
    answer = program.post(TICKETS, report())
    assert program.get(answer["Location"]).json() == answer.json()


def test_the_deed_is_in_the_audit_trail(world, api):
    api(world.acme).post(TICKETS, report())
    with work_unit(Context("staff")):
        event = AuditEvent.objects.get(verb="ticket.filed")
    assert (event.actor_kind, event.actor_name) == ("token", "ACME program")


@pytest.mark.parametrize(
    "answers, severity",
    [
        (("complete", "no", "stopped", "yes"), 1),
        (("complete", "unknown", "stopped", "yes"), 1),
        (("severe", "yes", "stopped", "no"), 2),
        (("severe", "yes", "normal", "yes"), 3),
        (("minor", "no", "stopped", "yes"), 3),
    ],
)
def test_the_severity_follows_from_the_answers(world, api, answers, severity):
    impact = dict(zip(("service", "workaround", "business", "mission_critical"), answers, strict=True))
    filed = api(world.acme).post(TICKETS, report(impact=impact)).json()
    assert filed["severity"] == severity
    assert filed["impact"] == impact
    assert filed["severity_because"]


def test_a_component_brings_its_site(world, api):
    component = world.components["acme"]
    filed = api(world.acme).post(TICKETS, report(component=str(component.pk))).json()
    assert (filed["component"], filed["site"]) == (str(component.pk), str(component.site_id))


def test_a_reseller_files_for_its_customer(world, api):
    filed = api(world.delta).post(TICKETS, report(customer="ACME")).json()
    assert (filed["customer"], filed["reseller"]) == ("ACME", "DELTA")
    assert filed["reporter"] == {"name": "DELTA program", "party": "reseller", "organisation": "Delta Reseller"}


def test_rozoom_files_for_a_direct_customer(world, api):
    filed = api(world.rozoom).post(TICKETS, report(customer="solo")).json()
    assert (filed["customer"], filed["reseller"]) == ("SOLO", None)
    assert filed["reporter"]["organisation"] == "roZoom"


def test_a_customer_may_name_itself(world, api):
    assert api(world.acme).post(TICKETS, report(customer="acme")).status_code == 201


@pytest.mark.parametrize("who, code", [("acme", "BOLT"), ("delta", "BOLT"), ("delta", "NOBODY"), ("delta", "DELTA")])
def test_a_foreign_customer_is_an_unknown_one(world, api, who, code):
    answer = api(getattr(world, who)).post(TICKETS, report(customer=code))
    unknown = api(getattr(world, who)).post(TICKETS, report(customer="XXXX"))
    assert answer.status_code == 422
    assert answer.content == unknown.content
    assert codes(answer) == [("customer", "unknown_customer")]
    assert count_tickets() == 0


@pytest.mark.parametrize("who", ["delta", "rozoom"])
def test_the_desk_says_for_whom_it_files(world, api, who):
    assert codes(api(getattr(world, who)).post(TICKETS, report())) == [("customer", "required")]


@pytest.mark.parametrize("part", ["component", "site"])
def test_a_foreign_part_is_an_unknown_one(world, api, part):
    foreign = world.components["bolt"].pk if part == "component" else world.components["bolt"].site_id
    answer = api(world.acme).post(TICKETS, report(**{part: str(foreign)}))
    unknown = api(world.acme).post(TICKETS, report(**{part: "019a7c3e-52d1-7f63-9c0e-6f1c8f0b6a11"}))
    assert answer.status_code == 422
    assert answer.content == unknown.content
    assert codes(answer) == [(part, f"unknown_{part}")]
    assert count_tickets() == 0


def test_a_reseller_can_not_give_one_customer_the_component_of_another(world, api):
    with work_unit(Context("staff")):
        world.bolt.reseller = world.delta
        world.bolt.save(update_fields=["reseller"])
    answer = api(world.delta).post(TICKETS, report(customer="ACME", component=str(world.components["bolt"].pk)))
    assert codes(answer) == [("component", "unknown_component")]


def test_everything_that_is_wrong_is_said_at_once(world, api):
    body = report(
        subject="",
        description=...,
        impact={"service": "total", "workaround": "no", "mission_critical": True, "mood": "bad"},
        customer="BOLT",
        severity=1,
        colour="red",
        component="7F-0001",
    )
    answer = api(world.delta).post(TICKETS, body)
    assert answer.status_code == 422
    assert sorted(codes(answer)) == [
        ("colour", "unknown_field"),
        ("component", "wrong_type"),
        ("customer", "unknown_customer"),
        ("description", "required"),
        ("impact.business", "required"),
        ("impact.mission_critical", "not_a_choice"),
        ("impact.mood", "unknown_field"),
        ("impact.service", "not_a_choice"),
        ("severity", "read_only"),
        ("subject", "blank"),
    ]
    first = answer.json()
    assert (first["param"], first["code"]) == (first["errors"][0]["param"], first["errors"][0]["code"])
    assert count_tickets() == 0


@pytest.mark.parametrize(
    "field, value, code",
    [
        ("subject", 7, "wrong_type"),
        ("subject", None, "wrong_type"),
        ("subject", "   ", "blank"),
        ("subject", "two\nlines", "bad_character"),
        ("subject", "nul\x00", "bad_character"),
        ("description", "half \ud83d", "bad_character"),
        ("description", ["a"], "wrong_type"),
        ("impact", "severe", "wrong_type"),
        ("impact", None, "wrong_type"),
        ("service_kind", "PROBLEM", "not_a_choice"),
        ("component", 12, "wrong_type"),
        ("customer", {"code": "ACME"}, "wrong_type"),
        ("external_reference", "x" * 81, "too_long"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(world, api, field, value, code):
    answer = api(world.acme).post(TICKETS, report(**{field: value}))
    assert answer.status_code == 422
    assert codes(answer) == [(field, code)]


@pytest.mark.parametrize("body", [[], "text", 5, None, True])
def test_a_body_that_is_no_object_is_refused(world, api, body):
    answer = api(world.acme).post(TICKETS, body if body is not None else "null", content_type="application/json")
    assert answer.status_code in (400, 422)
    assert count_tickets() == 0


@pytest.mark.parametrize("length, status", [(200, 201), (201, 422)])
def test_a_subject_has_at_most_200_characters(world, api, length, status):
    answer = api(world.acme).post(TICKETS, report(subject="ü" * length))
    assert answer.status_code == status
    if status == 422:
        assert codes(answer) == [("subject", "too_long")]
        assert "200 characters" in answer.json()["detail"]


@pytest.mark.parametrize("letters, status", [(32 * 1024, 201), (32 * 1024 + 1, 422)])
def test_a_description_has_at_most_64_kilobytes(world, api, letters, status):
    answer = api(world.acme).post(TICKETS, report(description="ü" * letters))
    assert answer.status_code == status
    if status == 422:
        assert codes(answer) == [("description", "too_long")]
        assert "65,536 bytes" in answer.json()["detail"]


def test_ones_own_number_names_one_ticket(world, api):
    program = api(world.acme)
    assert program.post(TICKETS, report(external_reference="INC-7")).json()["external_reference"] == "INC-7"
    second = program.post(TICKETS, report(external_reference="INC-7"))
    assert second.status_code == 422
    assert codes(second) == [("external_reference", "cannot_file")]
    assert "ACME-1" in second.json()["detail"]
    assert api(world.bolt).post(TICKETS, report(external_reference="INC-7")).status_code == 201


def test_refused_reports_leave_no_gap_in_the_numbers(world, api):
    program = api(world.acme)
    program.post(TICKETS, report(external_reference="INC-7"))
    program.post(TICKETS, report(external_reference="INC-7"))
    assert program.post(TICKETS, report()).json()["reference"] == "ACME-2"


def test_a_token_that_may_only_write_files_all_the_same(world, api):
    component = world.components["acme"]
    with work_unit(Context("staff")):
        site = SiteFactory(customer=world.acme)
    answer = api(world.acme, scopes=["tickets:write"]).post(
        TICKETS, report(component=str(component.pk), site=str(site.pk))
    )
    assert answer.status_code == 201
    assert answer.json()["site"] == str(site.pk)


def test_filing_takes_few_statements(world, api, django_assert_num_queries):
    """Token, token again once the body is here, context, number, ticket, what covers it, the
    decision, clock, audit, event, reading; the rest are this test's savepoints and the reset."""
    program = api(world.acme)
    program.post(TICKETS, report())
    with django_assert_num_queries(11 + 5):
        assert program.post(TICKETS, report()).status_code == 201


@pytest.mark.parametrize("place", ["body", "impact"])
def test_half_a_character_in_a_name_is_a_name_that_is_not_known(world, api, place):
    body = report()
    (body if place == "body" else body["impact"])["\ud800"] = 1
    answer = api(world.acme).post(TICKETS, json.dumps(body), content_type="application/json")
    name = "?" if place == "body" else "impact.?"
    assert (answer.status_code, codes(answer)) == (422, [(name, "unknown_field")])
    assert f"There is no field {name}." in answer.json()["detail"]
