"""What a person wrote is never lost: the answer says whether it arrived, and shows it where it can not be taken."""

from typing import Any

import pytest
from django.test import Client

from tests.tenancy.doorstep import sign_in
from tests.world import World, ticket

SENDING = "0123456789abcdef"
TEXT = "It stands still again. <b>Since noon.</b>"
SHOWN = "It stands still again. &lt;b&gt;Since noon.&lt;/b&gt;"
HTMX = {"HX-Request": "true"}


def reply_url(world: World) -> str:
    return f"/tickets/{ticket(world).reference}/reply/"


def arrived(answer: Any) -> bool:
    return f"arrived-{SENDING}" in answer.cookies


@pytest.mark.parametrize("text, status, done", [(TEXT, 302, True), ("", 422, False)])
def test_the_answer_says_that_a_form_was_done(world: World, text: str, status: int, done: bool) -> None:
    client = world.client("ilse")
    client.cookies["sending"] = SENDING
    answer = client.post(reply_url(world), {"text": text})
    assert (answer.status_code, arrived(answer)) == (status, done)


def test_signing_in_is_no_arrival(world: World) -> None:
    client = Client()
    client.cookies["sending"] = SENDING
    assert not arrived(client.post(reply_url(world), {"text": "short"}))


@pytest.mark.parametrize("sending", ["", "x" * 16, "0123456789abcdef; path=/", "0" * 4000])
def test_only_a_number_of_ours_is_echoed(world: World, sending: str) -> None:
    client = world.client("ilse")
    client.cookies["sending"] = sending
    answer = client.post(reply_url(world), {"text": TEXT})
    assert answer.status_code == 302
    assert not [name for name in answer.cookies if name.startswith("arrived")]


def test_who_is_signed_out_gets_the_text_to_copy_and_a_way_back(world: World) -> None:
    url = reply_url(world)
    page = f"http://testserver{url.removesuffix('reply/')}"
    answer = Client().post(url, {"text": TEXT, "form_token": "t" * 32}, headers={"referer": page})
    shown = answer.content.decode()
    assert answer.status_code == 403
    assert SHOWN in shown
    assert "t" * 32 not in shown
    assert "/accounts/login/?next=" in shown
    assert Client().post(url, {"text": ""}).status_code == 302, "nothing to keep"
    assert Client().post(url, {"text": TEXT}, headers=HTMX).status_code == 401, "the tab keeps it"


def test_a_page_that_was_too_old_shows_the_text(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.ilse.person)
    answer = client.post(reply_url(world), {"text": TEXT})
    assert answer.status_code == 403
    assert SHOWN in answer.content.decode()
    again = client.post(reply_url(world), {"text": TEXT}, headers=HTMX)
    assert (again.status_code, again.headers["HX-Refresh"]) == (403, "true")


def test_a_password_is_never_shown(world: World) -> None:
    answer = sign_in(Client(enforce_csrf_checks=True), "ilse@acme.example", "four words of secret")
    assert answer.status_code == 403
    assert "four words" not in answer.content.decode()


def test_as_much_is_shown_as_a_message_may_have(world: World) -> None:
    shown = Client().post(reply_url(world), {"text": "äb " * 40_000, "reason": "one more"}).content.decode()
    assert shown.count("äb ") == 64 * 1024 // 4
    assert "one more" not in shown
