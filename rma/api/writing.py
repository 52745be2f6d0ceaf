"""From bodies to deeds: what a body names is looked up here, and every mistake in it is reported together with the others."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from contracts import queries as installed
from contracts.models import Product
from rma.actions import Field
from rma.actions import fields as kinds
from rma.api.bodies import CarrierEventsBody, ReturnBody
from rma.models import Pool, PoolUnit
from rma.services import Report, Wish
from rozoom_support.lib.refusals import NotFound
from tenancy.actor import Actor
from tenancy.api.inputs import read_body, valid_body
from tenancy.api.problems import FieldError, Mistakes
from tenancy.api.times import read_instant
from tenancy.models import Kind, Organisation
from tickets.api.writing import UNKNOWN_COMPONENT, UNKNOWN_SITE
from tickets.models import Ticket
from tickets.queries import reference_in, ticket_for

UNKNOWN: dict[str, tuple[str, str]] = {
    kinds.COMPONENT: ("unknown_component", UNKNOWN_COMPONENT),
    kinds.SITE: ("unknown_site", UNKNOWN_SITE),
    kinds.SUPPLIER: ("unknown_supplier", "We do not know this supplier. Give its code, such as FORGE."),
    kinds.POOL: ("unknown_pool", "We do not know this pool. Give its code."),
    kinds.UNIT: ("unknown_unit", "We do not know this unit. GET /api/v1/pool-units/ lists them."),
}
UNKNOWN_TICKET = "We do not know this ticket. Give the reference of a ticket of yours."
UNKNOWN_PRODUCT = "We do not know this product. Give its SKU."


def read_wish(actor: Actor, data: Any) -> tuple[Ticket, Wish]:
    """The ticket and what is asked for. Raises Mistakes with all that is wrong."""
    values, wrong = read_body(ReturnBody, data)
    ticket = None
    if "ticket" in values:
        ticket = _ticket(actor, values.pop("ticket"))
        wrong += [] if ticket else [FieldError("ticket", "unknown_ticket", UNKNOWN_TICKET)]
    if ticket is not None:
        for name, kind in (("component", kinds.COMPONENT), ("ship_to", kinds.SITE)):
            if name in values:
                values[name] = _look_up(kind, values[name], ticket.customer_id)
                wrong += [] if values[name] else [FieldError(name, *UNKNOWN[kind])]
    if wrong or ticket is None:
        raise Mistakes(wrong)
    return ticket, replace(Wish(), **values)


def _ticket(actor: Actor, text: str) -> Ticket | None:
    try:
        return ticket_for(actor, reference_in(text) or "-")
    except NotFound:
        return None


def read_values(
    fields: Iterable[Field], action: str, given: Mapping[str, Any], customer_id: int | None
) -> dict[str, Any]:
    """What the deed is called with, by the names of its fields. Raises Mistakes for what is missing, foreign or unknown."""
    known = {field.name: field for field in fields}
    wrong = [
        FieldError(name, "not_for_this_action", f"{name} does not belong to {action}. Leave it out.")
        for name in given
        if name not in known
    ]
    values: dict[str, Any] = {}
    for name, field in known.items():
        value = given.get(name)
        if value in (None, "", [], False):
            if field.is_needed:
                wrong.append(FieldError(name, "required", f"{name} is missing. {field.missing}"))
            continue
        if field.kind in kinds.OBJECTS:
            value = _look_up(field.kind, value, customer_id)
            if value is None:
                wrong.append(FieldError(name, *UNKNOWN[field.kind]))
        values[name] = value
    if wrong:
        raise Mistakes(wrong)
    return values


def _look_up(kind: str, given: Any, customer_id: int | None) -> Any:
    """One of another customer answers as an unknown one does."""
    if kind == kinds.COMPONENT:
        return installed.component_of(customer_id, given) if customer_id else None
    if kind == kinds.SITE:
        return installed.site_of(customer_id, given) if customer_id else None
    if kind == kinds.SUPPLIER:
        return Organisation.objects.filter(kind=Kind.SUPPLIER, code__iexact=given, is_active=True).first()
    if kind == kinds.POOL:
        return Pool.objects.select_related("warehouse__calendar").filter(code__iexact=given, is_active=True).first()
    return PoolUnit.objects.filter(pk=given).first()


def read_unit(values: Mapping[str, Any]) -> tuple[Pool, Product]:
    pool = _look_up(kinds.POOL, values["pool"], None)
    product = Product.objects.filter(sku__iexact=values["product"]).first()
    wrong = [] if pool else [FieldError("pool", *UNKNOWN[kinds.POOL])]
    wrong += [] if product else [FieldError("product", "unknown_product", UNKNOWN_PRODUCT)]
    if pool is None or product is None:
        raise Mistakes(wrong)
    return pool, product


def read_events(data: Any) -> list[Report]:
    """In the order given."""
    events = valid_body(CarrierEventsBody, data)["events"]
    reports, wrong = [], []
    for place, one in enumerate(events):
        at = read_instant(f"events.{place}.at", one["at"])
        if isinstance(at, FieldError):
            wrong.append(at)
            continue
        reports.append(
            Report(
                carrier=one["carrier"],
                tracking_number=one["tracking_number"],
                code=one["code"],
                at=at,
                place=one.get("place", ""),
                text=one.get("text", ""),
                id=one.get("event_id", ""),
            )
        )
    if wrong:
        raise Mistakes(wrong)
    return reports
