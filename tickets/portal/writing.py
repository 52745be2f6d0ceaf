"""A report on its way: which step is open, what was answered, and what it becomes when it is sent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.urls import reverse

from contracts.coverage import Row, rows_of
from contracts.models import Component, Site, normal_serial
from contracts.queries import component_by_serial, component_for, components_of, near_components, site_for
from rozoom_support.lib.refusals import NotFound
from rozoom_support.lib.ui.forms import Labelled
from tenancy.actor import Actor
from tenancy.models import DoneDeed, Kind, Organisation
from tickets.models import ServiceKind, TicketDraft
from tickets.portal import forms as shapes
from tickets.portal.covering import Outlook, line_of, outlook
from tickets.portal.forms import KIND_OF_PRODUCT, UNKNOWN, Choice
from tickets.services import Report

SHOWN = 50  # choices on a page; the rest is found by searching
SEARCH_FROM = 8
LABELS = {
    "component": "Component",
    "site": "Where",
    "impact": "Impact",
    "problem": "What happened",
    "check": "Check",
}
ASKED = ("component", "site", "impact", "problem")


@dataclass(frozen=True)
class Choices:
    """A list to choose from, narrowed by what was searched for. `more` of them did not fit."""

    shown: list[Choice]
    searchable: bool
    words: str = ""
    more: bool = False


def component_choice(row: Row) -> Choice:
    component = row.component
    facts = [f"Serial {component.serial}", component.location, component.site.name]
    hint = " · ".join(fact for fact in facts if fact)
    return str(component.pk), Labelled(
        component.product.name, hint, line_of(row), "" if row.is_covered else "Not covered"
    )


def _sought(words: str) -> str:
    return words.replace("\x00", "").strip()[:100]  # PostgreSQL knows no NUL


def component_choices(customer: Organisation, words: str, first: Sequence[Component], now: datetime) -> Choices:
    """Components in use, narrowed by product, serial, place or site, each with what covers it. `first` stay on top: what was
    chosen before, or what a serial may have meant."""
    found = components_of(customer)
    words = _sought(words)
    if words:
        serial = normal_serial(words)
        hit = Q(product__name__icontains=words) | Q(location__icontains=words) | Q(site__name__icontains=words)
        found = found.filter(hit | Q(serial_normal__contains=serial) if serial else hit)
    rows = list(found[: SHOWN + 1])
    on_top = {one.pk for one in first}
    listed = [*first, *(one for one in rows[:SHOWN] if one.pk not in on_top)]
    shown = [component_choice(row) for row in rows_of(listed, now)]
    return Choices(shown, bool(words) or len(rows) > SEARCH_FROM, words, len(rows) > SHOWN)


def customer_choices(words: str) -> Choices:
    """Customers this desk serves: row security knows which."""
    found = Organisation.objects.filter(kind=Kind.CUSTOMER, is_active=True).order_by("name")
    words = _sought(words)
    if words:
        found = found.filter(Q(name__icontains=words) | Q(code__istartswith=words))
    rows = list(found[: SHOWN + 1])
    shown: list[Choice] = [(one.code, Labelled(one.name, one.code)) for one in rows[:SHOWN]]
    return Choices(shown, bool(words) or len(rows) > SEARCH_FROM, words, len(rows) > SHOWN)


def customer_by_code(code: str) -> Organisation:
    found = Organisation.objects.filter(kind=Kind.CUSTOMER, is_active=True, code=code).first()
    if found is None:
        raise NotFound
    return found


def unsaved(customer: Organisation, answers: dict[str, str]) -> TicketDraft:
    """The report that begins with the first answer."""
    return TicketDraft(customer=customer, reseller_id=customer.served_by_id, answers=answers)


class Writing:
    """A draft with everything it refers to. Forms are made from the kept answers; a step is done when its form is valid."""

    def __init__(self, actor: Actor, draft: TicketDraft, now: datetime, *, words: str = "") -> None:
        """`words` narrow the list of components."""
        self.actor, self.draft, self.now, self.words = actor, draft, now, words
        self.customer: Organisation = draft.customer
        self.choices: Choices | None = None

    @property
    def answers(self) -> dict[str, str]:
        return self.draft.answers

    # what was answered

    @cached_property
    def component(self) -> Component | None:
        """The component that fails; None while it is unknown, not asked yet, or not this customer's."""
        return self._find(self.find_component, "component")

    @cached_property
    def site(self) -> Site | None:
        return self._find(self.find_site, "site")

    def _find(self, find: Any, name: str) -> Any:
        try:
            return find(UUID(self.answers.get(name, "")))
        except (ValueError, NotFound):
            return None

    def find_component(self, key: UUID) -> Component:
        return component_for(self.actor, key, customer_id=self.customer.pk)

    def find_site(self, key: UUID) -> Site:
        return site_for(self.actor, key, customer_id=self.customer.pk)

    @cached_property
    def sites(self) -> list[Site]:
        return list(Site.objects.filter(customer=self.customer, is_active=True).order_by("name"))

    # forms

    def form(self, step: str, data: QueryDict | None = None) -> forms.Form:
        """The form of a step as its page shows it: with what was typed, or with what is kept."""
        more: dict[str, Any] = {"data": data} if data is not None else {"initial": self._initial(step)}
        if step == "component":
            return self._component_form(more)
        if step == "site":
            return shapes.SiteForm(find=self.find_site, choices=self._site_choices(), **more)
        if step == "impact":
            return shapes.ImpactForm(**more)
        return shapes.ProblemForm(**more)

    def _component_form(self, more: dict[str, Any]) -> shapes.ComponentForm:
        serials: dict[str, Any] = {"find_serial": self.find_serial, "near": self.near_serial}
        form = shapes.ComponentForm(find=self.find_component, choices=[], **serials, **more)
        form.is_valid()  # only then it is known what a serial may have meant
        chosen = [self.component] if self.component is not None else []
        self.choices = component_choices(self.customer, self.words, form.suggested or chosen, self.now)
        form.fields["component"].widget.choices = [*self.choices.shown, (UNKNOWN, "I do not know")]  # type: ignore[attr-defined]
        return form

    def find_serial(self, serial: str) -> Component | None:
        return component_by_serial(self.customer, serial)

    def near_serial(self, serial: str) -> list[Component]:
        return near_components(self.customer, serial)

    def chosen(self, form: forms.Form, typed: dict[str, str]) -> dict[str, str]:
        """What is kept of the first step: the component that a serial named, instead of the serial."""
        named = form.cleaned_data.get("component") if form.is_valid() else None
        return typed if named is None else {**typed, "component": str(named.pk), "serial": ""}

    @cached_property
    def outlook(self) -> Outlook:
        """What would be decided about cover if this were sent now."""
        return outlook(self.customer.pk, self.component, self.now)

    def _site_choices(self) -> list[Choice]:
        known: list[Choice] = [
            (str(site.pk), Labelled(site.name, " ".join(site.address.split())) if site.address else site.name)
            for site in self.sites
        ]
        # With a component, the ticket falls back to the component's own site.
        return [*known, (UNKNOWN, "I do not know" if self.component else "Somewhere else, or I do not know")]

    def _initial(self, step: str) -> dict[str, str]:
        kept = dict(self.answers)
        if step == "site" and "site" not in kept and self.component is not None:
            return {**site_answers(self.component.site), **kept}
        if step == "problem":
            kept.setdefault("service_kind", self.usual_kind)
        return kept

    @property
    def usual_kind(self) -> str:
        kind = self.component.product.kind if self.component is not None else ""
        return KIND_OF_PRODUCT.get(kind, ServiceKind.PROBLEM)

    # steps

    @cached_property
    def valid(self) -> dict[str, forms.Form]:
        """The forms of the steps whose kept answers would be accepted now."""
        return {step: form for step, form in self._checked() if form.is_valid()}

    def _checked(self) -> Iterator[tuple[str, forms.Form]]:
        find: dict[str, Any] = {"choices": []}
        serials: dict[str, Any] = {"find_serial": self.find_serial, "near": lambda serial: []}
        yield "component", shapes.ComponentForm(self.answers, find=self._known(self.component), **find, **serials)
        yield "site", shapes.SiteForm(self.answers, find=self._known(self.site), **find)
        yield "impact", shapes.ImpactForm(self.answers)
        yield "problem", shapes.ProblemForm(self.answers)

    @staticmethod
    def _known(row: Any) -> Any:
        def find(key: UUID) -> Any:
            if row is None:
                raise NotFound
            return row

        return find

    def first_open(self, before: str = "check") -> str | None:
        """The first step before this one that still waits for an answer."""
        for step in ASKED:
            if step == before:
                return None
            if step not in self.valid:
                return step
        return None

    def url(self, step: str) -> str:
        return reverse(f"portal:step_{step}", args=[self.draft.pk])

    def after(self, step: str, *, to_check: bool) -> str:
        """Where Continue leads: the next step, or back to the check page, which sends on to what is still open."""
        if to_check:
            return self.url("check")
        return self.url([*ASKED, "check"][ASKED.index(step) + 1])

    def steps(self, current: str) -> dict[str, Any]:
        """For components/steps.html. At the desk the customer was chosen first."""
        asked = [*ASKED, "check"]
        shown = [
            {
                "label": LABELS[name],
                "url": self.url(name) if self.first_open(name) is None else "",
                "done": name in self.valid,
            }
            for name in asked
        ]
        first = [] if self.actor.party == "customer" else [{"label": "Customer", "done": True}]
        return {"steps": first + shown, "number": asked.index(current) + 1 + len(first)}

    @property
    def component_url(self) -> str:
        return self.url("component")

    def back(self, step: str) -> str:
        asked = [*ASKED, "check"]
        at = asked.index(step)
        return self.url(asked[at - 1]) if at else reverse("portal:new")

    # what it becomes

    def impact(self) -> Any:
        form = self.valid.get("impact")
        return form.impact() if isinstance(form, shapes.ImpactForm) else None

    def report(self, severity_doubt: str) -> Report:
        """Only when no step is open."""
        where, problem = self.valid["site"].cleaned_data, self.valid["problem"].cleaned_data
        site: Site | None = where["site"]
        known = site_answers(site) if site is not None else {}
        return Report(
            subject=" ".join(problem["subject"].split()),
            description=self._description(problem["description"]),
            impact=self.impact(),
            service_kind=problem["service_kind"],
            component=self.valid["component"].cleaned_data["component"],
            site=site,
            error_code=problem["error_code"],
            site_contact=where["site_contact"] or known.get("site_contact", ""),
            access_hours=where["access_hours"] or known.get("access_hours", ""),
            severity_doubt=severity_doubt,
        )

    def _description(self, text: str) -> str:
        """With the serial that we do not know: whoever takes the ticket finds out what it belongs to."""
        serial = self.answers.get("serial", "")
        return f"{text}\n\nSerial on the label, as it was typed: {serial}" if serial else text


def sent_as(actor: Actor, draft_id: UUID) -> str:
    """Where the ticket is that this draft became; empty when it was never sent. Kept for a day."""
    done = DoneDeed.objects.filter(organisation_id=actor.organisation_id, door=actor.door, key=deed_key(draft_id))
    reply = done.values_list("reply", flat=True).first() or {}
    return str(reply.get("location", ""))


def deed_key(draft_id: UUID) -> str:
    """A draft is sent once, from however many windows."""
    return f"draft:{draft_id}"


def site_answers(site: Site) -> dict[str, str]:
    """What is known of a site, as the answers a reporter would give."""
    contact = ", ".join(part for part in (site.contact_name, site.contact_phone) if part)
    return {"site": str(site.pk), "site_contact": contact[:160], "access_hours": site.access_hours[:160]}
