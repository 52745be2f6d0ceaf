"""Files of a mail: checked like an upload, kept with the ticket, named when they are not kept; and forgetting."""

import threading
from datetime import timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.db import connection

from tests.mail.corpus.case import JPEG, PDF, multi, part
from tests.mail.post import WORKER, letter, messages_of, receive, ticket_of
from tests.world import World, ensure_context, ticket
from tickets.mail.storing import keep
from tickets.mail.tidying import tidy_mail
from tickets.mail.working import read_now
from tickets.models import Attachment, IncomingMail, Message, Ticket

TEXT = part("text/plain", "See the files.")


def files_of(filed: Ticket) -> list[Attachment]:
    with ensure_context(WORKER):
        return list(Attachment.objects.filter(ticket=filed).order_by("created_at", "id"))


def test_files_are_kept_with_their_content(world: World) -> None:
    mail = receive(multi("mixed", TEXT, part("application/pdf; name=report.pdf", PDF, encoding="base64")))
    (file,) = files_of(ticket_of(mail))
    assert (file.name, file.content_type, file.size) == ("report.pdf", "application/pdf", len(PDF))
    with default_storage.open(file.stored_as) as stored:
        assert stored.read() == PDF


def test_what_is_not_kept_is_named(world: World) -> None:
    filed = ticket(world)
    raw = multi(
        "mixed",
        TEXT,
        part("application/octet-stream; name=setup.exe", b"MZ" + PDF, encoding="base64"),
        part("application/pdf; name=photo.jpg", PDF, encoding="base64"),
        part("image/jpeg; name=real.jpg", JPEG, encoding="base64"),
        subject=f"[{filed.reference}]",
    )
    assert receive(raw).outcome == "message_added"
    (said,) = messages_of(filed)
    assert said.body.startswith("See the files.\n\n[Not kept: setup.exe is a Windows program.")
    assert "[Not kept: photo.jpg is not what its name says." in said.body
    assert [file.name for file in files_of(filed)] == ["real.jpg"]
    assert files_of(filed)[0].message_id == said.pk


def test_ten_files_are_kept_of_twelve_and_attached_ones_first(world: World) -> None:
    pictures = [
        part(
            f"image/jpeg; name=in{n}.jpg", JPEG, f"Content-ID: <{n}>", "Content-Disposition: inline", encoding="base64"
        )
        for n in range(6)
    ]
    logs = [part(f"text/plain; name=log{n}.txt", "x", "Content-Disposition: attachment") for n in range(6)]
    filed = ticket_of(receive(multi("mixed", TEXT, *pictures, *logs)))
    names = sorted(file.name for file in files_of(filed))
    assert [name for name in names if name.startswith("log")] == [f"log{n}.txt" for n in range(6)]
    assert len(names) == 10
    assert "[2 more files came with the mail. We keep 10 with a message.]" in filed.description


def test_a_text_too_long_goes_on_in_a_file(world: World) -> None:
    filed = ticket_of(receive(letter(text="A long line of words.\n" * 5000)))
    assert filed.description.endswith("[The text goes on in the file whole-text.txt.]")
    assert [file.name for file in files_of(filed)] == ["whole-text.txt"]


def test_the_same_mail_by_two_ways_at_once_is_one_ticket(lasting_world: World) -> None:
    raw = letter().as_bytes()
    mails = [keep(top + raw, door="smtp") for top in (b"", b"Received: by other.example; now\r\n", b"X-Way: 3\r\n")]
    done: list[IncomingMail] = []

    def run(mail: IncomingMail) -> None:
        try:
            done.append(read_now(mail))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(mail,)) for mail in mails]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(mail.outcome for mail in done) == ["ignored", "ignored", "ticket_created"]
    assert len({mail.ticket_id for mail in done}) == 1
    with ensure_context(WORKER):
        assert (Ticket.objects.count(), Message.objects.count()) == (1, 0)


def test_old_mail_is_forgotten_and_held_mail_is_not(world: World, settings: Any) -> None:
    filed, held = receive(letter()), receive(letter("Jo <jo@elsewhere.example>"))
    fresh = receive(letter(subject="Fresh"))
    with ensure_context(WORKER):
        old = filed.received_at - timedelta(days=settings.LIMITS["mail_days"], seconds=1)
        IncomingMail.objects.filter(pk__in=[filed.pk, held.pk]).update(received_at=old)
    assert tidy_mail() == 1
    with ensure_context(WORKER):
        assert set(IncomingMail.objects.values_list("pk", flat=True)) == {held.pk, fresh.pk}
    assert not default_storage.exists(filed.stored_as)
    assert default_storage.exists(held.stored_as)
    assert ticket_of(filed).reference == "ACME-1"
