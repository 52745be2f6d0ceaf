"""Severity by agreement: one party proposes, the others agree or object, the last agreement takes effect (docs/severity.md).

A proposal changes nothing until then. Under the ticket's lock, so that two answers at once are one after the other.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction

from rozoom_support.lib.refusals import NotFound, Refused, Stale
from sla.clock import TARGETS
from tenancy.actor import Actor, NotAllowed
from tenancy.models import Kind, Organisation
from tickets.lifecycle import UNSOLVED
from tickets.models import SeverityAnswer, SeverityProposal, SeverityState, Ticket
from tickets.services._common import lock, record, save, tell
from tickets.services.promising import cancel_proposal, change_severity, start_proposal, stop_proposal

EXPIRES_AFTER = timedelta(hours=24)
CUSTOMER, RESELLER, OPERATOR = "customer", "reseller", "operator"
State = SeverityProposal.State
LONGEST_REASON = 1000


class CannotPropose(Refused):
    code = "cannot_propose"


class CannotAnswer(Refused):
    code = "cannot_answer"


def parties(ticket: Ticket) -> tuple[str, ...]:
    """Whose agreement it takes: the customer, its reseller where there is one, and roZoom."""
    has_reseller = Organisation.objects.filter(pk=ticket.reseller_id, kind=Kind.RESELLER).exists()
    return (CUSTOMER, RESELLER, OPERATOR) if has_reseller else (CUSTOMER, OPERATOR)


@transaction.atomic
def propose_severity(
    *, actor: Actor, ticket: Ticket, to: int, reason: str, now: datetime, version: int | None = None
) -> SeverityProposal:
    """Ask for another severity, or for agreement to the provisional one. Who proposes has agreed.

    A proposal that waits is replaced. Where a reseller consents to raises beforehand, its answer is given at once; where
    nobody is left to ask, the severity changes at once. roZoom answers within the target of the proposed severity.
    """
    actor.require("severity:propose")
    ticket = lock(ticket, version=version)
    _refuse_ended(ticket)
    reason = _reason(reason, "Say why, so that the others can agree.")
    if to not in TARGETS:
        raise CannotPropose("Choose severity 1, 2 or 3.", param="to")
    if to == ticket.severity and ticket.severity_state == SeverityState.AGREED:
        raise CannotPropose(f"Severity {to} is agreed already. Choose another one.", param="to")
    asked = parties(ticket)
    _refuse_stranger(actor, asked)
    waiting = _open(ticket)
    if waiting is not None and not _expire_if_due(actor, ticket, waiting, now):
        if waiting.to_severity == to and waiting.by_party == actor.party:
            raise CannotPropose(f"You proposed severity {to} already. The others have not answered yet.", param="to")
        _end(actor, ticket, waiting, State.REPLACED, now, why="a newer proposal replaced it")
    proposal = SeverityProposal.objects.create(
        ticket=ticket,
        customer_id=ticket.customer_id,
        reseller_id=ticket.reseller_id,
        number=SeverityProposal.objects.filter(ticket=ticket).count() + 1,
        from_severity=ticket.severity,
        to_severity=to,
        reason=reason,
        by_party=actor.party,
        by_name=actor.name,
        by_organisation=actor.organisation_name,
        by_person_id=actor.person_id,
        proposed_at=now,
        expires_at=now + EXPIRES_AFTER,
    )
    _say(actor, proposal, agrees=True, reason="", now=now)
    if RESELLER in asked and actor.party != RESELLER and to < ticket.severity and _consents(ticket):
        _say_beforehand(ticket, proposal, now)
    if actor.party != OPERATOR:
        start_proposal(ticket, to, now)
    record(actor, ticket, "severity.proposed", now, number=proposal.number, was=ticket.severity, to=to, why=reason)
    if not _take_effect_if_agreed(actor, ticket, proposal, asked, now):
        save(ticket, now)
        tell("severity.proposed", actor, ticket, now, number=proposal.number)
    return proposal


@transaction.atomic
def answer_severity(
    *,
    actor: Actor,
    ticket: Ticket,
    number: int,
    agrees: bool,
    now: datetime,
    reason: str = "",
    version: int | None = None,
) -> SeverityProposal:
    """Agree, or object with a reason. The last agreement changes severity and promise in this transaction; an objection
    ends the proposal and changes nothing. `version` is the proposal's: Stale when it is not what the caller saw."""
    actor.require("severity:propose")
    ticket = lock(ticket)
    if actor.party == OPERATOR:
        actor.require("ticket:answer")  # it keeps a promise of roZoom's, which a program does not by itself
    proposal = _waiting(ticket, number, now, version)
    asked = parties(ticket)
    _refuse_stranger(actor, asked)
    if proposal.answers.filter(party=actor.party).exists():
        raise CannotAnswer("Your side has answered already. To change it, propose another severity.")
    if not agrees:
        reason = _reason(reason, "Say why you do not agree.")
    _say(actor, proposal, agrees=agrees, reason=reason if not agrees else "", now=now)
    if actor.party == OPERATOR:
        stop_proposal(ticket)
    proposal.version += 1
    proposal.save(update_fields=["version"])
    verb = "severity.agreed_by" if agrees else "severity.objected"
    if not agrees:  # before the event, which tells what became of the proposal's clock
        _end(actor, ticket, proposal, State.OBJECTED, now, why=f"{actor.name} does not agree")
    record(actor, ticket, verb, now, number=proposal.number, to=proposal.to_severity, party=actor.party, why=reason)
    if not agrees:
        save(ticket, now)
        tell("severity.objected", actor, ticket, now, number=proposal.number)
    elif not _take_effect_if_agreed(actor, ticket, proposal, asked, now):
        save(ticket, now)
        tell("severity.answered", actor, ticket, now, number=proposal.number)
    return proposal


