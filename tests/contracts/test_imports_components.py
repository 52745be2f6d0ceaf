"""Components from a file: what is new, changed, the same or bad, and what is written."""

from datetime import UTC, date, datetime

import pytest

from contracts.models import AgreementLine, AgreementTerm, Component, ComponentMove, Site, WarrantyCoverage
from tenancy.context import work_unit
from tenancy.models import AuditEvent, Organisation
from tests.contracts.deals import implemented, price, quoted, warranty
from tests.contracts.imports import COMPONENTS, STAFF, checked, counts, problems, written
from tests.world import ProductFactory, World

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
SITE = "Acme Lifts main site"


def own(world: World, *, location: str = "", day: str = "", until: str = "", site: str = SITE, zone: str = "") -> str:
    """A row about the component that Acme has already."""
    return f"{COMPONENTS}ACME,{site},DC-7,{world.components['acme'].serial},{location},{day},{until},{zone}\n"


def stored(world: World, name: str = "acme") -> Component:
    with work_unit(STAFF):
        return Component.objects.select_related("site").get(pk=world.components[name].pk)


def test_a_new_component_comes_with_site_warranty_and_trail(world: World) -> None:
    run = written(
        world,
        "COMPONENTS",
        f"{COMPONENTS}acme,Plant 9,dc-7,x-1 2,Rack 4,2026-01-15,2028-01-14,Asia/Tokyo\nACME,PLANT 9,DC-7,X13,,,,\n",
    )
    assert (run.state, counts(run), run.message) == ("DONE", (2, 0, 0, 0), "1 site made, 1 warranty")
    with work_unit(STAFF):
        site = Site.objects.get(name="Plant 9")
        assert (site.customer_id, site.reseller_id, site.time_zone) == (world.acme.pk, world.delta.pk, "Asia/Tokyo")
        one = Component.objects.get(serial_normal="X12")
        assert (one.serial, one.site_id, one.customer_id, one.reseller_id) == (
            "x-1 2",
            site.pk,
            world.acme.pk,
            world.delta.pk,
        )
        assert (one.location, one.implemented_on, one.state) == ("Rack 4", date(2026, 1, 15), "IN_USE")
        cover = WarrantyCoverage.objects.get(component=one)
        assert (cover.kind, cover.start_date, cover.end_date) == ("STANDARD", date(2026, 1, 15), date(2028, 1, 14))
        assert Component.objects.get(serial_normal="X13").implemented_on is None
        event = AuditEvent.objects.get(verb="components.imported")
    assert (event.customer_id, event.chain, event.kind) == (world.acme.pk, f"organisation:{world.acme.pk}", "internal")
    assert (event.actor_name, event.data["new"], event.data["sha256"]) == ("Fin Test", 2, run.sha256)


def test_the_same_file_again_changes_nothing(world: World) -> None:
    text = f"{COMPONENTS}ACME,Plant 9,DC-7,X1,Rack 4,2026-01-15,2028-01-14,Asia/Tokyo\nACME,{SITE},DC-7,X2,,,,\n"
    written(world, "COMPONENTS", text)
    again = checked(world, "COMPONENTS", text.replace("X1", "x 1"))
    assert (again.state, counts(again), problems(again)) == ("CHECKED", (0, 0, 2, 0), [])


def test_an_empty_cell_leaves_what_is_there(world: World) -> None:
    implemented(world.components["acme"], date(2026, 1, 15))
    run = checked(world, "COMPONENTS", own(world))
    assert counts(run) == (0, 0, 1, 0)
    changed = written(world, "COMPONENTS", own(world, location="Rack 5"))
    assert counts(changed) == (0, 1, 0, 0)
    assert "location was Rack 4" in changed.preview["groups"][0]["rows"][0][-1]
    assert (stored(world).location, stored(world).implemented_on) == ("Rack 5", date(2026, 1, 15))


def test_a_move_has_its_history_and_takes_the_location_as_it_is(world: World) -> None:
    run = written(world, "COMPONENTS", own(world, site="Plant 9", zone="Asia/Tokyo"))
    assert (counts(run), run.message) == ((0, 1, 0, 0), "1 site made, 1 move")
    moved = stored(world)
    assert (moved.site.name, moved.location) == ("Plant 9", "")
    with work_unit(STAFF):
        move = ComponentMove.objects.get()
        assert (move.from_site_id, move.to_site_id) == (world.components["acme"].site_id, moved.site_id)
        assert (move.by_name, move.customer_id) == ("Fin Test", world.acme.pk)


def test_a_warranty_of_a_component_that_is_there(world: World) -> None:
    implemented(world.components["acme"], date(2026, 1, 15))
    assert counts(written(world, "COMPONENTS", own(world, until="2028-01-14"))) == (0, 1, 0, 0)
    assert counts(checked(world, "COMPONENTS", own(world, until="2028-01-14"))) == (0, 0, 1, 0)
    longer = checked(world, "COMPONENTS", own(world, until="2029-01-14"))
    words = "It has a warranty from 2026-01-15 to 2028-01-14. Change that one in Administration."
    assert problems(longer) == [(2, "warranty_until", words)]


