"""Who may do what in an organisation, and the end of it."""

from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from rozoom_support.lib.refusals import NotFound
from tenancy import departures, services
from tenancy.actor import Actor, NotAllowed
from tenancy.context import work_unit
from tenancy.models import ApiToken, Membership, Person, Role, Team, TeamMember
from tests.tenancy.doorstep import STAFF, at_once, audit_of, sign_in, verbs
from tests.world import World, person, token


def fresh(membership: Membership) -> Membership:
    with work_unit(STAFF):
        return Membership.objects.select_related("organisation").get(pk=membership.pk)


def second(world: World, of: str, role: str, email: str = "second@test.example") -> Membership:
    return person(getattr(world, of), role, "Second Test", email)


def test_the_list_shows_ones_own_people_only(world: World) -> None:
    text = world.client("ana").get("/people/").content.decode()
    assert "ilse@test.example" in text
    for stranger in ("bob@", "dirk@", "marek@", "adam@"):
        assert stranger not in text
    staff = world.client("adam").get("/people/").content.decode()
    assert "marek@test.example" in staff
    assert "ilse@test.example" not in staff


def test_people_are_found_by_name_and_address(world: World) -> None:
    client = world.client("ana")
    assert "ana@test.example" not in client.get("/people/?q=ILSE").content.decode()
    assert "ilse@test.example" in client.get("/people/?q=ilse@test").content.decode()
    assert "No people match" in client.get("/people/?q=zzz").content.decode()


@pytest.mark.parametrize("who, helper", [("ilse", "Ana Test"), ("dirk", "Dora Test"), ("marek", "Adam Test")])
def test_everybody_reads_who_can_help(world: World, who: str, helper: str) -> None:
    text = world.client(who).get("/people/").content.decode()
    assert f"{helper}</span>" in text
    assert "Invite" not in text


def test_without_an_administrator_rozoom_helps(world: World) -> None:
    assert "Ask roZoom" in world.client("bob").get("/people/").content.decode()


def test_a_role_is_changed(world: World) -> None:
    answer = world.client("ana").post(f"/people/{world.ilse.pk}/", {"role": Role.CUSTOMER_ADMINISTRATOR})
    assert answer.status_code == 302
    assert fresh(world.ilse).role == Role.CUSTOMER_ADMINISTRATOR
    (event,) = audit_of(world, "acme")
    assert (event.verb, event.actor_name) == ("person.role_changed", "Ana Test")
    assert event.data == {"email": "ilse@test.example", "was": "member", "to": "customer-administrator"}
    assert world.client("ilse").get("/people/invite/").status_code == 200


def test_the_same_role_again_is_no_deed(world: World) -> None:
    world.client("ana").post(f"/people/{world.ilse.pk}/", {"role": Role.MEMBER})
    assert verbs(world, "acme") == []


def test_foreign_roles_are_not_given(world: World) -> None:
    for role in (Role.ADMINISTRATOR, Role.RESELLER_AGENT, "god", ""):
        assert world.client("ana").post(f"/people/{world.ilse.pk}/", {"role": role}).status_code == 422
    with work_unit(world.actor("ana").context) as unit, pytest.raises(services.CannotChangePerson):
        services.change_role(actor=world.actor("ana"), membership=world.ilse, role=Role.ADMINISTRATOR, now=unit.now)
    assert fresh(world.ilse).role == Role.MEMBER


def test_ended_access_ends_at_the_next_click(world: World) -> None:
    client = Client()
    sign_in(client, "ilse@test.example")
    assert client.get("/people/").status_code == 200
    confirm = world.client("ana").get(f"/people/{world.ilse.pk}/end/").content.decode()
    assert "End the access of Ilse Test?" in confirm
    assert world.client("ana").post(f"/people/{world.ilse.pk}/end/").status_code == 302
    assert client.get("/people/").status_code == 403
    assert Person.objects.get(pk=world.ilse.person_id).is_active, "the account may serve other organisations"
    assert verbs(world, "acme") == ["person.access_ended"]


def test_access_is_given_back(world: World) -> None:
    world.client("ana").post(f"/people/{world.ilse.pk}/end/")
    assert "Access has ended" in world.client("ana").get(f"/people/{world.ilse.pk}/").content.decode()
    assert world.client("ana").post(f"/people/{world.ilse.pk}/return/").status_code == 302
    assert world.client("ilse").get("/people/").status_code == 200
    assert verbs(world, "acme") == ["person.access_ended", "person.let_back_in"]


