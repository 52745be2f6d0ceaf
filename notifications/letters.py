"""What a mail says, drawn once as plain text and once as HTML."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html_join

from notifications.handlers import Mail
from rozoom_support.lib.ui import markdown


@dataclass(frozen=True)
class Quote:
    """What somebody wrote, with the words above it; none where the first line of the mail says whose it is."""

    title: str
    body: str
    files: Sequence[str] = ()


@dataclass(frozen=True)
class News:
    """What is new about one thing: lines of a daily mail, each with where it leads."""

    title: str
    lines: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Letter:
    """`why` says why this reader gets it. `headline` is for the subject, where it must be seen at a glance."""

    lead: str
    why: str
    paragraphs: Sequence[str] = ()
    quote: Quote | None = None
    facts: Sequence[tuple[str, str]] = field(default_factory=list)
    action: str = "Open the ticket"
    headline: str = ""
    earlier: Sequence[Quote] = ()
    news: Sequence["News"] = ()


# A mail about no ticket names no address of its own: what an answer to it becomes (docs/mail.md).
NO_THREAD = {
    "customer": "Use the page to answer: an answer to this mail becomes a new ticket.",
    "reseller": "Use the page to answer: an answer to this mail goes to roZoom's desk.",
    "operator": "Use the page to answer: an answer to this mail is held at the desk.",
}
BEFORE = "What was written before"


def outside_threads(letter: Letter, party: str) -> Letter:
    """It says at its end what becomes of an answer."""
    return replace(letter, why=f"{letter.why} {NO_THREAD.get(party, NO_THREAD['reseller'])}")


def as_text(letter: Letter, url: str) -> str:
    parts = [letter.lead, *letter.paragraphs]
    if letter.quote is not None:
        parts += [letter.quote.title] if letter.quote.title else []
        parts.append(_indented(letter.quote.body))
        if letter.quote.files:
            parts.append(f"Files: {', '.join(letter.quote.files)}")
    if letter.facts:
        parts.append("\n".join(f"{term}: {value}" for term, value in letter.facts))
    for one in letter.news:
        parts.append("\n".join([one.title, *(f"- {words}\n  {where}" for words, where in one.lines)]))
    parts.append(f"{letter.action}:\n{url}")
    if letter.earlier:
        parts.append(f"{BEFORE}:")
    for quote in letter.earlier:
        parts += [quote.title, "\n".join(f"> {line}".rstrip() for line in quote.body.splitlines())]
    parts.append(f"-- \n{letter.why}\nroZoom Support")
    return "\n\n".join(parts) + "\n"


def as_html(letter: Letter, url: str, title: str) -> str:
    body = markdown.render(letter.quote.body) if letter.quote is not None else ""
    earlier = [(quote.title, markdown.render(quote.body)) for quote in letter.earlier]
    context = {"letter": letter, "url": url, "quoted": body, "earlier": earlier, "before": BEFORE, "title": title}
    return render_to_string("mail/letter.html", context)


STOP_WORDS = "Stop mails like this"
CHOOSE_WORDS = "Choose which mails you get"
STOP_HERE = "<!-- stop -->"  # where the page leaves room for it


def with_stop(mail: Mail, url: str) -> Mail:
    """One click in the mail program (RFC 8058), and links at the end of both parts. For what is not essential only."""
    choose = settings.BASE_URL + reverse("notifications:wishes")
    links = format_html_join("", '<br><a class="foot" href="{}">{}</a>', [(url, STOP_WORDS), (choose, CHOOSE_WORDS)])
    headers = {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return replace(
        mail,
        text=f"{mail.text.rstrip()}\n{STOP_WORDS}: {url}\n{CHOOSE_WORDS}: {choose}\n",
        html=mail.html.replace(STOP_HERE, links),
        headers={**mail.headers, **headers},
    )


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())
