"""Signing in and out, as whoever tries the door would."""

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.account.urls import urlpatterns as account_urls
from allauth.mfa.base.urls import urlpatterns as mfa_base
from allauth.mfa.recovery_codes.urls import urlpatterns as code_urls
from allauth.mfa.totp.urls import urlpatterns as totp_urls
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from tenancy.context import as_login_role, work_unit
from tenancy.models import Membership, Person
from tests.tenancy.doorstep import STAFF, sign_in
from tests.world import PASSWORD, World

WRONG = "The address or the password is not right."


@pytest.fixture
def client() -> Client:
    return Client()


def test_address_and_password_open_the_door(world: World, client: Client) -> None:
    answer = sign_in(client, "ilse@test.example")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert client.get("/settings/").status_code == 200


def test_capitals_and_spaces_in_the_address_do_not_matter(world: World, client: Client) -> None:
    assert sign_in(client, " ILSE@Test.Example ").status_code == 302


@pytest.mark.parametrize("email", ["ilse@test.example", "nobody@test.example"])
def test_a_wrong_password_and_an_unknown_address_look_the_same(world: World, client: Client, email: str) -> None:
    answer = sign_in(client, email, "wrong wrong wrong")
    text = answer.content.decode().replace(email, "")
    assert WRONG in text
    assert "_auth_user_id" not in client.session


def test_unknown_addresses_cost_a_password_hash_too(world: World, client: Client, monkeypatch: Any) -> None:
    """Or the time of the answer would tell who has an account."""
    hashed: list[str] = []
    monkeypatch.setattr(Person, "set_password", lambda self, raw: hashed.append(raw))
    sign_in(client, "nobody@test.example", "wrong wrong wrong")
    assert hashed == ["wrong wrong wrong"]


def test_a_new_session_begins_at_sign_in(world: World, client: Client) -> None:
    """A session key somebody planted before is worth nothing after."""
    client.get("/accounts/login/?next=/people/")
    session = client.session
    session["planted"] = True
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = planted = session.session_key
    sign_in(client, "ilse@test.example")
    assert client.session.session_key != planted
    assert not Session.objects.filter(session_key=planted).exists()


def test_next_is_kept_through_the_form(world: World, client: Client) -> None:
    way = client.get("/people/?q=x")
    assert way.headers["Location"] == "/accounts/login/?next=%2Fpeople%2F%3Fq%3Dx"
    page = client.get(way.headers["Location"])
    assert 'name="next" value="/people/?q=x"' in page.content.decode()
    assert sign_in(client, "ilse@test.example", next="/people/?q=x").headers["Location"] == "/people/?q=x"


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "http:evil.example"],
)
def test_next_never_leads_away(world: World, client: Client, target: str) -> None:
    answer = sign_in(client, "ilse@test.example", next=target)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


def test_five_wrong_passwords_close_the_address_for_a_while(world: World, client: Client) -> None:
    for _ in range(5):
        assert WRONG in sign_in(client, "ilse@test.example", "wrong wrong wrong").content.decode()
    for password in ("wrong wrong wrong", PASSWORD):
        answer = sign_in(client, "ilse@test.example", password)
        assert "Too many tries" in answer.content.decode()
    assert sign_in(client, "ana@test.example").status_code == 302


def test_signing_in_rightly_in_between_does_not_reset_the_count(world: World, client: Client) -> None:
    for _ in range(4):
        sign_in(client, "ilse@test.example", "wrong wrong wrong")
    assert sign_in(Client(), "ilse@test.example").status_code == 302
    sign_in(client, "ilse@test.example", "wrong wrong wrong")
    assert "Too many tries" in sign_in(client, "ilse@test.example").content.decode()


def test_ten_wrong_passwords_from_one_place_close_it_for_a_while(world: World, client: Client) -> None:
    for number in range(10):
        sign_in(client, f"nobody{number}@test.example", "wrong wrong wrong")
    assert "Too many tries" in sign_in(client, "ilse@test.example").content.decode()
    elsewhere = Client(REMOTE_ADDR="203.0.113.9")
    assert sign_in(elsewhere, "ilse@test.example").status_code == 302


