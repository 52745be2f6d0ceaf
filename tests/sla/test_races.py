"""Sweepers against each other and against answers, with real connections."""

import random
import time
from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Event, Thread
from typing import Any

from django.db import connection, connections

from sla import services, sweeper
from sla.models import ClockSegment, Escalation, LadderStep
from sla.sweeper import run_for, sweep, sweep_all
from sla.tasks import sweep as sweep_task
from tenancy import audit
from tenancy.actor import Actor
from tenancy.context import work_unit
from tests.sla.promises import (
    STAFF,
    WORKER,
    database_time,
    fired,
    last_segment,
    levels,
    many_reported,
    own_connection,
    reported,
)
from tests.world import World, ticket
from tickets.models import Ticket

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def together(*bodies: Callable[[], None]) -> None:
    """Run all at once; a failure in one of them fails the test."""
    barrier, errors = Barrier(len(bodies)), []

    def run(body: Callable[[], None]) -> None:
        with own_connection():
            try:
                barrier.wait(10)
                body()
            except BaseException as error:
                errors.append(error)

    threads = [Thread(target=run, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []


def test_two_sweepers_fire_each_level_once(lasting_world: World) -> None:
    now = database_time()
    tickets = many_reported(lasting_world, [now - 3 * HOUR] * 60)

    def small_batches() -> None:
        while sweep(batch=7).moved:
            pass

    together(*[small_batches] * 4)
    sweep_all()
    for one in tickets:
        assert levels(one) == [1, 2, 3, 4, 5, 6, 7]


def test_beat_twice_is_harmless(lasting_world: World) -> None:
    filed = reported(lasting_world, 46 * MINUTE)
    together(sweep_task, sweep_task)
    assert levels(filed) == [1, 2]


def test_it_fires_within_milliseconds_of_the_instant(lasting_world: World) -> None:
    now = database_time()
    tickets = many_reported(lasting_world, [now - 30 * MINUTE + timedelta(seconds=n / 10) for n in range(4, 9)])
    run_for(1.2)
    lags = [fired(one)[0].fired_at - fired(one)[0].scheduled_at for one in tickets]
    assert max(lags) < timedelta(milliseconds=600), lags


def test_a_ticket_somebody_works_on_is_swept_after_and_holds_up_no_other(lasting_world: World) -> None:
    """A deed holds its ticket's audit chain: neither does the sweeper wait for it, nor does it miss the level."""
    busy, other = reported(lasting_world, 31 * MINUTE), reported(lasting_world, 31 * MINUTE)
    is_held, may_end = Event(), Event()

    def deed() -> None:
        with work_unit(STAFF) as unit:
            audit.record(
                Actor.system("test"), customer_id=busy.customer_id, chain=f"ticket:{busy.pk}", verb="x", now=unit.now
            )
            is_held.set()
            assert may_end.wait(10)
            # The order the sweeper would stand in a circle with, if it waited: chain first, then the clock.
            services.stop_for_answer(customer_id=busy.customer_id, ticket_id=busy.pk)

    def sweeper() -> None:
        assert is_held.wait(10)
        began = time.monotonic()
        assert sweep().fired == 1
        assert time.monotonic() - began < 1.0
        assert (levels(other), levels(busy)) == ([1], [])
        may_end.set()

    together(deed, sweeper)
    assert levels(busy) == [1]
    assert last_segment(busy).outcome == "MET"


def test_a_customer_that_changes_its_reseller_holds_up_no_other(lasting_world: World) -> None:
    """Even with a smaller batch than it has clocks due: it is left out where clocks are chosen, not after."""
    moved = [reported(lasting_world, 32 * MINUTE) for _ in range(3)]
    other = reported(lasting_world, 31 * MINUTE, by="bob")
    is_held, may_end = Event(), Event()

    def change() -> None:
        with work_unit(STAFF), connection.cursor() as cursor:
            cursor.execute("SELECT FROM tenancy_organisation WHERE id = %s FOR UPDATE", [lasting_world.acme.pk])
            is_held.set()
            assert may_end.wait(10)

    def sweeper() -> None:
        assert is_held.wait(10)
        try:
            began = time.monotonic()
            assert sweep(batch=2).fired == 1
            assert time.monotonic() - began < 1.0
            assert levels(other) == [1]
        finally:
            may_end.set()

    together(change, sweeper)
    sweep_all()
    assert [levels(one) for one in moved] == [[1]] * 3


def test_a_sweep_leaves_alone_what_is_just_answered(lasting_world: World) -> None:
    filed = reported(lasting_world, 31 * MINUTE)
    with work_unit(STAFF):
        services.stop_for_answer(customer_id=filed.customer_id, ticket_id=filed.pk)

        def elsewhere() -> None:
            assert sweep().moved == 0

        together(elsewhere)
    assert levels(filed) == [1]


def test_two_answers_at_once_stop_it_once(lasting_world: World) -> None:
    filed = ticket(lasting_world)
    stopped = []

    def answer() -> None:
        with work_unit(STAFF):
            stopped.append(services.stop_for_answer(customer_id=filed.customer_id, ticket_id=filed.pk))

    together(answer, answer)
    assert sorted(one is None for one in stopped) == [False, True]


def test_an_answer_that_waited_for_a_change_of_severity_stops_the_new_clock(lasting_world: World) -> None:
    filed = ticket(lasting_world, severity=2)
    is_held = Event()
    stopped = []

    def change() -> None:
        with work_unit(STAFF) as unit:
            services.supersede(
                customer_id=filed.customer_id, ticket_id=filed.pk, severity=1, reason="agreed", now=unit.now
            )
            is_held.set()
            time.sleep(0.2)

    def answer() -> None:
        assert is_held.wait(10)
        with work_unit(STAFF):
            stopped.append(services.stop_for_answer(customer_id=filed.customer_id, ticket_id=filed.pk))

    together(change, answer)
    assert [one.severity for one in stopped] == [1]
    assert last_segment(filed).outcome == "MET"


def stop_at(one: Ticket, moment: float) -> None:
    time.sleep(max(0.0, moment - time.time()))
    with work_unit(STAFF):
        services.stop_for_answer(customer_id=one.customer_id, ticket_id=one.pk)


def test_answers_racing_the_sweeper_are_judged_by_their_instant(lasting_world: World) -> None:
    """300 clocks, each answered within 20 ms of one of its levels, under two sweepers that never rest."""
    dice = random.Random(7)
    begin = database_time() + timedelta(seconds=2.5)
    tickets = many_reported(
        lasting_world,
        [begin + timedelta(seconds=dice.uniform(0, 3)) - HOUR * dice.choice([0.5, 0.75, 1, 1]) for _ in range(300)],
    )
    with work_unit(WORKER):
        ladder = [row.step for row in LadderStep.objects.filter(severity=1)]
    plan = []
    for one in tickets:
        instants = [one.reported_at + HOUR * step.percent / 100 for step in ladder if not step.after]
        near = min((at for at in instants if at >= begin), default=begin)
        plan.append((near.timestamp() + dice.uniform(-0.02, 0.02), one))
    plan.sort(key=lambda item: item[0])
    done = Event()

    def sweeper() -> None:
        while not done.is_set():
            if not sweep(batch=50).moved:
                time.sleep(0.002)

    def answers(share: int) -> Callable[[], None]:
        def body() -> None:
            for moment, one in plan[share::4]:
                stop_at(one, moment)

        return body

    sweepers = [Thread(target=lambda: (sweeper(), connections.close_all())) for _ in range(2)]
    for thread in sweepers:
        thread.start()
    try:
        together(*[answers(share) for share in range(4)])
    finally:
        done.set()
        for thread in sweepers:
            thread.join(20)

    with work_unit(WORKER):
        stopped = {s.ticket_id: s for s in ClockSegment.objects.filter(ticket_id__in=[one.pk for one in tickets])}
        escalated: dict[int, list[Escalation]] = {one.pk: [] for one in tickets}
        for escalation in Escalation.objects.select_related("segment").order_by("level"):
            escalated[escalation.segment.ticket_id].append(escalation)
    outcomes = set()
    for one in tickets:
        segment = stopped[one.pk]
        outcomes.add(segment.outcome)
        assert segment.outcome == ("MET" if segment.stopped_at <= segment.due_at else "MISSED")
        due_before = [
            step.level
            for step in ladder
            if segment.started_at + HOUR * step.percent / 100 + step.after <= segment.stopped_at
        ]
        assert [e.level for e in escalated[one.pk]] == due_before
        assert all(e.scheduled_at <= e.fired_at <= segment.stopped_at for e in escalated[one.pk])
    assert outcomes == {"MET", "MISSED"}


def test_a_frozen_sweeper_holds_its_rows_and_nobody_elses(lasting_world: World) -> None:
    """Another sweeper works on around it; when it ends without a commit, its rows are due again."""
    now = database_time()
    tickets = many_reported(lasting_world, [now - 31 * MINUTE] * 6)
    is_frozen, may_end = Event(), Event()

    def frozen() -> None:
        with work_unit(WORKER) as unit, connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM sla_clocksegment WHERE stopped_at IS NULL ORDER BY id LIMIT 3 FOR NO KEY UPDATE"
            )
            is_frozen.set()
            assert may_end.wait(10)
            unit.failed = True

    def working() -> None:
        assert is_frozen.wait(10)
        assert sweep().fired == 3
        may_end.set()

    together(frozen, working)
    assert sweep().fired == 3
    assert [levels(one) for one in tickets] == [[1]] * 6


def test_a_sweeper_that_is_frozen_before_its_commit_is_hung_up_on_soon(lasting_world: World) -> None:
    """Its rows are free again after 3 s and not after the 30 s a page has, and a sweep leaves nothing of that behind."""
    seen = []

    def swept(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        done = execute(sql, params, many, context)
        if sql == sweeper.SWEEP:
            seen.append(_idle_timeout())
        return done

    with connection.execute_wrapper(swept):
        sweep()
    assert seen == ["3s"]
    assert _idle_timeout() == "30s"


def _idle_timeout() -> str:
    with connection.connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        return str(cursor.fetchone()[0])
