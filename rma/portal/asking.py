"""Which part is asked about, and what can be had for it: what the page of a request is made from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import QueryDict

from contracts.entitlement import Charge, Decision, Outcome
from contracts.models import Component, Site
from contracts.queries import component_of, near_components
from rma.models import Rma
from rma.portal.forms import ORDER, RequestForm
from rma.services import CannotRequest, Look, Wish, look
from rma.states import Media, RmaKind
from tenancy.actor import Actor
from tickets.models import Ticket

MOST = 100


@dataclass(frozen=True)
class Subject:
    """The part: a component that we know, or a serial as it was typed. Neither: it is asked for."""

    component: Component | None = None
    serial: str = ""
    problem: str = ""  # why what was named can not be taken

    @property
    def is_named(self) -> bool:
        return not self.problem and (self.component is not None or bool(self.serial))

    @property
    def hidden(self) -> dict[str, str]:
        """What the pages after this one carry along."""
        if self.component is not None:
            return {"component": str(self.component.pk)}
        return {"serial": self.serial}


def subject_of(ticket: Ticket, asked: QueryDict) -> Subject:
    """What the address or the form names, else the ticket's own component."""
    serial = asked.get("serial", "").strip().replace("\0", "")[:80]
    if serial:
        return Subject(serial=serial)
    if key := asked.get("component", ""):
        found = _component(ticket, key)
        if found is None:
            return Subject(problem="We do not know this component. Choose one from the list")
        return Subject(component=found)
    if "other" in asked or ticket.component is None:
        return Subject()
    return Subject(component=ticket.component)


def _component(ticket: Ticket, key: str) -> Component | None:
    try:
        return component_of(ticket.customer_id, UUID(key))
    except ValueError:
        return None


def choosable(ticket: Ticket) -> list[Component]:
    """Hardware in use of this customer, that of the ticket's site first."""
    found = Component.objects.in_use().for_list().filter(customer_id=ticket.customer_id, product__kind="HARDWARE")
    ordered = list(found.order_by("site__name", "product__name", "serial")[:MOST])
    return sorted(ordered, key=lambda one: one.site_id != ticket.site_id)


def sites_of(customer_id: int) -> list[Site]:
    return list(Site.objects.filter(customer_id=customer_id).order_by("name", "pk"))


@dataclass(frozen=True)
class Offer:
    """What can be had for this part, as the page says it."""

    seen: Look
    near: tuple[Component, ...] = ()

    @property
    def decision(self) -> Decision:
        return self.seen.decision

    @property
    def component(self) -> Component | None:
        return self.seen.component

    @property
    def is_unknown(self) -> bool:
        return self.component is None

    @property
    def changes(self) -> list[str]:
        """What would change it; near serials are links of their own."""
        return [one for one in self.decision.would_change if not (self.near and one.startswith("Did you mean"))]

    @property
    def goes_on_in(self) -> str:
        """The reference of the return that is open for it."""
        open_one: Rma | None = self.seen.open_return
        if open_one is not None:
            return open_one.reference
        if self.decision.outcome == Outcome.MERGE:
            return self.decision.reasons[0].rsplit(" ", 1)[-1].rstrip(".")
        return ""

    @property
    def can_be_asked(self) -> bool:
        return self.decision.outcome in (Outcome.ADVANCE, Outcome.FACTORY, Outcome.HOLD)

    @property
    def gives(self) -> str:
        return RmaKind.FACTORY if self.decision.outcome == Outcome.FACTORY else RmaKind.ADVANCE

    @property
    def is_charged(self) -> bool:
        return self.decision.charge == Charge.QUOTE

    @property
    def title(self) -> str:
        if self.is_unknown:
            return "We do not know this serial"
        return {
            Outcome.ADVANCE: "You can have a replacement in advance",
            Outcome.HOLD: "You may have a replacement, when something is cleared",
            Outcome.SOFTWARE: "Software is not replaced",
            Outcome.REJECT: "We can not replace or repair this part",
        }.get(
            self.decision.outcome,
            "Repair is possible at your cost"
            if self.is_charged
            else "We can repair this part, but can not send a replacement first",
        )

    @property
    def lead(self) -> str:
        if self.decision.outcome == Outcome.ADVANCE:
            soon = (
                "It leaves on the next business day after roZoom approves it. " if self.decision.promises_date else ""
            )
            return f"We send the part first. {soon}Send the old part back within 10 business days after it arrives."
        if self.decision.outcome == Outcome.FACTORY and self.is_charged:
            return "We tell you the price first. You decide then."
        if self.decision.outcome == Outcome.FACTORY:
            return "Send the part to us. We repair or replace it free under warranty, and send it back."
        return ""

    @property
    def send_label(self) -> str:
        return "Request a repair" if self.gives == RmaKind.FACTORY else "Request a replacement"

    @property
    def has_media(self) -> bool:
        return self.component is not None and self.component.product.has_media

    @property
    def asks_agreement(self) -> bool:
        return self.decision.rule == "R6"


