"""A letter about a ticket: its parts in words, drawn once as plain text and once as HTML; and who is told it, and as what."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from notifications.handlers import Mail, Told
from rozoom_support.lib.ui import markdown
from tickets.emails.recipients import Reader
from tickets.models import Ticket


@dataclass(frozen=True)
class Quote:
    """What somebody wrote, with the words above it."""

    title: str
    body: str
    files: Sequence[str] = ()


@dataclass(frozen=True)
class Letter:
    """`why` says why this reader gets it. `headline` replaces the ticket's subject where it must be seen at a glance."""

    lead: str
    why: str
    paragraphs: Sequence[str] = ()
    quote: Quote | None = None
    facts: Sequence[tuple[str, str]] = field(default_factory=list)
    action: str = "Open the ticket"
    headline: str = ""


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
        text=_text(letter, url),
        html=_html(letter, url, ticket),
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


def _text(letter: Letter, url: str) -> str:
    parts = [letter.lead, *letter.paragraphs]
    if letter.quote is not None:
        parts += [letter.quote.title, _indented(letter.quote.body)]
        if letter.quote.files:
            parts.append(f"Files: {', '.join(letter.quote.files)}")
    if letter.facts:
        parts.append("\n".join(f"{term}: {value}" for term, value in letter.facts))
    parts += [f"{letter.action}:\n{url}", f"-- \n{letter.why}\nroZoom Support"]
    return "\n\n".join(parts) + "\n"


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())


def _html(letter: Letter, url: str, ticket: Ticket) -> str:
    body = markdown.render(letter.quote.body) if letter.quote is not None else ""
    return render_to_string("mail/letter.html", {"letter": letter, "url": url, "quoted": body, "ticket": ticket})