@transaction.atomic
def withdraw_proposal(
    *, actor: Actor, ticket: Ticket, number: int, now: datetime, version: int | None = None
) -> SeverityProposal:
    """Whoever proposed takes it back; the severity stays."""
    actor.require("severity:propose")
    ticket = lock(ticket)
    proposal = _waiting(ticket, number, now, version)
    if actor.party != proposal.by_party:
        raise NotAllowed(f"Only {proposal.by_name}'s side can take this back. You can agree or not.")
    _end(actor, ticket, proposal, State.WITHDRAWN, now, why=f"{actor.name} took it back")
    save(ticket, now)
    tell("severity.withdrawn", actor, ticket, now, number=proposal.number)
    return proposal


def end_open_proposal(actor: Actor, ticket: Ticket, now: datetime) -> None:
    """The ticket ends, and with it what was still to be agreed. The caller holds the ticket's lock."""
    waiting = _open(ticket)
    if waiting is not None and not _expire_if_due(actor, ticket, waiting, now):
        _end(actor, ticket, waiting, State.ENDED, now, why="the ticket ended")


@transaction.atomic
def expire_proposal(*, actor: Actor, ticket: Ticket, now: datetime) -> SeverityProposal | None:
    """24 hours of silence: nothing changes. None when nothing waits any more, or not that long."""
    ticket = lock(ticket)
    waiting = _open(ticket)
    if waiting is None or not _expire_if_due(actor, ticket, waiting, now):
        return None
    save(ticket, now)
    tell("severity.expired", actor, ticket, now, number=waiting.number)
    return waiting


def _expire_if_due(actor: Actor, ticket: Ticket, waiting: SeverityProposal, now: datetime) -> bool:
    """It ended when its time was over, whoever comes first to write that down: the job, or the next deed."""
    if waiting.expires_at > now:
        return False
    _end(actor, ticket, waiting, State.EXPIRED, waiting.expires_at, why="nobody answered within 24 hours")
    return True


def _open(ticket: Ticket) -> SeverityProposal | None:
    return SeverityProposal.objects.filter(ticket=ticket, state=State.OPEN).first()


