"""Letting somebody in: the invitation, its mail, and the page its link opens."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from rozoom_support.lib.refusals import NotFound, Refused
from rozoom_support.lib.ui.times import absolute
from tenancy import services
from tenancy.actor import NotAllowed
from tenancy.context import as_login_role, work_unit
from tenancy.identity import hash_secret
from tenancy.models import Invitation, Membership, Organisation, Person, Role
from tests.tenancy.doorstep import STAFF, at_once, audit_of, link_in, mails, sign_in, verbs
from tests.world import PASSWORD, World

NEW = "nora@new.example"
FORM = {"email": NEW, "name": "Nora New", "role": Role.MEMBER}


def invite(world: World, by: str = "ana", **fields: Any) -> str:
    """Through the page, as an administrator. Returns the link in the mail."""
    form = {**FORM, **fields}
    answer = world.client(by).post("/people/invite/", form)
    assert (answer.status_code, answer.headers.get("Location")) == (302, "/people/"), answer.content.decode()
    return link_in(mails(form["email"])[-1])


def accept(client: Client, link: str, **fields: Any) -> Any:
    return client.post(link, {"name": "Nora New", "password": PASSWORD, **fields})


def invitation(email: str = NEW) -> Invitation:
    with work_unit(STAFF):
        return Invitation.objects.select_related("organisation").get(email=email)


def change(**fields: Any) -> None:
    with work_unit(STAFF):
        Invitation.objects.filter(email=NEW).update(**fields)


def test_a_new_person_comes_in(world: World) -> None:
    link = invite(world)
    client = Client()
    page = client.get(link).content.decode()
    assert "Acme Lifts" in page
    assert 'value="Nora New"' in page
    answer = accept(client, link)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/welcome/")
    assert "second step" in client.get("/welcome/").content.decode()
    assert "Acme Lifts" in client.get("/people/").content.decode()
    assert sign_in(Client(), NEW).status_code == 302
    with work_unit(STAFF):
        membership = Membership.objects.get(person__email=NEW)
    assert (membership.organisation_id, membership.role, membership.person_name) == (
        world.acme.pk,
        Role.MEMBER,
        "Nora New",
    )
    assert verbs(world, "acme") == ["person.invited", "person.joined"]


def test_two_at_once_make_one_person(lasting_world: World) -> None:
    link = invite(lasting_world)
    answers = at_once(lambda: accept(Client(), link).status_code, times=2)
    assert answers.count(302) == 1, answers
    assert Person.objects.filter(email=NEW).count() == 1


def test_the_mail_says_who_invites_to_what_and_until_when(world: World) -> None:
    invite(world)
    (mail,) = mails(NEW)
    assert mail.subject == "Invitation to roZoom Support for Acme Lifts"
    assert "Ana Test invites you" in mail.text
    assert f"until {absolute(invitation().expires_at, 'Europe/Berlin')}:" in mail.text
    button = f'<a class="action" href="{settings.BASE_URL}{link_in(mail)}">Accept the invitation</a>'
    assert (mail.text.count(link_in(mail)), mail.html.count(link_in(mail)), mail.html.count(button)) == (1, 1, 1)
    assert "You did not expect this? Then do nothing." in mail.html


def test_the_secret_is_stored_as_a_hash_only(world: World) -> None:
    secret = invite(world).strip("/").split("/")[1]
    with work_unit(STAFF):
        row = Invitation.objects.values().get()
    assert row["secret_hash"] == hash_secret(secret)
    assert secret not in str(row)
    assert secret not in str([event.data for event in audit_of(world, "acme")])


@pytest.mark.parametrize("reason", ["wrong", "used", "expired", "withdrawn", "closed"])
def test_every_link_that_does_not_work_shows_the_same_page(world: World, reason: str) -> None:
    link = invite(world)
    if reason == "wrong":
        link = "/invitations/abc/"
    elif reason == "used":
        accept(Client(), link)
    elif reason == "expired":
        change(expires_at=invitation().created_at)
    elif reason == "withdrawn":
        world.client("ana").post(f"/people/invitations/{invitation().pk}/withdraw/")
    else:
        with work_unit(STAFF):
            Organisation.objects.filter(pk=world.acme.pk).update(is_active=False)
    for answer in (Client().get(link), accept(Client(), link, name="Mallory")):
        assert answer.status_code == 404
        assert "This invitation does not work" in answer.content.decode()
        assert "Acme" not in answer.content.decode()
    assert not Person.objects.filter(name="Mallory").exists()


@pytest.mark.parametrize("seconds, works", [(1, True), (0, False)])
def test_it_works_until_its_last_instant(world: World, seconds: int, works: bool) -> None:
    link = invite(world)
    secret, ends = link.strip("/").split("/")[1], invitation().expires_at
    with work_unit():
        if works:
            assert services.accept_invitation(
                secret=secret, now=ends - timedelta(seconds=seconds), name="Nora", password=PASSWORD
            )
        else:
            with pytest.raises(NotFound):
                services.accept_invitation(secret=secret, now=ends, name="Nora", password=PASSWORD)


def test_somebody_with_an_account_signs_in_and_joins(world: World) -> None:
    link = invite(world, email="bob@test.example")
    client = Client()
    page = client.get(link).content.decode()
    assert "You have an account with this address" in page
    assert f'href="/accounts/login/?next=%2Finvitations%2F{link.strip("/").split("/")[1]}%2F"' in page
    assert accept(client, link).status_code == 200, "nobody sets a password for an account that exists"
    assert sign_in(client, "bob@test.example", next=link).headers["Location"] == link
    assert "Join Acme Lifts" in client.get(link).content.decode()
    assert client.post(link).headers["Location"] == "/"
    assert "People of Acme Lifts" in client.get("/people/").content.decode()
    with work_unit(STAFF):
        of_bob = Membership.objects.filter(person=world.bob.person).order_by("pk")
        assert [one.organisation_id for one in of_bob] == [world.bolt.pk, world.acme.pk]


def test_nobody_else_joins_with_it(world: World) -> None:
    link = invite(world, email="bob@test.example")
    thief = world.client("sol")
    assert "This invitation is for <strong>bob@test.example</strong>" in thief.get(link).content.decode()
    answer = thief.post(link)
    assert answer.status_code == 409
    with work_unit(STAFF):
        assert not Membership.objects.filter(person=world.sol.person, organisation=world.acme).exists()
    assert Client().get(link).status_code == 200, "it still waits for its owner"


def test_a_closed_account_does_not_come_back_by_an_invitation(world: World) -> None:
    Person.objects.filter(pk=world.bob.person_id).update(is_active=False)
    link = invite(world, email="bob@test.example")
    assert "is closed" in Client().get(link).content.decode()
    assert accept(Client(), link).status_code == 200
    assert not Person.objects.get(pk=world.bob.person_id).is_active


def test_who_left_comes_back_with_the_new_role(world: World) -> None:
    with work_unit(STAFF), as_login_role():
        Membership.objects.filter(pk=world.ilse.pk).update(is_active=False)
    link = invite(world, email="ilse@test.example", role=Role.CUSTOMER_ADMINISTRATOR)
    client = Client()
    sign_in(client, "ilse@test.example")
    assert client.post(link).status_code == 302
    with work_unit(STAFF):
        back = Membership.objects.get(pk=world.ilse.pk)
    assert (back.is_active, back.role) == (True, Role.CUSTOMER_ADMINISTRATOR)


def test_weak_passwords_and_names_that_are_links_are_refused(world: World) -> None:
    link = invite(world)
    for fields, words in (
        ({"password": "short"}, "too short"),
        ({"password": "nora new nora"}, "too similar"),
        ({"name": "Win https://evil.example"}, "no addresses"),
        ({"name": ""}, "Enter your name"),
    ):
        answer = accept(Client(), link, **fields)
        assert answer.status_code == 422, fields
        assert words in answer.content.decode(), fields
    assert not Person.objects.filter(email=NEW).exists()


def test_the_same_form_sent_twice_invites_once(world: World) -> None:
    client = world.client("ana")
    for _ in range(2):
        assert client.post("/people/invite/", {**FORM, "form_token": "t" * 32}).status_code == 302
    assert len(mails(NEW)) == 1


def test_one_address_has_one_open_invitation(world: World) -> None:
    invite(world)
    answer = world.client("ana").post("/people/invite/", {**FORM, "email": NEW.upper()})
    assert answer.status_code == 422
    assert "has an open invitation already" in answer.content.decode()
    assert len(mails()) == 1


def test_who_is_here_already_is_not_invited(world: World) -> None:
    answer = world.client("ana").post("/people/invite/", {**FORM, "email": "ILSE@test.example"})
    assert answer.status_code == 422
    assert "belongs to Acme Lifts already" in answer.content.decode()


def test_sending_again_makes_a_new_link_and_ends_the_old_one(world: World) -> None:
    old = invite(world)
    answer = world.client("ana").post(f"/people/invitations/{invitation().pk}/resend/")
    assert answer.status_code == 409
    assert "less than a minute ago" in answer.content.decode()
    change(expires_at=invitation().expires_at - timedelta(minutes=2))
    assert world.client("ana").post(f"/people/invitations/{invitation().pk}/resend/").status_code == 302
    new = link_in(mails(NEW)[-1])
    assert new != old
    assert Client().get(old).status_code == 404
    assert Client().get(new).status_code == 200


def test_it_goes_out_five_times_and_then_a_new_one_is_needed(world: World) -> None:
    """Whoever is written to did not ask for it; a new invitation counts against the day's most."""
    invite(world)
    answers = []
    for _ in range(5):
        change(expires_at=invitation().expires_at - timedelta(minutes=2))
        answers.append(world.client("ana").post(f"/people/invitations/{invitation().pk}/resend/"))
    assert [answer.status_code for answer in answers] == [302, 302, 302, 302, 409]
    assert "It went out 5 times" in answers[-1].content.decode()
    assert len(mails(NEW)) == 5


