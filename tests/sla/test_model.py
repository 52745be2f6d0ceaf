"""Random lives of tickets against a model that knows only the rules: every stretch, due time, outcome and level is equal.

MODEL_EXAMPLES and MODEL_STEPS make it longer (`make model`); a failing life is printed as the steps that lead to it.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from sla.models import ClockSegment, Escalation
from sla.sweeper import sweep_all
from tenancy.actor import Actor
from tenancy.context import Context, work_unit
from tests.sla.promise_model import Promise
from tests.sla.promises import ensure_ladder
from tests.sla.simulated_clock import set_clock, simulated_clock
from tests.world import World, message, ticket
from tickets.models import Ticket
from tickets.services import (
    answer_severity,
    expire_proposal,
    make_move,
    merge,
    propose_severity,
    withdraw_proposal,
)

STAFF = Context("staff")
BEGIN = datetime(2026, 3, 27, 9, tzinfo=UTC)  # two days before clocks change in Berlin
EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "20"))
STEPS = int(os.environ.get("MODEL_STEPS", "40"))
PARTY_OF = {"ilse": "customer", "sol": "customer", "dirk": "reseller", "marek": "operator"}
SECOND, MICROSECOND = timedelta(seconds=1), timedelta(microseconds=1)
WAITS = [
    SECOND,
    17 * SECOND,
    timedelta(minutes=31),
    timedelta(hours=1),
    timedelta(hours=3, minutes=7),
    timedelta(hours=25),
]

picked = strategies.integers(min_value=0, max_value=10**6)
severities = strategies.sampled_from([1, 2, 3])
people = strategies.sampled_from(["customer", "reseller", "operator"])


@pytest.fixture(scope="module")
def _clock_of_the_test(django_db_setup: Any, django_db_blocker: Any) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as monkeypatch, django_db_blocker.unblock():
        with simulated_clock(monkeypatch):
            set_clock(BEGIN)
            yield


@dataclass
class Pair:
    """The same ticket twice: the product's and the model's."""

    real: Ticket
    model: Promise
    by: str

    def who(self, party: str) -> str:
        return {"customer": self.by, "reseller": "dirk", "operator": "marek"}[party]


class KilledHalfway(Exception):
    """Stands for a worker that dies before it commits."""


class Lives(RuleBasedStateMachine):
    world: World
    now = BEGIN  # goes on from life to life: a clock never runs back

    def __init__(self) -> None:
        super().__init__()
        self.pairs: list[Pair] = []
        self.killed = False
        self.pass_time(SECOND)

    def pass_time(self, span: timedelta) -> None:
        type(self).now += span
        set_clock(self.now)

    def pick(self, number: int) -> Pair:
        return self.pairs[number % len(self.pairs)]

    def deed(self, pair: Pair, party: str, real: Callable[[Actor, Ticket, datetime], object]) -> bool:
        """Do it in a transaction of its own; every fifth is killed before it commits, and must leave nothing."""
        self.pass_time(MICROSECOND)
        actor = self.world.actor(pair.who(party))
        try:
            with work_unit(actor.context) as unit:
                assert unit.now == self.now
                real(actor, pair.real, unit.now)
                if self.killed:
                    raise KilledHalfway
        except KilledHalfway:
            return False
        return True

    @rule(killed=strategies.sampled_from([True, False, False, False, False]))
    def chance(self, killed: bool) -> None:
        self.killed = killed

    @rule(wait=strategies.sampled_from(WAITS))
    def wait(self, wait: timedelta) -> None:
        self.pass_time(wait)

    @precondition(lambda self: any(pair.model.own for pair in self.pairs))
    @rule(number=picked, after=strategies.sampled_from([-MICROSECOND, timedelta(), MICROSECOND]))
    def wait_until_due(self, number: int, after: timedelta) -> None:
        """To the very instant, less the microsecond each deed takes."""
        due = [pair.model.own.due_at for pair in self.pairs if pair.model.own]
        self.pass_time(max(due[number % len(due)] - MICROSECOND + after - self.now, timedelta()))

    @rule()
    def sweep(self) -> None:
        self.pass_time(MICROSECOND)
        sweep_all()
        for pair in self.pairs:
            for stretch in pair.model.stretches:
                if stretch.stopped_at is None:
                    stretch.look(self.now)

    @rule(severity=severities, by=strategies.sampled_from(["ilse", "sol"]))
    def file(self, severity: int, by: str) -> None:
        self.pass_time(SECOND)
        real = ticket(self.world, by, severity=severity)
        parties = {"customer", "operator"} | ({"reseller"} if by == "ilse" else set())
        self.pairs.append(Pair(real, Promise(severity, self.now, frozenset(parties)), by))

    @precondition(lambda self: self.pairs)
    @rule(number=picked)
    def reply(self, number: int) -> None:
        pair = self.pick(number)
        self.pass_time(SECOND)
        if pair.model.may_write(self.now) and not self.killed:
            message(self.world, pair.real, "marek")
            pair.model.staff_replies(self.now)

    @precondition(lambda self: self.pairs)
    @rule(number=picked)
    def note(self, number: int) -> None:
        """A note is no answer."""
        self.pass_time(SECOND)
        message(self.world, self.pick(number).real, "marek", kind="partner")

    @precondition(lambda self: self.pairs)
    @rule(number=picked)
    def write(self, number: int) -> None:
        pair = self.pick(number)
        self.pass_time(SECOND)
        if pair.model.may_write(self.now) and not self.killed:
            message(self.world, pair.real, pair.by)
            pair.model.customer_writes(self.now)

    @precondition(lambda self: self.pairs)
    @rule(number=picked, by_customer=strategies.booleans())
    def solve(self, number: int, by_customer: bool) -> None:
        pair = self.pick(number)
        if pair.model.state not in ("OPEN", "WAITING") or (pair.model.own and not by_customer):
            return
        party = "customer" if by_customer else "operator"
        if self.deed(pair, party, lambda who, on, now: make_move(actor=who, ticket=on, move="resolve", now=now)):
            (pair.model.solved_by_customer if by_customer else pair.model.solved_by_staff)(self.now)

    @precondition(lambda self: self.pairs)
    @rule(number=picked)
    def withdraw(self, number: int) -> None:
        pair = self.pick(number)
        if pair.model.is_open and self.deed(
            pair,
            "customer",
            lambda who, on, now: make_move(actor=who, ticket=on, move="withdraw", reason="Gone.", now=now),
        ):
            pair.model.withdrawn(self.now)

    @precondition(lambda self: len(self.pairs) > 1)
    @rule(one=picked, other=picked)
    def merge(self, one: int, other: int) -> None:
        lost, kept = self.pick(one), self.pick(other)
        if lost is kept or lost.by != kept.by or not (lost.model.is_open and kept.model.is_open):
            return
        if self.deed(lost, "operator", lambda who, on, now: merge(actor=who, ticket=on, into=kept.real, now=now)):
            lost.model.merged_into(kept.model, self.now)

    @precondition(lambda self: self.pairs)
    @rule(number=picked, party=people, to=severities)
    def propose(self, number: int, party: str, to: int) -> None:
        pair = self.pick(number)
        if pair.model.may_propose(party, to) and self.deed(
            pair,
            party,
            lambda who, on, now: propose_severity(actor=who, ticket=on, to=to, reason="It is so.", now=now),
        ):
            pair.model.proposed(party, to, self.now)

    def number_of_open(self, pair: Pair) -> int:
        with work_unit(STAFF):
            return pair.real.proposals.get(state="OPEN").number

    @precondition(lambda self: any(pair.model.asked for pair in self.pairs))
    @rule(number=picked, party=people, agrees=strategies.sampled_from([True, True, True, False]))
    def answer(self, number: int, party: str, agrees: bool) -> None:
        pair = self.pick(number)
        if party not in pair.model.parties or not pair.model.may_answer(party, self.now + MICROSECOND):
            return
        which = self.number_of_open(pair)
        if self.deed(
            pair,
            party,
            lambda who, on, now: answer_severity(
                actor=who, ticket=on, number=which, agrees=agrees, reason="" if agrees else "No.", now=now
            ),
        ):
            pair.model.answered(party, agrees, self.now)

    @precondition(lambda self: any(pair.model.asked for pair in self.pairs))
    @rule(number=picked)
    def take_back(self, number: int) -> None:
        pair = self.pick(number)
        asked = pair.model.asked
        if asked is None or self.now + MICROSECOND >= asked.expires_at:
            return
        which = self.number_of_open(pair)
        if self.deed(
            pair, asked.by, lambda who, on, now: withdraw_proposal(actor=who, ticket=on, number=which, now=now)
        ):
            pair.model.taken_back(self.now)

    @precondition(lambda self: any(pair.model.asked for pair in self.pairs))
    @rule(number=picked)
    def expire(self, number: int) -> None:
        pair = self.pick(number)
        self.pass_time(MICROSECOND)
        with work_unit(Context("worker")) as unit:
            assert unit.now
            done = expire_proposal(actor=Actor.system("severity"), ticket=pair.real, now=unit.now)
        asked = pair.model.asked
        assert (done is not None) == (asked is not None and asked.expires_at <= self.now)
        if done is not None:
            pair.model.expired(self.now)

    @invariant()
    def the_same(self) -> None:
        for pair in self.pairs:
            with work_unit(STAFF):
                segments = list(ClockSegment.objects.filter(ticket_id=pair.real.pk).order_by("id"))
                found = {
                    one.pk: set(Escalation.objects.filter(segment=one).values_list("level", flat=True))
                    for one in segments
                }
                row = Ticket.objects.defer("search").get(pk=pair.real.pk)
            assert [
                (
                    str(one.kind), one.severity, one.counted_from, one.started_at, one.due_at, one.stopped_at,
                    str(one.outcome), frozenset(found[one.pk]),
                )
                for one in segments
            ] == [stretch.as_row() for stretch in pair.model.stretches]  # fmt: skip
            own = pair.model.own
            assert row.clock_due_at == (own.due_at if own else None)
            assert (row.severity, row.state) == (pair.model.severity, pair.model.state)
            if pair.model.first_outcome():
                assert row.response_outcome == pair.model.first_outcome()


@pytest.mark.usefixtures("_clock_of_the_test")
def test_every_life_is_as_the_rules_say(world: World) -> None:
    ensure_ladder()
    Lives.world = world
    run_state_machine_as_test(
        Lives,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
