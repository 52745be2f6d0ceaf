"""manage.py replay_clocks: every promise worked out again from the audit trail alone (docs/promise.md)."""

from argparse import ArgumentTypeError
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tickets.queries import reference_in
from tickets.replaying import Replayed, replay_all

NAMED = 20  # tickets from before, by their numbers
SHOWN_EVERY = 1000


def day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise ArgumentTypeError(f"'{text}' is not a day such as 2026-11-23.") from error


def reference(text: str) -> str:
    if not (found := reference_in(text)):
        raise ArgumentTypeError(f"'{text}' is not the number of a ticket such as ACME-42.")
    return found


class Command(BaseCommand):
    help = (
        "Work out every promise again from the events of the audit trail alone and compare it with what stands. Names each "
        "difference with its ticket and event, and exits 1 if there is one. Changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--ticket", type=reference, metavar="ACME-42", help="Only this ticket.")
        parser.add_argument(
            "--since", type=day, metavar="YYYY-MM-DD", help="Only tickets that changed on that day (UTC) or later."
        )

    def handle(self, **options: Any) -> None:
        sums = Sums()
        for one in replay_all(reference=options["ticket"] or "", since=options["since"]):
            sums.add(one)
            for difference in one.differences:
                self.stdout.write(str(difference))
            if sums.all % SHOWN_EVERY == 0 and self.stderr.isatty():
                self.stderr.write(f"\r\x1b[K{sums.all:,} tickets", ending="")
        if options["ticket"] and not sums.all:
            raise CommandError(f"There is no ticket {options['ticket']}, or it has not changed since that day.")
        self._sum_up(sums)

    def _sum_up(self, sums: "Sums") -> None:
        self.stdout.write(
            f"{sums.tickets:,} tickets: {sums.segments:,} segments and {sums.escalations:,} escalations worked out again"
            f" from {sums.events:,} events."
        )
        if sums.before:
            rest = f" and {sums.before - len(sums.named):,} more" if sums.before > len(sums.named) else ""
            self.stdout.write(
                f"{sums.before:,} tickets can not be replayed: recorded before events told of clocks."
                f" {', '.join(sums.named)}{rest}."
            )
        if sums.differences:
            raise CommandError(f"{sums.differences:,} differences in {sums.differing:,} tickets.")
        self.stdout.write("No difference.")


@dataclass
class Sums:
    tickets: int = 0
    segments: int = 0
    escalations: int = 0
    events: int = 0
    differences: int = 0
    differing: int = 0
    before: int = 0
    named: list[str] = field(default_factory=list)

    @property
    def all(self) -> int:
        return self.tickets + self.before

    def add(self, one: Replayed) -> None:
        if not one.is_whole:
            self.before += 1
            self.named += [one.reference] if len(self.named) < NAMED else []
            return
        self.tickets += 1
        self.segments += one.segments
        self.escalations += one.escalations
        self.events += one.events
        self.differences += len(one.differences)
        self.differing += bool(one.differences)
