"""Standing consent: a reseller agrees beforehand to every severity that is raised (docs/severity.md)."""

from datetime import datetime

from django.db import transaction

from rozoom_support.lib.refusals import NotFound
from tenancy import audit
from tenancy.actor import Actor
from tenancy.models import Kind, Organisation


@transaction.atomic
def set_standing_consent(*, actor: Actor, consents: bool, now: datetime) -> bool:
    """For the actor's own reseller. True when that changed something; proposals that wait already stay as they are."""
    actor.require("severity:consent")
    own = Organisation.objects.filter(pk=actor.organisation_id, kind=Kind.RESELLER)
    if not own.exists():
        raise NotFound
    if not own.filter(consents_to_raises=not consents).update(consents_to_raises=consents):
        return False
    audit.record(
        actor,
        customer_id=actor.organisation_id,
        chain=f"organisation:{actor.organisation_id}",
        verb="severity.consent_given" if consents else "severity.consent_ended",
        now=now,
    )
    return True
