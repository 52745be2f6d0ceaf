"""Whether a problem is covered: decided when it is reported, kept for ever, decided otherwise only by people of roZoom."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import chain, islice
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from contracts.coverage import facts_of, was_ordered
from contracts.entitlement import ASK_US, Coverage, Support, support
from contracts.facts import Facts
from contracts.models import AgreementLine, Component, ComponentQuerySet, EligibilityDecision
from contracts.terms import FREE_DAYS, GRACE_DAYS
from rozoom_support.lib.refusals import Refused
from tenancy.actor import Actor

COVERED, UNCOVERED = "COVERED", "UNCOVERED"
FIRST_LOOK, AT_ONCE = 20, 2000  # components judged together while one that is covered is looked for
OTHER_ZONES = timedelta(days=1)  # a date at a site is at most this far from the date in UTC
Subject = EligibilityDecision.Subject


class CannotDecide(Refused):
    code = "cannot_decide"


@dataclass(frozen=True)
class Judgement:
    """What the rules say of one problem, and from which facts."""

    component: Component | None
    reported_at: datetime
    coverage: Coverage
    facts: dict[str, Any]

    @property
    def outcome(self) -> str:
        return COVERED if self.coverage.is_covered else UNCOVERED


def judge_support(*, customer_id: int, component: Component | None, reported_at: datetime) -> Judgement:
    """Whether a problem of this customer, reported at that instant, is covered. The component brings product and site.

    Who names no component is covered when any of the customer's is: our staff finds out which one it is.
    """
    if component is None:
        return _judge_unnamed(customer_id, reported_at)
    facts = facts_of([component], reported_at, reported_at=reported_at)[component.pk]
    return Judgement(component, reported_at, support(facts, reported_at), facts.as_json())


def keep_decision(
    *,
    actor: Actor,
    judgement: Judgement,
    customer_id: int,
    reseller_id: int,
    subject: str,
    subject_id: str,
    at: datetime,
) -> EligibilityDecision:
    """Add the rules' answer to what was decided of this ticket or return."""
    coverage = judgement.coverage
    return EligibilityDecision.objects.create(
        customer_id=customer_id,
        reseller_id=reseller_id,
        subject=subject,
        subject_id=subject_id,
        component=judgement.component,
        at=at,
        reported_at=judgement.reported_at,
        rule_set=coverage.rule_set,
        facts=judgement.facts,
        rule=coverage.rule,
        rule_outcome=judgement.outcome,
        outcome=judgement.outcome,
        reasons=list(coverage.reasons),
        would_change=list(coverage.would_change),
        decided_by_name=actor.name,
    )


def decide_otherwise(
    *, actor: Actor, latest: EligibilityDecision, covered: bool, reason: str, at: datetime
) -> EligibilityDecision:
    """Add a decision of a person, beside what the rules said. Granting is an agent's right, taking away a manager's."""
    actor.require("ticket:grant-promise" if covered else "coverage:override")
    reason = reason.strip()
    longest = EligibilityDecision._meta.get_field("override_reason").max_length or 0
    if not reason:
        raise CannotDecide("Say in a few words why.", param="reason")
    if len(reason) > longest:
        raise CannotDecide(f"Shorten the reason to {longest} characters.", param="reason")
    return EligibilityDecision.objects.create(
        customer_id=latest.customer_id,
        reseller_id=latest.reseller_id,
        subject=latest.subject,
        subject_id=latest.subject_id,
        component_id=latest.component_id,
        at=max(at, latest.at + timedelta(microseconds=1)),
        reported_at=latest.reported_at,
        rule_set=latest.rule_set,
        facts=latest.facts,
        rule=latest.rule,
        rule_outcome=latest.rule_outcome,
        outcome=COVERED if covered else UNCOVERED,
        reasons=latest.reasons,
        would_change=latest.would_change,
        override_reason=reason,
        decided_by_name=actor.name,
    )


def decisions_on(customer_id: int, subject: str, subject_id: str) -> list[EligibilityDecision]:
    """Everything that was decided, oldest first; the last one holds."""
    found = EligibilityDecision.objects.filter(customer_id=customer_id, subject=subject, subject_id=subject_id)
    return list(found.order_by("at", "id"))


# A problem without a component -----------------------------------------------------------------------------------------


def _judge_unnamed(customer_id: int, at: datetime) -> Judgement:
    has_any, new = _first_look(customer_id, at)
    if new is not None:  # covered, whatever else protects it
        return _by_one(new, support(new.facts, at), at)
    if not has_any:
        return Judgement(None, at, _none_covered(0), {"components": 0, "reported_at": at.isoformat()})
    for component, facts, coverage in _judged(customer_id, at):
        if coverage.is_covered:
            return _by_one(_Named(component.pk, component.serial, component.product.name, facts), coverage, at)
    count = _in_use(customer_id).count()
    return Judgement(None, at, _none_covered(count), {"components": count, "reported_at": at.isoformat()})


