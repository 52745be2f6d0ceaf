"""Who turns events into mails, and who is asked before one is sent. Upper apps register in AppConfig.ready().

@handles("ticket.filed")
def tell_the_desk(event: Event) -> Iterable[Mail]: ...

@guards("segment")
def still_needed(segment_id: int) -> str: ...   # why it is not needed any more, or "" to send
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from notifications.models import Event

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


Handler = Callable[[Event], Iterable[Mail]]
Guard = Callable[[Any], str]

_handlers: dict[str, list[Handler]] = {}
_guards: dict[str, Guard] = {}


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


def mails_for(event: Event) -> list[Mail]:
    return [mail for handler in _handlers.get(event.topic, ()) for mail in handler(event)]


def reason_to_drop(guard: Mapping[str, Any]) -> str:
    """Why a mail is not needed any more, or "". One nobody can judge is sent: too much said beats a promise missed."""
    for name, value in guard.items():
        if name not in _guards:
            log.error("nobody answers for the guard %r; sending", name)
        elif reason := _guards[name](value):
            return reason
    return ""
