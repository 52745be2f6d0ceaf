"""What people set for themselves, and the organisation they work for."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tenancy import services
from tenancy.context import work_unit
from tenancy.models import Membership, Person, Role
from tenancy.preferences import preferences_of
from tests.tenancy.doorstep import STAFF, verbs
from tests.world import World
from tickets.models import TicketDraft

PAGE = "/settings/"


def preferences(membership: Membership) -> dict[str, Any]:
    return preferences_of(Person.objects.get(pk=membership.person_id), membership)


def also_at_bolt(world: World) -> Membership:
    with work_unit(STAFF):
        return Membership.objects.create(
            organisation=world.bolt,
            person=world.ilse.person,
            role=Role.CUSTOMER_ADMINISTRATOR,
            person_name="Ilse Test",
            person_email="ilse@test.example",
        )


@pytest.mark.parametrize(
    "group, value, kept",
    [
        ("theme", "dark", "dark"),
        ("clock_updates", "minute", "minute"),
        ("density", "compact", "compact"),
        ("keys", "off", False),
        ("time_zone", "Asia/Tokyo", "Asia/Tokyo"),
    ],
)
def test_each_group_saves_alone(world: World, group: str, value: str, kept: Any) -> None:
    client = world.client("marek")
    before = preferences(world.marek)
    assert client.post(PAGE, {"group": group, group: value}).headers["Location"] == PAGE
    assert preferences(world.marek) == {**before, group: kept}
    assert "Saved." in client.get(PAGE).content.decode()


@pytest.mark.parametrize(
    "form",
    [
        {"group": "theme", "theme": "pink"},
        {"group": "time_zone", "time_zone": "Mars/Olympus"},
        {"group": "keys", "keys": "maybe"},
        {"group": "name", "name": ""},
        {"group": "name", "name": "www.evil.example"},
        {"group": "nothing"},
        {},
    ],
)
def test_values_nobody_offers_change_nothing(world: World, form: dict[str, str]) -> None:
    client = world.client("marek")
    before = Person.objects.values().get(pk=world.marek.person_id)
    assert client.post(PAGE, form).status_code == 422
    assert Person.objects.values().get(pk=world.marek.person_id) == before


def test_settings_follow_the_person_into_another_browser(world: World) -> None:
    world.client("ilse").post("/settings/theme/", {"theme": "dark"})
    assert 'data-theme="dark"' in world.client("ilse").get("/people/").content.decode()


def test_the_zone_can_follow_the_organisation(world: World) -> None:
    client = world.client("ilse")
    client.post(PAGE, {"group": "time_zone", "time_zone": "Asia/Tokyo"})
    client.post(PAGE, {"group": "time_zone", "time_zone": "home"})
    assert preferences(world.ilse)["time_zone"] == "Europe/Berlin"
    assert "As my organisation: Europe/Berlin" in client.get(PAGE).content.decode()


def test_customers_see_no_settings_of_the_desk(world: World) -> None:
    text = world.client("ilse").get(PAGE).content.decode()
    assert "Keyboard shortcuts" not in text
    assert world.client("ilse").post(PAGE, {"group": "keys", "keys": "on"}).status_code == 422
    assert "Keyboard shortcuts" in world.client("dirk").get(PAGE).content.decode()


def test_a_new_name_reaches_every_membership_and_the_audit_of_each(world: World) -> None:
    also_at_bolt(world)
    world.client("ilse").post(PAGE, {"group": "name", "name": "  Ilse   Neumann "})
    with work_unit(STAFF):
        names = set(Membership.objects.filter(person=world.ilse.person).values_list("person_name", flat=True))
    assert names == {"Ilse Neumann"}
    assert verbs(world, "acme") == verbs(world, "bolt") == ["person.renamed"]


@pytest.mark.parametrize("name, value", [("theme", "dark"), ("clock_updates", "fixed")])
def test_the_switches_of_the_footer_return_to_where_one_was(world: World, name: str, value: str) -> None:
    client = world.client("ilse")
    path = f"/settings/{name.replace('_', '-')}/"
    answer = client.post(path, {name: value, "next": "/people/?q=a"})
    assert answer.headers["Location"] == "/people/?q=a"
    assert preferences(world.ilse)[name] == value
    for elsewhere in ("https://evil.example/", "//evil.example", ""):
        assert client.post(path, {name: value, "next": elsewhere}).headers["Location"] == "/"
    client.post(path, {name: "nonsense"})
    assert preferences(world.ilse)[name] == value


@pytest.mark.parametrize("path", ["/settings/theme/", "/settings/clock-updates/", "/switch/"])
def test_a_link_can_not_switch_anything(world: World, path: str) -> None:
    assert world.client("ilse").get(path).status_code == 405
    assert Client(enforce_csrf_checks=True).post(path, {"theme": "dark"}).status_code == 403
    assert Client().post(path, {"theme": "dark"}).headers["Location"].startswith("/accounts/login/")


def test_two_settings_at_once_are_both_kept(world: World) -> None:
    for name, value in (("theme", "dark"), ("clock_updates", "minute")):
        world.client("ilse").post(f"/settings/{name.replace('_', '-')}/", {name: value})
    assert (preferences(world.ilse)["theme"], preferences(world.ilse)["clock_updates"]) == ("dark", "minute")


def locks(seen: CaptureQueriesContext) -> list[str]:
    """The tables whose rows a deed locked, in its order."""
    locking = [one["sql"] for one in seen.captured_queries if "FOR UPDATE" in one["sql"]]
    return [found[1] for sql in locking if (found := re.search(r'FROM "(tenancy_\w+)"', sql))]


def test_a_new_name_and_the_end_of_an_account_lock_in_one_order(world: World) -> None:
    """In opposite orders each would hold what the other waits for, and one would be ended as a deadlock."""
    with CaptureQueriesContext(connection) as renaming:
        assert world.client("ilse").post(PAGE, {"group": "name", "name": "Ilse Renamed"}).status_code == 302
    actor = world.actor("adam")
    with work_unit(actor.context) as unit, CaptureQueriesContext(connection) as closing:
        services.close_account(actor=actor, person=world.ilse.person, now=unit.now)
    assert locks(renaming) == locks(closing) == ["tenancy_membership", "tenancy_person"]


@pytest.mark.parametrize("path", ["/no/such/page/", "/tickets/ACME-999/"])
def test_a_page_that_is_not_there_says_for_whom_one_works(world: World, path: str) -> None:
    client = world.client("ilse")
    alone = client.get(path)
    assert (alone.status_code, "Now you work for Acme Lifts." in alone.content.decode()) == (404, True)
    assert "another organisation of yours" not in alone.content.decode()
    also_at_bolt(world)
    both = client.get(path).content.decode()
    assert "another organisation of yours" in both
    header, _, _ = both.partition("</header>")
    assert all(name in header for name in ("Acme Lifts", "Bolt", 'action="/switch/"'))
    stranger = Client().get("/no/such/page/")
    assert (stranger.status_code, "Now you work for" in stranger.content.decode()) == (404, False)


def test_switching_works_for_the_other_organisation_from_then_on(world: World) -> None:
    other = also_at_bolt(world)
    client = world.client("ilse")
    assert "Acme Lifts" in client.get("/people/").content.decode()
    key = client.session.session_key
    assert client.post("/switch/", {"membership": other.pk}).headers["Location"] == "/"
    assert client.session.session_key != key
    text = client.get("/people/").content.decode()
    assert "People of Bolt Works" in text
    assert "bob@test.example" in text
    assert "ana@test.example" not in text
    client.post("/switch/", {"membership": world.ilse.pk})
    assert "Acme Lifts" in client.get("/people/").content.decode()


def test_the_rights_change_with_the_organisation(world: World) -> None:
    other = also_at_bolt(world)
    client = world.client("ilse")
    assert client.get("/people/invite/").status_code == 404
    client.post("/switch/", {"membership": other.pk})
    assert client.get("/people/invite/").status_code == 200


@pytest.mark.parametrize("chosen", ["foreign", "nonsense", ""])
def test_nobody_switches_to_what_is_not_theirs(world: World, chosen: str) -> None:
    client = world.client("ilse")
    value = world.bob.pk if chosen == "foreign" else chosen
    client.post("/switch/", {"membership": value})
    assert "You do not work for this organisation any more" in client.get("/settings/").content.decode()
    assert "Acme Lifts" in client.get("/people/").content.decode()


def end(membership: Membership) -> None:
    with work_unit(STAFF):
        Membership.objects.filter(pk=membership.pk).update(is_active=False)


def test_a_membership_that_ended_gives_way_to_the_next_and_says_so(world: World) -> None:
    other = also_at_bolt(world)
    client = world.client("ilse")
    client.post("/switch/", {"membership": other.pk})
    end(other)
    answer = client.get("/people/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    said = client.get("/home/").content.decode()
    assert "Your access to Bolt Works has ended. You now work for Acme Lifts." in said
    assert "Acme Lifts" in client.get("/people/").content.decode()
    assert client.post("/switch/", {"membership": other.pk}).status_code == 302
    assert "Acme Lifts" in client.get("/people/").content.decode()


def test_the_organisation_is_the_same_though_nobody_chose_it(world: World) -> None:
    """It was the first by name; one that comes before it must not take its place."""
    client = world.client("bob")
    assert "Bolt Works" in client.get("/people/").content.decode()
    with work_unit(STAFF):
        name = {"person_name": "Bob Test", "person_email": "bob@test.example"}
        at_acme = Membership.objects.create(
            organisation=world.acme, person=world.bob.person, role=Role.CUSTOMER_ADMINISTRATOR, **name
        )
    assert "People of Bolt Works" in client.get("/people/").content.decode()
    end(world.bob)
    assert client.get("/people/").headers["Location"] == "/"
    assert client.session["membership"] == at_acme.pk


def test_news_for_an_access_that_ended_tear_nobody_from_the_page(world: World) -> None:
    other = also_at_bolt(world)
    client = world.client("ilse")
    client.post("/switch/", {"membership": other.pk})
    end(other)
    answer = client.get("/people/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Reswap"]) == (409, "none")


ACTING = re.compile(r'name="acting" value="(\d+)"')
TEXT = "Line 3 stands still"


@pytest.mark.parametrize("how", ["switched", "ended"])
def test_a_form_opened_for_one_organisation_does_nothing_for_another(world: World, how: str) -> None:
    other = also_at_bolt(world)
    client = world.client("ilse")
    client.post("/switch/", {"membership": other.pk})
    made_for = set(ACTING.findall(client.get("/tickets/new/").content.decode()))
    assert made_for == {str(other.pk)}
    client.post("/switch/", {"membership": world.ilse.pk}) if how == "switched" else end(other)
    form = {"acting": made_for.pop(), "component": "unknown", "text": TEXT}
    answer = client.post("/tickets/new/", form)
    said = answer.content.decode()
    assert answer.status_code == 409
    assert "Not sent: you now work for Acme Lifts" in said
    assert "opened for Bolt Works" in said
    assert TEXT in said
    assert ("Switch back to Bolt Works" in said) is (how == "switched")
    by_htmx = client.post("/tickets/new/", form, headers={"HX-Request": "true"})
    assert (by_htmx.status_code, by_htmx.headers["HX-Redirect"]) == (409, "/")
    with work_unit(STAFF):
        assert not TicketDraft.objects.exists()
    assert client.post("/tickets/new/", {**form, "acting": str(world.ilse.pk)}).status_code == 302


def test_a_foreign_membership_in_a_form_names_nobody(world: World) -> None:
    for meant in (world.bob.pk, "nonsense"):
        said = world.client("ilse").post("/tickets/new/", {"acting": meant}).content.decode()
        assert "opened for another organisation" in said
        assert "Bolt" not in said


def test_without_an_organisation_the_account_still_has_its_settings(world: World) -> None:
    with work_unit(STAFF):
        Membership.objects.filter(pk=world.ilse.pk).update(is_active=False)
    client = world.client("ilse")
    assert client.get(PAGE).status_code == 200
    assert client.post("/settings/theme/", {"theme": "dark"}).status_code == 302
    assert client.get("/people/").status_code == 403
