"""Taking up what waits: a file is read, and after somebody has seen what it would do, written.

PostgreSQL keeps the work. Whoever takes it up holds a lease that a thread of its own renews, and a lock that ends with the
connection: after a kill it is taken up again from the start, and nobody works on it twice at once. Writing and the word that
it is done are one transaction.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.core.files.storage import default_storage
from django.db import Error, IntegrityError, OperationalError, connection
from django.db.models import Count

from contracts.imports import components, payments, prices
from contracts.imports.components import ChangedMeanwhile
from contracts.imports.kinds import KINDS
from contracts.imports.reading import NotReadable
from contracts.imports.staging import Tick, keep_problems, stage, unstage
from contracts.models import ImportProblem, ImportRow, ImportRun
from tenancy.actor import Actor
from tenancy.context import Context, work_unit

log = logging.getLogger(__name__)

STAFF, WORKER = Context("staff"), Context("worker")
State, Mode = ImportRun.State, ImportRun.Mode
JUDGES: dict[str, ModuleType] = {
    ImportRun.Kind.PRICES: prices,
    ImportRun.Kind.COMPONENTS: components,
    ImportRun.Kind.PAYMENTS: payments,
}
LEASE = timedelta(seconds=60)
BEAT = 1.0  # seconds between two words about how far it is
LOCK = 0x696D706F  # our place among PostgreSQL's advisory locks
MOST_ATTEMPTS = 3  # by processes that were killed over it
TRIES = 3  # against others who write the same rows
SHOWN = 20  # rows of each sort in the preview

CLAIM = """
UPDATE contracts_importrun SET lease_until = now() + make_interval(secs => %(lease)s), attempts = attempts + 1, done = 0,
  state = CASE state WHEN 'QUEUED' THEN 'WRITING' ELSE state END
WHERE id = (
  SELECT id FROM contracts_importrun
  WHERE state IN ('CHECKING', 'QUEUED', 'WRITING') AND (lease_until IS NULL OR lease_until < now())
  ORDER BY created_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
RETURNING id"""


def work() -> bool:
    """Take up one waiting run and carry it to its next stop. False when none waits or another process works on one."""
    with _only_one() as is_free:
        run = claim() if is_free else None
        if run is not None:
            go_on(run)
    return run is not None


@contextmanager
def _only_one() -> Iterator[bool]:
    """One import at a time in the whole house, so that long files leave the workers to the promises."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, 0)", [LOCK])
        is_mine = cursor.fetchone()[0]
    try:
        yield is_mine
    finally:
        if is_mine and connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, 0)", [LOCK])


def claim() -> ImportRun | None:
    """The run that waits longest, leased to this process."""
    with work_unit(STAFF), connection.cursor() as cursor:
        cursor.execute(CLAIM, {"lease": LEASE.total_seconds()})
        row = cursor.fetchone()
        return ImportRun.objects.get(pk=row[0]) if row else None


def go_on(run: ImportRun, tick: Tick | None = None) -> None:
    """Read or write it, whichever it waits for. What goes wrong is told on the run."""
    if run.attempts > MOST_ATTEMPTS:
        end(run, State.FAILED, "It was begun three times and never finished. Cut the file in parts and try again.")
        return
    for attempt in range(1, TRIES + 1):
        try:
            _step(run, tick)
            return
        except NotReadable as refused:
            end(run, State.REFUSED, refused.message)
            return
        except (ChangedMeanwhile, IntegrityError, OperationalError) as error:
            log.warning("import %s, try %s: %s", run.pk, attempt, error)
            if attempt == TRIES:
                end(run, State.FAILED, "Others changed the same records at the same time. Try again in a few minutes.")
        except SoftTimeLimitExceeded:
            end(run, State.FAILED, "It took longer than half an hour. Cut the file in parts and try again.")
            return
        except Exception:
            log.exception("import %s failed", run.pk)
            end(run, State.FAILED, "Something went wrong on our side. Tell the people who run this system.")
            return


def _step(run: ImportRun, tick: Tick | None) -> None:
    with Beat(run.pk, tick) as beat, work_unit(STAFF) as unit:
        if not _is_ours(run) or unit.now is None:
            return
        _take_time()
        if run.state == State.CHECKING:
            _check(run, beat)
        else:
            _write(run, beat, unit.now)


def _is_ours(run: ImportRun) -> bool:
    """Nobody else works on it, and it is still where we found it. Held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [LOCK, str(run.pk)])
        is_free = cursor.fetchone()[0]
    return is_free and ImportRun.objects.filter(pk=run.pk, state=run.state).exists()


def _take_time() -> None:
    """The limits of a page (settings) are not those of a file."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL statement_timeout = '15min'; SET LOCAL lock_timeout = '30s'; "
            "SET LOCAL idle_in_transaction_session_timeout = '5min'; SET LOCAL work_mem = '64MB'"
        )


def end(run: ImportRun, state: str, message: str) -> None:
    """Stop it where it was found. What was not committed is gone."""
    with work_unit(STAFF) as unit:
        unstage(run.pk)
        ImportRun.objects.filter(pk=run.pk, state=run.state).update(
            state=state, message=message, lease_until=None, finished_at=unit.now
        )


