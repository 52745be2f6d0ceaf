"""Business calendars as rows: copied holidays, exceptions by hand, what the package changed since, and the pages."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rma import tasks
from rma.business_days import Place
from rma.calendars import LIBRARY, differences, fingerprint, keep_ahead
from rma.models import BusinessCalendar, CalendarDay, Pool, Warehouse
from rma.places import MANUAL, place_of, place_of_site, place_of_warehouse, region_of
from rma.promise import promise
from rma.services.calendars import CannotChangeCalendar, remove_day, set_days, take_over_differences
from rma.services.warehouses import CannotChangeWarehouse, WarehouseFacts, add_warehouse, change_warehouse
from rozoom_support.lib.refusals import NotFound, Stale
from tenancy.actor import NotAllowed
from tenancy.context import Context, work_unit
from tenancy.models import AuditEvent
from tests.rma.places import FACTS, NOW, chicago
from tests.world import STAFF, SiteFactory, World

WORKER = Context("worker")
COLUMBUS_DAY, THANKSGIVING = date(2027, 10, 11), date(2026, 11, 26)


@pytest.fixture
def depot(world: World) -> Warehouse:
    return chicago()


# --- rows -------------------------------------------------------------------------------------------------------------
def test_a_new_warehouse_has_its_holidays_and_a_pool(depot: Warehouse) -> None:
    with work_unit(STAFF):
        kept = BusinessCalendar.objects.get(pk=depot.calendar_id)
        assert kept.copied_years == [2026, 2027, 2028]
        assert kept.days.get(day=THANKSGIVING).name == "Thanksgiving Day"
        assert set(kept.days.values_list("source", flat=True)) == {LIBRARY}
        assert Pool.objects.get().warehouse_id == depot.pk
        copied, computed = place_of_warehouse(depot), Place()
        days = [date(2026, 1, 1) + timedelta(n) for n in range(3 * 365)]
        assert [copied.is_business_day(day) for day in days] == [computed.is_business_day(day) for day in days]
        assert promise(NOW, copied, copied).reason.startswith("Approved 09:00 in Chicago, before the 15:00 cut-off")


def test_the_job_keeps_two_years_ahead_and_the_regions_that_are_delivered_to(world: World, depot: Warehouse) -> None:
    with work_unit(STAFF):
        SiteFactory(customer=world.acme, country="de", subdivision="DE-BY")
        SiteFactory(customer=world.acme, country="DE", subdivision="??")
        SiteFactory(customer=world.acme, country="XX")
    with work_unit(WORKER):
        assert keep_ahead(NOW) == 6, "Germany and Bavaria; the warehouse has its own"
        assert keep_ahead(NOW) == 0
        regions = BusinessCalendar.objects.filter(purpose="DESTINATION").order_by("code")
        assert [(one.country, one.subdivision) for one in regions] == [("DE", ""), ("DE", "BY")]
        assert keep_ahead(NOW + timedelta(days=60)) == 3, "the next year of each"
        assert not CalendarDay.objects.values("calendar", "day").exclude(source=LIBRARY).exists()


def test_the_job_runs_by_its_name(world: World, depot: Warehouse) -> None:
    with work_unit(STAFF):
        SiteFactory(customer=world.acme, country="DE")
        BusinessCalendar.objects.filter(pk=depot.calendar_id).update(copied_years=[])
    assert settings.CELERY_BEAT_SCHEDULE["calendars"]["task"] == tasks.calendars.name
    tasks.calendars()
    with work_unit(STAFF):
        kept = BusinessCalendar.objects.order_by("code").values_list("code", flat=True)
        assert list(kept) == ["CHI1", "TO-DE"]
        assert len(BusinessCalendar.objects.get(code="TO-DE").copied_years) == 3


def test_a_destination_has_the_days_of_its_region(world: World) -> None:
    with work_unit(STAFF):
        site = SiteFactory(customer=world.acme, country="DE", subdivision="BY")
        nowhere = SiteFactory(customer=world.acme, country="", subdivision="")
        corpus_christi = date(2027, 5, 27)
        assert not place_of_site(site).is_business_day(corpus_christi), "computed: no rows yet"
        assert place_of_site(nowhere).is_business_day(corpus_christi)
        keep_ahead(NOW)
        kept = BusinessCalendar.objects.get(code="TO-DE-BY")
        assert not place_of_site(site).is_business_day(corpus_christi)
        kept.days.filter(day=corpus_christi).delete()
        assert place_of_site(site).is_business_day(corpus_christi), "its rows decide, not the package"


def test_a_region_nobody_knows_is_its_country_or_none() -> None:
    assert region_of(" us ", "us-ca") == ("US", "CA")
    assert region_of("US", "ZZ") == ("US", "")
    assert region_of("XX", "YY") == ("", "")


def test_a_day_that_is_worked_on_a_weekend_is_copied_as_open(world: World) -> None:
    depot = chicago("SHA1", country="CN", time_zone="Asia/Shanghai", name="Shanghai")
    with work_unit(STAFF):
        assert depot.calendar.days.get(day=date(2026, 10, 10)).is_open
        assert place_of_warehouse(depot).is_business_day(date(2026, 10, 10)), "a Saturday"


# --- exceptions -------------------------------------------------------------------------------------------------------
def exception(world: World, depot: Warehouse, first: str, last: str = "", **given: Any) -> list[date]:
    return set_days(
        actor=given.pop("actor", world.actor("cora")),
        calendar=depot.calendar,
        first=date.fromisoformat(first),
        last=date.fromisoformat(last or first),
        is_open=given.pop("is_open", False),
        reason=given.pop("reason", "Stock count"),
        now=given.pop("now", NOW),
    )


def test_an_exception_goes_before_what_was_copied(world: World, depot: Warehouse) -> None:
    with work_unit(STAFF):
        assert exception(world, depot, "2027-10-11", is_open=True, reason="We work") == [COLUMBUS_DAY]
        assert place_of_warehouse(depot).is_business_day(COLUMBUS_DAY)
        closed = exception(world, depot, "2026-12-24", "2027-01-02", reason="Winter break")
        assert [day.day for day in closed] == [24, 28, 29, 30, 31], "the others are closed already"
        place = place_of_warehouse(depot)
        assert place.closed_because(date(2026, 12, 31)) == "Winter break"
        assert place.closed_because(date(2026, 12, 25)) == "Christmas Day"
        later = promise(datetime(2026, 12, 23, 22, 0, tzinfo=UTC), place, place)
        assert later.ship_day == date(2027, 1, 4)
        assert "Chicago is closed from Thu 24 Dec to Fri 1 Jan: Winter break." in later.reason
        event = AuditEvent.objects.filter(verb="calendar.closed").get()
        assert event.data["days"] == [day.isoformat() for day in closed]
        assert event.kind == "internal"


def test_a_holiday_closed_by_hand_after_it_was_opened_by_hand_has_one_exception(world: World, depot: Warehouse) -> None:
    with work_unit(STAFF):
        exception(world, depot, "2027-10-11", is_open=True, reason="We work")
        exception(world, depot, "2027-10-11", reason="No, we do not")
        assert depot.calendar.days.get(day=COLUMBUS_DAY, source=MANUAL).name == "No, we do not"
        assert not place_of_warehouse(depot).is_business_day(COLUMBUS_DAY)
        remove_day(actor=world.actor("cora"), calendar=depot.calendar, day=COLUMBUS_DAY, now=NOW)
        assert place_of_warehouse(depot).closed_because(COLUMBUS_DAY) == "Columbus Day"


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"first": "2026-11-26"}, "Thu 26 Nov is closed already (Thanksgiving Day).", "first"),
    ({"first": "2026-11-25", "is_open": True}, "Wed 25 Nov is a business day already.", "first"),
    ({"first": "2026-11-28", "last": "2026-11-29"}, "All these days are closed already.", "first"),
    ({"first": "2026-11-22"}, "That day is over. Enter a day that is still to come.", "first"),
    ({"first": "2026-12-02", "last": "2026-12-01"}, "The last day comes before the first one.", "last"),
    ({"first": "2026-12-01", "last": "2027-01-01"}, "At most 31 days at once.", "last"),
    ({"first": "2029-01-02"}, "Calendars are kept until the end of 2028.", "last"),
    ({"first": "2026-12-01", "reason": " "}, "Enter a reason. It stands in the promises that it changes.", "reason"),
]


@pytest.mark.parametrize("given, words, field", REFUSED)
def test_what_makes_no_sense_is_refused_at_its_field(
    world: World, depot: Warehouse, given: dict[str, Any], words: str, field: str
) -> None:
    with work_unit(STAFF), pytest.raises(CannotChangeCalendar) as refused:
        exception(world, depot, **given)
    assert (refused.value.message, refused.value.param) == (words, field)


def test_today_may_still_be_closed_and_yesterday_stays(world: World, depot: Warehouse) -> None:
    with work_unit(STAFF):
        assert exception(world, depot, "2026-11-23", reason="Snow") == [NOW.date()]
        with pytest.raises(CannotChangeCalendar, match="That day is over"):
            remove_day(actor=world.actor("cora"), calendar=depot.calendar, day=NOW.date(), now=NOW + timedelta(days=2))
        with pytest.raises(NotFound):
            remove_day(actor=world.actor("cora"), calendar=depot.calendar, day=THANKSGIVING, now=NOW)
        with pytest.raises(NotAllowed):
            exception(world, depot, "2026-12-01", actor=world.actor("marek"))


def test_a_calendar_never_closes_every_day(world: World, depot: Warehouse) -> None:
    with work_unit(STAFF):
        first = NOW.date()
        days = (first + timedelta(n) for n in range(370))
        CalendarDay.objects.bulk_create(
            CalendarDay(calendar=depot.calendar, day=day, is_open=False, name="x", source=MANUAL)
            for day in days
            if day != date(2027, 3, 2)
        )
        with pytest.raises(CannotChangeCalendar, match="no business day in a whole year"):
            exception(world, depot, "2027-03-02")


# --- what the package changed -----------------------------------------------------------------------------------------
def an_older_package(depot: Warehouse) -> BusinessCalendar:
    """As if these rows had been copied from a package that knew less, and something else."""
    calendar = BusinessCalendar.objects.get(pk=depot.calendar_id)
    calendar.days.filter(day__in=[date(2027, 7, 5), date(2026, 1, 19)]).delete()  # the observed one; one that is over
    calendar.days.create(day=date(2027, 3, 9), name="Feast of spring", source=LIBRARY)
    calendar.days.filter(day=COLUMBUS_DAY).update(name="Discovery Day")
    return calendar


def test_a_difference_is_shown_and_taken_over_for_days_to_come(world: World, depot: Warehouse) -> None:
    with work_unit(STAFF):
        calendar = an_older_package(depot)
        found = differences(calendar, NOW.date())
        told = [(one.day, one.was and one.was.name, one.is_now and one.is_now.name) for one in found]
        assert told == [
            (date(2027, 3, 9), "Feast of spring", None),
            (date(2027, 7, 5), None, "Independence Day (observed)"),
            (COLUMBUS_DAY, "Discovery Day", "Columbus Day"),
        ]
        assert keep_ahead(NOW) == 0, "what was copied is not computed anew"
        assert not place_of(calendar).is_business_day(date(2027, 3, 9))
        exception(world, depot, "2027-07-05", reason="Long weekend")
        with pytest.raises(Stale):
            take_over_differences(actor=world.actor("cora"), calendar=calendar, seen="another", now=NOW)
        taken = take_over_differences(actor=world.actor("cora"), calendar=calendar, seen=fingerprint(found), now=NOW)
        assert taken == 3
        assert differences(calendar, NOW.date()) == []
        assert place_of(calendar).is_business_day(date(2027, 3, 9))
        assert calendar.days.get(day=date(2027, 7, 5), source=MANUAL).name == "Long weekend"
        assert not calendar.days.filter(day=date(2026, 1, 19)).exists(), "the past stays as it was"


# --- warehouses -------------------------------------------------------------------------------------------------------
def test_a_warehouse_in_another_country_takes_its_holidays_with_it(world: World, depot: Warehouse) -> None:
    facts = {**vars(FACTS), "country": "DE", "subdivision": "BE", "time_zone": "Europe/Berlin", "name": "Berlin"}
    with work_unit(STAFF):
        change_warehouse(actor=world.actor("cora"), warehouse=depot, facts=WarehouseFacts(**facts), now=NOW)
        place = place_of_warehouse(Warehouse.objects.get(pk=depot.pk))
        assert place.city == "Berlin"
        assert place.closed_because(date(2027, 3, 8)) == "Women's Day"
        assert place.is_business_day(THANKSGIVING)
        assert AuditEvent.objects.get(verb="warehouse.changed").data["was"]["country"] == "US"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"time_zone": "Moon/Base"}, "time_zone"),
    ({"country": "XX"}, "country"),
    ({"subdivision": "ZZ"}, "subdivision"),
    ({"weekend": tuple(range(7))}, "workdays"),
    ({"serviced_countries": ("US", "Germany")}, "serviced_countries"),
    ({"name": " "}, "name"),
]


@pytest.mark.parametrize("given, field", WRONG)
def test_a_warehouse_that_makes_no_sense_is_refused(world: World, given: dict[str, Any], field: str) -> None:
    with work_unit(STAFF), pytest.raises(CannotChangeWarehouse) as refused:
        add_warehouse(actor=world.actor("cora"), code="NEW", facts=WarehouseFacts(**{**vars(FACTS), **given}), now=NOW)
    assert refused.value.param == field


def test_a_warehouse_may_work_all_seven_days_and_a_calendar_may_leave_its_weekend_to_its_country(world: World) -> None:
    busy = chicago("ALL7", weekend=())
    with work_unit(STAFF):
        saturday = date(2026, 11, 28)
        assert place_of_warehouse(busy).is_business_day(saturday)
        BusinessCalendar.objects.filter(pk=busy.calendar_id).update(weekend=[])
        assert not place_of_warehouse(Warehouse.objects.get(pk=busy.pk)).is_business_day(saturday)
    page = world.client("cora").get(f"/desk/pool/calendars/{busy.calendar_id}/").content.decode()
    assert "Works Mon to Fri; cut-off 15:00" in page


def test_a_short_name_is_given_once(world: World, depot: Warehouse) -> None:
    with work_unit(STAFF), pytest.raises(CannotChangeWarehouse, match="CHI1 is taken"):
        add_warehouse(actor=world.actor("cora"), code=" chi1 ", facts=FACTS, now=NOW)


# --- pages ------------------------------------------------------------------------------------------------------------
TYPED = {
    "code": "ber1",
    "name": "Berlin",
    "address": "Dock 7\nBerlin",
    "time_zone": "Europe/Berlin",
    "cut_off": "14:30",
    "country": "de",
    "subdivision": "be",
    "workdays": ["0", "1", "2", "3", "4"],
    "serviced_countries": "de, at  CH",
}


def test_a_coordinator_adds_a_warehouse_and_closes_a_day(world: World) -> None:
    client = world.client("cora")
    assert "No warehouse yet" in client.get("/desk/pool/calendars/").content.decode()
    wrong = client.post("/desk/pool/warehouses/new/", {**TYPED, "country": "D"})
    assert wrong.status_code == 422
    assert "Enter two letters, such as US or DE" in wrong.content.decode()
    assert "Dock 7\nBerlin" in wrong.content.decode()
    made = client.post("/desk/pool/warehouses/new/", TYPED, follow=True)
    page = made.content.decode()
    assert "Works Mon to Fri; cut-off 14:30, Europe/Berlin." in page
    with work_unit(STAFF):
        depot = Warehouse.objects.select_related("calendar").get(code="BER1")
        assert depot.serviced_countries == ["AT", "CH", "DE"]
    year = depot.calendar.copied_years[1]
    day = next(date(year, 6, n) for n in range(1, 8) if date(year, 6, n).weekday() == 2)
    path = f"/desk/pool/calendars/{depot.calendar_id}/"
    refused = client.post(path, {"what": "open", "first": day.isoformat(), "last": "", "reason": "Summer party"})
    assert refused.status_code == 422
    assert "is a business day already." in refused.content.decode()
    assert "Summer party" in refused.content.decode(), "what was typed is kept"
    done = client.post(
        path, {"what": "closed", "first": day.isoformat(), "last": "", "reason": "Summer party"}, follow=True
    )
    assert "Set by Cora Test" in done.content.decode()
    gone = client.post(f"{path}{day.isoformat()}/remove/", follow=True)
    assert "Summer party" not in gone.content.decode()


def test_changed_holidays_are_shown_and_taken_over(world: World, depot: Warehouse) -> None:
    with work_unit(STAFF):
        BusinessCalendar.objects.filter(pk=depot.calendar_id).update(copied_years=list(range(2026, 2040)))
    client, path = world.client("cora"), f"/desk/pool/calendars/{depot.calendar_id}/"
    assert "public holidays changed: look at them" in client.get("/desk/pool/calendars/").content.decode()
    page = client.get(path).content.decode()
    assert "No entry" in page
    seen = page.partition('name="seen" value="')[2].partition('"')[0]
    stale = client.post(f"{path}take-over/", {"seen": "0" * 16})
    assert stale.status_code == 409
    assert "Nothing was taken over" in stale.content.decode()
    assert (
        "changed. Promises already given stay."
        in client.post(f"{path}take-over/", {"seen": seen}, follow=True).content.decode()
    )
    assert "Take over" not in client.get(path).content.decode()


def test_others_at_rozoom_read_and_do_not_change(world: World, depot: Warehouse) -> None:
    path = f"/desk/pool/calendars/{depot.calendar_id}/"
    for name in ("marek", "fin"):
        client = world.client(name)
        assert "Add an exception" not in client.get(path).content.decode()
        assert client.post(path, {}).status_code == 404
        assert client.post(f"{path}take-over/", {"seen": ""}).status_code == 404
        assert client.get("/desk/pool/warehouses/new/").status_code == 404
    for name in ("ilse", "dora", "sam"):
        assert world.client(name).get("/desk/pool/calendars/").status_code == 404


def test_more_calendars_are_not_more_queries(world: World, depot: Warehouse) -> None:
    client = world.client("cora")
    client.get("/desk/pool/calendars/")
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get("/desk/pool/calendars/")
    for number in range(4):
        chicago(f"X{number}-1", name=f"Depot {number}")
    with CaptureQueriesContext(connection) as many:
        assert client.get("/desk/pool/calendars/").content.decode().count("Depot ") == 4
    assert len(many) == len(few) <= 12


@pytest.mark.parametrize("year", ["", "2027", "1999", "nonsense", "99999999999999999999"])
def test_any_year_in_the_address_shows_a_year(world: World, depot: Warehouse, year: str) -> None:
    page = world.client("cora").get(f"/desk/pool/calendars/{depot.calendar_id}/?year={year}")
    assert page.status_code == 200
    assert "Days that differ from the week, 20" in page.content.decode()
