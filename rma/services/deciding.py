"""What a failure entitles to: the facts read, the rules asked (contracts.entitlement), the answer kept with the return."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from contracts.coverage import entitlement_facts
from contracts.entitlement import Decision, Outcome, decide
from contracts.facts import Facts
from contracts.models import Component, EligibilityDecision, Site
from contracts.queries import near_components
from contracts.services.decisions import decisions_on
from rma.events import note, tell
from rma.models import Rma, RmaQuerySet, Warehouse
from rma.services._common import CannotReturn, held, said, save_quietly
from rma.standing import current_state
from rma.states import ENDED, Missing, RmaState
from tenancy.actor import Actor
from tenancy.models import Organisation
from tickets.models import Ticket

SUBJECT = EligibilityDecision.Subject.RMA
COPIED = ["outcome", "rule", "decision", "decided_at"]
BEFORE_APPROVAL = (RmaState.REQUESTED, RmaState.ON_HOLD)


@dataclass(frozen=True)
class Case:
    """What the rules are asked about: a ticket, the failed part (or a serial nobody knows), and where it stands."""

    ticket: Ticket
    customer: Organisation
    component: Component | None
    serial: str = ""
    ship_to: Site | None = None
    is_verified: bool = False
    excluded_damage: str = ""
    agreement_from: str = ""
    returns_but: Rma | None = None  # the return that is being decided: it is not in its own way

    @classmethod
    def of(cls, rma: Rma) -> "Case":
        return cls(
            ticket=rma.ticket,
            customer=rma.customer,
            component=rma.component,
            serial=rma.claimed_serial,
            ship_to=rma.ship_to,
            is_verified=rma.ship_to_verified_at is not None,
            excluded_damage=rma.excluded_damage,
            agreement_from=rma.unconfirmed_agreement,
            returns_but=rma,
        )


def facts_of_case(case: Case, now: datetime) -> Facts:
    """Cover is judged at the moment of the report, the fee now. Of other tenants nothing is read."""
    reported_at, component = case.ticket.reported_at, case.component
    if component is None:
        near = tuple(one.serial for one in near_components(case.customer, case.serial))
        return Facts(case.customer.time_zone, reported_at, is_registered=False, near_serials=near)
    site = case.ship_to or component.site
    return replace(
        entitlement_facts(component, now, reported_at=reported_at),
        open_rma=open_return(component, now, case.returns_but),
        excluded_damage=case.excluded_damage,
        unconfirmed_agreement=case.agreement_from,
        ship_to_verified=case.is_verified or site.pk == component.site_id,
        ship_to_serviced=is_serviced(site),
        overdue_return=overdue_return(case.customer, case.returns_but, now),
    )


def open_returns_of(component: Component) -> RmaQuerySet:
    """At most one. A replacement that was dead on arrival comes back under the return that sent it."""
    again = Q(replacement=component, state__in=["APPROVED", "BACKORDERED", "ALLOCATED", "SHIPPED"])
    return Rma.objects.open().filter(Q(component=component) | again, customer_id=component.customer_id)


def standing_return(rows: RmaQuerySet, now: datetime) -> Rma | None:
    """The one of these that is open today. One that a date has ended is not, whether or not the job came by."""
    found = rows.select_related("component__site", "ship_to", "customer").first()
    return found if found is not None and current_state(found, now) not in ENDED else None


def open_return(component: Component, now: datetime, but: Rma | None = None) -> str:
    """The reference of the open return of this component, if there is one."""
    rows = open_returns_of(component)
    found = standing_return(rows.exclude(pk=but.pk) if but else rows, now)
    return found.reference if found is not None else ""


def is_serviced(site: Site) -> bool:
    """A date is promised only to countries that a warehouse serves."""
    country = site.country.upper()
    return bool(country) and Warehouse.objects.filter(is_active=True, serviced_countries__contains=[country]).exists()


def overdue_return(customer: Organisation, but: Rma | None, now: datetime) -> str:
    """Another return of this customer whose failed part is late, by its date and not by a stored state."""
    late = Q(state=RmaState.DELIVERED, due_at__lte=now)
    found = Rma.objects.filter(late | Q(state__in=["RETURN_OVERDUE", "NON_RETURN_INVOICED"]), customer=customer)
    found = found.exclude(pk=but.pk) if but else found
    return found.order_by("return_due").values_list("reference", flat=True).first() or ""


def keep(actor: Actor, rma: Rma, facts: Facts, decision: Decision, now: datetime) -> list[str]:
    """Add the rules' answer, and copy it to the return. Returns the columns that changed."""
    EligibilityDecision.objects.create(
        customer_id=rma.customer_id,
        reseller_id=rma.reseller_id,
        subject=SUBJECT,
        subject_id=str(rma.pk),
        component=rma.component,
        at=_after_the_last(rma, now),
        reported_at=facts.reported_at,
        rule_set=decision.rule_set,
        facts=facts.as_json(),
        rule=decision.rule,
        rule_outcome=str(decision.outcome),
        outcome=str(decision.outcome),
        reasons=list(decision.reasons),
        would_change=list(decision.would_change),
        decided_by_name=actor.name,
    )
    return copy(rma, decision, now)


def copy(rma: Rma, decision: Decision, now: datetime, *, override: str = "", outcome: str = "") -> list[str]:
    rma.outcome, rma.rule, rma.decided_at = outcome or str(decision.outcome), decision.rule, now
    rma.decision = {
        "reasons": list(decision.reasons),
        "would_change": list(decision.would_change),
        "charge": str(decision.charge),
        "flags": list(decision.flags),
        "promises_date": decision.promises_date,
        "override": override,
    }
    return COPIED


