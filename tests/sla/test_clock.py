"""The arithmetic of a promise, and that the database does the same."""

from datetime import UTC, datetime, timedelta

import pytest

from sla import clock, services
from sla.models import LadderStep
from sla.sweeper import sweep
from tenancy.context import database_now, work_unit
from tests.sla.promises import WORKER, fired, last_segment, reported, segments, start
from tests.world import World, ticket

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize("severity, target", [(1, HOUR), (2, 4 * HOUR), (3, 24 * HOUR)])
def test_targets_are_those_of_the_terms(severity: int, target: timedelta) -> None:
    assert clock.due_at(severity, NOON) == NOON + target


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 3, 29, 0, 30, tzinfo=UTC),  # Europe turns its clocks forward an hour later
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2028, 2, 28, 23, 59, 59, 999999, tzinfo=UTC),
        datetime(2026, 12, 31, 23, 30, tzinfo=UTC),
    ],
)
def test_elapsed_time_knows_no_calendar(moment: datetime) -> None:
    assert (clock.due_at(3, moment) - moment).total_seconds() == 86400


# old severity, new severity, changed so long after the report, due so long after the report
CHANGES = [
    (3, 1, 2 * HOUR, 3 * HOUR),  # raised: a full new target from then ...
    (3, 1, 23 * HOUR + 30 * MINUTE, 24 * HOUR),  # ... or the old due time, if that is earlier
    (2, 1, timedelta(), HOUR),
    (2, 1, 3 * HOUR, 4 * HOUR),
    (3, 2, 6 * HOUR, 10 * HOUR),
    (1, 2, 30 * MINUTE, 4 * HOUR),  # lowered: the new target from the report
    (1, 3, 59 * MINUTE, 24 * HOUR),
    (2, 3, 3 * HOUR, 24 * HOUR),
    (3, 1, 30 * HOUR, 24 * HOUR),  # late already: raising never makes it later
    (1, 2, 5 * HOUR, 4 * HOUR),  # late already: the lower target has passed, too
    (1, 3, 2 * HOUR, 24 * HOUR),
    (2, 2, 2 * HOUR, 4 * HOUR),
]


@pytest.mark.parametrize("old, new, after, due", CHANGES)
def test_a_change_of_severity_moves_the_due_time(old: int, new: int, after: timedelta, due: timedelta) -> None:
    moved = clock.due_after_change(
        old_severity=old,
        new_severity=new,
        old_due_at=clock.due_at(old, NOON),
        counted_from=NOON,
        now=NOON + after,
    )
    assert moved - NOON == due


def test_lowering_a_promise_that_was_raised_never_brings_it_before_its_due_time() -> None:
    raised = clock.due_after_change(
        old_severity=3, new_severity=2, old_due_at=NOON + 24 * HOUR, counted_from=NOON, now=NOON + 22 * HOUR
    )
    lowered = clock.due_after_change(
        old_severity=2, new_severity=3, old_due_at=raised, counted_from=NOON, now=NOON + 23 * HOUR
    )
    assert raised == lowered == NOON + 24 * HOUR


@pytest.mark.parametrize(
    "left, outcome, late",
    [(timedelta(microseconds=1), "MET", 0), (timedelta(), "MET", 0), (-timedelta(seconds=90), "MISSED", 90)],
)
def test_at_the_due_instant_is_met(left: timedelta, outcome: str, late: int) -> None:
    due = NOON + HOUR
    answered = due - left
    assert clock.outcome_of_answer(due, answered) == outcome
    assert clock.lateness(due, answered, NOON).total_seconds() == late
    assert clock.remaining(due, answered) == left


def test_the_ladder_in_instants() -> None:
    steps = [clock.Step(1, 50, timedelta()), clock.Step(3, 100, timedelta()), clock.Step(4, 100, 30 * MINUTE)]
    assert clock.instants(steps, NOON, NOON + HOUR) == [
        (1, NOON + 30 * MINUTE),
        (3, NOON + HOUR),
        (4, NOON + 90 * MINUTE),
    ]


def test_a_clock_that_starts_overdue_says_so_at_once_and_then_keeps_its_pauses() -> None:
    steps = [clock.Step(1, 50, timedelta()), clock.Step(3, 100, timedelta()), clock.Step(4, 100, 30 * MINUTE)]
    assert clock.instants(steps, NOON, NOON - 5 * HOUR) == [(1, NOON), (3, NOON), (4, NOON + 30 * MINUTE)]


def test_the_default_ladder_is_the_one_of_the_rules(world: World) -> None:
    with work_unit(WORKER):
        rows = [(s.severity, s.level, s.percent, s.after, s.recipients) for s in LadderStep.objects.all()]
    assert len(rows) == 3 * 11
    lead, managers = ["team_lead", "reseller_agents"], ["duty_manager", "reseller_manager"]
    for severity, pause in ((1, 30 * MINUTE), (2, 2 * HOUR), (3, 12 * HOUR)):
        assert [row[1:] for row in rows if row[0] == severity] == [
            (1, 50, timedelta(), ["assignee_or_team"]),
            (2, 75, timedelta(), lead),
            (3, 100, timedelta(), managers),
            *[(3 + n, 100, n * pause, managers) for n in range(1, 9)],
        ]


# Reported so long ago that all eleven levels have passed.
LONG_AGO = {1: timedelta(days=1), 2: timedelta(days=2), 3: timedelta(days=9, hours=3, minutes=7, microseconds=4000)}


@pytest.mark.parametrize("severity", [1, 2, 3])
def test_the_database_fires_at_the_same_instants(world: World, severity: int) -> None:
    late = reported(world, LONG_AGO[severity], severity=severity)
    with work_unit(WORKER):
        steps = [row.step for row in LadderStep.objects.filter(severity=severity)]
    segment = last_segment(late)
    assert segment.due_at == clock.due_at(severity, late.reported_at)
    assert segment.next_action_at == segment.started_at + clock.TARGETS[severity] / 2
    sweep()
    assert [(one.level, one.scheduled_at) for one in fired(late)] == clock.instants(
        steps, segment.started_at, segment.due_at
    )


@pytest.mark.parametrize("old, new, after, due", [change for change in CHANGES if change[0] != change[1]])
def test_the_database_moves_the_due_time_alike(
    world: World, old: int, new: int, after: timedelta, due: timedelta
) -> None:
    filed = ticket(world, severity=old)
    with work_unit(WORKER):
        moment = database_now() - timedelta(days=60)
        services.cancel(customer_id=filed.customer_id, ticket_id=filed.pk, reason="another time", now=database_now())
        start(filed, started_at=moment, severity=old)
        services.supersede(
            customer_id=filed.customer_id, ticket_id=filed.pk, severity=new, reason="agreed", now=moment + after
        )
    before, replaced = segments(filed)[-2:]
    assert (replaced.severity, replaced.started_at) == (new, moment + after)
    assert (replaced.counted_from, replaced.due_at - moment) == (moment, due)
    assert before.outcome == ("SUPERSEDED" if moment + after <= before.due_at else "MISSED")
