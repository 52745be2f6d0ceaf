"""From bodies to deeds: what a report, a correction, a move or an assignment names is looked up here, and every mistake in
it is reported together with the others."""

from collections.abc import Mapping
from typing import Any

from contracts import queries as installed
from rozoom_support.lib.refusals import NotFound
from tenancy.actor import Actor
from tenancy.api.inputs import read_body, valid_body
from tenancy.api.problems import FieldError, Mistakes, mistake
from tenancy.models import ApiToken, Kind, Membership, Organisation
from tickets import queries
from tickets.api.shapes import AssignmentBody, TicketBody, TicketChange, TransitionBody
from tickets.models import Ticket
from tickets.services import Report
from tickets.severity import Impact

UNKNOWN_CUSTOMER = "We do not know this customer. Give the code of one of your customers, such as ACME."
UNKNOWN_COMPONENT = "We do not know this component of the customer. GET /api/v1/components/ lists them."
UNKNOWN_SITE = "We do not know this site of the customer. GET /api/v1/sites/ lists them."
UNKNOWN_PERSON = "We do not know this person. Give the e-mail address of somebody who can take this ticket."
UNKNOWN_TICKET = "We do not know this ticket. Give the reference of an open ticket of the same customer."
# What each move needs beside its name: field, and whether it can be left out.
DETAILS = {
    "wait": ("turn", True),
    "resolve": ("resolution", False),
    "withdraw": ("reason", True),
    "merge": ("into", True),
}


def read_report(token: ApiToken, actor: Actor, data: Any) -> tuple[Organisation, Report]:
    """The customer and the report in this body. Raises Mistakes with all that is wrong."""
    values, wrong = read_body(TicketBody, data)
    named = {error.param for error in wrong}
    customer: Organisation | None = None
    if "customer" not in named and isinstance(data, Mapping):
        customer, error = _customer(token, actor, values.get("customer"))
        wrong += [error] if error else []
    parts, unknown = _parts(customer, values)
    wrong += unknown
    if wrong or customer is None:
        raise Mistakes(wrong)
    plain = {name: values[name] for name in values if name not in {"customer", "impact", "component", "site"}}
    return customer, Report(**plain, **parts, impact=_impact(values["impact"]))


def _impact(answers: Mapping[str, str]) -> Impact:
    return Impact(**{**answers, "mission_critical": answers["mission_critical"] == "yes"})  # type: ignore[arg-type]


def _customer(token: ApiToken, actor: Actor, code: str | None) -> tuple[Organisation | None, FieldError | None]:
    own = token.organisation
    if own.kind == Kind.CUSTOMER:
        is_own = code is None or code.upper() == own.code
        return (own, None) if is_own else (None, FieldError("customer", "unknown_customer", UNKNOWN_CUSTOMER))
    if code is None:
        return None, FieldError("customer", "required", "customer is missing. Say for which customer you report.")
    found = Organisation.objects.filter(kind=Kind.CUSTOMER, code__iexact=code, is_active=True)
    if actor.party == "reseller":
        found = found.filter(reseller_id=actor.organisation_id)
    customer = found.first()
    return customer, None if customer else FieldError("customer", "unknown_customer", UNKNOWN_CUSTOMER)


def _parts(customer: Organisation | None, values: Mapping[str, Any]) -> tuple[dict[str, Any], list[FieldError]]:
    """Component and site by their ids. One of another customer answers as an unknown one does."""
    parts: dict[str, Any] = {}
    wrong: list[FieldError] = []
    if customer is None:
        return parts, wrong
    if values.get("component"):
        parts["component"] = installed.component_of(customer.pk, values["component"])
        if parts["component"] is None:
            wrong.append(FieldError("component", "unknown_component", UNKNOWN_COMPONENT))
    if values.get("site"):
        parts["site"] = installed.site_of(customer.pk, values["site"])
        if parts["site"] is None:
            wrong.append(FieldError("site", "unknown_site", UNKNOWN_SITE))
    return parts, wrong


def read_change(ticket: Ticket, data: Any) -> dict[str, Any]:
    """What change_details() is to be called with."""
    values, wrong = read_body(TicketChange, data)
    parts, unknown = _parts(ticket.customer, values)
    if wrong or unknown:
        raise Mistakes([*wrong, *unknown])
    if not values:
        raise mistake("", "required", "Nothing to change. Give subject, component, site or external_reference.")
    emptied = tuple(name for name in ("component", "site") if name in values and values[name] is None)
    plain: dict[str, Any] = {name: values[name] for name in ("subject", "external_reference") if name in values}
    return {**plain, **parts, "emptied": emptied}


def read_move(data: Any) -> tuple[str, dict[str, Any]]:
    """The move's name and what it needs. Raises Mistakes for details that belong to another move."""
    values = valid_body(TransitionBody, data)
    action = values.pop("action")
    field, needed = DETAILS.get(action, ("", False))
    wrong = [
        FieldError(name, "not_for_this_action", f"{name} does not belong to {action}. Leave it out.")
        for name in values
        if name != field
    ]
    if needed and field not in values:
        wrong.append(FieldError(field, "required", f"{field} is missing. The action {action} needs it."))
    if wrong:
        raise Mistakes(wrong)
    return action, values


def read_survivor(actor: Actor, reference: str) -> Ticket:
    try:
        return queries.ticket_for(actor, reference)
    except NotFound:
        raise mistake("into", "unknown_ticket", UNKNOWN_TICKET) from None


def read_assignee(ticket: Ticket, data: Any) -> Membership | None:
    email = valid_body(AssignmentBody, data)["assignee"]
    if email is None:
        return None
    for membership in queries.assignable(ticket):
        if membership.person_email.lower() == email.lower():
            return membership
    raise mistake("assignee", "unknown_assignee", UNKNOWN_PERSON)
