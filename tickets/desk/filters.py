"""What a reader of the queue asked for, and the set of tickets that answers it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.http import QueryDict
from django.utils.http import urlencode

from sla.clock import TARGETS
from tenancy.actor import Actor
from tenancy.models import Kind, Organisation
from tickets import queries
from tickets.desk.forms import STATES, QueueForm
from tickets.lifecycle import UNSOLVED, State, Turn
from tickets.models import OPEN_TICKETS, TicketQuerySet

EVERY_STATE = "any"
CUSTOMERS_CAP = 20  # customers whose names match what was typed
PAGE_CAP = 2000  # the last page that can be asked for


@dataclass(frozen=True)
class Asked:
    """The query string of the queue, checked. Unknown values fall away: a bookmark never breaks."""

    view: str = "open"
    q: str = ""
    severity: tuple[str, ...] = ()
    state: str = ""
    turn: str = ""
    customer: str = ""
    owner: str = ""
    page: int = 1

    @classmethod
    def of(cls, data: QueryDict, form: QueueForm) -> "Asked":
        form.is_valid()
        known = {name: form.cleaned_data[name] for name in form.fields if form.cleaned_data.get(name)}
        known["severity"] = tuple(one for one in ("1", "2", "3") if one in data.getlist("severity"))
        view, page = data.get("view", ""), data.get("page", "")
        return cls(
            view=view if view in VIEWS else "open",
            page=min(int(page), PAGE_CAP) if page.isdecimal() and len(page) < 9 and int(page) else 1,
            **known,
        )

    def query(self, **changes: Any) -> str:
        """The query string of this list with some parts changed; defaults are left out. Another filter starts at page 1."""
        asked = replace(self, **({"page": 1} | changes)) if changes else self
        fresh = Asked()
        parts = {name: value for name, value in vars(asked).items() if value != getattr(fresh, name)}
        return urlencode(parts, doseq=True)

    @property
    def is_narrowed(self) -> bool:
        return any((self.q, self.severity, self.state, self.turn, self.customer, self.owner))

    @property
    def shows_ended(self) -> bool:
        if self.state:
            return self.state not in UNSOLVED and self.state != EVERY_STATE
        return self.view == "ended"


def due_soon(now: datetime) -> Q:
    """The clock says "Due soon" from the last quarter of the promise on: 15 min, 1 h and 6 h before it is due."""
    soon = Q()
    for severity, target in TARGETS.items():
        soon |= Q(severity=severity, clock_due_at__lt=now + target / 4)
    return Q(clock_due_at__gte=now, clock_due_at__lt=now + max(TARGETS.values()) / 4) & soon


def mine(actor: Actor) -> Q:
    return Q(assignee_id=actor.person_id)


@dataclass(frozen=True)
class View:
    """A named list. `narrow` says which of the tickets stand in it; all but `ended` hold open tickets only."""

    title: str
    narrow: Callable[[Actor, datetime], Q]
    key: str = ""
    look: str = ""
    counted: bool = True


VIEWS: dict[str, View] = {
    "open": View("All open", lambda actor, now: Q(), counted=False),
    "overdue": View("Overdue", lambda actor, now: Q(clock_due_at__lt=now), key="g o", look="late"),
    "soon": View("Due soon", lambda actor, now: due_soon(now), look="soon"),
    "unassigned": View("Unassigned", lambda actor, now: Q(assignee__isnull=True), key="g u"),
    "mine": View("Mine", lambda actor, now: mine(actor), key="g m"),
    "waiting": View("Waiting", lambda actor, now: Q(state=State.WAITING)),
    "ended": View("Recently ended", lambda actor, now: Q(), counted=False),
}
COUNTED = tuple(name for name, view in VIEWS.items() if view.counted)


def view_tickets(actor: Actor, name: str, now: datetime) -> TicketQuerySet:
    """The tickets of a view before any filter."""
    tickets = queries.visible_tickets(actor)
    return tickets.filter(~OPEN_TICKETS if name == "ended" else OPEN_TICKETS, VIEWS[name].narrow(actor, now))


def narrowed(actor: Actor, asked: Asked, now: datetime) -> TicketQuerySet:
    """Every ticket that answers what was asked, in no order."""
    tickets = queries.visible_tickets(actor).filter(_state(asked), VIEWS[asked.view].narrow(actor, now))
    if asked.severity:
        tickets = tickets.filter(severity__in=asked.severity)
    if asked.turn:
        tickets = tickets.filter(_turn(asked))
    if asked.owner:
        tickets = tickets.filter(_owner(actor, asked.owner))
    if asked.customer:
        tickets = tickets.filter(customer_id__in=customers_named(asked.customer))
    if asked.q:
        tickets = queries.matching(tickets, asked.q)
    return tickets


def _state(asked: Asked) -> Q:
    if asked.state == EVERY_STATE:
        return Q()
    if asked.state:
        openness = OPEN_TICKETS if asked.state in UNSOLVED else ~OPEN_TICKETS
        return openness & Q(state=asked.state)  # both, so that the partial indexes may serve
    return ~OPEN_TICKETS if asked.view == "ended" else OPEN_TICKETS


def _turn(asked: Asked) -> Q:
    """An open ticket is somebody else's turn only while it waits: said too, so that the index by state serves."""
    waits = asked.turn != Turn.ROZOOM and not asked.state and asked.view != "ended"
    return Q(turn=asked.turn, state=State.WAITING) if waits else Q(turn=asked.turn)


