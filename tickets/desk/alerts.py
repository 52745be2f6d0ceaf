"""The strip of the queue: a new ticket of severity 1 that nobody has taken is shown at once, whatever the list shows."""

import re
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from sla.clock import TARGETS
from tenancy.actor import Actor
from tickets import queries
from tickets.desk import rows
from tickets.desk.filters import Asked
from tickets.desk.listing import for_rows
from tickets.lifecycle import State
from tickets.models import OPEN_TICKETS, DismissedAlert, Ticket

COUNTED = 10  # only the newest is shown in full
NEW_FOR = TARGETS[1]  # it is "new" while its promise of an hour runs
BESIDES_CAP = 50  # what stands on the page already
REFERENCE = re.compile(r"[A-Z0-9]{1,12}-[0-9]{1,12}")


def strip(actor: Actor, now: datetime, *, shown: Collection[str]) -> dict[str, Any]:
    """What the strip draws. `shown` are the tickets that stand on the page anyway."""
    found = untaken_severity_1(actor, now, besides=shown)
    return {
        "alert": rows.row(actor, found[0], None, "") if found else None,
        "more_alerts": more_words(found),
        "all_alerts_url": rows.with_query(reverse("desk:queue"), Asked(view="unassigned", severity=("1",)).query()),
        "alerts_stamp": stamp(found),
        "alerts_besides": " ".join(shown),
    }


def untaken_severity_1(actor: Actor, now: datetime, *, besides: Collection[str]) -> list[Ticket]:
    """New tickets of severity 1 that nobody has taken and the reader has not put away, the newest first."""
    put_away = DismissedAlert.objects.filter(
        Q(person_id=actor.person_id), customer_id=OuterRef("customer_id"), ticket_id=OuterRef("pk")
    )
    found = (
        queries.visible_tickets(actor)
        .filter(OPEN_TICKETS, severity=1, state=State.NEW, assignee__isnull=True, reported_at__gt=now - NEW_FOR)
        .exclude(reference__in=besides)
        .exclude(Exists(put_away))
        .order_by("-reported_at", "-id")
    )
    return list(for_rows(found)[:COUNTED])


def stamp(found: Collection[Ticket]) -> str:
    """The same stamp means that the strip would say the same."""
    return " ".join(f"{ticket.reference}.{ticket.version}" for ticket in found)


def besides_of(words: str) -> list[str]:
    return [word for word in words.split()[:BESIDES_CAP] if REFERENCE.fullmatch(word)]


def more_words(found: Collection[Ticket]) -> str:
    more = len(found) - 1
    return f"{more}+" if len(found) == COUNTED else str(more) if more > 0 else ""
