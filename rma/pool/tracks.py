"""What happened to a unit, as its audit chain tells it."""

from dataclasses import dataclass
from datetime import datetime

from rma.models import PoolUnit
from rma.states import Condition, UnitState
from tenancy.models import AuditEvent

SAID = {
    "unit.receive": "Received",
    "unit.pass-test": "Test passed, put on the shelf",
    "unit.fail-test": "Test failed, sent to the supplier",
    "unit.reserve": "Reserved",
    "unit.release": "Free again",
    "unit.ship": "Shipped",
    "unit.deliver": "Delivered",
    "unit.lose": "Lost on its way",
    "unit.return-to-sender": "Came back undelivered",
    "unit.scan-return": "Failed, on its way back",
    "unit.take-back": "Failed part received",
    "unit.send-to-supplier": "Sent to the supplier",
    "unit.scrap": "Scrapped",
    "unit.scrap-at-supplier": "Scrapped by the supplier",
    "unit.come-back": "Back from the supplier",
    "unit.retire": "Taken out of the pool",
    "unit.call-off": "Order taken back",
    "unit.write-off": "Written off",
    "unit.said-missing": "Not found on the shelf",
    "unit.found": "Found again",
    "unit.placed": "Moved to another shelf",
}
SHOWN = {"place": "shelf", "firmware": "firmware", "revision": "revision", "condition": "", "note": ""}


@dataclass(frozen=True)
class Happened:
    at: datetime
    words: str
    by: str
    more: str


def history_of(unit: PoolUnit) -> list[Happened]:
    """The latest first."""
    events = AuditEvent.objects.filter(chain=unit.chain).order_by("-seq")
    return [Happened(one.at, _words(one.verb, one.data), one.actor_name, _more(one.data)) for one in events]


def _words(verb: str, data: dict) -> str:
    target = dict(UnitState.choices).get(data.get("to", ""), "")
    return SAID.get(verb) or target or verb.partition(".")[2].replace("-", " ").capitalize()


def _more(data: dict) -> str:
    labels = dict(Condition.choices)
    said = [
        f"{name} {data[key]}" if name else str(labels.get(data[key], data[key]))
        for key, name in SHOWN.items()
        if data.get(key)
    ]
    return ", ".join(said)
