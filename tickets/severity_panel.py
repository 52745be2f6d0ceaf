"""P5: where the agreement about a severity stands, as one reader sees it. Plain values: templates draw them and never query.

Pages and programs read the same: an overdue proposal is over, whether or not the job has written it down yet.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse

from rozoom_support.lib.ui.times import absolute, clock_time, zone_named
from sla.clock import due_after_change
from sla.models import ClockSegment
from sla.queries import segments_of
from tenancy.actor import Actor
from tenancy.models import AuditEvent
from tickets.models import SeverityAnswer, SeverityProposal, SeverityState, Ticket
from tickets.portal.shown import by_words
from tickets.services.agreeing import CUSTOMER, OPERATOR, RESELLER
from tickets.shown import OPERATOR_NAME, partner_of

State = SeverityProposal.State
PARTY_WORDS = {CUSTOMER: "Customer", RESELLER: "Reseller", OPERATOR: OPERATOR_NAME}
ANSWER_OF = {"FIRST": "first answer", "NEXT": "next answer"}


@dataclass(frozen=True)
class Effect:
    """What agreeing would do to the promise that runs."""

    due_at: datetime
    instead_of: datetime
    kind: str

    @property
    def is_longer(self) -> bool:
        return self.due_at > self.instead_of


@dataclass(frozen=True)
class Row:
    """One party's word. `look` is agreed, waiting or objected."""

    party: str
    name: str
    look: str
    words: str


@dataclass(frozen=True)
class Ended:
    to: int
    by: str
    reason: str
    words: str
    at: datetime


@dataclass(frozen=True)
class Waiting:
    """The proposal that waits for answers."""

    number: int
    version: int
    to: int
    is_same: bool
    by: str
    at: str
    reason: str
    rows: Sequence[Row]
    awaited: Sequence[str]
    effect: Effect | None
    effect_words: str
    expires: str


@dataclass(frozen=True)
class Panel:
    url: str
    severity: int
    standing: str
    proposal: Waiting | None
    ended: Sequence[Ended]
    has_reseller: bool
    may_propose: bool
    may_answer: bool
    may_withdraw: bool


def proposals_of(ticket: Ticket) -> list[SeverityProposal]:
    """Oldest first, each with its answers."""
    found = SeverityProposal.objects.filter(customer_id=ticket.customer_id, ticket=ticket)
    return list(found.prefetch_related("answers").order_by("number"))


def parties_of(ticket: Ticket) -> tuple[str, ...]:
    """As services.agreeing.parties says it, from what was read with the ticket."""
    return (CUSTOMER, RESELLER, OPERATOR) if partner_of(ticket.reseller) else (CUSTOMER, OPERATOR)


def state_now(proposal: SeverityProposal, now: datetime) -> tuple[str, datetime | None]:
    """Its state and when it ended."""
    if proposal.state == State.OPEN and proposal.expires_at <= now:
        return str(State.EXPIRED), proposal.expires_at
    return str(proposal.state), proposal.ended_at


def answers_of(proposal: SeverityProposal) -> list[SeverityAnswer]:
    return sorted(proposal.answers.all(), key=lambda one: (one.given_at, one.pk))


def awaited(proposal: SeverityProposal, parties: Iterable[str]) -> list[str]:
    said = {one.party for one in proposal.answers.all()}
    return [party for party in parties if party not in said]


def running(segments: Iterable[ClockSegment]) -> ClockSegment | None:
    """The clock of the ticket's own promise."""
    return next((one for one in segments if one.stopped_at is None and str(one.kind) != "PROPOSAL"), None)


def effect_of(proposal: SeverityProposal, segment: ClockSegment | None, now: datetime) -> Effect | None:
    """If all agreed now. None when no promise runs."""
    if segment is None:
        return None
    due = due_after_change(
        old_severity=segment.severity,
        new_severity=proposal.to_severity,
        old_due_at=segment.due_at,
        counted_from=segment.counted_from,
        now=now,
    )
    return Effect(due, segment.due_at, str(segment.kind))


def panel_of(
    actor: Actor,
    ticket: Ticket,
    *,
    zone: str,
    now: datetime,
    segments: Sequence[ClockSegment] | None = None,
    events: Iterable[AuditEvent] | None = None,
) -> Panel:
    """`segments` and `events` of the ticket when the caller has read them already: where nobody proposed, nothing is asked."""
    spoken = events is None or any(event.verb == "severity.proposed" for event in events)
    proposals, parties = proposals_of(ticket) if spoken else [], parties_of(ticket)
    names = {CUSTOMER: ticket.customer.name, RESELLER: ticket.reseller.name, OPERATOR: OPERATOR_NAME}
    waits = next((one for one in proposals if state_now(one, now)[0] == State.OPEN), None)
    speaks = actor.can("severity:propose") and actor.party in parties and ticket.is_open
    shown = None
    if waits is not None:
        clocks = segments_of(ticket.customer_id, ticket.pk) if segments is None else segments
        shown = _waiting(waits, effect_of(waits, running(clocks), now), parties, names, zone, now)
    return Panel(
        url=reverse("severity:panel", args=[ticket.reference]),
        severity=ticket.severity,
        standing=_standing(ticket, proposals, zone, now),
        proposal=shown,
        ended=[_ended(one, now) for one in reversed(proposals) if one is not waits],
        has_reseller=RESELLER in parties,
        may_propose=speaks,
        may_answer=speaks and waits is not None and actor.party in awaited(waits, parties),
        may_withdraw=speaks and waits is not None and actor.party == waits.by_party,
    )


