"""Changing a password, and getting back in without one."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.test import Client

from tenancy.models import Person
from tests.tenancy.doorstep import link_in, mails, sign_in
from tests.world import PASSWORD, World

NEW = "seven green lifts go up"


def change(client: Client, old: str = PASSWORD, new: str = NEW) -> Any:
    return client.post("/accounts/password/change/", {"oldpassword": old, "password1": new, "password2": new})


def ask_for_a_link(client: Client, email: str = "ilse@test.example") -> str:
    """The link in the mail."""
    assert client.post("/accounts/password/reset/", {"email": email}).headers["Location"].endswith("/reset/done/")
    return link_in(mails(email)[-1])


def choose(client: Client, link: str, new: str = NEW) -> Any:
    form = client.get(link)
    if form.status_code != 302:
        return form
    return client.post(form.headers["Location"], {"password1": new, "password2": new})


def test_changing_it_ends_every_other_session_and_renews_this_one(world: World) -> None:
    here, elsewhere = Client(), Client()
    sign_in(here, "ilse@test.example")
    sign_in(elsewhere, "ilse@test.example")
    key = here.session.session_key
    assert change(here).status_code == 302
    assert here.session.session_key != key
    assert here.get("/settings/").status_code == 200
    assert elsewhere.get("/settings/").status_code == 302
    assert sign_in(Client(), "ilse@test.example").status_code == 200  # the old one
    assert sign_in(Client(), "ilse@test.example", NEW).status_code == 302


def test_a_change_is_told_by_mail(world: World) -> None:
    change(world.client("ilse"))
    (mail,) = mails("ilse@test.example")
    assert mail.subject == "Your password was changed"
    assert re.search(r"When: \d+ \w{3} \d{4}, \d\d:\d\d CES?T\n", mail.text), "the reader's own zone, named"
    for part in (mail.text, mail.html):
        assert "Was this not you? Tell roZoom Support, and reset your password now:" in part
        assert f"{settings.BASE_URL}/accounts/password/reset/" in part
        assert settings.SUPPORT_CONTACT["phone"] in part


def test_it_needs_the_password_of_now(world: World) -> None:
    client = world.client("ilse")
    answer = change(client, old="wrong wrong wrong")
    assert "Type the password you have now" in answer.content.decode()
    assert sign_in(Client(), "ilse@test.example").status_code == 302
    assert mails() == []


@pytest.mark.parametrize("weak", ["short1", "password1234", "ilse@test.example", "ilse test ilse"])
def test_weak_ones_are_refused_with_a_reason(world: World, weak: str) -> None:
    answer = change(world.client("ilse"), new=weak)
    assert answer.status_code == 200
    assert "There is a problem" in answer.content.decode()
    assert sign_in(Client(), "ilse@test.example").status_code == 302


def test_a_link_by_mail_lets_choose_a_new_one(world: World) -> None:
    open_before = Client()
    sign_in(open_before, "ilse@test.example")
    client = Client()
    link = ask_for_a_link(client)
    assert link.startswith("/accounts/password/reset/key/")
    assert choose(client, link).headers["Location"].endswith("/reset/key/done/")
    assert sign_in(Client(), "ilse@test.example", NEW).status_code == 302
    assert open_before.get("/settings/").status_code == 302
    assert [mail.subject for mail in mails("ilse@test.example")] == ["Reset your password", "Your password was changed"]


def test_the_link_works_once(world: World) -> None:
    client = Client()
    link = ask_for_a_link(client)
    choose(client, link)
    assert "This link no longer works" in choose(Client(), link, "another long password").content.decode()


@pytest.mark.parametrize("minutes, works", [(59, True), (61, False)])
def test_the_link_works_for_one_hour(world: World, monkeypatch: Any, minutes: int, works: bool) -> None:
    client = Client()
    link = ask_for_a_link(client)
    later = datetime.now() + timedelta(minutes=minutes)
    monkeypatch.setattr(PasswordResetTokenGenerator, "_now", lambda self: later)
    assert (choose(client, link).status_code == 302) is works
    assert (sign_in(Client(), "ilse@test.example", NEW).status_code == 302) is works


def test_unknown_addresses_get_the_same_answer_and_no_mail(world: World) -> None:
    known = Client().post("/accounts/password/reset/", {"email": "ilse@test.example"})
    unknown = Client().post("/accounts/password/reset/", {"email": "nobody@test.example"})
    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])
    assert [mail.recipient for mail in mails()] == ["ilse@test.example"]


def test_closed_accounts_get_no_link(world: World) -> None:
    Person.objects.filter(email="ilse@test.example").update(is_active=False)
    Client().post("/accounts/password/reset/", {"email": "ilse@test.example"})
    assert mails() == []


def test_asking_again_and_again_is_refused(world: World) -> None:
    client = Client()
    for _ in range(5):
        assert client.post("/accounts/password/reset/", {"email": "ilse@test.example"}).status_code == 302
    answer = client.post("/accounts/password/reset/", {"email": "ilse@test.example"})
    assert "Too many tries" in answer.content.decode()
    assert len(mails("ilse@test.example")) == 5


def test_the_link_names_our_address_whatever_the_host_header_says(world: World) -> None:
    Client().post("/accounts/password/reset/", {"email": "ilse@test.example"}, headers={"host": "127.0.0.1"})
    (mail,) = mails("ilse@test.example")
    assert f"{settings.BASE_URL}/accounts/password/reset/key/" in mail.text


def test_the_mail_is_queued_with_the_deed_or_not_at_all(world: World, monkeypatch: Any) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("after the mail was queued")

    monkeypatch.setattr("allauth.account.signals.password_changed.send", broken)
    client = Client(raise_request_exception=False)
    sign_in(client, "ilse@test.example")
    assert change(client).status_code == 500
    assert mails() == []
    assert sign_in(Client(), "ilse@test.example").status_code == 302
