"""The table of cases that was decided (support terms, warranty, agreement, fee), each through the service that asks for a return.

What comes out is the outcome and rule of the table, kept as a decision with its facts, and the state it leaves the return in.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from contracts import services as contracts
from contracts.entitlement import Decision, decide
from contracts.facts import Facts
from contracts.models import AgreementTerm, Component, Invoice, Payment, PriceListEntry, Product, Site, WarrantyCoverage
from rma import services
from rma.models import Rma
from rma.services import CannotApprove, CannotRequest, Wish
from tenancy.context import work_unit
from tests.contracts.deals import STAFF, ago, implemented, ordered, pay, price, warranty
from tests.rma.deals import (
    Stock,
    allocated,
    as_person,
    box,
    carrier_says,
    delivered,
    entitled,
    fresh,
    on_ticket,
    requested,
    returned,
    shipped,
    staff,
)
from tests.world import ComponentFactory, ProductFactory, SiteFactory, World

Given = Callable[[World, Component, datetime], Any]


def sold(world: World, part: Component, now: datetime, *, days_in: int, since: int, **more: Any) -> Any:
    """An agreement of a year that began `days_in` days ago and was ordered `since` days ago."""
    return ordered(world, [part], ago(now, days_in), ago(now, days_in - 364), now=now - timedelta(days=since), **more)


def in_use(world: World, part: Component, now: datetime, days: int = 500) -> None:
    with work_unit(STAFF):
        Site.objects.filter(pk=part.site_id).update(country="DE")
        has_price = PriceListEntry.objects.filter(product=part.product).exists()
    implemented(part, ago(now, days))
    if not has_price:
        price(part)


def standard(part: Component, now: datetime) -> None:
    warranty(part, ago(now, 500), ago(now, -500))


def nothing_sold(world: World, part: Component, now: datetime) -> None:
    in_use(world, part, now)


def all_met(world: World, part: Component, now: datetime) -> None:
    entitled(world, now, component=part)


def extended_only(world: World, part: Component, now: datetime) -> None:
    in_use(world, part, now)
    warranty(part, ago(now, 50), ago(now, -50), "EXTENDED")
    sold(world, part, now, days_in=30, since=40)


def free_days(world: World, part: Component, now: datetime) -> None:
    in_use(world, part, now, days=20)
    standard(part, now)


def prepaid(paid: bool) -> Given:
    def given(world: World, part: Component, now: datetime) -> None:
        free_days(world, part, now)
        sold(world, part, now, days_in=-71, since=10, paid=paid)

    return given


def bought_late_in_free_days(world: World, part: Component, now: datetime) -> None:
    free_days(world, part, now)
    sold(world, part, now, days_in=-71, since=-1)  # a day after the report


def warranty_lapsed(world: World, part: Component, now: datetime) -> None:
    in_use(world, part, now)
    warranty(part, ago(now, 500), ago(now, 10))
    sold(world, part, now, days_in=30, since=40)


def warranty_void(world: World, part: Component, now: datetime) -> None:
    all_met(world, part, now)
    with work_unit(STAFF):
        WarrantyCoverage.objects.filter(component=part).update(voided_at=now - timedelta(days=1), void_reason="Opened")


def no_agreement(world: World, part: Component, now: datetime) -> None:
    in_use(world, part, now)
    standard(part, now)


def unpaid(world: World, part: Component, now: datetime) -> None:
    entitled(world, now, component=part, paid=False, then=now - timedelta(days=5))


def partly_paid(world: World, part: Component, now: datetime) -> None:
    in_use(world, part, now)
    standard(part, now)
    deal = sold(world, part, now, days_in=3, since=5, paid=False)
    actor = world.actor("fin")
    with work_unit(actor.context):
        pay(actor, deal.invoice, deal.invoice.total - Decimal("0.01"), now - timedelta(days=1))


def reversed_before(world: World, part: Component, now: datetime) -> None:
    all_met(world, part, now)
    bounce(world, now)


def bounce(world: World, now: datetime) -> None:
    actor = world.actor("fin")
    with work_unit(actor.context):
        payment = Payment.objects.filter(reverses=None).select_related("invoice__term").order_by("recorded_at").last()
        assert payment is not None
        contracts.reverse_payment(actor=actor, payment=payment, value_date=now.date(), now=now)


def in_grace(world: World, part: Component, now: datetime) -> None:
    in_use(world, part, now)
    standard(part, now)
    sold(world, part, now, days_in=374, since=400)


def reinstated_before(world: World, part: Component, now: datetime) -> None:
    in_use(world, part, now, days=900)
    warranty(part, ago(now, 900), ago(now, -500))
    sold(world, part, now, days_in=500, since=520)
    sold(world, part, now, days_in=20, since=20)


def reinstated_after(world: World, part: Component, now: datetime) -> None:
    in_use(world, part, now, days=900)
    warranty(part, ago(now, 900), ago(now, -500))
    sold(world, part, now, days_in=500, since=520)
    sold(world, part, now, days_in=-1, since=-1)


def not_listed(world: World, part: Component, now: datetime) -> None:
    in_use(world, part, now)
    standard(part, now)
    with work_unit(STAFF):
        other = ComponentFactory(customer=world.acme, site=part.site)
    implemented(other, ago(now, 500))
    sold(world, other, now, days_in=30, since=40)


def other_country(world: World, part: Component, now: datetime) -> None:
    all_met(world, part, now)
    with work_unit(STAFF):
        Site.objects.filter(pk=part.site_id).update(country="NZ")


def moved_and_told(world: World, part: Component, now: datetime) -> None:
    all_met(world, part, now)
    with work_unit(world.actor("cora").context):
        site = SiteFactory(customer=world.acme, name="Second site", country="DE")
        contracts.move_component(actor=world.actor("cora"), component=part, to=site, moved_on=now.date(), now=now)
        part.refresh_from_db()


def retired(world: World, part: Component, now: datetime) -> None:
    all_met(world, part, now)
    with work_unit(STAFF):
        Component.objects.filter(pk=part.pk).update(state="RETIRED")


def software(world: World, part: Component, now: datetime) -> None:
    with work_unit(STAFF):
        part.product = ProductFactory(sku="SW-1", name="Lift software", kind=Product.Kind.SOFTWARE)
        part.save(update_fields=["product"])


def attested(world: World, part: Component, now: datetime) -> None:
    in_use(world, part, now)
    standard(part, now)
    dora = world.actor("dora")
    with work_unit(world.actor("fin").context):
        agreement = contracts.open_agreement(
            actor=world.actor("fin"), customer=world.acme, currency="USD", sold_by=world.delta, now=now
        )
        term = contracts.draft_term(
            actor=world.actor("fin"),
            agreement=agreement,
            components=[part],
            start=ago(now, 5),
            end=ago(now, -359),
            now=now,
        )
        term = contracts.quote(actor=world.actor("fin"), term=term, on=ago(now, 6), now=now - timedelta(days=6))
        term, _ = contracts.order(
            actor=world.actor("fin"), term=term, purchase_order="PO", on=ago(now, 6), now=now - timedelta(days=6)
        )
    with work_unit(dora.context):
        contracts.attest_payment(
            actor=dora, term=term, paid_on=ago(now, 5), statement="Our customer paid us.", now=now - timedelta(hours=1)
        )


# number of the case: (what is given, outcome, rule, kind, state)
CASES: dict[str, tuple[Given, str, str, str, str]] = {
    "1 all met": (all_met, "ADVANCE", "R10", "ADVANCE", "REQUESTED"),
    "2 extended warranty only": (extended_only, "ADVANCE", "R10", "ADVANCE", "REQUESTED"),
    "3 free days": (free_days, "FACTORY", "R6", "FACTORY", "REQUESTED"),
    "4 prepaid in the free days": (prepaid(True), "ADVANCE", "R10", "ADVANCE", "REQUESTED"),
    "5 ordered in the free days, open": (prepaid(False), "FACTORY", "R8", "FACTORY", "REQUESTED"),
    "7 warranty lapsed": (warranty_lapsed, "FACTORY", "R5", "FACTORY", "REQUESTED"),
    "8 warranty void": (warranty_void, "FACTORY", "R5", "FACTORY", "REQUESTED"),
    "9 never an agreement": (no_agreement, "FACTORY", "R6", "FACTORY", "REQUESTED"),
    "10 invoice open": (unpaid, "FACTORY", "R8", "FACTORY", "REQUESTED"),
    "11 a cent is open": (partly_paid, "FACTORY", "R8", "FACTORY", "REQUESTED"),
    "12 reversed": (reversed_before, "FACTORY", "R8", "FACTORY", "REQUESTED"),
    "14 grace": (in_grace, "FACTORY", "R6", "FACTORY", "REQUESTED"),
    "17 reinstated before": (reinstated_before, "ADVANCE", "R10", "ADVANCE", "REQUESTED"),
    "18 moved and told": (moved_and_told, "ADVANCE", "R10", "ADVANCE", "REQUESTED"),
    "20 no service there": (other_country, "ADVANCE", "R9", "ADVANCE", "REQUESTED"),
    "23 not listed": (not_listed, "FACTORY", "R6", "FACTORY", "REQUESTED"),
    "25 software": (software, "SOFTWARE", "R3", "ADVANCE", "REJECTED"),
    "28 the reseller attests": (attested, "ADVANCE", "R10", "ADVANCE", "REQUESTED"),
    "36 kept and charged": (retired, "REJECT", "R4", "ADVANCE", "REJECTED"),
    "42 nothing at all": (nothing_sold, "FACTORY", "R5", "FACTORY", "REQUESTED"),
}


@pytest.mark.parametrize("name", list(CASES))
def test_the_table(world: World, stock: Stock, now: datetime, name: str) -> None:
    given, outcome, rule, kind, state = CASES[name]
    part = world.components["acme"]
    given(world, part, now)
    asked = requested(world, part, now)
    rma = asked.rma
    assert (rma.outcome, rma.rule, rma.kind, rma.state) == (outcome, rule, kind, state)
    assert (str(asked.decision.outcome), asked.decision.rule) == (outcome, rule)
    assert rma.decision["reasons"]
    assert all(rma.decision["reasons"])
    kept(rma, now, outcome, rule)


def kept(rma: Rma, now: datetime, outcome: str, rule: str) -> None:
    """The facts alone give the same answer for ever."""
    with work_unit(STAFF):
        last = services.decisions_of(rma)[-1]
    again: Decision = decide(Facts.from_json(last.facts), now)
    assert (str(again.outcome), again.rule, last.outcome, last.rule) == (outcome, rule, outcome, rule)


def test_6_and_16_cover_bought_after_the_report_is_for_later_failures(
    world: World, stock: Stock, now: datetime
) -> None:
    for given, part in ((bought_late_in_free_days, "acme"), (reinstated_after, "solo")):
        given(world, world.components[part], now - timedelta(days=3))
        by = {"acme": "ilse", "solo": "sol"}[part]
        reported = on_ticket(world, world.components[part], now - timedelta(days=3), by)
        rma = requested(world, world.components[part], now, by, ticket=reported).rma
        assert (rma.outcome, rma.rule, rma.kind) == ("FACTORY", "R7", "FACTORY")


def test_12_a_payment_reversed_before_shipment_puts_it_on_hold_and_frees_the_unit(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    unit = stock.unit(now)
    rma = allocated(world, component, now)
    bounce(world, now)
    rma = staff(world, services.ship, rma, now, scanned_serial=unit.serial, carrier="UPS", tracking_number="1Z1",
                return_tracking_number="1Z2")  # fmt: skip
    assert (rma.state, rma.outcome, rma.missing) == ("ON_HOLD", "FACTORY", ["RECHECK"])
    assert (rma.unit_id, rma.approved_at, rma.ship_day) == (None, None, None)
    assert fresh(unit).state == "AVAILABLE"


def test_13_reversed_after_shipment_it_goes_on(world: World, stock: Stock, component: Component, now: datetime) -> None:
    stock.unit(now)
    rma = shipped(world, component, now)
    bounce(world, now)
    carrier_says(world, box(rma, "REPLACEMENT_OUT"), "DELIVERED", now)
    assert fresh(rma).state == "DELIVERED"


@pytest.mark.parametrize("given", [unpaid, in_grace])
def test_5_10_and_15_paid_while_it_is_open_it_becomes_an_advance_replacement(
    world: World, stock: Stock, now: datetime, given: Given
) -> None:
    part = world.components["acme"]
    given(world, part, now)
    rma = requested(world, part, now).rma
    fin = world.actor("fin")
    if given is in_grace:
        sold(world, part, now, days_in=9, since=0)
        with work_unit(STAFF):  # the renewal: begins the day after the term that ended
            old, new = AgreementTerm.objects.order_by("start_date")
            AgreementTerm.objects.filter(pk=new.pk).update(predecessor=old, kind="RENEWAL")
    else:
        with work_unit(fin.context):
            invoice = Invoice.objects.select_related("term__agreement").get()
            pay(fin, invoice, invoice.total, now)
    following = staff(world, services.upgrade, rma, now)
    assert (fresh(rma).state, following.kind, following.rule) == ("UPGRADED", "ADVANCE", "R10")
    assert following.ticket_id == rma.ticket_id
    assert following.previous_id == rma.pk


def test_19_at_another_place_than_we_know_a_second_contact_confirms(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    with work_unit(STAFF):
        elsewhere = SiteFactory(customer=world.acme, name="Elsewhere", country="DE")
    rma = requested(world, component, now, ship_to=elsewhere).rma
    assert (rma.state, rma.rule, rma.missing) == ("ON_HOLD", "R1", ["SHIP_TO"])
    with pytest.raises(services.CannotReturn, match="Somebody else"):
        as_person(world, "ilse", services.supply, rma=rma, now=now, confirms_ship_to=True)
    rma = as_person(world, "ana", services.supply, rma=rma, now=now, confirms_ship_to=True)
    assert (rma.state, rma.outcome, rma.rule) == ("REQUESTED", "ADVANCE", "R10")


def test_21_and_22_a_serial_nobody_of_this_customer_has_waits_until_it_is_registered(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    others = world.components["bolt"]
    with pytest.raises(CannotRequest, match="We do not know this component"):
        requested(world, others, now, ticket=on_ticket(world, None, now))
    answers = []
    for serial in (others.serial, "ZZ-9999"):  # another tenant's serial answers as an unknown one does
        ticket = on_ticket(world, None, now)
        rma = requested(world, None, now, ticket=ticket, serial=serial).rma
        answers.append((rma.state, rma.rule, rma.missing, rma.decision["reasons"]))
    assert answers[0] == answers[1]
    assert answers[0][:3] == ("ON_HOLD", "R1", ["SERIAL"])
    with work_unit(STAFF):
        new = contracts.install_component(
            product=component.product, site=component.site, serial="zz 9999", implemented_on=ago(now, 500)
        )
    warranty(new, ago(now, 500), ago(now, -500))
    rma = as_person(world, "ilse", services.supply, rma=rma, now=now)
    assert (rma.state, rma.component_id, rma.rule) == ("REQUESTED", new.pk, "R6")


def test_24_a_serial_typed_nearly_right_is_asked_back(world: World, stock: Stock, now: datetime) -> None:
    part = entitled(world, now)
    typed = part.serial[:-1] + ("8" if part.serial[-1] != "8" else "9")
    rma = requested(world, None, now, ticket=on_ticket(world, None, now), serial=typed).rma
    assert (rma.rule, rma.state) == ("R1", "ON_HOLD")
    assert part.serial in rma.decision["would_change"][0].replace("7F", "7F-").replace("--", "-")


def test_26_the_engineer_decides_whether_software_was_the_fault(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    rma = requested(world, component, now).rma
    with pytest.raises(CannotApprove, match="The failure is confirmed"):
        staff(world, services.approve, rma, now)
    rma = staff(world, services.hold_return, rma, now, missing=["DIAGNOSIS"], reason="Try version 2.1 first.")
    rma = as_person(world, "marek", services.confirm_failure, rma=rma, now=now)
    assert rma.state == "REQUESTED"
    assert staff(world, services.approve, rma, now).state == "APPROVED"


def test_29_an_agreement_we_do_not_know_of_is_confirmed_by_its_reseller(
    world: World, stock: Stock, now: datetime
) -> None:
    part = world.components["acme"]
    no_agreement(world, part, now)
    rma = requested(world, part, now, agreement_from="Delta Reseller").rma
    assert (rma.state, rma.rule, rma.missing) == ("ON_HOLD", "R1", ["AGREEMENT"])
    with pytest.raises(services.CannotReturn, match="The reseller"):
        as_person(world, "ilse", services.supply, rma=rma, now=now, agreement_is_known=True)
    rma = as_person(world, "dora", services.supply, rma=rma, now=now, agreement_is_known=True)
    assert (rma.state, rma.rule) == ("REQUESTED", "R6")


@pytest.mark.parametrize("ended", ["agreement", "warranty"])
def test_30_and_31_what_held_at_the_report_counts(world: World, stock: Stock, now: datetime, ended: str) -> None:
    part = world.components["acme"]
    then = now - timedelta(days=5)
    in_use(world, part, now)
    last_of_warranty = ago(now, 3) if ended == "warranty" else ago(now, -300)
    warranty(part, ago(now, 400), last_of_warranty)
    sold(world, part, now, days_in=367 if ended == "agreement" else 30, since=380)
    rma = requested(world, part, now, ticket=on_ticket(world, part, then)).rma
    assert (rma.outcome, rma.rule) == ("ADVANCE", "R10")


def test_33_a_second_request_goes_on_in_the_open_return(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    first = requested(world, component, now)
    with work_unit(world.actor("dirk").context):
        seen = services.look(
            actor=world.actor("dirk"), ticket=first.rma.ticket, wish=Wish(component=component), now=now
        )
    assert (seen.decision.rule, seen.open_return) == ("R2", first.rma)
    again = requested(world, component, now, "ana")
    assert (again.is_new, again.rma, again.decision.rule) == (False, first.rma, "R2")


def test_34_a_dead_replacement_gets_a_second_one_under_the_same_number(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now, "ONE"), stock.unit(now, "TWO")
    rma = delivered(world, component, now)
    dead = rma.replacement_id
    rma = staff(world, services.dead_on_arrival, rma, now, reason="No light either.")
    assert (rma.state, rma.dead_on_arrival, len(rma.earlier_promises)) == ("APPROVED", 1, 1)
    again = requested(world, _component(dead), now)
    assert (again.is_new, again.decision.rule) == (False, "R2")
    with pytest.raises(services.CannotReturn, match="both parts come back"):
        as_person(world, "ilse", services.cancel, rma=rma, now=now, reason="Never mind.")
    rma = staff(world, services.allocate, rma, now)
    rma = staff(world, services.ship, rma, now, scanned_serial="TWO", carrier="UPS", tracking_number="1Z77")
    carrier_says(world, box(rma, "REPLACEMENT_OUT"), "DELIVERED", now)
    rma = fresh(rma)
    assert rma.state == "DELIVERED"
    with work_unit(STAFF):
        standing = WarrantyCoverage.objects.filter(customer=world.acme, state="PENDING").get()
        assert standing.component.serial == "TWO"
    back = box(rma, "DEFECTIVE_RETURN")
    carrier_says(world, back, "SCAN", now)
    rma = staff(world, services.receive, fresh(rma), now, scanned_serial="ONE")
    assert rma.state == "RETURN_IN_TRANSIT"
    rma = staff(world, services.receive, rma, now, scanned_serial=component.serial)
    assert rma.state == "RETURN_RECEIVED"


def _component(key: Any) -> Component:
    with work_unit(STAFF):
        return Component.objects.select_related("product", "site").get(pk=key)


def test_35_another_part_is_overdue_so_a_coordinator_releases_it(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now)
    late = delivered(world, component, now)
    then = now + timedelta(days=40)
    with work_unit(STAFF):
        other = ComponentFactory(customer=world.acme, site=component.site)
    entitled(world, now, component=other)
    rma = requested(world, other, then).rma
    assert (rma.rule, rma.decision["flags"]) == ("R10", [f"A part is overdue on {late}: a coordinator releases this."])
    with pytest.raises(CannotApprove, match="overdue"):
        staff(world, services.approve, rma, then, failure_is_confirmed=True)
    rma = staff(world, services.release, rma, then, reason="The part is on its way, they say.")
    assert staff(world, services.approve, rma, then, failure_is_confirmed=True).state == "APPROVED"


def test_37_damage_seen_on_inspection_is_charged_for(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now)
    rma = returned(world, component, now)
    rma = staff(
        world, services.inspect, rma, now, result="DAMAGED", text="Burnt by a wrong supply.", charge=Decimal("250.00")
    )
    assert (rma.state, rma.repair_invoice.total, rma.repair_invoice.kind) == ("CLOSED", 250, "REPAIR")


def test_38_no_fault_found_costs_nothing(world: World, stock: Stock, component: Component, now: datetime) -> None:
    stock.unit(now)
    rma = staff(world, services.inspect, returned(world, component, now), now, result="NO_FAULT_FOUND")
    assert (rma.state, rma.inspection, rma.repair_invoice_id) == ("CLOSED", "NO_FAULT_FOUND", None)


def test_39_data_that_must_not_leave_stays_with_a_certificate(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now)
    with work_unit(STAFF):
        Product.objects.filter(pk=component.product_id).update(has_media=True)
        component.product.has_media = True
    held = requested(world, component, now).rma
    assert (held.state, held.missing) == ("ON_HOLD", ["MEDIA"])
    rma = as_person(world, "ilse", services.supply, rma=held, now=now, media="RETAINED")
    rma = staff(world, services.approve, rma, now, failure_is_confirmed=True)
    rma = staff(world, services.allocate, rma, now)
    rma = staff(world, services.ship, rma, now, scanned_serial=rma.unit.serial, carrier="UPS", tracking_number="1Z1")
    carrier_says(world, box(rma, "REPLACEMENT_OUT"), "DELIVERED", now)
    rma = staff(world, services.waive, fresh(rma), now, by="duty", certificate="CD-77", reason="Data stays on site.")
    assert (rma.state, rma.ending, rma.certificate) == ("CLOSED", "WAIVED", "CD-77")
    assert fresh(component).state == "RETIRED"


def test_40_an_empty_pool_makes_it_wait_and_the_next_unit_serves_it(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    rma = allocated(world, component, now)
    assert (rma.state, rma.outcome) == ("BACKORDERED", "ADVANCE")
    unit = stock.unit(now)
    assert (fresh(rma).state, fresh(rma).unit_id, unit.state) == ("ALLOCATED", unit.pk, "RESERVED")


def test_41_a_supplier_that_refuses_changes_nothing_for_the_customer(
    world: World, stock: Stock, component: Component, now: datetime
) -> None:
    stock.unit(now)
    rma = allocated(world, component, now)
    with work_unit(STAFF):
        record = rma.supplier_records.get()
    as_person(world, "sam", services.refuse, record=record, reason="Not one of ours.", now=now)
    rma = staff(world, services.ship, fresh(rma), now, scanned_serial=rma.unit.serial, carrier="UPS",
                tracking_number="1Z1", return_tracking_number="1Z2")  # fmt: skip
    assert (rma.state, rma.outcome) == ("SHIPPED", "ADVANCE")


def test_43_a_manager_exchanges_new_equipment_that_was_dead_when_it_came(
    world: World, stock: Stock, now: datetime
) -> None:
    part = world.components["acme"]
    free_days(world, part, now)
    with work_unit(STAFF):
        elsewhere = SiteFactory(customer=world.acme, name="Elsewhere", country="DE")
    rma = requested(world, part, now, ship_to=elsewhere).rma
    rma = staff(world, services.decide_otherwise, rma, now, by="duty", outcome="ADVANCE", reason="Dead on arrival.")
    assert (rma.outcome, rma.rule) == ("ADVANCE", "R1")
    rma = as_person(world, "ana", services.supply, rma=rma, now=now, confirms_ship_to=True)
    assert staff(world, services.approve, rma, now, failure_is_confirmed=True).state == "APPROVED"
    with work_unit(STAFF):
        last = [one for one in services.decisions_of(rma) if one.is_overridden][-1]
        assert (last.rule_outcome, last.outcome, last.override_reason) == ("HOLD", "ADVANCE", "Dead on arrival.")
