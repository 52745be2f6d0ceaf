"""A letter about a ticket: who is told it and as what, and what makes mail programs show all of them as one thread."""

from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.urls import reverse

from notifications.handlers import Mail, Told
from notifications.letters import Letter, as_html, as_text
from notifications.readers import Reader
from tickets.models import Ticket


def told(
    title: str,
    *,
    reader: Reader,
    ticket: Ticket,
    letter: Letter | None = None,
    key: str = "",
    hinges_on: dict[str, int] | None = None,
) -> Told:
    """The reader is told in the app, and by mail where there is a letter. Neither when what it hinges on is settled."""
    sent = None if letter is None else mail(letter, reader=reader, ticket=ticket, key=key, guard=hinges_on)
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


def mail(letter: Letter, *, reader: Reader, ticket: Ticket, key: str, guard: dict[str, Any] | None = None) -> Mail:
    url = ticket_url(ticket, reader)
    return Mail(
        to=reader.email,
        subject=f"[{ticket.reference}] {letter.headline or ticket.subject}",
        text=as_text(letter, url),
        html=as_html(letter, url, ticket.reference),
        key=key,
        headers=_headers(ticket),
        guard=guard,
    )


def ticket_url(ticket: Ticket, reader: Reader) -> str:
    return settings.BASE_URL + ticket_path(ticket, reader)


def ticket_path(ticket: Ticket, reader: Reader) -> str:
    """Customers read it in the portal, everybody else at the desk."""
    page = "portal:ticket" if reader.party == "customer" else "desk:ticket"
    return reverse(page, args=[ticket.reference])


def _headers(ticket: Ticket) -> dict[str, str]:
    """Every mail of a ticket names the same root, so that mail programs show them as one thread."""
    root = thread_root(ticket)
    return {"In-Reply-To": root, "References": root, "X-Auto-Response-Suppress": "All"}


def thread_root(ticket: Ticket) -> str:
    host = parseaddr(settings.MAIL_FROM)[1].rpartition("@")[2] or "localhost"
    return f"<ticket.{ticket.reference.lower()}@{host}>"
