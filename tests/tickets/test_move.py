"""Moves, taking, assigning and merging: the rule, the refusal, the race."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from rozoom_support.lib.refusals import Stale
from sla.models import ClockSegment
from tenancy.actor import NotAllowed
from tenancy.context import Context, work_unit
from tenancy.models import AuditEvent, Membership
from tests.together import together
from tests.world import World, message, ticket
from tickets.models import Ticket
from tickets.replaying import replay_all
from tickets.services import CannotAssign, CannotMerge, CannotMove, assign, make_move, merge, take
from tickets.services._common import lock, tell
from tickets.services.promising import cancel

WORKER = Context("worker")


def fresh(filed: Ticket) -> Ticket:
    with work_unit(WORKER):
        return Ticket.objects.get(pk=filed.pk)


def act(world: World, by: str, deed: Callable[..., Any], **kwargs: Any) -> Any:
    actor = world.actor(by)
    with work_unit(actor.context) as unit:
        return deed(actor=actor, now=kwargs.pop("now", unit.now), **kwargs)


def test_withdrawing_cancels_the_promise_with_the_reason(world: World) -> None:
    filed = ticket(world)
    act(world, "ilse", make_move, ticket=filed, move="withdraw", reason="We found the switch.")
    after = fresh(filed)
    assert (after.state, after.response_outcome, after.clock_due_at) == ("WITHDRAWN", "CANCELLED", None)
    assert after.resolution == "We found the switch."
    with work_unit(WORKER):
        assert ClockSegment.objects.get(ticket_id=filed.pk).outcome == "CANCELLED"
        assert AuditEvent.objects.filter(chain=filed.chain, verb="ticket.withdraw").count() == 1


def test_withdrawing_asks_why(world: World) -> None:
    with pytest.raises(CannotMove, match="in a few words why") as refused:
        act(world, "ilse", make_move, ticket=ticket(world), move="withdraw", reason=" ")
    assert refused.value.param == "reason"


def test_waiting_names_whose_turn_it_is_and_pauses_nothing(world: World) -> None:
    filed = ticket(world)
    act(world, "marek", make_move, ticket=filed, move="begin")
    with pytest.raises(CannotMove, match="who has to act"):
        act(world, "marek", make_move, ticket=filed, move="wait", turn="somebody")
    act(world, "marek", make_move, ticket=filed, move="wait", turn="reseller")
    after = fresh(filed)
    assert (after.state, after.turn, after.clock_due_at) == ("WAITING", "reseller", filed.clock_due_at)


def test_a_customer_that_solved_it_ends_the_promise_itself(world: World) -> None:
    filed = ticket(world)
    act(world, "marek", make_move, ticket=filed, move="begin")
    act(world, "ilse", make_move, ticket=filed, move="resolve", resolution="Loose plug.")
    assert (fresh(filed).state, fresh(filed).response_outcome) == ("RESOLVED", "CANCELLED")
    act(world, "ilse", make_move, ticket=filed, move="close")
    assert fresh(filed).state == "CLOSED"


def solved(world: World, by: str = "ilse") -> Ticket:
    """Answered and resolved: no clock runs."""
    filed = ticket(world, by)
    message(world, filed, "marek")
    act(world, "marek", make_move, ticket=filed, move="resolve")
    return filed


def test_a_customer_that_opens_it_again_has_a_promise_again(world: World) -> None:
    filed = solved(world)
    act(world, "ilse", make_move, ticket=filed, move="reopen")
    with work_unit(WORKER):
        clock = ClockSegment.objects.filter(ticket_id=filed.pk).latest("id")
    assert (clock.kind, clock.outcome, clock.due_at - clock.counted_from) == ("NEXT", "RUNNING", timedelta(hours=4))
    assert (fresh(filed).state, fresh(filed).clock_due_at) == ("OPEN", clock.due_at)


@pytest.mark.parametrize("who", ["marek", "dirk"])
def test_the_desk_that_opens_it_again_promises_nothing_new(world: World, who: str) -> None:
    filed = solved(world)
    act(world, who, make_move, ticket=filed, move="reopen")
    assert (fresh(filed).state, fresh(filed).clock_due_at) == ("OPEN", None)


@pytest.mark.parametrize("move", ["resume", "close", "reopen"])
def test_an_impossible_move_explains_itself(world: World, move: str) -> None:
    with pytest.raises(CannotMove, match="A ticket that is new can not be"):
        act(world, "marek", make_move, ticket=ticket(world), move=move)


def test_an_unknown_move_lists_the_known(world: World) -> None:
    with pytest.raises(CannotMove, match="Known are: begin, wait"):
        act(world, "marek", make_move, ticket=ticket(world), move="explode")


def test_a_stale_version_changes_nothing(world: World) -> None:
    filed = ticket(world)
    act(world, "marek", make_move, ticket=filed, move="begin", version=1)
    with pytest.raises(Stale):
        act(world, "rita", make_move, ticket=filed, move="wait", turn="customer", version=1)
    assert fresh(filed).version == 2


def test_taking_begins_the_work(world: World) -> None:
    filed = ticket(world)
    act(world, "marek", take, ticket=filed, seen_assignee=None)
    after = fresh(filed)
    assert (after.state, after.assignee_name, after.assignee_party) == ("OPEN", "Marek Test", "operator")


def test_the_second_to_take_is_told_who_was_first(world: World) -> None:
    filed = ticket(world)
    act(world, "marek", take, ticket=filed, seen_assignee=None)
    with pytest.raises(CannotAssign, match="Marek Test has this ticket now"):
        act(world, "rita", take, ticket=filed, seen_assignee=None)
    assert fresh(filed).assignee_name == "Marek Test"


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_wins(lasting_world: World) -> None:
    filed, told = ticket(lasting_world), []

    def one(name: str) -> None:
        try:
            act(lasting_world, name, take, ticket=filed, seen_assignee=None)
        except CannotAssign as refused:
            told.append(refused.message)

    together(lambda: one("marek"), lambda: one("rita"))
    owner = fresh(filed).assignee_name
    assert told == [f"{owner} has this ticket now. Nothing was changed."]


def test_a_reseller_assigns_its_own_people_only(world: World) -> None:
    filed = ticket(world)
    act(world, "dora", assign, ticket=filed, to=world.dirk)
    assert fresh(filed).assignee_name == "Dirk Test"
    with pytest.raises(CannotAssign, match="Choose a person"):
        act(world, "marek", assign, ticket=filed, to=world.nils)
    with pytest.raises(NotAllowed):
        act(world, "ilse", assign, ticket=filed, to=world.marek)
    with work_unit(world.actor("dora").context):
        assert set(Membership.objects.values_list("person_name", flat=True)) == {"Dirk Test", "Dora Test"}


def test_merging_keeps_the_earlier_due_time(world: World) -> None:
    with work_unit(WORKER) as unit:
        earlier = unit.now - timedelta(hours=1)
    first = ticket(world, now=earlier)
    second = ticket(world)
    act(world, "marek", merge, ticket=first, into=second)
    gone, stays = fresh(first), fresh(second)
    assert (gone.state, gone.merged_into_id, gone.response_outcome) == ("MERGED", second.pk, "CANCELLED")
    assert stays.clock_due_at == stays.response_due_at == first.response_due_at
    with work_unit(WORKER):
        outcomes = list(
            ClockSegment.objects.filter(ticket_id=second.pk).order_by("id").values_list("outcome", flat=True)
        )
    assert outcomes == ["SUPERSEDED", "RUNNING"]


def test_merging_into_an_answered_ticket_carries_the_promise_over(world: World) -> None:
    first, second = ticket(world), ticket(world)
    message(world, second, "marek")
    act(world, "marek", merge, ticket=first, into=second)
    assert fresh(second).clock_due_at == first.response_due_at


def test_a_chain_of_merges_keeps_the_earliest_promise(world: World) -> None:
    urgent, middle, answered = ticket(world, severity=1), ticket(world, severity=3), ticket(world)
    message(world, answered, "marek")
    act(world, "marek", merge, ticket=urgent, into=middle)
    act(world, "marek", merge, ticket=middle, into=answered)
    assert fresh(answered).clock_due_at == urgent.response_due_at
    with work_unit(WORKER):
        last = ClockSegment.objects.filter(ticket_id=answered.pk).latest("id")
    assert (last.kind, last.due_at, last.outcome) == ("NEXT", urgent.response_due_at, "RUNNING")


def test_merging_changes_no_severity_of_a_promise(world: World) -> None:
    """Nor of one that an earlier merge brought along, whatever the severity of the ticket that goes on with it."""
    with work_unit(WORKER) as unit:
        earlier = unit.now - timedelta(minutes=10)
    oldest, urgent, calm = ticket(world, severity=1, now=earlier), ticket(world, severity=1), ticket(world, severity=3)
    message(world, calm, "marek")
    act(world, "marek", merge, ticket=urgent, into=calm)
    act(world, "marek", merge, ticket=oldest, into=calm)
    with work_unit(WORKER):
        last = ClockSegment.objects.filter(ticket_id=calm.pk).latest("id")
    assert (last.severity, last.due_at, fresh(calm).severity) == (1, oldest.response_due_at, 3)
    assert [difference for one in replay_all() for difference in one.differences] == []


def test_a_first_answer_that_was_late_stays_missed_when_a_merge_hastens_it(world: World) -> None:
    with work_unit(WORKER) as unit:
        now = unit.now
    later, latest = (ticket(world, severity=1, now=now - timedelta(hours=hours)) for hours in (2, 3))
    act(world, "marek", merge, ticket=latest, into=later)
    assert (fresh(later).clock_due_at, fresh(later).response_outcome) == (latest.response_due_at, "MISSED")


def test_a_deed_that_moves_a_clock_and_does_not_say_so_is_not_done(world: World) -> None:
    filed = ticket(world)

    @transaction.atomic
    def forgetful(now: datetime) -> None:
        locked = lock(filed)
        cancel(locked, "nobody knows", now)
        tell("ticket.moved", world.actor("marek"), locked, now)

    with work_unit(WORKER) as unit, pytest.raises(RuntimeError, match="no audit event tells"):
        forgetful(unit.now)
    with work_unit(WORKER):
        assert ClockSegment.objects.get(ticket_id=filed.pk).outcome == "RUNNING"


def test_merging_refuses_what_cannot_be_one_problem(world: World) -> None:
    mine, other = ticket(world), ticket(world, "bob")
    with pytest.raises(CannotMerge, match="same customer"):
        act(world, "marek", merge, ticket=mine, into=other)
    with pytest.raises(CannotMerge, match="into itself"):
        act(world, "marek", merge, ticket=mine, into=mine)
    with pytest.raises(NotAllowed):
        act(world, "dirk", merge, ticket=mine, into=mine)


def test_a_change_that_waited_is_not_older_than_the_one_before(world: World) -> None:
    filed = ticket(world)
    with work_unit(WORKER) as unit:
        asked_at = unit.now - timedelta(seconds=2)
    act(world, "marek", take, ticket=filed)
    before = fresh(filed).updated_at
    act(world, "rita", make_move, ticket=filed, move="wait", turn="supplier", now=asked_at)
    assert fresh(filed).updated_at > before
