"""Files that were imported are kept for a while, to look something up, and then removed."""

from datetime import timedelta

from django.core.files.storage import default_storage

from contracts.imports.deeds import FOLDER
from contracts.models import ImportRun
from tenancy.context import Context, database_now, work_unit

STAFF = Context("staff")
KEPT = timedelta(days=90)  # after the upload
YOUNG = timedelta(days=1)  # far longer than the transaction of any upload
BATCH = 1000
OVER = [ImportRun.State.DONE, ImportRun.State.REFUSED, ImportRun.State.FAILED, ImportRun.State.DROPPED]


def tidy() -> int:
    """Remove files of runs that ended long ago, and those no run names. Returns how many. Safe to run twice and at once."""
    if not default_storage.exists(FOLDER):
        return 0
    with work_unit(STAFF):
        now = database_now()
        old = ImportRun.objects.filter(state__in=OVER, created_at__lt=now - KEPT)
        needed = set(ImportRun.objects.exclude(pk__in=old).values_list("stored_as", flat=True))
    removed = 0
    for name in default_storage.listdir(FOLDER)[1]:
        path = f"{FOLDER}/{name}"
        if path in needed or default_storage.get_modified_time(path) > now - YOUNG:
            continue
        default_storage.delete(path)
        removed += 1
        if removed == BATCH:
            break
    return removed
