"""What tests of incoming mail need: mails to send, the whole door to send them through, and what the outbox made."""

from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any

from notifications.handlers import Mail, mails_in, said_of
from notifications.models import Event
from tenancy.context import Context, work_unit
from tests.world import World, ensure_context
from tickets.mail.storing import keep
from tickets.mail.working import read_now
from tickets.models import IncomingMail, Message, Ticket

WORKER = Context("worker")
SUPPORT = "support@rozoom.example"


def letter(
    sender: str = "Ilse Test <ilse@test.example>",
    subject: str = "Lift 2 stands still",
    text: str = "It stopped between floors.",
    to: str = SUPPORT,
    **headers: str,
) -> EmailMessage:
    """An ordinary mail. headers: In_Reply_To="<…>"."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail["Message-ID"] = headers.pop("Message_ID", None) or make_msgid(domain="test.example")
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


def receive(mail: EmailMessage | bytes, **envelope: Any) -> IncomingMail:
    """Through the whole door: kept, read, decided."""
    raw = mail if isinstance(mail, bytes) else mail.as_bytes()
    return read_now(keep(raw, door="command", **envelope))


def ticket_of(mail: IncomingMail) -> Ticket:
    with ensure_context(WORKER):
        return Ticket.objects.select_related("customer", "component").get(pk=mail.ticket_id)


def messages_of(ticket: Ticket) -> list[Message]:
    with ensure_context(WORKER):
        return list(Message.objects.filter(ticket=ticket).order_by("created_at"))


def mails_about(ticket: Ticket, topic: str) -> list[Mail]:
    """What the events of this topic make, newest event last; each made once, as the outbox would."""
    made: list[Mail] = []
    with work_unit(WORKER):
        for event in Event.objects.filter(ticket_id=ticket.pk, topic=topic, state="QUEUED").order_by("pk"):
            made += mails_in(said_of(event))
            Event.objects.filter(pk=event.pk).update(state="HANDLED")
    return made


def reply_to(mails: list[Mail], address: str) -> str:
    """Where the reader of this address answers to."""
    return next(mail.headers["Reply-To"] for mail in mails if mail.to == address)


def answer(world: World, ticket: Ticket, topic: str, by: str, text: str = "It works now.", **more: Any) -> EmailMessage:
    """A reply to the mail that `by` got, as their program would write it."""
    address = world.people[by].person_email
    mails = mails_about(ticket, topic)
    headers = {"In_Reply_To": f"<ticket.{ticket.reference.lower()}@rozoom.example>", **more}
    return letter(
        address, headers.pop("subject", f"Re: [{ticket.reference}]"), text, to=reply_to(mails, address), **headers
    )
