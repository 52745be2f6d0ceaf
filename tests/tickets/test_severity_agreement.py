"""Severity by agreement: who may say what, when it takes effect, and what it does to the promise."""

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from notifications.models import Event
from rozoom_support.lib.refusals import NotFound, Refused, Stale
from sla import services as sla
from sla.models import ClockSegment, Escalation
from sla.sweeper import sweep
from tenancy.actor import Actor, NotAllowed
from tenancy.context import Context, work_unit
from tenancy.models import AuditEvent, Organisation
from tenancy.pgbackend.base import TenantAccessDenied
from tests.sla.promises import database_time, ensure_ladder, reported, segments
from tests.world import World, message, ticket
from tickets.models import SeverityAnswer, SeverityProposal, Ticket
from tickets.services import (
    CannotAnswer,
    CannotPropose,
    answer_severity,
    expire_proposal,
    propose_severity,
    resolve,
    withdraw_proposal,
)

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
STAFF = Context("staff")


def propose(world: World, by: str, on: Ticket, to: int, reason: str = "It works by hand again.", **more: Any) -> Any:
    actor = world.actor(by)
    with work_unit(actor.context) as unit:
        return propose_severity(
            actor=actor, ticket=on, to=to, reason=reason, now=more.pop("now", None) or unit.now, **more
        )


def answer(world: World, by: str, on: Ticket, number: int = 1, agrees: bool = True, **more: Any) -> Any:
    actor = world.actor(by)
    with work_unit(actor.context) as unit:
        return answer_severity(
            actor=actor, ticket=on, number=number, agrees=agrees, now=more.pop("now", None) or unit.now, **more
        )


def fresh(one: Ticket) -> Ticket:
    with work_unit(STAFF):
        return Ticket.objects.defer("search").get(pk=one.pk)


def own(one: Ticket) -> list[ClockSegment]:
    return [segment for segment in segments(one) if segment.kind != "PROPOSAL"]


def promised(one: Ticket) -> list[ClockSegment]:
    return [segment for segment in segments(one) if segment.kind == "PROPOSAL"]


def test_two_of_three_change_nothing_and_the_third_changes_all_at_once(world: World) -> None:
    filed = reported(world, 30 * MINUTE, severity=1)
    due = filed.response_due_at
    proposal = propose(world, "marek", filed, 2)
    assert (proposal.by_party, proposal.state) == ("operator", "OPEN")
    answer(world, "ilse", filed)
    waiting = fresh(filed)
    assert (waiting.severity, waiting.severity_state, waiting.clock_due_at) == (1, "provisional", due)
    answer(world, "dirk", filed)
    agreed = fresh(filed)
    assert (agreed.severity, agreed.severity_state) == (2, "agreed")
    # Lowered: the new target from the report, never earlier than the old due time.
    assert agreed.clock_due_at == agreed.response_due_at == filed.reported_at + 4 * HOUR
    old, new = own(filed)
    assert (old.outcome, new.outcome, new.severity) == ("SUPERSEDED", "RUNNING", 2)
    assert old.stopped_at == new.started_at


def test_raised_is_due_a_full_new_target_from_the_agreement(world: World) -> None:
    filed = reported(world, 30 * MINUTE, severity=3)
    propose(world, "ilse", filed, 1, "The line stands still.")
    answer(world, "dirk", filed)
    answer(world, "marek", filed)
    old, new = own(filed)
    assert new.due_at == new.started_at + HOUR < old.due_at
    assert fresh(filed).clock_due_at == new.due_at


def test_a_missed_promise_stays_missed_whatever_is_agreed_later(world: World) -> None:
    filed = reported(world, 2 * HOUR, severity=1)
    propose(world, "marek", filed, 3)
    answer(world, "ilse", filed)
    answer(world, "dirk", filed)
    old, new = own(filed)
    assert (old.outcome, new.outcome) == ("MISSED", "RUNNING")
    message(world, filed, "marek")
    assert own(filed)[-1].outcome == "MET"
    assert fresh(filed).response_outcome == "MISSED"


def test_after_the_answer_the_severity_changes_without_a_clock(world: World) -> None:
    filed = reported(world, 10 * MINUTE, severity=1)
    message(world, filed, "marek")
    propose(world, "marek", filed, 3)
    answer(world, "ilse", filed)
    answer(world, "dirk", filed)
    assert [one.outcome for one in own(filed)] == ["MET"]
    assert (fresh(filed).severity, fresh(filed).clock_due_at) == (3, None)


def test_without_a_reseller_two_parties_agree(world: World) -> None:
    filed = reported(world, MINUTE, severity=2, by="sol")
    propose(world, "marek", filed, 3)
    answer(world, "sol", filed)
    assert fresh(filed).severity == 3


