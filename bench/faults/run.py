"""One run: the house and the people in it, what comes to rest afterwards, and the report."""

import subprocess
import sys
import time
from collections import Counter
from datetime import datetime
from itertools import islice

from bench.cluster import Cluster
from bench.faults import checks, lag, town
from bench.faults.deeds import People, reply_of
from bench.faults.house import House
from bench.faults.ledger import Book, Ledger
from bench.faults.post import PostBox
from bench.faults.schedule import faults, lives
from notifications.delivery import SENDERS
from rozoom_support.local.processes import fingerprint
from rozoom_support.local.redis import Redis
from rozoom_support.local.state import ROOT

PATIENCE = 90.0  # seconds in which less must wait than before: how long it takes altogether is for the machine to say
PROCESSES = 9  # two workers of four, and watch
SHOWN = 20

OVERDUE = "SELECT count(*) FROM sla_clocksegment WHERE stopped_at IS NULL AND next_action_at <= '{until}'"
WAITING = """SELECT (SELECT count(*) FROM notifications_event WHERE state = 'QUEUED')
  + (SELECT count(*) FROM notifications_delivery WHERE state = 'QUEUED')"""
LEASES = "SELECT id, leased_by FROM notifications_delivery WHERE state = 'QUEUED' AND leased_by <> ''"
# Whoever was killed keeps its mails for two minutes and its events for 30 s; nobody needs to wait for that here.
MAILS_NOW = """UPDATE notifications_delivery SET next_at = now() WHERE id IN (
  SELECT id FROM notifications_delivery WHERE state = 'QUEUED' AND id IN ({ids}) FOR UPDATE SKIP LOCKED)"""
EVENTS_NOW = """UPDATE notifications_event SET next_at = now() WHERE id IN (
  SELECT id FROM notifications_event WHERE state = 'QUEUED' AND next_at > now() FOR UPDATE SKIP LOCKED)"""


class Run:
    def __init__(self, cluster: Cluster, redis: Redis, box: PostBox, seed: int, seconds: float, rate: float) -> None:
        self.cluster, self.box, self.seconds = cluster, box, seconds
        self.book = Book(cluster.superuser_url)
        self.house = House(cluster, redis)
        self.faults = faults(seed, seconds)
        plan = lives(seed, seconds, rate)
        self.town = town.build(len(plan))
        self.people = People(reply_of(self.town.agent), town.tickets(), plan)
        self.cut_short = 0

    def report(self) -> int:
        """Lives through it and prints what came of it. The exit code."""
        self.house.open()
        self.people.begin()
        self.house.live_through(self.faults, self.seconds)
        self.people.wait()
        ended = time.monotonic()
        until = self.book.value("SELECT clock_timestamp()")
        caught_up = self._come_to_rest(OVERDUE.format(until=until))
        swept = time.monotonic() - ended
        self.book.change(EVENTS_NOW)
        posted = self._come_to_rest(WAITING)
        ledger = self.book.read()
        self._print(ledger, swept, time.monotonic() - ended)
        findings = [] if caught_up else ["levels that are due do not fire"]
        findings += [] if posted else ["mails or events still wait"]
        findings += [*self._findings(ledger, until)]
        for finding in islice(findings, SHOWN):
            print(f"  WRONG: {finding}")
        print(f"{len(findings)} things are wrong" if findings else "nothing is wrong", flush=True)
        return 1 if findings else 0

    def _come_to_rest(self, count: str) -> bool:
        """Until nothing of it is left, while whatever ends is started again. False when it does not get less."""
        fewest, until = sys.maxsize, time.monotonic() + PATIENCE
        while time.monotonic() < until:
            self.house.keep_running()
            if (left := self.book.value(count)) == 0:
                return True
            if left < fewest:
                fewest, until = left, time.monotonic() + PATIENCE
            self._cut_leases()
            time.sleep(0.3)
        return False

    def _cut_leases(self) -> None:
        leases = self.book.rows(LEASES)[0]
        dead = [str(key) for key, holder in leases if fingerprint(int(holder.split(":")[1])) is None]
        if dead:
            self.book.change(MAILS_NOW.format(ids=", ".join(dead)))
            self.cut_short += len(dead)

    def _findings(self, ledger: Ledger, until: datetime) -> list[str]:
        diary, taken = self.people.diary, self.box.count()
        found = [
            *checks.clocks(ledger, diary, until),
            *checks.answers(ledger, diary),
            *checks.levels(ledger, until),
            *checks.records(ledger),
            *checks.mails(ledger, self.town, taken),
        ]
        doubles = sum(taken.values()) - len(taken)
        if doubles > (most := self._most_doubles()):
            found.append(f"{doubles} mails came twice; the faults explain {most}")
        command = [sys.executable, "manage.py", "verify_audit"]
        audit = subprocess.run(
            command, cwd=ROOT, env=self.cluster.environment, capture_output=True, text=True, check=False
        )
        if audit.returncode:
            found.append(f"verify_audit: {audit.stdout.strip()} {audit.stderr.strip()}")
        return found

    def _most_doubles(self) -> int:
        """A mail of each sender that was killed between the server's 250 and our mark, and one of each process when
        PostgreSQL ended."""
        struck = self.house.struck
        kills = sum(count for name, count in struck.items() if name.startswith(("kill", "ended")))
        return SENDERS * kills + PROCESSES * struck["restart postgres"]

    def _print(self, ledger: Ledger, swept: float, posted: float) -> None:
        house, diary, taken = self.house, self.people.diary, self.box.count()
        print("  faults: " + ", ".join(f"{count} {name}" for name, count in sorted(house.struck.items())))
        away = [window.ended - window.began for window in house.postgres_away]
        print(f"  PostgreSQL away {len(away)} times, {sum(away):.1f} s in all, at most {max(away, default=0):.1f} s")
        print(
            f"  {len(ledger.of_ticket()):,} promises, {len(ledger.segments):,} clocks, {len(diary.answered):,} answers, "
            f"{len(ledger.escalations):,} levels fired; {diary.tried_again} deeds tried again"
        )
        states = Counter(one.state for one in ledger.deliveries)
        print(
            f"  {states['SENT']:,} mails sent, {states['DROPPED']:,} not needed any more; {sum(taken.values()):,} arrived, "
            f"{sum(taken.values()) - len(taken)} of them twice, with the same Message-ID"
        )
        print(f"  after the last fault: nothing overdue within {swept:.1f} s, all mail out within {posted:.1f} s")
        if self.cut_short:
            print(f"  {self.cut_short} leases of killed senders were cut short for that")
        fired = ledger.escalations
        print(f"  due until on record  {lag.as_it_was(fired)}")
        print(f"  - while PostgreSQL ran {lag.with_postgres(fired, house.postgres_away)}")
        print(f"  - due without a fault  {lag.on_quiet_days(fired, house.trouble)}")
