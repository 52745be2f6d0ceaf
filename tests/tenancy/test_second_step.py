"""The second step at sign-in, driven as a phone and a person would."""

import re
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from tenancy import services
from tenancy.actor import NotAllowed
from tenancy.context import work_unit
from tests.tenancy.doorstep import link_in, mails, sign_in, totp, verbs
from tests.world import PASSWORD, World

ACTIVATE = "/accounts/2fa/totp/activate/"
SECRET = re.compile(r'id="authenticator_secret">([A-Z2-7]+)<')
CODE = re.compile(r"<li>(\d{8})</li>")


def prove(client: Client) -> None:
    """The password once more."""
    assert client.post("/accounts/reauthenticate/", {"password": PASSWORD}).status_code == 302


def turn_on(client: Client) -> str:
    """Set up the app; returns its secret."""
    prove(client)
    found = SECRET.search(client.get(ACTIVATE).content.decode())
    assert found
    assert client.post(ACTIVATE, {"code": totp(found[1])}).status_code == 302
    return found[1]


def recovery_codes(client: Client) -> list[str]:
    return CODE.findall(client.get("/accounts/2fa/recovery-codes/").content.decode())


def begin(email: str = "ilse@test.example", **more: Any) -> Client:
    """Signed in with the password, asked for the second step."""
    client = Client()
    assert sign_in(client, email, **more).headers["Location"] == "/accounts/2fa/authenticate/"
    assert client.get("/people/").status_code == 302, "the password alone opens nothing"
    return client


def set_up(email: str = "ilse@test.example") -> tuple[Client, str]:
    client = Client()
    sign_in(client, email)
    return client, turn_on(client)


def test_password_and_code_open_the_door(world: World) -> None:
    _, secret = set_up()
    client = begin(next="/people/")
    answer = client.post("/accounts/2fa/authenticate/", {"code": totp(secret)})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/people/")
    assert client.get("/people/").status_code == 200


def test_a_wrong_code_does_not(world: World) -> None:
    _, secret = set_up()
    client = begin()
    wrong = f"{(int(totp(secret)) + 1) % 10**6:06d}"
    answer = client.post("/accounts/2fa/authenticate/", {"code": wrong})
    assert "This code is not right" in answer.content.decode()
    assert client.get("/people/").status_code == 302


def test_a_code_somebody_saw_does_not_work_again(world: World) -> None:
    _, secret = set_up()
    code = totp(secret)
    assert begin().post("/accounts/2fa/authenticate/", {"code": code}).status_code == 302
    assert "This code is not right" in begin().post("/accounts/2fa/authenticate/", {"code": code}).content.decode()


def test_guessing_codes_is_stopped(world: World) -> None:
    _, secret = set_up()
    client = begin()
    wrong = f"{(int(totp(secret)) + 1) % 10**6:06d}"
    for _ in range(5):
        client.post("/accounts/2fa/authenticate/", {"code": wrong})
    assert "Too many tries" in client.post("/accounts/2fa/authenticate/", {"code": totp(secret)}).content.decode()


def test_a_recovery_code_opens_once(world: World) -> None:
    client, _ = set_up()
    codes = recovery_codes(client)
    assert len(codes) == 10
    assert begin().post("/accounts/2fa/authenticate/", {"code": codes[0]}).status_code == 302
    assert begin().post("/accounts/2fa/authenticate/", {"code": codes[0]}).status_code == 200
    assert len(recovery_codes(client)) == 9


def test_new_recovery_codes_replace_the_old_ones(world: World) -> None:
    client, _ = set_up()
    old = recovery_codes(client)
    assert client.post("/accounts/2fa/recovery-codes/generate/").status_code == 302
    new = recovery_codes(client)
    assert len(new) == 10
    assert not set(old) & set(new)
    assert begin().post("/accounts/2fa/authenticate/", {"code": old[0]}).status_code == 200


