"""What webhooks tell about tickets: the same shapes as the API's, read under the subscriber's own database role.

An event names things by their keys only; everything is read again here. Where a row is not to be seen, nothing is told.
"""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from notifications.models import Event
from notifications.webhooks.events import writes
from rozoom_support.lib.refusals import NotFound
from sla.models import Escalation
from tenancy.actor import Actor
from tenancy.api.times import stamp
from tickets import queries
from tickets.api.finding import files_of, messages_of
from tickets.api.reading import Reader, read_picked, write_file, write_message
from tickets.api.severity import Writer
from tickets.models import SeverityProposal, Ticket

Data = dict[str, Any]


@writes("ticket.filed", "ticket.coverage_decided", "ticket.impact_answered")
def ticket(event: Event, actor: Actor, now: datetime) -> Data | None:
    return _about(event, actor, now)


@writes("ticket.changed")
def changed(event: Event, actor: Actor, now: datetime) -> Data | None:
    return _about(event, actor, now, fields=list(event.payload.get("fields", [])))


@writes("ticket.assigned")
def assigned(event: Event, actor: Actor, now: datetime) -> Data | None:
    return _about(event, actor, now, to=event.payload.get("to_name") or None)


@writes("ticket.moved")
def moved(event: Event, actor: Actor, now: datetime) -> Data | None:
    said = event.payload
    into = {"into": said["into"]} if said.get("into") else {}
    return _about(event, actor, now, move=said.get("move"), was=said.get("was"), **into)


@writes("message.added")
def message_added(event: Event, actor: Actor, now: datetime) -> Data | None:
    about = Ticket(pk=event.ticket_id)
    found = messages_of(actor, about).filter(customer_id=event.customer_id, pk=event.payload.get("message")).first()
    if found is None:
        return None
    files = files_of(actor, about).filter(message=found).order_by("created_at", "id")
    return _about(event, actor, now, message=write_message(found, files))


@writes("files.added")
def files_added(event: Event, actor: Actor, now: datetime) -> Data | None:
    found = files_of(actor, Ticket(pk=event.ticket_id)).filter(
        customer_id=event.customer_id, message=None, kind=event.payload.get("kind"), created_at=event.created_at
    )
    files = [write_file(one) for one in found.order_by("id")]
    return _about(event, actor, now, files=files) if files else None


@writes(
    "severity.proposed",
    "severity.answered",
    "severity.agreed",
    "severity.objected",
    "severity.withdrawn",
    "severity.expired",
)
def severity(event: Event, actor: Actor, now: datetime) -> Data | None:
    found = _ticket(event, actor)
    if found is None:
        return None
    proposals = SeverityProposal.objects.filter(customer_id=found.customer_id, ticket=found)
    proposal = proposals.prefetch_related("answers").filter(number=event.payload.get("number")).first()
    return None if proposal is None else _about(event, actor, now, proposal=Writer(found, now).proposal(proposal))


@writes("clock.escalated")
def escalated(event: Event, actor: Actor, now: datetime) -> Data | None:
    if event.ticket_id is None:
        return None
    fired = Escalation.objects.select_related("segment").filter(
        customer_id=event.customer_id, segment__ticket_id=event.ticket_id, segment_id=event.payload.get("segment")
    )
    level = fired.filter(level=event.payload.get("level")).first()
    if level is None:
        return None
    segment = level.segment
    clock = {
        "kind": segment.kind,
        "severity": segment.severity,
        "level": level.level,
        "percent": event.payload.get("percent"),
        "started_at": stamp(segment.started_at),
        "due_at": stamp(segment.due_at),
        "scheduled_at": stamp(level.scheduled_at),
        "fired_at": stamp(level.fired_at),
        "is_late": level.fired_at >= segment.due_at,
    }
    return _about(event, actor, now, clock=clock)


def _ticket(event: Event, actor: Actor) -> Ticket | None:
    reference = _row(event).values_list("reference", flat=True).first()
    if reference is None:
        return None
    try:
        return queries.ticket_for(actor, reference)
    except NotFound:
        return None


def _row(event: Event) -> QuerySet[Ticket]:
    return Ticket.objects.filter(pk=event.ticket_id or 0, customer_id=event.customer_id)


def _about(event: Event, actor: Actor, now: datetime, **more: Any) -> Data | None:
    """The ticket as it is now, who did it, and what belongs to this event."""
    rows = read_picked(_row(event))
    if not rows:
        return None
    written = Reader(actor, now).ticket(rows[0])
    del written["allowed_actions"]  # those of a token; nobody acts here
    return {"ticket": written, "by": _by(event), **more}


def _by(event: Event) -> Data | None:
    """Null where no person or program did it, such as a clock."""
    if not event.payload.get("by_party"):
        return None
    return {"name": event.payload.get("by_name", ""), "party": event.payload["by_party"]}
