"""From a mail to a ticket or a message, through the whole door."""

import json

from tests.mail.post import answer, letter, mails_about, messages_of, receive, ticket_of
from tests.world import World, message, ticket
from tickets.models import Channel


def test_a_known_person_has_a_ticket(world: World) -> None:
    mail = receive(letter(text=f"Lift 2 stands still.\nSerial {world.components['acme'].serial.lower()}, since 9."))
    assert (mail.outcome, mail.reason) == ("ticket_created", "")
    made = ticket_of(mail)
    assert made.customer_id == world.acme.pk
    assert made.channel == Channel.EMAIL
    assert made.reporter_id == world.ilse.person_id
    assert made.component_id == world.components["acme"].pk
    assert (made.severity, made.impact) == (3, None)
    assert made.reported_at == mail.received_at
    (sent,) = mails_about(made, "ticket.filed")[:1]
    assert sent.to == "ilse@test.example"
    assert "A person at roZoom will answer by" in sent.text
    assert sent.headers["In-Reply-To"] == mail.header_id


def test_an_answer_to_our_mail_is_a_message(world: World) -> None:
    filed = ticket(world)
    message(world, filed, "marek")
    mail = receive(
        answer(world, filed, "message.added", "ilse", "Yes.\n\nOn Mon, 23 Nov 2026 roZoom wrote:\n> We are\n")
    )
    assert (mail.outcome, mail.reason) == ("message_added", "")
    said = messages_of(filed)[-1]
    assert (said.body, said.kind, said.author_id) == ("Yes.", "public", world.ilse.person_id)
    assert said.history.startswith("On Mon, 23 Nov 2026")
    assert json.dumps(str(said.pk))