def test_tokens_somebody_made_outlive_their_access(world: World) -> None:
    """They belong to the organisation; the page that ends the access says so."""
    token(world.acme)
    world.client("ana").post(f"/people/{world.ilse.pk}/end/")
    with work_unit(STAFF):
        assert ApiToken.objects.get(organisation=world.acme).revoked_at is None
    assert (
        "API tokens they made go on working"
        in world.client("ana").get(f"/people/{world.ilse.pk}/end/").content.decode()
    )


@pytest.mark.parametrize("path, form", [("", {"role": Role.MEMBER}), ("end/", {})])
def test_nobody_changes_their_own_access(world: World, path: str, form: dict[str, str]) -> None:
    second(world, "acme", Role.CUSTOMER_ADMINISTRATOR)
    answer = world.client("ana").post(f"/people/{world.ana.pk}/{path}", form)
    assert answer.status_code in (409, 422)
    assert "You can not change your own access" in answer.content.decode()
    assert (fresh(world.ana).role, fresh(world.ana).is_active) == (Role.CUSTOMER_ADMINISTRATOR, True)


@pytest.mark.parametrize("deed", ["change_role", "deactivate"])
def test_the_last_administrator_stays(world: World, deed: str) -> None:
    """An actor that is no person can be the one who tries: a job, or a second administrator who was just demoted."""
    more = {"role": Role.MEMBER} if deed == "change_role" else {}
    actor = Actor.system("tidy-up")
    with pytest.raises(services.CannotChangePerson, match="the last one who manages people"), work_unit(STAFF) as unit:
        getattr(services, deed)(actor=actor, membership=world.ana, now=unit.now, **more)
    second(world, "acme", Role.CUSTOMER_ADMINISTRATOR)
    with work_unit(STAFF) as unit:
        getattr(services, deed)(actor=actor, membership=world.ana, now=unit.now, **more)


@pytest.mark.parametrize(
    "of, who, role",
    [
        ("acme", "ana", Role.CUSTOMER_ADMINISTRATOR),
        ("delta", "dora", Role.RESELLER_MANAGER),
        ("rozoom", "adam", Role.ADMINISTRATOR),
    ],
)
def test_two_administrators_can_not_end_each_other_at_once(lasting_world: World, of: str, who: str, role: str) -> None:
    other = second(lasting_world, of, role)
    pairs = [(getattr(lasting_world, who), other), (other, getattr(lasting_world, who))]

    def end() -> int:
        by, whom = pairs.pop()
        client = Client()
        client.force_login(by.person)
        return client.post(f"/people/{whom.pk}/end/").status_code

    answers = at_once(end, times=2)
    with work_unit(STAFF):
        left = Membership.objects.filter(organisation=getattr(lasting_world, of), role=role, is_active=True).count()
    assert left == 1, answers
    assert answers.count(302) == 1, answers


def test_two_of_rozooms_administrators_can_not_close_each_other_at_once(lasting_world: World) -> None:
    other = second(lasting_world, "rozoom", Role.ADMINISTRATOR)
    pairs = [(lasting_world.adam, other), (other, lasting_world.adam)]

    def close() -> str:
        by, whom = pairs.pop()
        actor = Actor.of_membership(by)
        try:
            with work_unit(actor.context) as unit:
                services.close_account(actor=actor, person=whom.person, now=unit.now)
        except services.CannotChangePerson:
            return "refused"
        return "closed"

    assert sorted(at_once(close, times=2)) == ["closed", "refused"]


@pytest.mark.parametrize("who", ["ilse", "dirk", "marek", "duty", "fin"])
@pytest.mark.parametrize("path", ["", "end/", "return/"])
def test_without_the_right_there_is_no_such_page(world: World, who: str, path: str) -> None:
    pk = world.people[who].pk
    assert world.client(who).post(f"/people/{pk}/{path}", {"role": Role.MEMBER}).status_code == 404


@pytest.mark.parametrize("who", ["dora", "adam"])
@pytest.mark.parametrize("path", ["", "end/", "return/"])
def test_foreign_people_answer_as_missing_ones(world: World, who: str, path: str) -> None:
    client = world.client(who)
    foreign = client.post(f"/people/{world.ilse.pk}/{path}", {"role": Role.MEMBER})
    missing = client.post(f"/people/{world.ilse.pk + 9999}/{path}", {"role": Role.MEMBER})
    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert fresh(world.ilse).is_active


