"""Whether a ticket is covered, and with that whether an answer is promised (docs/coverage.md "A problem nobody covers").

What holds is the last decision kept with the ticket; the ticket carries a copy of it, written in the same transaction.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from contracts.models import EligibilityDecision
from contracts.services import CannotDecide, Judgement, decide_otherwise, judge_support, keep_decision
from contracts.services.decisions import COVERED, decisions_on
from tenancy.actor import Actor
from tickets.lifecycle import UNSOLVED
from tickets.models import Message, MessageKind, Ticket
from tickets.services._common import lock, record, save, tell
from tickets.services.promising import cancel, start_first, start_next

SUBJECT = EligibilityDecision.Subject.TICKET
COPIED = ["covered", "coverage"]


@transaction.atomic
def grant_promise(*, actor: Actor, ticket: Ticket, reason: str, now: datetime, version: int | None = None) -> Ticket:
    """Promise an answer to a ticket that nobody covers. The clock starts now. Raises CannotDecide."""
    actor.require("ticket:grant-promise")
    ticket = _undecided(ticket, version)
    if ticket.covered:
        raise CannotDecide("An answer is promised on this ticket already.")
    latest = _latest(actor, ticket, now)
    if latest.is_overridden and not actor.can("coverage:override"):
        words = f"{latest.decided_by_name} decided that this is not covered. A duty manager can decide otherwise."
        raise CannotDecide(words)
    return _decide(actor, ticket, latest, True, reason, now, "ticket.granted")


@transaction.atomic
def override_coverage(
    *, actor: Actor, ticket: Ticket, reason: str, now: datetime, version: int | None = None
) -> Ticket:
    """A manager decides that a covered ticket is not. The running promise is CANCELLED with the reason, or stays MISSED where it
    was late already. `grant_promise` is the way back. Raises CannotDecide."""
    actor.require("coverage:override")
    ticket = _undecided(ticket, version)
    if not ticket.covered:
        raise CannotDecide("This ticket is not covered as it stands.")
    return _decide(actor, ticket, _latest(actor, ticket, now), False, reason, now, "ticket.refused")


def _undecided(ticket: Ticket, version: int | None) -> Ticket:
    ticket = lock(ticket, version=version)
    if ticket.state not in UNSOLVED:
        raise CannotDecide("This ticket has ended. Open it again first.")
    return ticket


def _decide(
    actor: Actor, ticket: Ticket, latest: EligibilityDecision, covered: bool, reason: str, now: datetime, verb: str
) -> Ticket:
    decision = decide_otherwise(actor=actor, latest=latest, covered=covered, reason=reason, at=now)
    copy_decision(ticket, decision)
    reason = decision.override_reason
    clock = promise_again(ticket, now) if covered else cancel(ticket, f"not covered: {reason}"[:300], now)
    save(ticket, now, *COPIED, *clock)
    record(actor, ticket, verb, now, covered=covered, rule=decision.rule, reason=reason, due_at=ticket.clock_due_at)
    tell("ticket.coverage", actor, ticket, now, covered=covered)
    return ticket


def promise_again(ticket: Ticket, now: datetime) -> list[str]:
    """After it became covered: the first answer, or the next one when the customer wrote since the last. Returns the columns
    that changed. An answer that was late once is not promised as a first one again."""
    if ticket.clock_due_at is not None:
        return []
    answers = Message.objects.filter(
        ticket=ticket, kind=MessageKind.PUBLIC, author_party="operator", author__isnull=False
    )
    answered_at: datetime | None = answers.aggregate(latest=Max("created_at"))["latest"]
    if answered_at is None and ticket.response_outcome in ("", "CANCELLED"):
        return start_first(ticket, now)
    if answered_at is None or answered_at < ticket.last_customer_message_at:
        return start_next(ticket, now)
    return []


# What the rules say ----------------------------------------------------------------------------------------------------


def keep(actor: Actor, ticket: Ticket, judgement: Judgement, at: datetime) -> EligibilityDecision:
    return keep_decision(
        actor=actor,
        judgement=judgement,
        customer_id=ticket.customer_id,
        reseller_id=ticket.reseller_id,
        subject=SUBJECT,
        subject_id=str(ticket.pk),
        at=at,
    )


def decisions_of(ticket: Ticket) -> list[EligibilityDecision]:
    """Oldest first; the last one holds."""
    return decisions_on(ticket.customer_id, SUBJECT, str(ticket.pk))


def decide_again(actor: Actor, ticket: Ticket, now: datetime) -> list[str]:
    """The component is another one: what was covered at the report counts. Returns the columns that changed.

    What a person of roZoom decided holds for the ticket, whatever the component; so does a ticket from before.
    """
    known = decisions_of(ticket)
    if not known or known[-1].is_overridden:
        return []
    judgement = judge_support(
        customer_id=ticket.customer_id, component=ticket.component, reported_at=ticket.reported_at
    )
    was = ticket.covered
    copy_judgement(ticket, judgement)
    keep(actor, ticket, judgement, max(now, known[-1].at + timedelta(microseconds=1)))
    if was == ticket.covered:
        return COPIED
    clock = promise_again(ticket, now) if ticket.covered else cancel(ticket, "the component is not covered", now)
    return COPIED + clock


def cover_by_merge(actor: Actor, ticket: Ticket, into: Ticket, now: datetime) -> list[str]:
    """The same problem was reported as a covered one, so the ticket that goes on is covered too. A manager's word stays."""
    if into.covered or not ticket.covered:
        return []
    latest = _latest(actor, into, now)
    if latest.is_overridden:
        return []
    reason = f"{ticket.reference} was merged into it, and that one is covered"
    copy_decision(into, decide_otherwise(actor=actor, latest=latest, covered=True, reason=reason, at=now))
    return COPIED


def _latest(actor: Actor, ticket: Ticket, now: datetime) -> EligibilityDecision:
    """What holds now. A ticket from before decisions were kept gets what the rules say of its report."""
    known = decisions_of(ticket)
    if known:
        return known[-1]
    judgement = judge_support(
        customer_id=ticket.customer_id, component=ticket.component, reported_at=ticket.reported_at
    )
    return keep(actor, ticket, judgement, now)


def copy_judgement(ticket: Ticket, judgement: Judgement) -> None:
    coverage = judgement.coverage
    ticket.covered = coverage.is_covered
    ticket.coverage = {
        "rule": coverage.rule,
        "rule_outcome": judgement.outcome,
        "reasons": list(coverage.reasons),
        "would_change": list(coverage.would_change),
        "override": "",
    }


def copy_decision(ticket: Ticket, decision: EligibilityDecision) -> None:
    ticket.covered = decision.outcome == COVERED
    ticket.coverage = {
        "rule": decision.rule,
        "rule_outcome": decision.rule_outcome,
        "reasons": decision.reasons,
        "would_change": decision.would_change,
        "override": decision.override_reason,
    }
