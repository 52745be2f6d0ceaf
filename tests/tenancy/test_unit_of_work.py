"""Each request is one unit of work: one transaction, one context, nothing kept when it went wrong."""

from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.http import StreamingHttpResponse
from django.test import Client

from tenancy.context import ContextError, work_unit
from tenancy.models import Organisation
from tenancy.pgbackend.base import TenantAccessDenied
from tests.tenancy.doorstep import STAFF
from tests.world import World, token

pytestmark = pytest.mark.urls("tests.tenancy.urls")
REALLY = pytest.mark.parametrize(
    "world_of", ["world", "lasting_world"], ids=["in a test's transaction", "with real commits"]
)


@pytest.fixture
def cast(world_of: str, request: Any) -> World:
    return request.getfixturevalue(world_of)


def current() -> tuple[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, coalesce(current_setting('app.org', true), '')")
        return cursor.fetchone()


def client_of(world: World, name: str) -> Client:
    return world.client(name, raise_request_exception=False)


@REALLY
def test_each_sees_what_is_theirs_and_leaves_nothing_behind(cast: World) -> None:
    expected = {
        "ilse": ("rozoom_customer", ["Acme Lifts main site"]),
        "dirk": ("rozoom_reseller", ["Acme Lifts main site"]),
        "nils": ("rozoom_reseller", ["Bolt Works main site"]),
        "marek": ("rozoom_staff", ["Acme Lifts main site", "Bolt Works main site", "Solo Mills main site"]),
    }
    for _ in range(2):  # alternating on one connection
        for name, (role, sites) in expected.items():
            client = client_of(cast, name)
            membership = cast.people[name]
            org = "" if role == "rozoom_staff" else str(membership.organisation_id)
            assert client.get("/who/").json()["who"] == [role, org, str(membership.person_id)]
            assert client.get("/sites/").json()["sites"] == sites
            assert current() == ("rozoom_app", "")


def test_without_signing_in_there_are_no_tenants(world: World) -> None:
    client = Client(raise_request_exception=False)
    assert client.get("/who/").json()["who"][0] == "rozoom_app"
    answer = client.get("/sites/")
    assert (answer.status_code, answer.content) == (403, b"You do not have access to this.")


def test_a_page_that_forgot_the_context_is_a_clean_403_and_a_log_line(world: World, caplog: Any) -> None:
    answer = client_of(world, "ilse").get("/identity/")
    assert answer.json()["who"][0] == "rozoom_app"
    caplog.clear()
    with pytest.raises(TenantAccessDenied), transaction.atomic():
        Organisation.objects.filter(code="ACME").update(phone="x")
    assert Client(raise_request_exception=False).get("/sites/").status_code == 403
    assert "tenant access denied: GET /sites/" in caplog.text


def test_queries_of_a_template_run_in_the_context(world: World) -> None:
    assert client_of(world, "ilse").get("/lazy/").content.decode() == "Acme Lifts main site;Ilse Test"


@REALLY
@pytest.mark.parametrize(
    "how, status, kept",
    [
        ("fine", 200, True),
        ("raise", 500, False),
        ("500", 500, False),
        ("404", 404, False),
        ("lazy", 500, False),
        ("swallow", 500, False),
    ],
)
def test_what_went_wrong_is_not_kept(cast: World, how: str, status: int, kept: bool) -> None:
    answer = client_of(cast, "marek").get(f"/fails/{how}/")
    assert answer.status_code == status
    assert current() == ("rozoom_app", "")
    with work_unit(STAFF):
        assert (Organisation.objects.get(code="ACME").phone == "half done") is kept


@pytest.mark.parametrize("how, status, kept", [("fine", 200, True), ("not-found", 404, False), ("refused", 409, False)])
def test_refusals_at_the_door_keep_nothing_and_say_why(world: World, how: str, status: int, kept: bool) -> None:
    answer = client_of(world, "marek").get(f"/door/{how}/")
    assert answer.status_code == status
    with work_unit(STAFF):
        assert (Organisation.objects.get(code="ACME").phone == "half done") is kept
    if how == "refused":
        assert "Not now." in answer.content.decode()


def test_the_door_sends_strangers_to_sign_in_and_back(world: World) -> None:
    answer = Client().get("/door/fine/?a=1")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/login/?next=%2Fdoor%2Ffine%2F%3Fa%3D1")


def test_a_foreign_row_is_refused_by_the_database(world: World) -> None:
    client = client_of(world, "dirk")
    for customer, reseller in ((world.bolt, world.nova), (world.acme, world.nova), (world.bolt, world.delta)):
        answer = client.get(f"/write/?customer={customer.pk}&reseller={reseller.pk}")
        assert answer.status_code == 403
    assert current() == ("rozoom_app", "")


def test_a_token_has_its_context_and_none_of_the_session(world: World) -> None:
    client = client_of(world, "marek")
    answer = client.get("/api/v1/who/", headers={"authorization": f"Bearer {token(world.acme)}"})
    assert answer.json()["who"] == ["rozoom_customer", str(world.acme.pk), ""]
    refused = client.get("/api/v1/who/", headers={"authorization": "Bearer rz_wrong"})
    assert refused.status_code == 401, "a token that does not work falls back to nothing, not to the session"


@pytest.mark.parametrize("header", ["Basic dXNlcjpwdw==", "Bearer rz_wrong", "the token"])
def test_a_page_reads_no_token(world: World, header: str) -> None:
    """Behind a gate of one's own the browser sends its name and password with every page."""
    sent = f"Bearer {token(world.acme)}" if header == "the token" else header
    answer = client_of(world, "marek").get("/who/", headers={"authorization": sent})
    assert answer.json()["who"][0] == "rozoom_staff"
    assert Client().get("/who/", headers={"authorization": sent}).json()["who"][0] == "rozoom_app"


def test_signing_in_again_inside_a_context_belongs_to_the_login_role(world: World) -> None:
    client = client_of(world, "ilse")
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    assert client.get("/session/").json()["who"][0] == "rozoom_customer"
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != key
    assert client.get("/who/").json()["who"][0] == "rozoom_customer"
    assert client.session["touched"]


@REALLY
def test_a_stream_has_a_unit_of_its_own(cast: World) -> None:
    answer: Any = client_of(cast, "ilse").get("/stream/")
    assert isinstance(answer, StreamingHttpResponse)
    assert b"".join(answer).decode() == "Acme Lifts main site\n"
    assert current() == ("rozoom_app", "")


def test_a_stream_that_forgot_it_reads_nothing(world: World) -> None:
    answer: Any = client_of(world, "ilse").get("/forgotten-stream/")
    with pytest.raises(TenantAccessDenied), transaction.atomic():
        b"".join(answer)


def test_a_reader_who_goes_away_ends_the_unit(lasting_world: World) -> None:
    answer: Any = client_of(lasting_world, "marek").get("/stream/")
    rows = iter(answer.streaming_content)
    assert next(rows) == b"Acme Lifts main site\n"
    assert connection.unit is not None
    answer.close()
    assert connection.unit is None
    assert current() == ("rozoom_app", "")


def test_a_lost_connection_is_503_and_the_next_request_is_fine(lasting_world: World) -> None:
    client = client_of(lasting_world, "marek")
    answer = client.get("/cut/")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert connection.unit is None
    assert client.get("/sites/").status_code == 200
    with work_unit(STAFF):
        assert Organisation.objects.get(code="ACME").phone == ""


def test_a_context_held_open_around_a_request_is_refused(world: World) -> None:
    client = world.client("ilse")
    with work_unit(STAFF), pytest.raises(ContextError, match="do not nest"):
        client.get("/sites/")


def test_private_pages_are_kept_by_no_cache(world: World) -> None:
    assert "no-store" in client_of(world, "ilse").get("/sites/").headers["Cache-Control"]
