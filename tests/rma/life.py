"""One random life of returns, units and boxes: it does deeds, hears what they changed, and compares it with the small model."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from contracts.models import AgreementLine, Component, Invoice, InvoiceLine, WarrantyCoverage, WarrantyVoid
from rma.models import PoolUnit, Rma, Shipment, ShipmentItem, SupplierRma
from rma.states import ENDED
from rozoom_support.lib.refusals import NotFound, Refused
from tenancy.context import work_unit
from tenancy.models import Organisation
from tests.rma.deals import STAFF, Stock
from tests.rma.parts_model import BOX, CUSTOMER, GONE, SHELF, SUPPLIER, Family, Parts
from tests.rma.test_lifecycles import TABLES
from tests.world import World

SECOND = timedelta(seconds=1)
ALLOWED = {
    (name, source, line.split()[2])
    for name, (_, table) in TABLES.items()
    for line in table.split(";")
    for source in line.split()[1].split(",")
} | {  # two moves at once
    ("factory", "EXPIRED", "INBOUND_IN_TRANSIT"),  # sent although it had expired: extended and scanned
    ("supplier", "SUBMITTED", "DEFECTIVE_SENT"),  # the factory has the part, so it has the record too
}
MACHINE_OF = {"rma_poolunit": "unit", "rma_shipment": "shipment", "rma_supplierrma": "supplier"}
# Every change of a state, and of what was promised or frozen without one, is written down by the database.
WATCH = """
DROP TABLE IF EXISTS app.test_moves;
DROP FUNCTION IF EXISTS app.test_move() CASCADE;
CREATE TABLE app.test_moves (machine text, was text, became text);
GRANT SELECT, DELETE ON app.test_moves TO rozoom_staff;
CREATE FUNCTION app.test_move() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = app, public AS $$
BEGIN
  IF NEW.state <> OLD.state THEN
    INSERT INTO app.test_moves VALUES (
      CASE TG_TABLE_NAME WHEN 'rma_rma' THEN lower(to_jsonb(NEW)->>'kind') ELSE TG_TABLE_NAME END, OLD.state, NEW.state);
  END IF;
  IF TG_TABLE_NAME <> 'rma_rma' THEN RETURN NULL; END IF;
  IF OLD.state NOT IN ('REQUESTED', 'ON_HOLD') AND (
    (NEW.state NOT IN ('APPROVED', 'ON_HOLD') AND (OLD.ship_day, OLD.contract_ship_by, OLD.deliver_target, OLD.approved_at)
      IS DISTINCT FROM (NEW.ship_day, NEW.contract_ship_by, NEW.deliver_target, NEW.approved_at))
    OR (NEW.state <> 'ON_HOLD' AND (OLD.list_price, OLD.list_price_currency)
      IS DISTINCT FROM (NEW.list_price, NEW.list_price_currency))
    OR (NEW.state <> 'DELIVERED' AND NEW.kind = 'ADVANCE' AND OLD.due_at IS DISTINCT FROM NEW.due_at)
    OR (NEW.state <> 'DELIVERED' AND (OLD.return_due, OLD.delivered_on) IS DISTINCT FROM (NEW.return_due, NEW.delivered_on)
      AND NOT (NEW.kind = 'FACTORY' AND NEW.state = 'CLOSED')))
  THEN
    INSERT INTO app.test_moves VALUES ('frozen', OLD.state, NEW.state || ' ' || NEW.reference);
  END IF;
  RETURN NULL;