def test_behind_a_proxy_the_client_is_counted_and_not_the_proxy(world: World, settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    mean = Client(headers={"x-forwarded-for": "1.2.3.4, 198.51.100.7"})
    for number in range(10):
        sign_in(mean, f"nobody{number}@test.example", "wrong wrong wrong")
    forged = Client(headers={"x-forwarded-for": "5.6.7.8, 198.51.100.7"})
    assert "Too many tries" in sign_in(forged, "ilse@test.example").content.decode()
    other = Client(headers={"x-forwarded-for": "198.51.100.8"})
    assert sign_in(other, "ilse@test.example").status_code == 302


def test_nobody_signs_up_by_himself(world: World, client: Client) -> None:
    assert "By invitation only" in client.get("/accounts/signup/").content.decode()
    client.post("/accounts/signup/", {"email": "new@test.example", "password1": "a long enough one"})
    assert not Person.objects.filter(email="new@test.example").exists()


def test_signing_out_ends_the_session(world: World, client: Client) -> None:
    sign_in(client, "ilse@test.example")
    key = client.session.session_key
    assert client.get("/accounts/logout/").status_code == 200  # asks first
    assert client.get("/settings/").status_code == 200
    assert client.post("/accounts/logout/").status_code == 302
    client.cookies[settings.SESSION_COOKIE_NAME] = key
    assert client.get("/settings/").status_code == 302


def test_a_closed_account_does_not_open_and_an_open_session_ends(world: World, client: Client) -> None:
    sign_in(client, "ilse@test.example")
    Person.objects.filter(email="ilse@test.example").update(is_active=False)
    assert client.get("/people/").status_code == 302
    assert sign_in(Client(), "ilse@test.example").headers["Location"] == "/accounts/inactive/"
    assert WRONG in sign_in(Client(), "ilse@test.example", "wrong wrong wrong").content.decode()


def test_a_closed_account_is_told_who_can_open_it(world: World, client: Client) -> None:
    Person.objects.filter(email="ilse@test.example").update(is_active=False)
    text = client.get(sign_in(client, "ilse@test.example").headers["Location"]).content.decode()
    assert "Ask roZoom to open it" in text
    assert f"mailto:{settings.SUPPORT_CONTACT['email']}" in text.partition("<footer")[0]


@pytest.mark.parametrize(
    ("demo", "sample_data", "said", "not_said"),
    [
        (True, True, ["Demo with sample data.", "stand in the terminal"], ["create_operator"]),
        (True, False, ["for trying things", "create_operator"], ["sample data", "stand in the terminal"]),
        (False, False, [], ["sample data", "stand in the terminal", "create_operator", "for trying things"]),
    ],
)
def test_the_sign_in_page_says_what_kind_of_copy_this_is(
    world: World, settings: Any, client: Client, demo: bool, sample_data: bool, said: list[str], not_said: list[str]
) -> None:
    settings.DEMO, settings.SAMPLE_DATA = demo, sample_data
    text = client.get("/accounts/login/").content.decode()
    assert [words for words in said if words not in text] == []
    assert [words for words in not_said if words in text] == []


def test_without_a_number_no_page_speaks_of_calling(settings: Any, world: World) -> None:
    settings.SUPPORT_CONTACT = {"name": "roZoom Support", "phone": "", "email": "help@test.example"}
    for client, path in ((Client(), "/accounts/login/"), (world.client("ilse"), "/")):
        text = client.get(path, follow=True).content.decode()
        assert "mailto:help@test.example" in text
        assert "tel:" not in text
        assert not re.search(r"\bcall\b|at any hour", text)


def test_access_that_ended_is_gone_at_the_next_click(world: World, client: Client) -> None:
    sign_in(client, "ilse@test.example")
    assert client.get("/people/").status_code == 200
    Membership.objects.filter(pk=world.ilse.pk).update(is_active=False)
    answer = client.get("/people/")
    assert answer.status_code == 403
    assert "You belong to no organisation now" in answer.content.decode()
    assert client.get("/").status_code == 403


def test_a_closed_organisation_lets_nobody_in(world: World, client: Client) -> None:
    sign_in(client, "ilse@test.example")
    with work_unit(STAFF):
        world.acme.is_active = False
        world.acme.save(update_fields=["is_active"])
    assert client.get("/people/").status_code == 403


def test_pages_of_the_account_show_the_organisation_and_run_as_the_login_role(world: World) -> None:
    client = world.client("ilse")
    for path in ("/accounts/password/change/", "/accounts/2fa/", "/settings/"):
        text = client.get(path).content.decode()
        assert "Acme Lifts" in text, path


def test_the_theme_reaches_the_pages_of_the_account(world: World) -> None:
    client = world.client("ilse")
    with work_unit(STAFF), as_login_role():
        Person.objects.filter(pk=world.ilse.person_id).update(preferences={"theme": "dark"})
    assert 'data-theme="dark"' in client.get("/accounts/password/change/").content.decode()
    assert 'data-theme="dark"' in client.get("/accounts/2fa/").content.decode()


def test_htmx_is_sent_to_the_sign_in_page(world: World, client: Client) -> None:
    answer = client.get("/people/", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/accounts/login/?next=")


PREFIXES = {"": account_urls, "2fa/": mfa_base, "2fa/totp/": totp_urls, "2fa/recovery-codes/": code_urls}
ACCOUNT_PAGES = [
    f"/accounts/{prefix}{one.pattern}"
    for prefix, patterns in PREFIXES.items()
    for one in patterns
    if "<" not in str(one.pattern)
]


@pytest.mark.parametrize("path", ACCOUNT_PAGES)
def test_every_page_of_the_account_works_as_the_login_role(world: World, client: Client, path: str) -> None:
    """Signed in or not: a page, the way to another one, or nothing yet; never an error of the database."""
    for visitor in (client, world.client("ilse")):
        answer = visitor.get(path)
        while answer.status_code == 302:
            answer = visitor.get(answer.headers["Location"])
        assert answer.status_code in (200, 404), path


def test_an_address_is_not_changed_by_its_owner(world: World) -> None:
    """Mail and sign-in would follow an address that nobody proved."""
    client = world.client("ilse")
    client.post("/accounts/email/", {"action_add": "", "email": "other@evil.example"})
    assert client.get("/accounts/email/").headers["Location"] == "/settings/"
    assert not EmailAddress.objects.exists()


@pytest.mark.parametrize("path", ["/accounts/confirm-email/", "/accounts/confirm-email/x-1/"])
def test_no_page_says_that_a_link_was_sent_when_none_was(world: World, client: Client, path: str) -> None:
    for visitor in (client, world.client("ilse")):
        assert visitor.get(path).headers["Location"] == "/"
        assert visitor.post(path).status_code == 302
    assert not EmailAddress.objects.exists()


def test_what_was_typed_is_not_logged(world: World, client: Client, caplog: Any) -> None:
    sign_in(client, "my-password@in.the.wrong.field", "wrong wrong wrong")
    assert "sign-in failed from 127.0.0.1" in caplog.text
    assert "my-password" not in caplog.text
