import socket
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tickets.mail.listener import address_of, open_socket, serve


class Command(BaseCommand):
    help = "Take mail by SMTP or LMTP at MAIL_LISTEN and read it, until SIGTERM (docs/mail.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--listen", default=settings.MAIL_LISTEN, help="instead of MAIL_LISTEN")
        parser.add_argument("--fd", type=int, help="a listening socket handed over")

    def handle(self, *args: Any, listen: str, fd: int | None, **options: Any) -> None:
        door, host, port = address_of(listen)
        try:
            listener = socket.socket(fileno=fd) if fd is not None else open_socket(host, port)
        except OSError as problem:
            raise CommandError(f"{host}:{port} can not be used: {problem.strerror}.") from None
        where = listener.getsockname()
        self.stdout.write(f"Mail to {settings.SUPPORT_ADDRESS} comes in at {door}://{where[0]}:{where[1]}")
        serve(door, listener)
