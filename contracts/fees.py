"""What support costs: 20 % of list price a year, to the day, rounded once for each component (docs/coverage.md "Fees")."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction

from contracts.terms import Span, days, overlap, years_of
from rozoom_support.lib.money import minor_digits, rounded

RATE = Decimal("0.2000")


def fee(list_price: Decimal, currency: str, cover: tuple[date, date], term: tuple[date, date]) -> Decimal:
    """The fee of one component for the days of `cover` in `term`; both ends of both count.

    Each agreement year costs list price x 0.20 x covered days / days of that year, so a full year is exactly 20 %, leap
    or not. Rounded once a year, half up, to the currency's minor unit. Raises TypeError for a price that is no Decimal,
    ValueError for a negative one, an unknown currency, or a cover that is not inside the term.
    """
    _check(list_price, currency, cover, term)
    return sum((rounded(part, currency) for part in _exact_by_year(list_price, cover, term)), Decimal(0))


def parts(list_price: Decimal, currency: str, term: Span, pieces: Iterable[Span]) -> list[Decimal]:
    """The fee of a term split over pieces that follow each other: the running total is rounded, the difference charged.

    So the parts of a whole always add up to the fee of the whole.
    """
    charged, total, amounts = Decimal(0), Decimal(0), []
    start: date | None = None
    for piece in pieces:
        start = start or piece[0]
        total = fee(list_price, currency, (start, piece[1]), term)
        amounts.append(total - charged)
        charged = total
    return amounts


def credit(list_price: Decimal, currency: str, unused: Span, term: Span, *, billed: Decimal) -> Decimal:
    """What is given back for unused days: the fee with its sign changed, never more than was billed."""
    return -min(fee(list_price, currency, unused, term), billed)


def back_fee(list_price: Decimal, currency: str, lapsed: Span) -> Decimal:
    """For the days without cover before a reinstatement, at most one annual fee."""
    year = next(years_of(lapsed))
    return fee(list_price, currency, overlap(lapsed, year) or lapsed, year)


def _exact_by_year(list_price: Decimal, cover: Span, term: Span) -> Iterator[Fraction]:
    yearly = Fraction(list_price) * Fraction(RATE)
    for year in years_of(term):
        if covered := overlap(cover, year):
            yield yearly * Fraction(days(covered), days(year))


def _check(list_price: Decimal, currency: str, cover: Span, term: Span) -> None:
    if not isinstance(list_price, Decimal):
        raise TypeError("A list price is a Decimal.")
    if not list_price.is_finite() or list_price < 0:
        raise ValueError("A list price is zero or more.")
    minor_digits(currency)
    if cover[0] > cover[1] or term[0] > term[1]:
        raise ValueError("A period ends on or after the day it starts.")
    if cover[0] < term[0] or cover[1] > term[1]:
        raise ValueError("The cover lies inside the term.")
