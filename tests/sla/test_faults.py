"""Real workers, beats, Redis and PostgreSQL, killed and frozen; and that the checks of that run see what is wrong."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.conf import settings

from bench.faults import checks
from bench.faults.deeds import Answered, Diary
from bench.faults.ledger import Delivery, Escalation, Event, Ledger, Segment
from bench.faults.schedule import KINDS, MOODS, faults, lives, moods
from bench.faults.town import RUNGS, Town
from tenancy.actor import Actor
from tests.local.conftest import bare_environment

SEED, SECONDS = 4, 60
AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
UNTIL = AT + 60 * SECOND


@pytest.mark.processes
def test_nothing_is_lost_doubled_or_wrong_whatever_is_killed() -> None:
    """`make bench ARGS=faults` is the long form. Judged is what came of it, never how long it took."""
    command = [sys.executable, "-m", "bench.faults", "--seconds", str(SECONDS), "--seed", str(SEED), "--rate", "6"]
    command += ["--late", "60"]
    run = subprocess.run(
        command, cwd=settings.BASE_DIR, env=bare_environment(), capture_output=True, text=True, check=False, timeout=900
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "nothing is wrong" in run.stdout


def test_a_seed_says_what_happens_and_a_minute_holds_every_kind() -> None:
    assert (faults(7, 60), lives(7, 60, 5)) == (faults(7, 60), lives(7, 60, 5))
    assert faults(7, 60) != faults(8, 60)
    assert {(one.what, one.whom.rstrip("-12")) for one in faults(7, 60)} == {
        (what, whom[0].rstrip("-12")) for what, whom, *_ in KINDS
    }


def test_a_minute_holds_every_mood_of_the_mail_server_one_after_the_other() -> None:
    assert moods(7, 60) == moods(7, 60) != moods(8, 60)
    for seed in range(40):
        plan = moods(seed, 60)
        assert {one.what for one in plan} == set(MOODS)
        assert all(one.at + one.lasts < other.at for one, other in pairwise(plan))
        assert all(one.at + one.lasts <= 60.001 for one in plan)


def at(percent: float, after: float = 0) -> datetime:
    return AT + 3 * SECOND * percent / 100 + SECOND * after


def right() -> tuple[Ledger, Diary, Town]:
    """Two promises of severity 1: one answered after its first level, one overdue with all levels fired."""
    quick = Segment(1, 5, 9, 11, 1, AT, AT, at(100), at(60), "MET", "", [1], None, at(60))
    late = Segment(2, 5, 9, 12, 1, AT, AT, at(100), None, "MISSED", "", [1, 2, 3, 4, 5], None, UNTIL)
    town = Town(
        Actor.system("test"),
        {(9, who): f"{who}@x.example" for who in ("agent", "duty", "reseller")},
        {5: ("head@c.example",)},
        {},
    )
    fired = [Escalation(1, 1, at(50), at(50), at(50))]
    fired += [Escalation(2, r.level, *[at(r.percent, r.after)] * 3) for r in RUNGS]
    events = [
        Event(n, "sla.escalated", 11, one.segment_id, one.level, "HANDLED", UNTIL, 5, None, AT)
        for n, one in enumerate(fired, 1)
    ]
    deliveries = [
        Delivery(event.id * 10 + n, event.id, town.addresses[9, who], f"<{event.id}.{n}>", "SENT", UNTIL, "", 1, AT, "")
        for event in events
        for n, who in enumerate(checks.TOLD[event.level or 0])
    ]
    audited = [(one.segment_id, one.level) for one in fired]
    ledger = Ledger([quick, late], fired, events, audited, deliveries, notices_of(deliveries))
    diary = Diary({11: AT, 12: AT}, {}, [Answered(11, at(59), at(61))])
    return ledger, diary, town


def notices_of(deliveries: list[Delivery]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for one in deliveries:
        found.setdefault(one.event_id, []).append(one.recipient)
    return found


def findings(ledger: Ledger, diary: Diary, town: Town) -> list[str]:
    return [
        *checks.clocks(ledger, diary, UNTIL),
        *checks.answers(ledger, diary),
        *checks.levels(ledger, UNTIL),
        *checks.records(ledger),
        *checks.told(ledger, town),
    ]


def test_what_is_right_is_not_found_wrong() -> None:
    assert findings(*right()) == []


def test_of_levels_that_fired_together_each_hears_of_the_highest_alone() -> None:
    ledger, diary, town = right()
    together = [replace(one, fired_at=UNTIL, committed_at=UNTIL) for one in ledger.escalations[1:]]
    ledger = replace(ledger, escalations=[ledger.escalations[0], *together])
    assert findings(ledger, diary, town)
    # The agent hears of the due time, the duty manager of the last reminder, the reseller of the one level that is its own.
    last = {"agent@x.example": 4, "duty@x.example": 6, "reseller@x.example": 3}
    told = [one for one in ledger.deliveries if one.event_id == 1 or last[one.recipient] == one.event_id]
    ledger = replace(ledger, deliveries=told, notices=notices_of(told))
    assert findings(ledger, diary, town) == []


def _without_first(name: str) -> Callable[[Ledger], Ledger]:
    return lambda ledger: replace(ledger, **{name: getattr(ledger, name)[1:]})


def _changed_first(name: str, **fields: Any) -> Callable[[Ledger], Ledger]:
    def change(ledger: Ledger) -> Ledger:
        first, *others = getattr(ledger, name)
        return replace(ledger, **{name: [replace(first, **fields), *others]})

    return change


@pytest.mark.parametrize(
    "wrong",
    [
        _without_first("escalations"),
        _without_first("segments"),
        _without_first("audited"),
        _without_first("deliveries"),
        _without_first("events"),
        lambda ledger: replace(ledger, escalations=[*ledger.escalations, ledger.escalations[0]]),
        lambda ledger: replace(ledger, events=[*ledger.events, replace(ledger.events[0], id=99)]),
        lambda ledger: replace(ledger, notices={}),
        _changed_first("segments", outcome="MISSED"),
        _changed_first("segments", stopped_at=at(30)),
        _changed_first("segments", due_at=at(110)),
        _changed_first("segments", stopped_at=None),
        _changed_first("escalations", fired_at=at(49)),
        _changed_first("escalations", committed_at=at(61)),
        _changed_first("escalations", scheduled_at=at(51)),
        _changed_first("escalations", level=4),
        _changed_first("events", state="QUEUED"),
        _changed_first("deliveries", state="DROPPED", written_at=at(55)),
        _changed_first("deliveries", recipient="other@x.example"),
    ],
)
def test_whatever_is_wrong_is_found(wrong: Callable[[Ledger], Ledger]) -> None:
    ledger, diary, town = right()
    assert findings(wrong(ledger), diary, town)
