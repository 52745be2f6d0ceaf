"""The description and the documentation say what the API does: checked against both, and against real answers."""

import json
import re
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator

from rozoom_support.lib.problems import doc_url
from tenancy.api.codes import TITLES
from tenancy.api.docs import GUIDE, description
from tests.api.calls import TICKETS, at, if_match, report, send_form, upload
from tests.world import message, ticket
from tickets.api import examples
from tickets.lifecycle import MOVES

DESCRIPTION: dict[str, Any] = json.loads(description())
OPERATIONS = {
    one["operationId"]: (path, method, one)
    for path, methods in DESCRIPTION["paths"].items()
    for method, one in methods.items()
}


def validator(schema: dict[str, Any]) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": DESCRIPTION["components"]})


def fits(operation: str, answer: Any) -> bool:
    """The answer is one of those described, and has its shape."""
    described = OPERATIONS[operation][2]["responses"][str(answer.status_code)]
    if "$ref" in described:
        described = DESCRIPTION["components"]["responses"][described["$ref"].rpartition("/")[2]]
    [(media_type, content)] = described["content"].items()
    assert answer["Content-Type"] == media_type
    validator(content["schema"]).validate(answer.json())
    return True


def test_the_description_is_valid_openapi_3_1():
    assert DESCRIPTION["openapi"] == "3.1.1"
    validate_schema(DESCRIPTION)


@pytest.mark.django_db
def test_the_description_needs_no_sign_in():
    answer = Client().get("/api/v1/openapi.json")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer.json() == DESCRIPTION


def test_every_operation_is_told_with_all_its_answers():
    for name, (path, method, one) in OPERATIONS.items():
        responses = set(one["responses"])
        assert {"401", "403", "406", "422", "429", "500", "503"} <= responses, name
        assert ("404" in responses) == ("{" in path), name
        assert ({"400", "411", "413", "415"} <= responses) == (method in ("post", "patch")), name
        assert one["summary"], name
        assert one["security"], name


def test_every_example_has_the_shape_it_stands_for():
    for name, (_, _, one) in OPERATIONS.items():
        contents = list(one.get("requestBody", {}).get("content", {}).values())
        contents += [c for r in one["responses"].values() for c in r.get("content", {}).values()]
        for content in contents:
            for example in content.get("examples", {}).values():
                validator(content["schema"]).validate(example["value"]), name
    for response in DESCRIPTION["components"]["responses"].values():
        for content in response["content"].values():
            for example in content["examples"].values():
                validator(content["schema"]).validate(example["value"])


def test_bodies_refuse_what_they_do_not_know():
    for name in (
        "TicketBody",
        "ImpactBody",
        "TicketChange",
        "TransitionBody",
        "AssignmentBody",
        "MessageBody",
        "FileForm",
        "WebhookEndpointBody",
        "WebhookEndpointChange",
    ):
        assert DESCRIPTION["components"]["schemas"][name]["additionalProperties"] is False, name


@pytest.mark.django_db
def test_real_answers_have_the_shape_that_is_described(world, api):
    filed = ticket(world, component=world.components["acme"])
    said = message(world, filed, "marek")
    desk, customer = api(world.rozoom), api(world.acme)
    sent = send_form(desk, at(filed, "files"), file=upload())
    assert fits("send_file", sent)
    assert fits("list_tickets", customer.get(TICKETS))
    assert fits("file_ticket", customer.post(TICKETS, report()))
    assert fits("read_ticket", customer.get(at(filed)))
    assert fits("change_ticket", customer.patch(at(filed), {"subject": "x"}, headers=if_match(3)))
    assert fits(
        "assign_ticket", desk.post(at(filed, "assignment"), {"assignee": "rita@test.example"}, headers=if_match(4))
    )
    assert fits("move_ticket", desk.post(at(filed, "transitions"), {"action": "resolve"}, headers=if_match(5)))
    assert fits("explain_promise", customer.get(at(filed, "promise")))
    other, proposals = ticket(world), "severity-proposals"
    assert fits("propose_severity", customer.post(at(other, proposals), {"severity": 1, "reason": "x"}))
    assert fits("list_severity_proposals", customer.get(at(other, proposals)))
    assert fits("read_severity_proposal", customer.get(at(other, proposals, "1")))
    agreed = api(world.delta).post(at(other, proposals, "1", "answer"), {"agrees": True}, headers=if_match(1))
    assert fits("answer_severity_proposal", agreed)
    taken = customer.post(at(other, proposals, "1", "withdraw"), {}, headers=if_match(2))
    assert fits("withdraw_severity_proposal", taken)
    assert fits("list_messages", customer.get(at(filed, "messages")))
    assert fits("add_message", customer.post(at(filed, "messages"), {"body": "x"}))
    assert fits("read_message", customer.get(at(filed, "messages", str(said.pk))))
    assert fits("list_files", customer.get(at(filed, "files")))
    assert fits("list_components", customer.get("/api/v1/components/"))
    assert fits("read_component", customer.get(f"/api/v1/components/{world.components['acme'].pk}/"))
    assert fits("list_sites", customer.get("/api/v1/sites/"))
    assert fits("read_site", customer.get(f"/api/v1/sites/{world.components['acme'].site_id}/"))
    assert fits("read_attainment", customer.get("/api/v1/reports/attainment/"))
    assert fits("read_ship_by", customer.get("/api/v1/reports/ship-by/"))
    assert fits("read_token", customer.get("/api/v1/me/"))


