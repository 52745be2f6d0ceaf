"""Where terms and warranties stand: each edge day, and the same answer as the rules that decide about cover."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.entitlement import support
from contracts.facts import Facts, Term, Warranty
from contracts.lifecycle import TermState, WarrantyState
from contracts.standing import COVERING, current_state, current_warranty
from contracts.terms import DAY, contains

T = TermState
START, END = date(2026, 3, 1), date(2027, 2, 28)
PAID, OPEN = Decimal(0), Decimal("500.00")
ORDERED = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)
TERM = Term("AG-1", START, END, START, END, ORDERED, fee=OPEN, balance=PAID, due_on=date(2026, 3, 3))
OWES = replace(TERM, balance=OPEN)


@pytest.mark.parametrize(
    "term, day, expected",
    [
        (TERM, date(2026, 2, 28), T.ORDERED),
        (TERM, START, T.IN_FORCE),
        (TERM, END, T.IN_FORCE),
        (TERM, END + DAY, T.GRACE),
        (TERM, END + 30 * DAY, T.GRACE),
        (TERM, END + 31 * DAY, T.LAPSED),
        (OWES, date(2026, 4, 2), T.IN_FORCE),  # 30 days overdue
        (OWES, date(2026, 4, 3), T.SUSPENDED),
        (OWES, date(2026, 6, 1), T.SUSPENDED),  # 90 days overdue
        (OWES, date(2026, 6, 2), T.LAPSED),
        (replace(TERM, settled_on=date(2026, 6, 1)), date(2026, 6, 2), T.IN_FORCE),
        (replace(TERM, settled_on=date(2026, 6, 2)), date(2026, 6, 2), T.LAPSED),
        (replace(TERM, terminated_on=date(2026, 5, 5)), date(2026, 5, 4), T.IN_FORCE),
        (replace(TERM, terminated_on=date(2026, 5, 5)), date(2026, 5, 5), T.TERMINATED),
        (replace(TERM, terminated_on=END + 5 * DAY), END + 4 * DAY, T.GRACE),
        (replace(TERM, terminated_on=END + 5 * DAY), END + 5 * DAY, T.TERMINATED),
        # Suspended on its last day: it lapses, and a payment after that brings no grace.
        (replace(OWES, due_on=END - 40 * DAY), END, T.SUSPENDED),
        (replace(OWES, due_on=END - 40 * DAY), END + DAY, T.LAPSED),
        (replace(TERM, due_on=END - 40 * DAY, settled_on=END), END + DAY, T.GRACE),
        (replace(TERM, due_on=END - 40 * DAY, settled_on=END + DAY), END + DAY, T.LAPSED),
        # Overdue only in grace, or taken back by the bank: suspended until it is paid.
        (replace(OWES, due_on=END - 25 * DAY), END + 5 * DAY, T.GRACE),
        (replace(OWES, due_on=END - 25 * DAY), END + 6 * DAY, T.SUSPENDED),
        (replace(OWES, reversed_on=END + 2 * DAY), END + 3 * DAY, T.SUSPENDED),
    ],
)
def test_each_edge(term: Term, day: date, expected: TermState) -> None:
    for stored in (T.ORDERED, T.IN_FORCE, T.SUSPENDED, T.GRACE, T.LAPSED):  # what a job wrote changes nothing
        assert current_state(stored, term, day) == expected


@pytest.mark.parametrize(
    "ordered_after, day_after, expected",
    [(-60, 1, T.RENEWED), (12, 11, T.GRACE), (12, 12, T.RENEWED), (30, 90, T.RENEWED), (31, 31, T.LAPSED)],
)
def test_a_term_that_follows_in_time_renews_it(ordered_after: int, day_after: int, expected: TermState) -> None:
    renewed_on = END + ordered_after * DAY
    assert current_state(T.IN_FORCE, TERM, END + day_after * DAY, renewed_on=renewed_on) == expected


def test_a_quote_ends_after_its_last_day_and_what_people_did_stays() -> None:
    day = date(2026, 5, 1)
    assert current_state(T.QUOTED, None, day, valid_until=day) == T.QUOTED
    assert current_state(T.QUOTED, None, day + DAY, valid_until=day) == T.QUOTE_EXPIRED
    for stored in (T.DRAFT, T.CANCELLED):
        assert current_state(stored, None, day) == stored
    assert current_state(T.REINSTATED, TERM, END + 300 * DAY) == T.REINSTATED


MOMENT = st.datetimes(datetime(2025, 12, 1), datetime(2027, 12, 1), timezones=st.just(UTC))
DAYS = st.dates(date(2025, 12, 1), date(2027, 12, 1))


@st.composite
def chains(draw: st.DrawFn) -> list[Term]:
    """A term, and often one that follows it, owed, paid late, taken back or terminated in any mixture."""

    def one(start: date, end: date, number: str) -> Term:
        owes = draw(st.booleans())
        cover: dict[str, Any] = {"cover_start": start, "cover_end": end}
        return Term(
            number,
            start,
            end,
            ordered_at=draw(MOMENT),
            fee=OPEN,
            balance=OPEN if owes else PAID,
            due_on=draw(st.none() | DAYS),
            settled_on=None if owes else draw(DAYS),
            reversed_on=draw(st.none() | DAYS),
            attested=draw(st.booleans()),
            terminated_on=draw(st.none() | DAYS),
            **cover,
        )

    terms = [one(START, END, "AG-1")]
    if draw(st.booleans()):
        terms.append(one(END + DAY, END + 365 * DAY, "AG-1"))
    return terms


@given(chains(), MOMENT)
def test_covered_is_what_the_rules_say(terms: list[Term], at: datetime) -> None:
    facts = Facts(zone="UTC", reported_at=at, implemented_on=date(2025, 6, 1), terms=tuple(terms))
    day = facts.day(at)
    known = [term for term in terms if term.ordered_at and term.ordered_at <= at]
    states = []
    for term in known:
        after = next((one for one in known if one.start == term.end + DAY and one.cover), None)
        renewed_on = facts.day(after.ordered_at) if after and after.ordered_at else None
        states.append(current_state(T.IN_FORCE, term, day, renewed_on=renewed_on))
    assert support(facts, at).is_covered == any(state in COVERING for state in states)


@given(DAYS, st.integers(0, 400), st.none() | MOMENT, MOMENT, st.sampled_from(["PENDING", "ACTIVE", "EXPIRED", "VOID"]))
def test_a_warranty_is_active_when_it_protects(
    start: date, length: int, voided_at: datetime | None, at: datetime, stored: str
) -> None:
    end = start + length * DAY
    is_void = voided_at is not None and voided_at <= at
    protects = contains(Warranty("STANDARD", start, end, is_void).span, at.date()) and not is_void
    state = current_warranty(stored, start, end, voided_at=voided_at, at=at, zone="UTC")
    assert (state == WarrantyState.ACTIVE) == protects


@pytest.mark.parametrize(
    "days, stored, expected", [(30, "VOID", "VOID"), (31, "VOID", "VOID_FINAL"), (1, "VOID_FINAL", "VOID_FINAL")]
)
def test_a_void_is_final_after_thirty_days(days: int, stored: str, expected: str) -> None:
    voided_at = datetime.combine(START, time(9), UTC)
    at = voided_at + timedelta(days=days)
    assert current_warranty(stored, START, END, voided_at=voided_at, at=at, zone="UTC") == expected


def test_software_has_no_warranty_and_a_moved_one_stays_moved() -> None:
    at = datetime.combine(START, time(9), UTC)
    assert current_warranty("PENDING", START, END, voided_at=None, at=at, zone="UTC", is_hardware=False) == "PENDING"
    assert current_warranty("TRANSFERRED", START, END, voided_at=None, at=at, zone="UTC") == "TRANSFERRED"
