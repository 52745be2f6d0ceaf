"""From the kept mail to its outcome: claimed, read outside any transaction, decided in one (docs/mail.md)."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django.contrib.postgres.functions import TransactionNow
from django.db import DatabaseError, InterfaceError, OperationalError, connection

from tenancy.context import Context, work_unit
from tickets.mail.deciding import decide
from tickets.mail.proof import Proof, judge
from tickets.mail.reader import Unreadable, reader
from tickets.mail.reading.charsets import one_line
from tickets.mail.settling import settle
from tickets.mail.storing import as_local_file
from tickets.models import IncomingMail

log = logging.getLogger(__name__)

WORKER = Context("worker")
LEASE = timedelta(seconds=120)
MAX_ATTEMPTS = 5
PAUSE = timedelta(seconds=20)  # after an error of ours; longer each time
SLOTS = 0x6D61696C  # our place among PostgreSQL's advisory locks
READERS = 2  # at once, over all processes: a flood of mail must never take the workers that watch the promises
TEXT_KEPT = 20_000  # characters shown of a mail at the desk; the mail itself is kept whole
Outcome = IncomingMail.Outcome

CLAIM = """
UPDATE tickets_incomingmail SET attempts = attempts + 1, next_at = clock_timestamp() + %(lease)s
WHERE id = (
  SELECT id FROM tickets_incomingmail WHERE outcome = 'waiting' AND next_at <= clock_timestamp() {one}
  ORDER BY next_at, id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
) RETURNING *"""


def work(*, seconds: float) -> int:
    """Read waiting mail until there is none or the time is over. Returns how many."""
    until = time.monotonic() + seconds
    count = 0
    with reader_slot() as is_free:
        while is_free and time.monotonic() < until and (mail := claim()) is not None:
            take_care_of(mail)
            count += 1
    return count


def read_now(mail: IncomingMail) -> IncomingMail:
    """This mail, at once and to its end: an error of ours is tried again, and then a person looks at it."""
    for attempt in range(MAX_ATTEMPTS):
        claimed = claim(mail.pk)
        if claimed is not None:
            take_care_of(claimed)
        with work_unit(WORKER):
            mail = IncomingMail.objects.get(pk=mail.pk)
            if not mail.is_waiting:
                return mail
            IncomingMail.objects.filter(pk=mail.pk, outcome=Outcome.WAITING).update(next_at=TransactionNow())
        time.sleep(0.05 * 2**attempt)
    return mail


def claim(pk: int | None = None) -> IncomingMail | None:
    """The attempt is counted before the work, so that a mail that kills its worker runs out of attempts."""
    sql = CLAIM.format(one="AND id = %(pk)s" if pk is not None else "")
    with work_unit(WORKER):
        return next(iter(IncomingMail.objects.raw(sql, {"lease": LEASE, "pk": pk})), None)


def take_care_of(mail: IncomingMail) -> None:
    """Leaves it settled, or waiting for another attempt. Raises nothing for anything a mail can hold."""
    try:
        with TemporaryDirectory(prefix="rozoom-mail-") as folder:
            _read_and_decide(mail, Path(folder))
    except Unreadable as unreadable:
        _hold(mail, "unreadable", f"It can not be read: {unreadable}.")
    except (OperationalError, InterfaceError) as error:
        log.warning("mail %s waits, the database said: %s", mail.pk, type(error).__name__)
        connection.close_if_unusable_or_obsolete()
        _put_off(mail)
    except Exception:
        log.exception("mail %s was not filed, attempt %s of %s", mail.pk, mail.attempts, MAX_ATTEMPTS)
        if mail.attempts >= MAX_ATTEMPTS:
            _hold(mail, "failed", "Filing it failed on our side, again and again. Its text is kept.")
        else:
            _put_off(mail)


def _read_and_decide(mail: IncomingMail, folder: Path) -> None:
    with as_local_file(mail, folder) as raw:
        found = reader.read(raw, folder, envelope_from=mail.envelope_from)
        proof = Proof() if found["automatic"] or found["bounce"] else judge(found, raw, folder)
    with work_unit(WORKER) as unit:
        locked = IncomingMail.objects.select_for_update().get(pk=mail.pk)
        if not locked.is_waiting or unit.now is None:
            return
        _note(locked, found, proof)
        _one_at_a_time(locked)
        decide(locked, found, proof, folder, unit.now)


def _note(mail: IncomingMail, found: dict[str, object], proof: Proof) -> None:
    senders: list[list[str]] = found["from"]  # type: ignore[assignment]
    mail.sender_name, mail.sender = senders[0] if len(senders) == 1 else ("", "")
    mail.subject, mail.header_id = str(found["subject"])[:500], str(found["message_id"])[:340]
    mail.content, mail.wants_no_answer = str(found["content"]), bool(found["wants_no_answer"])
    mail.found = {
        "text": str(found["written"])[:TEXT_KEPT],
        "history": str(found["history"])[:TEXT_KEPT],
        "html": str(found["html"])[: 2 * TEXT_KEPT],
        "files": found["files"],
        "notes": found["notes"],
        "receivers": found["receivers"],
        "date": found["date"],
        "proof": proof.by,
        "bounce": found["bounce"],
    }
    mail.save(update_fields=["sender", "sender_name", "subject", "header_id", "content", "wants_no_answer", "found"])


def _one_at_a_time(mail: IncomingMail) -> None:
    """The same mail twice at once, or many of one sender: each sees what became of the one before."""
    with connection.cursor() as cursor:
        for key in sorted({mail.content, f"from {mail.sender}"}):
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [SLOTS + 1, key])


def _hold(mail: IncomingMail, code: str, reason: str) -> None:
    with work_unit(WORKER):
        locked = IncomingMail.objects.select_for_update().filter(pk=mail.pk, outcome=Outcome.WAITING).first()
        if locked is not None:
            settle(locked, Outcome.HELD, code, one_line(reason, 500))


def _put_off(mail: IncomingMail) -> None:
    try:
        with work_unit(WORKER):
            waiting = IncomingMail.objects.filter(pk=mail.pk, outcome=Outcome.WAITING)
            waiting.update(next_at=TransactionNow() + PAUSE * mail.attempts)
    except DatabaseError:
        log.warning("mail %s waits for the end of its lease", mail.pk)


@contextmanager
def reader_slot() -> Iterator[bool]:
    """True when this is one of the few that may read now. The lock ends with the connection, so no kill keeps it."""
    taken: int | None = None
    with connection.cursor() as cursor:
        for slot in range(READERS):
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [SLOTS, slot])
            if cursor.fetchone()[0]:
                taken = slot
                break
    try:
        yield taken is not None
    finally:
        if taken is not None and connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [SLOTS, taken])