@pytest.mark.django_db
def test_real_answers_about_webhooks_have_the_shape_that_is_described(world, api):
    program, hooks = api(world.acme), "/api/v1/webhook-endpoints/"
    made = program.post(hooks, {"url": "https://a.example/x", "events": ["ticket.filed"]})
    assert fits("make_webhook_endpoint", made)
    one = f"{hooks}{made.json()['id']}/"
    assert fits("list_webhook_endpoints", program.get(hooks))
    assert fits("read_webhook_endpoint", program.get(one))
    assert fits("change_webhook_endpoint", program.patch(one, {"description": "x"}, headers=if_match(1)))
    assert fits("rotate_webhook_secret", program.post(f"{one}rotation/", {}))
    sent = program.post(f"{one}test/", {})
    assert fits("test_webhook_endpoint", sent)
    assert fits("list_webhook_deliveries", program.get(f"{one}deliveries/"))
    assert fits("read_webhook_delivery", program.get(sent["Location"]))
    assert fits("replay_webhook_delivery", program.post(f"{sent['Location']}replay/", {}))
    assert fits("replay_failed_webhooks", program.post(f"{one}replay/", {}))
    assert fits("remove_webhook_endpoint", program.post(f"{one}removal/", {}))
    assert fits("read_webhook_endpoint", program.get(one))


@pytest.mark.django_db
def test_real_refusals_have_the_shape_that_is_described(world, api):
    filed = ticket(world)
    customer = api(world.acme)
    assert fits("read_ticket", Client().get(at(filed)))
    assert fits("read_ticket", api(world.acme, scopes=[]).get(at(filed)))
    assert fits("read_ticket", customer.get(at("ACME-99")))
    assert fits("read_ticket", customer.get(at(filed), headers={"Accept": "text/html"}))
    assert fits("list_tickets", customer.get(f"{TICKETS}?colour=red"))
    assert fits("file_ticket", customer.post(TICKETS, b"{", content_type="application/json"))
    assert fits("file_ticket", customer.post(TICKETS, b"x", content_type="text/plain"))
    assert fits("change_ticket", customer.patch(at(filed), {}))
    assert fits("change_ticket", customer.patch(at(filed), {"subject": "x"}, headers=if_match(9)))
    assert fits("move_ticket", customer.post(at(filed, "transitions"), {"action": "close"}, headers=if_match(1)))


def test_the_example_of_a_ticket_has_every_field():
    assert list(examples.TICKET_BODY) == list(DESCRIPTION["components"]["schemas"]["Ticket"]["properties"])


# --- the documentation ------------------------------------------------------------------------------------------------


