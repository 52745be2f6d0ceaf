"""What keeps a request waiting: asked for, supplied, confirmed. After each the rules are asked again."""

from datetime import datetime

from django.db import transaction

from contracts.models import Component, Site
from contracts.queries import component_by_serial
from rma.events import note, tell
from rma.lifecycle import machine_of
from rma.models import Rma
from rma.services._common import CannotReturn, go, held, said, save, save_quietly
from rma.services.deciding import BEFORE_APPROVAL, decide_now, missing_of, missing_words
from rma.states import Media, Missing, RmaState
from tenancy.actor import Actor

OF_CUSTOMERS = ("customer", "reseller")


@transaction.atomic
def hold_return(
    *, actor: Actor, rma: Rma, missing: list[str], reason: str = "", now: datetime, version: int | None = None
) -> Rma:
    """RA-1: something is missing. The next-business-day clock does not run until it is there."""
    actor.require("rma:manage")
    unknown = [name for name in missing if name not in Missing.values]
    if unknown or not missing:
        raise CannotReturn("Choose what is missing.", param="missing")
    with held(rma, now, version) as rma:
        fields = go(rma, "hold")
        rma.missing, rma.hold_reason = missing, reason.strip()[:400]
        save(rma, now, *fields, "missing", "hold_reason")
        note(actor, rma, "rma.on-hold", now, missing=missing_words(missing), reason=rma.hold_reason)
        tell("rma.on_hold", actor, rma, now, missing=missing)
        return rma


@transaction.atomic
def supply(
    *,
    actor: Actor,
    rma: Rma,
    now: datetime,
    version: int | None = None,
    component: Component | None = None,
    ship_to: Site | None = None,
    confirms_ship_to: bool = False,
    contact_name: str | None = None,
    contact_phone: str | None = None,
    accepts_terms: bool = False,
    media: str | None = None,
    agreement_is_known: bool = False,
) -> Rma:
    """RA-2: give what was missing. The rules are asked again; what is still missing stays on the list.

    A place other than the one we know is confirmed by roZoom, or by somebody else than who asked. `component` names the part
    of a serial nobody knew; without it the serial is looked up again.
    """
    actor.require("rma:request")
    with held(rma, now, version) as rma:
        if rma.state not in BEFORE_APPROVAL:
            raise CannotReturn(machine_of(rma).explain(rma, "resume"))
        changed = _name_component(rma, component) + _place(actor, rma, ship_to, confirms_ship_to, now)
        for name, given in (("contact_name", contact_name), ("contact_phone", contact_phone)):
            if given is not None:
                setattr(rma, name, given.strip())
                changed.append(name)
        if media is not None:
            if media not in Media.values:
                raise CannotReturn("Say what becomes of the data on the part.", param="media")
            rma.media = media
            changed.append("media")
        if accepts_terms and rma.terms_accepted_at is None:
            rma.terms_accepted_at = now
            changed.append("terms_accepted_at")
        if agreement_is_known:
            if actor.party == "customer":
                raise CannotReturn("The reseller, or roZoom, confirms the agreement.", param="agreement_is_known")
            rma.unconfirmed_agreement = ""
            changed.append("unconfirmed_agreement")
        note(actor, rma, "rma.supplied", now, given=changed)
        return _look_again(actor, rma, now, *changed)


@transaction.atomic
def confirm_failure(*, actor: Actor, rma: Rma, now: datetime, version: int | None = None) -> Rma:
    """An engineer says on the ticket that the part failed, and no fix of its software brings it back."""
    actor.require("rma:diagnose")
    with held(rma, now, version) as rma:
        if rma.state not in BEFORE_APPROVAL:
            raise CannotReturn(f"{rma} is {rma.get_state_display().lower()}. A failure is confirmed before approval.")
        rma.failure_confirmed_at, rma.failure_confirmed_by_name = now, actor.name
        note(actor, rma, "rma.failure-confirmed", now)
        return _look_again(actor, rma, now, "failure_confirmed_at", "failure_confirmed_by_name")


