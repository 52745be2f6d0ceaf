"""One run: the house and the people in it, what comes to rest afterwards, and the report."""

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from itertools import islice

from django.db import connections

from bench.cluster import Cluster
from bench.faults import arrivals, checks, figures, lag, town
from bench.faults.arrivals import Account
from bench.faults.deeds import People, reply_of
from bench.faults.house import House
from bench.faults.ledger import Book, Ledger
from bench.faults.post import MailServer
from bench.faults.schedule import Window, faults, lives, moods
from notifications.delivery import SENDERS
from rozoom_support.local.processes import fingerprint
from rozoom_support.local.redis import Redis
from rozoom_support.local.state import ROOT, LocalError

PATIENCE = 90.0  # seconds in which less must wait than before: how long it takes altogether is for the machine to say
SHOWN = 20
MORE_ANSWERS = 20  # when all is well again
HURRY = 10.0  # seconds until what was put off is made due again

OVERDUE = "SELECT count(*) FROM sla_clocksegment WHERE stopped_at IS NULL AND next_action_at <= '{until}'"
WAITING = """SELECT (SELECT count(*) FROM notifications_event WHERE state = 'QUEUED')
  + (SELECT count(*) FROM notifications_delivery WHERE state = 'QUEUED')"""
LEASES = "SELECT id, leased_by FROM notifications_delivery WHERE state = 'QUEUED' AND leased_by <> ''"
# Whoever was killed keeps its mails for two minutes; nobody needs to wait for that here.
MAILS_NOW = """UPDATE notifications_delivery SET next_at = now() WHERE id IN (
  SELECT id FROM notifications_delivery WHERE state = 'QUEUED' AND id IN ({ids}) FOR UPDATE SKIP LOCKED)"""


