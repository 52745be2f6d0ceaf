"""Ladders: what is refused, who would be told, and what a change does to clocks that run."""

import re
import time as clocks
from datetime import datetime, timedelta
from threading import Event as Flag
from typing import Any

import pytest
from django.db import connection

from rozoom_support.lib.refusals import Stale
from sla import ladders, running, services
from sla.ladders import CannotChangeLadder, Rung
from sla.models import ClockSegment, Escalation, Ladder, LadderStep
from sla.reach import Case
from sla.sweeper import sweep, sweep_all
from tenancy.actor import NotAllowed
from tenancy.context import database_now, work_unit
from tenancy.models import AuditEvent, Membership, Team
from tests.sla.promises import STAFF, WORKER, database_time, fired, last_segment, levels, many_reported, reported
from tests.sla.test_duty import change, round_the_clock, text_of
from tests.sla.test_duty import save as save_rota
from tests.together import together
from tests.world import World, ensure_context
from tickets.models import Ticket

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def rung(percent: int, *recipients: str, after: int = 0, level: int | None = None) -> Rung:
    return Rung(percent, after * MINUTE, recipients or ("assignee_or_team",), level)


def stored(severity: int = 1) -> list[Rung]:
    with ensure_context(STAFF):
        return ladders.rungs_of(severity)


def version(severity: int = 1) -> int:
    with work_unit(STAFF):
        return ladders.ladder_of(severity).version


def save(
    world: World,
    rungs: list[Rung],
    by: str = "duty",
    *,
    severity: int = 1,
    of: int | None = None,
    team_id: int | None = None,
) -> bool:
    actor = world.actor(by)
    of = version(severity) if of is None else of
    with work_unit(actor.context) as unit:
        assert unit.now is not None
        return ladders.save_ladder(
            actor=actor, severity=severity, rungs=rungs, version=of, team_id=team_id, now=unit.now
        )


# --- what is refused --------------------------------------------------------------------------------------------------
BAD: dict[str, tuple[list[Rung], dict[int, str]]] = {
    "out of order": ([rung(75), rung(50)], {1: "comes before level 1"}),
    "the same instant": ([rung(50), rung(50, "duty_manager")], {1: "Level 1 is told at the same time"}),
    "the same minutes": ([rung(100, after=30), rung(100, after=30)], {1: "Level 1 is told at the same time"}),
    "minutes before the due time": ([rung(100, after=30), rung(100)], {1: "comes before level 1"}),
    "a target of zero": ([rung(0)], {0: "Enter 1 to 100 %"}),
    "over 100": ([rung(101)], {0: "Enter 1 to 100 %"}),
    "minutes without the due time": ([rung(50, after=5)], {0: "count from the due time"}),
    "before the due time": ([rung(100, after=-5)], {0: "count from the due time"}),
    "after a week": ([rung(100, after=7 * 24 * 60 + 1)], {0: "At most 7 days"}),
    "nobody": ([Rung(50, timedelta(), ())], {0: "Choose who is told"}),
    "an unknown role": ([rung(50, "caretaker")], {0: "from the list"}),
    "resellers only": ([rung(50, "reseller_agents", "reseller_manager")], {0: "has no reseller"}),
    "several at once": ([rung(0), rung(50), rung(40)], {0: "Enter 1 to 100", 2: "comes before level 2"}),
}


@pytest.mark.parametrize("why", BAD)
def test_a_ladder_is_refused_at_its_row_and_nothing_is_recorded(world: World, why: str) -> None:
    rungs, words = BAD[why]
    before = stored()
    with pytest.raises(CannotChangeLadder) as refused:
        save(world, rungs)
    assert refused.value.rows.keys() == words.keys()
    for place, part in words.items():
        assert part in refused.value.rows[place].words
    assert stored() == before
    with work_unit(STAFF):
        assert not AuditEvent.objects.filter(chain="ladder:1").exists()


def test_no_level_and_too_many_are_refused(world: World) -> None:
    with pytest.raises(CannotChangeLadder, match="at least one level"):
        save(world, [])
    with pytest.raises(CannotChangeLadder, match="room for 12 levels"):
        save(world, [rung(n) for n in range(1, 14)])
    assert save(world, [rung(n) for n in range(1, 13)])


