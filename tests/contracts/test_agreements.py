"""Quote, order, invoice, pay, reverse: what is frozen, what is refused, and what two at once do."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import Error, connections, transaction

from contracts import services
from contracts.lifecycle import InvoiceState, TermState
from contracts.models import AgreementLine, AgreementTerm, Component, Invoice, InvoiceLine, Payment, PriceListEntry
from tenancy.actor import Actor, NotAllowed
from tenancy.context import Context, work_unit
from tests.contracts.deals import STAFF, implemented, ordered, pay, price, quoted, warranty
from tests.world import ComponentFactory, World

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)
START, END = date(2026, 7, 1), date(2027, 6, 30)


@pytest.fixture
def parts(world: World) -> list[Component]:
    one = implemented(world.components["acme"], date(2026, 1, 15))
    with work_unit(STAFF):
        two = ComponentFactory(customer=world.acme, site=one.site, serial="7F-9999", implemented_on=date(2026, 1, 15))
    price(one, "1249.97")
    return [one, two]


def test_a_quote_freezes_the_price_and_an_order_invoices_it(world: World, parts: list[Component]) -> None:
    term = quoted(world, parts, START, END, on=NOW.date(), now=NOW)
    with work_unit(STAFF):
        PriceListEntry.objects.update(list_price=Decimal(99999))
        actor = world.actor("fin")
        term, invoice = services.order(actor=actor, term=term, purchase_order="PO 7", on=NOW.date(), now=NOW)
        (line,) = invoice.lines.all()
        assert (line.quantity, line.unit_amount, invoice.total) == (2, Decimal("249.99"), Decimal("499.98"))
        assert (invoice.issued_on, invoice.due_on) == (date(2026, 6, 15), date(2026, 7, 15))
        assert (term.state, term.ordered_by_name, term.valid_until) == ("ORDERED", "Fin Test", date(2026, 7, 15))


def test_invoices_are_numbered_without_a_gap_also_when_one_fails(world: World, parts: list[Component]) -> None:
    first = ordered(world, parts[:1], START, END, now=NOW).invoice
    term = quoted(world, parts[1:], START, END, on=NOW.date(), now=NOW)
    order = {"actor": world.actor("fin"), "term": term, "purchase_order": "PO", "on": NOW.date(), "now": NOW}
    with work_unit(STAFF):
        with transaction.atomic():
            services.order(**order)
            transaction.set_rollback(True)
        _, second = services.order(**order)
    assert [first.number, second.number] == ["2026-00001", "2026-00002"]


def test_a_component_still_free_is_covered_from_its_first_fee_day(world: World, parts: list[Component]) -> None:
    implemented(parts[1], date(2026, 7, 17))
    term = quoted(world, parts, START, END, on=NOW.date(), now=NOW)
    with work_unit(STAFF):
        starts = list(
            AgreementLine.objects.filter(term=term).order_by("cover_start").values_list("cover_start", "unit_fee")
        )
    # 259 of 365 days of a fifth of 1,249.97
    assert starts == [(START, Decimal("249.99")), (date(2026, 10, 16), Decimal("176.71"))]


def test_a_quote_warns_of_each_warranty_that_ends_inside_it(world: World, parts: list[Component]) -> None:
    warranty(parts[0], date(2026, 1, 15), date(2027, 6, 20))
    term = quoted(world, parts, START, END, on=NOW.date(), now=NOW)
    with work_unit(STAFF):
        found = {one.component.pk: (one.warranty_end, one.days) for one in services.warranty_warnings(term)}
    assert found == {parts[0].pk: (date(2027, 6, 20), 10), parts[1].pk: (None, 365)}


@pytest.mark.parametrize(
    "change, words",
    [
        ({"on": date(2026, 7, 16)}, "valid until 15 Jul 2026"),
        ({"purchase_order": "  "}, "purchase order"),
    ],
)
def test_what_can_not_be_ordered(world: World, parts: list[Component], change: dict[str, Any], words: str) -> None:
    term = quoted(world, parts, START, END, on=NOW.date(), now=NOW)
    asked = {"actor": world.actor("fin"), "term": term, "purchase_order": "PO", "on": NOW.date(), "now": NOW} | change
    with work_unit(STAFF), pytest.raises(services.CannotOrder, match=words):
        services.order(**asked)


def test_a_product_without_a_price_is_named(world: World, parts: list[Component]) -> None:
    with work_unit(STAFF):
        PriceListEntry.objects.update(valid_to=date(2026, 6, 14))
    with pytest.raises(services.CannotQuote, match=r"no list price in USD on 15 Jun 2026 for DC-7"):
        quoted(world, parts, START, END, on=NOW.date(), now=NOW)


def test_a_foreign_component_is_refused(world: World, parts: list[Component]) -> None:
    with pytest.raises(services.CannotQuote, match="belong to the customer"):
        quoted(world, [parts[0], world.components["bolt"]], START, END, on=NOW.date(), now=NOW)


def test_only_finance_books(world: World, parts: list[Component]) -> None:
    invoice = ordered(world, parts, START, END, now=NOW, paid=False).invoice
    with work_unit(STAFF), pytest.raises(NotAllowed):
        pay(world.actor("marek"), invoice, Decimal(1), NOW)


def test_a_cent_open_is_not_paid(world: World, parts: list[Component]) -> None:
    invoice = ordered(world, parts, START, END, now=NOW, paid=False).invoice
    fin = world.actor("fin")
    with work_unit(STAFF):
        pay(fin, invoice, Decimal("499.97"), NOW)
        assert Invoice.objects.get().state == InvoiceState.PARTIALLY_PAID
        with pytest.raises(services.CannotBill, match=r"Only 0\.01 USD is open"):
            pay(fin, invoice, Decimal("0.02"), NOW)
        payment = pay(fin, invoice, Decimal("0.01"), NOW)
        assert (Invoice.objects.get().state, Invoice.objects.get().paid_on) == (InvoiceState.PAID, NOW.date())
        services.reverse_payment(actor=fin, payment=payment, value_date=NOW.date(), now=NOW)
        assert Invoice.objects.get().state == InvoiceState.PARTIALLY_PAID
        assert Invoice.objects.get().balance() == Decimal("0.01")
        with pytest.raises(services.CannotBill, match="reversed already"):
            services.reverse_payment(actor=fin, payment=payment, value_date=NOW.date(), now=NOW)


@pytest.mark.parametrize("amount", ["0", "-5", "0.001"])
def test_an_amount_that_is_none(world: World, parts: list[Component], amount: str) -> None:
    invoice = ordered(world, parts, START, END, now=NOW, paid=False).invoice
    with work_unit(STAFF), pytest.raises(services.CannotBill, match="above zero"):
        pay(world.actor("fin"), invoice, Decimal(amount), NOW)


FROZEN = [
    lambda deal: Invoice.objects.update(total=1),
    lambda deal: Invoice.objects.update(number="2026-99999"),
    lambda deal: Invoice.objects.update(due_on=date(2030, 1, 1)),
    lambda deal: Invoice.objects.update(currency="EUR"),
    lambda deal: InvoiceLine.objects.update(unit_amount=1, amount=2),
    lambda deal: InvoiceLine.objects.all().delete(),
    lambda deal: InvoiceLine.objects.create(invoice=deal.invoice, customer_id=deal.invoice.customer_id,
                                            reseller_id=deal.invoice.reseller_id, text="x", unit_amount=1, amount=1),
    lambda deal: Payment.objects.update(amount=1),
    lambda deal: AgreementLine.objects.update(unit_fee=1),
    lambda deal: AgreementLine.objects.update(cover_end=date(2027, 6, 29)),
]  # fmt: skip


@pytest.mark.parametrize("change", FROZEN)
def test_what_is_issued_stays_in_the_database_too(world: World, parts: list[Component], change: Any) -> None:
    deal = ordered(world, parts, START, END, now=NOW)
    with work_unit(STAFF), pytest.raises(Error), transaction.atomic():
        change(deal)


def test_overlapping_terms_are_refused_in_words_and_by_the_database(world: World, parts: list[Component]) -> None:
    deal = ordered(world, parts, START, END, now=NOW)
    with work_unit(STAFF):
        fin = world.actor("fin")
        overlapping = services.draft_term(
            actor=fin, agreement=deal.agreement, components=parts, start=END, end=date(2028, 6, 30), now=NOW
        )
        services.quote(actor=fin, term=overlapping, on=NOW.date(), now=NOW)
        with pytest.raises(services.CannotOrder, match="has a term from 2026-07-01 to 2027-06-30 already"):
            services.order(actor=fin, term=overlapping, purchase_order="PO", on=NOW.date(), now=NOW)
        with pytest.raises(Error, match="agreement_terms_do_not_overlap"), transaction.atomic():
            AgreementTerm.objects.filter(pk=overlapping.pk).update(state="ORDERED", ordered_at=NOW)


def test_overlapping_prices_do_not_exist(world: World, parts: list[Component]) -> None:
    with pytest.raises(Error, match="list_prices_do_not_overlap"):
        price(parts[0], "1", valid_from=date(2026, 1, 1))


def test_overlapping_warranties_do_not_exist(world: World, parts: list[Component]) -> None:
    warranty(parts[0], date(2026, 1, 1), date(2026, 12, 31))
    with pytest.raises(Error, match="warranty_of_a_component_do_not_overlap"):
        warranty(parts[0], date(2026, 12, 31), date(2027, 12, 31), "EXTENDED")


def test_two_who_order_at_once_make_one_order(lasting_world: World) -> None:
    world = lasting_world
    one = implemented(world.components["acme"], date(2026, 1, 15))
    price(one)
    term = quoted(world, [one], START, END, on=NOW.date(), now=NOW)
    together, told = Barrier(2), []

    def go(name: str) -> None:
        try:
            actor = world.actor(name)
            with work_unit(Context("staff")):
                together.wait(10)
                services.order(actor=actor, term=term, purchase_order=name, on=NOW.date(), now=NOW)
                told.append("ordered")
        except services.CannotOrder as refused:
            told.append(refused.message)
        finally:
            connections.close_all()

    threads = [Thread(target=go, args=(name,)) for name in ("fin", "adam")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told)[1] == "ordered"
    assert "It was ordered already, by" in sorted(told)[0]
    with work_unit(STAFF):
        assert Invoice.objects.count() == 1
        assert AgreementTerm.objects.get().state == TermState.ORDERED


def test_a_customer_reads_its_own_and_writes_nothing(world: World, parts: list[Component]) -> None:
    deal = ordered(world, parts, START, END, now=NOW + timedelta(hours=1))
    for name, seen in (("ilse", 1), ("dirk", 1), ("bob", 0), ("nils", 0), ("sol", 0)):
        actor: Actor = world.actor(name)
        with work_unit(actor.context):
            assert Invoice.objects.count() == seen, name
            assert AgreementTerm.objects.count() == seen
            assert Payment.objects.count() == seen
    with work_unit(world.actor("ilse").context), pytest.raises(Error), transaction.atomic():
        AgreementTerm.objects.filter(pk=deal.term.pk).update(purchase_order="mine")