@dataclass(frozen=True)
class _Named:
    """The one covered component that stands for those that were not named."""

    key: UUID
    serial: str
    product: str
    facts: Facts


def _by_one(named: _Named, coverage: Coverage, at: datetime) -> Judgement:
    words = f"No component was named. One that is covered: {named.product}, serial {named.serial}."
    kept = {"component": str(named.key), **named.facts.as_json()}
    shown = Coverage(coverage.support, coverage.rule, (words, *coverage.reasons), agreement=coverage.agreement)
    return Judgement(None, at, shown, kept)


# Whether the customer has any component, and one that is not in operation yet or in its free days in every zone. Most
# tickets end here, and each of them pays for it, so it is one bare statement.
FIRST = """
SELECT c.id, c.serial, c.product, c.time_zone, c.implemented_on
FROM (SELECT FROM contracts_component WHERE customer_id = %s AND state = 'IN_USE' LIMIT 1) has_any
LEFT JOIN LATERAL (
  SELECT c.id, c.serial, p.name AS product, s.time_zone, c.implemented_on FROM contracts_component c
  JOIN contracts_product p ON p.id = c.product_id JOIN contracts_site s ON s.id = c.site_id
  WHERE c.customer_id = %s AND c.state = 'IN_USE' AND (c.implemented_on IS NULL OR c.implemented_on >= %s) LIMIT 1
) c ON true"""


def _first_look(customer_id: int, at: datetime) -> tuple[bool, _Named | None]:
    with connection.cursor() as cursor:
        cursor.execute(FIRST, [customer_id, customer_id, _first_free_day(at) + OTHER_ZONES])
        row = cursor.fetchone()
    if row is None or row[0] is None:
        return row is not None, None
    key, serial, product, zone, implemented_on = row
    return True, _Named(key, serial, product, Facts(zone, at, implemented_on=implemented_on))


def _none_covered(components: int) -> Coverage:
    """Nobody is refused because roZoom's own records are empty."""
    if not components:
        return Coverage(Support.NOT_STARTED, "S0", ("We know no component of this customer yet.",))
    only = "the only one known is not covered" if components == 1 else f"none of the {components} known ones is covered"
    change = ("Name the component, if it is another one.", "Order a support agreement.", ASK_US)
    return Coverage(Support.NONE, "S4", (f"No component was named, and {only}.",), change)


def _judged(customer_id: int, at: datetime) -> Iterator[tuple[Component, Facts, Coverage]]:
    """Components that may be covered at that instant, the most likely first, judged a few at a time."""
    candidates, size = _candidates(customer_id, at), FIRST_LOOK
    while keys := list(islice(candidates, size)):
        found = list(Component.objects.for_list().filter(pk__in=keys))
        facts = facts_of(found, at, reported_at=at)
        for component in found:
            yield component, facts[component.pk], support(facts[component.pk], at)
        size = AT_ONCE


def _candidates(customer_id: int, at: datetime) -> Iterator[UUID]:
    """By their dates: one for each different line of an agreement, then whatever else may be covered."""
    # Lines with the same dates and zone are nearly always covered alike, however many there are.
    same = ("term_id", "cover_start", "cover_end", "removed_on", "component__site__time_zone")
    listed = _lines(customer_id, at)
    tried = set(listed.order_by(*same).distinct(*same).values_list("component_id", flat=True))
    yield from tried
    may_be_free = _in_use(customer_id).filter(implemented_on__gte=_first_free_day(at) - OTHER_ZONES)
    others = chain(
        may_be_free.values_list("pk", flat=True), listed.order_by().values_list("component_id", flat=True).distinct()
    )
    yield from (key for key in others if key not in tried)


def _in_use(customer_id: int) -> ComponentQuerySet:
    return Component.objects.in_use().filter(customer_id=customer_id)


def _first_free_day(at: datetime) -> date:
    """What was put into operation then is free for the last day, in UTC."""
    return at.date() - timedelta(days=FREE_DAYS)


def _lines(customer_id: int, at: datetime) -> QuerySet[AgreementLine]:
    """Of agreements ordered by then, whose cover or grace may reach that day in some zone."""
    return AgreementLine.objects.filter(
        was_ordered(at, "term__"),
        customer_id=customer_id,
        component__state=Component.State.IN_USE,
        cover_start__lte=at.date() + OTHER_ZONES,
        cover_end__gte=at.date() - timedelta(days=GRACE_DAYS) - OTHER_ZONES,
    )
