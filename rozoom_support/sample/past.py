"""A story as the past it is: the ticket as it stands today, with the clocks of that time (tickets/history/recording.py)."""

from datetime import datetime
from typing import Any

from rozoom_support.sample.story import Give, Move, Say, Story
from rozoom_support.sample.world import World
from sla.history import PastSegment, past_promise
from tenancy.actor import Actor
from tickets.history.recording import PastEvent, PastMessage, record_past_ticket
from tickets.lifecycle import State, Turn
from tickets.models import MessageKind, SeverityState, Ticket
from tickets.services.conversation import speaks_for_customer
from tickets.severity import propose


def tell_past(story: Story, world: World, now: datetime) -> Ticket:
    past = Past(story, world, now)
    for step in story.steps:
        past.play(step)
    return past.record()


class Past:
    """Plays the steps of one story onto a ticket that is not written yet, by the moves of lifecycle.py."""

    def __init__(self, story: Story, world: World, now: datetime) -> None:
        self.story, self.world, self.now = story, world, now
        self.ticket = _reported(story, world, now)
        self.messages: list[PastMessage] = []
        self.promises: list[list[PastSegment]] = []
        self.waits_since: datetime | None = self.ticket.reported_at
        self.events = [PastEvent(self.ticket.reported_at, world.actor(story.by), "ticket.filed", self._filed())]

    def _filed(self) -> dict[str, Any]:
        ticket = self.ticket
        return {"severity": ticket.severity, "because": ticket.severity_because, "channel": ticket.channel}

    def play(self, step: Say | Give | Move) -> None:
        actor, at = self.world.actor(step.who), self.now - step.ago
        match step:
            case Say():
                self._say(step, actor, at)
            case Give():
                self._give(actor, self.world.actor(step.to), at)
            case Move():
                self._move(actor, step.name, at, step.details)
        self.ticket.updated_at = at

    def _say(self, step: Say, actor: Actor, at: datetime) -> None:
        kind = MessageKind(step.kind)
        files = [make(at) for make in step.files]
        self.messages.append(PastMessage(at, actor, step.text, kind, files=files, then=step.then))
        self.ticket.last_message_at = at
        if kind != MessageKind.PUBLIC:
            return
        if actor.is_operator:
            self._answered(at)
        elif speaks_for_customer(self.ticket, actor):
            self.ticket.last_customer_message_at = at
            self.waits_since = self.waits_since or at
        self._turn_after(actor)
        if step.then == "wait":
            self.ticket.wait()
            self.ticket.turn = Turn.CUSTOMER
        elif step.then == "resolve":
            self.ticket.resolve()
            self.ticket.resolved_at = at

    def _turn_after(self, actor: Actor) -> None:
        ticket = self.ticket
        if ticket.state == State.NEW and not speaks_for_customer(ticket, actor):
            ticket.begin()
        if ticket.state == State.WAITING and ticket.turn == actor.party:
            ticket.resume()
        if ticket.state == State.OPEN:
            ticket.turn = Turn.ROZOOM

    def _answered(self, at: datetime) -> None:
        if self.waits_since is not None:
            self.promises.append(self._promise(answered_at=at))
            self.waits_since = None

    def _promise(self, answered_at: datetime | None) -> list[PastSegment]:
        assert self.waits_since is not None
        return past_promise(
            counted_from=self.waits_since,
            severity=self.ticket.severity,
            answered_at=answered_at,
            now=self.now,
            kind="NEXT" if self.promises else "FIRST",
            reason="",
        )

    def _give(self, actor: Actor, to: Actor, at: datetime) -> None:
        ticket, was = self.ticket, self.ticket.assignee_name
        ticket.assignee_id, ticket.assignee_name, ticket.assignee_party = to.person_id, to.name, to.party
        ticket.assigned_at = at
        if ticket.state == State.NEW:
            ticket.begin()
        self.events.append(PastEvent(at, actor, "ticket.assigned", {"was": was, "to": to.name}))

    def _move(self, actor: Actor, name: str, at: datetime, details: dict[str, Any]) -> None:
        ticket, was = self.ticket, self.ticket.state
        getattr(ticket, name)()
        ticket.turn = details.get("turn", Turn.ROZOOM)
        if name == "close":
            ticket.closed_at = at
        self.events.append(PastEvent(at, actor, f"ticket.{name}", {"was": was, "to": ticket.state, **details}))

    def record(self) -> Ticket:
        if self.waits_since is not None:
            self.promises.append(self._promise(answered_at=None))
        files = [make(self.ticket.reported_at) for make in self.story.files]
        return record_past_ticket(
            self.ticket, promises=self.promises, events=self.events, messages=self.messages, files=files
        )


def _reported(story: Story, world: World, now: datetime) -> Ticket:
    actor, at, proposal = world.actor(story.by), now - story.ago, propose(story.impact)
    part = world.components.get(story.part)
    return Ticket(
        customer=world.organisations[story.customer or actor.organisation_code],
        subject=story.subject,
        description=story.text,
        error_code=story.error_code,
        service_kind=story.service_kind,
        channel=story.channel,
        impact=story.impact.as_dict(),
        severity=proposal.severity,
        severity_because=proposal.because,
        severity_state=SeverityState.PROVISIONAL,
        component=part,
        site=part.site if part else world.sites.get(story.place),
        team=world.teams.get(story.team),
        reporter_id=actor.person_id,
        reporter_name=actor.name,
        reporter_email=actor.email,
        reporter_party=actor.party,
        tags=list(story.tags),
        reported_at=at,
        last_customer_message_at=at,
        last_message_at=at,
        updated_at=at,
    )
