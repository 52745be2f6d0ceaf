"""Components and sites."""

import pytest

from tenancy.context import Context, work_unit
from tests.api.calls import codes
from tests.world import ComponentFactory, SiteFactory

pytestmark = pytest.mark.django_db
COMPONENTS, SITES = "/api/v1/components/", "/api/v1/sites/"


def ids(answer) -> list[str]:
    return [one["id"] for one in answer.json()["results"]]


def test_a_component_reads_exactly_like_this(world, api):
    component = world.components["acme"]
    read = api(world.acme).get(f"{COMPONENTS}{component.pk}/").json()
    assert read == {
        "id": str(component.pk),
        "customer": "ACME",
        "product": {"sku": "DC-7", "name": "Drive controller DC-7", "kind": "HARDWARE"},
        "site": str(component.site_id),
        "serial": component.serial,
        "location": "Rack 4",
        "implemented_on": None,
        "state": "IN_USE",
    }
    assert api(world.acme).get(COMPONENTS).json()["results"] == [read]


def test_a_site_reads_exactly_like_this(world, api):
    site = world.components["acme"].site
    read = api(world.acme).get(f"{SITES}{site.pk}/").json()
    assert read == {
        "id": str(site.pk),
        "customer": "ACME",
        "name": "Acme Lifts main site",
        "address": "",
        "country": "",
        "subdivision": "",
        "time_zone": "Europe/Berlin",
        "contact_name": "",
        "contact_phone": "",
        "access_hours": "",
        "is_active": True,
    }
    assert api(world.acme).get(SITES).json()["results"] == [read]


@pytest.mark.parametrize("who, count", [("acme", 1), ("delta", 1), ("nova", 1), ("solo", 1), ("rozoom", 3)])
@pytest.mark.parametrize("path", [COMPONENTS, SITES])
def test_everybody_lists_their_own(world, api, who, count, path):
    assert len(ids(api(getattr(world, who)).get(path))) == count


@pytest.mark.parametrize("who", ["bolt", "nova", "solo"])
def test_strangers_find_nothing(world, api, who):
    component = world.components["acme"]
    program = api(getattr(world, who))
    missing = program.get(f"{COMPONENTS}019a7c3e-52d1-7f63-9c0e-6f1c8f0b6a11/")
    assert program.get(f"{COMPONENTS}{component.pk}/").content == missing.content
    assert program.get(f"{SITES}{component.site_id}/").content == missing.content
    assert missing.status_code == 404


def test_filters(world, api):
    acme, bolt = world.components["acme"], world.components["bolt"]
    program = api(world.rozoom)
    assert ids(program.get(COMPONENTS, {"customer": "acme"})) == [str(acme.pk)]
    assert ids(program.get(COMPONENTS, {"customer": "ACME,BOLT"})) == [str(acme.pk), str(bolt.pk)]
    assert ids(program.get(COMPONENTS, {"site": str(bolt.site_id)})) == [str(bolt.pk)]
    assert ids(program.get(COMPONENTS, {"serial": f" {bolt.serial.lower().replace('-', ' ')} "})) == [str(bolt.pk)]
    assert len(ids(program.get(COMPONENTS, {"product": "dc-7", "state": "in_use"}))) == 3
    assert ids(program.get(COMPONENTS, {"state": "RETIRED"})) == []
    assert ids(program.get(SITES, {"customer": "SOLO"})) == [str(world.components["solo"].site_id)]


@pytest.mark.parametrize(
    "path, query, wrong",
    [
        (COMPONENTS, "state=BROKEN", ("state", "not_a_choice")),
        (COMPONENTS, "site=main", ("site", "wrong_type")),
        (COMPONENTS, "colour=red", ("colour", "unknown_parameter")),
        (COMPONENTS, "cursor=x", ("cursor", "bad_cursor")),
        (SITES, "state=IN_USE", ("state", "unknown_parameter")),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named(world, api, path, query, wrong):
    assert codes(api(world.acme).get(f"{path}?{query}")) == [wrong]


def test_pages(world, api):
    with work_unit(Context("staff")):
        site = SiteFactory(customer=world.acme)
        for _ in range(4):
            ComponentFactory(customer=world.acme, site=site)
    program = api(world.acme)
    whole = ids(program.get(COMPONENTS))
    answer, seen = program.get(COMPONENTS, {"page_size": 2}), []
    while True:
        seen.append(ids(answer))
        following = answer.json()["next"]
        if following is None:
            break
        answer = program.get(following.removeprefix("http://testserver"))
    assert seen == [whole[:2], whole[2:4], whole[4:]]
    assert ids(program.get(answer.json()["previous"].removeprefix("http://testserver"))) == whole[2:4]


@pytest.mark.parametrize("path", [COMPONENTS, SITES])
def test_a_list_is_one_query_however_long(world, api, path, django_assert_num_queries):
    with work_unit(Context("staff")):
        for _ in range(4):
            ComponentFactory(customer=world.acme, site=SiteFactory(customer=world.acme))
    program = api(world.acme)
    program.get(path)
    with django_assert_num_queries(3 + 3):
        assert len(ids(program.get(path))) == 5
