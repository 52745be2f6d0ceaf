from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tickets.mail.again import CannotReadAgain, read_again
from tickets.mail.answers import line_of


class Command(BaseCommand):
    help = "Read a kept mail once more. One that has its ticket or message already keeps it: nothing is filed twice."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("mail", type=int, help="its number, as receive_mail and the desk show it")

    def handle(self, *args: Any, mail: int, **options: Any) -> None:
        try:
            self.stdout.write(line_of(read_again(mail)))
        except CannotReadAgain as problem:
            raise CommandError(str(problem)) from None
