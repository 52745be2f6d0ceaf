import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError

from tickets.mail.answers import line, line_of
from tickets.mail.storing import keep
from tickets.mail.working import read_now
from tickets.models import IncomingMail

TRY_AGAIN = 75  # EX_TEMPFAIL: a mail server that pipes mail to us keeps it and comes back


class Command(BaseCommand):
    help = "Take one mail from standard input, and say in one line of JSON what became of it (docs/mail.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="sender", help="the sender in the envelope; empty for a mail system's")
        parser.add_argument("--to", dest="receivers", action="append", default=[], help="a receiver in the envelope")

    def handle(self, *args: Any, sender: str | None, receivers: list[str], **options: Any) -> None:
        raw, size = read_all()
        if not raw:
            self.stdout.write(
                line(outcome=IncomingMail.Outcome.REJECTED, reason="There was nothing on standard input.")
            )
            return
        try:
            mail = keep(raw, door=IncomingMail.Door.COMMAND, envelope_from=sender, envelope_to=receivers, size=size)
        except (OSError, DatabaseError) as problem:
            self.stdout.write(
                line(
                    outcome=IncomingMail.Outcome.REJECTED,
                    reason=f"It could not be kept ({type(problem).__name__}). Try again.",
                )
            )
            sys.exit(TRY_AGAIN)
        if mail.is_waiting:
            mail = read_now(mail)
        self.stdout.write(line_of(mail))


def read_all() -> tuple[bytes, int]:
    """The mail and its size. What is beyond the limit is counted and not kept."""
    most = settings.LIMITS["mail_bytes"]
    raw = sys.stdin.buffer.read(most + 1)
    size = len(raw)
    while more := sys.stdin.buffer.read(1024 * 1024):
        size += len(more)
    return raw, size