def test_an_expired_one_can_be_sent_again(world: World) -> None:
    invite(world)
    change(expires_at=invitation().created_at)
    assert "Expired" in world.client("ana").get("/people/").content.decode()
    world.client("ana").post(f"/people/invitations/{invitation().pk}/resend/")
    assert Client().get(link_in(mails(NEW)[-1])).status_code == 200


def test_withdrawing_takes_it_off_the_list_and_makes_room(world: World) -> None:
    invite(world)
    world.client("ana").post(f"/people/invitations/{invitation().pk}/withdraw/")
    world.client("ana").get("/people/")  # shows the message once, which names the address
    assert NEW not in world.client("ana").get("/people/").content.decode()
    answer = world.client("ana").post("/people/invite/", FORM)
    assert answer.status_code == 302
    assert verbs(world, "acme") == ["person.invited", "invitation.withdrawn", "person.invited"]


def test_roles_of_other_kinds_of_organisation_are_not_given(world: World) -> None:
    for role in (Role.ADMINISTRATOR, Role.RESELLER_MANAGER, "god"):
        assert world.client("ana").post("/people/invite/", {**FORM, "role": role}).status_code == 422
    with work_unit(world.actor("ana").context) as unit, pytest.raises(services.CannotInvite):
        services.invite(
            actor=world.actor("ana"), organisation=world.acme, email=NEW, role=Role.ADMINISTRATOR, now=unit.now
        )


