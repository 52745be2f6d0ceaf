"""When a replacement leaves and arrives: worked days, and what must hold for all of them."""

from datetime import UTC, date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rma.business_days import is_known, public_days
from rma.promise import NoBusinessDay, Place, as_place, non_return_day, promise, return_due, schedule_met

CHICAGO = Place()
COLUMBUS_DAY = date(2026, 10, 12)
OPEN_ON_COLUMBUS_DAY = Place(opened={COLUMBUS_DAY: "the depot works"})
BERLIN = Place(zone="Europe/Berlin", country="DE")
CALIFORNIA = Place(zone="America/Los_Angeles", subdivision="CA")
DUBAI = Place(zone="Asia/Dubai", country="AE")
RIYADH = Place(zone="Asia/Riyadh", country="SA")

WORKED = {
    "before the cut-off": ("2026-11-24T20:59:59Z", CHICAGO, CHICAGO, "2026-11-24", "2026-11-25", "2026-11-25"),
    "the cut-off itself is late": ("2026-11-24T21:00:00Z", CHICAGO, CHICAGO, "2026-11-25", "2026-11-27", "2026-11-25"),
    "a holiday of California": ("2026-11-25T20:00:00Z", CHICAGO, CALIFORNIA, "2026-11-25", "2026-11-30", "2026-11-27"),
    "no holiday elsewhere": ("2026-11-25T20:00:00Z", CHICAGO, CHICAGO, "2026-11-25", "2026-11-27", "2026-11-27"),
    "a weekend on the way": ("2026-10-16T19:00:00Z", CHICAGO, CHICAGO, "2026-10-16", "2026-10-19", "2026-10-19"),
    "approved on Saturday": ("2026-10-17T15:00:00Z", CHICAGO, CHICAGO, "2026-10-19", "2026-10-20", "2026-10-19"),
    "before clocks change": ("2026-03-06T20:59:59Z", CHICAGO, CHICAGO, "2026-03-06", "2026-03-09", "2026-03-09"),
    "after clocks changed": ("2026-03-09T19:59:59Z", CHICAGO, CHICAGO, "2026-03-09", "2026-03-10", "2026-03-10"),
    "open on Columbus Day": (
        *("2026-10-10T03:30:00Z", OPEN_ON_COLUMBUS_DAY, OPEN_ON_COLUMBUS_DAY),
        *("2026-10-12", "2026-10-13", "2026-10-12"),
    ),
    "closed on Columbus Day": ("2026-10-10T03:30:00Z", CHICAGO, CHICAGO, "2026-10-13", "2026-10-14", "2026-10-13"),
    "Christmas in Germany": ("2026-12-24T12:00:00Z", BERLIN, BERLIN, "2026-12-24", "2026-12-28", "2026-12-28"),
    "weekends that differ": ("2026-11-26T06:00:00Z", DUBAI, RIYADH, "2026-11-26", "2026-11-29", "2026-11-27"),
    "a destination ahead": ("2026-11-24T20:00:00Z", CHICAGO, BERLIN, "2026-11-24", "2026-11-25", "2026-11-25"),
    "the year turns": ("2027-12-30T22:00:00Z", CHICAGO, CHICAGO, "2028-01-03", "2028-01-04", "2028-01-03"),
}


@pytest.mark.parametrize("approved, depot, site, ships, arrives, contract", WORKED.values(), ids=WORKED)
def test_a_replacement_leaves_and_arrives_on(
    approved: str, depot: Place, site: Place, ships: str, arrives: str, contract: str
) -> None:
    found = promise(datetime.fromisoformat(approved), depot, site)
    days = (found.ship_day, found.deliver_target, found.contract_ship_by)
    assert tuple(map(str, days)) == (ships, arrives, contract)


REASONS = {
    "2026-11-24T20:20:00Z": (
        "Approved 14:20 in Chicago, before the 15:00 cut-off, leaves today (Tue 24 Nov 2026). Expected on Wed 25 Nov."
    ),
    "2026-11-24T21:00:00Z": (
        "Approved 15:00 in Chicago, at the 15:00 cut-off, leaves on the next business day (Wed 25 Nov 2026). "
        "Expected on Fri 27 Nov. The destination is closed on Thu 26 Nov (Thanksgiving Day)."
    ),
    "2026-11-25T23:10:00Z": (
        "Approved 17:10 in Chicago, after the 15:00 cut-off, leaves on the next business day (Fri 27 Nov 2026). "
        "Chicago is closed on Thu 26 Nov (Thanksgiving Day). Expected on Mon 30 Nov."
    ),
    "2026-11-26T16:00:00Z": (
        "Approved 10:00 in Chicago, on a day it is closed (Thanksgiving Day), leaves on the next business day "
        "(Fri 27 Nov 2026). Expected on Mon 30 Nov."
    ),
    "2026-10-17T15:00:00Z": (
        "Approved 10:00 in Chicago, at the weekend, leaves on the next business day (Mon 19 Oct 2026). "
        "Expected on Tue 20 Oct."
    ),
}


