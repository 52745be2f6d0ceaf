"""A year, each day on which something may change: cover and words are the same whether the job runs or not."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from contracts.coverage import facts_of
from contracts.entitlement import decide, support
from contracts.keeping import keep
from contracts.models import AgreementTerm, Component, Payment, WarrantyCoverage
from contracts.services import reverse_payment
from contracts.standing import current_warranty, standings
from contracts.terms import DAY
from tenancy.context import work_unit
from tests.contracts.deals import STAFF, Deal, implemented, ordered, pay, price, warranty
from tests.world import ComponentFactory, World

FIRST, LAST = date(2026, 1, 1), date(2027, 2, 5)
START, END = date(2026, 2, 1), date(2026, 10, 31)
DUE = FIRST + 30 * DAY
HAPPENS = (date(2026, 3, 20), date(2026, 6, 1), date(2026, 7, 1), date(2026, 11, 15))
EDGES = (
    FIRST, START, START + 90 * DAY, DUE + 30 * DAY, DUE + 90 * DAY, END, END + 30 * DAY, date(2026, 12, 31), LAST, *HAPPENS
)  # fmt: skip
# Each day around one on which something changes, and every fifth of the others.
DAYS = [
    day
    for day in (FIRST + number * DAY for number in range((LAST - FIRST).days + 1))
    if day.toordinal() % 5 == 0 or any(abs((day - edge).days) <= 2 for edge in EDGES)
]


@dataclass
class Cast:
    """One component for each story, so that each story has an agreement of its own."""

    paid: Component
    owing: Component  # suspended, lapsed
    late: Component  # paid while suspended
    bounced: Component  # the bank took the payment back
    renewed: Component  # the renewal ordered in grace
    free: Component


@pytest.fixture
def told(world: World) -> tuple[Cast, dict[str, Deal]]:
    price(world.components["acme"])
    site = world.components["acme"].site
    with work_unit(STAFF):
        made = [
            ComponentFactory(customer=world.acme, site=site, serial=f"Y-{number}", implemented_on=date(2025, 3, 1))
            for number in range(6)
        ]
    cast = Cast(*made)
    implemented(cast.free, date(2026, 2, 1))
    for component in (cast.paid, cast.bounced):
        warranty(component, date(2026, 2, 1), date(2026, 12, 31))
    deals = {
        name: ordered(world, [getattr(cast, name)], START, END, now=_noon(FIRST), paid=name != "owing")
        for name in ("paid", "owing", "bounced", "renewed")
    }
    deals["late"] = ordered(world, [cast.late], START, END, now=_noon(FIRST), paid=False)
    return cast, deals


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, 0, tzinfo=UTC)


def _happens(world: World, cast: Cast, deals: dict[str, Deal], day: date) -> None:
    """What people do on some of the days."""
    now, finance = _noon(day), world.actor("fin")
    if day == HAPPENS[0]:
        with work_unit(STAFF):
            pay(finance, deals["late"].invoice, deals["late"].invoice.total, now)
    if day == HAPPENS[1]:
        with work_unit(STAFF):
            payment = Payment.objects.get(invoice=deals["bounced"].invoice)
            reverse_payment(actor=finance, payment=payment, value_date=day, now=now)
    if day == HAPPENS[2]:
        with work_unit(STAFF):
            pay(finance, deals["bounced"].invoice, deals["bounced"].invoice.total, now)
    if day == HAPPENS[3]:
        after = ordered(world, [cast.renewed], END + DAY, date(2027, 10, 31), now=now).term
        with work_unit(STAFF):
            before = deals["renewed"].term
            AgreementTerm.objects.filter(pk=after.pk).update(agreement_id=before.agreement_id, predecessor=before)


def _said(world: World, day: date) -> list[Any]:
    """Everything that a page or a rule says on that day, at an hour when the job has long run or not."""
    at = _noon(day) + timedelta(hours=6)
    with work_unit(STAFF):
        components = list(
            Component.objects.for_list().filter(customer=world.acme, serial__startswith="Y-").order_by("serial")
        )
        facts = list(facts_of(components, at, reported_at=at).values())
        terms = list(AgreementTerm.objects.select_related("agreement__customer").order_by("pk"))
        stands = standings(terms, at)
        warranties = [
            current_warranty(
                row.state, row.start_date, row.end_date, voided_at=row.voided_at, at=at, zone="Europe/Berlin"
            )
            for row in WarrantyCoverage.objects.order_by("pk")
        ]
        return [
            [support(one, at) for one in facts],
            [decide(one, at) for one in facts],
            [stands[term.pk].state for term in terms],
            warranties,
        ]


def _year(world: World, told: tuple[Cast, dict[str, Deal]], *, with_job: bool) -> list[list[Any]]:
    cast, deals = told
    said = []
    for day in DAYS:
        _happens(world, cast, deals, day)
        if with_job:
            keep(seconds=60, now=_noon(day) + timedelta(hours=3))
        said.append(_said(world, day))
    return said


def _stored() -> list[str]:
    with work_unit(STAFF):
        return list(AgreementTerm.objects.order_by("pk").values_list("state", flat=True))


def test_a_year_is_the_same_with_the_job_and_without_it(world: World, told: tuple[Cast, dict[str, Deal]]) -> None:
    walks = []
    for with_job in (True, False):
        before = transaction.savepoint()
        walks.append(_year(world, told, with_job=with_job))
        if not with_job:
            assert set(_stored()) == {"ORDERED"}
            keep(seconds=60, now=_noon(LAST) + timedelta(hours=7))  # the only run, a year late
            assert _said(world, LAST) == walks[-1][-1]
        assert _stored() == walks[-1][-1][2]  # written down: what the pages say
        transaction.savepoint_rollback(before)
    for day, daily, never in zip(DAYS, *walks, strict=True):
        assert daily == never, day
    # The stories went as they were meant to.
    seen = {state for day in walks[1] for state in day[2]}
    assert seen == {"ORDERED", "IN_FORCE", "SUSPENDED", "GRACE", "LAPSED", "RENEWED"}
