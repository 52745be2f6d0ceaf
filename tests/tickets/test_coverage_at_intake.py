"""A problem is taken whoever covers it; an answer is promised only where somebody does, or where roZoom says so."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from contracts.models import Component, EligibilityDecision, Invoice
from contracts.services import record_payment
from notifications.handlers import mails_in, said_of
from notifications.models import Event
from sla.models import ClockSegment
from tenancy.actor import NotAllowed
from tenancy.context import Context, database_now, work_unit
from tenancy.models import AuditEvent, Organisation
from tests.contracts.deals import STAFF, ago, implemented, ordered, price
from tests.tickets.test_emails import mails
from tests.together import together
from tests.world import IMPACTS, ComponentFactory, World, message, ticket
from tickets.models import Channel, Ticket
from tickets.queries import visible_tickets
from tickets.services import (
    CannotDecide,
    CannotFile,
    Report,
    change_details,
    file_ticket,
    grant_promise,
    make_move,
    merge,
    override_coverage,
)

WORKER = Context("worker")


@pytest.fixture
def now(world: World) -> datetime:
    with work_unit(STAFF):
        return database_now()


def old(world: World, now: datetime) -> Component:
    """A component that nothing covers any more."""
    return implemented(world.components["acme"], ago(now, 500))


def uncovered(world: World, now: datetime, by: str = "ilse", **more: Any) -> Ticket:
    return ticket(world, by, component=old(world, now), **more)


def fresh(filed: Ticket) -> Ticket:
    with work_unit(WORKER):
        return Ticket.objects.defer("search").get(pk=filed.pk)


def segments(filed: Ticket) -> list[ClockSegment]:
    with work_unit(WORKER):
        return list(ClockSegment.objects.filter(ticket_id=filed.pk).order_by("id"))


def decisions(filed: Ticket) -> list[EligibilityDecision]:
    with work_unit(WORKER):
        return list(EligibilityDecision.objects.filter(subject_id=str(filed.pk)).order_by("at", "id"))


def verbs(filed: Ticket) -> list[str]:
    with work_unit(WORKER):
        return list(AuditEvent.objects.filter(chain=filed.chain).order_by("seq").values_list("verb", flat=True))


def grant(
    world: World, filed: Ticket, by: str = "marek", reason: str = "You helped us last time.", **more: Any
) -> Ticket:
    actor = world.actor(by)
    with work_unit(actor.context) as unit:
        return grant_promise(actor=actor, ticket=filed, reason=reason, now=unit.now, **more)


def refuse(world: World, filed: Ticket, by: str = "duty", reason: str = "It is a toy.", **more: Any) -> Ticket:
    actor = world.actor(by)
    with work_unit(actor.context) as unit:
        return override_coverage(actor=actor, ticket=filed, reason=reason, now=unit.now, **more)


# At intake -------------------------------------------------------------------------------------------------------------


def test_a_covered_ticket_keeps_its_decision_and_its_clock_runs(world: World, now: datetime) -> None:
    implemented(world.components["acme"], ago(now, 10))
    filed = fresh(ticket(world, component=world.components["acme"]))
    [row], [clock] = decisions(filed), segments(filed)
    assert (row.outcome, row.rule, row.component_id) == ("COVERED", "S1", world.components["acme"].pk)
    assert (row.at, row.reported_at) == (filed.reported_at, filed.reported_at)
    assert (clock.kind, clock.due_at) == ("FIRST", filed.response_due_at)
    assert (filed.covered, filed.coverage["rule"], filed.coverage["reasons"]) == (True, "S1", row.reasons)


@pytest.mark.parametrize("by", ["ilse", "dirk", "marek"])
def test_an_uncovered_ticket_is_taken_without_a_clock(world: World, now: datetime, by: str) -> None:
    component = old(world, now)
    filed = ticket(world, component=component) if by == "ilse" else filed_for_acme(world, by, component)
    filed = fresh(filed)
    assert segments(filed) == []
    assert (filed.response_due_at, filed.clock_due_at, filed.response_outcome) == (None, None, "")
    assert (filed.covered, decisions(filed)[0].outcome, filed.state) == (False, "UNCOVERED", "NEW")


def filed_for_acme(world: World, by: str, component: Component | None = None) -> Ticket:
    actor = world.actor(by)
    with work_unit(actor.context) as unit:
        return file_ticket(
            actor=actor,
            customer=Organisation.objects.get(pk=world.acme.pk),
            report=Report(subject="Lift 2", description="It stopped.", impact=IMPACTS[2], component=component),
            channel=Channel.PHONE,
            now=unit.now,
        )


def test_without_a_component_one_that_is_covered_is_enough(world: World, now: datetime) -> None:
    component = old(world, now)
    assert not fresh(ticket(world)).covered
    with work_unit(STAFF):
        ComponentFactory(customer=world.acme, site=component.site, implemented_on=ago(now, 3))
    filed = fresh(ticket(world))
    assert filed.covered
    assert filed.coverage["reasons"][0].startswith("No component was named. One that is covered: Drive controller DC-7")


def test_a_suspended_agreement_covers_nothing_and_paying_later_rewrites_nothing(world: World, now: datetime) -> None:
    component = old(world, now)
    price(component)
    deal = ordered(world, [component], ago(now, 60), ago(now, -304), now=now - timedelta(days=80), paid=False)
    filed = fresh(ticket(world, component=component))
    assert (filed.covered, filed.coverage["rule"]) == (False, "S5")
    assert filed.coverage["would_change"] == ["Pay 2,000.00 USD."]
    actor = world.actor("fin")
    with work_unit(actor.context) as unit:
        invoice = Invoice.objects.get(pk=deal.invoice.pk)
        record_payment(actor=actor, invoice=invoice, amount=Decimal(2000), value_date=unit.now.date(), now=unit.now)
    message(world, filed, "ilse", "We paid.")
    assert not fresh(filed).covered
    assert segments(filed) == []
    assert fresh(ticket(world, component=component)).covered, "the next problem is covered"


def test_grace_covers(world: World, now: datetime) -> None:
    component = old(world, now)
    price(component)
    ordered(world, [component], ago(now, 374), ago(now, 10), now=now - timedelta(days=380))
    filed = fresh(ticket(world, component=component))
    assert (filed.covered, filed.coverage["rule"], filed.response_outcome) == (True, "S3", "RUNNING")


def test_a_ticket_that_is_refused_leaves_no_decision(world: World, now: datetime) -> None:
    ticket(world, external_reference="INC-1")
    with pytest.raises(CannotFile):
        ticket(world, external_reference="INC-1")
    with work_unit(WORKER):
        assert EligibilityDecision.objects.count() == 1


def test_in_the_queue_it_stands_below_every_clock(world: World, now: datetime) -> None:
    first = uncovered(world, now)
    implemented(world.components["acme"], ago(now, 1))
    second = ticket(world, severity=3)
    with work_unit(world.actor("marek").context):
        shown = [one.pk for one in visible_tickets(world.actor("marek")).open().by_time_left()]
    assert shown == [second.pk, first.pk]


# While nothing is promised ---------------------------------------------------------------------------------------------


def test_no_clock_starts_with_a_message_nor_when_it_is_opened_again(world: World, now: datetime) -> None:
    filed = uncovered(world, now)
    message(world, filed, "ilse", "Any news?")
    message(world, filed, "marek", "It costs 300.", then="resolve")
    actor = world.actor("ilse")
    with work_unit(actor.context) as unit:
        make_move(actor=actor, ticket=filed, move="reopen", now=unit.now)
    message(world, filed, "ilse", "Still broken.")
    assert segments(filed) == []
    assert (fresh(filed).state, fresh(filed).clock_due_at) == ("OPEN", None)


def test_withdrawing_it_cancels_nothing(world: World, now: datetime) -> None:
    filed = uncovered(world, now)
    actor = world.actor("ilse")
    with work_unit(actor.context) as unit:
        make_move(actor=actor, ticket=filed, move="withdraw", now=unit.now, reason="A fuse.")
    assert (fresh(filed).state, fresh(filed).response_outcome) == ("WITHDRAWN", "")


# Granted ---------------------------------------------------------------------------------------------------------------


def test_a_grant_starts_the_first_clock_then(world: World, now: datetime) -> None:
    filed = uncovered(world, now)
    grant(world, filed)
    after, [clock] = fresh(filed), segments(filed)
    assert (clock.kind, clock.outcome, clock.counted_from) == ("FIRST", "RUNNING", clock.started_at)
    assert clock.counted_from > filed.reported_at
    assert clock.due_at == clock.counted_from + timedelta(hours=4) == after.response_due_at == after.clock_due_at
    rule, row = decisions(filed)
    assert (rule.outcome, row.outcome, row.rule_outcome) == ("UNCOVERED", "COVERED", "UNCOVERED")
    assert (row.override_reason, row.decided_by_name, row.facts) == (
        "You helped us last time.",
        "Marek Test",
        rule.facts,
    )
    assert verbs(filed)[-1] == "ticket.granted"
    assert (after.version, after.coverage["override"]) == (filed.version + 1, "You helped us last time.")


def test_the_answer_to_a_granted_promise_is_judged_and_the_next_one_is_promised(world: World, now: datetime) -> None:
    filed = uncovered(world, now)
    grant(world, filed)
    message(world, filed, "marek")
    assert fresh(filed).response_outcome == "MET"
    message(world, filed, "ilse", "And now?")
    assert [one.kind for one in segments(filed)] == ["FIRST", "NEXT"]


def test_what_was_answered_before_the_grant_is_not_promised_as_a_first_answer(world: World, now: datetime) -> None:
    filed = uncovered(world, now)
    message(world, filed, "marek", "It costs 300.")
    grant(world, filed)
    assert segments(filed) == [], "nobody waits for an answer"
    message(world, filed, "ilse", "And now?")
    assert [one.kind for one in segments(filed)] == ["NEXT"]


def test_who_waits_when_it_is_granted_is_promised_the_next_answer(world: World, now: datetime) -> None:
    filed = uncovered(world, now)
    message(world, filed, "marek", "It costs 300.")
    message(world, filed, "ilse", "We pay that.")
    grant(world, filed)
    assert [one.kind for one in segments(filed)] == ["NEXT"]


@pytest.mark.parametrize("by", ["ilse", "ana", "dirk", "dora", "fin"])
def test_only_staff_who_answer_grant(world: World, now: datetime, by: str) -> None:
    filed = uncovered(world, now)
    with pytest.raises(NotAllowed):
        grant(world, filed, by=by)
    assert segments(filed) == []


@pytest.mark.parametrize("reason", ["", "   ", "x" * 401])
def test_a_grant_needs_a_reason_that_fits(world: World, now: datetime, reason: str) -> None:
    filed = uncovered(world, now)
    with pytest.raises(CannotDecide) as refused:
        grant(world, filed, reason=reason)
    assert refused.value.param == "reason"
    assert (segments(filed), len(decisions(filed)), fresh(filed).version) == ([], 1, filed.version)


def test_nothing_is_granted_on_a_covered_or_an_ended_ticket(world: World, now: datetime) -> None:
    with pytest.raises(CannotDecide):
        grant(world, ticket(world))
    filed = uncovered(world, now)
    actor = world.actor("ilse")
    with work_unit(actor.context) as unit:
        make_move(actor=actor, ticket=filed, move="withdraw", now=unit.now, reason="A fuse.")
    with pytest.raises(CannotDecide):
        grant(world, filed)


def test_two_grants_at_once_are_one_clock(lasting_world: World) -> None:
    world = lasting_world
    with work_unit(STAFF):
        now = database_now()
    filed = uncovered(world, now)

    def deed(by: str) -> str:
        try:
            grant(world, filed, by=by)
        except CannotDecide:
            return "refused"
        return "granted"

    assert sorted(together(lambda: deed("marek"), lambda: deed("rita"))) == ["granted", "refused"]
    assert len(segments(filed)) == 1
    assert len(decisions(filed)) == 2


# Decided otherwise by a manager ----------------------------------------------------------------------------------------


def test_a_manager_takes_the_promise_back_and_the_rules_stay_beside(world: World, now: datetime) -> None:
    filed = ticket(world, component=implemented(world.components["acme"], ago(now, 3)))
    refuse(world, filed)
    after, [clock], row = fresh(filed), segments(filed), decisions(filed)[-1]
    assert (clock.outcome, clock.reason) == ("CANCELLED", "not covered: It is a toy.")
    assert (after.covered, after.clock_due_at, after.response_outcome) == (False, None, "CANCELLED")
    assert (row.outcome, row.rule_outcome, row.rule) == ("UNCOVERED", "COVERED", "S1")
    assert verbs(filed)[-1] == "ticket.refused"
    message(world, filed, "ilse", "Why?")
    assert len(segments(filed)) == 1, "nothing is promised while it is not covered"


def test_an_agent_does_not_undo_what_a_manager_decided(world: World, now: datetime) -> None:
    filed = ticket(world)
    refuse(world, filed)
    with pytest.raises(CannotDecide, match="Duty Test"):
        grant(world, filed, by="marek")
    grant(world, filed, by="adam")
    assert fresh(filed).covered
    assert [one.outcome for one in segments(filed)] == ["CANCELLED", "RUNNING"]


def test_a_late_promise_stays_missed(world: World, now: datetime) -> None:
    filed = ticket(world, now=now - timedelta(hours=9))
    refuse(world, filed)
    assert (fresh(filed).response_outcome, segments(filed)[0].outcome) == ("MISSED", "MISSED")
    grant(world, filed, by="duty")
    assert fresh(filed).response_outcome == "MISSED", "a first answer that was late is not promised again"
    assert [one.kind for one in segments(filed)] == ["FIRST", "NEXT"]


@pytest.mark.parametrize("by", ["ilse", "dirk", "marek", "fin"])
def test_nobody_but_a_manager_takes_a_promise_back(world: World, by: str) -> None:
    filed = ticket(world)
    with pytest.raises(NotAllowed):
        refuse(world, filed, by=by)
    assert segments(filed)[0].outcome == "RUNNING"


def test_a_ticket_from_before_decisions_were_kept_can_be_decided_too(world: World, now: datetime) -> None:
    component = old(world, now)
    with work_unit(WORKER) as unit:
        past = Ticket(
            customer=world.acme, number=77, reference="ACME-77", subject="x", description="x", channel="email",
            severity=2, reported_at=unit.now, last_customer_message_at=unit.now, last_message_at=unit.now,
            updated_at=unit.now, reporter_name="Ilse", component=component,
        )  # fmt: skip
        past.save()
    refuse(world, past)
    assert [(one.rule, one.rule_outcome, one.outcome) for one in decisions(past)] == [
        ("S4", "UNCOVERED", "UNCOVERED"),
        ("S4", "UNCOVERED", "UNCOVERED"),
    ]
    assert not fresh(past).covered


# Another component, another ticket -------------------------------------------------------------------------------------


def correct(world: World, filed: Ticket, component: Component | None, by: str = "marek") -> None:
    actor = world.actor(by)
    with work_unit(actor.context) as unit:
        named = Component.objects.for_list().get(pk=component.pk) if component else None
        emptied = () if component else ("component",)
        change_details(actor=actor, ticket=filed, now=unit.now, component=named, emptied=emptied)


def test_another_component_is_decided_again_and_the_clock_follows(world: World, now: datetime) -> None:
    first = old(world, now)
    with work_unit(STAFF):
        new = ComponentFactory(customer=world.acme, site=first.site, implemented_on=ago(now, 3))
    filed = ticket(world, component=first)
    correct(world, filed, new, by="ilse")
    after, [clock] = fresh(filed), segments(filed)
    assert (after.covered, clock.kind, after.response_outcome) == (True, "FIRST", "RUNNING")
    assert clock.counted_from > filed.reported_at
    correct(world, filed, first)
    after, [clock] = fresh(filed), segments(filed)
    assert (after.covered, clock.outcome, clock.reason) == (False, "CANCELLED", "the component is not covered")
    assert [one.outcome for one in decisions(filed)] == ["UNCOVERED", "COVERED", "UNCOVERED"]
    assert {one.reported_at for one in decisions(filed)} == {filed.reported_at}


def test_what_a_person_decided_holds_whatever_the_component(world: World, now: datetime) -> None:
    filed = uncovered(world, now)
    grant(world, filed)
    with work_unit(STAFF):
        other = ComponentFactory(customer=world.acme, site=world.components["acme"].site, implemented_on=ago(now, 400))
    correct(world, filed, other)
    assert fresh(filed).covered
    assert len(decisions(filed)) == 2
    assert segments(filed)[0].outcome == "RUNNING"


def test_a_covered_ticket_merged_into_an_uncovered_one_covers_it(world: World, now: datetime) -> None:
    into = uncovered(world, now)
    implemented(world.components["acme"], ago(now, 3))
    filed = ticket(world, severity=1)
    actor = world.actor("marek")
    with work_unit(actor.context) as unit:
        merge(actor=actor, ticket=filed, into=into, now=unit.now)
    after, row = fresh(into), decisions(into)[-1]
    assert (after.covered, after.clock_due_at) == (True, filed.clock_due_at)
    assert row.override_reason == f"{filed.reference} was merged into it, and that one is covered"


def test_an_uncovered_ticket_merged_into_a_covered_one_changes_nothing_there(world: World, now: datetime) -> None:
    filed = uncovered(world, now)
    implemented(world.components["acme"], ago(now, 3))
    into = ticket(world)
    actor = world.actor("marek")
    with work_unit(actor.context) as unit:
        merge(actor=actor, ticket=filed, into=into, now=unit.now)
    assert (fresh(into).clock_due_at, len(decisions(into))) == (into.clock_due_at, 1)
    assert fresh(filed).state == "MERGED"


# Mails -----------------------------------------------------------------------------------------------------------------


def test_the_mails_say_that_nothing_is_promised_and_why(world: World, now: datetime) -> None:
    filed = uncovered(world, now, severity=1)
    told = mails("ticket.filed")
    assert "no answer time is promised" in told["ilse"].text
    assert "Order a support agreement for it." in told["ilse"].text
    assert "The clock started" not in told["ilse"].text
    assert "no answer is promised" in told["marek"].text
    grant(world, filed)
    told = mails("ticket.coverage", filed)
    assert "promised an answer" in told["ilse"].text
    assert "You helped us last time." in told["ilse"].text
    assert "due by" in told["ilse"].text
    assert "dirk" in told, "the reseller hears it too"
    assert "bob" not in told
    refuse(world, filed)
    assert "is not covered" in mails("ticket.coverage", filed)["ilse"].text


def test_a_mail_about_what_was_decided_again_meanwhile_is_not_made(world: World, now: datetime) -> None:
    filed = uncovered(world, now)
    grant(world, filed)
    with work_unit(WORKER):
        event = Event.objects.filter(topic="ticket.coverage").latest("pk")
    refuse(world, filed)
    with work_unit(WORKER):
        assert list(mails_in(said_of(event))) == []