def test_the_provisional_severity_can_be_agreed_without_touching_the_clock(world: World) -> None:
    filed = reported(world, MINUTE, severity=2, by="sol")
    propose(world, "marek", filed, 2, "We agree with your answers.")
    answer(world, "sol", filed)
    assert fresh(filed).severity_state == "agreed"
    assert [one.outcome for one in own(filed)] == ["RUNNING"]
    with pytest.raises(CannotPropose, match="agreed already"):
        propose(world, "marek", filed, 2, "Once more.")


def test_an_objection_ends_it_with_a_reason_and_nothing_changes(world: World) -> None:
    filed = reported(world, MINUTE, severity=1)
    propose(world, "marek", filed, 3)
    with pytest.raises(CannotPropose, match="why you do not agree"):
        answer(world, "ilse", filed, agrees=False)
    ended = answer(world, "ilse", filed, agrees=False, reason="People are stuck.")
    assert ended.state == "OBJECTED"
    assert fresh(filed).severity == 1
    with pytest.raises(CannotAnswer, match="is over: not agreed"):
        answer(world, "dirk", filed)


def test_a_newer_proposal_replaces_the_waiting_one(world: World) -> None:
    filed = reported(world, MINUTE, severity=1)
    propose(world, "marek", filed, 3)
    propose(world, "ilse", filed, 2, "Rather this.")
    with work_unit(STAFF):
        assert list(SeverityProposal.objects.order_by("number").values_list("number", "state")) == [
            (1, "REPLACED"),
            (2, "OPEN"),
        ]
    with pytest.raises(CannotAnswer, match="replaced"):
        answer(world, "dirk", filed, 1)


def test_nobody_answers_twice_or_for_another_party(world: World) -> None:
    filed = reported(world, MINUTE, severity=1)
    propose(world, "marek", filed, 2)
    answer(world, "ilse", filed)
    with pytest.raises(CannotAnswer, match="answered already"):
        answer(world, "ana", filed)
    with pytest.raises(CannotAnswer, match="answered already"):
        answer(world, "rita", filed)
    for stranger in ("bob", "nils"):
        with pytest.raises(NotFound):
            answer(world, stranger, filed)
    with pytest.raises(NotAllowed):
        answer(world, "sam", filed)


def everything(on: Ticket) -> list[Any]:
    """All that an answer could leave behind."""
    with work_unit(Context("worker")):
        kept: list[Any] = [list(model.objects.order_by("pk").values()) for model in (SeverityProposal, SeverityAnswer)]
        kept += [list(model.objects.order_by("pk").values()) for model in (ClockSegment, AuditEvent, Event)]
        kept.append(Ticket.objects.values("severity", "severity_state", "version", "clock_due_at").get(pk=on.pk))
    return kept


def expire_all() -> None:
    with work_unit(Context("worker")) as unit:
        SeverityProposal.objects.update(expires_at=unit.now)


def solve(world: World, on: Ticket) -> None:
    message(world, on, "marek")
    with work_unit(world.actor("marek").context) as unit:
        resolve(actor=world.actor("marek"), ticket=on, now=unit.now)


# what happens before, who answers, how, and what it is told
REFUSED: dict[str, tuple[Any, str, dict[str, Any], type[Exception], str]] = {
    "another customer": (None, "bob", {}, NotFound, "^$"),
    "another reseller": (None, "nils", {}, NotFound, "^$"),
    "no party to it": (None, "sam", {}, NotAllowed, "Your role may not do this"),
    "may not answer": (None, "fin", {}, NotAllowed, "Your role may not do this"),
    "twice": (lambda w, on: answer(w, "ilse", on), "ana", {}, CannotAnswer, "has answered already"),
    "one's own proposal": (None, "rita", {}, CannotAnswer, "has answered already"),
    "after expiry": (lambda w, on: expire_all(), "ilse", {}, CannotAnswer, "expired without an answer"),
    "a stale version": (lambda w, on: answer(w, "dirk", on), "ilse", {"version": 1}, Stale, "changed meanwhile"),
    "a closed ticket": (solve, "ilse", {}, CannotAnswer, "is over: the ticket ended"),
    "no reason": (None, "ilse", {"agrees": False, "reason": " "}, CannotPropose, "why you do not agree"),
    "no such number": (None, "ilse", {"number": 2}, NotFound, "^$"),
}


@pytest.mark.parametrize("why", REFUSED)
def test_a_wrong_answer_is_refused_in_words_and_records_nothing(world: World, why: str) -> None:
    before, who, how, refusal, words = REFUSED[why]
    filed = reported(world, MINUTE, severity=1)
    propose(world, "marek", filed, 2)
    if before is not None:
        before(world, filed)
    stood = everything(filed)
    with pytest.raises(refusal, match=words):
        answer(world, who, filed, **how)
    assert everything(filed) == stood