@pytest.fixture
def page(db) -> str:
    answer = Client().get("/api/docs/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_every_code_has_its_place_in_the_documentation(page):
    guide = GUIDE.read_text("utf-8")
    for code in TITLES:
        assert f"\n### {code}\n" in guide, code
        assert page.count(f'id="{code}"') == 1, code
        assert doc_url(code).endswith(f"/api/docs/#{code}")


def test_the_guide_explains_no_code_that_is_not_there():
    explained = re.findall(r"^### (\w+)$", GUIDE.read_text("utf-8"), re.MULTILINE)
    assert set(explained) == TITLES.keys()


def test_every_link_within_the_page_leads_somewhere(page):
    anchors = set(re.findall(r'id="([^"]+)"', page))
    links = set(re.findall(r'href="#([^"]+)"', page))
    assert links - anchors == set()


def test_every_anchor_is_there_once(page):
    anchors = re.findall(r' id="([^"]+)"', page)
    assert sorted(anchors) == sorted(set(anchors))


def test_every_address_and_object_stands_in_the_reference(page):
    for name, (path, method, _) in OPERATIONS.items():
        assert f'<h3 id="{name}"><span class="tag tag-accent">{method.upper()}</span> <code>{path}</code>' in page
    for name in ("Ticket", "Message", "File", "Component", "Site", "Promise", "Problem"):
        assert f'<h3 id="object-{name}">' in page


def test_the_moves_are_those_of_the_lifecycle():
    listed = re.findall(r"^\| `(\w+)` \| [A-Z, ]+ \| [A-Z]+ \|", GUIDE.read_text("utf-8"), re.MULTILINE)
    assert tuple(listed) == MOVES


def test_the_limits_are_those_in_force(settings):
    guide = GUIDE.read_text("utf-8")
    limits = settings.LIMITS
    for row in (
        f"| requests | {limits['requests_per_minute']} a minute and token |",
        f"| changes (POST, PATCH) | {limits['writes_per_minute']} a minute and token |",
        f"| searches (`q`) | {limits['searches_per_minute']} a minute and token |",
        f"| JSON body | {limits['json_bytes'] // 1024**2} MB |",
        f"| file | {limits['file_bytes'] // 1024**2} MB, ten with one message |",
        f"| subject | {limits['subject_chars']} characters |",
        f"| description, message | {limits['message_bytes'] // 1024} KB in UTF-8 |",
        f"| page | {limits['page_size_max']} rows |",
    ):
        assert row in guide


def test_the_page_and_the_console_run_no_script_of_strangers(page):
    for path in ("/api/docs/", "/api/docs/console/"):
        answer = Client().get(path)
        assert answer.status_code == 200
        assert "'unsafe-inline'" not in answer["Content-Security-Policy"]
        assert re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", answer.content.decode()) is None
        assert re.findall(r'(?:src|href)="(https?:)?//', answer.content.decode()) == []


@pytest.mark.django_db
def test_the_guide_is_there_as_markdown():
    answer = Client().get("/api/docs/api.md")
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer.content.decode() == GUIDE.read_text("utf-8")


# --- every call of the guide, made ------------------------------------------------------------------------------------


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def call_of(curl: str) -> tuple[str, str, dict[str, str], str | None, list[tuple[str, str]]]:
    """Method, path, headers, JSON and form parts of a curl line of the guide."""
    path = re.search(r"https://support\.example\.com(/[^\s\"]*)", curl)[1]
    headers = dict(re.findall(r"-H ['\"]([\w-]+): (.*?)['\"] ?\\?$", curl, re.MULTILINE))
    data = re.search(r"-d '(.*?)'\s*$", curl, re.DOTALL)
    parts = re.findall(r'-F "(\w+)=([^"]*)"', curl)
    return "post" if data or parts else "get", path, headers, data[1] if data else None, parts


@pytest.mark.django_db
def test_every_call_of_the_guide_works(world, api):
    for number in range(42):
        filed = ticket(world, external_reference=f"A{number}")
    message(world, filed, "marek")
    message(world, filed, "ilse")
    program = api(world.acme)
    program.headers = {}
    secret = api(world.acme).headers["authorization"].removeprefix("Bearer ")
    done = []
    for curl in blocks("sh"):
        method, path, headers, data, parts = call_of(curl.replace("$COMPONENT", str(world.components["acme"].pk)))
        headers = {
            k: v.replace("$ROZOOM_TOKEN", secret).replace("$(uuidgen)", str(len(done))) for k, v in headers.items()
        }
        if "If-Match" in headers:
            of_return = path.removesuffix("transitions/") if "/returns/" in path else ""
            headers["If-Match"] = api(world.acme).get(of_return or at(filed))["ETag"]
        headers.pop("Content-Type", None)
        if parts:
            form = {name: upload(value[1:]) if value.startswith("@") else value for name, value in parts}
            answer = send_form(program, path, headers, **form)
        elif method == "post":
            answer = program.post(path, json.loads(data), headers=headers)
        else:
            answer = program.get(path, headers=headers)
        assert answer.status_code in (200, 201), (curl, answer.content)
        done.append(answer.json())
    assert len(done) == 15


@pytest.mark.django_db
def test_the_answers_of_the_guide_have_the_keys_of_real_ones(world, api):
    filed = ticket(world)
    program = api(world.acme)
    real = [
        program.get("/api/v1/me/").json(),
        program.get(at(filed)).json(),
        program.get(at(filed, "promise")).json(),
        program.post(at(filed, "messages"), {"body": "x"}).json(),
        program.post(TICKETS, report(subject="x" * 201)).json(),
    ]
    shown = [json.loads(block) for block in blocks("json")]
    assert len(shown) == len(real)
    for ours, theirs in zip(shown, real, strict=True):
        assert list(ours) == list(theirs)
        for name, value in ours.items():
            if isinstance(value, dict) and isinstance(theirs[name], dict):
                assert list(value) == list(theirs[name]), name