def _waiting(ticket: Ticket, number: int, now: datetime, version: int | None) -> SeverityProposal:
    """The proposal of that number, if it still can be answered. What is over says how it ended."""
    proposal = SeverityProposal.objects.filter(ticket=ticket, number=number).first()
    if proposal is None:
        raise NotFound
    if version is not None and version != proposal.version:
        raise Stale("This proposal changed meanwhile. Read it again, then answer.")
    if proposal.state != State.OPEN:
        how = proposal.get_state_display().lower()
        raise CannotAnswer(f"This proposal is over: {how}. The severity is {ticket.severity}.")
    if proposal.expires_at <= now:
        raise CannotAnswer(f"This proposal expired without an answer. The severity stays {ticket.severity}.")
    _refuse_ended(ticket)
    return proposal


def _refuse_ended(ticket: Ticket) -> None:
    if ticket.state not in UNSOLVED:
        raise CannotPropose(f"This ticket is {ticket.get_state_display().lower()}. Its severity changes no more.")


def _refuse_stranger(actor: Actor, asked: Iterable[str]) -> None:
    if actor.party not in asked:
        raise NotAllowed("Severity is agreed between the customer, its reseller and roZoom.")


def _reason(text: str, missing: str) -> str:
    text = text.strip()
    if not text:
        raise CannotPropose(missing, param="reason")
    if len(text) > LONGEST_REASON:
        raise CannotPropose(f"Say it in at most {LONGEST_REASON} characters.", param="reason")
    return text


def _say(actor: Actor, proposal: SeverityProposal, *, agrees: bool, reason: str, now: datetime) -> None:
    SeverityAnswer.objects.create(
        proposal=proposal,
        customer_id=proposal.customer_id,
        reseller_id=proposal.reseller_id,
        party=actor.party,
        agrees=agrees,
        reason=reason,
        by_name=actor.name,
        by_organisation=actor.organisation_name,
        by_person_id=actor.person_id,
        given_at=now,
    )


def _consents(ticket: Ticket) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT app.consents_to_raises(%s)", [ticket.reseller_id])
        return bool(cursor.fetchone()[0])


def _say_beforehand(ticket: Ticket, proposal: SeverityProposal, now: datetime) -> None:
    name = Organisation.objects.values_list("name", flat=True).get(pk=ticket.reseller_id)
    SeverityAnswer.objects.create(
        proposal=proposal,
        customer_id=proposal.customer_id,
        reseller_id=proposal.reseller_id,
        party=RESELLER,
        agrees=True,
        is_standing=True,
        by_name=name,
        by_organisation=name,
        given_at=now,
    )


def _take_effect_if_agreed(
    actor: Actor, ticket: Ticket, proposal: SeverityProposal, asked: Iterable[str], now: datetime
) -> bool:
    """Severity, promise and proposal change together, once: when no party is left to ask."""
    agreed = set(proposal.answers.filter(agrees=True).values_list("party", flat=True))
    if set(asked) - agreed:
        return False
    was, to = ticket.severity, proposal.to_severity
    fields = {"severity", "severity_state"}
    ticket.severity, ticket.severity_state = to, SeverityState.AGREED
    if was != to and ticket.clock_due_at is not None:
        fields |= change_severity(ticket, was, to, now)
    _end(actor, ticket, proposal, State.AGREED, now, why="all agreed")
    save(ticket, now, *sorted(fields))
    record(actor, ticket, "severity.agreed", now, number=proposal.number, was=was, to=to, due_at=ticket.clock_due_at)
    tell("severity.agreed", actor, ticket, now, number=proposal.number, was=was, to=to)
    return True


def _end(actor: Actor, ticket: Ticket, proposal: SeverityProposal, state: str, at: datetime, *, why: str) -> None:
    proposal.state, proposal.ended_at = state, at
    proposal.version += 1
    proposal.save(update_fields=["state", "ended_at", "version"])
    # What roZoom has not answered by now it need not answer any more; where it has, no clock runs.
    cancel_proposal(ticket, why, at)
    if state not in (State.AGREED, State.OBJECTED):
        record(actor, ticket, f"severity.{state.lower()}", at, number=proposal.number, to=proposal.to_severity, why=why)