def _standing(ticket: Ticket, proposals: Sequence[SeverityProposal], zone: str, now: datetime) -> str:
    if ticket.severity_state == SeverityState.PROVISIONAL:
        return f"Provisional since the report, {moment(ticket.reported_at, zone, now)}. It counts until all agree."
    agreed = [one for one in proposals if one.state == State.AGREED and one.ended_at is not None]
    since = agreed[-1].ended_at if agreed else None
    return f"Agreed by all, {moment(since, zone, now)}." if since else "Agreed by all."


def _waiting(
    proposal: SeverityProposal,
    effect: Effect | None,
    parties: Iterable[str],
    names: dict[str, str],
    zone: str,
    now: datetime,
) -> Waiting:
    said = {one.party: one for one in proposal.answers.all()}
    return Waiting(
        number=proposal.number,
        version=proposal.version,
        to=proposal.to_severity,
        is_same=proposal.to_severity == proposal.from_severity,
        by=proposer(proposal),
        at=moment(proposal.proposed_at, zone, now),
        reason=proposal.reason,
        rows=[_row(party, names[party], said.get(party), zone, now) for party in parties],
        awaited=[names[party] for party in awaited(proposal, parties)],
        effect=effect,
        effect_words=effect_words(proposal, effect, zone, now),
        expires=by_words(proposal.expires_at, zone, now),
    )


def _row(party: str, name: str, answer: SeverityAnswer | None, zone: str, now: datetime) -> Row:
    label = PARTY_WORDS[party] if party == OPERATOR else f"{PARTY_WORDS[party]}, {name}"
    if answer is None:
        return Row(party, label, "waiting", "Waiting")
    if answer.is_standing:
        return Row(party, label, "agreed", "Agrees to every raise (standing consent)")
    who = f"{answer.by_name}, {moment(answer.given_at, zone, now)}"
    if answer.agrees:
        return Row(party, label, "agreed", f"Agreed, {who}")
    return Row(party, label, "objected", f"Does not agree: {answer.reason} ({who})")


def _ended(proposal: SeverityProposal, now: datetime) -> Ended:
    state, at = state_now(proposal, now)
    words = f"{State(state).label}."
    if no := next((one for one in answers_of(proposal) if not one.agrees), None):
        words = f"{no.by_name} did not agree: “{no.reason}”"
    return Ended(proposal.to_severity, proposer(proposal), proposal.reason, words, at or proposal.expires_at)


def proposer(proposal: SeverityProposal) -> str:
    if not proposal.by_organisation or proposal.by_organisation == proposal.by_name:
        return proposal.by_name
    return f"{proposal.by_name}, {proposal.by_organisation}"


def effect_words(proposal: SeverityProposal, effect: Effect | None, zone: str, now: datetime) -> str:
    """What would change for the promise, and what stays until then."""
    stays = f"Until then severity {proposal.from_severity} stays."
    if effect is None:
        return f"No promise runs now, so no answer time changes. {stays}"
    old, what = by_words(effect.instead_of, zone, now), ANSWER_OF.get(effect.kind, "answer")
    if effect.instead_of < now:
        late = f"The {what} was due by {old}. That it is late stays on record, whatever is agreed."
        return f"If all agree, it is due by {by_words(effect.due_at, zone, now)}. {late}" if effect.is_longer else late
    if proposal.to_severity == proposal.from_severity:
        return f"If all agree, nothing changes for the promise: the {what} stays due by {old}."
    if effect.due_at == effect.instead_of:
        return f"If all agree, the {what} stays due by {old}."
    condition = "If all agree now" if proposal.to_severity < proposal.from_severity else "If all agree"
    new = by_words(effect.due_at, zone, now)
    return f"{condition}, the {what} is due by {new} instead of {old}. Until then the promise stays {old}."


def confirm_words(actor: Actor, effect: Effect, zone: str, now: datetime) -> str:
    """Said before a party agrees to wait longer."""
    whose = "Your" if actor.party == CUSTOMER else "The"
    new, old = by_words(effect.due_at, zone, now), by_words(effect.instead_of, zone, now)
    return f"{whose} {ANSWER_OF.get(effect.kind, 'answer')} may then come at {new} instead of {old}."


def moment(instant: datetime, zone: str, now: datetime) -> str:
    """today 13:20, yesterday 13:20, else in full."""
    day, today = (one.astimezone(zone_named(zone)).date() for one in (instant, now))
    for word, then in (("today", today), ("yesterday", today - timedelta(days=1))):
        if day == then:
            return f"{word} {clock_time(instant, zone)}"
    return absolute(instant, zone)