def test_a_day_has_a_most(world: World, settings: Any) -> None:
    settings.LIMITS = {**settings.LIMITS, "invitations_per_day": 2}
    invite(world, email="one@new.example")
    invite(world, email="two@new.example")
    answer = world.client("ana").post("/people/invite/", FORM)
    assert answer.status_code == 422
    assert "sent 2 invitations in 24 hours" in answer.content.decode()


@pytest.mark.parametrize("who", ["ilse", "dirk", "marek", "duty", "fin"])
def test_without_the_right_there_is_no_such_page(world: World, who: str) -> None:
    client = world.client(who)
    assert client.get("/people/invite/").status_code == 404
    assert client.post("/people/invite/", FORM).status_code == 404
    assert mails() == []


@pytest.mark.parametrize(
    "who, organisation, role",
    [("ana", "acme", Role.MEMBER), ("dora", "delta", Role.RESELLER_AGENT), ("adam", "rozoom", Role.AGENT)],
)
def test_each_organisation_invites_its_own(world: World, who: str, organisation: str, role: str) -> None:
    link = invite(world, who, role=role)
    accept(Client(), link)
    with work_unit(STAFF):
        assert Membership.objects.get(person__email=NEW).organisation_id == getattr(world, organisation).pk


def test_nobody_invites_into_a_foreign_organisation(world: World) -> None:
    for who, organisation in (("ana", "bolt"), ("dora", "acme"), ("dora", "nova"), ("ana", "rozoom")):
        actor = world.actor(who)
        with pytest.raises((NotFound, Refused)), work_unit(actor.context) as unit:
            services.invite(
                actor=actor, organisation=getattr(world, organisation), email=NEW, role=Role.MEMBER, now=unit.now
            )
    assert mails() == []


def test_rozoom_lets_the_first_administrator_of_a_customer_in(world: World) -> None:
    actor = world.actor("adam")
    with work_unit(actor.context) as unit:
        _, secret = services.invite(
            actor=actor, organisation=world.bolt, email=NEW, role=Role.CUSTOMER_ADMINISTRATOR, now=unit.now
        )
    accept(Client(), f"/invitations/{secret}/")
    with work_unit(STAFF):
        assert Membership.objects.get(person__email=NEW).organisation_id == world.bolt.pk
    agent = world.actor("marek")
    with pytest.raises(NotAllowed), work_unit(agent.context) as unit:
        services.invite(actor=agent, organisation=world.bolt, email=NEW, role=Role.MEMBER, now=unit.now)


def test_foreign_invitations_answer_as_missing_ones(world: World) -> None:
    invite(world)
    pk = invitation().pk
    for who in ("dora", "adam"):
        for deed in ("resend", "withdraw"):
            foreign = world.client(who).post(f"/people/invitations/{pk}/{deed}/")
            missing = world.client(who).post(f"/people/invitations/{pk + 1000}/{deed}/")
            assert (foreign.status_code, missing.status_code) == (404, 404)
            assert foreign.content.split(b"<main")[1][:500] == missing.content.split(b"<main")[1][:500]
    assert invitation().withdrawn_at is None
