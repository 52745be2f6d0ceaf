"""What webhooks tell, by name, and who writes it out. Upper apps register in AppConfig.ready().

@writes("message.added")
def message_added(event: Event, actor: Actor, now: datetime) -> dict[str, Any] | None: ...

`actor` is the subscriber, and it runs under the subscriber's own database role: what that role may not read is not there,
and None says that there is nothing to tell it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from notifications.models import Event
from tenancy.actor import Actor

EVERYBODY = frozenset({"customer", "reseller", "operator"})
SELLERS = frozenset({"reseller", "operator"})
TEST = "endpoint.test"


@dataclass(frozen=True)
class Kind:
    """`topic` is the outbox's name for it."""

    name: str
    words: str
    topic: str
    parties: frozenset[str] = EVERYBODY

    @property
    def group(self) -> str:
        return self.name.partition(".")[0]


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("ticket.filed", "A ticket is filed", "ticket.filed"),
        Kind("ticket.changed", "Its subject, component, site or your own number is corrected", "ticket.changed"),
        Kind("ticket.assigned", "It is given to somebody", "ticket.assigned"),
        Kind("ticket.moved", "Its state changes: waiting, solved, closed, opened again, merged", "ticket.moved"),
        Kind("ticket.coverage_decided", "roZoom decides anew whether it is covered", "ticket.coverage"),
        Kind("ticket.impact_answered", "How bad it is was told later, which may raise the severity", "impact.answered"),
        Kind("message.added", "Somebody writes a message, or a note you may read", "message.added"),
        Kind("files.added", "Files come without a message", "files.added"),
        Kind("severity.proposed", "Another severity is proposed", "severity.proposed"),
        Kind("severity.answered", "A party agrees, and others are still asked", "severity.answered"),
        Kind("severity.agreed", "All parties agree: the severity is another now", "severity.agreed"),
        Kind("severity.objected", "A party does not agree", "severity.objected"),
        Kind("severity.withdrawn", "A proposal is taken back", "severity.withdrawn"),
        Kind("severity.expired", "A proposal ends without all answers", "severity.expired"),
        Kind("clock.escalated", "A step of the ladder: a promise runs out or is late", "sla.escalated", SELLERS),
        Kind("agreement.asked", "A customer asks for a quote or a renewal", "agreement.asked", SELLERS),
        Kind("agreement.ordered", "A support agreement is ordered", "agreement.ordered"),
        Kind("agreement.moved", "A term begins, ends, is suspended or lapses", "agreement.moved"),
        Kind("agreement.reminded", "A reminder about its end goes out", "agreement.reminder"),
        Kind("agreement.renewal_offered", "A renewal is offered", "renewal.sent"),
        Kind("warranty.ending", "Warranties are about to end", "warranty.ending"),
        Kind("warranty.voided", "A warranty is made void", "warranty.voided"),
        Kind("warranty.appealed", "Somebody appeals against that", "warranty.appealed"),
        Kind("warranty.given_back", "The appeal is upheld: the warranty holds again", "warranty.given_back"),
        Kind("warranty.void_final", "It is void for good: refused, or nobody appealed", "warranty.void_final"),
        Kind("rma.requested", "A return is asked for", "rma.requested"),
        Kind("rma.on_hold", "Something is missing before it can go on", "rma.on_hold"),
        Kind("rma.resumed", "What was missing is there", "rma.resumed"),
        Kind("rma.decided", "It is decided again what the failure entitles to", "rma.decided"),
        Kind("rma.rejected", "It is rejected, with the reasons", "rma.rejected"),
        Kind("rma.converted", "A replacement in advance becomes a factory repair", "rma.converted"),
        Kind("rma.upgraded", "A factory repair becomes a replacement in advance", "rma.upgraded"),
        Kind("rma.cancelled", "It is cancelled", "rma.cancelled"),
        Kind("rma.approved", "A replacement in advance is approved", "rma.approved"),
        Kind("rma.backordered", "No part is in stock", "rma.backordered"),
        Kind("rma.allocated", "A part is reserved", "rma.allocated"),
        Kind("rma.shipped", "The replacement is on its way", "rma.shipped"),
        Kind("rma.lost", "A shipment is lost or comes back", "rma.lost"),
        Kind("rma.delivered", "The replacement has arrived", "rma.delivered"),
        Kind("rma.dead_on_arrival", "The replacement does not work", "rma.dead_on_arrival"),
        Kind("rma.reminder", "The failed part is due back, or overdue", "rma.reminder"),
        Kind("rma.return_overdue", "The failed part is overdue", "rma.return_overdue"),
        Kind("rma.return_sent", "The failed part is on its way back", "rma.return_sent"),
        Kind("rma.return_received", "The failed part has arrived", "rma.return_received"),
        Kind("rma.mismatch", "Another part arrived than the one expected", "rma.mismatch"),
        Kind("rma.charged", "A part that was not returned is charged for", "rma.charged"),
        Kind("rma.credited", "The charge for a part is taken back", "rma.credited"),
        Kind("rma.quoted", "A repair is quoted", "rma.quoted"),
        Kind("rma.authorised", "A part may be sent in for repair", "rma.authorised"),
        Kind("rma.expired", "A part was not sent in time", "rma.expired"),
        Kind("rma.diagnosed", "The factory knows what is wrong", "rma.diagnosed"),
        Kind("rma.repairing", "The repair has begun", "rma.repairing"),
        Kind("rma.ready", "A part is ready to be sent back", "rma.ready"),
        Kind("rma.closed", "It is done", "rma.closed"),
    )
}
GROUPS: dict[str, str] = {
    "ticket": "Tickets",
    "message": "Messages and files",
    "files": "Messages and files",
    "severity": "Severity",
    "clock": "Promises",
    "agreement": "Agreements and warranties",
    "warranty": "Agreements and warranties",
    "rma": "Returns",
}
BY_TOPIC: dict[str, Kind] = {kind.topic: kind for kind in KINDS.values()}

Writer = Callable[[Event, Actor, datetime], dict[str, Any] | None]
_writers: dict[str, Writer] = {}


def writes(*names: str) -> Callable[[Writer], Writer]:
    def register(writer: Writer) -> Writer:
        for name in names:
            if name not in KINDS:
                raise RuntimeError(f"webhooks have no {name}")
            if _writers.setdefault(name, writer) is not writer:
                raise RuntimeError(f"two of them write {name}")
        return writer

    return register


def writer_of(name: str) -> Writer | None:
    return _writers.get(name)


def kinds_for(party: str) -> list[Kind]:
    """What an organisation of this side can be told."""
    return [kind for kind in KINDS.values() if party in kind.parties]


def in_order(names: Iterable[str]) -> list[str]:
    """Each once, as they stand in the table above."""
    wanted = set(names)
    return [name for name in KINDS if name in wanted]