def decide_now(actor: Actor, rma: Rma, now: datetime) -> tuple[Decision, list[str]]:
    """Ask the rules again and keep the answer. What a manager decided otherwise holds, and is not asked again."""
    facts = facts_of_case(Case.of(rma), now)
    decision = decide(facts, now)
    if rma.decision.get("override"):
        return decision, []
    return decision, keep(actor, rma, facts, decision, now)


def has_advance(rma: Rma) -> bool:
    """By the rules, or because a manager decided so."""
    return rma.outcome == Outcome.ADVANCE


@transaction.atomic
def decide_again(*, actor: Actor, rma: Rma, now: datetime, version: int | None = None) -> Rma:
    """The facts may have changed: a fee was paid, a component added. Open to whoever may request."""
    actor.require("rma:request")
    with held(rma, now, version) as rma:
        if rma.state in ENDED or rma.approved_at is not None:
            raise CannotReturn(f"{rma} is decided: it is {rma.get_state_display().lower()}.")
        was = rma.outcome
        decision, fields = decide_now(actor, rma, now)
        save_quietly(rma, now, *fields)
        if rma.outcome != was:
            note(actor, rma, "rma.decided", now, was=was, outcome=rma.outcome, rule=decision.rule)
            tell("rma.decided", actor, rma, now, outcome=rma.outcome)
        return rma


@transaction.atomic
def decide_otherwise(
    *, actor: Actor, rma: Rma, outcome: str, reason: str, now: datetime, version: int | None = None
) -> Rma:
    """A manager decides otherwise than the rules, with a reason: a part that failed within 30 days of delivery, say. What
    the rules said stays beside it."""
    actor.require("rma:override")
    if outcome not in (Outcome.ADVANCE, Outcome.FACTORY, Outcome.REJECT):
        raise CannotReturn("Choose a replacement in advance, a factory repair or a refusal.", param="outcome")
    reason = said(reason, "Say in a few words why.")
    with held(rma, now, version) as rma:
        if rma.state not in BEFORE_APPROVAL or rma.component is None:
            raise CannotReturn(f"{rma} is {rma.get_state_display().lower()}. It is decided before it is approved.")
        facts = facts_of_case(Case.of(rma), now)
        decision = decide(facts, now)
        EligibilityDecision.objects.create(
            customer_id=rma.customer_id,
            reseller_id=rma.reseller_id,
            subject=SUBJECT,
            subject_id=str(rma.pk),
            component=rma.component,
            at=_after_the_last(rma, now),
            reported_at=facts.reported_at,
            rule_set=decision.rule_set,
            facts=facts.as_json(),
            rule=decision.rule,
            rule_outcome=str(decision.outcome),
            outcome=outcome,
            reasons=list(decision.reasons),
            would_change=list(decision.would_change),
            override_reason=reason,
            decided_by_name=actor.name,
        )
        promises = replace(decision, promises_date=is_serviced(rma.ship_to or rma.component.site))
        fields = copy(rma, promises, now, override=reason, outcome=outcome)
        save_quietly(rma, now, *fields)
        note(actor, rma, "rma.decided-otherwise", now, outcome=outcome, rules=str(decision.outcome), reason=reason)
        tell("rma.decided", actor, rma, now, outcome=outcome)
        return rma


def decisions_of(rma: Rma) -> list[EligibilityDecision]:
    """Every version, oldest first; the last one holds."""
    return decisions_on(rma.customer_id, SUBJECT, str(rma.pk))


def _after_the_last(rma: Rma, now: datetime) -> datetime:
    known = decisions_of(rma)
    return max(now, known[-1].at + timedelta(microseconds=1)) if known else now


# What is missing -------------------------------------------------------------------------------------------------------


def missing_of(rma: Rma, decision: Decision) -> list[str]:
    """What keeps it on hold, from what is known now. What roZoom asked for stays asked until it is there."""
    asked = set(rma.missing)
    found = {
        Missing.SERIAL: rma.component is None,
        Missing.SHIP_TO: rma.ship_to_verified_at is None and (Missing.SHIP_TO in asked or _stands_elsewhere(rma)),
        Missing.AGREEMENT: decision.rule == "R1" and rma.unconfirmed_agreement != "",
        Missing.DIAGNOSIS: Missing.DIAGNOSIS in asked and rma.failure_confirmed_at is None,
        Missing.TERMS: rma.terms_accepted_at is None and _is_hardware(rma),
        Missing.MEDIA: rma.media == "" and _has_media(rma) and _is_hardware(rma),
        Missing.RELEASE: Missing.RELEASE in asked and rma.released_at is None,
        Missing.RECHECK: Missing.RECHECK in asked and not has_advance(rma),
    }
    return [str(name) for name, is_missing in found.items() if is_missing]


def _stands_elsewhere(rma: Rma) -> bool:
    return rma.component is not None and rma.ship_to_id is not None and rma.ship_to_id != rma.component.site_id


def _is_hardware(rma: Rma) -> bool:
    return rma.component is not None and rma.component.product.kind == "HARDWARE"


def _has_media(rma: Rma) -> bool:
    return rma.component is not None and rma.component.product.has_media


def missing_words(names: list[str]) -> list[str]:
    return [str(Missing(name).label) for name in names]


def shown_facts(rma: Rma) -> dict[str, Any]:
    """The facts that the decision in force was made from."""
    known = decisions_of(rma)
    return known[-1].facts if known else {}
