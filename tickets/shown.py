"""What the desk and the portal show alike of a ticket. Plain values: templates draw them and never query."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from contracts.services.decisions import COVERED
from sla.clock import KIND_WORDS, TARGETS
from sla.models import ClockSegment
from tenancy.models import Kind, Organisation
from tenancy.preferences import preferences_of
from tickets.files import IMAGE_TYPES
from tickets.models import Attachment, Ticket

OPERATOR_NAME = "roZoom"


def zone_of(request: Any) -> str:
    return str(preferences_of(request.user, request.membership)["time_zone"])


@dataclass(frozen=True)
class Promise:
    """What the clock tag draws; without `due_at` it says the reason why nothing runs."""

    started_at: datetime | None = None
    due_at: datetime | None = None
    stopped_at: datetime | None = None
    outcome: str = ""
    words: str = ""
    reason: str = "No promise runs"
    answered: bool = True  # not: it ended late, and nobody had answered

    @property
    def runs(self) -> bool:
        return self.due_at is not None and self.stopped_at is None

    def is_late(self, now: datetime) -> bool:
        return self.stopped_at is None and self.due_at is not None and self.due_at < now


def promise_of(ticket: Ticket, *, unanswered: bool = False) -> Promise:
    """From the columns the ticket carries. They do not tell a late answer from a late end: `unanswered` does."""
    first = ticket.response_outcome in ("RUNNING", "MISSED") and ticket.response_stopped_at is None
    if ticket.clock_due_at is not None:
        started = first_started_at(ticket) if first else ticket.clock_due_at - TARGETS[ticket.severity]
        words = KIND_WORDS["FIRST" if first else "NEXT"]
        return Promise(min(started, ticket.clock_due_at), ticket.clock_due_at, None, "RUNNING", words)
    if ticket.response_outcome in ("MET", "MISSED") and ticket.response_stopped_at is not None:
        stopped, due = ticket.response_stopped_at, ticket.response_due_at
        words, outcome = KIND_WORDS["FIRST"], ticket.response_outcome
        return Promise(first_started_at(ticket), due, stopped, outcome, words, answered=not unanswered)
    return Promise(reason=silence_words(ticket))


def first_started_at(ticket: Ticket) -> datetime:
    """With the report, or with the deed that granted it later."""
    if ticket.response_due_at is None or not cover_of(ticket).granted:
        return ticket.reported_at
    return max(ticket.reported_at, ticket.response_due_at - TARGETS[ticket.severity])


def silence_words(ticket: Ticket) -> str:
    """Why no clock stands there."""
    if not ticket.covered and ticket.is_open:
        return "No response promise"
    return "No answer needed any more" if ticket.response_outcome == "CANCELLED" else "No promise runs"


def promise_of_segments(ticket: Ticket, segments: Iterable[ClockSegment]) -> Promise:
    """The clock that runs, else the last one that was answered or ended late."""
    own = [one for one in segments if str(one.kind) != "PROPOSAL"]
    judged = [one for one in own if one.stopped_at is None or str(one.outcome) in ("MET", "MISSED")]
    if not judged:
        return promise_of(ticket)
    last = judged[-1]
    words = KIND_WORDS[str(last.kind)]
    return Promise(last.started_at, last.due_at, last.stopped_at, str(last.outcome), words, answered=last.answered)


@dataclass(frozen=True)
class Cover:
    """What was decided about a ticket. `override` is why roZoom decided otherwise than the rules."""

    covered: bool
    rule: str = ""
    by_rule: bool = True
    reasons: Sequence[str] = ()
    would_change: Sequence[str] = ()
    override: str = ""

    @property
    def granted(self) -> bool:
        """An answer is promised although nothing covers it."""
        return self.covered and not self.by_rule


def cover_of(ticket: Ticket) -> Cover:
    kept = ticket.coverage
    if not kept:
        return Cover(covered=ticket.covered)
    by_rule = kept["rule_outcome"] == COVERED
    return Cover(ticket.covered, kept["rule"], by_rule, kept["reasons"], kept["would_change"], kept["override"])


def partner_of(reseller: Organisation) -> str:
    """The name of the reseller between the customer and roZoom; empty for customers that roZoom serves itself."""
    return reseller.name if reseller.kind == Kind.RESELLER else ""


@dataclass(frozen=True)
class File:
    url: str
    name: str
    size: int
    view_url: str = ""


def file_of(attachment: Attachment) -> File:
    url = reverse("portal:file", args=[attachment.pk])
    return File(
        url, attachment.name, attachment.size, f"{url}?inline=1" if attachment.content_type in IMAGE_TYPES else ""
    )
