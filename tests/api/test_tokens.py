"""Who asks: a token and nothing else."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from tenancy.context import Context, work_unit
from tenancy.models import ApiToken, Organisation
from tests.api.calls import TICKETS
from tests.world import token

pytestmark = pytest.mark.django_db


def get(**headers):
    return Client().get(TICKETS, headers=headers)


def test_a_bearer_token_opens_the_door(world):
    assert get(authorization=f"Bearer {token(world.acme)}").status_code == 200


def test_the_word_token_opens_it_too(world):
    assert get(authorization=f"Token {token(world.acme)}").status_code == 200


def test_without_a_token_it_says_how_to_send_one(world):
    answer = get()
    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["WWW-Authenticate"] == 'Bearer realm="roZoom Support"'
    assert answer.json()["code"] == "not_authenticated"


@pytest.mark.parametrize(
    "header",
    ["Bearer rz_nonsense", "Bearer", "Basic dXNlcjpwdw==", "rz_abc", "Bearer rz_\x00", "Bearer " + "rz_" * 4000],
)
def test_a_header_that_names_no_token_is_refused(world, header):
    answer = get(authorization=header)
    assert answer.status_code == 401
    assert answer.json()["code"] == "token_refused"
    assert 'error="invalid_token"' in answer["WWW-Authenticate"]


def test_an_expired_token_is_refused(world):
    answer = get(authorization=f"Bearer {token(world.acme, expires_at=timezone.now())}")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_refused")


def test_a_withdrawn_token_is_refused_with_its_next_request(world):
    secret = token(world.acme)
    assert get(authorization=f"Bearer {secret}").status_code == 200
    with work_unit(Context("staff")):
        ApiToken.objects.update(revoked_at=timezone.now())
    assert get(authorization=f"Bearer {secret}").status_code == 401


def test_a_token_of_a_closed_organisation_is_refused(world):
    secret = token(world.acme)
    with work_unit(Context("staff")):
        Organisation.objects.filter(pk=world.acme.pk).update(is_active=False)
    assert get(authorization=f"Bearer {secret}").status_code == 401


def test_unknown_expired_and_withdrawn_tokens_get_the_same_words(world):
    gone = token(world.acme, expires_at=timezone.now() - timedelta(days=1))
    assert get(authorization=f"Bearer {gone}").content == get(authorization="Bearer rz_unknown").content


def test_a_session_counts_for_nothing(world):
    answer = world.client("ilse").get(TICKETS)
    assert answer.status_code == 401


def test_a_session_beside_a_token_changes_nothing(world):
    client = world.client("bob")
    answer = client.get("/api/v1/me/", headers={"authorization": f"Bearer {token(world.acme)}"})
    assert answer.json()["organisation"]["code"] == "ACME"


def test_me_says_whose_token_it_is_and_what_it_may_do(world, api, settings):
    program = api(world.delta, scopes=["tickets:read"], name="Mirror")
    answer = program.get("/api/v1/me/").json()
    assert answer["organisation"] == {
        "code": "DELTA",
        "name": "Delta Reseller",
        "kind": "RESELLER",
        "time_zone": "Europe/Berlin",
    }
    assert answer["token"]["name"] == "Mirror"
    assert answer["scopes"] == ["tickets:read"]
    assert answer["expires_at"].endswith("Z")
    assert answer["limits"]["requests_per_minute"] == settings.LIMITS["requests_per_minute"]


def test_answers_are_kept_by_no_cache(world, api):
    assert "no-store" in api(world.acme).get(TICKETS)["Cache-Control"]


def test_a_use_is_noted_also_when_the_request_is_refused(world):
    assert Client().get("/api/v1/nothing/", headers={"authorization": f"Bearer {token(world.acme)}"}).status_code == 404
    with work_unit(Context("staff")):
        assert ApiToken.objects.get().last_used_at is not None


def test_noting_a_use_waits_for_nobody(lasting_world):
    """Somebody withdraws the token, or another of its calls notes the same: the row is held, the call goes on."""
    secret = token(lasting_world.acme)

    def call():
        try:
            return get(authorization=f"Bearer {secret}").status_code
        finally:
            connections.close_all()

    with work_unit(Context("staff")), ThreadPoolExecutor(1) as pool:
        ApiToken.objects.select_for_update().get()
        assert pool.submit(call).result(5) == 200