def test_the_database_lets_nobody_speak_for_another_party(world: World) -> None:
    filed = reported(world, MINUTE, severity=1)
    proposal = propose(world, "marek", filed, 2)
    words = {
        "proposal_id": proposal.pk,
        "customer_id": filed.customer_id,
        "reseller_id": filed.reseller_id,
        "agrees": True,
        "by_name": "X",
        "given_at": database_time(),
    }
    for who, party in (("ilse", "reseller"), ("ilse", "operator"), ("dirk", "customer"), ("marek", "customer")):
        with pytest.raises(TenantAccessDenied), work_unit(world.actor(who).context):
            SeverityAnswer.objects.create(**words, party=party)
    with pytest.raises(TenantAccessDenied), work_unit(world.actor("ilse").context):
        SeverityAnswer.objects.create(**words, party="reseller", is_standing=True)


def consent(world: World, given: bool = True) -> None:
    with work_unit(world.actor("dora").context):
        Organisation.objects.filter(pk=world.delta.pk).update(consents_to_raises=given)


def test_a_reseller_that_consents_beforehand_is_not_asked_for_raises_only(world: World) -> None:
    consent(world)
    filed = reported(world, MINUTE, severity=3)
    propose(world, "ilse", filed, 1, "Worse now.")
    answer(world, "marek", filed)
    assert fresh(filed).severity == 1
    with work_unit(STAFF):
        assert SeverityAnswer.objects.get(party="reseller").is_standing
    propose(world, "marek", filed, 3)
    answer(world, "ilse", filed, 2)
    assert fresh(filed).severity == 1  # lowering waits for the reseller


def test_a_proposal_is_promised_an_answer_of_its_own(world: World) -> None:
    filed = reported(world, MINUTE, severity=3)
    asked = propose(world, "ilse", filed, 1, "Worse now.")
    (clock,) = promised(filed)
    assert (clock.severity, clock.started_at, clock.due_at) == (1, asked.proposed_at, asked.proposed_at + HOUR)
    message(world, filed, "marek")  # an answer to the customer is none to the proposal
    assert promised(filed)[0].outcome == "RUNNING"
    assert own(filed)[0].outcome == "MET"
    answer(world, "marek", filed)
    assert promised(filed)[0].outcome == "MET"


def test_what_rozoom_proposes_needs_no_answer_of_rozoom(world: World) -> None:
    filed = reported(world, MINUTE, severity=3)
    propose(world, "marek", filed, 1, "We see it now.")
    assert promised(filed) == []


@pytest.mark.parametrize("how", ["withdraw", "object", "replace", "resolve"])
def test_a_proposal_that_ends_without_rozoom_ends_its_clock(world: World, how: str) -> None:
    filed = reported(world, MINUTE, severity=3)
    propose(world, "ilse", filed, 1, "Worse now.")
    if how == "withdraw":
        actor = world.actor("ana")
        with work_unit(actor.context) as unit:
            withdraw_proposal(actor=actor, ticket=filed, number=1, now=unit.now)
    elif how == "object":
        answer(world, "dirk", filed, agrees=False, reason="It is not.")
    elif how == "replace":
        propose(world, "marek", filed, 2)
    else:
        message(world, filed, "marek")
        actor = world.actor("marek")
        with work_unit(actor.context) as unit:
            resolve(actor=actor, ticket=filed, now=unit.now)
    assert promised(filed)[0].outcome == "CANCELLED"
    with work_unit(STAFF):
        assert SeverityProposal.objects.get(number=1).state in ("WITHDRAWN", "OBJECTED", "REPLACED", "ENDED")


def test_only_the_side_that_proposed_takes_it_back(world: World) -> None:
    filed = reported(world, MINUTE, severity=3)
    propose(world, "ilse", filed, 1)
    actor = world.actor("marek")
    with work_unit(actor.context) as unit, pytest.raises(NotAllowed):
        withdraw_proposal(actor=actor, ticket=filed, number=1, now=unit.now)


def test_a_day_of_silence_expires_it_and_a_late_yes_changes_nothing(world: World) -> None:
    filed = reported(world, 30 * HOUR, severity=3)
    worker, past = Actor.system("past"), database_time() - 25 * HOUR
    with work_unit(Context("worker")):
        ilse = world.actor("ilse")
        SeverityProposal.objects.create(
            ticket=filed, number=1, from_severity=3, to_severity=2, reason="x", by_party="customer", by_name=ilse.name,
            proposed_at=past, expires_at=past + 24 * HOUR,
        )  # fmt: skip
    with pytest.raises(CannotAnswer, match="expired"):
        answer(world, "marek", filed)
    with work_unit(Context("worker")) as unit:
        assert expire_proposal(actor=worker, ticket=filed, now=unit.now) is not None
        assert expire_proposal(actor=worker, ticket=filed, now=unit.now) is None
    with work_unit(STAFF):
        expired = SeverityProposal.objects.get()
        assert (expired.state, expired.ended_at) == ("EXPIRED", past + 24 * HOUR)
    assert fresh(filed).severity == 3


