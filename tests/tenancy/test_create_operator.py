"""The first person of a fresh installation."""

from io import StringIO
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client

from tenancy.context import work_unit
from tenancy.models import Membership, Organisation, Role
from tests.tenancy.doorstep import LINK, STAFF, mails, sign_in
from tests.world import PASSWORD, World


def create(*args: str) -> str:
    said = StringIO()
    call_command("create_operator", *args, stdout=said)
    found = LINK.search(said.getvalue())
    assert found
    return found[0].removeprefix(settings.BASE_URL)


def test_it_makes_the_organisation_and_lets_the_administrator_in(db: Any) -> None:
    link = create("Olga@rozoom.example", "Olga First")
    client = Client()
    assert 'value="Olga First"' in client.get(link).content.decode()
    assert client.post(link, {"name": "Olga First", "password": PASSWORD}).headers["Location"] == "/welcome/"
    with work_unit(STAFF):
        operator = Organisation.objects.get()
        membership = Membership.objects.get()
    assert (operator.kind, operator.name) == ("OPERATOR", "roZoom")
    assert (membership.role, membership.person_email) == (Role.ADMINISTRATOR, "olga@rozoom.example")
    assert client.get("/people/invite/").status_code == 200
    assert sign_in(Client(), "olga@rozoom.example").status_code == 302
    assert mails() == [], "mail may not work yet; the link is printed"


def test_a_second_one_joins_the_same_organisation(world: World) -> None:
    link = create("second@rozoom.example")
    Client().post(link, {"name": "Second", "password": PASSWORD})
    with work_unit(STAFF):
        assert Membership.objects.get(person__email="second@rozoom.example").organisation_id == world.rozoom.pk


def test_who_is_there_already_is_said(world: World) -> None:
    with pytest.raises(CommandError, match="belongs to roZoom already"):
        create("adam@test.example")
    create("new@rozoom.example")
    with pytest.raises(CommandError, match="has an open invitation already"):
        create("new@rozoom.example")