@pytest.mark.parametrize("approved, words", REASONS.items())
def test_it_says_why(approved: str, words: str) -> None:
    assert promise(datetime.fromisoformat(approved), CHICAGO, CHICAGO).reason == words


def test_a_place_with_a_name_is_called_by_it_and_an_exception_by_its_reason() -> None:
    depot = Place(name="Joliet", closed={date(2026, 11, 25): "stock count"})
    site = Place(name="Head office", closed=[date(2026, 11, 30)])
    reason = promise(datetime(2026, 11, 24, 21, 30, tzinfo=UTC), depot, site).reason
    assert "Approved 15:30 in Joliet" in reason
    assert "Joliet is closed on Wed 25 Nov (stock count) and Thu 26 Nov (Thanksgiving Day)." in reason
    assert "Expected at Head office on Tue 1 Dec. Head office is closed on Mon 30 Nov." in reason


def test_a_reason_fits_its_column_however_long_the_names_are() -> None:
    week = {date(2026, 9, 29) + timedelta(n): "The national holiday of everything that shines " * 4 for n in range(9)}
    place = Place(name="A depot at the far end of the world, " * 4, closed=week)
    reason = promise(datetime(2026, 9, 28, 22, 0, tzinfo=UTC), place, place).reason
    assert len(reason) <= 400
    assert "is closed from Tue 29 Sep to Wed 7 Oct: The national holiday of everything that shines" in reason
    assert "Expected at A depot at the far end" in reason


def test_the_part_is_due_back_after_ten_business_days_where_it_stands() -> None:
    assert return_due(date(2026, 11, 25), CHICAGO) == date(2026, 12, 10)
    assert non_return_day(date(2026, 11, 25), CHICAGO) == date(2026, 12, 26)
    late_evening = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)  # still the 25th in Chicago
    assert return_due(late_evening, CHICAGO) == date(2026, 12, 10)
    assert non_return_day(late_evening, CHICAGO) == date(2026, 12, 26)
    assert return_due(date(2026, 11, 25), RIYADH) == date(2026, 12, 9)


def test_the_first_scan_counts_as_a_day_at_the_warehouse() -> None:
    last = date(2026, 11, 25)
    assert schedule_met(datetime(2026, 11, 26, 5, 59, tzinfo=UTC), CHICAGO, last)
    assert not schedule_met(datetime(2026, 11, 26, 6, 0, tzinfo=UTC), CHICAGO, last)


ANY_OBJECT: list[Any] = [
    SimpleNamespace(
        zone="America/Chicago", country="US", subdivision="", cut_off=time(15), opened={COLUMBUS_DAY}, closed=set()
    ),
    SimpleNamespace(time_zone="America/Chicago", country="us", cutoff="15:00", opened_days=["2026-10-12"]),
    {"tz": ZoneInfo("America/Chicago"), "country": "US", "opened": {COLUMBUS_DAY: "open"}, "cut_off": time(15)},
]


@pytest.mark.parametrize("given", ANY_OBJECT)
def test_any_object_with_the_names_is_a_place(given: Any) -> None:
    approved = datetime(2026, 10, 10, 3, 30, tzinfo=UTC)
    assert promise(approved, given, given) == promise(approved, OPEN_ON_COLUMBUS_DAY, OPEN_ON_COLUMBUS_DAY)


def test_an_instant_in_another_zone_is_the_same_instant() -> None:
    approved = datetime(2026, 11, 24, 20, 59, 59, tzinfo=UTC)
    assert promise(approved.astimezone(ZoneInfo("Asia/Tokyo")), CHICAGO, CHICAGO) == promise(approved, CHICAGO, CHICAGO)


REFUSED: dict[str, tuple[datetime, Any, str]] = {
    "no zone on the instant": (datetime(2026, 11, 24, 20, 0), CHICAGO, "needs a time zone"),
    "no zone on the place": (datetime(2026, 11, 24, tzinfo=UTC), SimpleNamespace(country="US"), "needs a zone"),
    "an unknown zone": (datetime(2026, 11, 24, tzinfo=UTC), Place(zone="Moon/Base"), "“Moon/Base” is not a time zone"),
    "an unknown country": (datetime(2026, 11, 24, tzinfo=UTC), Place(country="XX"), "known for XX"),
    "an unknown part": (datetime(2026, 11, 24, tzinfo=UTC), Place(subdivision="ZZ"), "known for US, ZZ"),
}


