"""Removing stored bytes that no file's row names: a discarded report, a file taken away, an upload that was rolled back.
And what was put away of alerts that are none any more."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.core.files.storage import default_storage

from tenancy.context import Context, database_now, work_unit
from tickets.models import Attachment, DismissedAlert

WORKER = Context("worker")
OLD = timedelta(days=1)  # far longer than the transaction of any upload
# Named by the last byte of a file's key. A share of them each hour: every file is looked at once a day, and no run is long.
FOLDERS = 256
BATCH = 1000


def tidy_files(*, everywhere: bool = False) -> int:
    """Remove them from the folders whose hour it is, or everywhere. Returns how many. Safe to run twice and at once."""
    with work_unit(WORKER):
        now = database_now()
    removed = 0
    for folder in range(FOLDERS):
        if everywhere or folder % 24 == now.hour:
            old = _old_files(f"{folder:02x}", now)
            while some := dict(islice(old, BATCH)):
                removed += _remove_nameless(some)
    return removed


def tidy_alerts() -> int:
    """An alert lasts an hour (desk/alerts.py); who put it away need not be known for longer than a day."""
    with work_unit(WORKER):
        return DismissedAlert.objects.filter(dismissed_at__lt=database_now() - OLD).delete()[0]


def _old_files(folder: str, now: datetime) -> Iterator[tuple[UUID, str]]:
    """Key and path of each stored file that is old enough. What does not have a name of ours is not ours to remove."""
    if not default_storage.exists(folder):
        return
    for name in default_storage.listdir(folder)[1]:
        try:
            key, path = UUID(hex=name), f"{folder}/{name}"
            if default_storage.get_modified_time(path) < now - OLD:
                yield key, path
        except (ValueError, FileNotFoundError):
            continue


def _remove_nameless(paths: dict[UUID, str]) -> int:
    with work_unit(WORKER):
        known = set(Attachment.objects.filter(pk__in=paths).values_list("pk", flat=True))
    nameless = [path for key, path in paths.items() if key not in known]
    for path in nameless:
        default_storage.delete(path)
    return len(nameless)
