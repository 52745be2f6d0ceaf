"""The one way in for people: an invitation by mail, used once."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string

from rozoom_support.lib.refusals import NotFound, Refused
from rozoom_support.lib.ui.times import absolute
from tenancy import outgoing
from tenancy.actor import Actor
from tenancy.identity import hash_secret, new_secret
from tenancy.models import ROLES_OF_KIND, Invitation, Membership, Organisation, Person, Role
from tenancy.names import clean_name
from tenancy.services._common import record, require_managing

PAUSE = timedelta(minutes=1)  # between two mails of the same invitation
MOST_SENDS = 5  # of one invitation; a new one counts against the day's most


class CannotInvite(Refused):
    code = "cannot_invite"


class CannotAccept(Refused):
    code = "cannot_accept"


@transaction.atomic
def invite(
    *,
    actor: Actor,
    organisation: Organisation,
    email: str,
    role: str,
    now: datetime,
    name: str = "",
    by_mail: bool = True,
) -> tuple[Invitation, str]:
    """Let one address into the organisation. Returns the invitation and its secret, which is stored nowhere."""
    require_managing(actor, organisation)
    email = email.strip().lower()
    _refuse_unfit(organisation, email, role, now)
    secret = new_secret("")
    try:
        with transaction.atomic():
            invitation = Invitation.objects.create(
                organisation=organisation,
                email=email,
                name=clean_name(name),
                role=role,
                secret_hash=hash_secret(secret),
                invited_by_name=actor.name[:120],
                expires_at=now + timedelta(days=settings.LIMITS["invitation_days"]),
            )
    except IntegrityError as taken:
        raise CannotInvite(
            f"{email} has an open invitation already. Send that one again, or withdraw it first.", param="email"
        ) from taken
    record(actor, organisation, "person.invited", now, email=email, role=role)
    if by_mail:
        _mail(invitation, secret)
    return invitation, secret


@transaction.atomic
def resend_invitation(*, actor: Actor, invitation: Invitation, now: datetime) -> Invitation:
    """A new link to the same address. The one sent before stops working."""
    invitation = _lock_open(actor, invitation)
    lifetime = timedelta(days=settings.LIMITS["invitation_days"])
    if invitation.expires_at - lifetime > now - PAUSE:
        raise CannotInvite("It went out less than a minute ago. Wait a little, then send it again.")
    if invitation.sends >= MOST_SENDS:
        raise CannotInvite(
            f"It went out {invitation.sends} times. Check the address, then withdraw it and invite the person anew."
        )
    secret = new_secret("")
    invitation.sends += 1
    invitation.secret_hash, invitation.expires_at = hash_secret(secret), now + lifetime
    invitation.invited_by_name = actor.name[:120]
    invitation.save(update_fields=["secret_hash", "expires_at", "invited_by_name", "sends"])
    record(actor, invitation.organisation, "invitation.sent_again", now, email=invitation.email)
    _mail(invitation, secret)
    return invitation


@transaction.atomic
def withdraw_invitation(*, actor: Actor, invitation: Invitation, now: datetime) -> Invitation:
    invitation = _lock_open(actor, invitation)
    invitation.withdrawn_at = now
    invitation.save(update_fields=["withdrawn_at"])
    record(actor, invitation.organisation, "invitation.withdrawn", now, email=invitation.email)
    return invitation


@transaction.atomic
def accept_invitation(
    *, secret: str, now: datetime, person: Person | None = None, name: str = "", password: str = ""
) -> Membership:
    """Join the organisation. `person` is who is signed in; without one, a new person is made from name and password.

    Runs as the login role. Wrong, used, expired and withdrawn secrets raise the same NotFound.
    """
    found = Invitation.objects.select_for_update(of=("self",)).select_related("organisation")
    invitation = found.filter(secret_hash=hash_secret(secret)).first()
    if invitation is None or not invitation.is_open(now) or not invitation.organisation.is_active:
        raise NotFound
    if person is None:
        person = _new_person(invitation, clean_name(name), password)
    elif person.email.lower() != invitation.email.lower():
        raise CannotAccept(f"This invitation is for {invitation.email}. Sign out and open the link again.")
    membership = _join(invitation, person)
    invitation.accepted_at = now
    invitation.save(update_fields=["accepted_at"])
    record(
        Actor.of_membership(membership),
        invitation.organisation,
        "person.joined",
        now,
        email=person.email,
        role=invitation.role,
    )
    return membership


def _refuse_unfit(organisation: Organisation, email: str, role: str, now: datetime) -> None:
    if role not in ROLES_OF_KIND[organisation.kind]:
        raise CannotInvite("Choose a role this organisation has.", param="role")
    if not organisation.is_active:
        raise CannotInvite(f"{organisation.name} is closed. Open it first.")
    if Membership.objects.filter(organisation=organisation, person_email__iexact=email, is_active=True).exists():
        raise CannotInvite(f"{email} belongs to {organisation.name} already.", param="email")
    sent_today = Invitation.objects.filter(organisation=organisation, created_at__gt=now - timedelta(days=1)).count()
    most = settings.LIMITS["invitations_per_day"]
    if sent_today >= most:
        raise CannotInvite(f"{organisation.name} sent {most} invitations in 24 hours. Go on tomorrow, or ask roZoom.")


def _lock_open(actor: Actor, invitation: Invitation) -> Invitation:
    require_managing(actor, invitation.organisation)
    found = Invitation.objects.select_for_update(of=("self",)).select_related("organisation")
    locked = found.filter(pk=invitation.pk, accepted_at__isnull=True, withdrawn_at__isnull=True).first()
    if locked is None:
        raise CannotInvite("This invitation was used or withdrawn meanwhile.")
    return locked


def _new_person(invitation: Invitation, name: str, password: str) -> Person:
    if not name:
        raise CannotAccept("Enter your name, without addresses or special signs.", param="name")
    try:
        with transaction.atomic():
            return Person.objects.create_user(invitation.email, password, name=name)
    except IntegrityError as taken:
        raise CannotAccept(f"There is an account for {invitation.email}. Sign in, then join.") from taken


def _join(invitation: Invitation, person: Person) -> Membership:
    """A first membership, or the one that was closed before, with the role of this invitation."""
    membership, is_new = Membership.objects.select_for_update(of=("self",)).get_or_create(
        organisation=invitation.organisation,
        person=person,
        defaults={"role": invitation.role, "person_name": person.name, "person_email": person.email},
    )
    if not is_new:
        if membership.is_active:
            raise CannotAccept(f"You belong to {invitation.organisation.name} already.")
        membership.role, membership.is_active = invitation.role, True
        membership.person_name, membership.person_email = person.name, person.email
        membership.save(update_fields=["role", "is_active", "person_name", "person_email"])
    return membership


def _mail(invitation: Invitation, secret: str) -> None:
    organisation = invitation.organisation
    text = render_to_string(
        "tenancy/mail/invitation.txt",
        {
            "invitation": invitation,
            "organisation": organisation,
            "role": Role(invitation.role).label.lower(),
            "url": invitation_url(secret),
            "until": absolute(invitation.expires_at, organisation.time_zone),
            "support": settings.SUPPORT_CONTACT,
        },
    )
    outgoing.mail(
        to=invitation.email,
        subject=f"Invitation to roZoom Support for {organisation.name}",
        text=text,
        action="Accept the invitation",
        dedup=f"invitation.{invitation.pk}.{invitation.secret_hash[:16]}",
    )


def invitation_url(secret: str) -> str:
    return f"{settings.BASE_URL}/invitations/{secret}/"
