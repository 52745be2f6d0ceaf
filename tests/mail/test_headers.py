"""What mail programs go by: the same names of a ticket for ever, an address to answer to, and who may be told to stop."""

import re
from email.utils import parseaddr
from typing import Any

from notifications.delivery import deliver
from notifications.digest import send_digests
from notifications.expansion import expand
from notifications.models import Delivery, Notice
from tenancy.context import as_login_role
from tenancy.models import Person
from tests.mail.post import WORKER, letter, mails_about, messages_of, receive, reply_to, ticket_of
from tests.notifications.conftest import mail_server
from tests.notifications.outbox import mails
from tests.rma.deals import requested
from tests.world import World, ensure_context, message, ticket
from tickets.emails.letters import ANSWERS
from tickets.models import ReplyAddress, Ticket

__all__ = ["mail_server"]
ADDRESS = re.compile(r"support\+([a-z2-7]{26})@rozoom\.example")


def test_each_mail_has_an_address_of_its_reader_and_says_what_an_answer_becomes(world: World) -> None:
    filed, other = ticket(world, severity=1), ticket(world)
    for one in (filed, other):
        message(world, one, "marek", "On it.")
        message(world, one, "ilse", "Good.")
        message(world, one, "dirk", "Between us.", kind="partner")
    expand(seconds=5)
    with ensure_context(WORKER):
        given = {one.secret: (one.ticket_id, one.email, one.kind) for one in ReplyAddress.objects.all()}
        sent = [
            (mail, mail.event.ticket_id) for mail in Delivery.objects.select_related("event").defer(None) if mail.event
        ]
    assert len(sent) > 8
    for mail, about in sent:
        found = ADDRESS.findall("\n".join([*mail.headers.values(), mail.text, mail.html]))
        assert len(found) == 1, "one secret, in Reply-To, and nowhere in the words"
        assert ADDRESS.fullmatch(parseaddr(mail.headers["Reply-To"])[1])
        ticket_id, email, kind = given[found[0]]
        assert (ticket_id, email) == (about, mail.recipient)
        words = [said for (_, of), said in ANSWERS.items() if of == kind and said in mail.text.replace("\n", " ")]
        assert words


def test_only_what_is_not_essential_can_be_stopped(world: World) -> None:
    filed = ticket(world, severity=1)
    message(world, filed, "marek", "On it.")
    expand(seconds=5)
    with ensure_context(WORKER):
        stops = {
            (mail.event.topic, "List-Unsubscribe" in mail.headers)
            for mail in Delivery.objects.select_related("event")
            if mail.event is not None
        }
    assert stops == {("ticket.filed", False), ("message.added", True)}


def test_what_goes_over_the_wire(world: World, mail_server: Any) -> None:
    """One of each header, whatever somebody typed into a subject."""
    filed = ticket(world, subject="Lift 2\r\nBcc: evil@elsewhere.example\r\n\r\nstands")
    message(world, filed, "marek", "On it.")
    expand(seconds=5)
    for _ in range(3):
        deliver(seconds=5)
    sent = [mail for mail in mail_server.mails if mail["To"] == "ilse@test.example"]
    assert len(sent) == 2
    for mail in sent:
        for name in (
            "Message-ID",
            "In-Reply-To",
            "References",
            "Reply-To",
            "Auto-Submitted",
            "Date",
            "From",
            "Subject",
        ):
            assert len(mail.get_all(name, [])) == 1, name
        assert mail["Bcc"] is None
        assert mail["Auto-Submitted"] == "auto-generated"
        assert [part.get_content_type() for part in mail.walk()] == ["multipart/alternative", "text/plain", "text/html"]
    assert "evil@elsewhere.example" not in mail_server.recipients


def test_the_daily_mail_names_no_ticket_to_answer_to(world: World) -> None:
    filed = ticket(world)
    message(world, filed)
    with ensure_context(WORKER), as_login_role():
        Person.objects.filter(pk=world.ilse.person_id).update(preferences={"mail_messages": "digest"})
    expand(seconds=5)
    with ensure_context(WORKER):
        Notice.objects.filter(for_digest=True).update(created_at=filed.reported_at.replace(year=2020))
    assert send_digests() == 1
    (daily,) = [mail for mail in mails() if mail.dedup_key.startswith("digest.")]
    assert set(daily.headers) == {"X-Auto-Response-Suppress", "List-Unsubscribe", "List-Unsubscribe-Post"}
    assert not ADDRESS.search(daily.text + daily.html)
    assert "an answer to this mail reaches none of it" in daily.text
    answered = receive(
        letter(subject=f"Re: {daily.subject}", In_Reply_To=daily.message_id, References=daily.message_id)
    )
    assert (answered.outcome, messages_of(filed)[1:]) == ("ticket_created", [])


def test_a_resellers_answer_to_the_questions_raises_the_severity(world: World) -> None:
    serial = world.components["acme"].serial
    filed = ticket_of(receive(letter("Dirk <dirk@test.example>", text=f"For Acme, serial {serial}.")))
    address = reply_to(mails_about(filed, "ticket.filed"), "dirk@test.example")
    answers = "1. Service: complete loss\n2. Workaround: no\n3. Business: stopped\n4. Mission critical: yes"
    assert receive(letter("Dirk <dirk@test.example>", to=address, text=answers)).outcome == "message_added"
    with ensure_context(WORKER):
        assert Ticket.objects.get(pk=filed.pk).severity == 1


def test_an_answer_to_a_mail_about_a_return_is_filed_with_its_ticket(world: World) -> None:
    filed = ticket(world, component=world.components["acme"])
    rma = requested(world, filed.component, filed.reported_at, ticket=filed).rma
    expand(seconds=5)
    with ensure_context(WORKER):
        mail = Delivery.objects.defer(None).get(recipient="ilse@test.example", event__topic="rma.requested")
    assert "You can answer this mail." in mail.text
    sent = receive(letter(subject="It fell down again", to=mail.headers["Reply-To"]))
    assert (sent.outcome, sent.ticket_id) == ("message_added", rma.ticket_id)
