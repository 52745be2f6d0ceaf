"""Keys for programs: made once, shown once, ended at once."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from rozoom_support.lib.refusals import NotFound
from tenancy import services
from tenancy.actor import NotAllowed
from tenancy.context import work_unit
from tenancy.identity import TokenRefused, hash_secret, token_from_header
from tenancy.models import ApiToken
from tests.tenancy.doorstep import STAFF, audit_of, verbs
from tests.world import World, token

SECRET = re.compile(r'id="token">(rz_[\w-]{43})<')
FORM = {"name": "Monitoring", "scopes": ["tickets:read"], "expires_in": "90"}


def make(world: World, by: str = "ana", **fields: Any) -> str:
    answer = world.client(by).post("/tokens/new/", {**FORM, **fields})
    found = SECRET.search(answer.content.decode())
    assert found, answer.content.decode()
    return found[1]


def works(secret: str) -> bool:
    with work_unit():
        try:
            return token_from_header(f"Bearer {secret}") is not None
        except TokenRefused:
            return False


def row() -> ApiToken:
    with work_unit(STAFF):
        return ApiToken.objects.get()


def test_a_token_is_made_and_works(world: World) -> None:
    secret = make(world, scopes=["tickets:read", "tickets:write"])
    assert works(secret)
    made = row()
    assert (made.organisation_id, made.scopes) == (world.acme.pk, ["tickets:read", "tickets:write"])
    assert made.expires_at - made.created_at == pytest.approx(timedelta(days=90), abs=timedelta(seconds=5))
    (event,) = audit_of(world, "acme")
    assert (event.verb, event.data["name"]) == ("token.made", "Monitoring")


def test_the_secret_is_shown_once_and_stored_nowhere(world: World) -> None:
    secret = make(world)
    listed = world.client("ana").get("/tokens/").content.decode()
    assert secret not in listed
    assert secret[:10] in listed
    with work_unit(STAFF):
        stored = ApiToken.objects.values().get()
    assert stored["secret_hash"] == hash_secret(secret)
    assert secret not in str(stored) + str([event.data for event in audit_of(world, "acme")])


def test_the_page_that_shows_it_is_kept_by_no_cache(world: World) -> None:
    answer = world.client("ana").post("/tokens/new/", FORM)
    assert "no-store" in answer.headers["Cache-Control"]


def test_the_same_form_again_makes_no_second_token(world: World) -> None:
    client = world.client("ana")
    form = {**FORM, "form_token": "t" * 32}
    assert SECRET.search(client.post("/tokens/new/", form).content.decode())
    again = client.post("/tokens/new/", form)
    assert again.headers["Location"] == "/tokens/"
    assert "is not kept" in client.get("/tokens/").content.decode()
    assert row()


def test_withdrawing_ends_it_at_once(world: World) -> None:
    secret = make(world)
    path = f"/tokens/{row().pk}/withdraw/"
    assert "Withdraw the token Monitoring?" in world.client("ana").get(path).content.decode()
    assert works(secret)
    for _ in range(2):
        assert world.client("ana").post(path).status_code == 302
    assert not works(secret)
    assert verbs(world, "acme") == ["token.made", "token.withdrawn"]
    assert "Withdrawn" in world.client("ana").get("/tokens/").content.decode()


def test_the_list_says_when_it_was_last_used(world: World) -> None:
    secret = make(world)
    assert "Never" in world.client("ana").get("/tokens/").content.decode()
    Client().get("/api/v1/me/", headers={"authorization": f"Bearer {secret}"})
    assert "Never" not in world.client("ana").get("/tokens/").content.decode()


def test_a_token_ends_within_a_year(world: World) -> None:
    ana = world.actor("ana")
    with work_unit(ana.context) as unit:
        for ends, fine in ((timedelta(days=365), True), (timedelta(days=365, seconds=1), False), (timedelta(), False)):
            fields = {"name": "x", "scopes": ["tickets:read"], "expires_at": unit.now + ends, "now": unit.now}
            if fine:
                services.make_token(actor=ana, **fields)
            else:
                with pytest.raises(services.CannotMakeToken, match="within 365 days"):
                    services.make_token(actor=ana, **fields)
    assert world.client("ana").post("/tokens/new/", {**FORM, "expires_in": "366"}).status_code == 422


@pytest.mark.parametrize("fields", [{"name": ""}, {"scopes": []}, {"scopes": ["everything"]}, {"expires_in": "0"}])
def test_what_is_missing_is_named(world: World, fields: dict[str, Any]) -> None:
    answer = world.client("ana").post("/tokens/new/", {**FORM, **fields})
    assert answer.status_code == 422
    assert "There is a problem" in answer.content.decode()
    with work_unit(STAFF):
        assert not ApiToken.objects.exists()


def test_only_scopes_that_mean_something_are_offered(world: World) -> None:
    """A customer's token can never write a note, so the page does not promise it."""
    assert "notes:write" not in world.client("ana").get("/tokens/new/").content.decode()
    assert "notes:write" in world.client("dora").get("/tokens/new/").content.decode()
    assert world.client("ana").post("/tokens/new/", {**FORM, "scopes": ["notes:write"]}).status_code == 422


@pytest.mark.parametrize("who", ["ilse", "dirk", "marek", "duty", "fin"])
def test_without_the_right_there_is_no_such_page(world: World, who: str) -> None:
    client = world.client(who)
    assert [client.get("/tokens/").status_code, client.post("/tokens/new/", FORM).status_code] == [404, 404]
    assert "API tokens" not in client.get("/settings/").content.decode()
    actor = world.actor(who)
    with pytest.raises(NotAllowed), work_unit(actor.context) as unit:
        services.make_token(
            actor=actor, name="x", scopes=["tickets:read"], expires_at=unit.now + timedelta(1), now=unit.now
        )


@pytest.mark.parametrize("who", ["dora", "adam"])
def test_foreign_tokens_answer_as_missing_ones(world: World, who: str) -> None:
    secret = token(world.acme)
    client, pk = world.client(who), row().pk
    assert "ACME program" not in client.get("/tokens/").content.decode()
    missing = "00000000-0000-7000-8000-000000000000"
    assert [client.post(f"/tokens/{pk}/withdraw/").status_code for pk in (pk, missing)] == [404, 404]
    actor = world.actor(who)
    with pytest.raises(NotFound), work_unit(actor.context) as unit:
        services.revoke_token(actor=actor, token=ApiToken(pk=pk), now=unit.now)
    assert works(secret)
