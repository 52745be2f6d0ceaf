"""The steps of the board: which returns stand in which, by their dates and not by the job that writes them down."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q
from django.db.models.expressions import Combinable

from rma.models import Rma, RmaQuerySet
from rma.states import STEP_STATES


@dataclass(frozen=True)
class Step:
    """`order`: what stands first in it; each has its index (rma/models/returns.py). `hint`: what is done here."""

    title: str
    hint: str
    order: tuple[str | Combinable, ...] = ("state_since", "id")
    look: str = ""


STEPS: dict[str, Step] = {
    "approve": Step("To approve", "Check, then approve or answer.", ("severity", "requested_at", "id")),
    "hold": Step("Waiting for an answer", "Something is missing, or a quote is open."),
    "ship": Step(
        "To ship",
        "Reserve a unit, scan it, ship it.",
        (F("contract_ship_by").asc(nulls_last=True), "severity", "approved_at", "id"),
    ),
    "transit": Step("In transit", "With a carrier, either way."),
    "back": Step("Awaiting return", "The customer sends the failed part.", ("due_at", "id")),
    "overdue": Step("Overdue return", "The failed part is late.", ("due_at", "id"), "late"),
    "test": Step("In test", "Inspect it, or find out which part came."),
    "factory": Step("At the factory", "In repair."),
}
OF_STATE: dict[str, str] = {state: name for name, states in STEP_STATES.items() for state in states}


def in_step(name: str, now: datetime) -> RmaQuerySet:
    """Returns that stand in this step, in no order."""
    if name == "overdue":
        late = Q(state__in=STEP_STATES[name]) | Q(due_at__lte=now)
        return Rma.objects.filter(late, state__in=STEP_STATES["back"] + STEP_STATES[name])
    found = Rma.objects.filter(state__in=STEP_STATES[name])
    return found.filter(due_at__gt=now) if name == "back" else found
