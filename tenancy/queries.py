"""Reads of organisations, people and keys. Each begins with one's own organisation; row security is the wall behind it."""

from datetime import datetime
from uuid import UUID

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from rozoom_support.lib.refusals import NotFound
from tenancy.actor import TOKEN_ROLE, Actor
from tenancy.capabilities import CAPABILITIES, SCOPES, role_may
from tenancy.identity import hash_secret
from tenancy.models import ApiToken, Invitation, Membership, Person


def people_of(actor: Actor, words: str = "") -> QuerySet[Membership]:
    """Everybody of the actor's organisation: those with access first, by name."""
    found = _members(actor)
    if words := words.strip():
        found = found.filter(Q(person_name__icontains=words) | Q(person_email__icontains=words))
    gone_last = Case(When(is_active=True, then=Value(0)), default=Value(1), output_field=IntegerField())
    return found.order_by(gone_last, "person_name", "pk")


def helpers_of(actor: Actor) -> QuerySet[Membership]:
    """Those of one's own organisation who manage its people."""
    may_help = [str(role) for role in CAPABILITIES["people:manage"]]
    return _members(actor).filter(is_active=True, role__in=may_help).order_by("person_name", "pk")


def membership_for(actor: Actor, pk: int) -> Membership:
    """The one way to a person of one's own organisation. Raises NotFound."""
    actor.require("people:manage")
    found = _members(actor).select_related("organisation").filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def open_invitations_of(actor: Actor) -> QuerySet[Invitation]:
    """Neither used nor withdrawn; the expired ones too, so that they can be sent again."""
    actor.require("people:manage")
    found = Invitation.objects.filter(organisation_id=actor.organisation_id)
    return found.filter(accepted_at__isnull=True, withdrawn_at__isnull=True).order_by("-expires_at", "pk")


def invitation_for(actor: Actor, pk: int) -> Invitation:
    found = open_invitations_of(actor).select_related("organisation").filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found


def invitation_by_secret(secret: str, now: datetime) -> Invitation:
    """For whoever holds the link, as the login role. Wrong, used, expired and withdrawn raise the same NotFound."""
    found = Invitation.objects.select_related("organisation").filter(secret_hash=hash_secret(secret)).first()
    if found is None or not found.is_open(now) or not found.organisation.is_active:
        raise NotFound
    return found


def account_of(email: str) -> Person | None:
    """As the login role, and only for who has shown that the address is theirs."""
    return Person.objects.filter(email__iexact=email).first()


def tokens_of(actor: Actor, now: datetime) -> QuerySet[ApiToken]:
    """Those that work first, newest first."""
    actor.require("token:manage")
    works = Q(revoked_at__isnull=True, expires_at__gt=now)
    ended_last = Case(When(works, then=Value(0)), default=Value(1), output_field=IntegerField())
    return ApiToken.objects.filter(organisation_id=actor.organisation_id).order_by(ended_last, "-created_at", "pk")


def token_for(actor: Actor, pk: UUID) -> ApiToken:
    actor.require("token:manage")
    found = ApiToken.objects.filter(organisation_id=actor.organisation_id, pk=pk).first()
    if found is None:
        raise NotFound
    return found


def scopes_of_kind(kind: str) -> list[str]:
    """The scopes that allow a token of such an organisation anything at all."""
    role = TOKEN_ROLE[kind]
    return [scope for scope, names in SCOPES.items() if any(role_may(role, name) for name in names)]


def _members(actor: Actor) -> QuerySet[Membership]:
    return Membership.objects.filter(organisation_id=actor.organisation_id)
