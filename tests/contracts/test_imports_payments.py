"""Bank lines: which invoice they pay, what is booked, and what a person does with the rest."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from contracts.imports import deeds, running
from contracts.imports.matching import Account, apply, book, match, numbers_in
from contracts.models import BankLine, Invoice, Payment
from tenancy.actor import NotAllowed
from tenancy.context import database_now, work_unit
from tests.contracts.deals import Deal, implemented, ordered, price
from tests.contracts.imports import PAYMENTS, STAFF, checked, counts, problems, written
from tests.world import World

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
D = Decimal


# Numbers


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("2026-00012", ["2026-00012"]),
        ("Invoice 2026-00012 of May", ["2026-00012"]),
        ("RE2026-00012.", ["2026-00012"]),
        ("2026 - 00012", ["2026-00012"]),
        ("2026/00012", ["2026-00012"]),
        ("2026–00012", ["2026-00012"]),
        ("202600012", ["2026-00012"]),
        ("2026 00012", ["2026-00012"]),
        ("2026-000 12", ["2026-00012"]),
        ("2026-0 0 0 1 2", ["2026-00012"]),
        ("2026-00012 15.05.", ["2026-00012", "2026-0001215"]),
        ("2026-00012, 2026-00013", ["2026-00012", "2026-00013"]),
        ("2026-123456", ["2026-123456"]),
        ("12026-00012", []),
        ("2026-0012", []),
        ("1999-00012", []),
        ("2026-05-01", []),
        ("DE02 1203 0000 0000 2020 51", []),
        ("thank you", []),
        ("", []),
    ],
)
def test_an_invoice_number_is_found_however_the_bank_tore_it(text: str, numbers: list[str]) -> None:
    assert numbers_in(text) == numbers


# Matching


def account(number: str = "2026-00012", **more: Any) -> Account:
    values = {"state": "ISSUED", "currency": "EUR", "open": D("1000.00"), "payments": []} | more
    return Account(None, number, **values)  # type: ignore[arg-type]


ACCOUNTS = {
    one.number: one
    for one in (
        account(),
        account("2026-00013", state="PARTIALLY_PAID", open=D("400.00"), payments=[(1, D("100.00")), (2, D("100.00"))]),
        account("2026-00014", state="PAID", open=D(0), payments=[(3, D("1000.00"))]),
        account("2026-00015", state="VOID", open=D(0)),
        account("2026-00016", state="CREDITED", open=D(0)),
        account("2026-00017", state="WRITTEN_OFF", open=D("10.00")),
        account("2026-00018", currency="USD"),
    )
}


@pytest.mark.parametrize(
    ("amount", "currency", "text", "words"),
    [
        ("1000.00", "EUR", "2026-00012", ""),
        ("0.01", "EUR", "2026-00012", ""),
        ("400.00", "EUR", "2026-00013", ""),
        ("1000.01", "EUR", "2026-00012", "Only 1,000.00 EUR is open on invoice 2026-00012."),
        ("400.01", "EUR", "2026-00013", "Only 400.00 EUR is open on invoice 2026-00013."),
        ("1000.00", "EUR", "2026-00014", "Invoice 2026-00014 is paid already."),
        ("1000.00", "EUR", "2026-00015", "Invoice 2026-00015 is void."),
        ("1000.00", "EUR", "2026-00016", "Invoice 2026-00016 is credited."),
        ("10.00", "EUR", "2026-00017", "Invoice 2026-00017 is written off."),
        ("1000.00", "USD", "2026-00012", "Invoice 2026-00012 is in EUR."),
        ("1000.00", "USD", "2026-00018", ""),
        ("1000.00", "EUR", "2026-99999", "There is no invoice 2026-99999."),
        ("1000.00", "EUR", "thank you", "There is no invoice number in it."),
        ("1400.00", "EUR", "2026-00012 and 2026-00013", "It names more than one invoice: 2026-00012, 2026-00013."),
        ("1000.00", "EUR", "2026-99999 or 2026-00012", ""),
        ("-1000.00", "EUR", "2026-00014", ""),
        ("-100.00", "EUR", "2026-00013", ""),
        ("-1000.00", "EUR", "2026-00012", "No payment of 1,000.00 EUR stands on invoice 2026-00012"),
        ("-999.99", "EUR", "2026-00014", "No payment of 999.99 EUR stands on invoice 2026-00014"),
        ("-1000.00", "USD", "2026-00014", "Invoice 2026-00014 is in EUR."),
    ],
)
def test_a_line_is_booked_on_the_one_invoice_it_fits(amount: str, currency: str, text: str, words: str) -> None:
    found = match(D(amount), currency, numbers_in(text), ACCOUNTS)
    assert (found.account is None) == bool(words)
    assert found.reason.startswith(words)
    assert found.is_reversal == (not words and amount.startswith("-"))


def test_the_newest_payment_of_that_amount_is_taken_back_and_each_once() -> None:
    one = account("2026-00013", open=D("400.00"), payments=[(1, D("100.00")), (2, D("100.00"))])
    for expected in (2, 1):
        found = book(D("-100.00"), "EUR", one)
        assert found.payment == expected
        apply(D("-100.00"), found)
    assert (one.open, book(D("-100.00"), "EUR", one).account) == (D("600.00"), None)


# Booking


@pytest.fixture
def deal(world: World) -> Iterator[Deal]:
    """An invoice of 2,000.00 USD that nobody has paid."""
    component = implemented(world.components["acme"], date(2026, 1, 15))
    price(component)
    made = ordered(world, [component], date(2026, 6, 1), date(2027, 5, 31), now=NOW, paid=False)
    assert made.invoice.total == D(2000)
    return made


def line(amount: str, text: str, reference: str = "", day: str = "2026-05-10", currency: str = "USD") -> str:
    return f"{day},{amount},{currency},Acme Lifts,{text},{reference}\n"


def kept() -> list[tuple[str, str, str]]:
    with work_unit(STAFF):
        return [(f"{one.amount:.2f}", one.state, one.reason) for one in BankLine.objects.order_by("line")]


def invoice_of(deal: Deal) -> Invoice:
    with work_unit(STAFF):
        found = Invoice.objects.prefetch_related("payments", "credits").get(pk=deal.invoice.pk)
        found.balance()
        return found


def test_lines_are_booked_in_their_order_and_the_rest_waits(world: World, deal: Deal) -> None:
    number = deal.invoice.number
    text = (
        PAYMENTS
        + line("-500.00", f"returned {number}", "B4", "2026-05-12")
        + line("500.00", f"first part: {number}", "B1")
        + line("1500.00", f"rest of {number[:4]} {number[5:]}", "B2")
        + line("77.00", "a gift", "B3")
        + line("500.00", number, "B5", currency="EUR")
    )
    run = checked(world, "PAYMENTS", text)
    assert [(one["title"], one["count"]) for one in run.preview["groups"]] == [
        ("Matched to an invoice", 3),
        ("Matched to no invoice, to wait for a person", 2),
    ]
    assert kept() == []
    done = written(world, "PAYMENTS", text)
    assert (done.state, counts(done), done.message) == ("DONE", (5, 0, 0, 0), "3 booked, 2 wait for a person")
    assert kept() == [
        ("-500.00", "MATCHED", ""),
        ("500.00", "MATCHED", ""),
        ("1500.00", "MATCHED", ""),
        ("77.00", "UNMATCHED", "There is no invoice number in it."),
        ("500.00", "UNMATCHED", f"Invoice {number} is in USD."),
    ]
    invoice = invoice_of(deal)
    assert (invoice.state, invoice.balance()) == ("PARTIALLY_PAID", D(500))
    with work_unit(STAFF):
        payments = list(
            Payment.objects.order_by("pk").values_list("amount", "source", "reference", "by_name", "value_date")
        )
    assert payments == [
        (D(500), "bank", "B1", "Fin Test", date(2026, 5, 10)),
        (D(1500), "bank", "B2", "Fin Test", date(2026, 5, 10)),
        (D(-500), "bank", "B4", "Fin Test", date(2026, 5, 12)),
    ]


def test_the_same_export_again_books_nothing(world: World, deal: Deal) -> None:
    text = (
        PAYMENTS
        + line("500.00", deal.invoice.number, "B1")
        + line("500.00", deal.invoice.number)
        + line("9.00", "gift")
    )
    written(world, "PAYMENTS", text)
    again = checked(world, "PAYMENTS", text)
    assert (counts(again), invoice_of(deal).balance()) == ((0, 0, 3, 0), D(1000))
    longer = written(world, "PAYMENTS", text + line("100.00", deal.invoice.number, "B9"))
    assert (counts(longer), invoice_of(deal).balance()) == ((1, 0, 3, 0), D(900))


def test_equal_lines_of_one_file_are_two_bookings_unless_the_bank_names_them_alike(world: World, deal: Deal) -> None:
    number = deal.invoice.number
    twice = PAYMENTS + line("500.00", number) * 2
    assert counts(written(world, "PAYMENTS", twice)) == (2, 0, 0, 0)
    assert invoice_of(deal).balance() == D(1000)
    assert counts(checked(world, "PAYMENTS", twice)) == (0, 0, 2, 0)
    named = checked(world, "PAYMENTS", PAYMENTS + line("1.00", number, "B1") * 2)
    assert problems(named) == [(3, "reference", "The same reference stands in line 2.")]


def test_a_reference_that_means_something_else_now_is_not_taken_for_the_same(world: World, deal: Deal) -> None:
    written(world, "PAYMENTS", PAYMENTS + line("500.00", deal.invoice.number, "NONREF"))
    run = checked(world, "PAYMENTS", PAYMENTS + line("700.00", deal.invoice.number, "NONREF"))
    ((number, column, reason),) = problems(run)
    assert (number, column) == (2, "reference")
    assert reason.startswith("This reference was imported before as 500 USD on 2026-05-10.")


def test_an_invoice_paid_between_reading_and_writing_makes_its_line_wait(world: World, deal: Deal) -> None:
    run = checked(world, "PAYMENTS", PAYMENTS + line("2000.00", deal.invoice.number, "B1"))
    assert run.preview["groups"][0]["title"] == "Matched to an invoice"
    written(world, "PAYMENTS", PAYMENTS + line("2000.00", deal.invoice.number, "A1"))
    with work_unit(STAFF):
        deeds.write_import(actor=world.actor("fin"), run=run, mode="ALL", now=database_now())
    running.work()
    assert kept()[-1][1:] == ("UNMATCHED", f"Invoice {deal.invoice.number} is paid already.")
    assert invoice_of(deal).balance() == 0


# What a person does


@pytest.fixture
def waiting(world: World, deal: Deal) -> BankLine:
    written(world, "PAYMENTS", PAYMENTS + line("2000.00", "from us", "B1"))
    with work_unit(STAFF):
        return BankLine.objects.get()


def settle(world: World, found: BankLine, number: str, who: str = "fin") -> BankLine:
    with work_unit(STAFF):
        return deeds.book_bank_line(actor=world.actor(who), line=found, number=number, now=database_now())


def test_finance_books_a_line_under_the_same_rules(world: World, deal: Deal, waiting: BankLine) -> None:
    number = deal.invoice.number
    with pytest.raises(deeds.CannotSettle, match="There is no invoice 2026-99999"):
        settle(world, waiting, "2026-99999")
    with pytest.raises(NotAllowed):
        settle(world, waiting, number, "marek")
    done = settle(world, waiting, f" {number[:6]} {number[6:]} ")
    assert (done.state, done.invoice_number, done.reason, done.settled_by_name) == ("MATCHED", number, "", "Fin Test")
    assert (invoice_of(deal).state, invoice_of(deal).balance()) == ("PAID", D(0))
    with pytest.raises(deeds.CannotSettle, match=f"Fin Test booked this line on invoice {number} already"):
        settle(world, waiting, number)
    assert invoice_of(deal).balance() == 0


def test_a_line_set_aside_has_a_reason_and_can_still_be_booked(world: World, deal: Deal, waiting: BankLine) -> None:
    with work_unit(STAFF):
        with pytest.raises(deeds.CannotSettle, match="Say why"):
            deeds.set_bank_line_aside(actor=world.actor("fin"), line=waiting, reason="  ", now=database_now())
        aside = deeds.set_bank_line_aside(actor=world.actor("fin"), line=waiting, reason="Interest", now=database_now())
    assert (aside.state, aside.reason) == ("SET_ASIDE", "Interest")
    assert settle(world, aside, deal.invoice.number).state == "MATCHED"