@pytest.mark.parametrize("approved, place, words", REFUSED.values(), ids=REFUSED)
def test_what_makes_no_sense_is_said(approved: datetime, place: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        promise(approved, place, CHICAGO)


@pytest.mark.parametrize(
    "never", [Place(weekend=range(7)), Place(closed={date(2026, 1, 1) + timedelta(n) for n in range(900)})]
)
def test_a_calendar_that_never_opens_is_said_not_searched_for_ever(never: Place) -> None:
    approved = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
    for depot, site in ((never, CHICAGO), (CHICAGO, never)):
        with pytest.raises(NoBusinessDay, match="Chicago has no business day in the year after 2026-11-24"):
            promise(approved, depot, site)
    with pytest.raises(NoBusinessDay):
        return_due(date(9999, 12, 25), Place(country=""))


def test_years_that_were_copied_are_not_looked_up_again() -> None:
    copied = Place(copied_years=frozenset({2026}), closed={date(2026, 11, 27): "moved"}, weekend={5, 6})
    assert copied.is_business_day(date(2026, 11, 26)), "Thanksgiving is not among the copied days"
    assert not copied.is_business_day(date(2026, 11, 27))
    assert not copied.is_business_day(date(2027, 11, 25)), "2027 was not copied: the package answers"


def test_a_country_may_work_on_some_weekend_days_and_have_another_weekend() -> None:
    assert Place(zone="Asia/Shanghai", country="CN").is_business_day(date(2026, 2, 14)), "a Saturday that is worked"
    johor = Place(zone="Asia/Kuala_Lumpur", country="MY", subdivision="KTN")
    assert johor.closed_because(date(2026, 11, 27)) == "weekend", "Friday in Kelantan"
    assert johor.is_business_day(date(2026, 11, 29)), "Sunday in Kelantan"
    assert Place(country="").closed_because(date(2026, 12, 25)) == "", "no country, no holidays"
    assert is_known("DE", "BY")
    assert not is_known("DE", "XY")
    assert public_days("DE", "", 2026).holidays[date(2026, 10, 3)] == "German Unity Day"


def test_closed_wins_over_opened() -> None:
    day = date(2026, 11, 24)
    assert Place(opened=[day], closed=[day]).closed_because(day) == "closed"


INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2032, 12, 31), timezones=st.just(UTC))
COUNTRIES = st.sampled_from(
    [
        ("US", "", "America/Chicago"),
        ("US", "CA", "America/Los_Angeles"),
        ("DE", "BY", "Europe/Berlin"),
        ("SA", "", "Asia/Riyadh"),
        ("AE", "", "Asia/Dubai"),
        ("JP", "", "Asia/Tokyo"),
        ("NZ", "AUK", "Pacific/Chatham"),
        ("CL", "", "America/Santiago"),
        ("", "", "Australia/Lord_Howe"),
    ]
)
DAYS = st.frozensets(st.dates(date(2024, 1, 1), date(2033, 1, 31)), max_size=8)


@st.composite
def places(draw: st.DrawFn) -> Place:
    country, part, zone = draw(COUNTRIES)
    weekend = draw(st.none() | st.frozensets(st.integers(0, 6), max_size=3))
    cut_off = draw(st.times())
    return Place(zone, country, part, cut_off, opened=draw(DAYS), closed=draw(DAYS), weekend=weekend)


@given(INSTANTS, places(), places())
def test_it_never_promises_what_it_must_not(approved: datetime, depot: Place, site: Place) -> None:
    found = promise(approved, depot, site)
    today = approved.astimezone(depot.tz()).date()
    assert today <= found.ship_day <= found.contract_ship_by
    assert today < found.contract_ship_by
    assert found.ship_day < found.deliver_target
    assert depot.is_business_day(found.ship_day)
    assert depot.is_business_day(found.contract_ship_by)
    assert site.is_business_day(found.deliver_target)


@given(INSTANTS, st.timedeltas(timedelta(0), timedelta(days=5)), places(), places())
def test_approved_later_never_comes_earlier(approved: datetime, wait: timedelta, depot: Place, site: Place) -> None:
    one, other = promise(approved, depot, site), promise(approved + wait, depot, site)
    assert one.ship_day <= other.ship_day
    assert one.contract_ship_by <= other.contract_ship_by
    assert one.deliver_target <= other.deliver_target


def test_the_hour_that_comes_twice_does_not_open_the_day_again() -> None:
    night = Place(cut_off=time(1, 30), weekend=frozenset())
    for instant, leaves in (("06:29", 1), ("06:30", 2), ("07:10", 2), ("07:40", 2)):  # 1 November 2026, back at 07:00Z
        approved = datetime.fromisoformat(f"2026-11-01T{instant}:00Z")
        assert promise(approved, night, CHICAGO).ship_day == date(2026, 11, leaves), instant


@given(st.dates(date(2024, 1, 1), date(2032, 12, 31)), places(), st.integers(0, 30))
def test_business_days_counted_forward_are_the_business_days_between(start: date, place: Place, count: int) -> None:
    end = place.add_business_days(start, count)
    between = [start + timedelta(n) for n in range(1, (end - start).days + 1)]
    assert sum(map(place.is_business_day, between)) == count
    assert as_place(place) is place