@pytest.mark.parametrize("by, to", [("ilse", 2), ("marek", 1)])
def test_an_expired_proposal_stands_in_nobodys_way_until_the_job_comes(world: World, by: str, to: int) -> None:
    filed = reported(world, 30 * HOUR, severity=3)
    past = database_time() - 25 * HOUR
    with work_unit(Context("worker")):
        SeverityProposal.objects.create(
            ticket=filed, number=1, from_severity=3, to_severity=2, reason="x", by_party="customer", by_name="Ilse",
            proposed_at=past, expires_at=past + 24 * HOUR,
        )  # fmt: skip
    propose(world, by, filed, to)
    with work_unit(STAFF):
        first, second = SeverityProposal.objects.order_by("number")
    assert (first.state, first.ended_at, second.state) == ("EXPIRED", past + 24 * HOUR, "OPEN")


def test_a_stale_answer_is_refused_and_records_nothing(world: World) -> None:
    filed = reported(world, MINUTE, severity=1)
    proposal = propose(world, "marek", filed, 2)
    answer(world, "ilse", filed, version=proposal.version)
    with pytest.raises(Stale):
        answer(world, "dirk", filed, version=proposal.version)
    with work_unit(STAFF):
        assert set(SeverityAnswer.objects.values_list("party", flat=True)) == {"operator", "customer"}


@pytest.mark.parametrize(
    "to, reason, param", [(4, "why", "to"), (0, "why", "to"), (2, "  ", "reason"), (2, "x" * 1001, "reason")]
)
def test_bad_proposals_are_refused_at_the_field(world: World, to: int, reason: str, param: str) -> None:
    filed = reported(world, MINUTE, severity=1)
    with pytest.raises(Refused) as refused:
        propose(world, "ilse", filed, to, reason)
    assert refused.value.param == param
    with work_unit(STAFF):
        assert not SeverityProposal.objects.exists()


def test_every_act_stands_in_the_history_with_name_and_time(world: World) -> None:
    filed = reported(world, MINUTE, severity=1)
    propose(world, "marek", filed, 2)
    answer(world, "ilse", filed)
    answer(world, "dirk", filed)
    with work_unit(STAFF):
        told = AuditEvent.objects.filter(chain=filed.chain, verb__startswith="severity.").order_by("seq")
        assert list(told.values_list("verb", "actor_name")) == [
            ("severity.proposed", "Marek Test"),
            ("severity.agreed_by", "Ilse Test"),
            ("severity.agreed_by", "Dirk Test"),
            ("severity.agreed", "Dirk Test"),
        ]


def test_an_ended_ticket_changes_its_severity_no_more(world: World) -> None:
    filed = reported(world, MINUTE, severity=3)
    message(world, filed, "marek")
    actor = world.actor("marek")
    with work_unit(actor.context) as unit:
        resolve(actor=actor, ticket=filed, now=unit.now)
    with pytest.raises(CannotPropose, match="resolved"):
        propose(world, "ilse", filed, 1)


def test_the_last_two_agreements_at_once_take_effect_once(lasting_world: World) -> None:
    world = lasting_world
    filed = ticket(world, severity=1)
    propose(world, "marek", filed, 2)
    barrier, wrong = threading.Barrier(2), []

    def agree(name: str) -> None:
        try:
            barrier.wait()
            answer(world, name, filed)
        except Exception as error:
            wrong.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=agree, args=(name,)) for name in ("ilse", "dirk")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert [one.outcome for one in own(filed)] == ["SUPERSEDED", "RUNNING"]
    with work_unit(STAFF):
        assert AuditEvent.objects.filter(chain=filed.chain, verb="severity.agreed").count() == 1


def test_the_promise_of_a_proposal_escalates_and_leaves_the_tickets_own_alone(world: World) -> None:
    ensure_ladder()
    filed = reported(world, 50 * HOUR, severity=3)
    message(world, filed, "marek")
    with work_unit(Context("worker")):
        sla.start_proposal(
            customer_id=filed.customer_id,
            reseller_id=filed.reseller_id,
            ticket_id=filed.pk,
            severity=1,
            started_at=database_time_in_unit() - 2 * HOUR,
        )
    sweep()
    (clock,) = promised(filed)
    assert (clock.outcome, clock.stopped_at) == ("MISSED", None)
    with work_unit(STAFF):
        assert Escalation.objects.filter(segment=clock).count() > 2
    assert [one.outcome for one in own(filed)] == ["MISSED"]


def database_time_in_unit() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]
