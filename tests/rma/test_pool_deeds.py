"""What is done with one unit from its page, and units that are ordered: each deed, its refusals, and who may do it."""

from datetime import datetime
from typing import Any

import pytest

from contracts.models import Component
from rma import services
from rma.machines import CannotMove
from rma.models import PoolUnit, ProductSupplier, SupplierRma
from rma.services import CannotStock
from rma.services.counting import say_all_missing
from tenancy.context import work_unit
from tenancy.models import AuditEvent
from tests.rma.deals import Stock, allocated, approved, fresh
from tests.rma.places import chicago, shelved
from tests.world import STAFF, World


def at(unit: PoolUnit, deed: str = "") -> str:
    return f"/desk/pool/units/{unit.pk}/{deed + '/' if deed else ''}"


def text(response: Any) -> str:
    return response.content.decode()


def in_state(stock: Stock, state: str, serial: str = "U-1", **more: Any) -> PoolUnit:
    return shelved(stock.warehouse, stock.product, serial, state=state, **more)


def buttons(world: World, unit: PoolUnit, who: str = "cora") -> list[str]:
    """The deeds that its page offers."""
    page = text(world.client(who).get(at(unit)))
    return [name for name in DEEDS if f'href="{at(unit, name)}"' in page]


DEEDS = ("pass", "fail", "reserve", "place", "missing", "scrap", "call-off", "retire")
OFFERED: list[tuple[str, str, list[str]]] = [
    ("QUARANTINE", "cora", ["pass", "fail", "place", "missing", "retire"]),
    ("AVAILABLE", "cora", ["place", "missing", "retire"]),
    ("RESERVED", "cora", ["place", "missing"]),
    ("DEFECTIVE", "cora", ["place"]),
    ("DEFECTIVE", "duty", ["place", "scrap"]),
    ("AT_SUPPLIER", "duty", []),
    ("WITH_CUSTOMER", "duty", []),
    ("ON_ORDER", "cora", ["call-off"]),
    ("ON_ORDER", "marek", []),
    ("SCRAPPED", "duty", []),
    ("AVAILABLE", "marek", []),
    ("QUARANTINE", "fin", []),
]


@pytest.mark.parametrize("state, who, expected", OFFERED)
def test_a_unit_offers_what_is_possible_and_nothing_else(
    world: World, stock: Stock, state: str, who: str, expected: list[str]
) -> None:
    unit = in_state(stock, state)
    assert buttons(world, unit, who) == expected
    client, possible = world.client(who), {"reserve"} if state == "AVAILABLE" else set()
    for name in set(DEEDS) - set(expected) - possible:
        answer = client.post(at(unit, name), {"reason": "x", "certificate": "C-1", "place": "B-1"})
        assert answer.status_code in ({404} if who in ("marek", "fin") or (name, who) == ("scrap", "cora") else {409})
        assert answer.status_code == 404 or "That is not possible now" in text(answer)
    assert fresh(unit).state == state


def test_what_is_not_possible_says_where_it_stands_and_what_comes_next(world: World, stock: Stock) -> None:
    unit = in_state(stock, "AT_SUPPLIER")
    said = text(world.client("cora").post(at(unit, "pass"), {"firmware": "4"}))
    assert "is in the state “At the supplier”. “Test passed” is possible when it is “In test”." in said
    assert "Next: the supplier repairs, exchanges or credits it." in said
    assert "it is “Available” or “Reserved”" in text(world.client("cora").get(at(unit, "place")))


def test_one_unit_passes_its_test(world: World, stock: Stock) -> None:
    unit = in_state(stock, "QUARANTINE", firmware="", place="")
    client = world.client("cora")
    lacking = client.post(at(unit, "pass"), {"firmware": "", "place": "B-7"})
    assert lacking.status_code == 422
    assert "Enter the firmware after the test" in text(lacking)
    assert 'value="B-7"' in text(lacking)
    done = client.post(at(unit, "pass"), {"firmware": "4.3", "place": "B-7"}, follow=True)
    assert "is on the shelf." in text(done)
    kept = fresh(unit)
    assert (kept.state, kept.firmware, kept.place) == ("AVAILABLE", "4.3", "B-7")


