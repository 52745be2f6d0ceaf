"""Reports of carriers, one after the other: each is taken for itself, and each is answered in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from rma import services
from rma.models import TrackingEvent
from rma.services import Report
from rozoom_support.lib.refusals import Refused
from tenancy.actor import Actor, NotAllowed

TAKEN, KNOWN, LATE, REFUSED = "TAKEN", "KNOWN", "LATE", "REFUSED"
STATUSES = (TAKEN, KNOWN, LATE, REFUSED)


@dataclass(frozen=True)
class Taken:
    """What became of one report. `code` and `param` say why it was refused."""

    report: Report
    status: str
    words: str
    event: TrackingEvent | None = None
    code: str = ""
    param: str = ""


def take_all(actor: Actor, reports: Iterable[Report], now: datetime) -> list[Taken]:
    """In the order given: one that is refused stops none of the others."""
    actor.require("carrier:report")
    seen: set[UUID | int] = set()
    return [_take(actor, report, now, seen) for report in reports]


def _take(actor: Actor, report: Report, now: datetime, seen: set[UUID | int]) -> Taken:
    try:
        with transaction.atomic():  # what a refused report began is taken back, and nothing else
            event = services.track(actor=actor, report=report, now=now)
    except NotAllowed:
        raise
    except Refused as refused:
        return Taken(report, REFUSED, refused.message, code=refused.code, param=refused.param)
    is_known = event.recorded_at < now or event.pk in seen
    seen.add(event.pk)
    if is_known:
        return Taken(report, KNOWN, "We have this report already. Nothing changes.", event)
    stands = event.shipment.get_state_display().lower()  # type: ignore[attr-defined]
    if not event.counted:
        return Taken(
            report, LATE, f"It came late: the box is {stands} by a later report. Kept, and nothing changes.", event
        )
    return Taken(report, TAKEN, f"The box is {stands}.", event)
