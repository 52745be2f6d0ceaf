"""Free windows, agreement years and the instants they mean in a zone."""

from datetime import UTC, date, datetime

import pytest

from contracts.terms import DAY, days, first_fee_day, free_window, instants, local_date, year_from, years_of

FREE = [
    ("2026-01-15", "2026-04-15", "2027-04-15", 365),
    ("2026-10-04", "2027-01-02", "2028-01-02", 365),
    ("2026-12-01", "2027-03-01", "2028-03-01", 366),
    ("2027-11-30", "2028-02-28", "2029-02-27", 365),
    ("2027-12-01", "2028-02-29", "2029-02-28", 365),
    ("2028-02-29", "2028-05-29", "2029-05-29", 365),
]


@pytest.mark.parametrize("implemented, last_free, term_end, length", FREE)
def test_the_free_days_and_the_first_paid_term(implemented: str, last_free: str, term_end: str, length: int) -> None:
    day = date.fromisoformat(implemented)
    assert free_window(day) == (day, date.fromisoformat(last_free))
    term = year_from(first_fee_day(day))
    assert term == (date.fromisoformat(last_free) + DAY, date.fromisoformat(term_end))
    assert days(term) == length


ZONES = [
    ("America/Chicago", "2026-01-15T06:00", "2026-04-16T05:00"),
    ("Europe/Berlin", "2026-01-14T23:00", "2026-04-15T22:00"),
    ("Asia/Tokyo", "2026-01-14T15:00", "2026-04-15T15:00"),
    ("UTC", "2026-01-15T00:00", "2026-04-16T00:00"),
]


@pytest.mark.parametrize("zone, start, end", ZONES)
def test_days_are_the_sites_days(zone: str, start: str, end: str) -> None:
    expected = tuple(datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (start, end))
    assert instants(free_window(date(2026, 1, 15)), zone) == expected


def test_one_instant_is_free_in_chicago_and_not_in_tokyo() -> None:
    reported, free = datetime(2026, 4, 16, 1, tzinfo=UTC), free_window(date(2026, 1, 15))
    assert local_date(reported, "America/Chicago") == free[1]
    assert local_date(reported, "Asia/Tokyo") == free[1] + DAY


def test_the_29th_of_february_keeps_its_day() -> None:
    years = list(years_of((date(2028, 2, 29), date(2033, 2, 27))))
    assert [(str(start), str(end), days((start, end))) for start, end in years] == [
        ("2028-02-29", "2029-02-27", 365),
        ("2029-02-28", "2030-02-27", 365),
        ("2030-02-28", "2031-02-27", 365),
        ("2031-02-28", "2032-02-28", 366),
        ("2032-02-29", "2033-02-27", 365),
    ]


def test_a_renewal_from_28_to_28_february_is_one_year() -> None:
    assert list(years_of((date(2031, 2, 28), date(2032, 2, 28)))) == [(date(2031, 2, 28), date(2032, 2, 28))]
