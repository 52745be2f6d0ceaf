"""Forgetting: mail as it came after a while, its row later, stored bytes that no row names."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.files.storage import default_storage

from tenancy.context import Context, database_now, work_unit
from tickets.mail.storing import FOLDER
from tickets.models import AutomaticAnswer, IncomingMail

WORKER = Context("worker")
OLD = timedelta(days=1)
BATCH = 500
FOLDERS = 256
# Nobody has looked at these yet.
OPEN = (IncomingMail.Outcome.WAITING, IncomingMail.Outcome.HELD)


def tidy_mail() -> int:
    """Returns how many mails were forgotten. What is held is kept until somebody has decided."""
    with work_unit(WORKER):
        now = database_now()
        AutomaticAnswer.objects.filter(sent_at__lt=now - 2 * OLD).delete()
    count = 0
    while batch := _forget_rows(now):
        for stored_as in filter(None, batch):
            default_storage.delete(stored_as)
        count += len(batch)
    for folder in range(FOLDERS):
        if folder % 24 == now.hour:
            _remove_nameless(f"{FOLDER}/{folder:02x}", now)
    return count


def _forget_rows(now: datetime) -> list[str]:
    """The row goes first: bytes without a row are found again, a row without bytes could not be read."""
    before = now - timedelta(days=settings.LIMITS["mail_days"])
    with work_unit(WORKER):
        old = IncomingMail.objects.filter(received_at__lt=before).exclude(outcome__in=OPEN)
        rows = dict(old.order_by("received_at")[:BATCH].values_list("pk", "stored_as"))
        IncomingMail.objects.filter(pk__in=rows).delete()
    return list(rows.values())


def _remove_nameless(folder: str, now: datetime) -> None:
    if not default_storage.exists(folder):
        return
    paths = {f"{folder}/{name}" for name in default_storage.listdir(folder)[1]}
    with work_unit(WORKER):
        known = set(IncomingMail.objects.filter(stored_as__in=paths).values_list("stored_as", flat=True))
    for path in paths - known:
        if default_storage.get_modified_time(path) < now - OLD:
            default_storage.delete(path)
