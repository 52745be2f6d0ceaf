"""Filing a ticket: the number, the provisional severity and the promise are made in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction

from contracts.models import Component, Site
from contracts.services import Judgement, judge_support
from rozoom_support.lib.refusals import Refused
from sla import services as sla
from tenancy.actor import Actor
from tenancy.models import Kind, Organisation
from tickets.files import CheckedFile, attach, claim_draft_files
from tickets.lifecycle import Turn
from tickets.models import Channel, ServiceKind, Ticket, TicketDraft
from tickets.services._common import record, tell
from tickets.services.covering import copy_judgement, keep
from tickets.services.promising import start_first
from tickets.severity import Impact, propose

# The next number of one customer, taken under the counter's row lock: no gaps, no doubles (docs/adr/0007).
NEXT_NUMBER = """
INSERT INTO tickets_ticketcounter AS counter (customer_id, reseller_id, last) VALUES (%s, %s, 1)
ON CONFLICT (customer_id) DO UPDATE SET last = counter.last + 1 RETURNING last"""


class CannotFile(Refused):
    code = "cannot_file"
    status = 422


@dataclass(frozen=True)
class Report:
    """What a reporter tells: checked for shape by forms and serializers before it comes here."""

    subject: str
    description: str
    impact: Impact | None  # None: nobody has asked them yet
    service_kind: str = ServiceKind.PROBLEM
    component: Component | None = None
    site: Site | None = None
    error_code: str = ""
    site_contact: str = ""
    access_hours: str = ""
    severity_doubt: str = ""
    external_reference: str = ""
    tags: list[str] = field(default_factory=list)


@transaction.atomic
def file_ticket(
    *,
    actor: Actor,
    customer: Organisation,
    report: Report,
    channel: Channel,
    now: datetime,
    files: Sequence[CheckedFile] = (),
    draft: TicketDraft | None = None,
) -> Ticket:
    """File a ticket of `customer`, reported at `now`. Its FIRST clock starts at that instant (docs/promise.md), unless
    nobody covers the problem: it is taken all the same, and nothing is promised.

    Raises CannotFile when component or site are not this customer's or the customer's own reference is taken.
    """
    actor.require("ticket:file")
    _refuse_foreign(customer, report)
    proposal = propose(report.impact)
    number = next_number(customer)
    # Under the counter's lock, so that two at once are told apart.
    refuse_taken_reference(customer.pk, report.external_reference)
    ticket = Ticket(
        customer=customer,
        reseller_id=customer.served_by_id,
        number=number,
        reference=f"{customer.code}-{number}",
        subject=report.subject,
        description=report.description,
        error_code=report.error_code,
        service_kind=report.service_kind,
        channel=channel,
        turn=Turn.ROZOOM,
        impact=report.impact.as_dict() if report.impact else None,
        severity=proposal.severity,
        severity_because=proposal.because,
        severity_doubt=report.severity_doubt,
        component=report.component,
        site=report.site or (report.component.site if report.component else None),
        site_contact=report.site_contact,
        access_hours=report.access_hours,
        reporter_id=actor.person_id,
        reporter_name=actor.name,
        reporter_email=actor.email,
        reporter_party=actor.party,
        tags=report.tags,
        external_reference=report.external_reference,
        reported_at=now,
        last_customer_message_at=now,
        last_message_at=now,
        updated_at=now,
    )
    judgement = judge_support(customer_id=customer.pk, component=report.component, reported_at=now)
    _save_and_promise(actor, ticket, judgement, now)
    attach(files, ticket=ticket, author_name=actor.name, now=now)
    if draft is not None:
        claim_draft_files(draft, ticket=ticket)
        draft.delete()
    record(
        actor,
        ticket,
        "ticket.filed",
        now,
        reference=ticket.reference,
        severity=ticket.severity,
        because=ticket.severity_because,
        due_at=ticket.response_due_at,
        covered=ticket.covered,
        rule=judgement.coverage.rule,
        channel=channel,
        clocks=[],  # also where nothing is promised: from here on the events tell of every clock
    )
    tell("ticket.filed", actor, ticket, now)
    return ticket


def _save_and_promise(actor: Actor, ticket: Ticket, judgement: Judgement, now: datetime) -> None:
    """Save the new ticket with what was decided and, where it is covered, its FIRST clock running: all or nothing."""
    if judgement.coverage.is_covered:
        ticket.response_due_at = ticket.clock_due_at = sla.due_at(ticket.severity, now)
        ticket.response_outcome = "RUNNING"
    copy_judgement(ticket, judgement)
    ticket.save(force_insert=True)
    keep(actor, ticket, judgement, now)
    if ticket.covered:
        start_first(ticket, now)


def next_number(customer: Organisation) -> int:
    with connection.cursor() as cursor:
        cursor.execute(NEXT_NUMBER, [customer.pk, customer.reseller_id])
        return cursor.fetchone()[0]


def _refuse_foreign(customer: Organisation, report: Report) -> None:
    if customer.kind != Kind.CUSTOMER:
        raise CannotFile("Choose the customer this ticket is for.", param="customer")
    if report.component is not None and report.component.customer_id != customer.pk:
        raise CannotFile("We do not know this component. Choose one from the list.", param="component")
    if report.site is not None and report.site.customer_id != customer.pk:
        raise CannotFile("We do not know this site. Choose one from the list.", param="site")


def refuse_taken_reference(customer_id: int, external_reference: str) -> None:
    """The reporter's own number names one ticket of the customer; the unique key decides between two at once."""
    if not external_reference:
        return
    same = Ticket.objects.filter(customer_id=customer_id, external_reference=external_reference)
    taken = same.values_list("reference", flat=True).first()
    if taken is not None:
        raise CannotFile(f"{taken} already carries this reference of yours.", param="external_reference")
