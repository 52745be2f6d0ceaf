"""The sweeper's one statement: every level once, in order of severity, nothing after a stop."""

from datetime import timedelta

from django.db import connection

from notifications.models import Event
from sla import services
from sla.models import LadderStep
from sla.queries import oldest_due
from sla.sweeper import next_due, run_for, sweep, sweep_all
from tenancy.context import database_now, work_unit
from tests.sla.promises import (
    STAFF,
    WORKER,
    database_time,
    fired,
    last_segment,
    levels,
    many_reported,
    reported,
)
from tests.world import World, ticket

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def test_nothing_due_nothing_fired(world: World) -> None:
    ticket(world)
    assert (sweep().moved, sweep().fired) == (0, 0)


def test_each_level_fires_once_however_often_it_is_swept(world: World) -> None:
    filed = reported(world, 46 * MINUTE)
    assert [sweep().fired for _ in range(3)] == [2, 0, 0]
    assert levels(filed) == [1, 2]
    segment = last_segment(filed)
    assert (segment.level, segment.outcome, segment.next_action_at) == (2, "RUNNING", segment.due_at)


def test_the_due_instant_marks_it_missed(world: World) -> None:
    filed = reported(world, HOUR + MINUTE)
    sweep()
    segment = last_segment(filed)
    assert (segment.outcome, segment.level, segment.stopped_at) == ("MISSED", 3, None)
    assert segment.next_action_at == segment.due_at + 30 * MINUTE


def test_after_an_outage_all_passed_levels_fire_in_one_go(world: World) -> None:
    filed = reported(world, 3 * HOUR + MINUTE)
    assert sweep().fired == 7
    assert levels(filed) == [1, 2, 3, 4, 5, 6, 7]
    segment = last_segment(filed)
    assert [one.scheduled_at - segment.started_at for one in fired(filed)] == [
        30 * MINUTE,
        45 * MINUTE,
        HOUR,
        *[HOUR + n * 30 * MINUTE for n in range(1, 5)],
    ]
    assert len({one.fired_at for one in fired(filed)}) == 1


def test_it_repeats_eight_times_and_then_is_quiet(world: World) -> None:
    filed = reported(world, timedelta(days=3))
    assert sweep().fired == 11
    segment = last_segment(filed)
    assert (segment.next_action_at, segment.outcome, segment.stopped_at) == (None, "MISSED", None)
    assert next_due() is None


def test_the_most_severe_come_first(world: World) -> None:
    for severity in (3, 2, 1, 3, 1):
        reported(world, timedelta(days=9), severity=severity)
    for _ in range(5):
        sweep(batch=1)
    with work_unit(WORKER):
        order = list(Event.objects.filter(topic="sla.escalated").order_by("id").values_list("severity", flat=True))
    assert order == 22 * [1] + 11 * [2] + 22 * [3]


def test_a_batch_has_an_end_and_the_next_takes_the_rest(world: World) -> None:
    now = database_time()
    many_reported(world, [now - 31 * MINUTE] * 7)
    assert [sweep(batch=3).moved for _ in range(4)] == [3, 3, 1, 0]


def test_sweep_all_takes_every_batch(world: World) -> None:
    now = database_time()
    tickets = many_reported(world, [now - 31 * MINUTE] * 205)
    done = sweep_all()
    assert (done.moved, done.fired) == (205, 205)
    assert levels(tickets[204]) == [1]


def test_nothing_fires_after_a_stop(world: World) -> None:
    filed = reported(world, 29 * MINUTE)
    with work_unit(STAFF):
        services.stop_for_answer(customer_id=filed.customer_id, ticket_id=filed.pk)
    with work_unit(WORKER), connection.cursor() as cursor:
        cursor.execute("SELECT app.fire_levels(ARRAY[%s], now() + interval '1 day', false)", [last_segment(filed).pk])
    assert levels(filed) == []


def test_it_never_fires_early(world: World) -> None:
    filed = reported(world, 29 * MINUTE)
    with work_unit(WORKER), connection.cursor() as cursor:
        cursor.execute("SELECT moved FROM app.fire_levels(ARRAY[%s], now(), false)", [last_segment(filed).pk])
        assert cursor.fetchone()[0] == 0
    assert levels(filed) == []


def test_a_changed_ladder_counts_for_levels_not_yet_fired(world: World) -> None:
    filed = reported(world, 31 * MINUTE)
    sweep()
    with work_unit(STAFF):
        LadderStep.objects.filter(severity=1, level=2).update(percent=50)
    # The instant of level 2 was stored when level 1 fired; the sweeper looks again then and takes the ladder as it is.
    assert last_segment(filed).next_action_at == filed.reported_at + 45 * MINUTE
    with work_unit(WORKER), connection.cursor() as cursor:
        cursor.execute(
            "SELECT fired FROM app.fire_levels(ARRAY[%s], %s, false)",
            [last_segment(filed).pk, filed.reported_at + 45 * MINUTE],
        )
        assert cursor.fetchone()[0] == 1
    assert fired(filed)[1].scheduled_at == filed.reported_at + 30 * MINUTE


def test_without_a_ladder_the_due_time_still_marks_it(world: World) -> None:
    with work_unit(STAFF):
        LadderStep.objects.all().delete()
    filed = reported(world, 61 * MINUTE)
    assert (sweep().fired, last_segment(filed).outcome) == (0, "MISSED")


def test_how_late_it_is_and_when_it_is_due_next(world: World) -> None:
    with work_unit(WORKER):
        assert oldest_due(database_now()) == 0
    filed = reported(world, 40 * MINUTE)
    with work_unit(WORKER):
        assert 600 <= oldest_due(database_now()) < 660
    assert -660 < (next_due() or 0) <= -600
    sweep()
    with work_unit(WORKER):
        assert oldest_due(database_now()) == 0
    assert 200 < (next_due() or 0) <= 300
    assert levels(filed) == [1]


def test_it_sleeps_until_the_due_instant_and_not_longer(world: World) -> None:
    """In a transaction of the test now() stands still, so only the length of the stay is seen here (see test_races)."""
    began = database_time()
    run_for(0.2)
    assert timedelta(seconds=0.19) < database_time() - began < timedelta(seconds=0.6)
