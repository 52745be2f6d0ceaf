"""Random lives of tickets against a model that knows only the rules: every stretch, due time, outcome and level is equal.

MODEL_EXAMPLES and MODEL_STEPS make it longer, MODEL_SHRINK=1 a failing life shorter; it is printed as the steps that lead there.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.postgres.aggregates import ArrayAgg
from hypothesis import strategies
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from sla.models import ClockSegment
from sla.sweeper import sweep_all
from tenancy.actor import Actor
from tenancy.context import Context, work_unit
from tests.lives import live
from tests.sla.promise_model import Promise
from tests.sla.promises import ensure_ladder
from tests.sla.simulated_clock import set_clock, simulated_clock
from tests.world import World, message, ticket
from tickets.models import Ticket
from tickets.replaying import replay_all
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
    with pytest.MonkeyPatch.context() as monkeypatch, django_db_blocker.unblock(), simulated_clock(monkeypatch):
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
        self.deeds = 0
        self.pass_time(SECOND)

    def pass_time(self, span: timedelta) -> None:
        type(self).now += span
        set_clock(self.now)

    def pick(self, number: int, fits: Callable[[Promise], Any] = lambda model: True) -> Pair:
        """One of those that fit, else any: most of the lives should be eventful."""
        fitting = [pair for pair in self.pairs if fits(pair.model)] or self.pairs
        return fitting[number % len(fitting)]

    def deed(self, pair: Pair, party: str, real: Callable[[Actor, Ticket, datetime], object]) -> bool:
        """Do it in a transaction of its own; every seventh is killed before it commits, and must leave nothing."""
        self.pass_time(MICROSECOND)
        self.deeds += 1
        actor = self.world.actor(pair.who(party))
        try:
            with work_unit(actor.context) as unit:
                assert unit.now == self.now
                real(actor, pair.real, unit.now)
                if self.deeds % 7 == 0:
                    raise KilledHalfway
        except KilledHalfway:
            return False
        return True

    @initialize(severity=severities)
    def begin(self, severity: int) -> None:
        """Every life begins with three tickets, so that it soon has something to tell."""
        for number, by in enumerate(("ilse", "sol", "ilse")):
            self.file((severity + number) % 3 + 1, by)

    @rule(wait=strategies.sampled_from(WAITS))
    def wait(self, wait: timedelta) -> None:
        self.pass_time(wait)

    @precondition(lambda self: any(pair.model.own for pair in self.pairs))
    @rule(
        number=picked,
        part=strategies.sampled_from([0.5, 0.75, 1, 1]),
        after=strategies.sampled_from([-1, 0, 1]),
        look=strategies.booleans(),
    )
    def wait_for_a_level(self, number: int, part: float, after: int, look: bool) -> None:
        """To the very instant (less the microsecond each deed takes), just before, and just after it."""
        own = self.pick(number, lambda model: model.own).model.own
        assert own
        instant = own.started_at + (own.due_at - own.started_at) * part
        self.pass_time(max(instant - MICROSECOND + after * MICROSECOND - self.now, timedelta()))
        if look:
            self.sweep()

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
        pair = self.pick(number, lambda model: model.own)
        self.pass_time(SECOND)
        if pair.model.may_write(self.now):
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
        pair = self.pick(number, lambda model: model.own is None)
        self.pass_time(SECOND)
        if pair.model.may_write(self.now):
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
        lost, kept = self.pick(one, lambda model: model.own), self.pick(other, lambda model: model.is_open)
        if lost is kept or lost.by != kept.by or not (lost.model.is_open and kept.model.is_open):
            return
        if self.deed(lost, "operator", lambda who, on, now: merge(actor=who, ticket=on, into=kept.real, now=now)):
            lost.model.merged_into(kept.model, self.now)

    @precondition(lambda self: self.pairs)
    @rule(number=picked, party=people, to=severities)
    def propose(self, number: int, party: str, to: int) -> None:
        pair = self.pick(number, lambda model: model.may_propose(party, to, self.now))
        self.propose_on(pair, party, to)

    @precondition(lambda self: any(pair.model.own for pair in self.pairs))
    @rule(number=picked, to=severities, between=strategies.sampled_from([SECOND, 17 * SECOND, timedelta(minutes=31)]))
    def agree(self, number: int, to: int, between: timedelta) -> None:
        """Everybody agrees, one after the other, while a promise runs."""
        pair = self.pick(number, lambda model: model.own and model.is_open)
        for party in ("operator", "customer", "reseller"):
            if party == "operator":
                self.propose_on(pair, party, to)
            else:
                self.answer_on(pair, party, agrees=True)
            self.pass_time(between)

    def propose_on(self, pair: Pair, party: str, to: int) -> None:
        if pair.model.may_propose(party, to, self.now + MICROSECOND) and self.deed(
            pair,
            party,
            lambda who, on, now: propose_severity(actor=who, ticket=on, to=to, reason="It is so.", now=now),
        ):
            pair.model.proposed(party, to, self.now)

    def answer_on(self, pair: Pair, party: str, *, agrees: bool) -> None:
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

    def number_of_open(self, pair: Pair) -> int:
        with work_unit(STAFF):
            return pair.real.proposals.get(state="OPEN").number

    @precondition(lambda self: any(pair.model.asked for pair in self.pairs))
    @rule(number=picked, party=people, agrees=strategies.sampled_from([True, True, True, False]))
    def answer(self, number: int, party: str, agrees: bool) -> None:
        pair = self.pick(number, lambda model: party in model.parties and model.may_answer(party, self.now))
        self.answer_on(pair, party, agrees=agrees)

    @precondition(lambda self: any(pair.model.asked for pair in self.pairs))
    @rule(number=picked)
    def take_back(self, number: int) -> None:
        pair = self.pick(number, lambda model: model.asked)
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
        pair = self.pick(number, lambda model: model.asked)
        self.pass_time(MICROSECOND)
        with work_unit(Context("worker")) as unit:
            assert unit.now
            done = expire_proposal(actor=Actor.system("severity"), ticket=pair.real, now=unit.now)
        asked = pair.model.asked
        assert (done is not None) == (asked is not None and asked.expires_at <= self.now)
        if done is not None:
            pair.model.expired()

    def teardown(self) -> None:
        """The events of each life alone tell the same."""
        pairs = {pair.real.reference for pair in self.pairs}
        done = [one for pair in pairs for one in replay_all(reference=pair)]
        assert [difference for one in done for difference in one.differences] == []
        assert {one.reference for one in done if one.is_whole} == pairs

    @invariant()
    def the_same(self) -> None:
        keys = [pair.real.pk for pair in self.pairs]
        stretches: defaultdict[int, list[tuple[object, ...]]] = defaultdict(list)
        with work_unit(STAFF):
            segments = ClockSegment.objects.filter(ticket_id__in=keys).order_by("id")
            for one in segments.annotate(levels=ArrayAgg("escalations__level", default=[])):
                stretches[one.ticket_id].append(
                    (
                        str(one.kind), one.severity, one.counted_from, one.started_at, one.due_at, one.stopped_at,
                        str(one.outcome), frozenset(one.levels) - {None},
                    )
                )  # fmt: skip
            rows = Ticket.objects.only("severity", "state", "clock_due_at", "response_outcome").in_bulk(keys)
        for pair in self.pairs:
            row, model = rows[pair.real.pk], pair.model
            assert stretches[row.pk] == [stretch.as_row() for stretch in model.stretches]
            assert row.clock_due_at == (model.own.due_at if model.own else None)
            assert (row.severity, row.state) == (model.severity, model.state)
            if model.first_outcome():
                assert row.response_outcome == model.first_outcome()


@pytest.mark.usefixtures("_clock_of_the_test")
def test_every_life_is_as_the_rules_say(world: World) -> None:
    ensure_ladder()
    Lives.world = world
    live(Lives, "MODEL", examples=20, steps=40)
