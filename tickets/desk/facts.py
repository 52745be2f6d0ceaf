"""What stands beside the conversation."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from rozoom_support.lib.ui.times import clock_time, zone_named, zone_word
from tenancy.actor import Actor
from tenancy.models import AuditEvent
from tickets import queries
from tickets.desk.rows import state_words, ticket_url
from tickets.desk.words import event_words
from tickets.models import Attachment, Channel, Ticket
from tickets.severity import BUSINESS, MISSION, SERVICE, WORKAROUND
from tickets.shown import OPERATOR_NAME, File, file_of

EARLIER = 5
THROUGH: dict[str, str] = {
    Channel.PORTAL: "in the portal",
    Channel.EMAIL: "by e-mail",
    Channel.API: "by the API",
    Channel.PHONE: "by phone",
}


@dataclass(frozen=True)
class Line:
    """One fact. `mail` and `phone` make it a link."""

    term: str
    value: str
    mail: str = ""
    phone: str = ""
    at: datetime | None = None


@dataclass(frozen=True)
class Earlier:
    reference: str
    url: str
    subject: str
    state: str
    state_words: str
    reported_at: datetime


@dataclass(frozen=True)
class Happened:
    at: datetime
    words: str


def component(ticket: Ticket, now: datetime) -> list[Line]:
    found, unit = [], ticket.component
    if unit is not None:
        found += [Line("Component", unit.product.name), Line("Serial", unit.serial)]
        found += [Line("Place", unit.location)] if unit.location else []
    site = ticket.site
    if site is not None:
        found += [Line("Site", site.name), Line("Time there", _local_time(site.time_zone, now))]
        found += [Line("Address", " ".join(site.address.split()))] if site.address else []
    found += _contact(ticket)
    access = ticket.access_hours or (site.access_hours if site else "")
    return found + ([Line("Access", access)] if access else []) + _code(ticket)


def _contact(ticket: Ticket) -> list[Line]:
    """Who to ask for at the site: as reported, else as the site says."""
    if ticket.site_contact:
        return [Line("Contact there", ticket.site_contact)]
    site = ticket.site
    if site is None or not (site.contact_name or site.contact_phone):
        return []
    return [Line("Contact there", site.contact_name, phone=site.contact_phone)]


def _code(ticket: Ticket) -> list[Line]:
    return [Line("Error code", ticket.error_code)] if ticket.error_code else []


def _local_time(zone: str, now: datetime) -> str:
    local = now.astimezone(zone_named(zone))
    return f"{clock_time(now, zone)} {zone_word(local)} ({zone})"


def customer(ticket: Ticket, reseller: str, updated_at: datetime) -> list[Line]:
    found = [
        Line("Customer", ticket.customer.name, phone=ticket.customer.phone),
        Line("Reseller", reseller or f"None, {OPERATOR_NAME} serves it"),
        Line(
            "Reported by",
            ticket.reporter_name
            if ticket.reporter_party == "customer"
            else f"{ticket.reporter_name}, for the customer",
            mail=ticket.reporter_email,
        ),
        Line("Reported", THROUGH[ticket.channel], at=ticket.reported_at),
        Line("Last change", "", at=updated_at),
        Line("Service", ticket.get_service_kind_display()),
    ]
    return found + ([Line("Their number", ticket.external_reference)] if ticket.external_reference else [])


def impact(ticket: Ticket) -> list[Line]:
    """The customer's four answers, and what it said against the proposal."""
    answers = ticket.impact or {}
    found = []
    if answers:
        found = [
            Line("Service", _sentence(SERVICE.get(answers.get("service", ""), "not answered"))),
            Line("Workaround", _sentence(WORKAROUND.get(answers.get("workaround", ""), "not answered"))),
            Line("Business", _sentence(BUSINESS.get(answers.get("business", ""), "not answered"))),
            Line("Mission critical", _sentence(MISSION[bool(answers.get("mission_critical"))])),
        ]
    return found


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def earlier_of_component(actor: Actor, ticket: Ticket) -> list[Earlier]:
    """The latest tickets about the same component that the reader may see."""
    if ticket.component_id is None:
        return []
    found = queries.visible_tickets(actor).filter(component_id=ticket.component_id).exclude(pk=ticket.pk)
    return [
        Earlier(one.reference, ticket_url(one.reference), one.subject, one.state, state_words(one), one.reported_at)
        for one in found.order_by("-reported_at", "-id")[:EARLIER]
    ]


def files(found: Iterable[Attachment]) -> list[File]:
    return [file_of(one) for one in found]


def history(events: Sequence[AuditEvent]) -> list[Happened]:
    """Everything this reader may know, the latest first."""
    return [Happened(event.at, event_words(event)) for event in reversed(events)]
