"""The sweeper with 100,000 running clocks: a sweep that finds nothing, and 1,000 clocks due at once.

    make bench ARGS=sweeper

Prints each figure as a ratio to a floor in the same run and in milliseconds. Aims: an idle sweep under 2 ms, the 1,000
within 0.5 s. The floor of the idle sweep is an empty transaction in the worker's role; that of the 1,000 is the same rows
written by one bare statement each, without claim, order of severity, batches or chained audit.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from bench.database import own_database, prepare

prepare()

from django.db import connection, transaction

from bench import fill
from sla.sweeper import next_due, sweep, sweep_all
from tenancy.context import Context, work_unit

RUNNING, DUE, ROUNDS = 100_000, 1_000, 5
WORKER = Context("worker")

# Half of the way to the first level and more: no clock is due for at least half an hour.
CLOCKS = """
INSERT INTO sla_clocksegment (customer_id, reseller_id, ticket_id, kind, severity, counted_from, started_at, due_at,
  next_action_at, created_at)
SELECT customer_id, reseller_id, id, 'FIRST', severity, now(), now(), now() + 2 * wait, now() + wait, now()
FROM (SELECT t.*, interval '30 minutes' + random() * interval '30 days' AS wait FROM tickets_ticket t
      WHERE number <= %s) t"""
CHAINS = """
INSERT INTO tenancy_audithead (customer_id, reseller_id, chain, seq, hash)
SELECT customer_id, reseller_id, 'ticket:' || id, 1, md5(id::text) FROM tickets_ticket"""
# On the tickets above the running ones. share: how much of the target is over; 0.6 is past the first level.
MAKE_DUE = """
INSERT INTO sla_clocksegment (customer_id, reseller_id, ticket_id, kind, severity, counted_from, started_at, due_at,
  next_action_at, created_at)
SELECT customer_id, reseller_id, id, 'FIRST', severity, start, start, start + target, start + target / 2, now()
FROM (SELECT t.*, target, now() - %(share)s * target AS start
      FROM tickets_ticket t, app.response_target(t.severity) AS target WHERE number > %(running)s) t"""
CLEAR = """
UPDATE sla_clocksegment s SET stopped_at = now(), next_action_at = NULL,
  outcome = CASE WHEN due_at < now() THEN 'MISSED' ELSE 'CANCELLED' END
FROM tickets_ticket t WHERE t.id = s.ticket_id AND t.number > %s AND s.stopped_at IS NULL"""

FLOOR = [
    """INSERT INTO sla_escalation (customer_id, reseller_id, segment_id, level, scheduled_at, fired_at)
       SELECT customer_id, reseller_id, id, 1, next_action_at, now() FROM sla_clocksegment
       WHERE stopped_at IS NULL AND next_action_at <= now()""",
    """INSERT INTO notifications_event (customer_id, reseller_id, topic, ticket_id, payload, severity, created_at, next_at)
       SELECT customer_id, reseller_id, 'sla.escalated', ticket_id, '{}', severity, now(), now() FROM sla_clocksegment
       WHERE stopped_at IS NULL AND next_action_at <= now()""",
    """INSERT INTO tenancy_auditevent (customer_id, reseller_id, chain, seq, kind, at, verb, actor_kind, actor_party,
         actor_name, data, previous, hash)
       SELECT customer_id, reseller_id, 'floor:' || id, 1, 'partner', now(), 'sla.escalated', 'system', 'system', 'x', '{}',
         '', '' FROM sla_clocksegment WHERE stopped_at IS NULL AND next_action_at <= now()""",
    """UPDATE sla_clocksegment SET level = 1, version = version + 1, next_action_at = due_at
       WHERE stopped_at IS NULL AND next_action_at <= now()""",
]


def run(*statements: str, values: object = None) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, values)


def prepare_clocks() -> None:
    values = {"first": 1, "last": RUNNING + DUE, "customers": fill.CUSTOMERS, "words": fill.WORDS}
    fill.organisations()
    run(fill.TICKETS, values=values)
    run(CHAINS)
    run(CLOCKS, values=[RUNNING])
    run("VACUUM ANALYZE")


def milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3


def empty() -> None:
    with work_unit(WORKER), connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def idle() -> tuple[float, float, float]:
    """Medians of a sweep, of the look-up of the next due instant, and of the floor, measured in turns."""
    for work in (sweep, next_due, empty) * 5:
        work()
    taken = [(milliseconds(sweep), milliseconds(next_due), milliseconds(empty)) for _ in range(200)]
    one, two, three = (statistics.median(column) for column in zip(*taken, strict=True))
    return one, two, three


@contextmanager
def clocks_due(share: float) -> Iterator[None]:
    """1,000 clocks that have just become due, and are out of the way again afterwards."""
    with connection.as_owner():
        run(MAKE_DUE, values={"share": share, "running": RUNNING})
    try:
        yield
    finally:
        with connection.as_owner():
            run(CLEAR, values=[RUNNING])


def fire(expected: int) -> None:
    done = sweep_all()
    if (done.moved, done.fired) != (DUE, expected):
        raise SystemExit(f"the sweep moved {done.moved} clocks and fired {done.fired} levels, not {DUE} and {expected}")


def sweep_due(share: float, levels: int) -> float:
    with clocks_due(share):
        empty()  # the connection is open
        return milliseconds(lambda: fire(levels))


@transaction.atomic
def bare_statements() -> None:
    run(*FLOOR)


def floor_due() -> float:
    with clocks_due(0.6), connection.as_owner():
        run("SELECT 1")
        return milliseconds(bare_statements)


def due_at_once() -> tuple[float, float, float]:
    """Medians: one level on each of 1,000 clocks, all eleven levels on each, and the floor of the first."""
    rounds = [(sweep_due(0.6, DUE), sweep_due(30, 11 * DUE), floor_due()) for _ in range(ROUNDS)]
    one, every, bare = (statistics.median(column) for column in zip(*rounds, strict=True))
    return one, every, bare


def main() -> int:
    with own_database("sweeper"):
        with connection.as_owner():
            prepare_clocks()
        print(f"{RUNNING:,} running clocks")
        own, look, bare = idle()
        print(f"  idle sweep          {own / bare:6.2f} of an empty transaction   ({own:.2f} ms, floor {bare:.2f} ms)")
        print(f"  next due instant    {look / bare:6.2f} of an empty transaction   ({look:.2f} ms)")
        due, every, bare = due_at_once()
        print(
            f"  {DUE:,} due at once   {due / bare:6.2f} of the bare statements    ({due:.0f} ms, floor {bare:.0f} ms)"
        )
        print(
            f"  all levels at once  {every / bare:6.2f} of the bare statements    ({every:.0f} ms, {11 * DUE:,} levels)"
        )
        print("aims: an idle sweep under 2 ms, the 1,000 within 500 ms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
