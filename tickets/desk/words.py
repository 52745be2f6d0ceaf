"""What the desk's pages say: who reads a message, what happened, whose turn it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tenancy.actor import Actor
from tenancy.models import AuditEvent
from tickets.lifecycle import Turn
from tickets.models import MessageKind, Ticket
from tickets.severity_words import SEVERITY_EVENTS
from tickets.shown import OPERATOR_NAME


@dataclass(frozen=True)
class Readers:
    """Who reads what on one ticket, in words. `reseller` is empty for customers that roZoom serves itself."""

    customer: str
    reseller: str
    by_reseller: bool = False

    @classmethod
    def of(cls, actor: Actor, ticket: Ticket, reseller: str) -> "Readers":
        return cls(ticket.customer.name, reseller, by_reseller=actor.party == "reseller")

    @property
    def partner(self) -> str:
        """The other side of a partner note."""
        return OPERATOR_NAME if self.by_reseller else self.reseller

    def others(self, kind: str) -> str:
        """Everybody but the writer's own side: what a send button names."""
        if kind == MessageKind.PUBLIC:
            return f"customer and {self.partner}" if self.partner else "customer"
        return self.partner if kind == MessageKind.PARTNER else "roZoom staff"

    def audience(self, kind: str) -> str:
        if kind == MessageKind.PUBLIC:
            who = [self.customer, self.reseller] if self.reseller else [self.customer]
            return f"{', '.join(who)} and {OPERATOR_NAME} read this"
        if kind == MessageKind.PARTNER:
            return f"{OPERATOR_NAME} and {self.reseller or 'the reseller'}, not the customer"
        return "roZoom staff only"


TURNS = {Turn.CUSTOMER: "the customer", Turn.RESELLER: "the reseller", Turn.SUPPLIER: "a supplier"}


def event_words(event: AuditEvent, *, conversation: bool = False) -> str:
    """One line for the history. In the conversation, what is shown there by itself is left out ("")."""
    who = event.actor_name or OPERATOR_NAME
    if conversation and event.verb in SHOWN_BY_ITSELF and not event.data.get("then"):
        return ""
    words = EVENT_WORDS.get(event.verb)
    return words(who, event.data) if words else f"{who}: {event.verb.replace('.', ' ')}"


def _assigned(who: str, data: Mapping[str, Any]) -> str:
    to, was = data.get("to"), data.get("was")
    if not to:
        return f"{who} put it back; {was} had it" if was else f"{who} put it back"
    if to == who:
        return f"{who} took it from {was}" if was else f"{who} took it"
    return f"{who} gave it to {to}"


def _wait(who: str, data: Mapping[str, Any]) -> str:
    return f"{who} is waiting for {TURNS.get(data.get('turn', ''), 'somebody else')}"  # type: ignore[call-overload]


def _quoted(words: str, what: str) -> Callable[[str, Mapping[str, Any]], str]:
    def said(who: str, data: Mapping[str, Any]) -> str:
        return f"{who} {words}: “{data[what]}”" if data.get(what) else f"{who} {words}"

    return said


def _filed(who: str, data: Mapping[str, Any]) -> str:
    words = f"{who} reported it: severity {data.get('severity', '?')}"
    return words if data.get("covered", True) else f"{words}, not covered"


def _spoke(what: str) -> Callable[[str, Mapping[str, Any]], str]:
    then = {"wait": " and is waiting for the customer", "resolve": " and resolved it"}

    def said(who: str, data: Mapping[str, Any]) -> str:
        return f"{who} {what}{then.get(str(data.get('then')), '')}"

    return said


def _changed(who: str, data: Mapping[str, Any]) -> str:
    return f"{who} corrected the {' and the '.join(sorted(data.get('was', {}))) or 'details'}"


def _escalated(who: str, data: Mapping[str, Any]) -> str:
    percent = data.get("percent", "?")
    told = ", ".join(TOLD.get(str(one), str(one)) for one in data.get("recipients") or [])
    return f"{percent} % of the promise had passed" + (f"; told: {told}" if told else "")


def _taken_back(who: str, data: Mapping[str, Any]) -> str:
    whose = ", ".join(str(one) for one in data.get("addresses") or []) or "all"
    return f"{who} took back the reply addresses of {whose}: “{data.get('reason')}”"


TOLD = {
    "assignee_or_team": "the owner or the team",
    "team_lead": "the team's lead",
    "reseller_agents": "the reseller's agents",
    "duty_manager": "the duty manager",
    "reseller_manager": "the reseller's manager",
}
SHOWN_BY_ITSELF = {"ticket.filed", "message.public", "message.partner", "message.internal"}
EVENT_WORDS: dict[str, Callable[[str, Mapping[str, Any]], str]] = {
    "ticket.filed": _filed,
    "ticket.assigned": _assigned,
    "ticket.begin": lambda who, data: f"{who} started work",
    "ticket.wait": _wait,
    "ticket.resume": lambda who, data: f"{who} took it up again",
    "ticket.resolve": _quoted("resolved it", "resolution"),
    "ticket.close": lambda who, data: f"{who} closed it",
    "ticket.reopen": lambda who, data: f"{who} opened it again",
    "ticket.withdraw": _quoted("withdrew it", "reason"),
    "ticket.merge": lambda who, data: f"{who} merged it into {data.get('into', 'another ticket')}",
    "ticket.absorbed": lambda who, data: f"{who} merged {data.get('merged', 'another ticket')} into this one",
    "ticket.changed": _changed,
    "ticket.granted": _quoted("promised an answer although nobody covers it", "reason"),
    "ticket.refused": _quoted("decided that it is not covered", "reason"),
    "ticket.severity": lambda who, data: f"{who} changed the severity from {data.get('was')} to {data.get('to')}",
    "ticket.imported": lambda who, data: f"Imported from another system, where it was {data.get('incident')}",
    "message.public": _spoke("replied"),
    "message.partner": _spoke("wrote a partner note"),
    "message.internal": _spoke("wrote an internal note"),
    "sla.escalated": _escalated,
    "mail.bounced": lambda who, data: f"Mail to {data.get('address')} did not arrive. {data.get('said') or ''}".strip(),
    "mail.taken_back": _taken_back,
    "mail.released": lambda who, data: f"{who} released a held mail of {data.get('sender') or 'somebody'} into it",
    **SEVERITY_EVENTS,
}
