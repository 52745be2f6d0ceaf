"""The fee of a component, to the day: worked numbers, and what must hold for all of them."""

import itertools
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.fees import back_fee, credit, fee, parts
from contracts.terms import DAY, Span, days, year_from, years_of
from rozoom_support.lib.money import MINOR_DIGITS, rounded, shown


def span(start: str, end: str) -> Span:
    return date.fromisoformat(start), date.fromisoformat(end)


FULL = [
    ("10000.00", "USD", ("2026-03-01", "2027-02-28"), "2000.00"),
    ("12499.99", "USD", ("2026-03-01", "2027-02-28"), "2500.00"),
    ("3333.33", "USD", ("2026-03-01", "2027-02-28"), "666.67"),
    ("875.55", "USD", ("2026-03-01", "2027-02-28"), "175.11"),
    ("1249.97", "USD", ("2026-03-01", "2027-02-28"), "249.99"),
    ("36600.00", "USD", ("2027-03-01", "2028-02-29"), "7320.00"),
    ("10000.00", "USD", ("2026-04-16", "2027-04-15"), "2000.00"),
    ("1234567", "JPY", ("2026-01-01", "2026-12-31"), "246913"),
    ("1000.125", "KWD", ("2026-01-01", "2026-12-31"), "200.025"),
    ("10500.00", "USD", ("2026-07-16", "2027-07-15"), "2100.00"),
    ("7500.00", "USD", ("2027-09-01", "2030-08-31"), "4500.00"),
    ("5000.00", "USD", ("2031-02-28", "2032-02-28"), "1000.00"),
    ("0", "EUR", ("2026-01-01", "2026-12-31"), "0.00"),
]


@pytest.mark.parametrize("price, currency, term, expected", FULL)
def test_a_full_term_is_a_fifth_of_list_price_a_year(price: str, currency: str, term: Any, expected: str) -> None:
    result = fee(Decimal(price), currency, span(*term), span(*term))
    assert str(result) == expected


PARTIAL = [
    ("8000.00", "USD", ("2026-10-15", "2027-06-30"), ("2026-07-01", "2027-06-30"), "1135.34"),
    ("1234567", "JPY", ("2026-01-01", "2026-04-10"), ("2026-01-01", "2026-12-31"), "67648"),
    ("5000.00", "USD", ("2026-09-01", "2026-12-31"), ("2026-01-01", "2026-12-31"), "334.25"),
    ("1825.00", "USD", ("2026-12-31", "2026-12-31"), ("2026-01-01", "2026-12-31"), "1.00"),
    ("3650.00", "EUR", ("2026-01-01", "2026-01-10"), ("2026-01-01", "2026-01-10"), "20.00"),  # a stub pays its days
]


@pytest.mark.parametrize("price, currency, cover, term, expected", PARTIAL)
def test_part_of_a_term_pays_its_days(price: str, currency: str, cover: Any, term: Any, expected: str) -> None:
    assert str(fee(Decimal(price), currency, span(*cover), span(*term))) == expected


def test_fees_are_rounded_before_they_are_added_up() -> None:
    term = span("2026-03-01", "2027-02-28")
    assert sum(fee(Decimal(p), "USD", term, term) for p in ("12499.99", "3333.33", "875.55")) == Decimal("3341.78")
    assert 48 * fee(Decimal("1249.97"), "USD", term, term) == Decimal("11999.52")


def test_what_was_lapsed_is_paid_to_the_day_and_at_most_for_a_year() -> None:
    assert back_fee(Decimal(10000), "USD", span("2026-04-01", "2026-07-09")) == Decimal("547.95")
    assert back_fee(Decimal(10000), "USD", span("2024-04-01", "2026-07-09")) == Decimal("2000.00")


def test_a_credit_is_the_fee_of_the_unused_days_and_never_more_than_was_billed() -> None:
    unused, term = span("2026-09-01", "2026-12-31"), span("2026-01-01", "2026-12-31")
    assert credit(Decimal(5000), "USD", unused, term, billed=Decimal(1000)) == Decimal("-334.25")
    assert credit(Decimal(5000), "USD", unused, term, billed=Decimal(100)) == Decimal("-100")


YEAR = span("2026-01-01", "2026-12-31")
REFUSED = [
    ({"list_price": 100.0}, TypeError),
    ({"list_price": 100}, TypeError),
    ({"list_price": Decimal(-1)}, ValueError),
    ({"list_price": Decimal("NaN")}, ValueError),
    ({"list_price": Decimal("Infinity")}, ValueError),
    ({"currency": "eur"}, ValueError),
    ({"currency": "XXX"}, ValueError),
    ({"cover": span("2025-12-31", "2026-12-31")}, ValueError),
    ({"cover": span("2026-01-01", "2027-01-01")}, ValueError),
    ({"cover": span("2026-03-01", "2026-02-01")}, ValueError),
]


@pytest.mark.parametrize("wrong, error", REFUSED)
def test_what_can_not_be_a_fee_is_refused(wrong: dict[str, Any], error: type[Exception]) -> None:
    asked = {"list_price": Decimal(100), "currency": "EUR", "cover": YEAR, "term": YEAR} | wrong
    with pytest.raises(error):
        fee(**asked)


prices = st.decimals("0", "99999999.99", places=2)
starts = st.dates(date(2000, 1, 1), date(2090, 12, 31))
currencies = st.sampled_from(sorted(MINOR_DIGITS))


@given(prices, currencies, starts)
def test_any_full_year_is_exactly_a_fifth(price: Decimal, currency: str, start: date) -> None:
    term = year_from(start)
    assert fee(price, currency, term, term) == rounded(price * Decimal("0.2"), currency)


@given(prices, currencies, starts, st.integers(1, 5), st.data())
def test_parts_of_a_term_add_up_to_the_whole(
    price: Decimal, currency: str, start: date, years: int, data: st.DataObject
) -> None:
    end = start
    for _ in range(years):
        end = year_from(end)[1] + DAY
    term = (start, end - DAY)
    cuts = sorted(data.draw(st.sets(st.integers(1, days(term) - 1), max_size=6)))
    borders = [start, *(start + timedelta(days=cut) for cut in cuts), term[1] + DAY]
    pieces = [(one, other - DAY) for one, other in itertools.pairwise(borders)]
    amounts = parts(price, currency, term, pieces)
    assert sum(amounts) == fee(price, currency, term, term)
    assert all(amount >= 0 for amount in amounts)


@given(prices, currencies, starts, st.integers(0, 364), st.integers(0, 364))
def test_more_days_never_cost_less(price: Decimal, currency: str, start: date, one: int, other: int) -> None:
    term = year_from(start)
    short, long = sorted((one, other))
    assert fee(price, currency, (start, start + timedelta(days=short)), term) <= fee(
        price, currency, (start, start + timedelta(days=long)), term
    )


@given(starts)
def test_agreement_years_follow_each_other_without_gap(start: date) -> None:
    term = (start, year_from(year_from(year_from(start)[1] + DAY)[1] + DAY)[1])
    years = list(years_of(term))
    assert years[0][0] == start
    assert all(later[0] == earlier[1] + DAY for earlier, later in itertools.pairwise(years))
    assert all(days(year) in (365, 366) for year in years)


def test_amounts_are_read_with_their_currency() -> None:
    assert shown(Decimal("1234567"), "JPY") == "1,234,567 JPY"
    assert shown(Decimal("3341.775"), "USD") == "3,341.78 USD"
    assert shown(Decimal("-0.5"), "KWD") == "-0.500 KWD"
