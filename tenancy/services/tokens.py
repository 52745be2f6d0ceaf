"""Keys for programs. The secret is shown once and stored as a hash."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from rozoom_support.lib.refusals import NotFound, Refused
from tenancy.actor import Actor
from tenancy.identity import hash_secret, new_secret
from tenancy.models import ApiToken, Organisation
from tenancy.queries import scopes_of_kind
from tenancy.services._common import record

SHOWN = 10  # letters of a token that lists show, so that people recognise it


class CannotMakeToken(Refused):
    code = "cannot_make_token"


@transaction.atomic
def make_token(
    *, actor: Actor, name: str, scopes: Sequence[str], expires_at: datetime, now: datetime
) -> tuple[ApiToken, str]:
    """Returns the token and its secret, which is stored nowhere."""
    actor.require("token:manage")
    organisation = Organisation.objects.get(pk=actor.organisation_id)
    name = " ".join(name.split())[:80]
    longest = settings.LIMITS["token_days"]
    if not name:
        raise CannotMakeToken("Say what the token is for, such as 'Monitoring, plant 2'.", param="name")
    if not scopes or not set(scopes) <= set(scopes_of_kind(organisation.kind)):
        raise CannotMakeToken("Choose at least one thing the token may do.", param="scopes")
    if not now < expires_at <= now + timedelta(days=longest):
        raise CannotMakeToken(f"Choose an end within {longest} days from now.", param="expires_in")
    secret = new_secret()
    token = ApiToken.objects.create(
        organisation=organisation,
        name=name,
        prefix=secret[:SHOWN],
        secret_hash=hash_secret(secret),
        scopes=sorted(scopes),
        created_by_name=actor.name[:120],
        expires_at=expires_at,
    )
    record(actor, organisation, "token.made", now, token=str(token.pk), name=name, scopes=sorted(scopes))
    return token, secret


@transaction.atomic
def revoke_token(*, actor: Actor, token: ApiToken, now: datetime) -> ApiToken:
    """It stops working with the next request."""
    actor.require("token:manage")
    found = ApiToken.objects.select_for_update(of=("self",)).select_related("organisation")
    locked = found.filter(pk=token.pk, organisation_id=actor.organisation_id).first()
    if locked is None:
        raise NotFound
    if locked.revoked_at is None:
        locked.revoked_at = now
        locked.save(update_fields=["revoked_at"])
        record(actor, locked.organisation, "token.withdrawn", now, token=str(locked.pk), name=locked.name)
    return locked