class Run:
    def __init__(
        self, cluster: Cluster, redis: Redis, mail: MailServer, seed: int, seconds: float, rate: float, late: float
    ) -> None:
        """`late`: seconds that a level may be late while nothing but mail is in trouble."""
        self.cluster, self.mail, self.seconds, self.late = cluster, mail, seconds, late
        self.book = Book(cluster.superuser_url)
        self.house = House(cluster, redis)
        self.faults = faults(seed, seconds)
        self.moods, self.mail_trouble = Counter[str](), list[Window]()
        what = (moods(seed, seconds), self.mail_trouble, self.moods)
        self.mail_lives = threading.Thread(target=mail.live_through, args=what, daemon=True)
        plan = lives(seed, seconds, rate)
        self.town = town.build(len(plan))
        mail.box.gone = self.town.gone
        self.tickets = town.tickets()
        self.people = People(reply_of(self.town.agent), self.tickets, plan)
        self.cut_short = 0
        self.hurried: list[Window] = []

    def report(self) -> int:
        """Lives through it and prints what came of it. The exit code."""
        self.house.open()
        self.people.begin()
        self.mail_lives.start()
        self.house.live_through(self.faults, self.seconds)
        self.people.wait()
        self.mail_lives.join()
        ended = time.monotonic()
        until = self.book.value("SELECT clock_timestamp()")
        caught_up = self._come_to_rest(OVERDUE.format(until=until))
        swept = time.monotonic() - ended
        posted = self._come_to_rest(WAITING, self._hurry)
        all_out = time.monotonic() - ended
        well_since = self._go_on_when_all_is_well()
        posted = self._come_to_rest(WAITING) and posted
        account = self._account(self.book.read())
        self._print(account, swept, all_out, well_since)
        findings = [] if caught_up else ["levels that are due do not fire"]
        findings += [] if posted else ["mails or events still wait"]
        findings += [*self._findings(account, until)]
        for finding in islice(findings, SHOWN):
            print(f"  WRONG: {finding}")
        print(f"{len(findings)} things are wrong" if findings else "nothing is wrong", flush=True)
        return 1 if findings else 0

    def _come_to_rest(self, count: str, hurry: Callable[[], None] | None = None) -> bool:
        """Until nothing of it is left, while whatever ends is started again. False when it does not get less."""
        fewest, until, hurry_at = sys.maxsize, time.monotonic() + PATIENCE, time.monotonic()
        while time.monotonic() < until:
            self.house.keep_running()
            if hurry is not None and time.monotonic() >= hurry_at:
                hurry()
                hurry_at = time.monotonic() + HURRY
            if (left := self.book.value(count)) == 0:
                return True
            if left < fewest:
                fewest, until = left, time.monotonic() + PATIENCE
            self._cut_leases()
            time.sleep(0.3)
        return False

    def _go_on_when_all_is_well(self) -> float:
        """More answers, to see that the faults have left nothing limping. Since when."""
        connections.close_all()  # PostgreSQL was away since this thread had it
        answered = {one.ticket_id for one in self.people.diary.answered}
        well_since = time.time()
        for ticket in [ticket for ticket in self.tickets if ticket.pk in answered][:MORE_ANSWERS]:
            self.people.answer(ticket)
            time.sleep(0.1)
        return well_since

    def _hurry(self) -> None:
        """As whoever runs the product would, now that the mail server is well: pauses have grown to minutes."""
        began = time.time()
        if (done := self._manage("replay_outbox", "--waiting")).returncode:
            raise LocalError(f"replay_outbox: {done.stderr.strip()}")
        self.hurried.append(Window(began, time.time()))

    def _cut_leases(self) -> None:
        leases = self.book.rows(LEASES)[0]
        dead = [str(key) for key, holder in leases if fingerprint(int(holder.split(":")[1])) is None]
        if dead:
            began = time.time()
            self.book.change(MAILS_NOW.format(ids=", ".join(dead)))
            self.hurried.append(Window(began, time.time()))
            self.cut_short += len(dead)

    def _findings(self, account: Account, until: datetime) -> list[str]:
        diary, ledger = self.people.diary, account.ledger
        found = [
            *checks.clocks(ledger, diary, until),
            *checks.answers(ledger, diary),
            *checks.levels(ledger, until),
            *checks.records(ledger),
            *checks.told(ledger, self.town),
            *arrivals.judged(account),
        ]
        if (beside := self._beside_bad_mail(ledger)).worst > self.late:
            found.append(f"a level was {beside.worst:.1f} s late while only mail was in trouble")
        audit = self._manage("verify_audit")
        if audit.returncode:
            found.append(f"verify_audit: {audit.stdout.strip()} {audit.stderr.strip()}")
        return found

    def _account(self, ledger: Ledger) -> Account:
        return Account(ledger, self.town, self.mail.box, self._other_trouble(), self.hurried, self._most_killed())

    def _beside_bad_mail(self, ledger: Ledger) -> lag.Lag:
        return lag.beside_bad_mail(ledger.escalations, self._other_trouble(), self.mail_trouble)

    def _other_trouble(self) -> list[Window]:
        return [*self.house.trouble, *self.house.by_itself]

    def _manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(
            command, cwd=ROOT, env=self.cluster.environment, capture_output=True, text=True, check=False
        )

    def _most_killed(self) -> int:
        """A mail of each sender between the server's 250 and our mark, when it was killed or PostgreSQL ended."""
        struck = self.house.struck
        kills = sum(count for name, count in struck.items() if name.startswith(("kill", "ended")))
        return SENDERS * (kills + struck["restart postgres"])

    def _print(self, account: Account, swept: float, posted: float, well_since: float) -> None:
        house, diary, ledger = self.house, self.people.diary, account.ledger
        print("  faults: " + ", ".join(f"{count} {name}" for name, count in sorted(house.struck.items())))
        away = [window.ended - window.began for window in house.postgres_away]
        print(f"  PostgreSQL away {len(away)} times, {sum(away):.1f} s in all, at most {max(away, default=0):.1f} s")
        print(
            f"  {len(ledger.of_ticket()):,} promises, {len(ledger.segments):,} clocks, {len(diary.answered):,} answers, "
            f"{len(ledger.escalations):,} levels fired; {diary.tried_again} deeds tried again"
        )
        for line in figures.of_mail(account, self.moods, well_since):
            print(f"  {line}")
        print(f"  after the last fault: nothing overdue within {swept:.1f} s, all mail out within {posted:.1f} s")
        if self.cut_short:
            print(f"  {self.cut_short} leases of killed senders were cut short for that")
        fired = ledger.escalations
        print(f"  due until on record  {lag.as_it_was(fired)}")
        print(f"  - while PostgreSQL ran {lag.with_postgres(fired, house.postgres_away)}")
        print(f"  - due without a fault  {lag.on_quiet_days(fired, self._other_trouble())}")
        print(f"  - of them in bad mail  {self._beside_bad_mail(ledger)}")
