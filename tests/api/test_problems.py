"""Refusals: one shape for all of them, a code that is documented, and no trace left behind."""

import importlib

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client

from rozoom_support.lib.refusals import Refused
from tenancy.api import problems
from tenancy.api.codes import TITLES
from tests.api.calls import TICKETS, at, count_tickets, report
from tests.world import ticket, token
from tickets import services
from tickets.api import views

FIELDS = ["type", "title", "status", "code", "detail", "param", "doc_url", "errors"]
REACHED = (
    "tickets.services",
    "tickets.files",
    "sla.services",
    "tenancy.deeds",
    "tenancy.actor",
    "rozoom_support.lib.refusals",
)


def assert_problem(answer, status: int, code: str) -> None:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert [name for name in body if name != "request_id"] == FIELDS
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"] == body["doc_url"] == f"{settings.BASE_URL}/api/docs/#{code}"
    assert body["title"] == TITLES[code]
    assert body["detail"]
    assert all(error.keys() == {"param", "code", "detail"} and error["code"] in TITLES for error in body["errors"])


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_a_method_that_is_not_there(world, api, method):
    answer = getattr(api(world.acme), method)(TICKETS)
    assert_problem(answer, 405, "method_not_allowed")
    assert answer["Allow"] == "GET, HEAD, POST"


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["options", "trace"])
def test_methods_nobody_needs(world, api, method):
    assert_problem(getattr(api(world.acme), method)(TICKETS), 405, "method_not_allowed")


@pytest.mark.django_db
def test_a_media_type_that_is_not_written(world, api):
    assert_problem(api(world.acme).get(TICKETS, headers={"Accept": "text/html"}), 406, "not_acceptable")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]
)
def test_a_media_type_that_is_not_read(world, api, kind):
    answer = api(world.acme).post(TICKETS, b"<x/>", content_type=kind)
    assert_problem(answer, 415, "unsupported_media_type")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body", [b"", b"{", b"{'a': 1}", b'{"subject": NaN}', b"\xff\xfe", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}"]
)
def test_a_body_that_is_not_json(world, api, body):
    answer = api(world.acme).post(TICKETS, body, content_type="application/json")
    assert answer.status_code in (400, 422)
    assert answer["Content-Type"] == "application/problem+json"
    assert count_tickets() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["nothing", "nothing/", "tickets/ACME-1/nothing/", "", "tickets/ACME-1/messages/x/y/"])
def test_an_address_that_is_not_there(world, api, path):
    assert_problem(api(world.acme).get(f"/api/v1/{path}"), 404, "not_found")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["ACME-99", "%00", "ACME-1%00", "..", "ACME-", "%F0%9F%92%A9", "ACME-" + "9" * 30, "a" * 3000]
)
def test_a_reference_that_names_nothing(world, api, name):
    ticket(world)
    assert_problem(api(world.acme).get(f"{TICKETS}{name}/"), 404, "not_found")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["files", "components", "sites", "tickets/ACME-1/messages"])
@pytest.mark.parametrize("name", ["1", "%00", "019a7c3e-52d1-7f63-9c0e-6f1c8f0b6a11", "zzzz"])
def test_an_id_that_names_nothing(world, api, path, name):
    ticket(world)
    assert_problem(api(world.acme).get(f"/api/v1/{path}/{name}/"), 404, "not_found")


def explode(error: Exception):
    def deed(**_ignored):
        raise error

    return deed


@pytest.mark.django_db
def test_a_mistake_of_ours(world, monkeypatch):
    """Nothing is kept, and the answer says how to name it to us."""
    secret = token(world.acme)

    def half_done(*args, **kwargs):
        with_effect(*args, **kwargs)
        raise ZeroDivisionError

    with_effect = services.file_ticket
    monkeypatch.setattr(services, "file_ticket", half_done)
    client = Client(raise_request_exception=False)
    answer = client.post(
        TICKETS, report(), content_type="application/json", headers={"authorization": f"Bearer {secret}"}
    )
    assert_problem(answer, 500, "server_error")
    assert answer.json()["request_id"] == answer["X-Request-ID"]
    assert count_tickets() == 0


class FromPostgres(Exception):
    def __init__(self, pgcode: str) -> None:
        self.pgcode = pgcode


def operational(pgcode: str) -> OperationalError:
    error = OperationalError("from the test")
    error.__cause__ = FromPostgres(pgcode)
    return error


@pytest.mark.django_db
@pytest.mark.parametrize(
    "pgcode, code, wait",
    [("55P03", "busy", "1"), ("40P01", "busy", "1"), ("57014", "too_slow", "5"), ("57P01", "unavailable", "5")],
)
def test_the_database_is_busy_slow_or_away(world, monkeypatch, pgcode, code, wait):
    secret = token(world.acme)
    monkeypatch.setattr(views, "read_ticket", lambda reference: explode(operational(pgcode))())
    client = Client(raise_request_exception=False)
    answer = client.get(at("ACME-1"), headers={"authorization": f"Bearer {secret}"})
    assert_problem(answer, 503, code)
    assert answer["Retry-After"] == wait


@pytest.mark.django_db
def test_a_refused_request_leaves_no_trace(world, api, monkeypatch):
    """What was written before the refusal is rolled back with it."""

    file_ticket = services.file_ticket

    def file_and_refuse(**details):
        assert file_ticket(**details).pk
        raise Refused("Not now.")

    monkeypatch.setattr(services, "file_ticket", file_and_refuse)
    assert api(world.acme).post(TICKETS, report()).status_code == 409
    assert count_tickets() == 0


def refusals(base: type[Refused] = Refused) -> set[str]:
    found = {base.code} if base.__module__.startswith(REACHED) else set()
    return found.union(*(refusals(sub) for sub in base.__subclasses__()))


def test_every_refusal_a_program_can_meet_has_a_title():
    for name in REACHED:
        importlib.import_module(name)
    only_on_pages = {"refused", "cannot_draft", "not_yours"}
    assert refusals() - only_on_pages <= TITLES.keys()


def test_no_code_is_used_without_a_title():
    """answer() would fall back to a title that says nothing."""
    assert problems.TITLES is TITLES
    for statuses in importlib.import_module("tenancy.api.schema").MEANINGS.values():
        assert set(statuses[1]) <= TITLES.keys()
