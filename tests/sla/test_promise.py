"""Starting, stopping, cancelling and replacing a clock; and what became of it stays."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from notifications.models import Event
from sla import services
from sla.models import ClockSegment
from sla.sweeper import sweep
from tenancy.context import Context, database_now, work_unit
from tenancy.models import AuditEvent
from tests.sla.promises import STAFF, WORKER, database_time, last_segment, levels, reported, segments, start
from tests.world import World, ticket
from tickets.models import Ticket

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def stop(one: Ticket, ctx: Context = STAFF) -> ClockSegment | None:
    with work_unit(ctx):
        return services.stop_for_answer(customer_id=one.customer_id, ticket_id=one.pk)


def cancel(one: Ticket, ctx: Context = WORKER, **more: Any) -> ClockSegment | None:
    with work_unit(ctx):
        return services.cancel(
            customer_id=one.customer_id, ticket_id=one.pk, reason="withdrawn", now=more.get("now") or database_now()
        )


def supersede(one: Ticket, severity: int, ctx: Context = WORKER, **more: Any) -> ClockSegment | None:
    with work_unit(ctx):
        now = more.pop("now", None) or database_now()
        return services.supersede(
            customer_id=one.customer_id, ticket_id=one.pk, severity=severity, reason="all agreed", now=now, **more
        )


def test_a_report_starts_the_first_clock(world: World) -> None:
    filed = ticket(world, severity=2)
    segment = last_segment(filed)
    assert (segment.kind, segment.severity, segment.outcome, segment.level) == ("FIRST", 2, "RUNNING", 0)
    assert segment.counted_from == segment.started_at == filed.reported_at
    assert segment.due_at == filed.reported_at + 4 * HOUR
    assert segment.next_action_at == filed.reported_at + 2 * HOUR


def test_a_second_clock_is_refused_while_one_runs(world: World) -> None:
    filed = ticket(world)
    with work_unit(WORKER) as unit, pytest.raises(services.CannotStart):
        start(filed, started_at=unit.now, kind="NEXT")
    assert len(segments(filed)) == 1


def test_an_answer_in_time_is_met(world: World) -> None:
    filed = reported(world, 20 * MINUTE)
    stopped = stop(filed)
    assert stopped is not None
    assert (stopped.outcome, stopped.next_action_at, stopped.level) == ("MET", None, 0)
    assert timedelta() <= stopped.stopped_at - filed.reported_at - 20 * MINUTE < MINUTE
    assert stop(filed) is None


def test_a_late_answer_is_missed_and_fires_what_was_due_before_it(world: World) -> None:
    filed = reported(world, 61 * MINUTE)
    stopped = stop(filed)
    assert stopped is not None
    assert (stopped.outcome, stopped.level, levels(filed)) == ("MISSED", 3, [1, 2, 3])
    assert MINUTE <= stopped.lateness(stopped.stopped_at) < 2 * MINUTE
    assert sweep().fired == 0


def test_an_answer_after_the_mark_stays_missed(world: World) -> None:
    filed = reported(world, 61 * MINUTE)
    sweep()
    assert last_segment(filed).outcome == "MISSED"
    stopped = stop(filed)
    assert stopped is not None
    assert stopped.outcome == "MISSED"


def test_the_clock_judges_the_answer_and_not_the_caller(world: World) -> None:
    """The instant is taken under the lock: later than the transaction's own start, earlier than its end."""
    filed = ticket(world)
    before = database_time()
    with work_unit(STAFF) as unit:
        stopped = services.stop_for_answer(customer_id=filed.customer_id, ticket_id=filed.pk)
        assert stopped is not None
        assert before < unit.now < stopped.stopped_at


def test_withdrawing_in_time_is_cancelled_and_late_is_missed(world: World) -> None:
    early, late = reported(world, 20 * MINUTE), reported(world, 3 * HOUR)
    assert [segment and segment.outcome for segment in (cancel(early), cancel(late))] == ["CANCELLED", "MISSED"]
    assert [last_segment(one).reason for one in (early, late)] == ["withdrawn", "withdrawn"]
    assert levels(early) == []
    assert levels(late) == [1, 2, 3, 4, 5, 6, 7]
    assert cancel(early) is None


def test_a_tenant_can_not_name_another_time_for_its_cancelling(world: World) -> None:
    filed = reported(world, 3 * HOUR)
    ended = cancel(filed, Context("customer", filed.customer_id), now=filed.reported_at + MINUTE)
    assert ended is not None
    assert ended.outcome == "MISSED"


def test_raised_goes_on_with_a_new_segment(world: World) -> None:
    filed = reported(world, 30 * MINUTE, severity=3)
    running = supersede(filed, 1)
    old, new = segments(filed)
    assert running is not None
    assert (running.pk, old.outcome, old.reason) == (new.pk, "SUPERSEDED", "all agreed")
    assert old.stopped_at == new.started_at
    assert (new.counted_from, new.due_at) == (filed.reported_at, new.started_at + HOUR)
    assert new.next_action_at == new.started_at + 30 * MINUTE
    assert new.kind == "FIRST"


def test_a_late_segment_is_missed_before_it_is_replaced(world: World) -> None:
    filed = reported(world, 2 * HOUR)
    supersede(filed, 2)
    old, new = segments(filed)
    assert old.outcome == "MISSED"
    assert levels(filed) == [1, 2, 3, 4, 5]
    assert new.due_at == filed.reported_at + 4 * HOUR
    stopped = stop(filed)
    assert stopped is not None
    assert [segment.outcome for segment in segments(filed)] == ["MISSED", "MET"]


