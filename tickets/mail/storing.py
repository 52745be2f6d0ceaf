"""Keeping a mail before anybody reads it: the bytes in the file storage, then the row that names them."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage

from rozoom_support.lib.ids import new_id
from tenancy.context import Context, work_unit
from tickets.mail.reading.charsets import one_line
from tickets.models import IncomingMail

WORKER = Context("worker")
FOLDER = "mail"
HEAD_BYTES = 256 * 1024  # kept of a mail that is too large, so that staff see who wrote it
MOST_RECEIVERS = 50
Outcome = IncomingMail.Outcome


def keep(
    raw: bytes, *, door: str, envelope_from: str | None = None, envelope_to: Sequence[str] = (), size: int | None = None
) -> IncomingMail:
    """Raises OSError or DatabaseError when it could not be kept: whoever brought it must bring it again."""
    size = len(raw) if size is None else size
    is_too_large = size > settings.LIMITS["mail_bytes"]
    stored_as = _store(raw[:HEAD_BYTES] if is_too_large else raw)
    mail = IncomingMail(
        door=door,
        envelope_from=None if envelope_from is None else one_line(envelope_from, 320).strip("<> ").lower(),
        envelope_to=[one_line(one, 320).lower() for one in envelope_to[:MOST_RECEIVERS]],
        size=size,
        sha256=hashlib.sha256(raw).hexdigest(),
        stored_as=stored_as,
    )
    if is_too_large:
        mail.outcome, mail.code = Outcome.REJECTED, "too_large"
        mail.reason = f"larger than {settings.LIMITS['mail_bytes'] // (1024 * 1024)} MB; only its beginning was kept"
    try:
        with work_unit(WORKER):
            mail.save(force_insert=True)
    except BaseException:
        with suppress(OSError):
            default_storage.delete(stored_as)
        raise
    return mail


def _store(raw: bytes) -> str:
    name = new_id().hex
    stored_as = default_storage.save(f"{FOLDER}/{name[-2:]}/{name}", File(BytesIO(raw)))
    with suppress(NotImplementedError):  # a storage elsewhere has no path, and has it on its disks by now
        _to_the_disk(Path(default_storage.path(stored_as)))
    return stored_as


def _to_the_disk(path: Path) -> None:
    """Before anybody is told that we have it, it must outlive a power cut, and so must its name."""
    for one in (path, path.parent):
        handle = os.open(one, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


@contextmanager
def as_local_file(mail: IncomingMail, folder: Path) -> Iterator[Path]:
    """The mail where the reading process can open it."""
    try:
        yield Path(default_storage.path(mail.stored_as))
    except NotImplementedError:
        copy = folder / "raw"
        with default_storage.open(mail.stored_as) as source, copy.open("wb") as target:
            for chunk in source.chunks():
                target.write(chunk)
        yield copy