def test_a_unit_that_passes_serves_who_waits(world: World, stock: Stock, component: Component, now: datetime) -> None:
    rma = approved(world, component, now)
    actor = world.actor("cora")
    with work_unit(actor.context):
        assert services.allocate(actor=actor, rma=rma, now=now).state == "BACKORDERED"
    unit = in_state(stock, "QUARANTINE")
    done = world.client("cora").post(at(unit, "pass"), {}, follow=True)
    assert f"is reserved at once for {rma.reference}, which waited." in text(done)


def test_a_unit_that_fails_goes_to_its_supplier(world: World, stock: Stock) -> None:
    unit, client = in_state(stock, "QUARANTINE"), world.client("cora")
    assert f"The product&#x27;s own: {world.forge.name}" in text(client.get(at(unit, "fail")))
    assert text(client.get(at(unit, "fail"))).count(world.forge.name) == 1, "the usual one stands once"
    silent = client.post(at(unit, "fail"), {"reason": ""})
    assert (silent.status_code, "Say what failed in the test" in text(silent)) == (422, True)
    done = client.post(at(unit, "fail"), {"reason": "No light on X3"}, follow=True)
    with work_unit(STAFF):
        record = SupplierRma.objects.get(unit=unit)
    assert (fresh(unit).state, record.supplier_id, record.symptom) == ("AT_SUPPLIER", world.forge.pk, "No light on X3")
    assert record.number in text(done)
    assert f"/supplier/{record.pk}/" in text(done)
    assert client.post(at(unit, "fail"), {"reason": "Again"}).status_code == 409


def test_without_a_usual_supplier_one_is_chosen(world: World, stock: Stock) -> None:
    with work_unit(STAFF):
        ProductSupplier.objects.all().delete()
    unit, client = in_state(stock, "QUARANTINE"), world.client("cora")
    asked = client.post(at(unit, "fail"), {"reason": "No light"})
    assert (asked.status_code, "Choose the supplier who gets the unit" in text(asked)) == (422, True)
    assert client.post(at(unit, "fail"), {"reason": "No light", "supplier": world.forge.pk}).status_code == 302
    assert fresh(unit).state == "AT_SUPPLIER"


def test_scrapping_is_a_managers_and_wants_a_certificate(world: World, stock: Stock) -> None:
    unit = in_state(stock, "DEFECTIVE", condition="DEFECTIVE")
    assert world.client("cora").get(at(unit, "scrap")).status_code == 404
    duty = world.client("duty")
    lacking = duty.post(at(unit, "scrap"), {"reason": "Data stays here"})
    assert lacking.status_code == 422
    assert "Enter the number of the certificate" in text(lacking)
    assert "Data stays here" in text(lacking)
    assert "is scrapped." in text(duty.post(at(unit, "scrap"), {"certificate": "C-9", "reason": "Data"}, follow=True))
    assert (fresh(unit).state, fresh(unit).note) == ("SCRAPPED", "Data (C-9)")


def test_the_shelf_is_changed_where_there_is_one(world: World, stock: Stock) -> None:
    unit = in_state(stock, "AVAILABLE")
    client = world.client("cora")
    assert client.post(at(unit, "place"), {"place": " "}).status_code == 422
    assert "stands on shelf C-12" in text(client.post(at(unit, "place"), {"place": "C-12"}, follow=True))
    assert "Moved to another shelf" in text(client.get(at(unit)))
    gone, actor = in_state(stock, "WITH_CUSTOMER", "U-2"), world.actor("cora")
    with work_unit(STAFF) as now, pytest.raises(CannotStock, match="lies on no shelf of ours"):
        services.place_unit(actor=actor, unit=gone, place="A-1", now=now.now)


