"""roZoom makes a warranty void, the customer appeals, a manager answers (docs/coverage.md "A warranty made void")."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from contracts import keeping
from contracts.lifecycle import WarrantyState
from contracts.models import Component, WarrantyCoverage, WarrantyVoid
from contracts.services.succeeding import pass_on_to_heir
from contracts.standing import appeal_ends, warranty_standing
from contracts.terms import local_date
from notifications.services import emit
from rozoom_support.lib.refusals import NotFound, Refused
from tenancy import audit
from tenancy.actor import Actor
from tenancy.context import as_deputy

W, V = WarrantyState, WarrantyVoid.State
Ground = WarrantyVoid.Ground
# Before it begins one person makes it void; once it runs, for what somebody did to the part, it takes two.
BEFORE_IT_BEGINS = (Ground.SALE_REVERSED, Ground.WRONG_SERIAL)
NO_EVIDENCE = "Say where the evidence lies: a ticket and its file, a report"

# What upper apps do in the same transaction when a component's warranty was made void.
followers_of_voids: list[Callable[[Actor, Component, datetime], None]] = []
# What they will change they lock first: elsewhere it is held before the warranty is.
held_before_voids: list[Callable[[UUID], None]] = []


class CannotVoid(Refused):
    code = "cannot_void"
    status = 422


class CannotAppeal(Refused):
    code = "cannot_appeal"
    status = 422


@transaction.atomic
def propose_void(
    *, actor: Actor, warranty: WarrantyCoverage, ground: str, reason: str, evidence: str = "", now: datetime
) -> WarrantyVoid:
    """WC-2 holds at once. WC-4 waits for a second person: until then nothing changes, and no tenant sees it.

    Raises CannotVoid at the field that is wrong.
    """
    if ground not in Ground.values:
        raise CannotVoid("Choose why it is void.", param="ground")
    is_before = ground in BEFORE_IT_BEGINS
    actor.require("warranty:void" if is_before else "warranty:propose-void")
    warranty = _held(warranty.pk, now, followed=True)
    _refuse_void(warranty, ground, now)
    if before := warranty.voids.filter(state=V.PROPOSED).first():
        raise CannotVoid(f"{before.proposed_by_name} proposed it already. Confirm or withdraw that proposal.")
    reason = _said(reason, "Say what happened. The customer reads it.", 1000)
    evidence = evidence.strip()
    if not is_before and not evidence:
        raise CannotVoid(NO_EVIDENCE, param="evidence")
    void = WarrantyVoid(
        warranty=warranty,
        ground=ground,
        reason=reason,
        evidence=_short(evidence, 400, "evidence"),
        proposed_by_id=_person(actor),
        proposed_by_name=actor.name,
        proposed_at=now,
    )
    if is_before:
        _shown(void, actor, now)
        void.save()
        _make_void(actor, warranty, void, now)
        return void
    void.save()
    _note(actor, void, "warranty.void-proposed", now, kind=audit.INTERNAL, evidence=void.evidence)
    _tell("warranty.void_proposed", actor, void, now)
    return void


@transaction.atomic
def confirm_void(*, actor: Actor, void: WarrantyVoid, now: datetime) -> WarrantyVoid:
    """WC-4: another person than the one who proposed it. From now on the warranty protects nothing."""
    actor.require("warranty:void")
    with _both(void, now, followed=True) as (warranty, void):
        _refuse_unless_proposed(void)
        if void.proposed_by_id == actor.person_id:
            raise CannotVoid("You proposed it. Somebody else reads the evidence and confirms.")
        _refuse_void(warranty, void.ground, now)
        _save(void, *_shown(void, actor, now))
        _make_void(actor, warranty, void, now)
        return void


@transaction.atomic
def withdraw_void(*, actor: Actor, void: WarrantyVoid, now: datetime) -> WarrantyVoid:
    """Of a proposal, by whoever made it or whoever would confirm it: the warranty stays as it is."""
    actor.require("warranty:propose-void")
    with _both(void, now) as (_, void):
        _refuse_unless_proposed(void)
        if void.proposed_by_id != actor.person_id:
            actor.require("warranty:void")
        void.state, void.withdrawn_by_name, void.withdrawn_at = V.WITHDRAWN, actor.name, now
        _save(void, "withdrawn_by_name", "withdrawn_at")
        _note(actor, void, "warranty.void-withdrawn", now, kind=audit.INTERNAL)
        return void


@transaction.atomic
def appeal(*, actor: Actor, void: WarrantyVoid, text: str, now: datetime) -> WarrantyVoid:
    """By the customer or its reseller, with words, within 30 days. Until it is answered no date makes it void for good."""
    actor.require("warranty:appeal")
    text = text.strip()
    if not text:
        raise CannotAppeal("Say why the warranty should hold.", param="text")
    if len(text) > 2000:
        raise CannotAppeal("Shorten it to 2,000 characters.", param="text")
    with _both(void, now) as (warranty, void):
        _refuse_appeal(warranty, void, now)
        void.state, void.appeal, void.appealed_by_name, void.appealed_at = V.APPEALED, text, actor.name, now
        _save(void, "appeal", "appealed_by_name", "appealed_at")
        _note(actor, void, "warranty.void-appealed", now, appeal=text)
        _tell("warranty.appealed", actor, void, now)
        return void


@transaction.atomic
def uphold(*, actor: Actor, void: WarrantyVoid, answer: str = "", now: datetime) -> WarrantyVoid:
    """WC-5: the warranty holds again, as if it had never been void. What was decided meanwhile stays. Where
    the part was replaced meanwhile, the one that stands there now has it."""
    actor.require("warranty:answer")
    with _both(void, now) as (warranty, void):
        _refuse_unless_appealed(void)
        today = local_date(now, warranty.component.site.time_zone)
        if today > warranty.end_date:
            ended = f"The warranty ended on {warranty.end_date:%d %b %Y}. It can not be given back any more."
            raise CannotVoid(f"{ended} Refuse the appeal, and say so.", param="answer")
        warranty.uphold_appeal()
        warranty.voided_at, warranty.void_reason = None, ""
        warranty.save(update_fields=["state", "voided_at", "void_reason"])
        pass_on_to_heir(warranty, today)
        _answer(actor, void, V.GIVEN_BACK, _short(answer.strip(), 1000, "answer"), now)
        _note(actor, void, "warranty.given-back", now, answer=void.answer)
        _tell("warranty.given_back", actor, void, now)
        return void


@transaction.atomic
def refuse_appeal(*, actor: Actor, void: WarrantyVoid, answer: str, now: datetime) -> WarrantyVoid:
    """WC-6: void for good, with words."""
    actor.require("warranty:answer")
    answer = _said(answer, "Say why. The customer reads it.", 1000, param="answer")
    with _both(void, now) as (warranty, void):
        _refuse_unless_appealed(void)
        warranty.close_appeal()
        warranty.save(update_fields=["state"])
        _answer(actor, void, V.FINAL, answer, now)
        _note(actor, void, "warranty.appeal-refused", now, answer=answer)
        _tell("warranty.void_final", actor, void, now)
        return void


def void_for(actor: Actor, void_id: UUID) -> WarrantyVoid:
    """The one way to one; row security leaves out foreign ones, and for tenants those that nobody confirmed."""
    actor.require("component:read")
    found = WarrantyVoid.objects.select_related("customer", "warranty__component__product", "warranty__component__site")
    void = found.filter(pk=void_id).first()
    if void is None:
        raise NotFound
    return void


# Refusals ------------------------------------------------------------------------------------------------------------


def _refuse_void(warranty: WarrantyCoverage, ground: str, now: datetime) -> None:
    stands = warranty_standing(warranty, now)
    if ground in BEFORE_IT_BEGINS and stands != W.PENDING:
        words = "Only a warranty that has not begun is void because the sale was reversed or the serial was wrong."
        raise CannotVoid(f"{_it_is(warranty, stands)} {words}", param="ground")
    if ground not in BEFORE_IT_BEGINS and stands != W.ACTIVE:
        words = "Abuse, tampering and work without a licence make a warranty void while it runs."
        raise CannotVoid(f"{_it_is(warranty, stands)} {words}", param="ground")


def _it_is(warranty: WarrantyCoverage, stands: WarrantyState) -> str:
    return {
        W.PENDING: f"It begins on {warranty.start_date:%d %b %Y}.",
        W.ACTIVE: "It is active.",
        W.EXPIRED: f"It ended on {warranty.end_date:%d %b %Y}.",
        W.TRANSFERRED: "It moved to the part that replaced this one.",
    }.get(stands, "It is void already.")


def _refuse_unless_proposed(void: WarrantyVoid) -> None:
    if void.state == V.WITHDRAWN:
        raise CannotVoid(f"{void.withdrawn_by_name} withdrew the proposal.")
    if void.state != V.PROPOSED:
        raise CannotVoid(f"{void.confirmed_by_name} confirmed it already.")


def _refuse_appeal(warranty: WarrantyCoverage, void: WarrantyVoid, now: datetime) -> None:
    if void.state == V.APPEALED:
        raise CannotAppeal(f"{void.appealed_by_name} appealed already. roZoom answers.")
    if void.state == V.GIVEN_BACK:
        raise CannotAppeal("The warranty was given back: it holds.")
    last = appeal_ends(_at(void), warranty.component.site.time_zone)
    if void.appealed_at is not None:
        raise CannotAppeal(f"The appeal was answered by {void.answered_by_name}: the warranty is void for good.")
    if void.state != V.VOID or local_date(now, warranty.component.site.time_zone) > last:
        raise CannotAppeal(f"The 30 days for an appeal ended on {last:%d %b %Y}.")


def _refuse_unless_appealed(void: WarrantyVoid) -> None:
    if void.answered_at is not None:
        raise CannotVoid(f"{void.answered_by_name} answered the appeal already.")
    if void.state != V.APPEALED:
        raise CannotVoid("Nobody appealed.")


def _said(text: str, what: str, longest: int, *, param: str = "reason") -> str:
    text = text.strip()
    if not text:
        raise CannotVoid(what, param=param)
    return _short(text, longest, param)


def _short(text: str, longest: int, param: str) -> str:
    if len(text) > longest:
        raise CannotVoid(f"Shorten it to {longest:,} characters.", param=param)
    return text


# What every deed shares ----------------------------------------------------------------------------------------------


def _held(key: int, now: datetime, *, followed: bool = False) -> WarrantyCoverage:
    """Locked, and as its dates say. Order of locks: what follows a void (`followed`), warranty, void, audit chain."""
    if followed and (part := WarrantyCoverage.objects.filter(pk=key).values_list("component_id", flat=True).first()):
        for hold in held_before_voids:
            hold(part)
    rows = WarrantyCoverage.objects.select_related("component__product", "component__site")
    warranty = rows.select_for_update(of=("self",)).filter(pk=key).first()
    if warranty is None:
        raise NotFound
    keeping.bring_warranty_up_to_date(warranty, now)
    return warranty


@contextmanager
def _both(
    void: WarrantyVoid, now: datetime, *, followed: bool = False
) -> Iterator[tuple[WarrantyCoverage, WarrantyVoid]]:
    """The warranty and its void as they are now, found under the caller's own role and written as its deputy (ADR 20)."""
    seen = WarrantyVoid.objects.filter(pk=void.pk).values_list("customer_id", "warranty_id").first()
    if seen is None:
        raise NotFound
    with as_deputy(seen[0]):
        warranty = _held(seen[1], now, followed=followed)
        yield warranty, WarrantyVoid.objects.select_for_update(of=("self",)).get(pk=void.pk)


