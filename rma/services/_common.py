"""What every deed on a return begins and ends with: found under the own role, locked, brought up to its date, saved."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from rma.events import note, tell
from rma.lifecycle import machine_of
from rma.models import Rma, Shipment, SupplierRma
from rma.standing import BY_DATE, current_state, end_of_due_day
from rma.states import ENDED, RmaState, SupplierState
from rozoom_support.lib.refusals import NotFound, Refused, Stale
from tenancy.actor import Actor
from tenancy.context import as_deputy

DATES = Actor.system("Returns")
PROMISED = ["approved_at", "approved_by_name", "ship_day", "contract_ship_by", "deliver_target", "promise_reason"]
DUE_DAYS = {"return_due", "valid_until"}
TOLD_BY_DATE = {"fall_overdue": "rma.return_overdue", "expire": "rma.expired"}


class CannotReturn(Refused):
    """A deed on a return that is not possible as asked. `param` names the field; the words say what to do."""

    code = "cannot_return"
    status = 422


@contextmanager
def held(rma: Rma, now: datetime, version: int | None = None) -> Iterator[Rma]:
    """The row as it is now, locked, with the moves that dates made written down. The rest is written as its customer's deputy.

    Raises NotFound for a row the caller's own role may not see, Stale when it saw another version. Order of locks, everywhere:
    ticket, return, unit, supplier record, shipment, component, audit chain.
    """
    customer = Rma.objects.filter(pk=rma.pk).values_list("customer_id", flat=True).first()
    if customer is None:
        raise NotFound
    with as_deputy(customer):
        yield lock(rma, now, version)


def lock(rma: Rma, now: datetime, version: int | None = None) -> Rma:
    """For a caller that is a job, the customer's deputy or roZoom's staff already."""
    rows = Rma.objects.select_related("component__product", "component__site", "ship_to", "ticket", "customer", "unit")
    locked = rows.defer("ticket__search").select_for_update(of=("self",)).filter(pk=rma.pk).first()
    if locked is None:
        raise NotFound
    if version is not None and version != locked.version:
        raise Stale("Somebody changed this return meanwhile. Read it again, then repeat what you wanted to do.")
    bring_up_to_date(locked, now)
    return locked


def bring_up_to_date(rma: Rma, now: datetime) -> int:
    """The moves that dates have made since, one after another. Returns how many."""
    moves, target = 0, current_state(rma, now)
    while rma.state != target:
        was, name = rma.state, BY_DATE[RmaState(rma.state)]
        machine_of(rma).go(rma, name)
        fields = end(rma, now, reason="Not answered in time.") if rma.state in ENDED else []
        save(rma, now, *fields)
        if rma.state in ENDED:
            cancel_supplier_records(DATES, rma, now)
            void_labels(rma, now)
            open_quotes = rma.quotes.filter(answered_at=None)
            open_quotes.update(answered_at=now, accepted=False, answered_by_name=DATES.name)
        note(DATES, rma, f"rma.{name}", now, was=was, to=rma.state)
        tell(TOLD_BY_DATE.get(name, "rma.cancelled"), DATES, rma, now, was=was)
        moves += 1
    return moves


def go(rma: Rma, move: str) -> list[str]:
    """Make the move. Returns the columns it changed; CannotMove explains one that is not possible."""
    machine_of(rma).go(rma, move)
    return ["state"]


def end(rma: Rma, now: datetime, *, ending: str = "", reason: str = "") -> list[str]:
    rma.ended_at, rma.ending, rma.ending_reason = now, ending, reason[:400]
    return ["ended_at", "ending", "ending_reason"]


def save(rma: Rma, now: datetime, *fields: str) -> None:
    rma.version += 1
    rma.updated_at = max(now, rma.updated_at)
    rma.state_since = now
    if DUE_DAYS & {*fields}:
        rma.due_at = end_of_due_day(rma)
        fields += ("due_at",)
    rma.save(update_fields=[*fields, "state", "state_since", "version", "updated_at"])
    SupplierRma.objects.filter(rma=rma).exclude(rma_state=rma.state).update(rma_state=rma.state)


def save_quietly(rma: Rma, now: datetime, *fields: str) -> None:
    """Something about it changed, and not where it stands."""
    rma.version += 1
    rma.updated_at = max(now, rma.updated_at)
    rma.save(update_fields=[*fields, "version", "updated_at"])


def cancel_supplier_records(actor: Actor, rma: Rma, now: datetime) -> None:
    """SR-4: what the supplier was told before is taken back, where it did not refuse or settle it already."""
    open_ones = SupplierRma.objects.select_for_update(of=("self",)).filter(
        rma=rma, state__in=[SupplierState.SUBMITTED, SupplierState.ACKNOWLEDGED]
    )
    for record in open_ones:
        record.state = SupplierState.CANCELLED
        record.version, record.updated_at = record.version + 1, now
        record.save(update_fields=["state", "version", "updated_at"])


def void_labels(rma: Rma, now: datetime) -> None:
    """SH-2, SH-3: labels that no carrier has scanned."""
    unused = Shipment.objects.filter(rma=rma, state__in=["DRAFT", "LABEL_CREATED"])
    unused.update(state="CANCELLED", ended_at=now)


def said(text: str, what: str, *, param: str = "reason", longest: int = 400) -> str:
    """Raises CannotReturn without it."""
    text = text.strip()
    if not text:
        raise CannotReturn(what, param=param)
    if len(text) > longest:
        raise CannotReturn(f"Shorten it to {longest} characters.", param=param)
    return text
