"""manage.py import_history FILE: tickets with their true times from the event log of another system (docs/import-history.md)."""

import csv
import sys
from argparse import ArgumentTypeError
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from rozoom_support.lib.refusals import Refused
from tenancy.context import database_now, work_unit
from tickets.history.comparing import differences
from tickets.history.importing import STAFF, Done, Plan, plan_import, run_import
from tickets.history.judging import WHY, Verdict, table, verdicts_of_database, verdicts_of_plan
from tickets.history.progress import Progress
from tickets.history.reading import NotReadable, Problem, moment, read_event_log

SHOWN = 20  # problems printed of each sort; --report has them all


def instant(text: str) -> datetime:
    """29-02-2016, to its end, or '29-02-2016 12:00'."""
    if (whole := moment(text)) is not None:
        return whole
    try:
        return datetime.strptime(text, "%d-%m-%Y").replace(tzinfo=UTC) + timedelta(days=1, minutes=-1)
    except ValueError as error:
        raise ArgumentTypeError(f"'{text}' is not a day such as 29-02-2016.") from error


class Command(BaseCommand):
    help = "Import incidents with their history from a CSV event log. Safe to repeat; continues where it was stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the event log, CSV in UTF-8; see docs/import-history.md")
        parser.add_argument(
            "--reseller", default="", metavar="CODE", help="who serves new customers; else roZoom itself"
        )
        parser.add_argument(
            "--until", type=instant, metavar="DAY", help="as it stood then: 29-02-2016 or '29-02-2016 12:00'"
        )
        parser.add_argument("--dry-run", action="store_true", help="read and report, change nothing")
        parser.add_argument(
            "--restart",
            action="store_true",
            help="look at every incident again, and say where it differs from the file",
        )
        parser.add_argument(
            "--report", type=Path, metavar="FILE", help="write everything wrong in the file to this CSV"
        )

    def handle(self, **options: Any) -> None:
        now = database_now()
        try:
            log = read_event_log(options["file"], until=options["until"])
            plan = plan_import(log, reseller_code=options["reseller"], now=now)
            self.stdout.write(f"{options['file'].name}: {log.rows:,} rows, {len(log.incidents):,} incidents.")
            if options["report"] is not None:
                _write_report(plan.problems, options["report"])
            if plan.known:
                self._say_known(plan, options["restart"])
            done = None if options["dry_run"] else self._write(plan, now)
        except (NotReadable, Refused) as error:
            raise CommandError(str(error)) from error
        self._say_result(plan, done)
        self._say_problems(plan.problems)
        self._say_verdicts(plan, done, now)

    def _write(self, plan: Plan, now: datetime) -> Done:
        progress = Progress(len(plan.new), "incidents", sys.stderr)
        return run_import(plan, now=now, step=progress.step)

    def _say_known(self, plan: Plan, compare: bool) -> None:
        here = len(plan.tickets) - len(plan.new)
        self.stdout.write(f"{here:,} of them are here already and stay as they are.")
        if compare:
            with work_unit(STAFF):
                for difference in differences(plan):
                    self.stdout.write(f"  {difference}")

    def _say_result(self, plan: Plan, done: Done | None) -> None:
        if done is None:
            served = plan.reseller.name if plan.reseller else "roZoom itself"
            self.stdout.write(
                f"Nothing was changed. {len(plan.new):,} incidents would be imported, served by {served}."
            )
        else:
            made = ", ".join(f"{number:,} {what}" for what, number in done.directory.made.items())
            self.stdout.write(f"Imported {done.written:,} incidents. New: {made}.")
        if plan.left_out:
            self.stdout.write(f"{plan.left_out:,} incidents were left out; see below.")

    def _say_problems(self, problems: Sequence[Problem]) -> None:
        left_out = [problem for problem in problems if not problem.mended]
        mended = [problem for problem in problems if problem.mended]
        for title, listed in (("Left out", left_out), ("Imported, but mended", mended)):
            if listed:
                self.stdout.write(f"\n{title}:")
            for problem in listed[:SHOWN]:
                self.stdout.write(f"  {_sentence(problem)}")
            if len(listed) > SHOWN:
                self.stdout.write(f"  … and {len(listed) - SHOWN:,} more; --report FILE lists them all.")

    def _say_verdicts(self, plan: Plan, done: Done | None, now: datetime) -> None:
        verdicts: list[Verdict] = verdicts_of_plan(plan.tickets)
        if done is not None:
            with work_unit(STAFF):
                verdicts = verdicts_of_database(plan, now)
        if verdicts:
            self.stdout.write("\nThe first answer by our clocks, beside the file's own made_sla:\n")
            self.stdout.write(f"{table(verdicts)}\n\n{WHY}")


def _sentence(problem: Problem) -> str:
    """line 145, INC0000086, location: 'Location 98' here, 'Location 93' above. (the last one counts: Location 98)"""
    where = ", ".join(part for part in (f"line {problem.line}", problem.incident, problem.column) if part)
    return f"{where}: {problem.reason}" + (f" ({problem.mended})" if problem.mended else "")


def _write_report(problems: Sequence[Problem], path: Path) -> None:
    try:
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["line", "incident", "column", "reason", "result"])
            for problem in problems:
                result = f"imported, {problem.mended}" if problem.mended else "left out"
                writer.writerow([problem.line, problem.incident, problem.column, problem.reason, result])
    except OSError as error:
        raise CommandError(f"The report can not be written to {path}: {error.strerror}.") from error
