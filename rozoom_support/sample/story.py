"""How a ticket of the demo is told: who reported what, how long ago, and what was said and done since."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tickets.files import CheckedFile
from tickets.models import Channel, ServiceKind
from tickets.severity import Impact

STANDSTILL = Impact("complete", "no", "stopped", True)  # severity 1
CRIPPLED = Impact("severe", "no", "degraded", False)  # severity 2
UNSURE = Impact("severe", "unknown", "degraded", True)  # severity 2
WORKED_AROUND = Impact("severe", "yes", "degraded", False)  # severity 3
NUISANCE = Impact("minor", "yes", "normal", False)  # severity 3

MakeFile = Callable[[datetime], CheckedFile]


def ago(*, days: float = 0, hours: float = 0, minutes: float = 0) -> timedelta:
    return timedelta(days=days, hours=hours, minutes=minutes)


@dataclass(frozen=True)
class Say:
    """A message. `then`: "wait" or "resolve", as behind the send button."""

    ago: timedelta
    who: str
    text: str
    kind: str = "public"
    then: str = ""
    files: Sequence[MakeFile] = ()


@dataclass(frozen=True)
class Give:
    ago: timedelta
    who: str
    to: str


@dataclass(frozen=True)
class Move:
    ago: timedelta
    who: str
    name: str
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Story:
    """`steps` in their order. `part` is a serial; `place` the site where no part is known."""

    by: str
    ago: timedelta
    subject: str
    text: str
    impact: Impact
    steps: Sequence[Say | Give | Move] = ()
    part: str = ""
    place: str = ""
    customer: str = ""  # only when somebody else than the customer reports it
    team: str = ""
    channel: Channel = Channel.PORTAL
    service_kind: ServiceKind = ServiceKind.PROBLEM
    error_code: str = ""
    doubt: str = ""
    tags: Sequence[str] = ()
    files: Sequence[MakeFile] = ()