def _shown(void: WarrantyVoid, actor: Actor, now: datetime) -> tuple[str, ...]:
    void.kind, void.state = WarrantyVoid.Kind.PUBLIC, V.VOID
    void.confirmed_by_id, void.confirmed_by_name, void.confirmed_at = _person(actor), actor.name, now
    return "kind", "confirmed_by_id", "confirmed_by_name", "confirmed_at"


def _person(actor: Actor) -> int:
    if actor.person_id is None:
        raise CannotVoid("People make a warranty void, not programs.")
    return actor.person_id


def _make_void(actor: Actor, warranty: WarrantyCoverage, void: WarrantyVoid, now: datetime) -> None:
    warranty.make_void()
    warranty.voided_at, warranty.void_reason = now, void.reason
    warranty.save(update_fields=["state", "voided_at", "void_reason"])
    for follow in followers_of_voids:
        follow(actor, warranty.component, now)
    _note(actor, void, "warranty.voided", now, evidence=void.evidence, proposed_by=void.proposed_by_name)
    _tell("warranty.voided", actor, void, now)


def _answer(actor: Actor, void: WarrantyVoid, state: str, answer: str, now: datetime) -> None:
    void.state, void.answer, void.answered_by_name, void.answered_at = state, answer, actor.name, now
    _save(void, "answer", "answered_by_name", "answered_at")


def _save(void: WarrantyVoid, *fields: str) -> None:
    void.save(update_fields=[*fields, "state"])


def _at(void: WarrantyVoid) -> datetime:
    assert void.confirmed_at is not None, "only what holds is appealed"
    return void.confirmed_at


def _note(actor: Actor, void: WarrantyVoid, verb: str, now: datetime, *, kind: str = audit.PUBLIC, **data: Any) -> None:
    warranty = void.warranty
    audit.record(
        actor,
        customer_id=void.customer_id,
        chain=f"component:{warranty.component_id}",
        verb=verb,
        now=now,
        kind=kind,
        warranty=warranty.kind,
        start=warranty.start_date,
        end=warranty.end_date,
        ground=void.ground,
        reason=void.reason,
        **data,
    )


def _tell(topic: str, actor: Actor, void: WarrantyVoid, now: datetime) -> None:
    emit(
        topic,
        customer_id=void.customer_id,
        reseller_id=void.reseller_id,
        payload={"void": str(void.pk), "by": actor.person_id},
        now=now,
    )
