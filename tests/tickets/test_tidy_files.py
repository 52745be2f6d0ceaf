"""Stored bytes go when no row names them any more, and never before."""

import os
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile

from tenancy.context import database_now, work_unit
from tests.world import World, message, ticket
from tickets.files import attach, check_files
from tickets.models import Attachment, TicketDraft
from tickets.services.drafting import begin_report, discard_report, drop_file, keep_file
from tickets.tasks import tidy_files as task
from tickets.tidying import tidy_files

DAY = timedelta(days=1)


def begun(world: World, name: str = "log.txt") -> tuple[TicketDraft, str]:
    """A report with a file, and where the file lies."""
    ilse = world.actor("ilse")
    [file] = check_files([SimpleUploadedFile(name, name.encode())])
    with work_unit(ilse.context) as unit:
        draft = begin_report(actor=ilse, customer=world.acme, now=unit.now)
        keep_file(actor=ilse, draft=draft, file=file, now=unit.now)
        return draft, Attachment.objects.get(draft=draft).stored_as


def grow_old(path: str, by: timedelta = DAY + timedelta(minutes=1)) -> None:
    at = time.time() - by.total_seconds()
    os.utime(default_storage.path(path), (at, at))


def test_a_discarded_report_takes_its_files_with_it(world: World) -> None:
    draft, path = begun(world)
    ilse = world.actor("ilse")
    with work_unit(ilse.context):
        discard_report(actor=ilse, draft=draft)
    assert tidy_files(everywhere=True) == 0, "not before a day is over: its row may still be on its way"
    grow_old(path)
    assert tidy_files(everywhere=True) == 1
    assert not default_storage.exists(path)


def test_a_file_that_was_taken_away_goes_too(world: World) -> None:
    draft, path = begun(world)
    ilse = world.actor("ilse")
    with work_unit(ilse.context):
        drop_file(actor=ilse, draft=draft, file_id=Attachment.objects.get(draft=draft).pk)
    grow_old(path)
    assert tidy_files(everywhere=True) == 1


def test_an_upload_that_was_rolled_back_goes_too(world: World) -> None:
    filed = ticket(world)
    files = check_files([SimpleUploadedFile("log.txt", b"door open")])
    ilse = world.actor("ilse")
    with work_unit(ilse.context) as unit:
        [row] = attach(files, ticket=filed, author_name="Ilse", now=unit.now)
        unit.failed = True
    grow_old(row.stored_as)
    assert tidy_files(everywhere=True) == 1


@pytest.mark.parametrize("kind", ["public", "partner", "internal"])
def test_what_a_row_names_stays(world: World, kind: str) -> None:
    """Of every tenant: a customer's draft, and what is known to the desk alone."""
    _, kept = begun(world)
    files = check_files([SimpleUploadedFile("log.txt", b"door open")])
    said = message(world, ticket(world, "bob"), "marek", kind=kind, files=files)
    marek = world.actor("marek")
    with work_unit(marek.context):
        sent = Attachment.objects.get(message=said).stored_as
    for path in (kept, sent):
        grow_old(path, 40 * DAY)
    assert tidy_files(everywhere=True) == 0
    assert default_storage.exists(kept)
    assert default_storage.exists(sent)


def test_what_we_did_not_store_is_left_alone(world: World) -> None:
    folder = default_storage.path("ab")
    os.makedirs(folder)
    for name in ("README", "ab" * 15):
        (default_storage.open(f"ab/{name}", "wb")).close()
        grow_old(f"ab/{name}")
    assert tidy_files(everywhere=True) == 0


def test_each_hour_has_its_share_of_the_folders(world: World) -> None:
    ilse = world.actor("ilse")
    with work_unit(ilse.context):
        hour = database_now().hour
    names = {folder: f"{folder:02x}/{'0' * 30}{folder:02x}" for folder in range(256)}
    for path in names.values():
        os.makedirs(os.path.dirname(default_storage.path(path)))
        default_storage.open(path, "wb").close()
        grow_old(path)
    task()
    gone = {folder for folder, path in names.items() if not default_storage.exists(path)}
    with work_unit(ilse.context):
        assert gone in ({f for f in range(256) if f % 24 == h} for h in (hour, database_now().hour))


def test_beat_asks_for_it() -> None:
    assert task.name in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
