"""Telling the stories: those with a running first promise through the services, the others as the past they are."""

from collections.abc import Callable
from datetime import datetime

from rozoom_support.sample import stories_now, stories_past
from rozoom_support.sample.past import tell_past
from rozoom_support.sample.story import Give, Move, Say, Story
from rozoom_support.sample.world import World
from tenancy.context import work_unit
from tickets.history.importing import WORKER
from tickets.models import MessageKind, Ticket
from tickets.services import Report, add_message, assign, file_ticket, make_move, merge

Telling = Callable[[Story, World, datetime], Ticket]


def tell_all(world: World) -> int:
    """All in one transaction, once. Returns how many tickets were made; 0 when they are here already."""
    with work_unit(WORKER) as unit:
        assert unit.now is not None
        if Ticket.objects.filter(customer__in=world.organisations.values()).exists():
            return 0
        told: list[tuple[Story, Telling]] = [(story, tell_now) for story in stories_now.STORIES]
        told += [(story, tell_past) for story in stories_past.STORIES]
        tickets = {story.subject: tell(story, world, unit.now) for story, tell in _by_age(told)}
        _tell_twin(world, tickets[stories_now.TWIN_OF], unit.now)
        return len(tickets) + 1


def _by_age(told: list[tuple[Story, Telling]]) -> list[tuple[Story, Telling]]:
    """Oldest first: numbers of tickets rise with time."""
    return sorted(told, key=lambda pair: pair[0].ago, reverse=True)


def tell_now(story: Story, world: World, now: datetime) -> Ticket:
    actor = world.actor(story.by)
    reported_at = now - story.ago
    part = world.components.get(story.part)
    customer = world.organisations[story.customer or actor.organisation_code]
    ticket = file_ticket(
        actor=actor,
        customer=customer,
        report=Report(
            subject=story.subject,
            description=story.text,
            impact=story.impact,
            service_kind=story.service_kind,
            component=part,
            site=part.site if part else world.sites.get(story.place),
            error_code=story.error_code,
            severity_doubt=story.doubt,
            tags=list(story.tags),
        ),
        channel=story.channel,
        now=reported_at,
        files=[make(reported_at) for make in story.files],
    )
    if story.team:
        Ticket.objects.filter(pk=ticket.pk).update(team=world.teams[story.team])
    for step in story.steps:
        _do(step, ticket, world, now - step.ago)
    return ticket


def _do(step: Say | Give | Move, ticket: Ticket, world: World, at: datetime) -> None:
    actor = world.actor(step.who)
    match step:
        case Say():
            files = [make(at) for make in step.files]
            kind = MessageKind(step.kind)
            add_message(actor=actor, ticket=ticket, kind=kind, body=step.text, now=at, files=files, then=step.then)
        case Give():
            assign(actor=actor, ticket=ticket, to=world.members[step.to], now=at)
        case Move():
            make_move(actor=actor, ticket=ticket, move=step.name, now=at, **step.details)


def _tell_twin(world: World, first: Ticket, now: datetime) -> None:
    """The same problem reported twice, merged by the desk."""
    second = tell_now(stories_now.TWIN, world, now)
    merge(actor=world.actor("marek"), ticket=second, into=first, now=now - stories_now.TWIN_MERGED_AFTER)
