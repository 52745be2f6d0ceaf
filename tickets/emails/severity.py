"""Who is told about a proposed severity, and how it ended (docs/severity.md). Run by the outbox as the worker.

Asked are the parties that are awaited, told are those that spoke. An answer that leaves others to be asked makes a notice
and no mail: those who are awaited were mailed the proposal.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Case, CharField, Exists, OuterRef, Subquery, Value, When

from notifications.handlers import Said, guards, handles
from notifications.models import Event
from notifications.notices import settles
from notifications.readers import Reader, without
from sla.models import ClockSegment
from tenancy.context import database_now
from tickets.emails import agreeing_words as words
from tickets.emails import recipients
from tickets.emails.handlers import by_person, ticket_of
from tickets.emails.letters import told
from tickets.models import SeverityAnswer, SeverityProposal, Ticket
from tickets.services.agreeing import parties

State = SeverityProposal.State


@guards("proposal")
def still_open(proposal_id: int) -> str:
    proposal = SeverityProposal.objects.filter(pk=proposal_id).only("state").first()
    over = proposal is not None and proposal.state != State.OPEN
    return f"the proposal is over: {proposal.get_state_display().lower()}" if proposal and over else ""


@settles("proposal")
def what_became_of_it() -> Any:
    """Over, or answered by the reader's own side."""
    proposal = SeverityProposal.objects.filter(customer_id=OuterRef("customer_id"), pk=OuterRef("hinges_on_id"))
    said = SeverityAnswer.objects.filter(
        customer_id=OuterRef("customer_id"), proposal_id=OuterRef("hinges_on_id"), party=OuterRef("party")
    )
    over = Subquery(
        proposal.values(
            words=Case(
                When(state=State.AGREED, then=Value("All agreed meanwhile")),
                When(state=State.OPEN, then=Value("")),
                default=Value("The proposal ended meanwhile"),
            )
        ),
        output_field=CharField(),
    )
    return Case(When(Exists(said), then=Value("Answered meanwhile")), default=over, output_field=CharField())


@handles("severity.proposed", "severity.answered")
def asked(event: Event) -> Iterator[Said]:
    ticket = ticket_of(event)
    proposal = _proposal(event, ticket) if ticket is not None else None
    if ticket is None or proposal is None or proposal.state != State.OPEN:
        return  # it ended meanwhile, and the event of that end is told
    answers = _answers(proposal)
    sides = parties(ticket)
    awaited = [party for party in sides if party not in {answer.party for answer in answers}]
    is_new = event.topic == "severity.proposed"
    segment, now = _running(ticket), database_now()
    asked_people = without([one for party in awaited for one in recipients.voices(ticket, party)], by_person(event))
    for reader in asked_people:
        letter = words.proposed(ticket, proposal, sides, segment, reader, now) if is_new else None
        yield told(
            words.asked_line(proposal, event.payload, is_new=is_new),
            letter=letter,
            reader=reader,
            ticket=ticket,
            key="proposal",
            hinges_on={"proposal": proposal.pk},
        )
    if not is_new:
        know = {(one.person_id, one.organisation_id) for one in asked_people}
        for reader in without(_who_spoke(ticket, answers), by_person(event)):
            if (reader.person_id, reader.organisation_id) not in know:
                line = words.answered_line(proposal, event.payload, awaited, ticket)
                yield told(line, reader=reader, ticket=ticket)


@handles("severity.agreed", "severity.objected", "severity.withdrawn", "severity.expired")
def ended(event: Event) -> Iterator[Said]:
    ticket = ticket_of(event)
    proposal = _proposal(event, ticket) if ticket is not None else None
    if ticket is None or proposal is None:
        return
    answers = _answers(proposal)
    people = _who_spoke(ticket, answers)
    if proposal.state == State.AGREED:  # the promise may be another one now: also for who only reads it, or works on it
        people += [*recipients.customer_voice(ticket), *recipients.assignee(ticket)]
    no = next((answer for answer in answers if not answer.agrees), None)
    now = database_now()
    for reader in without(people, by_person(event)):
        letter = words.ended(ticket, proposal, no, event.payload, reader, now)
        yield told(words.ended_line(proposal, no), letter=letter, reader=reader, ticket=ticket, key="proposal-ended")


def _who_spoke(ticket: Ticket, answers: Iterable[SeverityAnswer]) -> list[Reader]:
    return [one for said in answers for one in recipients.spoke(ticket, said.party, said.by_person_id)]


def _proposal(event: Event, ticket: Ticket) -> SeverityProposal | None:
    wanted = SeverityProposal.objects.filter(ticket=ticket, customer_id=ticket.customer_id)
    return wanted.filter(number=event.payload.get("number")).first()


def _answers(proposal: SeverityProposal) -> list[SeverityAnswer]:
    return list(
        SeverityAnswer.objects.filter(proposal=proposal, customer_id=proposal.customer_id).order_by("given_at", "pk")
    )


def _running(ticket: Ticket) -> ClockSegment | None:
    """The clock of the ticket's own promise."""
    own = ClockSegment.objects.filter(customer_id=ticket.customer_id, ticket_id=ticket.pk, stopped_at__isnull=True)
    return own.exclude(kind=ClockSegment.Kind.PROPOSAL).first()