# Reading


@dataclass(frozen=True)
class Judged:
    rows: int
    counts: dict[str, int]
    problems: int

    def count(self, outcome: str) -> int:
        return self.counts.get(outcome, 0)


def read_and_judge(run_id: UUID, kind_name: str, file_name: str, tick: Tick) -> Judged:
    """Read the file into rows, and find what is new, changed, the same or bad."""
    ImportProblem.objects.filter(run_id=run_id).delete()
    with default_storage.open(file_name, "rb") as kept:
        file: Any = kept.file  # the bytes themselves
        staged = stage(run_id, KINDS[kind_name], file, tick)
    if not staged.rows:
        raise NotReadable("There is no row below the heading.")
    found = JUDGES[kind_name].judge(run_id)
    keep_problems(run_id, staged.problems)
    counted = ImportRow.objects.filter(run_id=run_id).values_list("outcome").annotate(rows=Count("line"))
    return Judged(staged.rows, dict(counted), staged.problem_count + found)


def _check(run: ImportRun, beat: "Beat") -> None:
    judged = read_and_judge(run.pk, run.kind, run.stored_as, beat.tick)
    _keep(run, judged, beat, state=State.CHECKED, message="")


def _keep(run: ImportRun, judged: Judged, beat: "Beat", *, state: str, message: str) -> None:
    preview = {"problems": judged.problems, **preview_of(run.pk, run.kind, judged)}
    beat.stop()  # it writes the same row
    ImportRun.objects.filter(pk=run.pk).update(
        state=state,
        message=message,
        preview=preview,
        rows=judged.rows,
        done=judged.rows,
        attempts=0,
        lease_until=None,
        **{outcome: judged.count(outcome) for outcome in ("new", "changed", "same", "bad")},
    )
    unstage(run.pk)


def preview_of(run_id: UUID, kind_name: str, judged: Judged) -> dict[str, Any]:
    """The first rows of each sort, as the page shows them."""
    if kind_name == ImportRun.Kind.PAYMENTS:
        found = payments.sort(run_id, SHOWN)
        groups = [
            ("Matched to an invoice", found.booked, found.booked_rows),
            ("Matched to no invoice, to wait for a person", found.waiting, found.waiting_rows),
            ("Imported before", judged.count("same"), payments.seen_before(run_id, SHOWN)),
        ]
    else:
        judge = JUDGES[kind_name]
        groups = [
            (title, judged.count(outcome), judge.preview(run_id, outcome, SHOWN) if judged.count(outcome) else [])
            for title, outcome in (("New", "new"), ("Changed", "changed"), ("The same as now", "same"))
        ]
    shown = [{"title": title, "count": count, "rows": rows} for title, count, rows in groups if count]
    return {"heading": JUDGES[kind_name].HEADING, "groups": shown}


# Writing


def _write(run: ImportRun, beat: "Beat", now: datetime) -> None:
    """All of it or nothing, the word that it is done with it. The file is judged again: the records may have changed."""
    judged = read_and_judge(run.pk, run.kind, run.stored_as, beat.tick)
    if judged.count("bad") and run.mode == Mode.ALL:
        words = "Nothing was written: since the file was read, rows of it became bad. They stand below."
        _keep(run, judged, beat, state=State.CHECKED, message=words)
        return
    run.new, run.changed = judged.count("new"), judged.count("changed")
    said = JUDGES[run.kind].write(run, actor_of(run), now)
    beat.stop()
    ImportRun.objects.filter(pk=run.pk).update(
        state=State.DONE,
        message=said,
        rows=judged.rows,
        done=judged.rows,
        lease_until=None,
        finished_at=now,
        **{outcome: judged.count(outcome) for outcome in ("new", "changed", "same", "bad")},
    )
    unstage(run.pk)


def actor_of(run: ImportRun) -> Actor:
    """The job that writes for the person who said so."""
    return replace(Actor.system(run.by_name), person_id=run.by_id)


class Beat:
    """Says each second how far the work is and keeps its lease, on a connection of its own: the work is one transaction."""

    def __init__(self, run_id: UUID, tick: Tick | None = None) -> None:
        self.run_id, self.rows, self.total, self._tell = run_id, 0, 0, tick
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="import-beat", daemon=True)

    def tick(self, rows: int, total: int) -> None:
        self.rows, self.total = rows, total
        if self._tell is not None:
            self._tell(rows, total)

    def __enter__(self) -> "Beat":
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._over.wait(BEAT):
                self._say()
        finally:
            connection.close()

    def _say(self) -> None:
        try:
            with work_unit(WORKER) as unit:
                if unit.now is not None:
                    ImportRun.objects.filter(pk=self.run_id, lease_until__isnull=False).update(
                        done=self.rows, rows=self.total, lease_until=unit.now + LEASE
                    )
        except Error as error:
            log.warning("import %s: its lease could not be kept: %s", self.run_id, error)