def test_services_refuse_foreign_people_too(world: World) -> None:
    for who in ("dora", "ana"):
        actor = world.actor(who)
        with pytest.raises(NotFound), work_unit(actor.context) as unit:
            services.deactivate(actor=actor, membership=world.bob, now=unit.now)
    agent = world.actor("marek")
    with pytest.raises(NotAllowed), work_unit(agent.context) as unit:
        services.deactivate(actor=agent, membership=world.rita, now=unit.now)


def test_rozoom_ends_even_the_last_administrator_of_a_customer(world: World) -> None:
    adam = world.actor("adam")
    with work_unit(adam.context) as unit:
        services.deactivate(actor=adam, membership=world.ana, now=unit.now)
    assert not fresh(world.ana).is_active


def test_a_closed_account_ends_everywhere(world: World) -> None:
    with work_unit(STAFF):
        for organisation, is_active in ((world.bolt, True), (world.delta, False)):
            Membership.objects.create(
                organisation=organisation,
                person=world.ilse.person,
                role=Role.MEMBER,
                person_name="Ilse Test",
                person_email="ilse@test.example",
                is_active=is_active,
            )
    adam = world.actor("adam")
    for _ in range(2):  # the second time changes nothing
        with work_unit(adam.context) as unit:
            services.close_account(actor=adam, person=world.ilse.person, now=unit.now)
    with work_unit(STAFF):
        assert not Membership.objects.filter(person=world.ilse.person, is_active=True).exists()
    assert sign_in(Client(), "ilse@test.example").headers["Location"] == "/accounts/inactive/"
    assert verbs(world, "acme") == verbs(world, "bolt") == ["person.access_ended", "person.account_closed"]
    assert verbs(world, "delta") == ["person.account_closed"], "told also where there was no access to end"
    with work_unit(adam.context) as unit:
        services.open_account(actor=adam, person=world.ilse.person, now=unit.now)
    assert sign_in(Client(), "ilse@test.example").headers["Location"] == "/"
    assert not fresh(world.ilse).is_active, "each organisation decides for itself"


def test_a_customer_does_not_open_an_account_that_rozoom_closed(world: World) -> None:
    adam = world.actor("adam")
    with work_unit(adam.context) as unit:
        services.close_account(actor=adam, person=world.ilse.person, now=unit.now)
    answer = world.client("ana").post(f"/people/{world.ilse.pk}/return/")
    assert answer.status_code == 409
    assert "roZoom has closed the account" in answer.content.decode()
    assert not fresh(world.ilse).is_active


def test_only_rozooms_administrators_close_accounts_and_not_their_own(world: World) -> None:
    for who, error in (("ana", NotFound), ("duty", NotAllowed), ("adam", services.CannotChangePerson)):
        actor = world.actor(who)
        with pytest.raises(error), work_unit(actor.context) as unit:
            services.close_account(actor=actor, person=world.adam.person, now=unit.now)
    assert Person.objects.get(pk=world.adam.person_id).is_active


def test_who_leaves_rozoom_leaves_its_teams(world: World) -> None:
    with work_unit(STAFF):
        TeamMember.objects.create(team=Team.objects.get(), membership=world.marek)
    world.client("adam").post(f"/people/{world.marek.pk}/end/")
    with work_unit(STAFF):
        assert not TeamMember.objects.exists()


def test_upper_apps_are_asked_to_take_work_back(world: World, monkeypatch: Any) -> None:
    left: list[str] = []

    def take_back(actor: Actor, membership: Membership, now: datetime) -> None:
        left.append(membership.person_name)

    monkeypatch.setattr(departures, "when_person_leaves", [take_back])
    world.client("adam").post(f"/people/{world.marek.pk}/", {"role": Role.DUTY_MANAGER})
    assert left == [], "who still works on tickets keeps them"
    world.client("adam").post(f"/people/{world.marek.pk}/", {"role": Role.FINANCE})
    world.client("adam").post(f"/people/{world.rita.pk}/end/")
    assert left == ["Marek Test", "Rita Test"]


def test_the_number_of_queries_does_not_grow_with_people(world: World, django_assert_max_num_queries: Any) -> None:
    for number in range(30):
        person(world.acme, Role.MEMBER, f"Many {number}", f"many{number}@test.example")
    client = world.client("ana")
    client.get("/settings/")  # the first page of a session notes in it whom it works for
    with django_assert_max_num_queries(12):
        assert "many29@test.example" in client.get("/people/").content.decode()
