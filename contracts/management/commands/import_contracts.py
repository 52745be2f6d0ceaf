"""manage.py import_contracts KIND FILE: what the page of imports does, from the shell (docs/imports.md)."""

import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.management.base import BaseCommand, CommandError, CommandParser

from contracts.imports import deeds, running
from contracts.imports.kinds import KINDS
from contracts.models import ImportRun
from rozoom_support.lib.refusals import Refused
from tenancy.actor import Actor
from tenancy.context import Context, database_now, work_unit

STAFF = Context("staff")
ACTOR = Actor.system("manage.py import_contracts")
SHOWN = 100  # problems that are printed
OURS = timedelta(minutes=5)  # this process reads and writes it itself; the worker leaves it alone until then
EACH = 0.5  # seconds between two words about how far it is


class Progress:
    """One line that is written over, on a terminal only."""

    def __init__(self, stream: Any) -> None:
        self.stream, self.said = stream, 0.0

    def __call__(self, rows: int, total: int) -> None:
        if self.stream.isatty() and time.monotonic() - self.said > EACH:
            self.said = time.monotonic()
            self.stream.write(f"\r{rows:,} of {total:,} rows")
            self.stream.flush()

    def end(self) -> None:
        if self.said:
            self.stream.write("\r" + " " * 40 + "\r")


class Command(BaseCommand):
    help = "Import a price list, components or a bank's payments from CSV. Safe to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=[name.lower() for name in KINDS], help="what the file holds")
        parser.add_argument("file", type=Path, help="CSV in UTF-8; see docs/imports.md for its columns")
        parser.add_argument("--good-rows", action="store_true", help="write the good rows though others are not good")
        parser.add_argument("--dry-run", action="store_true", help="read and say what would happen, change nothing")

    def handle(self, **options: Any) -> None:
        """Raises CommandError, which is exit code 1, when the file is refused or a row is not good."""
        progress = Progress(sys.stderr)
        try:
            run = self._read(options["kind"], options["file"], progress)
        except (Refused, OSError) as error:
            raise CommandError(str(error)) from error
        progress.end()
        self._say(run)
        if options["dry_run"] or run.state != ImportRun.State.CHECKED:
            self._drop(run)
            if run.bad or run.state != ImportRun.State.CHECKED:
                raise CommandError(run.message or "Nothing was written: not every row is good.")
            self.stdout.write("Nothing was written.")
        elif run.bad and not options["good_rows"]:
            self._drop(run)
            raise CommandError("Nothing was written: not every row is good. --good-rows writes the others.")
        else:
            self._write(run, "GOOD" if options["good_rows"] else "ALL", progress)

    def _read(self, kind: str, path: Path, progress: Progress) -> ImportRun:
        with path.open("rb") as file, work_unit(STAFF):
            now = database_now()
            run = deeds.start_import(
                actor=ACTOR, kind=KINDS[kind.upper()], upload=File(file, path.name), now=now, lease_until=now + OURS
            )
        return self._go_on(run, progress)

    def _write(self, run: ImportRun, mode: str, progress: Progress) -> None:
        if not run.new and not run.changed:
            self._drop(run)
            self.stdout.write("There is nothing to write: no row is new or changed.")
            return
        with work_unit(STAFF):
            now = database_now()
            run = deeds.write_import(actor=ACTOR, run=run, mode=mode, now=now, lease_until=now + OURS)
        run = self._go_on(run, progress)
        progress.end()
        if run.state != ImportRun.State.DONE:
            self._say_problems(run)
            raise CommandError(run.message)
        self.stdout.write(f"Written: {run.new:,} new, {run.changed:,} changed. {run.message}".rstrip())

    def _go_on(self, run: ImportRun, progress: Progress) -> ImportRun:
        try:
            running.go_on(run, progress)
        except KeyboardInterrupt:  # or the worker would do what was stopped here
            running.end(run, ImportRun.State.FAILED, "It was stopped by hand.")
            raise
        return _fresh(run)

    def _drop(self, run: ImportRun) -> None:
        if run.state == ImportRun.State.CHECKED:
            with work_unit(STAFF):
                deeds.drop_import(actor=ACTOR, run=run, now=database_now())

    def _say(self, run: ImportRun) -> None:
        if run.rows:
            self.stdout.write(
                f"{run.file_name}: {run.rows:,} rows, {run.new:,} new, {run.changed:,} changed, {run.same:,} the same, "
                f"{run.bad:,} not good."
            )
        for group in run.preview.get("groups", []):
            self.stdout.write(f"  {group['title']}: {group['count']:,}")
        self._say_problems(run)

    def _say_problems(self, run: ImportRun) -> None:
        with work_unit(STAFF):
            found: Sequence[Any] = list(run.problems.all()[: SHOWN + 1])
        for one in found[:SHOWN]:
            where = ", ".join(part for part in (f"line {one.line}", one.column) if part)
            self.stdout.write(f"  {where}: {one.reason}" + (f" ({one.value})" if one.value else ""))
        if len(found) > SHOWN:
            self.stdout.write(
                f"  … and more; {run.preview['problems']:,} in all. The page of the import has them as CSV."
            )


def _fresh(run: ImportRun) -> ImportRun:
    with work_unit(STAFF):
        return ImportRun.objects.get(pk=run.pk)
