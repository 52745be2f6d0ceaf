"""Which tickets a program asks for: the filters it may use, and the orders it may read them in."""

from typing import Any

from django.db.models import Q, QuerySet, Subquery
from rest_framework.request import Request

from tenancy.actor import Actor
from tenancy.api.filters import choices, ids, instant, one, read_parameters, texts
from tenancy.api.pagination import Order
from tenancy.api.schema import CURSOR, query
from tenancy.models import Membership
from tickets.lifecycle import State, Turn
from tickets.models import ServiceKind, Ticket, TicketQuerySet
from tickets.queries import matching, visible_tickets


def _key_of(reference: str) -> Subquery:
    """A cursor names a ticket by its reference: the key counts the tickets of all tenants."""
    return Subquery(Ticket.objects.filter(reference=reference).values("pk")[:1])


def _order(name: str, column: str, **more: Any) -> Order:
    return Order(name, column, mark=lambda row: (getattr(row, column), row.reference), key=_key_of, **more)


NEWEST_FIRST = _order("-reported_at", "reported_at", descending=True)
ORDERS = {
    order.name: order
    for order in (
        _order("reported_at", "reported_at"),
        NEWEST_FIRST,
        _order("response_due_at", "response_due_at", nulls_last=True),
    )
}


def _ordering(name: str, values: list[str]) -> Any:
    chosen = choices(ORDERS)(name, values[-1:])
    return chosen[0] if isinstance(chosen, list) else chosen


READERS = {
    "state": choices(State.values),
    "severity": choices([1, 2, 3]),
    "customer": texts,
    "component": ids,
    "site": ids,
    "assignee": one,
    "turn": choices(Turn.values),
    "service_kind": choices(ServiceKind.values),
    "reported_after": instant,
    "reported_before": instant,
    "updated_after": instant,
    "external_reference": one,
    "q": one,
    "ordering": _ordering,
}
LOOKUPS = {
    "state": "state__in",
    "severity": "severity__in",
    "component": "component_id__in",
    "site": "site_id__in",
    "turn": "turn__in",
    "service_kind": "service_kind__in",
    "reported_after": "reported_at__gte",
    "reported_before": "reported_at__lt",
    "updated_after": "updated_at__gte",
    "external_reference": "external_reference",
}


def asked_for(request: Request, actor: Actor) -> tuple[TicketQuerySet, Order]:
    """The tickets and the order this request asks for. Raises Mistakes with everything that is wrong with it."""
    given = read_parameters(request, **READERS)
    tickets = visible_tickets(actor).filter(**{LOOKUPS[name]: given[name] for name in given if name in LOOKUPS})
    if "customer" in given:
        tickets = tickets.filter(customer__code__in=[code.upper() for code in given["customer"]])
    if "assignee" in given:
        tickets = tickets.filter(_assigned_to(actor, given["assignee"]))
    if "q" in given:
        tickets = matching(tickets, given["q"])
    return tickets, ORDERS[given["ordering"]] if "ordering" in given else NEWEST_FIRST


def _assigned_to(actor: Actor, who: str) -> Q:
    """A token is nobody's, so "me" means the people of its organisation. An address nobody has here matches nothing."""
    if who.lower() == "none":
        return Q(assignee__isnull=True)
    if who.lower() == "me":
        return Q(assignee_party=actor.party, assignee__isnull=False)
    people: QuerySet = Membership.objects.filter(person_email__iexact=who)
    return Q(assignee_id__in=people.values("person_id"))


def _several(kind: str, values: Any = None) -> dict[str, Any]:
    items = {"type": kind, **({"enum": list(values)} if values else {})}
    return {"type": "array", "items": items}


PARAMETERS = (
    query("state", "Repeat it, or use commas, for several. Upper or lower case.", _several("string", State.values)),
    query("severity", "1, 2 or 3; several as with `state`.", _several("integer", [1, 2, 3])),
    query("customer", "Codes of customers.", _several("string")),
    query("component", "Ids of components.", {"type": "array", "items": {"type": "string", "format": "uuid"}}),
    query("site", "Ids of sites.", {"type": "array", "items": {"type": "string", "format": "uuid"}}),
    query("assignee", "`me` (people of the token's organisation), `none`, or the e-mail address of a person."),
    query("turn", "Who has to act.", _several("string", Turn.values)),
    query("service_kind", "Kinds of service.", _several("string", ServiceKind.values)),
    query("reported_after", "Reported at this instant or later.", {"type": "string", "format": "date-time"}),
    query("reported_before", "Reported before this instant.", {"type": "string", "format": "date-time"}),
    query("updated_after", "Changed at this instant or later.", {"type": "string", "format": "date-time"}),
    query("external_reference", "Your own number, exactly."),
    query(
        "q",
        "Words anywhere in the ticket or its messages, a reference, or a serial.",
        {"type": "string", "maxLength": 200},
    ),
    query(
        "ordering", "Newest first when left out.", {"type": "string", "enum": list(ORDERS), "default": "-reported_at"}
    ),
    *CURSOR,
)
