"""What a mail says, drawn once as plain text and once as HTML."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.template.loader import render_to_string

from rozoom_support.lib.ui import markdown


@dataclass(frozen=True)
class Quote:
    """What somebody wrote, with the words above it."""

    title: str
    body: str
    files: Sequence[str] = ()


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


def as_text(letter: Letter, url: str) -> str:
    parts = [letter.lead, *letter.paragraphs]
    if letter.quote is not None:
        parts += [letter.quote.title, _indented(letter.quote.body)]
        if letter.quote.files:
            parts.append(f"Files: {', '.join(letter.quote.files)}")
    if letter.facts:
        parts.append("\n".join(f"{term}: {value}" for term, value in letter.facts))
    parts += [f"{letter.action}:\n{url}", f"-- \n{letter.why}\nroZoom Support"]
    return "\n\n".join(parts) + "\n"


def as_html(letter: Letter, url: str, title: str) -> str:
    body = markdown.render(letter.quote.body) if letter.quote is not None else ""
    return render_to_string("mail/letter.html", {"letter": letter, "url": url, "quoted": body, "title": title})


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())