def bad_row(row: str) -> str:
    return f"{COMPONENTS}ACME,{SITE},DC-7,GOOD-1,,,,\n{row}\n"


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        ("NONE,X,DC-7,A1,,,,", "customer", "There is no customer with this code."),
        ("DELTA,X,DC-7,A1,,,,", "customer", "There is no customer with this code."),
        (f"ACME,{SITE},NONE-1,A1,,,,", "product", "There is no product with this SKU."),
        ("ACME,Nowhere,DC-7,A1,,,,", "site", "This customer has no such site. Give its site_time_zone to make it."),
        ("ACME,Bolt Works main site,DC-7,A1,,,,", "site", "This customer has no such site."),
        (f"ACME,{SITE},DC-7,A1,,,,Asia/Tokyo", "site_time_zone", "This site is in Europe/Berlin."),
        (f"ACME,{SITE},DC-7,good 1,,,,", "serial", "The same product and serial stand in line 2."),
        (f"ACME,{SITE},DC-7,7f.BOLT,,,,", "serial", "This serial is taken."),
        (f"ACME,{SITE},SW-1,A1,,2026-01-15,2028-01-14,", "warranty_until", "Software has no warranty."),
        (f"ACME,{SITE},DC-7,A1,,,2028-01-14,", "implemented_on", "A warranty begins on this day, so it is needed."),
    ],
)
def test_a_row_that_does_not_fit_what_is_there_is_bad(world: World, row: str, column: str, words: str) -> None:
    with work_unit(STAFF):
        ProductFactory(sku="SW-1", name="Monitor", kind="SOFTWARE")
        Component.objects.filter(pk=world.components["bolt"].pk).update(serial="7F-BOLT", serial_normal="7FBOLT")
    run = checked(world, "COMPONENTS", bad_row(row))
    assert counts(run) == (1, 0, 0, 1)
    assert [(line, name) for line, name, _ in problems(run)] == [(3, column)]
    assert problems(run)[0][2].startswith(words)


def test_a_taken_serial_does_not_say_whose_it_is(world: World) -> None:
    run = checked(world, "COMPONENTS", f"{COMPONENTS}ACME,{SITE},DC-7,{world.components['bolt'].serial},,,,\n")
    assert problems(run) == [(2, "serial", "This serial is taken.")]
    assert "Bolt" not in str(run.preview) + run.message


def test_two_rows_that_make_a_site_agree_on_its_zone(world: World) -> None:
    text = f"{COMPONENTS}ACME,New,DC-7,A1,,,,\nACME,new,DC-7,A2,,,,Asia/Tokyo\nACME,NEW,DC-7,A3,,,,Europe/Berlin\n"
    run = checked(world, "COMPONENTS", text)
    assert problems(run) == [(4, "site_time_zone", "Another row makes this site in Asia/Tokyo.")]
    assert counts(run) == (2, 0, 0, 1)


def test_what_is_closed_or_retired_takes_nothing(world: World) -> None:
    with work_unit(STAFF):
        Component.objects.filter(pk=world.components["acme"].pk).update(state="RETIRED")
        Site.objects.filter(pk=world.components["bolt"].site_id).update(is_active=False)
        Organisation.objects.filter(pk=world.solo.pk).update(is_active=False)
    rows = "BOLT,Bolt Works main site,DC-7,A1,,,,\nSOLO,Solo Mills main site,DC-7,A2,,,,\n"
    run = checked(world, "COMPONENTS", own(world, location="Rack 9") + rows)
    assert [(line, name) for line, name, _ in problems(run)] == [(2, "serial"), (3, "site"), (4, "customer")]
    assert problems(run)[0][2] == "This component is retired. An import changes only what is in use."


@pytest.mark.parametrize("old", [None, date(2026, 1, 15)])
def test_the_day_it_was_implemented_stays_where_agreements_were_made_with_it(world: World, old: date | None) -> None:
    component = world.components["acme"]
    if old:
        implemented(component, old)
    price(component)
    term = quoted(world, [component], date(2026, 6, 1), date(2027, 5, 31), on=NOW.date(), now=NOW)
    run = checked(world, "COMPONENTS", own(world, day="2026-03-01"))
    number = term.agreement.number
    assert [(line, column) for line, column, _ in problems(run)] == [(2, "implemented_on")]
    assert problems(run)[0][2].startswith(f"{number} lists this component as implemented on ")
    assert counts(checked(world, "COMPONENTS", own(world, location="Rack 9"))) == (0, 1, 0, 0)
    with work_unit(STAFF):  # a quote nobody took holds nothing
        AgreementTerm.objects.filter(pk=term.pk).update(state="QUOTE_EXPIRED")
        assert AgreementLine.objects.filter(component=component).exists()
    assert counts(written(world, "COMPONENTS", own(world, day="2026-03-01"))) == (0, 1, 0, 0)
    assert stored(world).implemented_on == date(2026, 3, 1)


def test_a_warranty_that_lies_beside_the_new_one_is_no_obstacle(world: World) -> None:
    component = implemented(world.components["acme"], date(2026, 1, 15))
    warranty(component, date(2028, 1, 15), date(2029, 1, 14), "EXTENDED")
    assert counts(written(world, "COMPONENTS", own(world, until="2028-01-14"))) == (0, 1, 0, 0)
    with work_unit(STAFF):
        assert WarrantyCoverage.objects.filter(component=component).count() == 2
