"""What is decided of a problem, from which facts, and what keeps anybody from bending it."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from contracts import services
from contracts.coverage import entitlement_facts
from contracts.entitlement import decide, support
from contracts.facts import Facts
from contracts.models import Component, EligibilityDecision, Invoice
from contracts.services import (
    CannotDecide,
    Judgement,
    decide_otherwise,
    judge_support,
    keep_decision,
    record_payment,
    reverse_payment,
)
from tenancy.actor import NotAllowed
from tenancy.context import Context, database_now, work_unit
from tests.contracts.deals import STAFF, ago, implemented, ordered, price
from tests.world import ComponentFactory, OrganisationFactory, SiteFactory, World


@pytest.fixture
def now(world: World) -> datetime:
    with work_unit(STAFF):
        return database_now()


def judged(world: World, component: Component | None, at: datetime, by: str = "ilse") -> Judgement:
    with work_unit(world.actor(by).context):
        named = Component.objects.for_list().get(pk=component.pk) if component else None
        return judge_support(customer_id=world.acme.pk, component=named, reported_at=at)


def kept(world: World, now: datetime, by: str = "ilse", component: Component | None = None) -> EligibilityDecision:
    judgement = judged(world, component or world.components["acme"], now)
    actor = world.actor(by)
    with work_unit(actor.context):
        return keep_decision(
            actor=actor, judgement=judgement, customer_id=world.acme.pk, reseller_id=world.delta.pk,
            subject="ticket", subject_id="7", at=now,
        )  # fmt: skip


# A component that was named --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ilse", "dirk", "marek"])
def test_every_party_gets_the_same_answer(world: World, now: datetime, name: str) -> None:
    component = implemented(world.components["acme"], ago(now, 500))
    price(component)
    ordered(world, [component], ago(now, 30), ago(now, -334), now=now - timedelta(days=40))
    answer = judged(world, component, now, by=name)
    assert (answer.outcome, answer.coverage.rule) == ("COVERED", "S2")
    assert "AG-ACME-1" in answer.coverage.reasons[0]


@pytest.mark.parametrize(
    ("days", "outcome", "rule"), [(10, "COVERED", "S1"), (500, "UNCOVERED", "S4"), (-5, "COVERED", "S0")]
)
def test_the_dates_decide(world: World, now: datetime, days: int, outcome: str, rule: str) -> None:
    answer = judged(world, implemented(world.components["acme"], ago(now, days)), now)
    assert (answer.outcome, answer.coverage.rule) == (outcome, rule)


def test_suspended_is_uncovered_and_grace_is_covered(world: World, now: datetime) -> None:
    component = implemented(world.components["acme"], ago(now, 800))
    price(component)
    with work_unit(STAFF):
        other = ComponentFactory(customer=world.acme, site=component.site, implemented_on=ago(now, 800))
    ordered(world, [component], ago(now, 40), ago(now, -324), now=now - timedelta(days=70), paid=False)
    ordered(world, [other], ago(now, 374), ago(now, 10), now=now - timedelta(days=380))
    assert (judged(world, component, now).outcome, judged(world, component, now).coverage.rule) == ("UNCOVERED", "S5")
    assert (judged(world, other, now).outcome, judged(world, other, now).coverage.rule) == ("COVERED", "S3")


def test_the_facts_that_are_kept_give_the_same_answer_for_ever(world: World, now: datetime) -> None:
    component = implemented(world.components["acme"], ago(now, 800))
    price(component)
    ordered(world, [component], ago(now, 40), ago(now, -324), now=now - timedelta(days=70), paid=False)
    row = kept(world, now, component=component)
    with work_unit(STAFF):
        stored = EligibilityDecision.objects.get(pk=row.pk)
    again = support(Facts.from_json(stored.facts), stored.reported_at)
    assert (again.rule, list(again.reasons), list(again.would_change)) == (
        stored.rule, stored.reasons, stored.would_change,
    )  # fmt: skip
    assert (stored.rule_outcome, stored.outcome, stored.decided_by_name) == ("UNCOVERED", "UNCOVERED", "Ilse Test")


# None was named --------------------------------------------------------------------------------------------------------


def test_without_a_component_one_that_is_covered_is_enough(world: World, now: datetime) -> None:
    old = implemented(world.components["acme"], ago(now, 500))
    with work_unit(STAFF):
        many = [
            ComponentFactory(customer=world.acme, site=old.site, serial=f"M-{n}", implemented_on=ago(now, 400))
            for n in range(30)
        ]
    assert judged(world, None, now).outcome == "UNCOVERED"
    assert "none of the 31 known ones is covered" in judged(world, None, now).coverage.reasons[0]
    price(old)
    ordered(world, [many[17]], ago(now, 3), ago(now, -360), now=now - timedelta(days=5))
    answer = judged(world, None, now)
    assert (answer.outcome, answer.coverage.rule, answer.component) == ("COVERED", "S2", None)
    assert "serial M-17" in answer.coverage.reasons[0]


def test_one_in_its_free_days_or_not_in_operation_is_enough(world: World, now: datetime) -> None:
    implemented(world.components["acme"], ago(now, 20))
    assert judged(world, None, now).coverage.rule == "S1"
    with work_unit(STAFF):
        Component.objects.filter(pk=world.components["acme"].pk).update(implemented_on=None)
    assert judged(world, None, now).coverage.rule == "S0"


@pytest.mark.parametrize(("zone", "outcome"), [("Pacific/Kiritimati", "UNCOVERED"), ("Pacific/Pago_Pago", "COVERED")])
def test_the_last_free_day_counts_at_the_site(world: World, zone: str, outcome: str) -> None:
    """At noon in UTC it is the next day on one side of the date line and the same one on the other."""
    with work_unit(STAFF):
        site = SiteFactory(customer=world.acme, time_zone=zone)
        Component.objects.filter(pk=world.components["acme"].pk).update(site=site)
    at = datetime.fromisoformat("2026-06-10T12:00:00+00:00")
    implemented(world.components["acme"], (at - timedelta(days=90)).date())
    assert judged(world, None, at).outcome == outcome
    assert judged(world, world.components["acme"], at).outcome == outcome


def test_what_is_not_in_use_covers_nothing(world: World, now: datetime) -> None:
    with work_unit(STAFF):
        Component.objects.filter(pk=world.components["acme"].pk).update(state="RETURNED")
    assert judged(world, None, now).coverage.rule == "S0"
    assert judged(world, None, now).coverage.reasons == ("We know no component of this customer yet.",)


def test_who_has_no_component_in_our_records_is_not_refused(world: World, now: datetime) -> None:
    with work_unit(STAFF):
        new = OrganisationFactory(code="NEWCO", reseller=world.delta)
        answer = judge_support(customer_id=new.pk, component=None, reported_at=now)
    assert (answer.outcome, answer.coverage.rule) == ("COVERED", "S0")


def test_a_renewal_that_is_suspended_does_not_hide_the_grace_of_what_was_not_renewed(
    world: World, now: datetime
) -> None:
    """Lines of one term with the same dates are judged by one of them first; the others are looked at when it is not covered."""
    first = implemented(world.components["acme"], ago(now, 900))
    price(first)
    with work_unit(STAFF):
        parts = [ComponentFactory(customer=world.acme, site=first.site, implemented_on=ago(now, 900)) for _ in range(6)]
    deal = ordered(world, parts, ago(now, 374), ago(now, 10), now=now - timedelta(days=400))
    actor, then = world.actor("fin"), now - timedelta(days=70)
    with work_unit(actor.context):  # all but one are renewed in time, and never paid
        term = services.draft_term(
            actor=actor, agreement=deal.agreement, components=parts[:-1], start=ago(now, 9), end=ago(now, -355),
            now=then, kind="RENEWAL", predecessor=deal.term,
        )  # fmt: skip
        term = services.quote(actor=actor, term=term, on=then.date(), now=then)
        services.order(actor=actor, term=term, purchase_order="PO-2", on=then.date(), now=then)
    assert [judged(world, one, now).coverage.rule for one in (parts[0], parts[-1])] == ["S5", "S3"]
    answer = judged(world, None, now)
    assert (answer.outcome, answer.coverage.rule) == ("COVERED", "S3")


def statements(world: World, component: Component | None, now: datetime) -> int:
    with work_unit(world.actor("ilse").context):
        named = Component.objects.for_list().get(pk=component.pk) if component else None
        with CaptureQueriesContext(connection) as seen:
            judge_support(customer_id=world.acme.pk, component=named, reported_at=now)
        return len(seen)


def test_it_costs_as_much_with_3000_components_as_with_one(world: World, now: datetime) -> None:
    first = implemented(world.components["acme"], ago(now, 500))
    price(first)
    with work_unit(STAFF):
        Component.objects.bulk_create(
            Component(
                customer=world.acme, reseller=world.delta, product=first.product, site=first.site,
                serial=f"B-{n}", serial_normal=f"B{n}", implemented_on=ago(now, 500),
            )
            for n in range(3000)
        )  # fmt: skip
        many = list(Component.objects.for_list().filter(customer=world.acme).exclude(pk=first.pk)[:600])
    ordered(world, many, ago(now, 30), ago(now, -334), now=now - timedelta(days=40))
    assert statements(world, None, now) <= 13
    assert statements(world, first, now) <= 4
    assert statements(world, many[-1], now) <= 10


# Otherwise than the rules ----------------------------------------------------------------------------------------------


def test_a_person_decides_beside_the_rules(world: World, now: datetime) -> None:
    latest = kept(world, now, component=implemented(world.components["acme"], ago(now, 500)))
    actor = world.actor("marek")
    with work_unit(actor.context):
        row = decide_otherwise(actor=actor, latest=latest, covered=True, reason=" Goodwill. ", at=now)
    assert (row.outcome, row.rule_outcome, row.rule) == ("COVERED", "UNCOVERED", "S4")
    assert (row.override_reason, row.decided_by_name, row.facts) == ("Goodwill.", "Marek Test", latest.facts)
    assert row.at > latest.at


@pytest.mark.parametrize("reason", ["", "  \n ", "x" * 401])
def test_without_a_reason_that_fits_nothing_is_decided(world: World, now: datetime, reason: str) -> None:
    latest = kept(world, now)
    actor = world.actor("duty")
    with work_unit(actor.context), pytest.raises(CannotDecide) as refused:
        decide_otherwise(actor=actor, latest=latest, covered=False, reason=reason, at=now)
    assert refused.value.param == "reason"
    with work_unit(STAFF):
        assert EligibilityDecision.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "covered"),
    [("ilse", True), ("dirk", True), ("dora", True), ("fin", True), ("marek", False), ("ana", False)],
)
def test_who_may_not_decide_is_refused(world: World, now: datetime, name: str, covered: bool) -> None:
    latest = kept(world, now)
    actor = world.actor(name)
    with work_unit(actor.context), pytest.raises(NotAllowed):
        decide_otherwise(actor=actor, latest=latest, covered=covered, reason="Please.", at=now)


# The wall --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ilse", "dirk"])
@pytest.mark.parametrize("bent", [{"outcome": "COVERED"}, {"override_reason": "We paid."}])
def test_a_tenants_connection_can_not_override(world: World, now: datetime, name: str, bent: dict[str, str]) -> None:
    row = kept(world, now, component=implemented(world.components["acme"], ago(now, 500)))
    values: dict[str, Any] = {
        f.attname: getattr(row, f.attname) for f in EligibilityDecision._meta.fields if f.name != "id"
    }
    with work_unit(world.actor(name).context):
        with pytest.raises(DatabaseError, match="only roZoom overrides"), transaction.atomic():
            EligibilityDecision.objects.create(
                **{**values, **bent, "override_reason": bent.get("override_reason", "x")}
            )
        assert EligibilityDecision.objects.count() == 1


@pytest.mark.parametrize("name", ["ilse", "dirk", "marek", "duty"])
def test_nobody_rewrites_or_removes_a_decision(world: World, now: datetime, name: str) -> None:
    row = kept(world, now)
    with work_unit(world.actor(name).context):
        for bend in (
            lambda: EligibilityDecision.objects.filter(pk=row.pk).update(outcome="UNCOVERED"),
            lambda: EligibilityDecision.objects.filter(pk=row.pk).delete(),
        ):
            with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
                bend()


@pytest.mark.parametrize("name", ["bob", "nils", "sol"])
def test_other_tenants_see_none(world: World, now: datetime, name: str) -> None:
    kept(world, now)
    with work_unit(world.actor(name).context):
        assert not EligibilityDecision.objects.exists()


# A past instant --------------------------------------------------------------------------------------------------------


def test_a_past_instant_answers_as_it_did_then(world: World, now: datetime, api: Any) -> None:
    """What was paid, taken back and paid again since is left out."""
    component = implemented(world.components["acme"], ago(now, 500))
    price(component)
    deal = ordered(world, [component], ago(now, 60), ago(now, -304), now=now - timedelta(days=80), paid=False)
    actor = world.actor("fin")
    moments = {"unpaid": now - timedelta(days=60), "suspended": now - timedelta(days=15)}

    def pay(at: datetime) -> Any:
        with work_unit(actor.context):
            invoice = Invoice.objects.get(pk=deal.invoice.pk)
            return record_payment(actor=actor, invoice=invoice, amount=Decimal(2000), value_date=at.date(), now=at)

    payment = pay(now - timedelta(days=10))
    moments["paid"] = now - timedelta(days=9)
    with work_unit(actor.context):
        reverse_payment(actor=actor, payment=payment, value_date=ago(now, 5), now=now - timedelta(days=5))
    moments["reversed"] = now - timedelta(days=4)
    pay(now - timedelta(days=1))
    program = api(world.acme)

    def told(at: datetime) -> tuple[str, str]:
        answer = program.get(f"/api/v1/components/{component.pk}/entitlement/", {"at": at.isoformat()}).json()
        return answer["support"]["rule"], answer["facts"]["terms"][0]["balance"]

    expected = {"unpaid": ("S2", "2000.0000"), "suspended": ("S5", "2000.0000"), "paid": ("S2", "0.0000")}
    for name, answer in expected.items():
        assert told(moments[name]) == answer, name
    assert told(moments["reversed"])[1] == "2000.0000"
    assert told(now) == ("S2", "0.0000")
    with work_unit(Context("staff")):
        found = Component.objects.for_list().get(pk=component.pk)
        then = moments["suspended"]
        facts = entitlement_facts(found, then, reported_at=then)
        assert decide(facts, then) == decide(Facts.from_json(facts.as_json()), then)
