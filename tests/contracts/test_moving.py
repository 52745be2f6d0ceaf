"""A component goes to another site: the deed, its page, and the dates that count in the new zone from then on."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from contracts.coverage import facts_of
from contracts.models import Component, ComponentMove, Site
from contracts.services import CannotMoveComponent, move_component
from rozoom_support.lib.refusals import Stale
from tenancy.actor import NotAllowed
from tenancy.context import database_now, work_unit
from tenancy.models import AuditEvent
from tests.contracts.deals import STAFF, ago, implemented
from tests.together import together
from tests.world import SiteFactory, World


@pytest.fixture
def now(world: World) -> datetime:
    with work_unit(STAFF):
        return database_now()


@pytest.fixture
def there(world: World) -> Site:
    with work_unit(STAFF):
        return SiteFactory(customer=world.acme, name="Plant in Osaka", time_zone="Asia/Tokyo")


def moved(world: World, to: Site, on: date, now: datetime, by: str = "adam", **more: Any) -> ComponentMove:
    actor = world.actor(by)
    with work_unit(actor.context):
        component = Component.objects.get(pk=world.components["acme"].pk)
        return move_component(actor=actor, component=component, to=to, moved_on=on, now=now, **more)


def test_it_stands_at_the_new_site_with_a_row_and_an_event(world: World, there: Site, now: datetime) -> None:
    before = world.components["acme"].site
    moved(world, there, ago(now, 1), now)
    with work_unit(STAFF):
        assert Component.objects.get(pk=world.components["acme"].pk).site_id == there.pk
        row = ComponentMove.objects.get()
        assert (row.from_site_id, row.to_site_id, row.by_name) == (before.pk, there.pk, "Adam Test")
        event = AuditEvent.objects.get(chain=f"component:{world.components['acme'].pk}")
        assert (event.verb, event.data["was"], event.data["to"]) == ("component.moved", before.name, there.name)


@pytest.mark.parametrize(
    ("case", "param"),
    [
        ("tomorrow", "moved_on"),
        ("before it worked", "moved_on"),
        ("same", "site"),
        ("foreign", "site"),
        ("closed", "site"),
    ],
)
def test_what_can_not_be_is_refused_and_changes_nothing(
    world: World, there: Site, now: datetime, case: str, param: str
) -> None:
    implemented(world.components["acme"], ago(now, 100))
    to, on = there, ago(now, 1)
    if case == "tomorrow":
        on = ago(now, -2)
    elif case == "before it worked":
        on = ago(now, 101)
    elif case == "same":
        to = world.components["acme"].site
    elif case == "foreign":
        to = world.components["bolt"].site
    else:
        with work_unit(STAFF):
            Site.objects.filter(pk=there.pk).update(is_active=False)
            there.is_active = False
    with pytest.raises(CannotMoveComponent) as refused:
        moved(world, to, on, now)
    assert refused.value.param == param
    with work_unit(STAFF):
        assert not ComponentMove.objects.exists()


def test_today_counts_at_the_new_site(world: World, there: Site) -> None:
    late_in_utc = datetime(2026, 5, 4, 20, tzinfo=UTC)  # already the 5th in Osaka
    moved(world, there, date(2026, 5, 5), late_in_utc)
    with pytest.raises(CannotMoveComponent):
        moved(world, world.components["acme"].site, date(2026, 5, 5), late_in_utc - timedelta(hours=2))


def test_it_is_not_moved_before_its_last_move(world: World, there: Site, now: datetime) -> None:
    moved(world, there, ago(now, 3), now)
    with pytest.raises(CannotMoveComponent, match="already"):
        moved(world, world.components["acme"].site, ago(now, 4), now)


@pytest.mark.parametrize("name", ["ilse", "dirk", "marek"])
def test_who_does_not_keep_the_install_base_moves_nothing(world: World, there: Site, now: datetime, name: str) -> None:
    with pytest.raises(NotAllowed):
        moved(world, there, ago(now, 1), now, by=name)
    address = f"/components/{world.components['acme'].pk}/move/"
    assert world.client(name).get(address).status_code == 404
    assert address not in world.client(name).get(f"/components/{world.components['acme'].pk}/").content.decode()


def test_dates_count_in_the_new_zone_from_then_on_and_in_the_old_one_before(world: World, there: Site) -> None:
    """Day 90 ends in Osaka seven hours before it ends in Berlin."""
    component = implemented(world.components["acme"], date(2026, 1, 15))
    at = datetime(2026, 4, 15, 18, tzinfo=UTC)  # the 15th in Berlin, the 16th in Osaka
    recorded = at + timedelta(days=1)
    moved(world, there, date(2026, 4, 16), recorded)
    with work_unit(STAFF):
        fresh = Component.objects.for_list().get(pk=component.pk)
        before, after = facts_of([fresh], at)[fresh.pk], facts_of([fresh], recorded)[fresh.pk]
    assert (before.zone, before.day(at)) == ("Europe/Berlin", date(2026, 4, 15))
    assert (after.zone, after.day(at)) == ("Asia/Tokyo", date(2026, 4, 16))


def test_of_two_moves_at_once_the_second_is_told(lasting_world: World) -> None:
    world = lasting_world
    here = world.components["acme"].site_id
    with work_unit(STAFF):
        now = database_now()
        sites = [SiteFactory(customer=world.acme, name=name) for name in ("One", "Two")]

    def deed(to: Site) -> str:
        try:
            moved(world, to, ago(now, 1), now, seen_at=here)
        except Stale:
            return "stale"
        return "moved"

    assert sorted(together(*[lambda to=site: deed(to) for site in sites])) == ["moved", "stale"]  # type: ignore[misc]
    with work_unit(STAFF):
        assert ComponentMove.objects.count() == 1


def test_the_page_moves_it_and_everybody_reads_where_it_stood(world: World, there: Site, now: datetime) -> None:
    component = world.components["acme"]
    client = world.client("adam")
    address = f"/components/{component.pk}/"
    page = client.get(address).content.decode()
    assert f"{address}move/" in page
    form = client.get(f"{address}move/").content.decode()
    assert "Plant in Osaka" in form
    assert "Bolt Works main site" not in form
    sent = {
        "site": str(there.pk),
        "moved_on": str(ago(now, 1)),
        "stands_at": str(component.site_id),
        "form_token": "t" * 32,
    }
    assert client.post(f"{address}move/", sent)["Location"] == address
    assert client.post(f"{address}move/", sent).status_code == 422, "it stands there already, so that it is no choice"
    for name in ("ilse", "dirk", "adam"):
        said = world.client(name).get(address).content.decode()
        assert "From Acme Lifts main site to Plant in Osaka" in said, name
    with work_unit(STAFF):
        assert ComponentMove.objects.count() == 1


@pytest.mark.parametrize("sent", [{}, {"site": "x"}, {"moved_on": "yesterday"}, {"moved_on": "2999-01-01"}])
def test_a_wrong_answer_is_said_at_its_field(world: World, there: Site, now: datetime, sent: dict[str, str]) -> None:
    component = world.components["acme"]
    whole = {"site": str(there.pk), "moved_on": str(ago(now, 1)), "stands_at": str(component.site_id), **sent}
    answer = world.client("adam").post(f"/components/{component.pk}/move/", whole if sent else {})
    assert answer.status_code == 422
    assert "<title>Error: " in answer.content.decode().replace("\n", "")
    with work_unit(STAFF):
        assert not ComponentMove.objects.exists()
