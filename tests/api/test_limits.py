"""Rates and sizes, at the limit and one over."""

import json

import pytest

from tenancy.api import throttling
from tests.api.calls import REPORT, TICKETS, report

pytestmark = pytest.mark.django_db


@pytest.fixture
def minute(monkeypatch):
    """A clock that stands still, ten seconds into a minute."""

    class Clock:
        now = 1_800_000_010.0

        def time(self) -> float:
            return self.now

    clock = Clock()
    monkeypatch.setattr(throttling, "time", clock)
    return clock


@pytest.fixture
def rates(settings, minute):
    def set_rates(**limits: int) -> None:
        settings.LIMITS = {**settings.LIMITS, **{f"{name}_per_minute": value for name, value in limits.items()}}

    return set_rates


def standing(answer) -> tuple[str, str, str]:
    return answer["RateLimit-Limit"], answer["RateLimit-Remaining"], answer["RateLimit-Reset"]


def test_the_limits_are_those_of_the_design(settings):
    assert settings.LIMITS["requests_per_minute"] == 300
    assert settings.LIMITS["writes_per_minute"] == 60
    assert settings.LIMITS["searches_per_minute"] == 10


def test_requests_count_down_to_the_limit_and_one_over(world, api, rates):
    rates(requests=3)
    program = api(world.acme)
    seen = [program.get(TICKETS) for _ in range(4)]
    assert [answer.status_code for answer in seen] == [200, 200, 200, 429]
    assert [standing(answer) for answer in seen] == [
        ("3", "2", "50"),
        ("3", "1", "50"),
        ("3", "0", "50"),
        ("3", "0", "50"),
    ]
    over = seen[-1]
    assert over["Retry-After"] == "50"
    assert over["Content-Type"] == "application/problem+json"
    assert over.json()["code"] == "too_many_requests"
    assert "3 requests a minute" in over.json()["detail"]


def test_the_next_minute_begins_anew(world, api, rates, minute):
    rates(requests=1)
    program = api(world.acme)
    assert [program.get(TICKETS).status_code for _ in range(2)] == [200, 429]
    minute.now += 50
    assert program.get(TICKETS).status_code == 200


def test_changes_have_a_limit_of_their_own(world, api, rates):
    rates(writes=2)
    program = api(world.acme)
    assert [program.post(TICKETS, report()).status_code for _ in range(3)] == [201, 201, 429]
    assert program.get(TICKETS).status_code == 200


def test_searches_have_a_limit_of_their_own(world, api, rates):
    rates(searches=2)
    program = api(world.acme)
    assert [program.get(TICKETS, {"q": "lift"}).status_code for _ in range(3)] == [200, 200, 429]
    assert program.get(TICKETS).status_code == 200


def test_the_nearest_limit_is_told(world, api, rates):
    rates(requests=100, writes=5)
    program = api(world.acme)
    assert standing(program.post(TICKETS, report()))[:2] == ("5", "4")
    assert standing(program.get(TICKETS))[:2] == ("100", "98")


def test_refused_requests_count_too(world, api, rates):
    rates(requests=2)
    program = api(world.acme, scopes=[])
    assert [program.get(TICKETS).status_code for _ in range(3)] == [403, 403, 429]


def test_each_token_has_its_own_rate(world, api, rates):
    rates(requests=1)
    for _ in range(2):
        assert api(world.acme).get(TICKETS).status_code == 200


def test_a_limit_of_zero_is_none(world, api, rates):
    rates(requests=0, writes=0)
    answer = api(world.acme).post(TICKETS, report())
    assert answer.status_code == 201
    assert not answer.has_header("RateLimit-Limit")


def body_of(size: int) -> bytes:
    """A report that is refused for its length alone, padded to this many bytes."""
    bare = json.dumps({**REPORT, "description": ""}).encode()
    return json.dumps({**REPORT, "description": "x" * (size - len(bare))}).encode()


@pytest.mark.parametrize("over, status", [(0, 422), (1, 413)])
def test_a_json_body_has_at_most_one_megabyte(world, api, over, status):
    body = body_of(1024 * 1024 + over)
    assert len(body) == 1024 * 1024 + over
    answer = api(world.acme).post(TICKETS, body, content_type="application/json")
    assert answer.status_code == status
    if status == 413:
        assert answer.json()["code"] == "body_too_large"
        assert "1 MB" in answer.json()["detail"]


def test_a_body_in_chunks_is_told_to_name_its_length(world, api):
    headers = {"Transfer-Encoding": "chunked"}
    answer = api(world.acme).post(
        TICKETS, body_of(1000), content_type="application/json", headers=headers, CONTENT_LENGTH=""
    )
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")