END $$;
""" + "".join(
    f"CREATE TRIGGER test_move AFTER UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION app.test_move();"
    for table in ("rma_rma", *MACHINE_OF)
)
PRINTED = (
    "rma_rma", "rma_poolunit", "rma_shipment", "rma_shipmentitem", "rma_supplierrma", "rma_trackingevent", "rma_repairquote",
    "rma_rmanotice", "rma_rmacounter", "contracts_component", "contracts_warrantycoverage", "contracts_warrantyvoid",
    "contracts_agreementline",
    "contracts_invoice", "contracts_payment", "contracts_creditnote", "contracts_eligibilitydecision", "tenancy_auditevent",
    "notifications_event",
)  # fmt: skip
PRINT = "SELECT " + ", ".join(
    f"(SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM {table} t)" for table in PRINTED
)
UNPAID = ("ISSUED", "PARTIALLY_PAID")
PLACE_OF_UNIT = {
    **dict.fromkeys(("QUARANTINE", "AVAILABLE", "RESERVED", "DEFECTIVE"), SHELF),
    **dict.fromkeys(("OUT_IN_TRANSIT", "DEFECTIVE_IN_TRANSIT"), BOX),
    "AT_SUPPLIER": SUPPLIER,
    **dict.fromkeys(("SCRAPPED", "LOST", "RETIRED"), GONE),
}
PLACE_AT_FACTORY = {
    **dict.fromkeys(("INBOUND_IN_TRANSIT", "MISMATCH", "SHIPPED_BACK"), BOX),
    **dict.fromkeys(("RECEIVED", "DIAGNOSED", "COST_HOLD", "REPAIRING", "READY_TO_SHIP"), SUPPLIER),
}
KEPT = ("PAID", "WRITTEN_OFF", "WAIVED")


@contextmanager
def watched() -> Iterator[None]:
    """Outside any transaction."""
    owner: Any = connection
    with owner.as_owner(), connection.cursor() as cursor:
        cursor.execute(WATCH)
    try:
        yield
    finally:
        with owner.as_owner(), connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION app.test_move() CASCADE; DROP TABLE app.test_moves")


def read(sql: str) -> list[Any]:
    with work_unit(STAFF), connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


class Seen:
    """What stands in the tables, read at once."""

    def __init__(self) -> None:
        with work_unit(STAFF):
            self.rmas = {one.pk: one for one in Rma.objects.select_related("component", "replacement", "unit__product")}
            self.boxes = {one.pk: one for one in Shipment.objects.all()}
            self.items = {one.pk: one for one in ShipmentItem.objects.order_by("pk")}
            self.records = {one.pk: one for one in SupplierRma.objects.select_related("unit__product", "supplier")}
            self.units = {
                one.serial_normal: one for one in PoolUnit.objects.exclude(serial_normal="").select_related("product")
            }
            self.components = list(Component.objects.all())
            self.voids = list(WarrantyVoid.objects.select_related("warranty__component").order_by("proposed_at"))
            self.warranties = list(WarrantyCoverage.objects.select_related("component"))
            self.lines = list(AgreementLine.objects.select_related("component"))
            self.claims = list(
                InvoiceLine.objects.filter(
                    invoice__kind=Invoice.Kind.NON_RETURN, invoice__state__in=UNPAID
                ).values_list("invoice__customer_id", "text")
            )

    def in_box(self, box: Shipment) -> list[ShipmentItem]:
        return [item for item in self.items.values() if item.shipment_id == box.pk]

    def boxes_of(self, rma: Rma, kind: str) -> list[Shipment]:
        return [box for box in self.all_boxes() if box.rma_id == rma.pk and box.kind == kind]

    def all_returns(self) -> list[Rma]:
        """In an order that is the same when the same life is lived again: keys are drawn by lot."""
        return sorted(self.rmas.values(), key=lambda one: (one.customer_id, one.number))

    def all_boxes(self) -> list[Shipment]:
        return sorted(self.boxes.values(), key=lambda one: (self.name_of(one), one.kind, one.pk))

    def name_of(self, box: Shipment) -> tuple[str, str]:
        return (str(self.rmas[box.rma_id]) if box.rma_id else "", box.tracking_number)

    def open_returns(self) -> list[Rma]:
        return [rma for rma in self.all_returns() if rma.state not in ENDED]


class Life:
    world: World
    stock: Stock
    begins: datetime
    known: Parts
    anvil: Organisation  # another supplier
    covers: Callable[[], None] | None = None  # what a deed on a warranty means for the small model
    expected: tuple[str, tuple[str, ...], str] | None = None  # where a deed on a unit takes it

    def begin(self) -> None:
        self.now = self.begins
        self.parts = Parts(dict(self.known.where), {})
        for family in self.known.all_families():
            copy = Family(family.covered, family.warranty_to, family.line_to, list(family.serials), family.line_on)
            self.parts.families[family.covered] = copy
        self.seen = Seen()
        self.family_of = {one.pk: self.parts.families[one.serial_normal] for one in self.seen.components}
        self.print = read(PRINT)
        read("DELETE FROM app.test_moves RETURNING 1")
        self.said: list[str] = []

    def do(self, who: str, deed: Callable[..., Any], **details: Any) -> Any:
        """By this person in its own role, as a door does it. None when it was refused: then nothing has changed."""
        self.now += SECOND
        actor = self.world.actor(who)
        told = f"{self.now:%m-%d %H:%M:%S} {who} {deed.__name__} {_words(details)}"
        result = None
        with work_unit(actor.context):
            try:
                result = deed(actor=actor, now=self.now, **details)
            except (Refused, NotFound) as refusal:
                told += f": {type(refusal).__name__} {refusal}"
        self.said.append(told)
        if result is None:
            assert read(PRINT) == self.print, f"refused, and something changed: {told}"
        else:
            self.hear()
        return result

    # What happened ------------------------------------------------------------------------------------------------------

    def hear(self) -> None:
        was, self.seen = self.seen, Seen()
        self.print = read(PRINT)
        if self.expected is not None:
            self.parts.move(*self.expected)
        if self.covers is not None:
            self.covers()
        for serial in self.seen.units:
            is_new = serial not in self.parts.where or (
                serial not in was.units and self.parts.where[serial] == SUPPLIER
            )
            if is_new and self.seen.units[serial].state == "QUARANTINE":
                self.parts.arrived_at_the_pool(serial)
        for key, record in self.seen.records.items():
            self._record(was.records.get(key), record)
        for key, box in self.seen.boxes.items():
            self._box(was, was.boxes.get(key), box)
        for key, item in self.seen.items.items():
            before = was.items.get(key)
            is_back = item.kind == "DEFECTIVE_RETURN" and item.scanned_at and not (before and before.scanned_at)
            if is_back and self.parts.where[item.serial_normal] != SHELF:  # not one listed again in a second box
                self.parts.move(item.serial_normal, (BOX, CUSTOMER), SHELF)
        for key, rma in self.seen.rmas.items():
            before_rma = was.rmas.get(key)
            if before_rma is not None and before_rma.state != rma.state:
                (self._factory if rma.kind == "FACTORY" else self._advance)(rma)
        for one in self.seen.components:  # the same serial, sent to another customer later, is another component
            self.family_of.setdefault(one.pk, self.parts.families[one.serial_normal])
        self.compare()

    def _box(self, was: Seen, before: Shipment | None, box: Shipment) -> None:
        before_state = before.state if before else ""
        if before_state == box.state:
            return
        serials = [item.serial_normal for item in self.seen.in_box(box)]
        waits = before_state in ("", "DRAFT", "LABEL_CREATED")
        if box.kind == "REPLACEMENT_OUT":
            for serial in serials:
                if waits and box.state != "CANCELLED":
                    self.parts.move(serial, (SHELF,), BOX)
                self._out(was, box, serial)
        elif box.kind == "DEFECTIVE_RETURN":
            away = [item.serial_normal for item in self.seen.in_box(box) if not was.items.get(item.pk, item).scanned_at]
            for serial in away:
                if waits and box.state not in ("LABEL_CREATED", "DRAFT", "CANCELLED"):
                    self.parts.move(serial, (CUSTOMER, BOX), BOX)
                if box.state == "LOST":
                    self.parts.move(serial, (BOX,), GONE)

    def _out(self, was: Seen, box: Shipment, serial: str) -> None:
        if box.state == "LOST":
            self.parts.move(serial, (BOX,), GONE)
        elif box.state == "RETURNED_TO_SENDER":
            self.parts.move(serial, (BOX,), SHELF)
        elif box.state == "DELIVERED":
            self.parts.move(serial, (BOX,), CUSTOMER)
            rma = was.rmas[box.rma_id]
            assert box.delivered_on is not None
            self.parts.replaces((rma.replacement or rma.component).serial_normal, serial, box.delivered_on)

    def _record(self, before: SupplierRma | None, record: SupplierRma) -> None:
        if before is None or before.state == record.state or record.rma_kind == "FACTORY" or record.unit is None:
            return
        serial = record.unit.serial_normal
        if record.state == "DEFECTIVE_SENT":
            self.parts.move(serial, (SHELF, SUPPLIER), SUPPLIER)
        elif record.state == "SETTLED":
            self.parts.move(serial, (SUPPLIER,), SHELF if record.settled_with == "REPAIR" else GONE)
        elif record.state == "REFUSED" and (before.state == "DEFECTIVE_SENT" or record.rma_id is None):
            self.parts.move(serial, (SUPPLIER,), SHELF)

    def _advance(self, rma: Rma) -> None:
        if rma.state == "CLOSED" and rma.ending in KEPT:
            kept = {rma.component.serial_normal}
            for box in self.seen.boxes_of(rma, "DEFECTIVE_RETURN"):
                kept |= {item.serial_normal for item in self.seen.in_box(box) if not item.scanned_at}
            for serial in kept:
                self.parts.move(serial, (CUSTOMER, BOX), GONE)

    def _factory(self, rma: Rma) -> None:
        serial = rma.component.serial_normal if rma.component else ""
        place = PLACE_AT_FACTORY.get(rma.state)
        if place is not None:
            self.parts.where[serial] = place
        elif rma.state == "CLOSED":
            back = rma.ending in ("REPAIRED", "SENT_BACK")
            self.parts.move(serial, (BOX, SUPPLIER), CUSTOMER if back else GONE)
            family = self.parts.families[serial]
            if rma.ending == "EXCHANGED":
                new = rma.replacement.serial_normal
                assert self.parts.where.get(new) is None, f"{new} is somewhere already"
                self.parts.where[new] = CUSTOMER
                self.parts.replaces(serial, new, rma.delivered_on)
            elif rma.ending == "REPAIRED" and family.covered == serial:
                self.parts.repaired(serial, rma.delivered_on)

    # What must hold -----------------------------------------------------------------------------------------------------

    def compare(self) -> None:
        moves = read("DELETE FROM app.test_moves RETURNING machine, was, became")
        for machine, was, became in moves:
            assert (MACHINE_OF.get(machine, machine), was, became) in ALLOWED, f"{machine}: {was} -> {became}"
        seen = self.seen
        stands = {serial: self.place_of(serial) for serial in self.parts.where}
        assert {one: (stands[one], place) for one, place in self.parts.where.items() if stands[one] != place} == {}
        assert set(seen.units) <= set(self.parts.where)
        assert {one.serial_normal for one in seen.components} <= set(self.parts.where)
        self._one_of_each()
        self._cover()

    def place_of(self, serial: str) -> str:
        """As the tables tell it: of the unit, else of the component. Both can not speak of different places."""
        unit, standing = self.seen.units.get(serial), [
            one for one in self.seen.components if one.serial_normal == serial and one.state != "RETURNED"
        ]  # fmt: skip
        assert len(standing) <= 1, f"{serial} is installed twice"
        if unit is not None and unit.state != "WITH_CUSTOMER":
            place = PLACE_OF_UNIT[unit.state]
            if place in (SHELF, SUPPLIER) or unit.state == "OUT_IN_TRANSIT":
                assert not standing, f"{serial} is {unit.state}, and {standing[0].state} at a customer"
            assert place != GONE or not standing or standing[0].state == "RETIRED", f"{serial} is {unit.state}"
            return place
        if not standing or standing[0].state == "RETIRED":
            assert unit is None or standing, f"{serial} is with a customer who does not have it"
            return GONE
        at_factory = [
            PLACE_AT_FACTORY[rma.state]
            for rma in self.seen.rmas.values()
            if rma.kind == "FACTORY" and rma.component_id == standing[0].pk and rma.state in PLACE_AT_FACTORY
        ]
        return at_factory[0] if at_factory else CUSTOMER

    def _one_of_each(self) -> None:
        seen = self.seen
        reserved = {rma.unit_id for rma in seen.rmas.values() if rma.state == "ALLOCATED"}
        named = [rma.unit_id for rma in seen.rmas.values() if rma.state == "ALLOCATED"]
        assert len(named) == len(reserved)
        assert reserved == {unit.pk for unit in seen.units.values() if unit.state == "RESERVED"}
        about = [rma.component_id for rma in seen.open_returns() if rma.component_id]
        assert len(about) == len(set(about)), "two open returns of one part"
        for box in seen.boxes.values():
            if box.kind == "REPLACEMENT_OUT":
                told = [one.submitted_at for one in seen.records.values() if one.rma_id == box.rma_id]
                assert any(at is not None and at < box.label_at for at in told), "shipped before the supplier was told"
        claims = [(customer, text.split(",")[0]) for customer, text in seen.claims]
        assert len(claims) == len(set(claims)), f"charged for twice: {claims}"

    def _cover(self) -> None:
        today = self.now.date()
        for family in self.parts.all_families():
            lines = [one for one in self.seen.lines if self._is_of(one.component, family) and one.removed_on is None]
            assert [one.component.serial_normal for one in lines] == ([family.line_on] if family.line_on else [])
            standing = [
                one for one in self.seen.warranties
                if self._is_of(one.component, family) and one.state in ("PENDING", "ACTIVE") and one.end_date >= today
            ]  # fmt: skip
            expected = {family.covered} if family.warranty_to and family.warranty_to >= today else set()
            assert {one.component.serial_normal for one in standing} == expected
            assert not expected or max(one.end_date for one in standing) == family.warranty_to

    def _is_of(self, component: Component, family: Family) -> bool:
        return self.family_of[component.pk] is family


def _words(details: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in details.items())