def test_a_session_somebody_left_open_changes_nothing(world: World) -> None:
    """Whoever sits down at it must show the password first, and again after a quarter of an hour."""
    client = world.client("ilse")
    answer = client.get(ACTIVATE)
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")
    assert "Show that it is you" in client.get(answer.headers["Location"]).content.decode()
    assert "This is not your password" in (
        client.post("/accounts/reauthenticate/", {"password": "wrong wrong wrong"}).content.decode()
    )
    assert client.get(ACTIVATE).status_code == 302
    prove(client)
    assert client.get(ACTIVATE).status_code == 200
    session = client.session
    session["account_authentication_methods"][-1]["at"] -= 901
    session.save()
    assert client.get(ACTIVATE).status_code == 302


def test_turning_off_needs_a_fresh_proof_and_ends_the_codes(world: World) -> None:
    client, _ = set_up()
    assert client.post("/accounts/2fa/totp/deactivate/").status_code == 302
    assert not Authenticator.objects.filter(user=world.ilse.person).exists()
    assert sign_in(Client(), "ilse@test.example").headers["Location"] == "/"


def test_turning_it_on_and_off_is_told_by_mail(lasting_world: World) -> None:
    client, _ = set_up()
    client.post("/accounts/2fa/recovery-codes/generate/")
    client.post("/accounts/2fa/totp/deactivate/")
    assert [mail.subject for mail in mails("ilse@test.example")] == [
        "The second step at sign-in is on",
        "New recovery codes",
        "The second step at sign-in is off",
    ]


def test_what_is_stored_opens_nothing(world: World) -> None:
    """Neither the app's secret nor the seed of the recovery codes stands readable in the database."""
    client, secret = set_up()
    recovery_codes(client)
    kept = {authenticator.type: str(authenticator.data) for authenticator in Authenticator.objects.all()}
    assert kept.keys() == {"totp", "recovery_codes"}
    assert secret not in kept["totp"]
    assert all("gAAAA" in data for data in kept.values())


def test_a_new_secret_key_still_reads_what_the_old_one_wrote(world: World, settings: Any) -> None:
    _, secret = set_up()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-" + "y" * 50
    client = begin()
    assert client.post("/accounts/2fa/authenticate/", {"code": totp(secret)}).status_code == 302


def test_everybody_may_have_it(world: World) -> None:
    for name in ("bob", "dirk", "marek", "adam"):
        assert "Set up" in world.client(name).get("/accounts/2fa/").content.decode()


def test_a_reset_password_does_not_switch_it_off(world: World) -> None:
    set_up()
    client = Client()
    client.post("/accounts/password/reset/", {"email": "ilse@test.example"})
    link = link_in(mails("ilse@test.example")[-1])
    new = "seven green lifts go up"
    form = client.get(link)
    client.post(form.headers["Location"], {"password1": new, "password2": new})
    assert sign_in(Client(), "ilse@test.example", new).headers["Location"] == "/accounts/2fa/authenticate/"


def test_rozoom_removes_it_for_who_lost_the_phone(world: World) -> None:
    set_up()
    client = world.client("adam")
    form = {"action": "remove_second_step", "_selected_action": [world.ilse.person_id, world.bob.person_id]}
    assert "opens the account now: 2." in client.post("/admin/tenancy/person/", form, follow=True).content.decode()
    assert sign_in(Client(), "ilse@test.example").headers["Location"] == "/"
    (mail,) = mails("ilse@test.example")
    assert "Was this not you?" in mail.text
    assert verbs(world, "acme") == ["person.second_step_removed"]
    assert (verbs(world, "bolt"), mails("bob@test.example")) == ([], []), "nothing was there to be removed"


@pytest.mark.parametrize("who", ["duty", "marek"])
def test_nobody_else_removes_it(world: World, who: str) -> None:
    set_up()
    form = {"action": "remove_second_step", "_selected_action": [world.ilse.person_id]}
    world.client(who).post("/admin/tenancy/person/", form, follow=True)
    actor = world.actor(who)
    with pytest.raises(NotAllowed), work_unit(actor.context) as unit:
        services.remove_second_step(actor=actor, person=world.ilse.person, now=unit.now)
    assert sign_in(Client(), "ilse@test.example").headers["Location"] == "/accounts/2fa/authenticate/"


def test_nobody_removes_their_own_that_way(world: World) -> None:
    adam = world.actor("adam")
    with pytest.raises(services.CannotChangePerson), work_unit(adam.context) as unit:
        services.remove_second_step(actor=adam, person=world.adam.person, now=unit.now)
