"""A return that goes on as another one of the other kind, on the same ticket."""

from datetime import datetime

from rma.events import note, tell
from rma.models import Rma
from rma.services.deciding import decide_now
from rma.services.numbering import next_number
from tenancy.actor import Actor

CARRIED = (
    *("ticket", "component", "severity", "symptom", "ship_to", "contact_name", "contact_phone", "media"),
    *("ship_to_verified_at", "ship_to_verified_by_name", "terms_accepted_at", "requested_by_id"),
    *("failure_confirmed_at", "failure_confirmed_by_name", "excluded_damage", "outcome", "rule", "decision"),
)


def follow_up(actor: Actor, rma: Rma, kind: str, now: datetime) -> Rma:
    """The next one, requested now. The one before has ended already: a component has one open return."""
    number = next_number(rma.customer_id, rma.reseller_id)
    following = Rma.objects.create(
        customer_id=rma.customer_id,
        reseller_id=rma.reseller_id,
        number=number,
        reference=f"{rma.customer.code}-R{number}",
        kind=kind,
        previous=rma,
        requested_at=now,
        requested_by_name=actor.name,
        requested_by_party=actor.party,
        decided_at=now,
        updated_at=now,
        state_since=now,
        **{name: getattr(rma, name) for name in CARRIED},
    )
    _, fields = decide_now(actor, following, now)
    following.save(update_fields=fields or ["version"])
    note(actor, following, "rma.requested", now, reference=following.reference, rma_kind=kind, follows=rma.reference)
    tell("rma.requested", actor, following, now, follows=rma.reference)
    return following