def test_a_level_that_reaches_nobody_now_is_refused(world: World) -> None:
    with work_unit(STAFF):
        Membership.objects.filter(role__in=["duty-manager"]).update(is_active=False)
        Membership.objects.filter(role="administrator").exclude(pk=world.adam.pk).update(is_active=False)
    rungs = [rung(50), rung(100, "duty_manager")]
    assert save(world, rungs, "adam")  # the administrators stand in
    with work_unit(STAFF):
        Membership.objects.filter(role="agent").update(is_active=False)
    with pytest.raises(CannotChangeLadder) as refused:
        save(world, [rung(40), rung(100, "duty_manager")], "adam")
    assert refused.value.rows[0].words == "This would reach nobody: nobody has that role now."
    assert list(refused.value.rows) == [0]


@pytest.mark.parametrize("by", ["marek", "fin", "dora", "ilse"])
def test_others_do_not_change_ladders(world: World, by: str) -> None:
    with pytest.raises(NotAllowed):
        save(world, [rung(50)], by, of=0)


def test_a_number_that_is_not_of_this_ladder_is_refused(world: World) -> None:
    for odd in ([rung(50, level=99)], [rung(50, level=1), rung(60, level=1)]):
        with pytest.raises(Stale):
            save(world, odd)


# --- what is kept -----------------------------------------------------------------------------------------------------
def test_levels_keep_their_numbers_and_no_number_comes_back(world: World) -> None:
    first, *rest = stored()
    assert save(world, [first, rung(60), *rest[:-1]])
    assert [one.level for one in stored()] == [1, 12, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert save(world, [first, *rest[:-1]])
    assert save(world, [first, rung(60), *rest[:-1]])
    assert stored()[1].level == 13


def test_the_audit_tells_what_was_and_what_is(world: World) -> None:
    assert save(world, [rung(50), rung(100, "on_duty", "duty_manager", after=90)])
    with work_unit(STAFF):
        event = AuditEvent.objects.get(chain="ladder:1")
    assert (event.verb, event.actor_name, event.customer_id) == ("ladder.changed", "Duty Test", world.rozoom.pk)
    assert event.data["to"][1] == "1 h 30 min after the due time: Who is on duty in the team, The duty manager"
    assert len(event.data["was"]) == 11


def test_what_is_the_same_is_not_recorded(world: World) -> None:
    assert not save(world, stored())
    assert version() == 0
    with work_unit(STAFF):
        assert not AuditEvent.objects.filter(chain="ladder:1").exists()


def test_ladders_of_other_severities_stay(world: World) -> None:
    before = stored(2)
    assert save(world, [rung(50)])
    assert stored(2) == before


def test_the_second_of_two_editors_is_told(world: World) -> None:
    assert save(world, [rung(50)], "adam", of=0)
    with pytest.raises(Stale, match="Adam Test changed this ladder on"):
        save(world, [rung(60)], of=0)
    assert [one.percent for one in stored()] == [50]


def test_two_editors_at_the_same_moment(lasting_world: World) -> None:
    world = lasting_world

    def attempt(percent: int, name: str, of: int) -> Any:
        def run() -> int:
            try:
                save(world, [rung(percent)], name, of=of)
            except Stale:
                return 0
            return percent

        return run

    for turn in range(5):
        outcome = together(attempt(10 + turn, "duty", turn), attempt(50 + turn, "adam", turn))
        (winner,) = [one for one in outcome if one]
        assert [one.percent for one in stored()] == [winner]
        assert version() == turn + 1


# --- clocks that run --------------------------------------------------------------------------------------------------
def next_action(one: Ticket) -> datetime | None:
    return last_segment(one).next_action_at


def fire(one: Ticket, at: datetime | None = None) -> int:
    """What a sweep does at that time. In a test's transaction its now() would be before every change."""
    with work_unit(WORKER), connection.cursor() as cursor:
        when = at or database_now() + timedelta(seconds=1)
        cursor.execute("SELECT fired FROM app.fire_levels(ARRAY[%s], %s, false)", [last_segment(one).pk, when])
        return int(cursor.fetchone()[0])


def inserted(place: int, new: Rung) -> list[Rung]:
    rungs = stored()
    rungs.insert(place, new)
    return rungs[: ladders.MOST_LEVELS]


def test_a_new_earlier_level_is_not_lost(world: World) -> None:
    filed = reported(world, 35 * MINUTE)
    sweep()
    assert next_action(filed) == filed.reported_at + 45 * MINUTE
    assert save(world, inserted(1, rung(60, "duty_manager")))
    assert next_action(filed) == filed.reported_at + 36 * MINUTE
    assert fire(filed, filed.reported_at + 36 * MINUTE) == 1
    assert levels(filed) == [1, 12]
    assert next_action(filed) == filed.reported_at + 45 * MINUTE


def test_a_level_that_the_clock_is_past_fires_at_once_and_is_not_called_late(world: World) -> None:
    filed = reported(world, 40 * MINUTE)
    sweep()
    before = database_time()
    assert save(world, inserted(1, rung(60, "duty_manager")))
    assert (next_action(filed) or before) >= before
    assert fire(filed) == 1
    new = fired(filed)[-1]
    assert (new.level, new.scheduled_at >= before) == (12, True)
    assert fire(filed) == 0


def test_what_has_fired_does_not_fire_again_when_others_come_before_it(world: World) -> None:
    """By its place the first level would now be the second, and be told twice."""
    filed = reported(world, 46 * MINUTE)
    sweep()
    assert levels(filed) == [1, 2]
    assert save(world, [*stored()[:2], rung(80, "duty_manager"), *stored()[2:]])
    assert next_action(filed) == filed.reported_at + 48 * MINUTE
    assert save(world, [rung(10, "duty_manager"), *stored()[:-1]])
    assert fire(filed) == 1  # the one at 10 %, which nobody has been told
    assert sorted(levels(filed)) == [1, 2, 13]
    assert next_action(filed) == filed.reported_at + 48 * MINUTE


def test_a_level_that_is_gone_does_not_fire(world: World) -> None:
    filed = reported(world, 31 * MINUTE)
    sweep()
    rest = [one for one in stored() if one.level != 2]
    assert save(world, rest)
    assert next_action(filed) == filed.reported_at + 60 * MINUTE


def test_a_level_that_fired_and_was_removed_leaves_its_number_unused(world: World) -> None:
    """Else the new level would count as fired for this clock."""
    filed = reported(world, 31 * MINUTE)
    sweep()
    assert save(world, stored()[1:])
    assert save(world, [rung(55), *stored()])
    assert next_action(filed) == filed.reported_at + 33 * MINUTE


def test_a_moved_level_that_fired_stays_told_and_one_that_did_not_moves(world: World) -> None:
    early, late = reported(world, 10 * MINUTE), reported(world, 31 * MINUTE)
    sweep()
    assert save(world, [Rung(60, timedelta(), one.recipients, 1) if one.level == 1 else one for one in stored()])
    assert next_action(early) == early.reported_at + 36 * MINUTE
    assert next_action(late) == late.reported_at + 45 * MINUTE


def test_new_recipients_alone_move_nothing(world: World) -> None:
    filed = reported(world, 31 * MINUTE)
    sweep()
    before = next_action(filed)
    assert save(world, [Rung(one.percent, one.after, ("on_duty", "duty_manager"), one.level) for one in stored()])
    assert (next_action(filed), sweep().moved) == (before, 0)
    assert {step.counts_from for step in steps()} == {None}


def steps() -> list[LadderStep]:
    with work_unit(STAFF):
        return list(LadderStep.objects.filter(severity=1))


def test_the_due_time_still_marks_a_clock_whatever_the_ladder(world: World) -> None:
    filed = reported(world, 31 * MINUTE)
    sweep()
    assert save(world, [rung(100, "duty_manager", after=600)])
    assert next_action(filed) == filed.reported_at + HOUR + timedelta(microseconds=1)
    fire(filed, filed.reported_at + HOUR)
    assert last_segment(filed).outcome == "RUNNING"
    fire(filed, filed.reported_at + HOUR + timedelta(microseconds=1))
    assert last_segment(filed).outcome == "MISSED"


def test_a_clock_whose_ladder_was_at_its_end_goes_on(world: World) -> None:
    filed = reported(world, 10 * HOUR)
    sweep()
    assert next_action(filed) is None
    assert save(world, [*stored(), rung(100, "duty_manager", after=11 * 60)])
    assert next_action(filed) == filed.reported_at + 12 * HOUR


def test_stopped_clocks_and_other_severities_are_left_alone(world: World) -> None:
    answered, other = reported(world, 31 * MINUTE), reported(world, 31 * MINUTE, severity=2)
    with work_unit(STAFF):
        services.stop_for_answer(customer_id=answered.customer_id, ticket_id=answered.pk)
    before = [last_segment(one).next_action_at for one in (answered, other)]
    assert save(world, [rung(5)])
    assert [last_segment(one).next_action_at for one in (answered, other)] == before
    assert before[0] is None


def test_an_imported_clock_that_was_overdue_stays_silent(world: World) -> None:
    filed = reported(world, timedelta())
    with work_unit(WORKER):
        now = database_now()
        services.cancel(customer_id=filed.customer_id, ticket_id=filed.pk, reason="only a pattern", now=now)
    with work_unit(WORKER), connection.cursor() as cursor:
        begun = now - 5 * HOUR
        cursor.execute(
            "SELECT id FROM app.record_past_clock(%s, %s, 'FIRST', 1::smallint, %s, %s, %s, NULL, 'MISSED', 'imported')",
            [filed.customer_id, filed.pk, begun, begun, begun + HOUR],
        )
    assert next_action(filed) is None
    assert save(world, [rung(5), rung(100, "duty_manager", after=301)])
    assert next_action(filed) is None


def test_the_preview_counts_the_clocks_that_are_told_at_once(world: World) -> None:
    for ago in (5, 20, 40):
        reported(world, ago * MINUTE)
    sweep_all()
    with work_unit(STAFF):
        assert ladders.impact(1, stored(), database_now()) == running.Impact(3, 0)
        new = [rung(25), *stored()]
        assert ladders.impact(1, new, database_now()) == running.Impact(3, 2)
        moved = [Rung(10, timedelta(), one.recipients, 1) if one.level == 1 else one for one in stored()]
        assert ladders.impact(1, moved, database_now()) == running.Impact(3, 1)  # the third has been told


def test_it_waits_for_nobody_and_comes_back(lasting_world: World) -> None:
    """A deed holds a clock while the ladder changes: the change does not wait, and the clock learns of it afterwards."""
    held = reported(lasting_world, 10 * MINUTE)
    is_held, is_done = Flag(), Flag()

    def hold() -> None:
        with work_unit(WORKER), connection.cursor() as cursor:
            cursor.execute("SELECT id FROM sla_clocksegment WHERE ticket_id = %s FOR UPDATE", [held.pk])
            is_held.set()
            is_done.wait(10)

    def change() -> float:
        is_held.wait(10)
        begun = clocks.monotonic()
        save(lasting_world, [rung(40)])
        took = clocks.monotonic() - begun
        is_done.set()
        return took

    _, took = together(hold, change)
    assert took < 2
    assert next_action(held) == held.reported_at + 30 * MINUTE
    assert running.catch_up() == 1
    assert next_action(held) == held.reported_at + 24 * MINUTE
    assert running.catch_up() == 0


def test_too_many_clocks_are_left_to_the_job_part_by_part(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "AT_ONCE", 3)
    tickets = many_reported(world, [database_time() - 10 * MINUTE] * 11)
    assert save(world, [rung(40)])
    assert {next_action(one) for one in tickets} == {one.reported_at + 30 * MINUTE for one in tickets}
    assert running.catch_up() == 11
    assert {next_action(one) for one in tickets} == {one.reported_at + 24 * MINUTE for one in tickets}


def test_long_after_a_change_nothing_is_looked_at_again(world: World) -> None:
    reported(world, 10 * MINUTE)
    assert save(world, [rung(40)])
    with work_unit(STAFF):
        Ladder.objects.update(changed_at=database_now() - HOUR)
        LadderStep.objects.filter(severity=1).update(percent=41)
    assert running.catch_up() == 0


def test_ladders_that_change_all_the_time_lose_nothing_and_tell_nothing_twice(lasting_world: World) -> None:
    """200 clocks pass two levels within 3 s, under two sweepers, while a third level is put in and taken out again."""
    begin = database_time() + timedelta(seconds=1)
    moments = [begin + timedelta(milliseconds=10 * n) - 30 * MINUTE for n in range(200)]
    tickets = many_reported(lasting_world, moments)
    done = Flag()

    def sweeper() -> None:
        while not done.is_set():
            if not sweep(batch=20).moved:
                clocks.sleep(0.005)

    def editor() -> None:
        try:
            for turn in range(30):
                base = [one for one in stored() if one.percent in (50, 75, 100)]
                extra = [] if turn % 2 else [rung(51, "duty_manager")]
                save(lasting_world, [base[0], *extra, *base[1:]])
                clocks.sleep(0.12)
        finally:
            clocks.sleep(0.3)
            done.set()

    together(sweeper, sweeper, editor)
    with work_unit(WORKER):
        first = Escalation.objects.filter(level=1, segment__ticket_id__in=[one.pk for one in tickets])
        assert first.count() == 200
        assert not [one for one in Escalation.objects.all() if one.fired_at < one.scheduled_at]
        for one in ClockSegment.objects.filter(stopped_at=None):
            told = list(Escalation.objects.filter(segment=one).values_list("level", flat=True))
            assert sorted(told) == sorted(one.fired)


# --- who would be told ------------------------------------------------------------------------------------------------
def test_the_preview_names_people_at_their_times(world: World) -> None:
    with work_unit(STAFF):
        team = Team.objects.get(name="Drives")
        team.members.add(world.marek, world.rita)
    save_rota(world, round_the_clock(world.rita))
    save_rota(world, round_the_clock(world.adam), team=False)
    rungs = [
        rung(50),
        rung(75, "team_lead", "reseller_agents"),
        rung(100, "duty_manager", "reseller_manager", after=30),
    ]
    with work_unit(STAFF):
        now = database_now()
        told = ladders.preview(1, rungs, Case(team.pk, world.delta.pk), now)
        direct = ladders.preview(1, rungs, Case(), now)
    assert [one.at - now for one in told] == [30 * MINUTE, 45 * MINUTE, 90 * MINUTE]
    assert [one.names for one in told] == [("Rita Test",), ("Duty Test", "Dirk Test"), ("Adam Test", "Dora Test")]
    assert [one.names for one in direct] == [("Marek Test", "Rita Test"), ("Marek Test", "Rita Test"), ("Adam Test",)]


def test_the_preview_asks_the_rota_at_the_time_of_each_level(world: World) -> None:
    """Who has duty when the level comes, not who has it now."""
    rota = save_rota(world, round_the_clock(world.marek))
    change(world, rota, "marek", "rita", begin=0.4, hours=0.2)
    with work_unit(STAFF):
        told = ladders.preview(1, [rung(10), rung(50), rung(75)], Case(rota.team_id), database_now())
    assert [one.names for one in told] == [("Marek Test",), ("Rita Test",), ("Marek Test",)]


# --- the page ---------------------------------------------------------------------------------------------------------
def form_of(rungs: list[Rung], **more: Any) -> dict[str, Any]:
    form: dict[str, Any] = {"rows": str(len(rungs)), "version": "0", "team": "0", "reseller": "0"}
    for place, one in enumerate(rungs):
        after = one.after // MINUTE
        form |= {
            f"row-{place}-level": "" if one.level is None else str(one.level),
            f"row-{place}-amount": str(after or one.percent),
            f"row-{place}-unit": "minutes" if after else "percent",
            f"row-{place}-recipients": list(one.recipients),
        }
    return {**form, **more}


def seen_in(response: Any) -> str:
    found = re.search(r'name="seen" value="(\w+)"', response.content.decode())
    return found[1] if found else ""


def test_it_is_shown_with_names_before_it_can_be_saved(world: World) -> None:
    client, path = world.client("duty"), "/desk/ladders/1/"
    reported(world, 10 * MINUTE)
    first = client.get(path)
    assert "Marek Test, Rita Test" in text_of(first)
    assert seen_in(first) == ""
    new = [rung(5, "duty_manager"), *stored()]
    assert seen_in(client.post(path, form_of(new, save="1"))) != ""  # not saved: shown first
    assert version() == 0
    shown = client.post(path, form_of(new, preview="1", reseller=str(world.delta.pk)))
    assert shown.status_code == 200
    assert "Dirk Test" in text_of(shown)
    assert "1 clock of severity 1 runs now." in text_of(shown)
    assert "1 of them is past a level that is new or moved" in text_of(shown)
    changed = client.post(path, form_of([rung(6, "duty_manager"), *stored()], save="1", seen=seen_in(shown)))
    assert "You changed the ladder after you looked at it" in text_of(changed)
    done = client.post(path, form_of(new, save="1", seen=seen_in(shown)))
    assert (done.status_code, done["Location"]) == (302, "/desk/ladders/")
    assert [one.percent for one in stored()][:2] == [5, 50]
    assert "Changed by Duty Test" in text_of(client.get("/desk/ladders/"))


def test_rows_are_added_and_removed_without_javascript_and_nothing_typed_is_lost(world: World) -> None:
    client, path = world.client("duty"), "/desk/ladders/2/"
    typed = [rung(50), rung(75, "team_lead")]
    more = client.post(path, form_of(typed, add="1") | {"row-0-amount": "33"})
    assert (more.status_code, text_of(more).count("Who is told")) == (200, 3)
    assert 'value="33"' in text_of(more)
    assert "There is a problem" not in text_of(more)
    less = client.post(path, form_of(typed, remove="0"))
    assert text_of(less).count("Who is told") == 1
    assert 'value="75"' in text_of(less)
    assert 'value="33"' not in text_of(less)


def test_errors_stand_at_their_rows(world: World) -> None:
    client, path = world.client("duty"), "/desk/ladders/1/"
    page = client.post(path, form_of([rung(75), rung(50, "reseller_agents")], preview="1"))
    assert page.status_code == 422
    assert "Level 2: A customer of roZoom itself has no reseller" in text_of(page)
    page = client.post(path, form_of([rung(75), rung(50)], preview="1"))
    assert "Level 2: This comes before level 1" in text_of(page)
    page = client.post(path, form_of([rung(50)], preview="1") | {"row-0-amount": "0"})
    assert "Level 1: 0 % is the report itself" in text_of(page)
    page = client.post(path, form_of([rung(50)], preview="1") | {"row-0-amount": "many", "row-0-recipients": []})
    assert {"Level 1: Enter a whole number", "Level 1: Choose who is told"} <= set(
        re.findall(r">(Level 1: [^<]+)<", text_of(page))
    )
    page = client.post(path, form_of([rung(n) for n in range(1, 14)], preview="1"))
    assert "room for 12 levels" in text_of(page)
    assert version() == 0


def test_the_second_editor_is_told_on_the_page(world: World) -> None:
    client, path = world.client("duty"), "/desk/ladders/1/"
    new = [rung(20), rung(100, "duty_manager")]
    seen = seen_in(client.post(path, form_of(new, preview="1")))
    save(world, [rung(70), rung(100, "duty_manager")], "adam")
    answer = client.post(path, form_of(new, save="1", seen=seen))
    assert answer.status_code == 409
    assert "Adam Test changed this ladder" in text_of(answer)
    assert 'value="20"' in text_of(answer)
    assert [one.percent for one in stored()] == [70, 100]


@pytest.mark.parametrize(
    "name, status", [("duty", 200), ("adam", 200), ("marek", 404), ("fin", 404), ("dora", 404), ("ilse", 404)]
)
def test_who_may_open_the_pages(world: World, name: str, status: int) -> None:
    client = world.client(name)
    assert [client.get(path).status_code for path in ("/desk/ladders/", "/desk/ladders/3/")] == [status, status]


@pytest.mark.parametrize("odd", ["0", "4", "99999999999999999999"])
def test_a_severity_that_is_none_is_not_found(world: World, odd: str) -> None:
    assert world.client("duty").get(f"/desk/ladders/{odd}/").status_code == 404


ODD = [
    *[("rows", odd) for odd in ("999999999999", "²", "", "-1")],
    *[("version", "x"), ("team", "77777777"), ("remove", "99"), ("add", "99")],
]


@pytest.mark.parametrize("name, value", ODD)
def test_odd_forms_are_answered(world: World, name: str, value: str) -> None:
    answer = world.client("duty").post("/desk/ladders/1/", form_of(stored(), preview="1") | {name: value})
    assert answer.status_code in (200, 422)
    with work_unit(STAFF):
        assert not Ladder.objects.filter(version__gt=0).exists()
