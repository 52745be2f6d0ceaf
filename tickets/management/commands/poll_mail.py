from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from tickets.mail.mailbox import MailboxAway, poll
from tickets.mail.working import work


class Command(BaseCommand):
    help = "Fetch unread mail from IMAP_URL once and read it. Beat does the same every 20 seconds."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.IMAP_URL:
            raise CommandError("IMAP_URL is not set. See docs/mail.md.")
        try:
            kept = poll()
        except MailboxAway as problem:
            raise CommandError(f"The mailbox can not be read: {problem}") from None
        self.stdout.write(f"{kept} mails kept, {work(seconds=600)} read.")
