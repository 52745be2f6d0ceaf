"""Putting an alert away: for oneself, and nothing else changes."""

from datetime import datetime

from tenancy.actor import Actor, NotAllowed
from tickets.models import DismissedAlert, Ticket


def dismiss_alert(*, actor: Actor, ticket: Ticket, now: datetime) -> None:
    """Twice is the same as once. No audit: the ticket does not change, and nobody else sees it."""
    actor.require("desk:open")
    if actor.person_id is None:
        raise NotAllowed("Only people dismiss alerts.")
    row = DismissedAlert(ticket=ticket, person_id=actor.person_id, dismissed_at=now)
    DismissedAlert.objects.bulk_create([row], ignore_conflicts=True)
