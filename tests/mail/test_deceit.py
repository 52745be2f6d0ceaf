"""Mails that claim to be somebody's or to belong somewhere: each through the whole door, and nothing of another's is touched."""

from collections.abc import Callable
from typing import Any

import pytest

from notifications.expansion import expand
from notifications.models import Delivery
from tests.mail.corpus.case import multi, part
from tests.mail.post import WORKER, letter, mails_about, messages_of, receive, reply_to, ticket_of
from tests.world import World, ensure_context, message, ticket
from tickets.models import IncomingMail, Ticket

EVIL = "evil@elsewhere.example"


@pytest.fixture
def bolts(world: World) -> Ticket:
    """Another customer's ticket, answered once."""
    filed = ticket(world, "bob", component=world.components["bolt"])
    message(world, filed)
    return filed


def secret_of(filed: Ticket) -> str:
    return reply_to(mails_about(filed, "message.added"), "bob@test.example").rpartition("<")[2].rstrip(">")


def outcome(mail: IncomingMail) -> str:
    return mail.code or str(mail.outcome)


SENDERS = [
    ('"ilse@test.example" <evil@elsewhere.example>', "unknown_sender"),
    ("=?utf-8?q?ilse=40test=2Eexample?= <evil@elsewhere.example>", "unknown_sender"),
    ("evil@elsewhere.example (ilse@test.example)", "unknown_sender"),
    ("ilse@test.example <evil@elsewhere.example>", "held"),
    ("ilse@test.example, evil@elsewhere.example", "no_sender"),
    ("<@elsewhere.example:ilse@test.example.elsewhere.example>", "held"),
    ("ilse@test.example.elsewhere.example", "unknown_sender"),
    ("ilse+evil@test.example", "unknown_sender"),
    ("mare\u212a@test.example", "unknown_sender"),
    ("\u0131lse@test.example", "unknown_sender"),
    ("il\u017fe@test.example", "unknown_sender"),
    ("ilse@t\u0435st.example", "unknown_sender"),
]


@pytest.mark.parametrize("sender, becomes", SENDERS, ids=[one.encode("unicode_escape").decode() for one, _ in SENDERS])
def test_who_only_looks_like_somebody_is_held(world: World, sender: str, becomes: str) -> None:
    raw = letter().as_bytes().replace(b"From: Ilse Test <ilse@test.example>", f"From: {sender}".encode())
    assert sender.encode() in raw
    mail = receive(raw, envelope_from=EVIL)
    assert mail.outcome == "held"
    assert becomes in (mail.code, "held")
    with ensure_context(WORKER):
        assert not Ticket.objects.exists()


Claim = Callable[[str, str], dict[str, str]]
# What only stands in words or in fields anybody can write is no address to answer to: (secret address, Message-ID of ours).
CLAIMS: dict[str, Claim] = {
    "in the subject": lambda secret, sent: {"subject": f"Re: [BOLT-1] {secret}"},
    "in the text": lambda secret, sent: {"text": f"To: {secret}\n\nOpen this."},
    "in References": lambda secret, sent: {"References": f"<{secret}> <ticket.bolt-1@rozoom.example> {sent}"},
    "in In-Reply-To": lambda secret, sent: {"In_Reply_To": sent},
    "in its Message-ID": lambda secret, sent: {"Message_ID": f"<{secret}>"},
    "in Reply-To": lambda secret, sent: {"Reply_To": secret},
    "in a name": lambda secret, sent: {"to": f'"{secret}" <support@rozoom.example>'},
    "in Sender": lambda secret, sent: {"Sender": "bob@test.example"},
    "in Resent-From": lambda secret, sent: {"Resent_From": "bob@test.example"},
    "in Thread-Topic": lambda secret, sent: {"Thread_Topic": "[BOLT-1] Lift 2 stands still"},
}


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_a_claim_on_anothers_ticket_makes_a_ticket_of_ones_own(world: World, bolts: Ticket, claim: Claim) -> None:
    assert bolts.reference == "BOLT-1"
    secret = secret_of(bolts)
    ticket(world, "bob", component=world.components["bolt"])
    expand(seconds=5)
    with ensure_context(WORKER):
        sent = Delivery.objects.filter(recipient="bob@test.example").latest("pk").message_id
    mail = receive(letter(**claim(secret, sent)))
    assert mail.outcome == "ticket_created"
    assert ticket_of(mail).customer_id == world.acme.pk
    assert len(messages_of(bolts)) == 1


@pytest.mark.parametrize("field", ["to", "Cc", "Delivered_To", "X_Original_To", "Resent_To", "envelope"])
def test_anothers_reply_address_is_held_wherever_it_stands(world: World, bolts: Ticket, field: str) -> None:
    secret = secret_of(bolts)
    for sender in ("Ilse <ilse@test.example>", f"Evil <{EVIL}>"):
        if field == "envelope":
            mail = receive(letter(sender), envelope_to=[secret])
        else:
            mail = receive(letter(sender, **{field: secret.upper()}))
        assert mail.outcome == "held"
        assert mail.code in ("not_the_one_asked", "unknown_sender")
    assert len(messages_of(bolts)) == 1


def test_a_subject_that_holds_fields_puts_none_into_our_mails(world: World) -> None:
    raw = letter(subject="SUBJECT").as_bytes()
    coded = "=?utf-8?q?Lift=0D=0ABcc:_evil=40elsewhere.example=0D=0A=0D=0AHello?="
    mail = receive(raw.replace(b"Subject: SUBJECT", f"Subject: {coded}".encode()))
    filed = ticket_of(mail)
    assert filed.subject == "Lift Bcc: evil@elsewhere.example Hello"
    (told,) = [one for one in mails_about(filed, "ticket.filed") if one.to == "ilse@test.example"]
    assert not any("\n" in text or "\r" in text for text in [told.subject, *told.headers.values()])


def test_a_mail_inside_a_mail_speaks_for_nobody(world: World) -> None:
    """What somebody passes on stays a file; whoever stands in its From has written nothing here."""
    inner: Any = letter("Marek <marek@test.example>", "Re: [ACME-1]", "I promise a new lift.").as_bytes()
    raw = multi("mixed", part("text/plain", "See below"), part("message/rfc822", inner), sender=f"Evil <{EVIL}>")
    assert outcome(receive(raw, envelope_from=EVIL)) == "unknown_sender"
    mine = receive(multi("mixed", part("text/plain", "See below"), part("message/rfc822", inner)))
    filed = ticket_of(mine)
    assert (filed.reporter_party, filed.description) == ("customer", "See below")
    assert messages_of(filed) == []
