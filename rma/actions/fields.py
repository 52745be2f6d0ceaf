"""What a deed asks for, once: pages make their forms from it and the API its bodies."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rma.models import Rma

# How a value is written: a line, lines, a scanned serial, yes, one or several of a list, money, a day, or an object.
LINE, TEXT, SERIAL, FLAG, CHOICE, CHOICES, MONEY, DAY = (
    "line",
    "text",
    "serial",
    "flag",
    "choice",
    "choices",
    "money",
    "day",
)
COMPONENT, SITE, SUPPLIER, POOL, UNIT = "component", "site", "supplier", "pool", "unit"
OBJECTS = (COMPONENT, SITE, SUPPLIER, POOL, UNIT)


@dataclass(frozen=True)
class Field:
    """`missing`: what is said when it is not given; empty where it may be left out. `when`: of which returns it is asked."""

    name: str
    label: str
    kind: str = LINE
    missing: str = ""
    hint: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    longest: int = 400
    when: "Callable[[Rma], bool] | None" = None

    @property
    def is_needed(self) -> bool:
        return self.missing != ""

    def asked_of(self, rma: "Rma") -> bool:
        return self.when is None or self.when(rma)

    def called(self, label: str, **changes: str) -> "Field":
        """The same under another label."""
        return replace(self, label=label, **changes)  # type: ignore[arg-type]


def labels(known: Iterable[tuple[str, object]]) -> tuple[tuple[str, str], ...]:
    return tuple((str(value), str(label)) for value, label in known)


def reason(label: str, missing: str, **more: str) -> Field:
    return Field("reason", label, TEXT, missing, **more)  # type: ignore[arg-type]


CARRIER = Field("carrier", "Carrier", LINE, "Enter the carrier.", "Such as UPS.", longest=40)
TRACKING = Field("tracking_number", "Tracking number", SERIAL, "Scan the tracking number of the label.", longest=60)
CLAIM = Field(
    "claim", "Claim against the carrier", LINE, "Enter the number of the claim against the carrier.", longest=200
)
SCANNED = Field("scanned_serial", "Serial", SERIAL, "Scan the serial on the label.", longest=80)
