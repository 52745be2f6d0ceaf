"""Answers racing levels: each clock is answered within 20 ms of one of its levels, while two sweepers never rest.

    make bench ARGS="race --seconds 60 --seed 4"

Counted is who came first. Exit code 1 when a level due before a stop did not fire, one due after it did, one was committed
after its stop, or an answer was judged by anything but its own instant. The seed decides which answer lands where.
"""

import argparse
import os
import random
import secrets
import sys
import time
from collections import Counter
from datetime import timedelta

import django

from bench.cluster import Cluster, adopt, own_cluster
from bench.faults.ledger import Book, Ledger
from bench.faults.schedule import Life
from bench.sweepers import sweepers

NEAR = 0.02  # seconds
PATIENCE = 60.0
LEFT = "SELECT count(*) FROM sla_clocksegment WHERE stopped_at IS NULL"


def lives(seed: int, seconds: float, rate: float) -> list[Life]:
    dice = random.Random(seed)
    return sorted(
        (
            Life(
                starts_at=dice.uniform(0, seconds),
                severity=dice.choice((1, 2, 3)),
                becomes=None,
                changes_after=0,
                answered_after=dice.choice((0.5, 0.75, 1.0, 1.0)),
                nudge=dice.uniform(-NEAR, NEAR),
            )
            for _ in range(round(seconds * rate))
        ),
        key=lambda life: life.starts_at,
    )


def race(cluster: Cluster, plan: list[Life]) -> int:
    from bench.faults import checks, town
    from bench.faults.deeds import People, stop_alone

    town.build(len(plan))
    people, book = People(stop_alone, town.tickets(), plan), Book(cluster.superuser_url)
    with sweepers(cluster.serving):
        people.begin()
        people.wait()
        until = time.monotonic() + PATIENCE
        while book.value(LEFT) and time.monotonic() < until:
            time.sleep(0.2)
    ledger, now = book.read(), book.value("SELECT clock_timestamp()")
    report(ledger)
    findings = [
        *checks.clocks(ledger, people.diary, now),
        *checks.answers(ledger, people.diary),
        *checks.levels(ledger, now),
        *checks.records(ledger),
    ]
    for finding in findings[:20]:
        print(f"  WRONG: {finding}")
    print(f"{len(findings)} things are wrong" if findings else "nothing is wrong")
    return 1 if findings else 0


def report(ledger: Ledger) -> None:
    from bench.faults import checks

    outcomes = Counter(segment.outcome for segment in ledger.segments)
    fired = {(one.segment_id, one.level): one for one in ledger.escalations}
    first: Counter[str] = Counter()
    for segment in ledger.segments:
        for level, instant in checks.instants(segment).items():
            if segment.stopped_at is None or abs(instant - segment.stopped_at) > timedelta(seconds=NEAR):
                continue
            one = fired.get((segment.id, level))
            if one is None:
                first["answer"] += 1
            else:
                first["stop" if one.committed_at == segment.written_at else "sweeper"] += 1
    print(f"  {len(ledger.segments):,} clocks answered: {outcomes['MET']:,} met, {outcomes['MISSED']:,} missed")
    print(f"  {sum(first.values()):,} answers landed within {NEAR * 1e3:.0f} ms of a level:")
    print(f"    {first['answer']:6,} before it: it never fires")
    print(f"    {first['sweeper']:6,} after a sweeper had fired it")
    print(
        f"    {first['stop']:6,} after it was due and before any sweeper: the answer fired it, then stopped the clock"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog='make bench ARGS="race …"')
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=60, help="clocks that begin each second")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(100_000))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with own_cluster("race") as cluster:
        cluster.prepare(os.environ.get("REDIS_URL", "redis://127.0.0.1:1/0"), {"BASE_URL": "http://127.0.0.1:8000"})
        adopt(cluster.environment)
        django.setup()
        return race(cluster, lives(options.seed, options.seconds, options.rate))


if __name__ == "__main__":
    sys.exit(main())
