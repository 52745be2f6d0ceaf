"""Mail of programs: nothing answers to it twice, nothing runs in a circle, too much of it waits for a person."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest

from notifications.expansion import expand
from notifications.handlers import Mail
from notifications.models import Notice
from tests.mail.corpus import automatic
from tests.mail.corpus.case import multi, part
from tests.mail.post import WORKER, letter, mails_about, messages_of, receive, reply_to, ticket_of
from tests.notifications.outbox import mails as deliveries
from tests.world import STAFF, World, ensure_context, message, ticket
from tickets.models import AutomaticAnswer, IncomingMail, Ticket


def count() -> int:
    with ensure_context(WORKER):
        return Ticket.objects.count()


def acknowledgements(mail: IncomingMail) -> list[Mail]:
    filed = ticket_of(mail)
    return [one for one in mails_about(filed, "ticket.filed") if one.key == "acknowledgement"]


@pytest.mark.parametrize("case", automatic.MARKS[:20], ids=[case.name for case in automatic.MARKS[:20]])
def test_an_automatic_mail_is_kept_and_goes_nowhere(world: World, case: Any) -> None:
    mail = receive(case.raw, envelope_from=case.envelope_from)
    assert (mail.outcome, mail.code) == ("ignored", "automatic")
    assert mail.stored_as
    assert count() == 0


def test_an_absence_does_not_reopen_or_start_anything(world: World) -> None:
    filed = ticket(world)
    message(world, filed)
    address = reply_to(mails_about(filed, "message.added"), "ilse@test.example")
    away = letter(to=address, subject="Automatic reply", text="I am away.", Auto_Submitted="auto-replied")
    assert receive(away).outcome == "ignored"
    assert len(messages_of(filed)) == 1


def test_one_automatic_answer_a_day_to_an_address(world: World) -> None:
    first, second = receive(letter(subject="One")), receive(letter(subject="Two"))
    (sent,) = acknowledgements(first)
    assert sent.headers["Auto-Submitted"] == "auto-replied"
    assert acknowledgements(second) == []
    with ensure_context(WORKER):
        AutomaticAnswer.objects.update(sent_at=first.received_at - timedelta(hours=24, seconds=1))
    assert len(acknowledgements(receive(letter(subject="Three")))) == 1


def test_who_asks_for_no_answer_gets_none_and_has_a_ticket(world: World) -> None:
    mail = receive(letter(X_Auto_Response_Suppress="All"))
    assert mail.outcome == "ticket_created"
    assert acknowledgements(mail) == []
    with ensure_context(WORKER):
        assert not AutomaticAnswer.objects.exists()


def test_our_own_mail_is_known_again(world: World) -> None:
    own = letter("roZoom Support <support@rozoom.example>")
    assert receive(own).code == "our_own"
    back = letter(Message_ID="<rozoom.event.7.0123456789abcdef@rozoom.example>")
    assert receive(back).code == "our_own"
    to_a_secret = letter(f"Loop <support+{'a' * 26}@rozoom.example>")
    assert receive(to_a_secret).code == "our_own"
    assert count() == 0


@pytest.mark.parametrize("keeps_address", [True, False])
def test_two_portals_that_answer_each_other_stop_within_three_rounds(world: World, keeps_address: bool) -> None:
    """The other side is a portal without manners: no mark on its mails, a new subject each time, an answer to everything."""
    with ensure_context(STAFF):
        world.acme.mail_domains = ["portal.example"]
        world.acme.save(update_fields=["mail_domains"])
    mail, rounds = receive(letter("Helpdesk <help@portal.example>", "Your ticket 1")), 0
    while mail is not None and rounds < 10:
        rounds += 1
        filed = ticket_of(mail)
        sent = mails_about(filed, "ticket.filed") + mails_about(filed, "message.added")
        theirs = [one for one in sent if one.to == "help@portal.example"]
        to = theirs[0].headers["Reply-To"] if theirs and keeps_address else "support@rozoom.example"
        mail = receive(letter("Helpdesk <help@portal.example>", f"Your ticket {rounds + 1}", to=to)) if theirs else None
    assert rounds <= 3
    assert count() <= 2


def test_the_eleventh_mail_in_ten_minutes_is_held(world: World) -> None:
    outcomes = [receive(letter(subject=f"No {number}")).outcome for number in range(11)]
    assert outcomes == ["ticket_created"] * 10 + ["held"]
    assert receive(letter("Ana <ana@test.example>")).outcome == "ticket_created"
    with ensure_context(WORKER):
        past = IncomingMail.objects.filter(sender="ilse@test.example")
        past.update(received_at=past[0].received_at - timedelta(minutes=10, seconds=1))
    assert receive(letter(subject="Later")).outcome == "ticket_created"


def test_a_whole_customer_has_a_limit_too(world: World, settings: Any) -> None:
    settings.LIMITS = {**settings.LIMITS, "mails_per_customer": 2}
    senders = ["Ilse <ilse@test.example>", "Ana <ana@test.example>", "Ilse <ilse@test.example>"]
    mails = [receive(letter(sender)) for sender in senders]
    assert [mail.outcome for mail in mails] == ["ticket_created", "ticket_created", "held"]
    assert mails[-1].code == "too_many"
    assert receive(letter("Bob <bob@test.example>")).outcome == "ticket_created"


def bounce(of: Mail, key: str, action: str = "failed") -> bytes:
    status = automatic.STATUS.format(who=of.to, action=action, status="5.1.1")
    back = f"From: support@rozoom.example\nMessage-ID: <rozoom.{key}@rozoom.example>\n\nText\n"
    return multi(
        "report; report-type=delivery-status",
        part("text/plain", "Not delivered."),
        part("message/delivery-status", status),
        part("message/rfc822", back),
        sender="MAILER-DAEMON@mx.test.example",
    )


def test_a_bounce_is_noted_on_its_ticket_for_the_desk_alone(world: World) -> None:
    filed = ticket(world)
    expand(seconds=5)
    sent = next(one for one in deliveries() if one.recipient == "ilse@test.example")
    mail = receive(bounce(Mail(sent.recipient, "", ""), sent.dedup_key), envelope_from="")
    assert (mail.outcome, mail.ticket_id) == ("bounce_recorded", filed.pk)
    assert "ilse@test.example did not arrive" in mail.reason
    desk = world.client("marek").get(f"/desk/tickets/{filed.reference}/").content.decode()
    assert "Mail to ilse@test.example did not arrive" in desk
    assert next(one for one in deliveries() if one.pk == sent.pk).state == "DEAD"
    expand(seconds=5)
    with ensure_context(WORKER):
        told = Notice.objects.filter(topic="mail.undelivered").values_list("title", flat=True)
        assert set(told) == {"Not delivered: the mail to ilse@test.example"}
    assert "did not arrive" not in world.client("ilse").get(f"/tickets/{filed.reference}/").content.decode()


def test_a_bounce_that_names_another_address_reaches_no_ticket(world: World) -> None:
    ticket(world)
    expand(seconds=5)
    sent = deliveries()[0]
    forged = receive(bounce(Mail("evil@elsewhere.example", "", ""), sent.dedup_key), envelope_from="")
    assert (forged.outcome, forged.ticket_id) == ("bounce_recorded", None)
    late = receive(bounce(Mail(sent.recipient, "", ""), sent.dedup_key, "delayed"), envelope_from="")
    assert (late.outcome, late.code) == ("ignored", "report")


ANOTHER_ID = "<0100019f8d3c-9b1f-000000@eu.mailservice.example>"


def changed_on_the_way(of: str, *fields: str, kind: str = "message/rfc822") -> bytes:
    """A bounce through a service that gave the mail a Message-ID of its own."""
    back = "\n".join(["From: support@rozoom.example", f"Message-ID: {ANOTHER_ID}", *fields, "", "Text", ""])
    return multi(
        "report; report-type=delivery-status",
        part("text/plain", "Not delivered."),
        part("message/delivery-status", automatic.STATUS.format(who=of, action="failed", status="5.1.1")),
        part(kind, back),
        sender="MAILER-DAEMON@mx.test.example",
    )


@pytest.mark.parametrize("kind", ["message/rfc822", "text/rfc822-headers"])
@pytest.mark.parametrize("field", ["X-RoZoom-Mail", "Reply-To"])
def test_a_bounce_whose_message_id_was_changed_still_finds_its_mail(world: World, field: str, kind: str) -> None:
    filed = ticket(world)
    expand(seconds=5)
    sent = next(one for one in deliveries() if one.recipient == "ilse@test.example")
    value = sent.message_id if field == "X-RoZoom-Mail" else sent.headers["Reply-To"]
    mail = receive(changed_on_the_way(sent.recipient, f"{field}: {value}", kind=kind), envelope_from="")
    assert (mail.outcome, mail.ticket_id) == ("bounce_recorded", filed.pk)
    assert next(one for one in deliveries() if one.pk == sent.pk).state == "DEAD"


def test_what_anybody_can_know_of_a_mail_finds_nothing(world: World) -> None:
    """The ticket's number, the address of another reader, a guessed name of a mail."""
    filed = ticket(world)
    expand(seconds=5)
    sent = next(one for one in deliveries() if one.recipient == "ilse@test.example")
    number = sent.dedup_key.split(".")[1]
    guessed = sha256(b"acknowledgement ilse@test.example").hexdigest()[:16]
    root = f"<ticket.{filed.reference.lower()}@rozoom.example>"
    for address, field in [
        (sent.recipient, f"References: {root}"),
        (sent.recipient, f"Subject: [{filed.reference}]"),
        (sent.recipient, f"Reply-To: support+{'a' * 26}@rozoom.example"),
        (sent.recipient, f"X-RoZoom-Mail: <rozoom.event.{number}.{guessed}@rozoom.example>"),
        ("ana@test.example", f"Reply-To: {sent.headers['Reply-To']}"),
    ]:
        mail = receive(changed_on_the_way(address, field), envelope_from="")
        assert (mail.outcome, mail.ticket_id) == ("bounce_recorded", None), field
    assert next(one for one in deliveries() if one.pk == sent.pk).state == "QUEUED"