def _owner(actor: Actor, owner: str) -> Q:
    fixed = {
        "me": mine(actor),
        "nobody": Q(assignee__isnull=True),
        "rozoom": Q(assignee_party="operator"),
        "resellers": Q(assignee_party="reseller"),
    }
    return fixed[owner] if owner in fixed else Q(assignee_id=int(owner))


def in_order(tickets: TicketQuerySet, asked: Asked) -> TicketQuerySet:
    if asked.shows_ended:
        return tickets.order_by("-updated_at", "-id")
    if asked.state == EVERY_STATE and not asked.q:
        return tickets.order_by("-reported_at", "-id")
    return tickets.by_time_left()


def order_words(asked: Asked) -> str:
    if asked.shows_ended:
        return "latest change first"
    if asked.state == EVERY_STATE and not asked.q:
        return "newest first"
    return "least time left first"


def customers_named(text: str) -> list[int]:
    """Keys of the reader's customers by code, else by a part of the name. A reseller finds its own only."""
    found = list(
        Organisation.objects.filter(Q(code__iexact=text) | Q(name__icontains=text), kind=Kind.CUSTOMER)
        .order_by("name")
        .values_list("pk", "code")[:CUSTOMERS_CAP]
    )
    exact = [pk for pk, code in found if code == text.upper()]
    return exact or [pk for pk, _ in found]


def chips(asked: Asked, form: QueueForm, url: str) -> list[dict[str, str]]:
    """One chip for each filter that is on; its link takes that filter away."""

    def chip(label: str, **without: Any) -> dict[str, str]:
        query = asked.query(**without)
        return {"label": label, "url": f"{url}?{query}" if query else url}

    shown = [chip(f"“{asked.q}”", q="")] if asked.q else []
    for one in asked.severity:
        shown.append(chip(f"Severity {one}", severity=tuple(s for s in asked.severity if s != one)))
    if asked.state:
        shown.append(chip(f"State: {STATES[asked.state]}", state=""))
    if asked.turn:
        shown.append(chip(f"Turn: {Turn(asked.turn).label}", turn=""))
    if asked.customer:
        shown.append(chip(f"Customer: {asked.customer}", customer=""))
    if asked.owner:
        shown.append(chip(f"Owner: {form.owner_words(asked.owner)}", owner=""))
    return shown