def test_a_unit_is_reserved_for_a_return_that_waits(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    first, second = stock.unit(now, "OLD-1"), stock.unit(now, "NEW-2")
    client = world.client("cora")
    assert buttons(world, second) == ["place", "missing", "retire"]
    nobody = client.post(at(second, "reserve"), {"rma": str(first.pk)})
    assert nobody.status_code == 422
    rma = approved(world, component, now)
    assert buttons(world, second)[0] == "reserve"
    assert rma.reference in text(client.get(at(second, "reserve")))
    assert client.post(at(second, "reserve"), {}).status_code == 422
    done = client.post(at(second, "reserve"), {"rma": str(rma.pk)}, follow=True)
    assert f"is reserved for {rma.reference}." in text(done)
    assert f"/desk/returns/{rma.reference}/do/change_unit/" in text(done)
    assert (fresh(rma).state, fresh(rma).unit_id) == ("ALLOCATED", second.pk)
    assert client.post(at(second, "reserve"), {"rma": str(rma.pk)}).status_code == 409
    assert client.post(at(first, "reserve"), {"rma": str(rma.pk)}).status_code == 422


def test_a_reserved_unit_is_freed_by_taking_another(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    first, second = stock.unit(now, "OLD-1"), stock.unit(now, "NEW-2")
    rma = allocated(world, component, now)
    page = text(world.client("cora").get(at(first)))
    assert "Free it: take another unit" in page
    assert "Free it" not in text(world.client("marek").get(at(first)))
    url = f"/desk/returns/{rma.reference}/do/change_unit/"
    assert world.client("cora").post(url, {"unit": str(second.pk), "version": rma.version}).status_code == 302
    assert (fresh(first).state, fresh(second).state) == ("AVAILABLE", "RESERVED")


def test_of_a_missing_unit_only_the_loss_is_settled(world: World, stock: Stock) -> None:
    unit, client = in_state(stock, "QUARANTINE"), world.client("cora")
    done = client.post(at(unit, "missing"), {}, follow=True)
    assert "is missing. Another person confirms the loss." in text(done)
    assert "/desk/pool/missing/" in text(done)
    assert buttons(world, unit) == []
    told = client.post(at(unit, "pass"), {"firmware": "4"})
    assert (told.status_code, "First say that it is found" in text(told)) == (409, True)
    actor = world.actor("cora")
    with work_unit(STAFF) as now:
        for deed, more in (
            (services.pass_test, {}), (services.retire_unit, {"reason": "x"}), (services.place_unit, {"place": "x"}),
            (services.fail_test, {"reason": "x", "supplier": world.forge}),
        ):  # fmt: skip
            with pytest.raises(CannotStock, match="did not find"):
                deed(actor=actor, unit=unit, now=now.now, **more)  # type: ignore[operator]


def test_units_are_ordered_and_fill_with_what_arrives(world: World, stock: Stock) -> None:
    client, about = world.client("cora"), {"pool": stock.pool.pk, "product": str(stock.product.pk)}
    form = text(client.get(f"/desk/pool/order/?product={stock.product.pk}&count=3"))
    assert 'value="3"' in form
    assert f'<option value="{world.forge.pk}" selected>' in form
    wrong = client.post("/desk/pool/order/", {**about, "count": "0", "order_number": "PO-7"})
    assert (wrong.status_code, "Enter a number from 1 to 500" in text(wrong)) == (422, True)
    assert 'value="PO-7"' in text(wrong)
    typed = {**about, "count": "3", "supplier": world.forge.pk, "order_number": "PO-7"}
    done = text(client.post("/desk/pool/order/", typed, follow=True))
    assert f"3 units of {stock.product} on order for Chicago." in done
    with work_unit(STAFF):
        units = list(PoolUnit.objects.filter(state="ON_ORDER"))
        assert [one.note for one in units] == [f"Ordered from {world.forge.name} under PO-7"] * 3
        event = AuditEvent.objects.get(verb="pool.ordered")
        assert (event.data["count"], event.data["order"]) == (3, "PO-7")
    page = text(client.get(at(units[0])))
    assert f"Ordered from {world.forge.name} under PO-7" in page
    assert f"/desk/pool/receive/?product={stock.product.pk}" in page
    assert world.client("marek").get("/desk/pool/order/").status_code == 404


def test_what_will_not_come_of_an_order_is_taken_back(world: World, stock: Stock, now: datetime) -> None:
    client, actor = world.client("cora"), world.actor("cora")
    with work_unit(STAFF):
        about = {"actor": actor, "pool": stock.pool, "product": stock.product, "now": now}
        other = services.order_units(**about, count=1, order_number="PO-8")[0]
        units = services.order_units(**about, count=4, order_number="PO-7")
        services.receive_unit(**about, serial="CAME-1")  # the oldest row is filled: that of PO-8
        services.receive_unit(**about, serial="CAME-2")
    assert (fresh(other).state, fresh(units[0]).state) == ("QUARANTINE", "QUARANTINE")
    form = text(client.get(at(units[1], "call-off")))
    assert "Ordered under PO-7: 3 of them have not come." in form
    wrong = client.post(at(units[1], "call-off"), {"count": "4", "reason": "Ordered twice"})
    assert (wrong.status_code, "Enter a number from 1 to 3" in text(wrong)) == (422, True)
    assert "Ordered twice" in text(wrong), "what was typed stays"
    done = text(client.post(at(units[1], "call-off"), {"count": "2", "reason": "Ordered twice"}, follow=True))
    assert f"2 units of {stock.product} will not come, and count no more." in done
    with work_unit(STAFF):
        gone = list(PoolUnit.objects.filter(state="RETIRED"))
        assert [one.note for one in gone] == ["Ordered under PO-7. Ordered twice"] * 2
        assert PoolUnit.objects.filter(state="ON_ORDER").count() == 1
        assert AuditEvent.objects.get(verb="pool.called-off").data["count"] == 2
        with pytest.raises(CannotMove, match="when it is “On order”"):
            services.call_off(actor=actor, unit=fresh(units[0]), count=1, reason="Late", now=now)
    page = text(client.get(at(gone[0])))
    assert 'Order taken back<span class="row-sub">Ordered under PO-7. Ordered twice</span>' in page
    assert at(gone[0], "call-off") not in page
    assert world.client("marek").get(at(gone[0], "call-off")).status_code == 404


def test_an_order_that_makes_no_sense_is_refused(world: World, stock: Stock, now: datetime) -> None:
    actor = world.actor("cora")
    about = {"actor": actor, "pool": stock.pool, "product": stock.product, "now": now}
    wrong = ({"count": 0}, {"count": 501}, {"count": 1, "supplier": world.acme}, {"count": 1, "order_number": "x" * 61})
    with work_unit(STAFF):
        for more in wrong:
            with pytest.raises(CannotStock):
                services.order_units(**about, **more)
        assert not PoolUnit.objects.exists()


def test_what_is_low_is_ordered_from_its_line(world: World, stock: Stock, now: datetime) -> None:
    from_line = f"/desk/pool/order/?product={stock.product.pk}&amp;count=2"
    with work_unit(STAFF):
        stock.product.base_stocks.create(pool=stock.pool, level=2)
    assert from_line in text(world.client("cora").get("/desk/pool/"))
    assert from_line not in text(world.client("marek").get("/desk/pool/"))


def test_the_losses_are_still_two_peoples(world: World) -> None:
    unit = shelved(chicago(), world.components["acme"].product, "S-1")
    with work_unit(STAFF) as now:
        say_all_missing(actor=world.actor("cora"), keys=[unit.pk], now=now.now)
    page = text(world.client("duty").get(at(unit)))
    assert "/desk/pool/missing/" in page
    assert at(unit, "retire") not in page