def test_raising_what_is_late_fires_its_levels_once_and_repeats_from_there(lasting_world: World) -> None:
    """Raised past its due time it is late at once: one round of levels, not one for each pause that has passed."""
    filed = reported(lasting_world, 30 * HOUR, severity=3)
    sweep()
    running = supersede(filed, 1)
    assert running is not None
    with work_unit(WORKER):
        assert running.escalations.count() == 0
    assert sweep().fired == 3
    after = last_segment(filed)
    assert (after.level, after.outcome) == (3, "MISSED")
    assert after.next_action_at == after.started_at + 30 * MINUTE


def test_the_same_severity_changes_nothing(world: World) -> None:
    filed = ticket(world, severity=2)
    running = supersede(filed, 2)
    assert running is not None
    assert [segment.pk for segment in segments(filed)] == [running.pk]


def test_merging_keeps_the_earlier_due_time_and_never_a_later_one(world: World) -> None:
    filed = reported(world, 30 * MINUTE, severity=2)
    earlier = filed.reported_at + HOUR
    kept = supersede(filed, 2, STAFF, due_at=earlier)
    assert kept is not None
    assert (kept.due_at, kept.severity) == (earlier, 2)
    unchanged = supersede(filed, 2, STAFF, due_at=earlier + HOUR)
    assert unchanged is not None
    assert (unchanged.pk, unchanged.due_at) == (kept.pk, earlier)


def test_a_merged_promise_may_be_older_than_the_ticket_that_keeps_it(lasting_world: World) -> None:
    filed = ticket(lasting_world, severity=3)
    kept = supersede(filed, 3, STAFF, due_at=filed.reported_at - 5 * MINUTE)
    assert kept is not None
    assert sweep().fired == 3
    assert last_segment(filed).outcome == "MISSED"


def test_nothing_runs_nothing_happens(world: World) -> None:
    filed = ticket(world)
    stop(filed)
    assert cancel(filed) is None
    assert supersede(filed, 1) is None
    assert len(segments(filed)) == 1


def test_a_next_clock_is_apart_from_the_first(world: World) -> None:
    filed = reported(world, 2 * HOUR)
    stop(filed)
    with work_unit(WORKER) as unit:
        start(filed, started_at=unit.now, kind="NEXT")
    supersede(filed, 3)
    kinds = [(segment.kind, segment.outcome) for segment in segments(filed)]
    assert kinds == [("FIRST", "MISSED"), ("NEXT", "SUPERSEDED"), ("NEXT", "RUNNING")]
    assert last_segment(filed).due_at == segments(filed)[1].started_at + 24 * HOUR


def test_each_level_leaves_an_event_and_an_entry_in_the_tickets_audit(world: World) -> None:
    filed = reported(world, 50 * MINUTE)
    segment = last_segment(filed)
    with work_unit(WORKER):
        before = AuditEvent.objects.filter(chain=f"ticket:{filed.pk}").count()
    sweep()
    with work_unit(WORKER):
        events = list(Event.objects.filter(topic="sla.escalated", ticket_id=filed.pk).order_by("id"))
        entries = list(AuditEvent.objects.filter(chain=f"ticket:{filed.pk}").order_by("seq")[before:])
    assert [event.payload["level"] for event in events] == [1, 2]
    told = events[0].payload
    assert (told["segment"], told["kind"], told["percent"]) == (segment.pk, "FIRST", 50)
    assert told["recipients"] == ["assignee_or_team"]
    assert datetime.fromisoformat(told["due_at"]) == segment.due_at
    assert told["scheduled_at"] < told["detected_at"]
    assert (events[0].severity, events[0].customer_id) == (1, filed.customer_id)
    assert [(entry.verb, entry.kind, entry.actor_name) for entry in entries] == 2 * [
        ("sla.escalated", "partner", "sla-sweep")
    ]
    assert entries[0].previous
    assert entries[1].previous == entries[0].hash


REWRITES = [
    "due_at = due_at + interval '1 hour'",
    "started_at = started_at - interval '1 hour'",
    "counted_from = counted_from - interval '1 hour'",
    "kind = 'NEXT'",
    "severity = 3",
    "ticket_id = ticket_id + 1",
]
REOPENINGS = [
    "stopped_at = NULL, outcome = 'RUNNING'",
    "stopped_at = stopped_at - interval '1 minute'",
    "outcome = 'CANCELLED'",
    "reason = 'something else'",
    "level = 9",
]


def change(one: Ticket, what: str) -> None:
    with work_unit(WORKER), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE sla_clocksegment SET {what} WHERE ticket_id = %s", [one.pk])


@pytest.mark.parametrize("what", REWRITES)
def test_not_even_a_job_rewrites_a_segment(world: World, what: str) -> None:
    filed = ticket(world, severity=2)
    with pytest.raises(IntegrityError, match="never rewritten"):
        change(filed, what)
    change(filed, "next_action_at = next_action_at")  # the same statement, on what may change


@pytest.mark.parametrize("what", REOPENINGS)
def test_not_even_a_job_reopens_or_judges_again(world: World, what: str) -> None:
    filed = ticket(world)
    stop(filed)
    with pytest.raises(IntegrityError, match="never rewritten"):
        change(filed, what)


def test_missed_is_never_taken_back(world: World) -> None:
    filed = reported(world, 2 * HOUR)
    sweep()
    with pytest.raises(IntegrityError, match="never rewritten"):
        change(filed, "outcome = 'RUNNING'")


def test_an_outcome_that_does_not_fit_its_times_is_refused(world: World) -> None:
    filed = reported(world, 2 * HOUR)
    with pytest.raises(IntegrityError, match="segment_outcome_fits_its_times"):
        change(filed, "stopped_at = now(), outcome = 'MET', next_action_at = NULL")


def test_segments_are_not_saved_by_hand(world: World) -> None:
    segment = last_segment(ticket(world))
    with pytest.raises(TypeError, match=r"sla\.services"):
        segment.save()
