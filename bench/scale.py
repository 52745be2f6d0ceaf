"""The sweeper with 1,000,000 running clocks: idle, with 10,000 clocks due at once, and with 100 due each second.

    make bench ARGS=scale

Prints each figure as a ratio to a floor in the same run and in milliseconds. The floor of an idle sweep is an empty
transaction in the worker's role; that of the 10,000 is the same rows written by one bare statement each, without claim, order
of severity, batches or chained audit. "Escalated" is counted from the due instant to the commit that the database recorded.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import django

from bench.cluster import Cluster, adopt, own_cluster
from bench.faults.ledger import Book
from bench.sweepers import sweepers

RUNNING, DUE, ROUNDS = 1_000_000, 10_000, 3
EVERY = 1_000  # clocks on which all eleven levels are due
SHARES = "CASE WHEN i % 10 < 1 THEN 1 WHEN i % 10 < 4 THEN 2 ELSE 3 END"  # of the severities: 10, 30 and 60 %
PER_SECOND, SECONDS = 100, 30
LEAD = 8.0  # seconds in which clocks are made before they are due

# Tickets play no part in a sweep: their key is not looked for.
COLUMNS = """SET LOCAL session_replication_role = replica;
INSERT INTO sla_clocksegment (customer_id, reseller_id, ticket_id, kind, severity, counted_from, started_at, due_at,
  next_action_at, created_at)"""
# Half of the way to the first level: no clock is due for half an hour.
CLOCKS = f"""{COLUMNS}
SELECT c.id, c.reseller_id, i, 'FIRST', {SHARES}, now(), now(), now() + 2 * wait, now() + wait, now()
FROM (SELECT i, interval '30 minutes' + random() * interval '30 days' AS wait FROM generate_series(1, %(running)s) i) i
JOIN tenancy_organisation c ON c.code = 'C' || (1 + i %% %(customers)s)""".replace("i % 10", "i %% 10")
# share: how much of the target is over at the instant; half of it is the first level.
MAKE_DUE = f"""{COLUMNS}
SELECT customer_id, reseller_id, ticket, 'FIRST', severity, start, start, start + target, start + target / 2, now()
FROM (SELECT c.id AS customer_id, c.reseller_id, %(first)s + i AS ticket, severity::smallint, target,
        to_timestamp(%(at)s) + i * make_interval(secs => %(apart)s) - %(share)s * target AS start
      FROM (SELECT i, {SHARES} AS severity FROM generate_series(1, %(count)s) i) i
      CROSS JOIN LATERAL app.response_target(severity::smallint) target
      JOIN tenancy_organisation c ON c.code = 'C' || (1 + i %% %(customers)s)) q""".replace("i % 10", "i %% 10")
CHAINS = """
INSERT INTO tenancy_audithead (customer_id, reseller_id, chain, seq, hash)
SELECT customer_id, reseller_id, 'ticket:' || ticket_id, 1, md5(ticket_id::text) FROM sla_clocksegment WHERE ticket_id > %(first)s"""
CLEAR = """
UPDATE sla_clocksegment SET stopped_at = now(), next_action_at = NULL,
  outcome = CASE WHEN due_at < now() THEN 'MISSED' ELSE 'CANCELLED' END WHERE ticket_id > %s AND stopped_at IS NULL"""
# Seconds from the due instant to the commit.
RECORDED = """
SELECT s.severity, extract(epoch FROM pg_xact_commit_timestamp(e.xmin) - e.scheduled_at)::float8
FROM sla_escalation e JOIN sla_clocksegment s ON s.id = e.segment_id WHERE s.ticket_id > {first}"""

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


class Scale:
    def __init__(self, cluster: Cluster) -> None:
        from django.db import connection

        from bench import fill
        from tenancy.context import Context

        self.cluster, self.connection, self.customers = cluster, connection, fill.CUSTOMERS
        self.worker = Context("worker")
        self.book = Book(cluster.superuser_url)
        self.first = RUNNING  # tickets above this number are those of the measurement that runs now
        with connection.as_owner():
            fill.organisations()
        self.book.change(CLOCKS, {"running": RUNNING, "customers": fill.CUSTOMERS})
        with connection.as_owner():
            fill.settle()

    def run(self, statement: str, values: object = None) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(statement, values)

    @contextmanager
    def due(self, count: int, *, at: float, share: float = 0.5, apart: float = 0.0) -> Iterator[None]:
        """Clocks that become due at that time of day, `apart` seconds after one another, and are out of the way afterwards."""
        values = {"first": self.first, "count": count, "at": at, "share": share, "apart": apart}
        self.book.change(MAKE_DUE, {**values, "customers": self.customers})
        with self.connection.as_owner():
            self.run(CHAINS, {"first": self.first})
            self.run("ANALYZE sla_clocksegment")
        try:
            yield
        finally:
            with self.connection.as_owner():
                self.run(CLEAR, [self.first])
            self.first += count

    def recorded(self, count: int, *, patience: float = 120) -> list[tuple[int, float]]:
        """(severity, seconds from due to commit) of all of them, once they are there."""
        until = time.monotonic() + patience
        while len(found := self.book.rows(RECORDED.format(first=self.first))[0]) < count:
            if time.monotonic() > until:
                raise SystemExit(f"{len(found)} of {count} levels fired within {patience:.0f} s")
            time.sleep(0.5)
        if len(found) != count:
            raise SystemExit(f"{len(found)} levels fired, not {count}")
        return found

    def empty(self) -> None:
        from tenancy.context import work_unit

        with work_unit(self.worker), self.connection.cursor() as cursor:
            cursor.execute("SELECT 1")

    def bare_statements(self) -> None:
        from django.db import transaction

        with transaction.atomic():
            for statement in FLOOR:
                self.run(statement)


def milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1e3


def medians(rounds: Sequence[Sequence[float]]) -> list[float]:
    return [statistics.median(column) for column in zip(*rounds, strict=True)]


def idle(scale: Scale) -> list[float]:
    """Medians of a sweep, of the look-up of the next due instant, and of the floor, measured in turns."""
    from sla.sweeper import next_due, sweep

    for work in (sweep, next_due, scale.empty) * 5:
        work()
    return medians([[milliseconds(sweep), milliseconds(next_due), milliseconds(scale.empty)] for _ in range(200)])


def at_once(scale: Scale) -> list[float]:
    """Milliseconds until all, and all of severity 1, are on record. Sweepers run."""
    at = time.time() + LEAD
    with scale.due(DUE, at=at):
        if time.time() > at - 1:
            raise SystemExit(f"this machine needs more than {LEAD} s to prepare {DUE:,} clocks")
        time.sleep(at - time.time() + 0.5)
        found = scale.recorded(DUE)
    return [max(lag for _, lag in found) * 1e3, max(lag for severity, lag in found if severity == 1) * 1e3]


def floor(scale: Scale) -> float:
    with scale.due(DUE, at=time.time()), scale.connection.as_owner():
        return milliseconds(scale.bare_statements)


def every_level(scale: Scale) -> list[float]:
    """Milliseconds of one sweeper for eleven levels on each of the clocks, and for one."""
    from sla.sweeper import sweep_all

    taken = []
    for share, levels in ((30, 11), (0.6, 1)):
        with scale.due(EVERY, at=time.time(), share=share):
            scale.empty()
            taken.append(milliseconds(sweep_all))
            scale.recorded(EVERY * levels, patience=0)
    return taken


def steadily(scale: Scale) -> list[float]:
    """Milliseconds from due to on record, sorted. Sweepers run."""
    at, count = time.time() + LEAD, PER_SECOND * SECONDS
    with scale.due(count, at=at, apart=1 / PER_SECOND):
        time.sleep(at - time.time() + SECONDS)
        return sorted(lag * 1e3 for _, lag in scale.recorded(count))


def measure(scale: Scale) -> None:
    print(f"{RUNNING:,} running clocks", flush=True)
    own, look, bare = idle(scale)
    say("idle sweep", own / bare, f"an empty transaction   ({own:.2f} ms, floor {bare:.2f} ms)")
    say("next due instant", look / bare, f"an empty transaction   ({look:.2f} ms)")
    bare = statistics.median(floor(scale) for _ in range(ROUNDS))
    with sweepers(scale.cluster.serving):
        every, severe = medians([at_once(scale) for _ in range(ROUNDS)])
        lags = steadily(scale)
    say(f"{DUE:,} due at once", every / bare, f"the bare statements    ({every:.0f} ms, floor {bare:.0f} ms)")
    say("  severity 1 of them", severe / bare, f"the bare statements    ({severe:.0f} ms, {DUE // 10:,} clocks)")
    every, one = medians([every_level(scale) for _ in range(ROUNDS)])
    say(
        "all levels at once",
        every / one,
        f"one level              ({every:.0f} ms, {11 * EVERY:,} levels; {one:.0f} ms)",
    )
    p50, p99 = lags[len(lags) // 2], lags[len(lags) * 99 // 100]
    print(f"  lag, {PER_SECOND} due a second  p50 {p50:.1f} ms, p99 {p99:.1f} ms, worst {lags[-1]:.1f} ms")
    print(
        f"aims: an idle sweep under 2 ms; the {DUE:,} within 2,000 ms, severity 1 within 300 ms; p99 of the lag under 50 ms"
    )


def say(what: str, ratio: float, of: str) -> None:
    print(f"  {what:21} {ratio:6.2f} of {of}", flush=True)


def main() -> int:
    with own_cluster("scale") as cluster:
        cluster.prepare(
            os.environ.get("REDIS_URL", "redis://127.0.0.1:1/0"), {"DATABASE_TIMEOUTS": "-c statement_timeout=0"}
        )
        adopt(cluster.environment)
        django.setup()
        measure(Scale(cluster))
    return 0


if __name__ == "__main__":
    sys.exit(main())
