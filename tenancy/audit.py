"""The audit trail: every deed writes one event, chained by hash, through the only function that can (docs/adr/0014)."""

import json
from datetime import datetime
from typing import Any

from django.db import connection

from tenancy.actor import Actor

PUBLIC, PARTNER, INTERNAL = "public", "partner", "internal"


def record(
    actor: Actor,
    *,
    customer_id: int,
    chain: str,
    verb: str,
    now: datetime,
    kind: str = PUBLIC,
    **data: Any,
) -> int:
    """Append one event to `chain` ("ticket:42") and return its place in it. `kind` says who may read it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT app.audit(%s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s)",
            [
                customer_id,
                chain,
                kind,
                verb,
                actor.kind,
                actor.party,
                actor.name,
                actor.person_id,
                json.dumps(data, default=str),
                now,
            ],
        )
        return cursor.fetchone()[0]
