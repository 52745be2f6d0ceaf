"""Who is on duty: the rule over plain shifts, the rota that is refused, and the pages."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from rozoom_support.lib.refusals import NotFound, Stale
from sla import duty, rostering
from sla.forms import ChangeForm
from sla.models import DutyChange, Rota
from sla.rostering import CannotChangeRota
from sla.rota import Change, Plan, Shift, on_duty, spans, week_gap_words, week_gaps
from tenancy.actor import NotAllowed
from tenancy.context import database_now, work_unit
from tenancy.models import AuditEvent, Membership, Team
from tenancy.pgbackend.base import TenantAccessDenied
from tests.sla.promises import STAFF, WORKER
from tests.together import together
from tests.world import World, ticket
from tickets.emails import recipients
from tickets.models import Ticket

WEEK = frozenset(range(1, 8))
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
# Clocks that jump by an hour, by half an hour, at midnight, by two hours, over a whole day, and never.
ZONES = ["Europe/Berlin", "Australia/Lord_Howe", "America/Havana", "Antarctica/Troll", "Pacific/Apia", "Asia/Kathmandu"]


def shift(who: int, start: str, end: str, days: Any = WEEK) -> Shift:
    return Shift(who, frozenset(days), time.fromisoformat(start), time.fromisoformat(end))


def at(text: str, zone: str = "Europe/Berlin", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)


DAY_AND_NIGHT = (shift(1, "06:00", "18:00"), shift(2, "18:00", "06:00"))


# --- the rule ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "when, who",
    [
        ("2026-11-23 05:59", (2,)),
        ("2026-11-23 06:00", (1,)),
        ("2026-11-23 17:59", (1,)),
        ("2026-11-23 18:00", (2,)),
        ("2026-11-24 00:00", (2,)),
    ],
)
def test_a_shift_begins_with_its_start_and_ends_before_its_end(when: str, who: tuple[int, ...]) -> None:
    assert on_duty(Plan("Europe/Berlin", DAY_AND_NIGHT), at(when)) == who


def test_a_night_belongs_to_the_day_it_begins_on() -> None:
    plan = Plan("Europe/Berlin", (shift(7, "22:00", "06:00", {5}),))
    assert on_duty(plan, at("2026-11-27 23:00")) == (7,)  # Friday
    assert on_duty(plan, at("2026-11-28 05:59")) == (7,)  # Saturday morning
    assert on_duty(plan, at("2026-11-27 05:00")) == ()  # Friday morning is Thursday's night
    assert on_duty(plan, at("2026-11-28 23:00")) == ()


def test_equal_times_are_a_whole_day() -> None:
    plan = Plan("Europe/Berlin", (shift(3, "08:00", "08:00", {7}),))
    assert on_duty(plan, at("2026-11-29 08:00")) == (3,)
    assert on_duty(plan, at("2026-11-30 07:59")) == (3,)
    assert on_duty(plan, at("2026-11-30 08:00")) == ()


def test_the_hour_that_comes_twice_has_the_same_person_both_times() -> None:
    plan = Plan("Europe/Berlin", (shift(1, "02:00", "03:00"), shift(2, "03:00", "02:00")))
    first, second = (at("2026-10-25 02:30", fold=fold) for fold in (0, 1))
    assert second - first == HOUR
    assert [on_duty(plan, moment) for moment in (first, second)] == [(1,), (1,)]


def test_the_hour_that_never_comes_leaves_nobody_waiting() -> None:
    plan = Plan("Europe/Berlin", (shift(1, "02:00", "03:00"), shift(2, "03:00", "02:00")))
    before = datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)  # 01:59:59, then it is 03:00
    assert [on_duty(plan, before), on_duty(plan, before + timedelta(seconds=1))] == [(2,), (2,)]


@st.composite
def gapless(draw: Any) -> tuple[Shift, ...]:
    """A week cut at random minutes, each piece somebody's."""
    cuts = sorted(draw(st.sets(st.integers(0, 1439), min_size=1, max_size=6)))
    times = [time(cut // 60, cut % 60) for cut in cuts]
    ends = [*times[1:], times[0]]
    return tuple(
        Shift(draw(st.integers(1, 3)), frozenset(part), start, end)
        for start, end in zip(times, ends, strict=True)
        for part in draw(st.sampled_from([[WEEK], [{1, 2, 3, 4, 5}, {6, 7}], [{7}, {1, 2, 3, 4, 5, 6}]]))
    )


# Around a jump of the clocks in each of the zones, and any other time.
MOMENTS = st.one_of(
    st.datetimes(datetime(2011, 12, 28), datetime(2012, 1, 2)),  # the day Apia left out
    st.datetimes(datetime(2026, 3, 27), datetime(2026, 4, 6)),
    st.datetimes(datetime(2026, 10, 2), datetime(2026, 11, 3)),
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),
)


@settings(max_examples=400, deadline=None)
@given(shifts=gapless(), zone=st.sampled_from(ZONES), moment=MOMENTS)
def test_a_week_without_a_gap_has_somebody_at_every_instant(shifts: Any, zone: str, moment: datetime) -> None:
    assert week_gaps(shifts) == []
    assert on_duty(Plan(zone, shifts), moment.replace(tzinfo=UTC))


@settings(max_examples=60, deadline=None)
@given(shifts=gapless(), zone=st.sampled_from(ZONES), moment=MOMENTS, data=st.data())
def test_spans_say_the_same_as_asking_each_minute(shifts: Any, zone: str, moment: datetime, data: Any) -> None:
    start = moment.replace(tzinfo=UTC, second=0, microsecond=0)
    end = start + timedelta(hours=50)
    one = data.draw(st.integers(0, 49)), data.draw(st.integers(1, 20))
    change = Change(
        start + one[0] * HOUR, start + (one[0] + one[1]) * HOUR, away=1, comes=data.draw(st.sampled_from([None, 9]))
    )
    plan = Plan(zone, shifts, (change,))
    found = spans(plan, start, end)
    assert (found[0].start, found[-1].end) == (start, end)
    assert all(before.end == after.start and before.who != after.who for before, after in pairwise(found))
    for span in found:
        minutes = {
            start + n * MINUTE for n in range(int((span.start - start) / MINUTE), int((span.end - start) / MINUTE))
        }
        assert {on_duty(plan, minute) for minute in minutes} == {span.who}


@pytest.mark.parametrize(
    "shifts, words",
    [
        ([shift(1, "06:00", "22:00")], ["Monday 22:00 to Tuesday 06:00"]),
        ([shift(1, "00:00", "00:00", range(1, 7))], ["Sunday 00:00 to 24:00"]),
        ([shift(1, "00:00", "00:00", range(1, 7)), shift(2, "08:00", "02:00", {7})], ["Sunday 00:00 to 08:00"]),
        ([shift(1, "00:00", "00:00", range(2, 7))], ["Sunday 00:00 to Tuesday 00:00"]),
        ([shift(1, "00:00", "23:59"), shift(1, "00:00", "00:00", range(1, 7))], ["Sunday 23:59 to 24:00"]),
        ([], ["at any time"]),
    ],
)
def test_a_gap_in_the_week_is_named(shifts: list[Shift], words: list[str]) -> None:
    assert [week_gap_words(gap) for gap in week_gaps(shifts)][: len(words)] == words


def test_changes_of_an_interval() -> None:
    start, end = at("2026-11-23 12:00"), at("2026-11-23 20:00")

    def during(*changes: Change) -> tuple[int, ...]:
        return on_duty(Plan("Europe/Berlin", DAY_AND_NIGHT, changes), at("2026-11-23 13:00"))

    assert during(Change(start, end, away=1, comes=5)) == (5,)
    assert during(Change(start, end, comes=5)) == (1, 5)
    assert during(Change(start, end, away=1)) == ()
    assert during(Change(start, end, away=2, comes=5)) == (1,)  # 2 has no duty then: nobody stands in
    assert during(Change(start, end, away=1, comes=5), Change(start, end, away=5, comes=6)) == (6,)
    plan = Plan("Europe/Berlin", DAY_AND_NIGHT, (Change(start, end, away=1, comes=5),))
    assert [on_duty(plan, moment) for moment in (start - MINUTE, start, end - MINUTE, end)] == [(1,), (5,), (2,), (2,)]


# --- deeds ------------------------------------------------------------------------------------------------------------
def save(
    world: World, shifts: list[Shift], by: str = "duty", *, team: bool = True, version: int = 0, zone: str = "UTC"
) -> Rota:
    actor = world.actor(by)
    with work_unit(actor.context) as unit:
        assert unit.now is not None
        found = Team.objects.get(name="Drives") if team else None
        return rostering.save_rota(actor=actor, team=found, zone=zone, shifts=shifts, version=version, now=unit.now)


def round_the_clock(*people: Membership) -> list[Shift]:
    """Each has an equal part of every day."""
    edges = [f"{24 * n // len(people):02}:00" for n in range(len(people))]
    return [shift(one.pk, start, end) for one, start, end in zip(people, edges, [*edges[1:], edges[0]], strict=True)]


def change(
    world: World, rota: Rota, away: str = "", comes: str = "", *, begin: float = 1, hours: float = 24, by: str = "duty"
) -> DutyChange:
    """`begin` and `hours` count from now."""
    actor = world.actor(by)
    with work_unit(actor.context) as unit:
        assert unit.now is not None
        return rostering.add_change(
            actor=actor,
            rota=rota,
            away=world.people.get(away),
            comes=world.people.get(comes),
            starts_at=unit.now + begin * HOUR,
            ends_at=unit.now + (begin + hours) * HOUR,
            now=unit.now,
        )


def names_on_duty(team_id: int | None, when: datetime | None = None) -> list[str]:
    with work_unit(WORKER):
        return [one.person_name.split()[0].lower() for one in duty.on_duty(team_id, when or database_now())]


def drives() -> int:
    with work_unit(STAFF):
        return Team.objects.get(name="Drives").pk


def test_without_a_rota_the_whole_team_is_on_duty(world: World) -> None:
    with work_unit(STAFF):
        Team.objects.get(name="Drives").members.add(world.marek, world.rita)
    assert names_on_duty(drives()) == ["marek", "rita"]
    save(world, round_the_clock(world.rita))
    assert names_on_duty(drives()) == ["rita"]


def test_duty_managers_have_a_rota_of_their_own(world: World) -> None:
    assert names_on_duty(None) == ["duty"]
    save(world, round_the_clock(world.adam), team=False)
    assert names_on_duty(None) == ["adam"]


def test_who_has_left_is_not_told_and_the_last_rung_is_never_empty(world: World) -> None:
    save(world, round_the_clock(world.adam), team=False)
    with work_unit(STAFF):
        Membership.objects.filter(pk=world.adam.pk).update(is_active=False)
    assert names_on_duty(None) == ["duty"]
    with work_unit(STAFF):
        Membership.objects.filter(pk=world.adam.pk).update(is_active=True)
        Membership.objects.filter(pk=world.duty.pk).update(is_active=False)
        Rota.objects.all().delete()
    assert names_on_duty(None) == ["adam"]


def test_a_change_of_role_ends_the_duty(world: World) -> None:
    with work_unit(STAFF):
        Team.objects.get(name="Drives").members.add(world.rita)
    save(world, round_the_clock(world.marek))
    with work_unit(STAFF):
        Membership.objects.filter(pk=world.marek.pk).update(role="finance")
    assert names_on_duty(drives()) == ["rita"]


BAD_ROTAS: dict[str, tuple[Any, str]] = {
    "a gap": (
        lambda w: [shift(w.marek.pk, "08:00", "02:00")],
        r"Nobody is on duty Monday 02:00 to 08:00, Tuesday .* and 3 more",
    ),
    "nothing": (lambda w: [], "at least one shift"),
    "no day": (lambda w: [Shift(w.marek.pk, frozenset(), time(0), time(0))], "at least one day"),
    "a day that is none": (lambda w: [Shift(w.marek.pk, frozenset({8}), time(0), time(0))], "at least one day"),
    "a customer": (lambda w: round_the_clock(w.ilse), "somebody who works for roZoom"),
    "a reseller": (lambda w: round_the_clock(w.dirk), "somebody who works for roZoom"),
    "who can not answer": (lambda w: round_the_clock(w.fin), "Fin Test can not answer tickets"),
    "nobody at all": (lambda w: [shift(987654321, "00:00", "00:00")], "somebody who works for roZoom"),
    "too many": (lambda w: round_the_clock(w.marek) * 61, "room for 60 shifts"),
}


@pytest.mark.parametrize("why", BAD_ROTAS)
def test_a_rota_is_refused_and_nothing_is_recorded(world: World, why: str) -> None:
    make, words = BAD_ROTAS[why]
    with pytest.raises(CannotChangeRota, match=words):
        save(world, make(world))
    with work_unit(STAFF):
        assert not Rota.objects.exists()
        assert not AuditEvent.objects.filter(chain__startswith="rota:").exists()


def test_an_unknown_zone_is_refused(world: World) -> None:
    with pytest.raises(CannotChangeRota, match="time zone"):
        save(world, round_the_clock(world.marek), zone="Mars/Olympus")


def test_only_duty_managers_and_administrators_answer_for_a_late_promise(world: World) -> None:
    with pytest.raises(CannotChangeRota, match="neither a duty manager nor an administrator"):
        save(world, round_the_clock(world.marek), team=False)


def test_who_has_left_is_refused_at_the_row(world: World) -> None:
    with work_unit(STAFF):
        Membership.objects.filter(pk=world.rita.pk).update(is_active=False)
    with pytest.raises(CannotChangeRota, match="Rita Test has no access any more") as refused:
        save(world, round_the_clock(world.marek, world.rita))
    assert refused.value.param == "shifts.1"


@pytest.mark.parametrize("by", ["marek", "fin", "dora", "ilse"])
def test_others_do_not_change_rotas(world: World, by: str) -> None:
    with pytest.raises(NotAllowed):
        save(world, round_the_clock(world.duty), by, team=False)


BAD_CHANGES: dict[str, tuple[dict[str, Any], str]] = {
    "end before start": ({"comes": "rita", "hours": -1}, "later than the start"),
    "over already": ({"comes": "rita", "begin": -5, "hours": 3}, "time is over"),
    "nobody": ({}, "Choose who is away, who comes, or both"),
    "for oneself": ({"away": "marek", "comes": "marek"}, "stand in for themselves"),
    "a customer": ({"comes": "ilse"}, "somebody who works for roZoom"),
    "finance": ({"comes": "fin"}, "can not answer"),
    "not on duty": ({"away": "rita", "comes": "duty"}, "Rita Test is not on duty in that time"),
    "a gap": ({"away": "marek"}, r"Nobody would be on duty \w+ \d+ \w+ \d\d:\d\d to"),
    "too long": ({"comes": "rita", "hours": 24 * 93}, "Longer than 92 days"),
    "too far": ({"comes": "rita", "begin": 24 * 367}, "more than a year away"),
}


@pytest.mark.parametrize("why", BAD_CHANGES)
def test_a_change_is_refused_and_nothing_is_recorded(world: World, why: str) -> None:
    rota = save(world, round_the_clock(world.marek))
    how, words = BAD_CHANGES[why]
    with pytest.raises(CannotChangeRota, match=words):
        change(world, rota, **how)
    with work_unit(STAFF):
        assert not DutyChange.objects.exists()


def test_a_stand_in_is_told_and_the_audit_tells_it(world: World) -> None:
    rota = save(world, round_the_clock(world.marek))
    change(world, rota, "marek", "rita", begin=-1, hours=3)
    assert names_on_duty(rota.team_id) == ["rita"]
    with work_unit(WORKER):
        later = database_now() + 3 * HOUR
    assert names_on_duty(rota.team_id, later) == ["marek"]
    with work_unit(STAFF):
        events = AuditEvent.objects.filter(chain=f"rota:{rota.pk}").order_by("seq")
        assert [one.verb for one in events] == ["rota.changed", "duty.changed"]
        assert events[1].data["change"]["comes"] == "Rita Test"
        assert events[0].actor_name == "Duty Test"
        assert {one.customer_id for one in events} == {world.rozoom.pk}


def test_what_others_rely_on_can_not_be_removed(world: World) -> None:
    """Marek may stay away only because Rita comes in addition."""
    rota = save(world, round_the_clock(world.marek))
    extra = change(world, rota, comes="rita")
    alone = change(world, rota, "marek", begin=2, hours=3)
    actor = world.actor("duty")

    def remove(one: DutyChange) -> None:
        with work_unit(actor.context) as unit:
            assert unit.now is not None
            rostering.remove_change(actor=actor, change=one, now=unit.now)

    with pytest.raises(CannotChangeRota, match="Nobody would be on duty"):
        remove(extra)
    remove(alone)
    remove(extra)
    with work_unit(STAFF):
        assert not DutyChange.objects.exists()
    with pytest.raises(NotFound):
        remove(extra)


def test_shifts_must_fit_the_changes_that_are_planned(world: World) -> None:
    rota = save(world, [*round_the_clock(world.marek), *round_the_clock(world.rita)])
    change(world, rota, "marek")
    with pytest.raises(CannotChangeRota, match="Nobody would be on duty"):
        save(world, round_the_clock(world.marek), version=1)
    save(world, round_the_clock(world.rita), version=1)


def test_the_second_of_two_editors_is_told(world: World) -> None:
    save(world, round_the_clock(world.marek))
    save(world, round_the_clock(world.rita), "adam", version=1)
    with pytest.raises(Stale, match="Adam Test changed this rota on"):
        save(world, round_the_clock(world.marek), version=1)
    assert names_on_duty(drives()) == ["rita"]


def test_two_editors_at_the_same_moment(lasting_world: World) -> None:
    """Also where there is no row yet that the second could wait for."""
    world = lasting_world

    def attempt(name: str) -> Any:
        def run() -> str:
            try:
                save(world, round_the_clock(world.people[name]), team=False)
            except Stale:
                return "told"
            return name

        return run

    for _ in range(5):
        with work_unit(STAFF):
            Rota.objects.all().delete()
        outcome = together(attempt("duty"), attempt("adam"))
        assert sorted(outcome, key=lambda one: one == "told")[1] == "told"
        (winner,) = [one for one in outcome if one != "told"]
        assert names_on_duty(None) == [winner]


@pytest.mark.parametrize("table", ["sla_rota", "sla_shift", "sla_dutychange", "sla_ladder"])
@pytest.mark.parametrize("name", ["ilse", "dora"])
def test_no_tenant_reads_who_has_duty(world: World, name: str, table: str) -> None:
    with pytest.raises(TenantAccessDenied), work_unit(world.actor(name).context), connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")


# --- pages ------------------------------------------------------------------------------------------------------------
def rota_form(*rows: tuple[Membership, str, str], version: int = 0, **more: Any) -> dict[str, Any]:
    form: dict[str, Any] = {"rows": str(len(rows)), "version": str(version), "zone": "Europe/Berlin"}
    for place, (who, start, end) in enumerate(rows):
        form |= {
            f"row-{place}-who": str(who.pk),
            f"row-{place}-weekdays": [str(day) for day in range(1, 8)],
            f"row-{place}-start": start,
            f"row-{place}-end": end,
        }
    return {**form, **(more or {"save": "1"})}


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.mark.parametrize("name", ["marek", "fin", "duty", "adam"])
def test_everybody_at_rozoom_reads_who_is_on_duty(world: World, name: str) -> None:
    save(world, round_the_clock(world.rita))
    page = world.client(name).get("/desk/duty/")
    assert page.status_code == 200
    assert "Rita Test" in text_of(page)
    assert ("Change shifts" in text_of(page)) is (name in ("duty", "adam"))


@pytest.mark.parametrize("name", ["ilse", "dora", "sam"])
def test_for_others_the_pages_are_not_there(world: World, name: str) -> None:
    client = world.client(name)
    assert [
        client.get(f"/desk/{path}").status_code for path in ("duty/", "duty/managers/", "ladders/", "ladders/1/")
    ] == [404] * 4
    assert client.post("/desk/duty/managers/", rota_form((world.duty, "00:00", "00:00"))).status_code == 404
    with work_unit(STAFF):
        assert not Rota.objects.exists()


def test_a_rota_is_made_row_by_row_without_javascript(world: World) -> None:
    client, path = world.client("duty"), f"/desk/duty/{drives()}/"
    first = client.get(path)
    assert 'name="row-0-who"' in text_of(first)
    assert 'value="Europe/Berlin"' in text_of(first)
    half = client.post(path, rota_form((world.marek, "06:00", "18:00"), add="1"))
    assert half.status_code == 200
    assert 'name="row-1-who"' in text_of(half)
    assert 'value="06:00"' in text_of(half)
    assert "There is a problem" not in text_of(half)
    gap = client.post(path, rota_form((world.marek, "06:00", "18:00")))
    assert gap.status_code == 422
    assert "Nobody is on duty Monday 18:00 to Tuesday 06:00" in text_of(gap)
    assert 'value="18:00"' in text_of(gap)
    done = client.post(path, rota_form((world.marek, "06:00", "18:00"), (world.rita, "18:00", "06:00")))
    assert (done.status_code, done["Location"]) == (302, "/desk/duty/")
    shown = text_of(client.get("/desk/duty/"))
    assert "06:00 to 18:00</span> Marek Test" in shown
    assert "00:00 to 06:00</span> Rita Test" in shown
    removed = client.post(
        path, rota_form((world.marek, "06:00", "18:00"), (world.rita, "18:00", "06:00"), version=1, remove="0")
    )
    assert 'name="row-1-who"' not in text_of(removed)


def test_an_error_stands_at_its_row(world: World) -> None:
    form = rota_form((world.marek, "06:00", "18:00"), (world.marek, "18:00", "06:00")) | {"row-1-weekdays": []}
    page = world.client("duty").post(f"/desk/duty/{drives()}/", form)
    assert page.status_code == 422
    assert "Shift 2: Choose at least one day" in text_of(page)


def test_the_second_editor_keeps_what_was_typed(world: World) -> None:
    path = f"/desk/duty/{drives()}/"
    assert world.client("adam").post(path, rota_form((world.rita, "00:00", "00:00"))).status_code == 302
    second = world.client("duty").post(path, rota_form((world.marek, "07:00", "07:00")))
    assert second.status_code == 409
    assert "Adam Test changed this rota" in text_of(second)
    assert 'value="07:00"' in text_of(second)


def test_a_stand_in_by_the_page_and_its_end(world: World) -> None:
    rota = save(world, round_the_clock(world.marek), zone="Europe/Berlin")
    client, path = world.client("duty"), f"/desk/duty/{rota.team_id}/change/"
    assert client.get(path).status_code == 200
    with work_unit(STAFF):
        day = (database_now() + timedelta(days=2)).date()
    form = {"away": world.marek.pk, "comes": world.rita.pk, "starts_at": f"{day}T08:00", "ends_at": f"{day}T12:00"}
    gap = client.post(path, {**form, "comes": ""})
    assert gap.status_code == 422
    assert "Nobody would be on duty" in text_of(gap)
    assert client.post(path, form).status_code == 302
    with work_unit(STAFF):
        made = DutyChange.objects.get()
    assert made.starts_at == at(f"{day} 08:00")
    shown = text_of(client.get("/desk/duty/"))
    assert "Rita Test for Marek Test" in shown
    assert "08:00 to 12:00" in shown
    remove = f"/desk/duty/{rota.team_id}/change/{made.pk}/remove/"
    assert "Rita Test for Marek Test" in text_of(client.get(remove))
    assert client.post(f"/desk/duty/managers/change/{made.pk}/remove/").status_code == 404
    assert client.post(remove).status_code == 302
    assert client.post(remove).status_code == 404


def test_a_time_that_never_comes_is_refused(world: World) -> None:
    people = [world.marek]
    typed = {"comes": world.marek.pk, "starts_at": "2027-03-28T02:30", "ends_at": "2027-10-31T02:30"}
    form = ChangeForm(typed, zone="Europe/Berlin", away=people, comes=people)
    assert not form.is_valid()
    assert "The clocks change then" in form.errors["starts_at"][0]
    assert form.cleaned_data["ends_at"] == at("2027-10-31 02:30", fold=1)


def test_a_rota_is_removed_and_the_whole_team_counts_again(world: World) -> None:
    rota = save(world, round_the_clock(world.rita))
    client, path = world.client("adam"), f"/desk/duty/{rota.team_id}/remove/"
    assert "Remove the rota of Drives?" in text_of(client.get(path))
    assert client.post(path, {"version": "7"}).status_code == 409
    assert client.post(path, {"version": "1"}).status_code == 302
    with work_unit(STAFF):
        assert not Rota.objects.exists()
        assert AuditEvent.objects.filter(verb="rota.removed", chain=f"rota:{rota.pk}").exists()


def test_who_has_left_is_named_on_the_page(world: World) -> None:
    save(world, round_the_clock(world.rita))
    with work_unit(STAFF):
        Membership.objects.filter(pk=world.rita.pk).update(is_active=False)
    shown = text_of(world.client("duty").get("/desk/duty/"))
    assert "Rita Test can not have this duty any more" in shown
    assert "Nobody of the rota" in shown


@pytest.mark.parametrize("week", ["-1", "1", "52", "9999", "x", "-x", "²"])
def test_other_weeks(world: World, week: str) -> None:
    save(world, round_the_clock(world.rita))
    assert world.client("marek").get("/desk/duty/", {"week": week}).status_code == 200


@pytest.mark.parametrize("odd", ["0", "987654321", "x", "-1", "999999999999999999999"])
def test_a_team_that_is_none_is_not_found(world: World, odd: str) -> None:
    assert world.client("duty").get(f"/desk/duty/{odd}/").status_code == 404


# --- who is told, and the desk ----------------------------------------------------------------------------------------
def told(world: World, name: str, *, team: bool = True, owner: str = "") -> set[str]:
    """By one recipient of a ladder, for a ticket of Acme's with the team Drives."""
    filed = ticket(world)
    with work_unit(WORKER):
        found = Ticket.objects.get(pk=filed.pk)
        found.team = Team.objects.get(name="Drives") if team else None
        if owner:
            one = world.people[owner]
            found.assignee_id, found.assignee_party = one.person_id, one.organisation.kind.lower()
        people = recipients.of_the_ladder(found, [name], database_now())
        return {reader.name.split()[0].lower() for reader in people}


def test_without_an_owner_who_is_on_duty_is_told_else_the_team_else_the_desk(world: World) -> None:
    assert told(world, "assignee_or_team") == {"marek", "rita"}  # nobody is in the team: every agent
    with work_unit(STAFF):
        Team.objects.get(name="Drives").members.add(world.rita, world.duty)
    assert told(world, "assignee_or_team") == {"rita", "duty"}
    save(world, round_the_clock(world.marek))
    for name in ("assignee_or_team", "on_duty"):
        assert told(world, name) == {"marek"}
    assert told(world, "assignee_or_team", owner="rita") == {"rita"}
    assert told(world, "on_duty", owner="rita") == {"marek"}
    assert told(world, "assignee_or_team", owner="dirk") == {"dirk", "marek"}
    assert told(world, "on_duty", team=False) == {"marek", "rita"}


def test_the_duty_manager_who_has_duty_is_told(world: World) -> None:
    assert told(world, "duty_manager") == {"duty"}
    save(world, round_the_clock(world.adam), team=False)
    assert told(world, "duty_manager") == {"adam"}


def test_the_desk_says_who_is_on_duty_to_rozoom_only(world: World) -> None:
    assert "On duty:" not in text_of(world.client("marek").get("/desk/"))
    save(world, [*round_the_clock(world.marek), *round_the_clock(world.rita)])
    save(world, round_the_clock(world.adam), team=False)
    line = "On duty: Marek Test and Rita Test (Drives), duty manager Adam Test."
    assert line in text_of(world.client("marek").get("/desk/"))
    assert "On duty" not in text_of(world.client("dora").get("/desk/"))
    with work_unit(STAFF):
        Membership.objects.filter(pk__in=[world.marek.pk, world.rita.pk]).update(is_active=False)
    assert "On duty: all of Drives, duty manager Adam Test." in text_of(world.client("adam").get("/desk/"))


def test_many_rotas_cost_the_desk_as_many_queries_as_one(world: World) -> None:
    save(world, round_the_clock(world.marek))

    def cost() -> int:
        with work_unit(STAFF), CaptureQueriesContext(connection) as asked:
            assert duty.line(database_now())
        return len(asked)

    before = cost()
    with work_unit(STAFF):
        teams = [Team.objects.create(name=f"Team {n}") for n in range(5)]
    actor = world.actor("duty")
    for team in teams:
        with work_unit(actor.context) as unit:
            assert unit.now is not None
            shifts = round_the_clock(world.rita)
            rostering.save_rota(actor=actor, team=team, zone="UTC", shifts=shifts, version=0, now=unit.now)
    assert cost() == before
