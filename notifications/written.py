"""Mails that deeds on people write as plain text. Their HTML says the same words, with the link as a button."""

import re

from notifications.letters import Letter, as_html
from notifications.services import queue_mail

LINK = re.compile(r"https?://\S+")


def queue_written(*, to: str, subject: str, text: str, action: str, dedup: str = "") -> None:
    """`action`: the words of the button, for the link that stands alone on its line."""
    html = as_page(text, title=subject, action=action)
    queue_mail(to=to, subject=subject, text=text, html=html, dedup=dedup)


def as_page(text: str, *, title: str, action: str) -> str:
    body, _, end = text.partition("\n-- \n")
    parts = [part.strip() for part in re.split(r"\n\s*\n|\n(?=https?://)", body) if part.strip()]
    url = next((part for part in parts if LINK.fullmatch(part)), "")
    return as_html(Letter(lead=parts[0], paragraphs=parts[1:], action=action, why=_without_name(end)), url, title)


def _without_name(end: str) -> str:
    """The page ends with our name in any case."""
    return end.strip().removeprefix("roZoom Support").strip()
