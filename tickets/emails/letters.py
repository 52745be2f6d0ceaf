"""A letter about a ticket: who is told it and as what, and what makes mail programs show all of them as one thread."""

from collections.abc import Mapping
from dataclasses import replace
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.urls import reverse

from notifications.handlers import Mail, Told
from notifications.letters import Letter, as_html, as_text
from notifications.readers import Reader
from tickets.mail.addresses import as_reply_to, reply_address
from tickets.models import MessageKind, Ticket

# A colleague's "I take this one" must not reach the customer because it was an answer to a reminder.
UNLESS_TOLD = {"operator": MessageKind.INTERNAL, "reseller": MessageKind.PARTNER}
ANSWERS = {
    ("customer", "public"): "You can answer this mail.",
    ("reseller", "public"): "An answer to this mail is a public reply: the customer reads it.",
    ("reseller", "partner"): "An answer to this mail is a partner note: roZoom reads it, the customer does not.",
    ("operator", "public"): "An answer to this mail is a public reply: the customer reads it.",
    ("operator", "partner"): "An answer to this mail is a partner note: the reseller reads it, the customer does not.",
    ("operator", "internal"): "An answer to this mail is an internal note: only roZoom reads it.",
}


def told(
    title: str,
    *,
    reader: Reader,
    ticket: Ticket,
    letter: Letter | None = None,
    key: str = "",
    hinges_on: dict[str, int] | None = None,
    answers_as: str = "",
) -> Told | Mail:
    """The reader is told in the app, and by mail where there is a letter. Neither when what it hinges on is settled.
    Who has no account is told by mail alone."""
    sent = None
    if letter is not None:
        sent = mail(letter, reader=reader, ticket=ticket, key=key, guard=hinges_on, answers_as=answers_as)
        if not reader.person_id:
            return sent
    return Told(
        person_id=reader.person_id,
        organisation_id=reader.organisation_id,
        party=reader.party,
        title=title,
        path=ticket_path(ticket, reader),
        reference=ticket.reference,
        detail=ticket.subject,
        mail=sent,
        hinges_on=hinges_on,
    )


def mail(
    letter: Letter,
    *,
    reader: Reader,
    ticket: Ticket,
    key: str,
    guard: dict[str, Any] | None = None,
    answers_as: str = "",
    headers: Mapping[str, str] | None = None,
) -> Mail:
    """`answers_as`: the kind of message an answer to this mail becomes (docs/mail.md); unless told, as few read it as can."""
    kind = answers_as or unless_told(reader)
    letter = answerable(letter, reader, kind)
    url = ticket_url(ticket, reader)
    return Mail(
        to=reader.email,
        subject=f"[{ticket.reference}] {letter.headline or ticket.subject}",
        text=as_text(letter, url),
        html=as_html(letter, url, ticket.reference),
        key=key,
        headers={**headers_of(ticket, reader, kind), **(headers or {})},
        guard=guard,
    )


def ticket_url(ticket: Ticket, reader: Reader) -> str:
    return settings.BASE_URL + ticket_path(ticket, reader)


def ticket_path(ticket: Ticket, reader: Reader) -> str:
    """Customers read it in the portal, everybody else at the desk."""
    page = "portal:ticket" if reader.party == "customer" else "desk:ticket"
    return reverse(page, args=[ticket.reference])


def unless_told(reader: Reader) -> str:
    return UNLESS_TOLD.get(reader.party, MessageKind.PUBLIC)


def answerable(letter: Letter, reader: Reader, kind: str) -> Letter:
    """It says at its end what an answer to it becomes."""
    return replace(letter, why=f"{letter.why} {ANSWERS[reader.party, kind]}".strip())


def headers_of(ticket: Ticket, reader: Reader, kind: str) -> dict[str, str]:
    """Every mail of a ticket names the same root, so that mail programs show them as one thread, and its reader's address."""
    root = thread_root(ticket)
    reply_to = _reply_to(ticket, reader, kind)
    return {"In-Reply-To": root, "References": root, "X-Auto-Response-Suppress": "All", "Reply-To": reply_to}


def _reply_to(ticket: Ticket, reader: Reader, kind: str) -> str:
    address = reply_address(
        ticket, organisation_id=reader.organisation_id, person_id=reader.person_id, email=reader.email, kind=kind
    )
    return as_reply_to(address)


def thread_root(ticket: Ticket) -> str:
    host = parseaddr(settings.MAIL_FROM)[1].rpartition("@")[2] or "localhost"
    return f"<ticket.{ticket.reference.lower()}@{host}>"
