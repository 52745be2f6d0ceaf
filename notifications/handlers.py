"""Who says what an event makes, and who is asked before a mail is sent. Upper apps register in AppConfig.ready().

@handles("ticket.filed")
def tell_the_desk(event: Event) -> Iterable[Said]: ...

@guards("segment")
def still_needed(segment_id: int) -> str: ...   # why it is not needed any more, or "" to send

@renews
def with_what_holds_now(batch: Sequence[Delivery]) -> None: ...
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from notifications.models import Delivery, Event

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Mail:
    """One mail to one address. `key` tells two mails of one event to the same address apart; without it the second is
    taken for the first. `guard` = {"name": value}: asked again just before sending."""

    to: str
    subject: str
    text: str
    html: str = ""
    key: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    guard: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Told:
    """One person is told once, as a member of one organisation. Each channel takes from it what it needs: the notice in the
    app the title, which never holds the words of a note, and the outbox the mail, where one is sent at all.

    `hinges_on` = {"name": key} may settle the notice before it is read (notices.settles)."""

    person_id: int
    organisation_id: int
    party: str
    title: str
    path: str
    reference: str = ""
    detail: str = ""
    mail: Mail | None = None
    hinges_on: Mapping[str, int] | None = None


# A mail alone is for somebody who need not be told in the app as well: "we have your ticket".
Said = Mail | Told
Handler = Callable[[Event], Iterable[Said]]
Guard = Callable[[Any], str]
Renewer = Callable[[Sequence[Delivery]], None]

_handlers: dict[str, list[Handler]] = {}
_guards: dict[str, Guard] = {}
_renewers: list[Renewer] = []


def handles(*topics: str) -> Callable[[Handler], Handler]:
    """Run the function in the worker's context, in the transaction that marks the event handled. It may run again
    after an error or a killed worker, so it must change nothing outside the database and send nothing itself."""

    def register(handler: Handler) -> Handler:
        for topic in topics:
            known = _handlers.setdefault(topic, [])
            if handler not in known:
                known.append(handler)
        return handler

    return register


def guards(name: str) -> Callable[[Guard], Guard]:
    def register(guard: Guard) -> Guard:
        if _guards.setdefault(name, guard) is not guard:
            raise RuntimeError(f"two guards are called {name}")
        return guard

    return register


def renews(renewer: Renewer) -> Renewer:
    """Run the function on each batch as it is claimed, in that transaction and as the worker: what a mail says may have been
    taken back while it waited. It changes the rows it is given, and saves them. Message-ID and dedup_key stay."""
    if renewer not in _renewers:
        _renewers.append(renewer)
    return renewer


def renew(batch: Sequence[Delivery]) -> None:
    """An error here sends the mails as they were written: late is worse."""
    for renewer in _renewers if batch else ():
        try:
            with transaction.atomic():
                renewer(batch)
        except Exception:
            log.exception("%s could not be asked; sending as written", renewer.__qualname__)


def said_of(event: Event) -> list[Said]:
    """Everything the handlers make of it, each handler run once. The channels sort it out (expansion)."""
    return [said for handler in _handlers.get(event.topic, ()) for said in handler(event)]


def mails_in(said: Iterable[Said]) -> list[Mail]:
    """Of two mails with one key to one address the first: a person who belongs to two organisations reads one of them."""
    found: dict[tuple[str, str], Mail] = {}
    for one in said:
        mail = one.mail if isinstance(one, Told) else one
        if mail is not None:
            found.setdefault((mail.key, mail.to.lower()), mail)
    return list(found.values())


def told_in(said: Iterable[Said]) -> list[Told]:
    return [one for one in said if isinstance(one, Told)]


def reason_to_drop(guard: Mapping[str, Any]) -> str:
    """Why a mail is not needed any more, or "". One nobody can judge is sent: too much said beats a promise missed."""
    for name, value in guard.items():
        if name not in _guards:
            log.error("nobody answers for the guard %r; sending", name)
        elif reason := _guards[name](value):
            return reason
    return ""
