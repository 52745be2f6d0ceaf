"""What people may try on a return, a box, a record or a unit, right or wrong; and what brings a return to its end."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

from contracts import keeping as contracts_keeping
from contracts import services as billing
from contracts.models import Component, Invoice, Payment, WarrantyCoverage, WarrantyVoid
from rma import keeping, services
from rma.models import PoolUnit, Rma, Shipment, SupplierRma
from rma.services import Report, Wish
from rma.states import ENDED, Diagnosis, Inspection, Media, Missing
from tenancy.context import work_unit
from tests.rma.deals import STAFF, on_ticket
from tests.rma.life import PRINT, Life, read
from tests.rma.parts_model import GONE, SHELF, SUPPLIER

HOUR = timedelta(hours=1)
BOTH_WAYS = ("DEFECTIVE_RETURN", "FACTORY_IN")


def one_of(choices: Any, k: int) -> Any:
    choices = list(choices)
    return choices[k % len(choices)]


class Ways(Life):
    numbers = 0

    def begin(self) -> None:
        super().begin()
        self.numbers = 0

    def number(self, prefix: str = "T") -> str:
        self.numbers += 1
        return f"{prefix}{self.numbers:06}"

    def by(self, row: Rma | Component, k: int = 0) -> str:
        """Whoever may speak for that customer."""
        return one_of(["ilse", "dirk"], k) if row.customer_id == self.world.acme.pk else "sol"

    def clerk(self, record: SupplierRma) -> str:
        return "sam" if record.supplier_id == self.world.forge.pk else "ann"

    def record_of(self, rma: Rma) -> SupplierRma | None:
        found = [
            one
            for one in self.seen.records.values()
            if one.rma_id == rma.pk and one.state not in ("CANCELLED", "REFUSED")
        ]
        return max(found, key=lambda one: one.updated_at) if found else None

    # Customers ----------------------------------------------------------------------------------------------------------

    def ask(self, part: Component, k: int, **wish: Any) -> None:
        who = self.by(part, k)
        with work_unit(STAFF):
            part = Component.objects.select_related("product", "site").get(pk=part.pk)
        ticket = on_ticket(self.world, part, self.now, self.by(part))
        self.print = read(PRINT)
        wish.setdefault("accepts_terms", k % 6 != 0)
        self.do(who, services.request_return, ticket=ticket, wish=Wish(component=part, **wish))

    def ask_unknown(self, part: Component, k: int) -> None:
        who = self.by(part, k)
        ticket = on_ticket(self.world, None, self.now, self.by(part))
        self.print = read(PRINT)
        wish = Wish(
            serial=one_of(["NOBODY-1", "NOBODY-2", part.serial], k), accepts_terms=True, kind=one_of(["", "FACTORY"], k)
        )
        self.do(who, services.request_return, ticket=ticket, wish=wish)

    def customer(self, rma: Rma, k: int) -> None:
        who = one_of([self.by(rma, k), "cora"], k // 3)
        ways: list[Callable[[], Any]] = [
            lambda: self.do(
                who, services.supply, rma=rma, accepts_terms=True, media=one_of(Media.values, k), confirms_ship_to=True
            ),
            lambda: self.do(who, services.cancel, rma=rma, reason="It works again."),
            lambda: self.do(who, services.convert, rma=rma),
            lambda: self.do(who, services.deliver, rma=rma),
            lambda: self.do(who, services.say_sent, rma=rma),
            lambda: self.do(who, services.say_sent, rma=rma, carrier="DHL", tracking_number=self.number("OWN")),
            lambda: self.do(who, services.accept_quote, rma=rma, purchase_order="PO-7", media="NONE"),
            lambda: self.do(who, services.decline_quote, rma=rma),
            lambda: self.do(who, services.scrap, rma=rma, certificate="C-1"),
        ]  # fmt: skip
        one_of(ways, k)()

    # roZoom -------------------------------------------------------------------------------------------------------------

    def prepare(self, rma: Rma, k: int) -> None:
        supplier = one_of([None, self.world.forge, self.anvil], k)
        ways: list[Callable[[], Any]] = [
            lambda: self.do("cora", services.approve, rma=rma, failure_is_confirmed=True, supplier=supplier),
            lambda: self.do("cora", services.hold_return, rma=rma, missing=[one_of(Missing.values, k // 9)]),
            lambda: self.do("cora", services.stop, rma=rma, reason="Is this the place?"),
            lambda: self.do("cora", services.allocate, rma=rma),
            lambda: self.do("cora", services.reject, rma=rma, reason="No."),
            lambda: self.do("cora", services.release, rma=rma, reason="It is urgent."),
            lambda: self.do("marek", services.confirm_failure, rma=rma),
            lambda: self.do(
                "duty", services.decide_otherwise, rma=rma, outcome=one_of(["ADVANCE", "FACTORY", "REJECT"], k // 3),
                reason="I say so.",
            ),
            lambda: self.do("cora", services.exclude_damage, rma=rma, damage=one_of(["Lightning", ""], k // 3)),
            lambda: self.do("cora", services.send_record, rma=rma, supplier=one_of([self.world.forge, self.anvil], k)),
            lambda: self.change_unit(rma, k),
            lambda: self.do("cora", services.upgrade, rma=rma),
        ]  # fmt: skip
        one_of(ways, k)()

    def change_unit(self, rma: Rma, k: int) -> None:
        self.do("cora", services.change_unit, rma=rma, unit=self.unit(k))

    def unit(self, k: int) -> PoolUnit:
        return one_of(sorted(self.seen.units.values(), key=lambda one: one.serial), k)

    def ship(self, rma: Rma, serial: str = "") -> None:
        serial = serial or (rma.unit.serial if rma.unit else "X")
        self.do(
            "cora", services.ship, rma=rma, scanned_serial=serial, carrier="UPS", tracking_number=self.number(),
            return_tracking_number=self.number("B"),
        )  # fmt: skip

    def after(self, rma: Rma, k: int) -> None:
        """From shipping to the end."""
        serials = [
            *(item.serial for box in self.seen.boxes_of(rma, "DEFECTIVE_RETURN") for item in self.seen.in_box(box)),
            "WRONG",
            "",
        ]
        ways: list[Callable[[], Any]] = [
            lambda: self.ship(rma),
            lambda: self.ship(rma, self.unit(k).serial),
            lambda: self.do("cora", services.dead_on_arrival, rma=rma, reason="No light."),
            lambda: self.do("cora", services.receive, rma=rma, scanned_serial=one_of(serials, k // 7)),
            lambda: self.do("cora", services.receive, rma=rma, scanned_serial=serials[0]),
            lambda: self.do("cora", services.refuse_mismatch, rma=rma, reason="Not ours."),
            lambda: self.do("duty", services.accept_mismatch, rma=rma, reason="A wrong label."),
            lambda: self.inspect(rma, k // 7),
            lambda: self.do("fin", services.charge, rma=rma),
            lambda: self.do("duty", services.waive, rma=rma, certificate="C-9", reason="Data."),
            lambda: self.lose(rma, k),
            lambda: self.do("cora", services.lose_inbound, rma=rma, claim="CL", agreed="A credit."),
        ]  # fmt: skip
        one_of(ways, k)()

    def inspect(self, rma: Rma, k: int) -> None:
        result = one_of(Inspection.values, k)
        charge = Decimal(100) if result == "DAMAGED" and k % 2 and rma.list_price else None
        self.do("cora", services.inspect, rma=rma, result=result, text="Burnt.", charge=charge)

    def lose(self, rma: Rma, k: int) -> None:
        boxes = [box for box in self.seen.all_boxes() if box.rma_id == rma.pk]
        if boxes:
            self.do("cora", services.lose, shipment=one_of(boxes, k), claim="CL-1")

    def labels(self, k: int) -> None:
        boxes = [box for box in self.seen.all_boxes() if box.state in ("DRAFT", "LABEL_CREATED")]
        if not boxes:
            return
        box = one_of(boxes, k // 4)
        if k % 4:
            number = self.number("L") if k % 3 else "TAKEN"
            self.do("cora", services.make_label, shipment=box, carrier="UPS", tracking_number=number)
        else:
            self.do("cora", services.cancel_shipment, shipment=box)

    # The factory and suppliers ------------------------------------------------------------------------------------------

    def factory(self, rma: Rma, k: int) -> None:
        ways: list[Callable[[], Any]] = [
            lambda: self.do("cora", services.authorise, rma=rma, supplier=one_of([None, self.anvil], k)),
            lambda: self.quote(rma, k),
            lambda: self.do("cora", services.extend, rma=rma),
            lambda: self.do("cora", services.accept_at_factory, rma=rma, reason="A wrong label."),
            lambda: self.do("cora", services.refuse_at_factory, rma=rma, reason="Not ours."),
            lambda: self.do("cora", services.exchange_lost, rma=rma, exchange_serial=self.exchange(k)),
            *(lambda deed=deed: self.at_factory(rma, deed, k // 3) for deed in range(8)),  # type: ignore[misc]
        ]
        one_of(ways, k)()

    def quote(self, rma: Rma, k: int) -> None:
        self.do(
            "cora", services.quote_repair, rma=rma, amount=Decimal(300), currency="USD", evaluation_fee=Decimal(40 * (k % 2)),
            reason="Burnt.",
        )  # fmt: skip

    def exchange(self, k: int) -> str:
        """A new serial; or one that is somewhere already."""
        return self.number("EX") if k % 3 else one_of(sorted(self.parts.where), k)

    def at_factory(self, rma: Rma, which: int, k: int) -> None:
        record = self.record_of(rma)
        if record is None:
            return
        serial = one_of([rma.serial, rma.serial, "WRONG", ""], k)
        named = {"record": record}
        ways: list[Callable[[str], Any]] = [
            lambda who: self.do(who, services.receive_at_factory, **named, scanned_serial=serial),
            lambda who: self.do(who, services.diagnose, **named, diagnosis=one_of(Diagnosis.values, k), report="Found."),
            lambda who: self.do(who, services.diagnose_again, **named, diagnosis=one_of(Diagnosis.values, k), report="Again."),
            lambda who: self.do(who, services.begin_repair, **named),
            lambda who: self.do(who, services.fail_repair_test, **named, reason="Dark."),
            lambda who: self.do(who, services.finish_repair, **named, report="A new fan."),
            lambda who: self.do(who, services.finish_without_repair, **named, exchange_serial=self.exchange(k)),
            lambda who: self.do(
                who, services.ship_back, **named, scanned_serial=services.serial_due(rma), carrier="DHL",
                tracking_number=self.number("F"),
            ),
        ]  # fmt: skip
        one_of(ways, which)(one_of([self.clerk(record), "cora"], k))

    def supplier(self, record: SupplierRma, k: int) -> None:
        who = one_of([self.clerk(record), "cora"], k // 5)
        with_what = one_of(["REPAIR", "EXCHANGE", "CREDIT"], k // 2)
        ways: list[Callable[[], Any]] = [
            lambda: self.do(who, services.acknowledge, record=record, supplier_number=self.number("S")),
            lambda: self.do(who, services.refuse, record=record, reason="Not ours."),
            lambda: self.send_part(record, k),
            lambda: self.send_part(record, k),
            lambda: self.do(who, services.receive_part, record=record),
            lambda: self.do(
                who, services.settle, record=record, settled_with=with_what, exchange_serial=self.exchange(k),
                credit_amount=Decimal(90), credit_currency="USD", credit_note="CN-1",
            ),
        ]  # fmt: skip
        one_of(ways, k)()

    def send_part(self, record: SupplierRma, k: int) -> None:
        unit = next((one for one in self.seen.units.values() if one.serial == record.serial), None)
        if unit is None or k % 11 == 0:
            unit = self.unit(k)
        number = self.number("O") if k % 5 else "TAKEN"
        self.do("cora", services.send_part, record=record, unit=unit, carrier="UPS", tracking_number=number)

    # Carriers, the pool, finance, time ----------------------------------------------------------------------------------

    def carrier(self, box: Shipment, code: str, before: timedelta) -> None:
        at = max(self.now - before, (box.label_at or self.now) - HOUR)
        report = Report(box.carrier, box.tracking_number, code, at)
        self.do("marek", services.track, report=report)

    def pool(self, k: int) -> None:
        unit = self.unit(k // 8)
        serial = one_of([self.number("N"), self.number("N"), unit.serial, one_of(sorted(self.parts.where), k)], k // 8)
        anvil = one_of([self.world.forge, self.anvil], k)
        into = {"pool": self.stock.pool, "product": self.stock.product}
        ways: list[Callable[[], Any]] = [
            lambda: self.do("cora", services.receive_unit, **into, serial=serial),
            lambda: self.do("cora", services.pass_test, unit=unit, firmware="2"),
            lambda: self.out_of_the_pool("cora", services.fail_test, unit, SUPPLIER, supplier=anvil, reason="Dark."),
            lambda: self.out_of_the_pool("duty", services.scrap_unit, unit, GONE, certificate="C", reason="Old."),
            lambda: self.out_of_the_pool("cora", services.retire_unit, unit, GONE, reason="Old."),
            lambda: self.do("cora", services.say_missing, unit=unit),
            lambda: self.do("cora", services.found_again, unit=unit),
            lambda: self.out_of_the_pool("duty", services.confirm_missing, unit, GONE),
        ]  # fmt: skip
        one_of(ways, k)()

    def out_of_the_pool(self, who: str, deed: Callable[..., Any], unit: PoolUnit, to: str, **details: Any) -> None:
        self.expected = (unit.serial_normal, (SHELF,), to)
        self.do(who, deed, unit=unit, **details)
        self.expected = None

    def finance(self, k: int) -> None:
        with work_unit(STAFF):
            invoices = list(Invoice.objects.exclude(state__in=["DRAFT", "VOID"]).order_by("kind", "number", "pk"))
            invoice = one_of(invoices, k // 8)
            standing = Payment.objects.filter(invoice=invoice, reverses=None, amount__gt=0).last()
            open_amount = invoice.balance()
        day = self.now.date()
        about = {"invoice": invoice}
        ways: list[Callable[[], Any]] = [
            lambda: self.do("fin", billing.record_payment, **about, amount=open_amount, value_date=day),
            lambda: self.do("fin", billing.record_payment, **about, amount=Decimal(1), value_date=day),
            lambda: standing and self.do("fin", billing.reverse_payment, payment=standing, value_date=day),
            lambda: invoice.kind == "NON_RETURN" and self.do("fin", billing.void_invoice, **about, reason="A favour."),
            lambda: invoice.kind == "NON_RETURN" and self.do("fin", billing.credit_in_full, **about, reason="A favour."),
            lambda: self.do("fin", billing.ask_write_off, **about, reason="Gone."),
            lambda: self.do("adam", billing.agree_write_off, **about),
            lambda: self.do("fin", billing.record_payment, **about, amount=open_amount, value_date=day),
        ]  # fmt: skip
        one_of(ways, k)()

    # Warranties made void -------------------------------------------------------------------------------------------------

    def warranty(self, k: int) -> None:
        """Mostly the whole way to a void, since it is what the rest needs; then the appeal, and its answer."""
        waiting = [one for one in self.seen.voids if one.state in ("PROPOSED", "VOID", "APPEALED")]
        rows = sorted(self.seen.warranties, key=lambda one: (one.component.serial_normal, one.start_date))
        row = one_of([one for one in rows if one.state in ("PENDING", "ACTIVE")] or rows, k // 4)
        if not waiting or k % 4 == 0:
            self.propose_void(row, k)
        else:
            self.on_void(one_of(waiting, k // 4), k // 12)

    def propose_void(self, row: WarrantyCoverage, k: int) -> None:
        about = {"warranty": row, "reason": "The seal was broken.", "evidence": one_of(["Photo", "Photo", ""], k)}
        ground = one_of(["ABUSE", "TAMPERING", "ABUSE", "WRONG_SERIAL"], k // 3)
        void = self.do("fin", billing.propose_void, **about, ground=ground)
        if void is not None and k % 5:
            self.confirm_void(void)

    def confirm_void(self, void: WarrantyVoid) -> None:
        row, family = void.warranty, self.family_of[void.warranty.component_id]
        self.covers = lambda: self.parts.made_void(family, row.end_date)
        self.do("cora", billing.confirm_void, void=void)
        self.covers = None

    def on_void(self, void: WarrantyVoid, k: int) -> None:
        part = void.warranty.component
        ways: list[Callable[[], Any]] = [
            lambda: self.confirm_void(void),
            lambda: self.do(self.by(part, k // 4), billing.appeal, void=void, text="We never opened it."),
            lambda: self.uphold(void),
            lambda: self.do("duty", billing.refuse_appeal, void=void, answer=one_of(["No.", ""], k // 4)),
            lambda: self.do("fin", billing.withdraw_void, void=void),
            lambda: self.do("fin", billing.confirm_void, void=void),
        ]
        if void.state == "VOID" and k % 3:
            ways = [ways[1]]
        elif void.state == "APPEALED" and k % 3:
            ways = [ways[2]]
        one_of(ways, k)()

    def uphold(self, void: WarrantyVoid) -> None:
        row, family = void.warranty, self.family_of[void.warranty.component_id]
        serial, today = row.component.serial_normal, self.now.date()
        self.covers = lambda: self.parts.given_back(family, serial, row.end_date, today)
        self.do("duty", billing.uphold, void=void)
        self.covers = None

    def keep(self) -> None:
        self.now += timedelta(seconds=1)
        keeping.keep(seconds=60, now=self.now)
        contracts_keeping.keep(seconds=60, now=self.now)
        self.said.append(f"{self.now:%m-%d %H:%M:%S} the job came by")
        self.hear()

    # The end ------------------------------------------------------------------------------------------------------------

    def go_on(self, rma: Rma) -> None:
        """What whoever's turn it is would do next."""
        if rma.state in ENDED:
            return
        (self._next_of_factory if rma.kind == "FACTORY" else self._next_of_advance)(rma)

    def state(self, rma: Rma) -> str:
        return self.seen.rmas[rma.pk].state

    def _next_of_advance(self, rma: Rma) -> None:
        state = rma.state
        if state == "REQUESTED":
            self.do("cora", services.approve, rma=rma, failure_is_confirmed=True, supplier=self.world.forge)
            if self.state(rma) == "REQUESTED":
                self.do("cora", services.release, rma=rma, reason="It is urgent.")
                self.do("cora", services.approve, rma=rma, failure_is_confirmed=True, supplier=self.world.forge)
            if self.state(rma) == "REQUESTED":
                self._give_up(rma)
        elif state == "ON_HOLD":
            self.do(
                "cora", services.supply, rma=rma, accepts_terms=True, media=rma.media or "NONE", confirms_ship_to=True,
                agreement_is_known=True,
            )  # fmt: skip
            if self.state(rma) == "ON_HOLD":
                self.do("marek", services.confirm_failure, rma=rma)
            if self.state(rma) == "ON_HOLD":
                self.do("cora", services.release, rma=rma, reason="It is urgent.")
            if self.state(rma) == "ON_HOLD":
                self._give_up(rma)
        elif state == "APPROVED":
            self.do("cora", services.allocate, rma=rma)
        elif state == "BACKORDERED":
            unit = self.do(
                "cora", services.receive_unit, pool=self.stock.pool, product=self.stock.product, serial=self.number("N")
            )
            self.do("cora", services.pass_test, unit=unit, firmware="2")
        elif state == "ALLOCATED":
            self.ship(rma)
        elif state == "SHIPPED":
            box = next(
                one for one in self.seen.boxes_of(rma, "REPLACEMENT_OUT") if one.state in ("IN_TRANSIT", "EXCEPTION")
            )
            self.carrier(box, "DELIVERED", timedelta())
        elif state in ("DELIVERED", "RETURN_OVERDUE", "NON_RETURN_INVOICED", "RETURN_IN_TRANSIT"):
            self._bring_back(rma)
        elif state == "RETURN_MISMATCH":
            self.do("duty", services.accept_mismatch, rma=rma, reason="A wrong label.")
        elif state == "RETURN_RECEIVED":
            self.do("cora", services.inspect, rma=rma, result="CONFIRMED")

    def _give_up(self, rma: Rma) -> None:
        who = self.by(rma)
        if self.do(who, services.cancel, rma=rma, reason="It takes too long.") is None:
            self.do("duty", services.decide_otherwise, rma=rma, outcome="ADVANCE", reason="It is owed.")

    def _bring_back(self, rma: Rma) -> None:
        expected = [
            item.serial for box in self.seen.boxes_of(rma, "DEFECTIVE_RETURN") for item in self.seen.in_box(box)
            if not item.scanned_at
        ]  # fmt: skip
        for serial in list(dict.fromkeys(expected)) or [rma.serial]:
            if self.state(rma) not in ("DELIVERED", "RETURN_OVERDUE", "NON_RETURN_INVOICED", "RETURN_IN_TRANSIT"):
                break
            if self.do("cora", services.receive, rma=rma, scanned_serial=serial) is None:
                self.do("duty", services.waive, rma=rma, certificate="C-9", reason="It stays there.")

    def _next_of_factory(self, rma: Rma) -> None:
        state = rma.state
        if state == "REQUESTED":
            if self.do("cora", services.authorise, rma=rma, supplier=self.world.forge) is None:
                self.quote(rma, 0)
            if self.state(rma) == "REQUESTED":
                self.do("cora", services.supply, rma=rma, media="NONE")
                self.do("cora", services.authorise, rma=rma, supplier=self.world.forge)
            if self.state(rma) == "REQUESTED":
                self.do(self.by(rma), services.cancel, rma=rma, reason="It takes too long.")
        elif state == "QUOTED":
            if self.do(self.by(rma), services.accept_quote, rma=rma, purchase_order="PO", media="NONE") is None:
                self.do(self.by(rma), services.decline_quote, rma=rma)
        elif state in ("AWAITING_INBOUND", "EXPIRED", "INBOUND_IN_TRANSIT"):
            record = self.record_of(rma)
            if record is None:
                self.do("cora", services.send_record, rma=rma, supplier=self.world.forge)
                record = self.record_of(rma)
            assert record is not None
            self.do("cora", services.receive_at_factory, record=record, scanned_serial=rma.serial)
        else:
            self._repair(rma, state)

    def _repair(self, rma: Rma, state: str) -> None:
        record = self.record_of(rma)
        if record is None:
            self.do("cora", services.send_record, rma=rma, supplier=self.world.forge)
            record = self.record_of(rma)
        assert record is not None
        if state == "MISMATCH":
            self.do("cora", services.accept_at_factory, rma=rma, reason="A wrong label.")
        elif state == "RECEIVED":
            self.do("cora", services.diagnose, record=record, diagnosis="NO_FAULT_FOUND", report="Fine.")
        elif state == "DIAGNOSED" and rma.diagnosis in ("NO_FAULT_FOUND", "BEYOND_REPAIR"):
            done = self.do("cora", services.finish_without_repair, record=record, exchange_serial=self.number("EX"))
            if done is None:
                self.quote(rma, 0)
        elif state == "DIAGNOSED":
            if self.do("cora", services.begin_repair, record=record) is None:
                self.quote(rma, 0)
        elif state == "COST_HOLD":
            self.do(self.by(rma), services.accept_quote, rma=rma, purchase_order="PO")
        elif state == "REPAIRING":
            if rma.diagnosis in ("NO_FAULT_FOUND", "BEYOND_REPAIR"):
                self.do("cora", services.fail_repair_test, record=record, reason="Dark.")
            else:
                self.do("cora", services.finish_repair, record=record, report="A new fan.")
        elif state == "READY_TO_SHIP":
            self.do(
                "cora", services.ship_back, record=record, scanned_serial=services.serial_due(rma), carrier="DHL",
                tracking_number=self.number("F"),
            )  # fmt: skip
        elif state == "SHIPPED_BACK":
            self.do(self.by(rma), services.deliver, rma=rma)

    def finish(self, most: int) -> None:
        """Every path ends: nobody is left with a return that nothing moves."""
        for _ in range(most):
            self.keep()
            rows = self.seen.open_returns()
            if not rows:
                break
            for rma in rows:
                if self.state(rma) not in ENDED:
                    self.go_on(self.seen.rmas[rma.pk])
        left = [(rma.reference, rma.kind, rma.state) for rma in self.seen.open_returns()]
        assert left == [], "never ends"
        assert [unit.serial for unit in self.seen.units.values() if unit.state in ("RESERVED", "OUT_IN_TRANSIT")] == []
