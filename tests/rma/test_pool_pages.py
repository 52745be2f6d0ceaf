"""The parts pool: receiving by scanner, the test, the stock count, what is short, and its pages."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contracts.models import Product
from rma.models import BaseStock, Pool, PoolUnit, Warehouse
from rma.pool import stock
from rma.services import CannotReturn
from rma.services.counting import count, say_all_missing
from rma.services.pooling import CannotStock, confirm_missing, found_again, retire_unit
from rma.services.receiving import Arrival, CannotReceiveLines, pass_tests, receive_units
from rma.services.stocking import set_base_stock
from tenancy.actor import NotAllowed
from tenancy.context import work_unit
from tenancy.models import AuditEvent
from tests.rma.places import NOW, chicago, shelved
from tests.world import STAFF, ComponentFactory, ProductFactory, World

TWENTY = [f"SN-{number:03}" for number in range(1, 21)]


@pytest.fixture
def depot(world: World) -> Warehouse:
    return chicago()


def controller(world: World) -> Product:
    return world.components["acme"].product


def receive(world: World, depot: Warehouse, lines: list[str], who: str = "cora", **about: Any) -> list[PoolUnit]:
    pool = Pool.objects.get(warehouse=depot)
    arrival = Arrival(pool, about.pop("product", controller(world)), **about)
    return receive_units(actor=world.actor(who), arrival=arrival, lines=lines, now=NOW)


# --- receiving --------------------------------------------------------------------------------------------------------
def test_units_are_received_into_the_test(world: World, depot: Warehouse) -> None:
    with work_unit(STAFF):
        units = receive(world, depot, [*TWENTY, "", "  "], place="A-03", revision="C")
        assert [one.serial for one in units] == TWENTY
        assert {(one.state, one.place, one.revision, one.condition) for one in units} == {
            ("QUARANTINE", "A-03", "C", "NEW")
        }
        assert AuditEvent.objects.filter(verb="unit.receive").count() == 20


def test_what_was_on_order_is_received_first(world: World, depot: Warehouse) -> None:
    with work_unit(STAFF):
        ordered = shelved(depot, controller(world), "", state="ON_ORDER")
        units = receive(world, depot, ["SN-1", "SN-2"])
        assert units[0].pk == ordered.pk
        assert PoolUnit.objects.count() == 2


WRONG_LINES: list[tuple[list[str], dict[int, str]]] = [
    (["SN-1", "", "sn 1"], {3: "sn 1 stands in line 1 already. Remove one of the two."}),
    (["--", "SN-1"], {1: "“--” is not a serial. Scan the label again."}),
    (
        ["spare 1", "SPARE-1", "PSU-1"],
        {
            1: "SPARE-1 is known: available. Next: a return reserves it.",
            2: "SPARE-1 stands in line 1 already. Remove one of the two.",
            3: "PSU-1 is Power supply, in the pool already. Check the label, or receive it as that product.",
        },
    ),
    (["SPARE-1"], {1: "SPARE-1 is known: available. Next: a return reserves it."}),
    (["psu-1"], {1: "PSU-1 is Power supply, in the pool already. Check the label, or receive it as that product."}),
    (["in use 1"], {1: "IN-USE-1 is in use at Acme Lifts main site, Acme Lifts. It comes back with a return."}),
    (["FAN-1"], {1: "FAN-1 is Fan, in use at Acme Lifts. Check the label."}),
]


@pytest.mark.parametrize("lines, wrong", WRONG_LINES)
def test_a_line_that_can_not_be_received_says_why_and_nothing_is_saved(
    world: World, depot: Warehouse, lines: list[str], wrong: dict[int, str]
) -> None:
    with work_unit(STAFF):
        supply = ProductFactory(sku="PS-1", name="Power supply")
        shelved(depot, controller(world), "SPARE-1")
        shelved(depot, supply, "PSU-1")
        site = world.components["acme"].site
        ComponentFactory(customer=world.acme, site=site, product=controller(world), serial="IN-USE-1")
        ComponentFactory(customer=world.acme, site=site, product=ProductFactory(sku="F-1", name="Fan"), serial="FAN-1")
        with pytest.raises(CannotReceiveLines) as refused:
            receive(world, depot, lines)
        assert refused.value.lines == wrong
        assert PoolUnit.objects.count() == 2


def test_what_makes_no_sense_is_not_received(world: World, depot: Warehouse) -> None:
    with work_unit(STAFF):
        software = ProductFactory(sku="SW-1", name="Manager", kind="SOFTWARE")
        for lines, about in (
            ([], {}),
            ([f"N-{number}" for number in range(201)], {}),
            (["SN-1"], {"product": software}),
            (["SN-1"], {"condition": "DEFECTIVE"}),
        ):
            with pytest.raises(CannotStock):
                receive(world, depot, lines, **about)
        with pytest.raises(NotAllowed):
            receive(world, depot, ["SN-1"], who="marek")


# --- the test ---------------------------------------------------------------------------------------------------------
def test_what_passed_goes_on_the_shelf_with_its_firmware(world: World, depot: Warehouse) -> None:
    with work_unit(STAFF):
        first, second = receive(world, depot, ["SN-1", "SN-2"])
        cora = world.actor("cora")
        with pytest.raises(CannotStock, match="Enter the firmware"):
            pass_tests(actor=cora, keys=[first.pk], firmware=" ", now=NOW)
        done = pass_tests(actor=cora, keys=[first.pk, first.pk], firmware="4.2.1", now=NOW)
        assert [one.serial for one in done.units] == ["SN-1"]
        kept = PoolUnit.objects.get(pk=first.pk)
        assert (kept.state, kept.firmware, kept.available_since) == ("AVAILABLE", "4.2.1", NOW)
        with pytest.raises(CannotStock, match="Somebody moved one of these"):
            pass_tests(actor=cora, keys=[first.pk, second.pk], firmware="4.2.1", now=NOW)
        assert PoolUnit.objects.get(pk=second.pk).state == "QUARANTINE"
        with pytest.raises(CannotStock, match="Choose the units"):
            pass_tests(actor=cora, keys=[], firmware="4", now=NOW)


def test_a_unit_leaves_the_pool_with_a_reason(world: World, depot: Warehouse) -> None:
    with work_unit(STAFF):
        unit = shelved(depot, controller(world), "SN-1")
        with pytest.raises(CannotReturn, match="Say why it leaves the pool"):
            retire_unit(actor=world.actor("cora"), unit=unit, reason=" ", now=NOW)
        retire_unit(actor=world.actor("cora"), unit=unit, reason="Sold to Bolt", now=NOW)
        kept = PoolUnit.objects.get(pk=unit.pk)
        assert (kept.state, kept.note) == ("RETIRED", "Sold to Bolt")


# --- counting ---------------------------------------------------------------------------------------------------------
def test_a_count_says_what_is_missing_and_what_stands_elsewhere(world: World, depot: Warehouse) -> None:
    with work_unit(STAFF):
        product, pool = controller(world), Pool.objects.get(warehouse=depot)
        for serial, state in (
            ("S-1", "AVAILABLE"),
            ("S-2", "AVAILABLE"),
            ("S-3", "QUARANTINE"),
            ("S-4", "WITH_CUSTOMER"),
        ):
            shelved(depot, product, serial, state=state)
        shelved(depot, product, "S-5", place="B-02")
        result = count(pool, product, "a-01", ["s1", "S-5", "S-4", "X-9", ""])
        assert result.found == 1
        assert [one.serial for one in result.missing] == ["S-2", "S-3"]
        assert {one.serial: one.words for one in result.elsewhere} == {
            "S-4": "Drive controller DC-7, which should be: with a customer.",
            "S-5": "Drive controller DC-7, which should be at B-02.",
            "X-9": "Nobody knows it. Receive it, or send it back.",
        }


def test_a_loss_takes_two_people(world: World, depot: Warehouse) -> None:
    with work_unit(STAFF):
        unit = shelved(depot, controller(world), "S-1")
        cora, duty = world.actor("cora"), world.actor("duty")
        with pytest.raises(CannotStock, match="Nobody said that it is missing"):
            confirm_missing(actor=duty, unit=unit, now=NOW)
        say_all_missing(actor=cora, keys=[unit.pk], now=NOW)
        assert not PoolUnit.objects.available().exists(), "no return gets it"
        assert say_all_missing(actor=duty, keys=[unit.pk], now=NOW) == [], "said already"
        with pytest.raises(CannotStock, match="Another person confirms it than the one who said"):
            confirm_missing(actor=cora, unit=unit, now=NOW)
        found_again(actor=cora, unit=unit, now=NOW)
        assert PoolUnit.objects.available().exists()
        say_all_missing(actor=cora, keys=[unit.pk], now=NOW)
        confirm_missing(actor=duty, unit=unit, now=NOW)
        assert PoolUnit.objects.get().state == "LOST"
        with pytest.raises(CannotStock):
            found_again(actor=cora, unit=unit, now=NOW)
        verbs = AuditEvent.objects.filter(chain=unit.chain).order_by("seq").values_list("verb", flat=True)
        assert list(verbs) == ["unit.said-missing", "unit.found", "unit.said-missing", "unit.write-off"]


def test_what_left_the_shelf_is_not_said_to_be_missing(world: World, depot: Warehouse) -> None:
    with work_unit(STAFF):
        unit = shelved(depot, controller(world), "S-1", state="DEFECTIVE", condition="DEFECTIVE")
        with pytest.raises(CannotStock, match="failed, on the shelf: it should not be"):
            say_all_missing(actor=world.actor("cora"), keys=[unit.pk], now=NOW)


# --- what is short ----------------------------------------------------------------------------------------------------
def test_low_stock_counts_what_is_coming(world: World, depot: Warehouse) -> None:
    with work_unit(STAFF):
        product, pool = controller(world), Pool.objects.get(warehouse=depot)
        set_base_stock(actor=world.actor("cora"), pool=pool, product=product, level=4, target=Decimal("0.95"), now=NOW)
        for number, state in enumerate(("AVAILABLE", "QUARANTINE", "AT_SUPPLIER", "RESERVED", "WITH_CUSTOMER", "LOST")):
            shelved(depot, product, f"S-{number}", state=state)
        found = stock.stock_of(product)
        assert (found.shelf, found.coming, found.position, found.lacks) == (1, 2, 3, 1)
        assert found.words == "1 on the shelf, 2 coming, should own 4: buy 1"
        PoolUnit.objects.filter(state="AVAILABLE").update(missing_said_by_name="Cora")
        assert stock.stock_of(product).words == "none on the shelf, 2 coming, should own 4: buy 2"
        assert [one.product for one in stock.low(stock.stocks())] == [product]


@pytest.mark.parametrize("level, target", [(-1, "0.95"), (10_000, "0.95"), (3, "0"), (3, "1")])
def test_a_level_that_makes_no_sense_is_refused(world: World, depot: Warehouse, level: int, target: str) -> None:
    with work_unit(STAFF), pytest.raises(CannotStock):
        set_base_stock(
            actor=world.actor("cora"),
            pool=Pool.objects.get(warehouse=depot),
            product=controller(world),
            level=level,
            target=Decimal(target),
            now=NOW,
        )


# --- pages ------------------------------------------------------------------------------------------------------------
def text(response: Any) -> str:
    return response.content.decode()


def test_receiving_on_the_page_keeps_what_was_scanned(world: World, depot: Warehouse) -> None:
    client, typed = world.client("cora"), {"product": controller(world).pk, "condition": "NEW", "place": "A-07"}
    with work_unit(STAFF):
        pool = {"pool": Pool.objects.get().pk}
    wrong = client.post("/desk/pool/receive/", {**typed, **pool, "serials": "SN-1\r\nSN-2\r\nsn1\r\n"})
    assert wrong.status_code == 422
    assert "SN-1\nSN-2\nsn1" in text(wrong).replace("\r", "")
    assert "sn1 stands in line 1 already." in text(wrong)
    assert "A-07" in text(wrong)
    assert text(wrong).count("<title>Error: ") == 1
    done = client.post("/desk/pool/receive/", {**typed, **pool, "serials": "SN-1\r\nSN-2\r\n"}, follow=True)
    assert "2 units of Drive controller DC-7 received. They wait for their test." in text(done)
    nothing = client.post("/desk/pool/tests/", {"firmware": "4.3"})
    assert nothing.status_code == 422
    assert "Choose the units that passed the test" in text(nothing)
    assert 'value="4.3"' in text(nothing)
    with work_unit(STAFF):
        keys = [str(key) for key in PoolUnit.objects.values_list("pk", flat=True)]
    passed = client.post("/desk/pool/tests/", {"units": keys, "firmware": "4.3"}, follow=True)
    assert "2 units are on the shelf." in text(passed)
    unit = text(client.get(f"/desk/pool/units/{keys[0]}/"))
    assert "Test passed, put on the shelf" in unit
    assert "firmware 4.3" in unit
    assert "Cora Test" in unit


def test_the_same_form_twice_receives_once(world: World, depot: Warehouse) -> None:
    with work_unit(STAFF):
        pool = Pool.objects.get().pk
    typed = {
        "pool": pool,
        "product": controller(world).pk,
        "condition": "NEW",
        "serials": "SN-1",
        "form_token": "a" * 32,
    }
    client = world.client("cora")
    answers = [client.post("/desk/pool/receive/", typed).status_code for _ in range(2)]
    assert answers == [302, 302]
    with work_unit(STAFF):
        assert PoolUnit.objects.count() == 1


def test_a_count_on_the_page_and_the_second_person(world: World, depot: Warehouse) -> None:
    product = controller(world)
    missing = shelved(depot, product, "S-1")
    shelved(depot, product, "S-2")
    with work_unit(STAFF):
        pool = Pool.objects.get().pk
    cora, typed = world.client("cora"), {"pool": pool, "product": "", "place": "", "serials": "S-2\nX-1"}
    compared = cora.post("/desk/pool/count/", {**typed, "step": "compare"})
    assert compared.status_code == 200
    assert "1 as expected, 1 missing, 1 not expected" in text(compared)
    assert "S-2\nX-1" in text(compared)
    said = cora.post("/desk/pool/count/", {**typed, "step": "missing", "missing": [str(missing.pk)]}, follow=True)
    assert "1 unit is missing. Another person confirms the loss." in text(said)
    assert "Confirm the loss" not in text(said)
    assert cora.post(f"/desk/pool/missing/{missing.pk}/confirm/").status_code == 422
    duty = world.client("duty")
    assert "Write off Drive controller DC-7 S-1?" in text(duty.get(f"/desk/pool/missing/{missing.pk}/confirm/"))
    done = duty.post(f"/desk/pool/missing/{missing.pk}/confirm/", follow=True)
    assert "S-1 is written off." in text(done)
    assert "Nothing is missing" in text(done)
    nothing = cora.post("/desk/pool/count/", {**typed, "serials": "", "step": "compare"})
    assert nothing.status_code == 422
    empty = cora.post("/desk/pool/count/", {**typed, "serials": "none", "step": "compare"})
    assert "0 as expected, 1 missing, 0 not expected" in text(empty)


def test_a_unit_is_found_by_its_serial_even_when_it_left(world: World, depot: Warehouse) -> None:
    shelved(depot, controller(world), "AB-77", state="LOST")
    shelved(depot, controller(world), "CD-11")
    client = world.client("marek")
    assert "AB-77" not in text(client.get("/desk/pool/"))
    assert "AB-77" in text(client.get("/desk/pool/?q=ab 77"))
    assert "AB-77" in text(client.get("/desk/pool/?state=LOST"))
    assert "No units match" in text(client.get("/desk/pool/?q=zz"))
    assert "Filters on: “zz”." in text(client.get("/desk/pool/?q=zz"))
    assert client.get("/desk/pool/?product=nonsense&state=%00&page=-1").status_code == 200
    assert "Receive units" not in text(client.get("/desk/pool/"))
    for path in ("receive", "tests", "count"):
        assert client.get(f"/desk/pool/{path}/").status_code == 404


def test_the_unit_is_taken_out_with_a_reason(world: World, depot: Warehouse) -> None:
    unit = shelved(depot, controller(world), "S-1")
    client, path = world.client("cora"), f"/desk/pool/units/{unit.pk}/retire/"
    assert client.post(path, {"reason": ""}).status_code == 422
    assert "is out of the pool." in text(client.post(path, {"reason": "Sold"}, follow=True))
    again = client.post(path, {"reason": "Sold"})
    assert again.status_code == 409
    assert "Next" in text(again) or "It has ended" in text(again)


def test_more_units_and_products_are_not_more_queries(world: World, depot: Warehouse) -> None:
    client = world.client("cora")

    def queries() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert client.get("/desk/pool/").status_code == 200
        return len(caught)

    shelved(depot, controller(world), "S-0")
    queries()
    few = queries()
    with work_unit(STAFF):
        for number in range(5):
            product = ProductFactory(sku=f"P-{number}", name=f"Part {number}")
            BaseStock.objects.create(pool=Pool.objects.get(), product=product, level=3)
            for each in range(8):
                shelved(depot, product, f"T-{number}-{each}", state=("AVAILABLE", "RESERVED")[each % 2])
    assert queries() == few <= 20


def test_a_pool_without_a_warehouse_says_where_to_begin(world: World) -> None:
    client = world.client("cora")
    for path in ("", "receive/", "count/"):
        assert "No parts pool yet" in text(client.get(f"/desk/pool/{path}"))
    assert client.get("/desk/pool/levels/").status_code == 200
