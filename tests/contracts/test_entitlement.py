"""Who gets what: each case of the decision table, its edges, and what must hold for all facts."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.entitlement import Charge, Coverage, Decision, Outcome, Support, decide, support
from contracts.facts import Facts, Term, Warranty

REPORTED = datetime(2026, 9, 10, 8, 0, tzinfo=UTC)
NOW = REPORTED + timedelta(hours=2)
DAY = timedelta(days=1)
PAID, OPEN = Decimal("0.00"), Decimal("341.77")


def before(**delta: int) -> datetime:
    return REPORTED - timedelta(**delta)


STANDARD = Warranty("STANDARD", date(2026, 1, 15), date(2028, 1, 14))
TERM = Term(
    number="AG-7",
    start=date(2026, 4, 16),
    end=date(2027, 4, 15),
    cover_start=date(2026, 4, 16),
    cover_end=date(2027, 4, 15),
    ordered_at=datetime(2026, 4, 1, tzinfo=UTC),
    fee=Decimal("2000.00"),
    balance=PAID,
    due_on=date(2026, 5, 1),
)
FACTS = Facts(
    zone="Europe/Berlin",
    reported_at=REPORTED,
    implemented_on=date(2026, 1, 15),
    warranties=(STANDARD,),
    terms=(TERM,),
)
# The report of 10 September 2026 lies in the free days of this one.
YOUNG: dict[str, Any] = {"implemented_on": date(2026, 8, 1), "warranties": (replace(STANDARD, start=date(2026, 8, 1)),)}
AHEAD = replace(
    TERM, start=date(2026, 10, 31), end=date(2027, 10, 30), cover_start=date(2026, 10, 31), cover_end=date(2027, 10, 30)
)
ENDED = replace(
    TERM, start=date(2025, 8, 21), end=date(2026, 8, 20), cover_start=date(2025, 8, 21), cover_end=date(2026, 8, 20)
)
RENEWAL = replace(
    TERM,
    number="AG-7 of 2026",
    start=date(2026, 8, 21),
    end=date(2027, 8, 20),
    cover_start=date(2026, 8, 21),
    cover_end=date(2027, 8, 20),
    continues=date(2026, 8, 20),
    ordered_at=REPORTED + timedelta(hours=1),
)

A, F = Outcome.ADVANCE, Outcome.FACTORY
CASES: list[tuple[str, dict[str, Any], Outcome, str]] = [
    ("1 all met", {}, A, "R10"),
    ("2 extended only", {"warranties": (replace(STANDARD, kind="EXTENDED"),)}, A, "R10"),
    ("3 free days, no agreement", {**YOUNG, "terms": ()}, F, "R6"),
    ("4 free days, ordered and paid before", {**YOUNG, "terms": (AHEAD,)}, A, "R10"),
    ("5 free days, ordered, open", {**YOUNG, "terms": (replace(AHEAD, balance=OPEN),)}, F, "R8"),
    ("6 free days, bought after", {**YOUNG, "terms": (replace(AHEAD, ordered_at=NOW),)}, F, "R7"),
    ("7 warranty lapsed", {"warranties": (replace(STANDARD, end=date(2026, 9, 9)),)}, F, "R5"),
    ("8 warranty void", {"warranties": (replace(STANDARD, is_void=True),)}, F, "R5"),
    ("9 never an agreement", {"terms": ()}, F, "R6"),
    ("10 invoice open, not due", {"terms": (replace(TERM, balance=OPEN, due_on=date(2026, 10, 1)),)}, F, "R8"),
    ("11 a cent is missing", {"terms": (replace(TERM, balance=Decimal("0.01")),)}, F, "R8"),
    ("12 payment reversed", {"terms": (replace(TERM, balance=Decimal("2000.00")),)}, F, "R8"),
    ("14 grace, no renewal", {"terms": (ENDED,)}, F, "R6"),
    ("15 renewal ordered in grace, paid", {"terms": (ENDED, RENEWAL)}, A, "R10"),
    ("15b renewal ordered in grace, not paid", {"terms": (ENDED, replace(RENEWAL, balance=OPEN))}, F, "R8"),
    ("16 reinstated after", {"terms": (replace(ENDED, end=date(2026, 3, 31), cover_end=date(2026, 3, 31)),
                                       replace(RENEWAL, continues=None, start=date(2026, 9, 12),
                                               cover_start=date(2026, 9, 12)))}, F, "R7"),
    ("17 reinstated before", {"terms": (replace(TERM, ordered_at=before(days=3)),)}, A, "R10"),
    ("18 moved, known", {"zone": "America/Chicago"}, A, "R10"),
    ("19 moved, not told", {"ship_to_verified": False}, Outcome.HOLD, "R1"),
    ("20 no service there", {"ship_to_serviced": False}, A, "R9"),
    ("21 and 22 serial not theirs", {"is_registered": False}, Outcome.HOLD, "R1"),
    ("23 not a line", {"terms": (replace(TERM, cover_start=None, cover_end=None),)}, F, "R6"),
    ("23b line added later", {"terms": (replace(TERM, cover_start=date(2026, 9, 11)),)}, F, "R6"),
    ("24 near serial", {"is_registered": False, "near_serials": ("7F-2231",)}, Outcome.HOLD, "R1"),
    ("25 software", {"kind": "SOFTWARE"}, Outcome.SOFTWARE, "R3"),
    ("28 attested", {"terms": (replace(TERM, balance=OPEN, attested=True, due_on=date(2026, 9, 1)),)}, A, "R10"),
    ("28b attested, 30 days over", {"terms": (replace(TERM, balance=OPEN, attested=True,
                                                      due_on=date(2026, 8, 10)),)}, F, "R8"),
    ("29 reseller never told", {"terms": (), "unconfirmed_agreement": "Delta"}, Outcome.HOLD, "R1"),
    ("30 ends tomorrow", {"terms": (replace(TERM, cover_end=date(2026, 9, 10)),)}, A, "R10"),
    ("31 warranty ends that day", {"warranties": (replace(STANDARD, end=date(2026, 9, 10)),)}, A, "R10"),
    ("33 second request", {"open_rma": "RMA-12"}, Outcome.MERGE, "R2"),
    ("35 overdue return", {"overdue_return": "RMA-9"}, A, "R10"),
    ("36 serial kept", {"is_retired": True}, Outcome.REJECT, "R4"),
    ("36b past end of support", {"end_of_support": date(2026, 9, 9)}, Outcome.REJECT, "R4"),
    ("42 neither", {"terms": (), "warranties": ()}, F, "R5"),
    ("excluded damage", {"excluded_damage": "lightning"}, F, "R5"),
    ("not reported", {"reported_at": None}, Outcome.HOLD, "R0"),
    ("terminated before", {"terms": (replace(TERM, terminated_on=date(2026, 9, 10)),)}, F, "R6"),
    ("ordered ahead outside the free days", {"terms": (AHEAD,)}, F, "R6"),
]  # fmt: skip


@pytest.mark.parametrize("name, given, outcome, rule", CASES, ids=[case[0] for case in CASES])
def test_the_table_of_cases(name: str, given: dict[str, Any], outcome: Outcome, rule: str) -> None:
    decision = decide(replace(FACTS, **given), NOW)
    assert (decision.outcome, decision.rule) == (outcome, rule), decision
    assert decision.reasons
    assert all(text and text[0].isupper() and text[-1] in ".?" for text in (*decision.reasons, *decision.would_change))


def test_the_fee_is_judged_when_it_is_decided_and_coverage_when_it_was_reported() -> None:
    late = REPORTED + timedelta(days=400)
    assert decide(FACTS, late).rule == "R10"
    owed = replace(FACTS, terms=(replace(TERM, balance=OPEN),))
    assert decide(owed, late).rule == "R8"
    assert "Reinstate" in decide(owed, late).would_change[0]
    due = replace(FACTS, terms=(replace(TERM, balance=OPEN, due_on=NOW.date()),))
    assert "Pay 341.77 USD" in decide(due, NOW).would_change[0]


def test_who_pays_for_the_factory() -> None:
    assert decide(replace(FACTS, terms=()), NOW).charge is Charge.NONE
    assert decide(replace(FACTS, warranties=()), NOW).charge is Charge.QUOTE


def test_only_r10_promises_a_date() -> None:
    assert decide(FACTS, NOW).promises_date
    assert not decide(replace(FACTS, ship_to_serviced=False), NOW).promises_date


def test_the_last_minute_of_the_last_day_is_the_sites() -> None:
    reported = datetime(2026, 4, 16, 1, 0, tzinfo=UTC)
    agreement = replace(TERM, cover_start=date(2025, 4, 16), cover_end=date(2026, 4, 15))
    facts = replace(FACTS, reported_at=reported, terms=(agreement,))
    assert decide(replace(facts, zone="America/Chicago"), reported).rule == "R10"
    assert decide(replace(facts, zone="Asia/Tokyo"), reported).rule == "R6"


def supported(at: datetime, **given: Any) -> Coverage:
    return support(replace(FACTS, reported_at=None, **given), at)


@pytest.mark.parametrize(
    "given, expected",
    [
        ({}, Support.AGREEMENT),
        ({"terms": ()}, Support.NONE),
        ({**YOUNG, "terms": ()}, Support.FREE),
        ({"implemented_on": None}, Support.NOT_STARTED),
        ({"terms": (ENDED,)}, Support.GRACE),
        ({"terms": (replace(ENDED, end=date(2026, 8, 10), cover_end=date(2026, 8, 10)),)}, Support.NONE),
        ({"terms": (replace(TERM, balance=OPEN, due_on=date(2026, 8, 11)),)}, Support.AGREEMENT),
        ({"terms": (replace(TERM, balance=OPEN, due_on=date(2026, 8, 10)),)}, Support.SUSPENDED),
        ({"terms": (replace(TERM, ordered_at=NOW + DAY),)}, Support.NONE),
        ({"terms": (replace(TERM, cover_start=None, cover_end=None),)}, Support.NONE),
        ({"kind": "SOFTWARE"}, Support.AGREEMENT),
    ],
)
def test_whether_a_problem_is_covered(given: dict[str, Any], expected: Support) -> None:
    coverage = supported(REPORTED, **given)
    assert coverage.support is expected, coverage
    assert coverage.reasons[0]
    assert coverage.is_covered or coverage.would_change


def test_day_90_is_free_and_day_91_is_not() -> None:
    last = datetime(2026, 4, 15, 21, 59, 59, tzinfo=UTC)  # one second to midnight in Berlin
    assert supported(last, terms=()).support is Support.FREE
    assert supported(last + timedelta(seconds=1), terms=()).support is Support.NONE


dates = st.dates(date(2025, 1, 1), date(2028, 12, 31))
instants = st.datetimes(datetime(2025, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))
amounts = st.sampled_from([None, PAID, Decimal("0.01"), OPEN])


@st.composite
def terms(draw: st.DrawFn) -> Term:
    start, end = sorted((draw(dates), draw(dates)))
    listed = draw(st.booleans())
    return Term(
        number="AG-1",
        start=start,
        end=end,
        cover_start=start if listed else None,
        cover_end=end if listed else None,
        ordered_at=draw(st.none() | instants),
        continues=draw(st.none() | st.just(start - DAY)),
        balance=draw(amounts),
        due_on=draw(st.none() | dates),
        attested=draw(st.booleans()),
        terminated_on=draw(st.none() | dates),
    )


@st.composite
def all_facts(draw: st.DrawFn) -> Facts:
    one, other = sorted((draw(dates), draw(dates)))
    return Facts(
        zone=draw(st.sampled_from(["UTC", "Asia/Tokyo", "America/Chicago", "Pacific/Apia"])),
        reported_at=draw(instants),
        kind=draw(st.sampled_from(["HARDWARE", "HARDWARE", "SOFTWARE"])),
        implemented_on=draw(st.none() | dates),
        warranties=tuple(draw(st.lists(st.just(Warranty("STANDARD", one, other)), max_size=1))),
        terms=tuple(draw(st.lists(terms(), max_size=3))),
        ship_to_serviced=draw(st.booleans()),
    )


@given(all_facts(), instants)
def test_every_set_of_facts_has_an_answer_with_words_and_keeps_it(facts: Facts, at: datetime) -> None:
    kept = Facts.from_json(facts.as_json())
    assert kept == facts
    decision = decide(facts, at)
    assert isinstance(decision, Decision)
    assert all(decision.reasons)
    assert decide(kept, at) == decision
    assert support(facts, at).reasons


@given(all_facts(), instants)
def test_paying_never_takes_anything_away(facts: Facts, at: datetime) -> None:
    paid = replace(facts, terms=tuple(replace(term, balance=PAID) for term in facts.terms))
    if decide(facts, at).outcome is Outcome.ADVANCE:
        assert decide(paid, at).outcome is Outcome.ADVANCE
    if support(facts, at).is_covered:
        assert support(paid, at).is_covered


@given(all_facts(), instants)
def test_no_part_goes_out_without_warranty_agreement_and_fee(facts: Facts, at: datetime) -> None:
    if decide(facts, at).outcome is Outcome.ADVANCE:
        day = facts.reported_on
        assert facts.kind == "HARDWARE"
        assert any(one.start <= day <= one.end for one in facts.warranties)
        assert any(term.is_paid(facts.day(at)) and term.ordered_at for term in facts.terms)