@transaction.atomic
def release(*, actor: Actor, rma: Rma, now: datetime, reason: str, version: int | None = None) -> Rma:
    """Another part of this customer is overdue; a coordinator lets this one go on all the same."""
    actor.require("rma:manage")
    reason = said(reason, "Say in a few words why it goes on.")
    with held(rma, now, version) as rma:
        if rma.state not in BEFORE_APPROVAL:
            raise CannotReturn(f"{rma} is {rma.get_state_display().lower()}. It needs no release any more.")
        rma.released_at, rma.released_by_name = now, actor.name
        note(actor, rma, "rma.released", now, reason=reason)
        return _look_again(actor, rma, now, "released_at", "released_by_name")


@transaction.atomic
def exclude_damage(*, actor: Actor, rma: Rma, damage: str, now: datetime, version: int | None = None) -> Rma:
    """Damage that no warranty covers, such as lightning; empty takes it back. The rules are asked again."""
    actor.require("rma:manage")
    with held(rma, now, version) as rma:
        if rma.state not in BEFORE_APPROVAL:
            raise CannotReturn(f"{rma} is {rma.get_state_display().lower()}.")
        rma.excluded_damage = damage.strip()[:200]
        note(actor, rma, "rma.damage-excluded", now, damage=rma.excluded_damage)
        return _look_again(actor, rma, now, "excluded_damage")


def _name_component(rma: Rma, component: Component | None) -> list[str]:
    if rma.component is not None:
        return []
    found = component or component_by_serial(rma.customer, rma.claimed_serial)
    if found is None:
        return []
    if found.customer_id != rma.customer_id:
        raise CannotReturn("We do not know this component. Choose one from the list.", param="component")
    if other := Rma.objects.open().filter(customer_id=rma.customer_id, component=found).first():
        raise CannotReturn(f"A return of {found.serial} is open already: {other}. Cancel this one.", param="component")
    rma.component = Component.objects.for_list().get(pk=found.pk)
    fields = ["component"]
    if rma.ship_to is None:
        rma.ship_to = rma.component.site
        fields.append("ship_to")
    return fields


def _place(actor: Actor, rma: Rma, ship_to: Site | None, confirms: bool, now: datetime) -> list[str]:
    fields = []
    if ship_to is not None and ship_to.pk != rma.ship_to_id:
        if ship_to.customer_id != rma.customer_id:
            raise CannotReturn("We do not know this site. Choose one from the list.", param="ship_to")
        rma.ship_to, rma.ship_to_verified_at, rma.ship_to_verified_by_name = ship_to, None, ""
        rma.requested_by_id = actor.person_id if actor.party in OF_CUSTOMERS else rma.requested_by_id
        fields = ["ship_to", "ship_to_verified_at", "ship_to_verified_by_name", "requested_by_id"]
        if rma.component is not None and ship_to.pk == rma.component.site_id and not rma.hold_reason:
            rma.missing = [one for one in rma.missing if one != Missing.SHIP_TO]  # the place we know needs no witness
    if confirms:
        own = actor.party in OF_CUSTOMERS and (actor.person_id is None or actor.person_id == rma.requested_by_id)
        if own:
            raise CannotReturn("Somebody else than who asked confirms the new place.", param="confirms_ship_to")
        rma.ship_to_verified_at, rma.ship_to_verified_by_name = now, actor.name
        fields += ["ship_to_verified_at", "ship_to_verified_by_name"]
    return fields


def _look_again(actor: Actor, rma: Rma, now: datetime, *changed: str) -> Rma:
    decision, fields = decide_now(actor, rma, now)
    was = list(rma.missing)
    rma.missing = missing_of(rma, decision)
    fields = [*changed, *fields, "missing"]
    if rma.state == RmaState.ON_HOLD and not rma.missing:
        rma.hold_reason = ""
        save(rma, now, *go(rma, "resume"), *fields, "hold_reason")
        note(actor, rma, "rma.resumed", now, outcome=rma.outcome, rule=rma.rule)
        tell("rma.resumed", actor, rma, now, outcome=rma.outcome)
    else:
        if rma.state == RmaState.REQUESTED:
            rma.missing = was  # what a page did not ask for is asked at approval
        save_quietly(rma, now, *fields)
    return rma
