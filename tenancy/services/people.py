"""What a person may do in an organisation, and the end of it."""

from datetime import datetime

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse

from rozoom_support.lib.refusals import NotFound, Refused
from tenancy import departures, outgoing
from tenancy.actor import Actor
from tenancy.capabilities import role_may
from tenancy.context import as_login_role
from tenancy.models import ROLES_OF_KIND, Membership, Person, Role, TeamMember
from tenancy.services._common import ADMINISTRATOR_OF_KIND, record, require_managing


class CannotChangePerson(Refused):
    code = "cannot_change_person"


@transaction.atomic
def change_role(*, actor: Actor, membership: Membership, role: str, now: datetime) -> Membership:
    membership, keepers = _lock(actor, membership)
    if role not in ROLES_OF_KIND[membership.organisation.kind]:
        raise CannotChangePerson("Choose a role this organisation has.", param="role")
    if not membership.is_active:
        raise CannotChangePerson(f"{membership.person_name} has no access now. Give it back first.")
    if membership.role == role:
        return membership
    _keep_oneself(actor, membership)
    _keep_an_administrator(actor, membership, keepers)
    was, membership.role = membership.role, role
    membership.save(update_fields=["role"])
    record(actor, membership.organisation, "person.role_changed", now, email=membership.person_email, was=was, to=role)
    if not role_may(role, "ticket:work"):
        _hand_work_back(actor, membership, now)
    return membership


@transaction.atomic
def deactivate(*, actor: Actor, membership: Membership, now: datetime) -> Membership:
    """No access from the next request on. The account stays: the person may belong to other organisations."""
    membership, keepers = _lock(actor, membership)
    if not membership.is_active:
        return membership
    _keep_oneself(actor, membership)
    _keep_an_administrator(actor, membership, keepers)
    _end(actor, membership, now)
    return membership


@transaction.atomic
def let_back_in(*, actor: Actor, membership: Membership, now: datetime) -> Membership:
    membership, _ = _lock(actor, membership)
    if membership.is_active:
        return membership
    with as_login_role():
        is_closed = Person.objects.filter(pk=membership.person_id, is_active=False).exists()
    if is_closed:
        raise CannotChangePerson(f"roZoom has closed the account of {membership.person_name}. Ask roZoom to open it.")
    membership.is_active = True
    membership.save(update_fields=["is_active"])
    record(actor, membership.organisation, "person.let_back_in", now, email=membership.person_email)
    return membership


@transaction.atomic
def close_account(*, actor: Actor, person: Person, now: datetime) -> Person:
    """roZoom's administrators end an account in every organisation at once, also an administrator's."""
    _require_operator(actor)
    if actor.person_id == person.pk:
        raise CannotChangePerson("You can not close your own account. Ask another administrator.")
    own = Q(organisation_id=actor.organisation_id, role=Role.ADMINISTRATOR, is_active=True)
    locked = _locked(Q(person_id=person.pk, is_active=True) | own)
    keepers = {
        one.pk for one in locked if one.organisation_id == actor.organisation_id and one.role == Role.ADMINISTRATOR
    }
    for membership in locked:
        if membership.person_id == person.pk:
            _keep_an_administrator(actor, membership, keepers)
            _end(actor, membership, now)
    person = Person.objects.select_for_update().get(pk=person.pk)
    if person.is_active:
        person.is_active = False
        person.save(update_fields=["is_active"])
        _record_everywhere(actor, person, "person.account_closed", now)
    return person


@transaction.atomic
def open_account(*, actor: Actor, person: Person, now: datetime) -> Person:
    """The person can sign in again. Which organisations let them back in is decided there."""
    _require_operator(actor)
    person = Person.objects.select_for_update().get(pk=person.pk)
    if not person.is_active:
        person.is_active = True
        person.save(update_fields=["is_active"])
        _record_everywhere(actor, person, "person.account_opened", now)
    return person


@transaction.atomic
def remove_second_step(*, actor: Actor, person: Person, now: datetime) -> bool:
    """For someone who lost their phone and recovery codes, after roZoom made sure who asks. The owner is told by mail."""
    _require_operator(actor)
    if actor.person_id == person.pk:
        raise CannotChangePerson("Turn off your own second step under Settings.")
    with as_login_role():
        removed, _ = Authenticator.objects.filter(user_id=person.pk).delete()
    if not removed:
        return False
    for membership in Membership.objects.select_related("organisation").filter(person=person, is_active=True):
        record(actor, membership.organisation, "person.second_step_removed", now, email=person.email)
    outgoing.mail(
        to=person.email,
        subject="The second step at sign-in is off",
        text=render_to_string(
            "tenancy/mail/second_step_removed.txt",
            {
                "support": settings.SUPPORT_CONTACT,
                "reset_url": f"{settings.BASE_URL}{reverse('account_reset_password')}",
            },
        ),
        action="Reset the password",
        dedup=f"second-step.{person.pk}.{int(now.timestamp() * 1_000_000)}",
    )
    return True


def _record_everywhere(actor: Actor, person: Person, verb: str, now: datetime) -> None:
    """Also where the person has no access any more: the account decides whether it can be given back."""
    for membership in Membership.objects.select_related("organisation").filter(person=person).order_by("pk"):
        record(actor, membership.organisation, verb, now, email=person.email)


def _locked(rows: Q) -> list[Membership]:
    """Always all rows of a deed in one statement and in one order, so that two deeds wait for each other in turn."""
    found = Membership.objects.select_for_update(of=("self",)).select_related("organisation")
    return list(found.filter(rows).order_by("pk"))


def _lock(actor: Actor, membership: Membership) -> tuple[Membership, set[int]]:
    """The membership, and who else keeps the organisation administrated: two administrators may try to end each other."""
    organisation = membership.organisation
    require_managing(actor, organisation)
    keeper = ADMINISTRATOR_OF_KIND.get(organisation.kind, "")
    locked = _locked(Q(pk=membership.pk) | Q(organisation=organisation, role=keeper, is_active=True))
    target = next((one for one in locked if one.pk == membership.pk), None)
    if target is None:
        raise NotFound
    return target, {one.pk for one in locked if one.role == keeper and one.is_active}


def _keep_oneself(actor: Actor, membership: Membership) -> None:
    if actor.person_id == membership.person_id:
        raise CannotChangePerson("You can not change your own access. Ask another administrator.")


def _keep_an_administrator(actor: Actor, membership: Membership, keepers: set[int]) -> None:
    """roZoom's administrators may end even the last one of another organisation: they can invite the next."""
    elsewhere = actor.is_operator and actor.organisation_id != membership.organisation_id
    if not elsewhere and keepers == {membership.pk}:
        raise CannotChangePerson(
            f"{membership.person_name} is the last one who manages people here. Give somebody else that role first."
        )


def _end(actor: Actor, membership: Membership, now: datetime) -> None:
    membership.is_active = False
    membership.save(update_fields=["is_active"])
    if actor.is_operator:  # only roZoom has teams, and only its connection may touch them
        TeamMember.objects.filter(membership=membership).delete()
    record(actor, membership.organisation, "person.access_ended", now, email=membership.person_email)
    _hand_work_back(actor, membership, now)


def _hand_work_back(actor: Actor, membership: Membership, now: datetime) -> None:
    for take_back in departures.when_person_leaves:
        take_back(actor, membership, now)


def _require_operator(actor: Actor) -> None:
    actor.require("people:manage")
    if not actor.is_operator:
        raise NotFound