def offer_for(actor: Actor, ticket: Ticket, subject: Subject, now: datetime, wish: Wish | None = None) -> Offer:
    """Raises CannotRequest for a part that nothing can be asked for, with the words for its field."""
    if not subject.is_named:
        raise CannotRequest(subject.problem, param="component")
    wish = wish or Wish(component=subject.component, serial=subject.serial)
    seen = look(actor=actor, ticket=ticket, wish=wish, now=now)
    near = near_components(ticket.customer, subject.serial) if seen.component is None else []
    return Offer(seen, tuple(near))


def request_form(ticket: Ticket, offer: Offer, sites: list[Site], data: QueryDict | None = None) -> RequestForm:
    site = offer.component.site if offer.component else ticket.site
    initial = {
        "symptom": ticket.subject,
        "ship_to": str(site.pk) if site else "",
        "contact_name": ticket.site_contact or (site.contact_name if site else ""),
        "contact_phone": "" if ticket.site_contact or site is None else site.contact_phone,
    }
    return RequestForm(
        data,
        sites=sites,
        gives=offer.gives,
        has_media=offer.has_media,
        asks_agreement=offer.asks_agreement,
        initial=initial,
    )


def wish_of(subject: Subject, form: RequestForm) -> Wish:
    given: dict[str, Any] = form.cleaned_data
    return Wish(
        component=subject.component,
        serial=subject.serial,
        ship_to=form.sites.get(given["ship_to"]),
        contact_name=given["contact_name"],
        contact_phone=given.get("contact_phone", ""),
        symptom=given["symptom"],
        media=given.get("media", ""),
        accepts_terms=bool(given.get("accepts_terms")),
        agreement_from=given.get("agreement_from", ""),
        kind=given.get("kind", ""),
    )


def answers_of(form: RequestForm) -> list[dict[str, str]]:
    """Rows for components/definitions.html: what was answered, to be checked."""
    given, site = form.cleaned_data, form.sites.get(form.cleaned_data["ship_to"])
    media = {
        Media.WIPED: "Wiped before it leaves",
        Media.RETAINED: "The part stays with us",
        Media.NONE: "No data on it",
    }
    contact = "\n".join(filter(None, (given["contact_name"], given.get("contact_phone", ""))))
    wanted = {RmaKind.FACTORY: "A repair", RmaKind.ADVANCE: "A replacement first"}.get(given.get("kind", ""), "")
    terms = "" if given.get("kind") == RmaKind.FACTORY or "accepts_terms" not in form.fields else "Accepted"
    rows = [
        ("What you want", wanted),
        ("What is wrong", given["symptom"]),
        ("Where to", "\n".join(filter(None, (site.name, site.address))) if site else ""),
        ("Who takes it", contact),
        ("Data on the part", media.get(given.get("media", ""), "")),
        ("Missing agreement", f"Sold by {given['agreement_from']}" if given.get("agreement_from") else ""),
        ("Return terms", terms),
    ]
    return [{"term": term, "value": value} for term, value in rows if value]


def carried(subject: Subject, form: RequestForm) -> list[tuple[str, str]]:
    """Hidden fields that hold what was answered, between the form and its check."""
    given = [(name, str(form.data.get(name, ""))) for name in ORDER if name in form.fields and form.data.get(name)]
    return [*subject.hidden.items(), *given]
