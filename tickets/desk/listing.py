"""A page of the queue: which tickets stand on it, how many there are, and what is said when there are none."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from django.conf import settings
from django.db.models.functions import Left

from tenancy.actor import Actor
from tenancy.models import Kind, Membership, Organisation
from tickets import queries
from tickets.desk.filters import COUNTED, VIEWS, Asked, in_order, narrowed, view_tickets
from tickets.lifecycle import UNSOLVED
from tickets.models import Ticket, TicketQuerySet

TOLD = 160  # characters of the last message, about one line
PEOPLE_CAP = 200
CUSTOMERS_LISTED = 50


@dataclass(frozen=True)
class Listing:
    """`total` and `counts` are capped: one more than queries.COUNT_CAP means "more than that"."""

    actor: Actor
    asked: Asked
    tickets: list[Ticket]
    has_next: bool
    total: int
    counts: dict[str, int]

    @property
    def is_many(self) -> bool:
        return self.total > queries.COUNT_CAP

    @property
    def last_page(self) -> int:
        return max(1, -(-self.total // page_size()))

    @property
    def page_words(self) -> str:
        of = "many" if self.is_many else f"{self.last_page}"
        return f"page {self.asked.page} of {of}"

    @property
    def total_words(self) -> str:
        return f"{count_words(self.total)} ticket{'' if self.total == 1 else 's'}"

    @property
    def shown(self) -> str:
        """What stands on the page, in order, as the poll sends it back: "ACME-42.3 ACME-9.1"."""
        return shown_words(self.actor, self.tickets)

    @property
    def stamp(self) -> str:
        """The same stamp means that nothing a reader of this page sees has changed."""
        seen = [self.shown, str(self.has_next), str(sorted(self.counts.items()))]
        return blake2b("|".join(seen).encode(), digest_size=8).hexdigest()


def shown_words(actor: Actor, tickets: list[Ticket]) -> str:
    return " ".join(f"{ticket.reference}.{queries.revision(actor, ticket)}" for ticket in tickets)


def severity_1(tickets: list[Ticket]) -> list[str]:
    return [ticket.reference for ticket in tickets if ticket.severity == 1]


def count_words(count: int) -> str:
    return f"{queries.COUNT_CAP:,}+" if count > queries.COUNT_CAP else f"{count:,}"


def page_size() -> int:
    return settings.LIMITS["page_size"]


def for_rows(tickets: TicketQuerySet) -> TicketQuerySet:
    """What a row shows and nothing more."""
    return tickets.defer("search", "description", "resolution", "impact", "severity_doubt").annotate(
        opening=Left("description", TOLD)
    )


def one_page(actor: Actor, tickets: TicketQuerySet, asked: Asked) -> tuple[list[Ticket], bool]:
    """The rows of a page, and whether there is another page: one row more is read than shown.

    The keys come first, from one index in the order of the list; only then what a row shows is joined to them. In one
    step the planner weighs the joins against the order, and a reseller's page sorts every ticket it has.
    """
    start, size = (asked.page - 1) * page_size(), page_size()
    keys = in_order(tickets, asked).values("pk")[start : start + size + 1]
    found = list(in_order(for_rows(queries.visible_tickets(actor).filter(pk__in=keys)), asked))
    return found[:size], len(found) > size


def listing(actor: Actor, asked: Asked, now: datetime) -> Listing:
    tickets = narrowed(actor, asked, now)
    found, has_next = one_page(actor, tickets, asked)
    sets = {name: view_tickets(actor, name, now) for name in COUNTED}
    counts = queries.capped_counts({**sets, "list": tickets})
    return Listing(
        actor=actor,
        asked=asked,
        tickets=found,
        has_next=has_next,
        total=counts.pop("list"),
        counts=counts,
    )


def next_due(actor: Actor) -> Ticket | None:
    """The open ticket with the least time left, whoever has it."""
    due = queries.visible_tickets(actor).open().filter(clock_due_at__isnull=False)
    return for_rows(due).by_time_left().first()


def beside(actor: Actor, asked: Asked, now: datetime) -> list[Ticket]:
    """The page of the list a ticket was opened from, as it stands now."""
    return one_page(actor, narrowed(actor, asked, now), asked)[0]


def people_to_choose(actor: Actor) -> list[Membership]:
    """Owners the reader may filter by: the colleagues of its own organisation."""
    return list(
        Membership.objects.filter(organisation_id=actor.organisation_id, is_active=True).order_by("person_name", "pk")[
            :PEOPLE_CAP
        ]
    )


def customers_to_choose(actor: Actor) -> list[tuple[str, str]]:
    """Codes and names to pick from while they are few; with more the reader types a part of the name."""
    found = list(
        Organisation.objects.filter(kind=Kind.CUSTOMER)
        .order_by("name")
        .values_list("code", "name")[: CUSTOMERS_LISTED + 1]
    )
    return found if len(found) <= CUSTOMERS_LISTED else []


def title(asked: Asked) -> str:
    """The name of the view, unless the state asked for contradicts it."""
    if asked.state and asked.view in ("open", "ended") and (asked.state in UNSOLVED) != (asked.view == "open"):
        return "Tickets"
    return VIEWS[asked.view].title
